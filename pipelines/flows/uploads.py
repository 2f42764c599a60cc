"""Files that a reader of the dashboard has brought: each time a folder of its own, whole or not at all.

Those of a folder come with their paths in it, and keep them: pages include others, and show pictures beside them.
"""

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


def is_hidden(name: str) -> bool:
    """Whether a file, or a folder that it is in, is one that no list of a folder shows."""
    return any(part.startswith(".") for part in _parts(name))


def _parts(name: str) -> list[str]:
    return [part for part in name.replace("\\", "/").split("/") if part.strip(" .")]


def _folder_name(name: str) -> str:
    """The name of a folder for an upload whose first file is called so."""
    first = PurePosixPath(safe_name((_parts(name) or [name])[0])).stem
    return re.sub(r"[^a-z0-9]+", "-", first.lower()).strip("-") or "files"


def _write(files: Iterable[tuple[str, bytes]], work: Path) -> None:
    brought = list(files)
    tops = {(_parts(name) or [""])[0] if len(_parts(name)) > 1 else "" for name, _ in brought}
    inside = 1 if len(tops) == 1 and "" not in tops else 0  # the folder that was brought gives the new one its name
    for name, content in brought:
        file = _free(work.joinpath(*map(safe_name, _parts(name)[inside:] or [name])))
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
        filesystem.sync_file(file)
    for folder in (work, *(path for path in work.rglob("*") if path.is_dir())):
        filesystem.sync_folder(folder)


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
