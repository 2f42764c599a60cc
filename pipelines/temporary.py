"""A folder of the process among the machine's temporary ones, of which a kill leaves nothing for long.

    <TMPDIR>/gristmill-spill-<hex>/     what does not fit into memory, for nobody else to read

The process holds a lock on it for as long as it lives. What nobody holds was left behind by one that was killed:
`sweep` deletes it, whatever data folder it was of. Where a folder cannot be held (NFS), nothing is swept.
"""

import atexit
import fcntl
import os
import re
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

NAME = "gristmill-spill-"
_OURS = re.compile(rf"{NAME}[0-9a-f]{{32}}")
_held: dict[tuple[int, Path], Path] = {}  # by process, as a fork is one of its own, and by the folder around it


def folder(around: Path | None = None) -> Path:
    """The process's folder within `around`, by default that of the system (TMPDIR). It goes when the process ends.

    Raises: OSError.
    """
    around = around or Path(tempfile.gettempdir())
    own = _held.get((os.getpid(), around))
    if own is None or not own.is_dir():  # a cleaner of old files may have come by
        own = _held[os.getpid(), around] = _made(around)
        atexit.register(_remove, os.getpid(), own)
    return own


def _made(around: Path) -> Path:
    """A new folder that is held: not one that somebody has swept between its making and its lock."""
    while True:
        made = around / f"{NAME}{uuid4().hex}"
        made.mkdir(0o700)
        descriptor = _opened(made)
        if descriptor is not None:
            with suppress(OSError):  # a file system without such locks
                fcntl.flock(descriptor, fcntl.LOCK_EX)
        if made.exists():
            return made  # its descriptor stays open, and with it the lock


def _opened(path: Path) -> int | None:
    """None where there is no such folder, or one of another user."""
    with suppress(OSError):
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        if os.fstat(descriptor).st_uid == os.getuid():
            return descriptor
        os.close(descriptor)
    return None


def _remove(process: int, own: Path) -> None:
    if process == os.getpid():  # a fork ends before what it was forked from
        shutil.rmtree(own, ignore_errors=True)


def sweep(around: Path | None = None) -> None:
    """Delete what killed processes of this user have left within `around`."""
    for path in (around or Path(tempfile.gettempdir())).glob(f"{NAME}*"):
        descriptor = _opened(path) if _OURS.fullmatch(path.name) else None
        if descriptor is not None:
            with suppress(OSError):  # somebody holds it, or nobody can
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(path, ignore_errors=True)
            os.close(descriptor)
