"""The temporary Prefect server of a `gristmill run` without `up`: it ends with the run, also with one that is killed.

Prefect ends it when Python ends, which a killed run never does. So a small process waits at a pipe, whose other end
the run has, and ends the server when nobody holds that end any more. Imports no Prefect by itself.
"""

import subprocess
import sys

_WAIT = """
import os, signal, sys
sys.stdin.read()
try:
    os.kill(int(sys.argv[1]), signal.SIGTERM)
except ProcessLookupError:
    pass
"""


def start() -> None:
    """Start the server that Prefect would start with the first question. It ends with this process."""
    from prefect.server.api.server import SubprocessASGIServer

    server = SubprocessASGIServer()
    server.start()
    if server.server_process is not None:
        end_with_us(server.server_process.pid)


def end_with_us(pid: int) -> "subprocess.Popen[bytes]":
    """End the process `pid` when this one ends, in whatever way. Ctrl-C at a terminal does not reach who waits."""
    words = [sys.executable, "-I", "-c", _WAIT, str(pid)]
    waiting = subprocess.Popen(
        words, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    _held.append(waiting)
    return waiting


_held: "list[subprocess.Popen[bytes]]" = []  # a Popen that nobody holds closes its pipe
