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


_waiting: "list[subprocess.Popen[bytes]]" = []  # held: a Popen that nobody holds closes its pipe


def start() -> None:
    """Start the server that Prefect would start with the first question. It ends with this process."""
    from prefect.server.api.server import SubprocessASGIServer

    server = SubprocessASGIServer()
    server.start()
    if server.server_process is None:
        return
    words = [sys.executable, "-I", "-c", _WAIT, str(server.server_process.pid)]
    nowhere = subprocess.DEVNULL
    # in a session of its own, where no Ctrl-C of a terminal reaches it
    _waiting.append(
        subprocess.Popen(words, stdin=subprocess.PIPE, stdout=nowhere, stderr=nowhere, start_new_session=True)
    )
