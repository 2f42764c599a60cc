"""A model with its base beside it, served for the dashboard's chat: one at a time, never longer than the dashboard.

The server is a process of its own that reads a pipe from here. However this process ends, the pipe ends with it, and
the server too: `python -m pipelines.flows.model_server MODEL PORT DATA` runs it.
"""

import json
import math
import os
import re
import secrets
import signal
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Literal

from pipelines.errors import WorkFailed, WrongInput, error_message
from pipelines.flows import ports, server
from pipelines.messages import Message, tr
from pipelines.serve.loading import BASE, find_model
from pipelines.serve.server import TOKEN, serve

NUMBER_BYTES = 4  # of a weight in memory: on a CPU models run in float32
LIBRARIES = 1 << 30  # bytes that torch and the HTTP server take themselves
GRACE = 5.0  # seconds to answer those who have asked
STOP_SECONDS = 15.0
TAIL = 12  # lines of the log
State = Literal["starting", "ready", "ended"]


@dataclass(frozen=True)
class Served:
    """A server that was started: `model` as `recipe/version`, where it listens and what it asks for.

    `process` is None for a server that others look after, `log` what it has said.
    """

    model: str
    url: str
    token: str
    process: "subprocess.Popen[bytes] | None" = None
    log: IO[bytes] | None = None

    def state(self) -> State:
        """Whether it can be asked."""
        if self.process and self.process.poll() is not None:
            return "ended"
        return "ready" if server.is_up(f"{self.url}/health") else "starting"

    def why(self) -> Message:
        """Why it ended, as far as that is known."""
        if self.process and self.process.returncode == -signal.SIGKILL:
            return Message("it was killed, as systems do that run out of memory")
        return Message("it says: {said}", said="\n".join(self._said()) or "-")

    def _said(self) -> list[str]:
        if not self.log:
            return []
        self.log.seek(0)
        return self.log.read().decode(errors="replace").strip().splitlines()[-TAIL:]


_lock = threading.Lock()
_started: list[Served] = []  # at most one


def running() -> Served | None:
    """The server that was started last and not stopped."""
    return _started[0] if _started else None


def start(model: str, data: Path) -> Served:
    """Serve `recipe/version`, or `recipe.method/version`, of a data folder beside its base.

    What was served before stops. Raises: WorkFailed where memory is missing, RecipeError where the model is.
    """
    with _lock:
        _stop()
        _check_memory(model, data)
        port, token = ports.free_port(0), secrets.token_urlsafe(32)
        log = tempfile.TemporaryFile()  # noqa: SIM115 (it is read as long as the server is known)
        process = subprocess.Popen(
            [sys.executable, "-m", "pipelines.flows.model_server", str(folder_of(model, data)), str(port), str(data)],
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            env=os.environ | {TOKEN: token},
        )
        _started.append(Served(model, f"http://{ports.LOOPBACK}:{port}", token, process, log))
        return _started[0]


def stop() -> None:
    """End the server, if there is one."""
    with _lock:
        _stop()


def _stop() -> None:
    while _started:
        served = _started.pop()
        if served.process and served.process.stdin:
            served.process.stdin.close()
            served.process.terminate()
            try:
                served.process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                served.process.kill()
                served.process.wait()
        if served.log:
            served.log.close()


def folder_of(model: str, data: Path) -> Path:
    """Where a model lies. Raises RecipeError where there is none."""
    name, _, version = model.rpartition("/")
    return find_model(data / "6_models" / name / version, data)


def _check_memory(model: str, data: Path) -> None:
    """Raises WorkFailed where the model and its base do not fit."""
    needed, free = memory_needed(model, data), memory_free()
    if free is not None and free < needed:
        gigabytes = {"needed": f"{needed / 1e9:.1f}", "free": f"{free / 1e9:.1f}"}
        raise WorkFailed("the two models take {needed} GB of memory, and {free} GB are free here", **gigabytes)


def memory_needed(model: str, data: Path) -> int:
    """Bytes that a model and its base, of one shape, take on a CPU. Raises RecipeError where there is no model."""
    weights = sum(_numbers(path) for path in folder_of(model, data).glob("*.safetensors"))
    return 2 * NUMBER_BYTES * weights + LIBRARIES


def _numbers(path: Path) -> int:
    """How many numbers a file of safetensors holds: its header is JSON, behind its own length in 8 bytes."""
    with path.open("rb") as file:
        header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
    return sum(math.prod(one["shape"]) for name, one in header.items() if name != "__metadata__")


def memory_free() -> int | None:
    """Bytes that programs may still take on this machine; None where it does not say."""
    try:
        found = re.search(r"MemAvailable:\s*(\d+) kB", Path("/proc/meminfo").read_text())
    except OSError:
        return None
    return 1024 * int(found[1]) if found else None


def _end_with_the_pipe() -> None:
    while os.read(sys.stdin.fileno(), 1):  # not by a reader of Python's, whose lock a process that ends would wait for
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(GRACE)
    os._exit(1)


def main(arguments: Iterable[str]) -> None:
    """Serve until the pipe on standard input ends."""
    folder, port, data = arguments
    threading.Thread(target=_end_with_the_pipe, daemon=True).start()
    from pipelines.models.base import require_train

    try:
        require_train()
        serve(folder, port=int(port), data=Path(data), beside=BASE)
    except (WorkFailed, WrongInput) as error:
        sys.exit(tr(error_message(error)))


if __name__ == "__main__":
    main(sys.argv[1:])
