"""One run at a time in a data folder: a lock file on this machine, and in an object store a lease besides.

    <data>/.lease/00000007.json     who holds the lease, since when, and the time of the last heartbeat

The lease with the highest number counts. A conditional write (S3's If-None-Match) creates it, which succeeds for one
process only. Its holder rewrites it every HEARTBEAT seconds and marks it as over at the end. A lease that has not
changed for STALE_AFTER seconds, by the clock of the machine that waits, belongs to a dead run, and the next number
replaces it. A dead run of this machine is known by the lock file, so nobody waits for it. The last lease stays, so
that no number is used twice.
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
from pipelines.storage import filesystem, settling

LOCK, FOLDER = ".lock", ".lease"
HEARTBEAT, STALE_AFTER, POLL = 10.0, 60.0, 2.0  # seconds

log = logging.getLogger("gristmill")


class DataInUse(WorkFailed):
    """A run on another machine holds the lease of the data folder."""


@dataclass(frozen=True)
class Lease:
    """The content of a lease file. `lock` identifies the holder's lock file; `alive` changes with every heartbeat."""

    owner: str = ""
    since: str = ""
    alive: str = ""
    lock: str = ""
    over: bool = False


@contextmanager
def lock_data(data: Path) -> Iterator[None]:
    """Hold `data` alone, settled. Waits for other runs of this machine; the system frees the lock of a killed run.

    Raises: DataInUse where a run on another machine holds the lease.
    """
    filesystem.make_folder(data)
    with (filesystem.local_folder(data) / LOCK).open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            log.warning("another run is at work in %s; waiting for it", data)
            fcntl.flock(lock, fcntl.LOCK_EX)
        if filesystem.is_local(data):
            settling.settle(data)
            yield
        else:
            with _hold_lease(data, Lease(_owner(), _now(), _now(), _lock_id(lock))):
                settling.settle(data)
                yield


@contextmanager
def lock_file(path: Path) -> Iterator[None]:
    """Hold one file of this machine alone, created where there is none. Whoever appends to it or replaces it holds it.

    A file in a store is not held: each line there is an object of its own.
    """
    if not filesystem.is_local(path):
        yield
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    while True:
        with path.open("ab") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            if path.exists() and os.path.samestat(os.fstat(file.fileno()), path.stat()):  # not replaced meanwhile
                yield
                return


def settle_unless_busy(data: Path) -> None:
    """Settle `data` for a command that only reads. Nothing happens while a run is at work there, which has settled it.

    An object store is left to the runs that hold its lease, as asking for it takes longer than most commands.
    """
    if not filesystem.is_local(data) or not settling.unsettled(data):
        return
    with suppress(OSError), (data / LOCK).open("a+") as lock:  # busy, or a folder that may only be read
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        settling.settle(data)


def _owner() -> str:
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # in a container the user may have a number and no name
        user = str(os.getuid())
    return f"{user}@{platform.node()}, process {os.getpid()}"


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="microseconds")


def _lock_id(lock: IO[str]) -> str:
    """The id that the lock file holds; it is created with the file's first use."""
    lock.seek(0)
    lock_id = lock.read().strip() or uuid4().hex
    lock.truncate(0)
    lock.write(lock_id)
    lock.flush()
    return lock_id


@contextmanager
def _hold_lease(data: Path, own: Lease) -> Iterator[None]:
    number = _acquire(data, own)
    if not number:
        log.warning("%s: this store knows no conditional writes; let no other machine run here meanwhile", data)
        yield
        return
    done = Event()
    heartbeats = Thread(target=_send_heartbeats, args=(data, number, own, done), daemon=True)
    heartbeats.start()
    try:
        yield
    finally:
        done.set()
        heartbeats.join()
        if _latest_lease(data)[0] == number:
            _write_lease(data, number, replace(own, over=True))


def _acquire(data: Path, own: Lease) -> int:
    """The number of the new lease; 0 where the store has no conditional writes, so that two could get one number."""
    while True:
        number, lease = _latest_lease(data)
        is_free = lease.over or lease.lock == own.lock
        if not is_free and not _is_stale(data, number, lease):
            continue
        try:
            if not _create_lease(data, number + 1, own):
                return 0
        except FileExistsError:  # another process was faster
            continue
        if _latest_lease(data)[0] == number + 1:
            filesystem.delete_files([path for path in _lease_files(data) if int(path.stem) <= number])
            return number + 1


def _lease_files(data: Path) -> list[Path]:
    return sorted((data / FOLDER).glob("[0-9]*.json"))


def _latest_lease(data: Path) -> tuple[int, Lease]:
    """The current lease and its number; number 0 and a lease that is over where there was none yet."""
    while paths := _lease_files(data):
        with suppress(FileNotFoundError):  # a higher lease has just replaced it
            return int(paths[-1].stem), Lease(**json.loads(filesystem.read_object(paths[-1])))
    return 0, Lease(over=True)


def _lease_path(data: Path, number: int) -> Path:
    return data / FOLDER / f"{number:08}.json"


def _write_lease(data: Path, number: int, lease: Lease) -> None:
    _lease_path(data, number).write_text(json.dumps(asdict(lease)))


def _create_lease(data: Path, number: int, lease: Lease) -> bool:
    """Create a lease file. False where the store has no conditional writes, and nothing was created.

    The second write tests the store: one that ignores conditions lets it pass.
    """
    path, content = _lease_path(data, number), json.dumps(asdict(lease)).encode()
    try:
        filesystem.create_exclusive(path, content)
    except NotImplementedError:
        return False
    try:
        filesystem.create_exclusive(path, content)
    except FileExistsError:
        return True
    path.unlink()
    return False


def _is_stale(data: Path, number: int, lease: Lease) -> bool:
    """Watch a lease for STALE_AFTER seconds. True where it does not change, False where it ends or is replaced.

    Raises: DataInUse at the first heartbeat.
    """
    log.warning("%s: %s has the lease; looking for %d s whether it lives", data, lease.owner, STALE_AFTER)
    end = time.monotonic() + STALE_AFTER
    while time.monotonic() < end:
        time.sleep(POLL)
        latest_number, latest = _latest_lease(data)
        if latest_number != number or latest.over:
            return False
        if latest != lease:
            raise DataInUse(
                f"{data}: {lease.owner}, has been at work here since {lease.since}, and it lives; wait for its end or "
                f"stop it, then give the same command again"
            )
    return True


def _send_heartbeats(data: Path, number: int, own: Lease, done: Event) -> None:
    """Rewrite the lease every HEARTBEAT seconds until `done`.

    A run that was suspended for so long that another took over is interrupted.
    """
    while not done.wait(HEARTBEAT):
        try:
            latest_number, latest = _latest_lease(data)
            if latest_number == number:
                _write_lease(data, number, replace(own, alive=_now()))
        except Exception as error:  # each file system raises its own; a store that is down may come back
            log.debug("%s: no sign of life: %s", data, error)
            continue
        if latest_number > number:
            log.error("%s: this run gave no sign of life for %d s, and %s took over", data, STALE_AFTER, latest.owner)
            # a process that a script starts in the background ignores SIGINT
            ignores_interrupt = signal.getsignal(signal.SIGINT) == signal.SIG_IGN
            signal.pthread_kill(main_thread().ident or 0, signal.SIGTERM if ignores_interrupt else signal.SIGINT)
            return
