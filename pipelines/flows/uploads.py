"""Files that a reader of the dashboard has brought: each time a folder of its own, whole or not at all."""

import re
import shutil
import unicodedata
from collections.abc import Iterable
from itertools import count
from pathlib import Path, PurePosixPath
from uuid import uuid4

from pipelines import temporary
from pipelines.errors import WrongInput
from pipelines.storage import checked, filesystem
from pipelines.storage.layout import UPLOADS

MOST_FILES, MOST_BYTES = 1_000, 500 << 20  # of one upload
LONGEST = 120  # bytes of a name: file systems take 255, and what packs a file adds to it
_SIGNS = re.compile(r'[<>:"|?*\x7f]')


def folder(data: str | Path) -> Path:
    """Where they lie."""
    return checked.folder(data, UPLOADS)


def save(files: Iterable[tuple[str, bytes]], data: str | Path) -> Path:
    """Write the files, by the names that they came with, into a new folder, which is returned.

    Raises: WrongInput where there is none, or too much; OSError.
    """
    brought = list(files)
    size = sum(len(content) for _, content in brought)
    if not brought:
        raise WrongInput("no file is chosen")
    if len(brought) > MOST_FILES or size > MOST_BYTES:
        words = {"files": len(brought), "size": size / 1e6, "most": MOST_FILES, "bytes": MOST_BYTES / 1e6}
        raise WrongInput(
            "{files} files of {size:,.0f} MB are too much for one upload; bring at most {most:,} files of {bytes:,.0f} "
            "MB together, or name their folder on the machine of this dashboard",
            **words,
        )
    home = folder(data)
    home.mkdir(parents=True, exist_ok=True)
    work = temporary.folder(home) / uuid4().hex  # which `settle` sweeps when a kill has left it
    work.mkdir()
    try:
        _write(brought, work)
        return _settle(work, home / _folder_name(brought[0][0]))
    finally:
        shutil.rmtree(work, ignore_errors=True)


def safe_name(name: str) -> str:
    """A name that stays in its folder, in any script: no path, no control, not hidden, not too long."""
    last = unicodedata.normalize("NFC", name).replace("\\", "/").rpartition("/")[2]
    seen = "".join(sign for sign in last if unicodedata.category(sign)[0] != "C")
    path = PurePosixPath(_SIGNS.sub("_", seen).strip(" .") or "file")
    room = max(1, LONGEST - len(path.suffix.encode()))
    stem = path.stem.encode()[:room].decode("utf-8", "ignore").strip(" .")
    return f"{stem or 'file'}{path.suffix if len(path.suffix.encode()) < LONGEST else ''}"


def _folder_name(name: str) -> str:
    """The name of a folder for an upload whose first file is called so."""
    return re.sub(r"[^a-z0-9]+", "-", PurePosixPath(safe_name(name)).stem.lower()).strip("-") or "files"


def _write(files: Iterable[tuple[str, bytes]], work: Path) -> None:
    for name, content in files:
        file = _free(work / safe_name(name))
        file.write_bytes(content)
        filesystem.sync_file(file)
    filesystem.sync_folder(work)


def _settle(work: Path, wanted: Path) -> Path:
    """Give the folder its name, which no other one has."""
    while True:
        home = _free(wanted)
        try:
            work.rename(home)
        except OSError:
            if home.exists():  # somebody else was faster
                continue
            raise
        filesystem.sync_folder(home.parent)
        return home


def _free(path: Path) -> Path:
    """The path, or the first with a number behind its name that is not there yet."""
    names = (path if number == 1 else path.with_name(f"{path.stem}-{number}{path.suffix}") for number in count(1))
    return next(name for name in names if not name.exists())
