"""One run at a time in a data folder: by a lock of this machine, and in an object store by a lease that lies there.

    <data>/.lease/00000007.json     who works there, since when, and when it last gave a sign of life

The lease with the highest number counts. It is made by a conditional write (S3's If-None-Match), which succeeds for one
only, is written anew every BEAT seconds, and says at the end that it is over. One that has not changed for STALE
seconds of the waiting machine's own clock was left by a run that died, and the next number takes its place; what this
machine's own lock shows to be dead is not waited for. The last lease stays, so that no number is given twice.
"""

import fcntl
import getpass
import json
import logging
import os
import platform
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from threading import Event, Thread, main_thread
from typing import IO
from uuid import uuid4

from pipelines.errors import WorkFailed
from pipelines.storage import filesystem

LOCK, FOLDER = ".lock", ".lease"
BEAT, STALE, LOOK = 10.0, 60.0, 2.0  # seconds

log = logging.getLogger("gristmill")


class AtWork(WorkFailed):
    """A run on another machine holds the lease."""


@dataclass(frozen=True)
class Lease:
    """`lock` tells the lock file of a machine from all others; `alive` changes with every sign of life."""

    owner: str = ""
    since: str = ""
    alive: str = ""
    lock: str = ""
    over: bool = False


@contextmanager
def working_in(data: Path) -> Iterator[None]:
    """Waits for a run of this machine; the system lifts its lock even when it is killed. Raises AtWork."""
    filesystem.make_folder(data)
    with (filesystem.local_folder(data) / LOCK).open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            log.warning("another run is at work in %s; waiting for it", data)
            fcntl.flock(lock, fcntl.LOCK_EX)
        if filesystem.is_local(data):
            yield
        else:
            with _leased(data, Lease(_owner(), _now(), _now(), _name_of(lock))):
                yield


def _owner() -> str:
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a container's number without a name
        user = str(os.getuid())
    return f"{user}@{platform.node()}, process {os.getpid()}"


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="microseconds")


def _name_of(lock: IO[str]) -> str:
    lock.seek(0)
    name = lock.read().strip() or uuid4().hex
    lock.truncate(0)
    lock.write(name)
    lock.flush()
    return name


@contextmanager
def _leased(data: Path, mine: Lease) -> Iterator[None]:
    number = _take(data, mine)
    if not number:
        log.warning("%s: this store knows no conditional writes; let no other machine run here meanwhile", data)
        yield
        return
    done = Event()
    heart = Thread(target=_beat, args=(data, number, mine, done), daemon=True)
    heart.start()
    try:
        yield
    finally:
        done.set()
        heart.join()
        if _newest(data)[0] == number:
            _write(data, number, replace(mine, over=True))


def _take(data: Path, mine: Lease) -> int:
    """The number of the lease taken; 0 where the store would give one number to two. Raises AtWork."""
    while True:
        number, lease = _newest(data)
        is_free = lease.over or lease.lock == mine.lock
        if not is_free and not _is_stale(data, number, lease):
            continue
        try:
            if not _made(data, number + 1, mine):
                return 0
        except FileExistsError:  # another was faster
            continue
        if _newest(data)[0] == number + 1:
            filesystem.delete_files([path for path in _all(data) if int(path.stem) <= number])
            return number + 1


def _all(data: Path) -> list[Path]:
    return sorted((data / FOLDER).glob("[0-9]*.json"))


def _newest(data: Path) -> tuple[int, Lease]:
    """(0, one that is over) where there was never any."""
    while paths := _all(data):
        with suppress(FileNotFoundError):  # which is when a higher one has just replaced it
            return int(paths[-1].stem), Lease(**json.loads(filesystem.read(paths[-1])))
    return 0, Lease(over=True)


def _path(data: Path, number: int) -> Path:
    return data / FOLDER / f"{number:08}.json"


def _write(data: Path, number: int, lease: Lease) -> None:
    _path(data, number).write_text(json.dumps(asdict(lease)))


def _made(data: Path, number: int, lease: Lease) -> bool:
    """Whether the store made it on the condition that there was none. Raises FileExistsError if there was."""
    path, content = _path(data, number), json.dumps(asdict(lease)).encode()
    try:
        filesystem.create_exclusive(path, content)
    except NotImplementedError:
        return False
    try:
        filesystem.create_exclusive(path, content)
    except FileExistsError:
        return True
    path.unlink()  # the same twice: it looks at no condition
    return False


def _is_stale(data: Path, number: int, lease: Lease) -> bool:
    """False when it ended meanwhile or another took its place. Raises AtWork at the first sign of life."""
    log.warning("%s: %s has the lease; looking for %d s whether it lives", data, lease.owner, STALE)
    end = time.monotonic() + STALE
    while time.monotonic() < end:
        time.sleep(LOOK)
        now, seen = _newest(data)
        if now != number or seen.over:
            return False
        if seen != lease:
            raise AtWork(
                f"{data}: {lease.owner}, has been at work here since {lease.since}, and it lives; wait for its end or "
                f"stop it, then give the same command again"
            )
    return True


def _beat(data: Path, number: int, mine: Lease, done: Event) -> None:
    """Give signs of life until `done`. Whoever was asleep for so long that another took over stops here."""
    while not done.wait(BEAT):
        try:
            now, other = _newest(data)
            if now == number:
                _write(data, number, replace(mine, alive=_now()))
        except Exception as error:  # each file system has its own; a store that is away may come back
            log.debug("%s: no sign of life: %s", data, error)
            continue
        if now > number:
            log.error("%s: this run gave no sign of life for %d s, and %s took over", data, STALE, other.owner)
            is_deaf = signal.getsignal(signal.SIGINT) == signal.SIG_IGN  # as what a script starts in the background
            signal.pthread_kill(main_thread().ident or 0, signal.SIGTERM if is_deaf else signal.SIGINT)
            return
