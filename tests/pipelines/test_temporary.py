"""What a killed process has spilled goes with the next command, and nobody's who lives."""

import fcntl
import os
import subprocess
import sys
from pathlib import Path
from uuid import uuid4

import pytest

from pipelines import temporary
from pipelines.storage import filesystem, lease

SPILL = """
import sys, time
from pathlib import Path
from pipelines import temporary
made = temporary.folder(Path(sys.argv[1]))
(made / "words").write_text("words of somebody")
print(made, flush=True)
time.sleep(float(sys.argv[2]))
"""


def spilling(around: Path, seconds: float) -> tuple[subprocess.Popen[str], Path]:
    words = [sys.executable, "-c", SPILL, str(around), str(seconds)]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
    assert process.stdout
    return process, Path(process.stdout.readline().strip())


def test_what_a_killed_process_left_goes_and_what_a_living_one_has_stays(tmp_path: Path) -> None:
    killed, left = spilling(tmp_path, 1e6)
    living, held = spilling(tmp_path, 1e6)
    temporary.sweep(tmp_path)
    assert (left / "words").exists() and (held / "words").exists()
    killed.kill()
    killed.wait()
    temporary.sweep(tmp_path)
    assert not left.exists() and (held / "words").exists()
    living.kill()
    living.wait()


def test_a_process_takes_its_own_with_it(tmp_path: Path) -> None:
    process, made = spilling(tmp_path, 0)
    assert process.wait() == 0
    assert made.parent == tmp_path and not made.exists()


def test_a_fork_has_one_of_its_own_and_leaves_that_of_its_parent(tmp_path: Path) -> None:
    ours = temporary.folder(tmp_path)
    if not (child := os.fork()):
        temporary._remove(os.getppid(), ours)  # as its exit would, which has learnt it from the parent
        os._exit(temporary.folder(tmp_path) == ours)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert ours == temporary.folder(tmp_path) and ours.is_dir()


def test_nobody_else_reads_it_and_a_cleaner_may_come_by(tmp_path: Path) -> None:
    first = temporary.folder(tmp_path)
    assert first.stat().st_mode & 0o777 == 0o700
    first.rmdir()
    assert temporary.folder(tmp_path) != first


def test_other_names_and_links_stay(tmp_path: Path) -> None:
    kept = [tmp_path / "gristmill-data", tmp_path / f"{temporary.NAME}notes", tmp_path / "mine"]
    for path in kept:
        path.mkdir()
        (path / "words").touch()
    (tmp_path / f"{temporary.NAME}{uuid4().hex}").symlink_to(tmp_path / "mine")
    (tmp_path / f"{temporary.NAME}{uuid4().hex}").touch()
    temporary.sweep(tmp_path)
    assert all((path / "words").exists() for path in kept) and len([*tmp_path.iterdir()]) == 5


def test_one_that_was_swept_before_it_was_held_is_made_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lock, swept = fcntl.flock, list[Path]()

    def late(descriptor: int, how: int) -> None:
        lock(descriptor, how)
        if not swept:
            swept.extend(tmp_path.iterdir())
            swept[0].rmdir()

    monkeypatch.setattr(fcntl, "flock", late)
    made = temporary.folder(tmp_path)
    assert made.is_dir() and made != swept[0]


def test_where_nothing_can_be_held_nothing_is_swept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_locks(descriptor: int, how: int) -> None:
        raise OSError("no locks available")

    monkeypatch.setattr(fcntl, "flock", no_locks)
    made = temporary.folder(tmp_path)
    temporary.sweep(tmp_path)
    assert made.is_dir()


def test_every_command_that_writes_sweeps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Below TMPDIR and in the cache, where shards of a store come in."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    filesystem.cache_folder().mkdir(parents=True)
    left = [around / f"{temporary.NAME}{uuid4().hex}" for around in (tmp_path, filesystem.cache_folder())]
    for path in left:
        path.mkdir()
    with lease.lock_data(tmp_path / "data"):
        assert not any(path.exists() for path in left)
