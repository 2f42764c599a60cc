"""What killed runs have left below data/: finished work is put into its place, and `latest` points where it was to.

Whoever settles holds the lock of the data folder; every command does so before it reads or writes there.
"""

import fcntl
from collections.abc import Iterator
from pathlib import Path

from pipelines import storage, temporary
from pipelines.storage import checked, filesystem
from pipelines.storage.layout import LATEST, UPLOADS, folder

VERSIONED = ("curate", "finetune", "prefer")


def unsettled(data: Path) -> bool:
    """Whether a killed run has left anything. Work that is merely unfinished counts too."""
    return any(True for found in (work_folders, _noted_links, _half_written) for _ in found(data))


def work_folders(data: Path) -> Iterator[Path]:
    """The folders that runs work in, and what they have replaced: `.<name>.<key>` and `.<name>.old`."""
    found = (path for pattern in ("[1-7]_*/.*.*", "[1-7]_*/*/.*.*") for path in data.glob(pattern))
    return (path for path in found if path.suffix != ".tmp" and path.is_dir())


def _noted_links(data: Path) -> Iterator[Path]:
    """Where `latest` is to point, also to what is not in its place yet: a glob finds that link by a pattern only."""
    name = filesystem.noted_link(Path(LATEST)).name
    return (path for path in data.glob("[56]_*/*/.*.tmp") if path.name == name)


def _half_written(data: Path) -> Iterator[Path]:
    """Temporary files beside finished ones."""
    local = filesystem.local_folder(data)
    noted = set(_noted_links(data))
    found = (path for at in ("", "[1-7]_*/*/", "[1-7]_*/*/*/") for path in local.glob(f"{at}.*.tmp"))
    return (path for path in found if path not in noted and not path.is_dir())


def settle(data: Path) -> None:
    """Move the work folders that killed runs have completed into place, and point `latest` to what they built. What
    they have written by half goes, what they have replaced, and what they have spilled elsewhere on this machine."""
    temporary.sweep()
    temporary.sweep(filesystem.cache_folder())
    temporary.sweep(checked.folder(data, UPLOADS))
    _delete_half_written(data)
    for work in sorted(work_folders(data), key=lambda path: (path.suffix == ".old", path)):
        folder = work.parent / work.stem[1:]
        if work.suffix != ".old":
            storage.put_into_place(work, folder)
        elif (folder / storage.MANIFEST).exists():
            filesystem.remove_folder(work)
    for noted in sorted(_noted_links(data)):
        if (filesystem.follow_link(noted) / storage.MANIFEST).exists():
            filesystem.commit_link(noted.with_name(LATEST))
        else:
            noted.unlink()


def _delete_half_written(data: Path) -> None:
    """A file beside one that somebody holds (`lease.lock_file`) is being written, by who need not hold the folder."""
    for path in list(_half_written(data)):
        try:
            with path.with_name(path.name[1:].rsplit(".", 2)[0]).open("rb") as beside:
                fcntl.flock(beside, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            continue
        except (FileNotFoundError, IsADirectoryError):
            pass  # nothing is beside it that could be held
        path.unlink(missing_ok=True)


def remove_unfinished(data: Path) -> None:
    """Delete all work that is not finished; of an object store also what of it lies on this machine."""
    for at in dict.fromkeys((data, filesystem.local_folder(data))):
        for work in sorted(work_folders(at)):
            filesystem.remove_folder(work)


def discard(data: Path, stage: str, name: str) -> None:
    """Delete what a stage has made of a source or recipe, so that it is made anew.

    Of snapshots and models, the latest version goes and the others stay. Where nothing stands nothing happens: it may
    have gone when this was asked before, by a run that was killed then.
    """
    made = folder(data, stage, name)
    gone = storage.latest(made) if stage in VERSIONED else made
    for work in gone.parent.glob(f".{gone.name}.*"):
        filesystem.remove_folder(work)
    filesystem.remove_folder(gone)
