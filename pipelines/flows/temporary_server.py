"""The temporary Prefect server of a `gristmill run` without `up`: it ends with the run, also with one that is killed.

Prefect ends it when Python ends, which a killed run never does. So a small process waits at a pipe, whose other end
the run has, and ends the server when nobody holds that end any more. It is told the server's number; where a run is
killed before it could tell, it knows the server by a mark in its environment. Imports no Prefect by itself.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from contextvars import copy_context
from uuid import uuid4

_MARK = "GRISTMILL_SERVER_OF_RUN"
_WAIT = """
import os, signal, sys, time
from pathlib import Path

mark, told = sys.argv[1].encode(), set()
for line in sys.stdin:
    told = {int(line)}

def marked():
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if mark in (folder / "environ").read_bytes():
                yield int(folder.name)
        except OSError:  # it has ended, or is another user's
            pass

for _ in range(3):  # one that is just starting has its mark a moment later
    for server in {*told, *marked()}:
        try:
            os.kill(server, signal.SIGTERM)
        except ProcessLookupError:
            pass
    told = set()
    time.sleep(0.5)
"""


_waiting: "list[subprocess.Popen[str]]" = []  # held: a Popen that nobody holds closes its pipe


def start() -> None:
    """Start the server that Prefect would start with the first question. It ends with this process."""
    from prefect.server.api.server import SubprocessASGIServer

    server = SubprocessASGIServer()
    mark = f"{os.getpid()}-{uuid4().hex}"
    waiting = start_waiting(f"{_MARK}={mark}")
    told = 0
    # it takes seconds until the server answers, and a run may be killed in them
    with _marked(mark), ThreadPoolExecutor(1) as thread:
        started = thread.submit(copy_context().run, server.start)
        while not started.done():
            told = _tell(waiting, server.server_process, told)
            wait([started], timeout=0.01)
        _tell(waiting, server.server_process, told)
        started.result()


@contextmanager
def _marked(mark: str) -> Iterator[None]:
    """What is started meanwhile has the mark; what the run starts later is no server."""
    os.environ[_MARK] = mark
    try:
        yield
    finally:
        del os.environ[_MARK]


def start_waiting(mark: str) -> "subprocess.Popen[str]":
    """The process that ends what has `mark` in its environment when its pipe is closed."""
    nowhere = subprocess.DEVNULL
    # in a session of its own, where no Ctrl-C of a terminal reaches it
    waiting = subprocess.Popen(
        [sys.executable, "-I", "-c", _WAIT, mark],
        stdin=subprocess.PIPE, stdout=nowhere, stderr=nowhere, start_new_session=True, text=True,
    )  # fmt: skip
    _waiting.append(waiting)
    return waiting


def _tell(waiting: "subprocess.Popen[str]", server: "subprocess.Popen[bytes] | None", told: int) -> int:
    """Tell the waiting process which server to end, where that is another than was `told`: it begins anew where
    something else took its port."""
    if server is not None and server.pid != told and waiting.stdin:
        print(server.pid, file=waiting.stdin, flush=True)
    return server.pid if server is not None else told
