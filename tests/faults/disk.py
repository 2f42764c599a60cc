"""A disk that fails at the n-th change below a folder, and commands that run on it.

`disk.c` is loaded before libc into the one process that all commands are forked from, so that what Python, Arrow,
DuckDB, SQLite and PyTorch write is seen alike, and nobody keeps a list of steps. They are forked, as importing the
libraries takes longer than most commands.
"""

import json
import mmap
import os
import shutil
import signal
import struct
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import pytest

KINDS = {"killed": 1, "full": 2, "broken": 3}
SOURCE = Path(__file__).with_name("disk.c")
_PATH_MAX = 4096
_CONTROL = struct.Struct(f"lll{_PATH_MAX}s")


@dataclass(frozen=True)
class Ended:
    """How a command ended: its exit code (-9: killed), what it printed on stderr, and the changes that it made.

    `elsewhere` are the files that it changed outside of its folder, where nothing was to fail.
    """

    code: int
    err: str
    changes: tuple[str, ...]
    elsewhere: tuple[str, ...] = ()


class Disk:
    """Runs commands, and counts those that were killed. `folder` is for its own files."""

    def __init__(self, folder: Path, *preload: str) -> None:
        self.folder, self.control, self.kills = folder, folder / "control", 0
        self.control.write_bytes(bytes(_CONTROL.size))
        (folder / "control.log").touch()
        # on a busy machine threads that wait for each other cost a tiny training four times what it computes
        more = {"LD_PRELOAD": str(_library(folder)), "FAULTS": str(self.control), "OMP_NUM_THREADS": "1"}
        self._server = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.server", *preload],
            cwd=Path(__file__).parents[2], env=os.environ | more, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip

    def run(self, words: Sequence[object], place: Path, kind: str = "", at: int = 0) -> Ended:
        """Run `gristmill` with these words in the folder `place`; with a `kind`, its change number `at` below it fails.

        The first change is number 1.
        """
        (self.folder / "control.log").write_bytes(b"")
        self._set(at, KINDS.get(kind, 0), str(place) if kind else "/")
        asked = {"words": [str(word) for word in words], "place": str(place), "err": str(self.folder / "err")}
        try:
            code = int(self._ask(asked))
        finally:
            self._set(0, 0, "")
        self.kills += code == -signal.SIGKILL
        lines = [line.partition(" ") for line in (self.folder / "control.log").read_text().splitlines()]
        below = [f"{call} {path.replace(f'{place}/', '')}" for call, _, path in lines if path.startswith(str(place))]
        others = {path for _, _, path in lines if not path.startswith((str(place), str(self.folder)))}
        return Ended(code, (self.folder / "err").read_text(), tuple(below), tuple(sorted(others)))

    def close(self) -> None:
        """End the process that commands are forked from."""
        self._pipe(self._server.stdin).close()
        self._server.wait()

    def _set(self, at: int, kind: int, root: str) -> None:
        with self.control.open("r+b") as file, mmap.mmap(file.fileno(), _CONTROL.size) as shared:
            shared[:] = _CONTROL.pack(0, at, kind, root.encode())

    def _ask(self, asked: dict[str, object]) -> bytes:
        asking = self._pipe(self._server.stdin)
        asking.write(json.dumps(asked).encode() + b"\n")
        asking.flush()
        return self._pipe(self._server.stdout).readline()

    @staticmethod
    def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
        assert pipe
        return pipe


def _library(folder: Path) -> Path:
    compiler = shutil.which("cc")
    if not (compiler and sys.platform == "linux"):
        pytest.skip("a disk that fails needs Linux and a C compiler")
    library = folder / "disk.so"
    subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", library, SOURCE, "-ldl"], check=True)
    return library
