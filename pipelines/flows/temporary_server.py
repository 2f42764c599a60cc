"""The temporary Prefect server of a `gristmill run` without `up`: it ends with the run, also with one that is killed.

Prefect ends it when Python ends, which a killed run never does. So a small process waits at a pipe, whose other end
the run has, and ends the server when nobody holds that end any more. Imports no Prefect by itself.
"""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor, wait
from contextvars import copy_context

_WAIT = """
import os, signal, sys
server = 0
for line in sys.stdin:
    server = int(line)
try:
    if server:
        os.kill(server, signal.SIGTERM)
except ProcessLookupError:
    pass
"""


_waiting: "list[subprocess.Popen[str]]" = []  # held: a Popen that nobody holds closes its pipe


def start() -> None:
    """Start the server that Prefect would start with the first question. It ends with this process."""
    from prefect.server.api.server import SubprocessASGIServer

    server = SubprocessASGIServer()
    waiting = _start_waiting()
    told = 0
    # it takes seconds until the server answers, and a run may be killed in them
    with ThreadPoolExecutor(1) as thread:
        started = thread.submit(copy_context().run, server.start)
        while not started.done():
            told = _tell(waiting, server.server_process, told)
            wait([started], timeout=0.01)
        _tell(waiting, server.server_process, told)
        started.result()


def _start_waiting() -> "subprocess.Popen[str]":
    nowhere = subprocess.DEVNULL
    # in a session of its own, where no Ctrl-C of a terminal reaches it
    waiting = subprocess.Popen(
        [sys.executable, "-I", "-c", _WAIT],
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
