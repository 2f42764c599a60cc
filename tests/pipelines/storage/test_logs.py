"""Logs: a line is whole or it is none, whatever came before it and whatever the disk does."""

import errno
import fcntl
import os
from pathlib import Path
from typing import Any

import pytest

from pipelines.errors import WorkFailed
from pipelines.storage import checked, filesystem, logs
from tests.pipelines.storage.recorder import Recorder


def of(path: Path) -> list[int]:
    return [entry["n"] for entry in logs.read(path)]


def test_lines_come_back_in_order(tmp_path: Path) -> None:
    path = tmp_path / "below" / logs.RUNS
    for number in range(3):
        logs.append(path, {"n": number})
    assert of(path) == [0, 1, 2] and path.read_bytes().count(b"\n") == 3


def test_a_line_that_was_cut_off_goes_with_the_next_one(tmp_path: Path) -> None:
    path = tmp_path / logs.RUNS
    logs.append(path, {"n": 1})
    whole = path.read_bytes()
    logs.append(path, {"n": 2})
    second = path.read_bytes()[len(whole) :]
    for cut in (1, len(second) // 2, len(second) - 2):
        path.write_bytes(whole + second[:cut])
        assert of(path) == [1]
        logs.append(path, {"n": 3})
        assert of(path) == [1, 3] and path.read_bytes().startswith(whole + b'{"n": 3')


def test_a_line_that_lost_only_its_end_stays(tmp_path: Path) -> None:
    path = tmp_path / logs.RUNS
    logs.append(path, {"n": 1})
    path.write_bytes(path.read_bytes().rstrip(b"\n"))
    logs.append(path, {"n": 2})
    assert of(path) == [1, 2] and path.read_bytes().count(b"\n") == 2


def test_what_finds_no_room_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / logs.RUNS
    logs.append(path, {"n": 1})
    before, write = path.read_bytes(), os.write

    def full(descriptor: int, content: Any) -> int:
        if len(content) <= 5:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(descriptor, content[: len(content) // 2])

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(OSError, match="No space"):
        logs.append(path, {"n": 2})
    assert path.read_bytes() == before


def test_what_a_library_says_of_a_disk_is_one_line_with_the_folder(tmp_path: Path) -> None:
    told = pytest.raises(WorkFailed, match=f"{tmp_path}: cannot be written .No such device")
    with told, filesystem.written_by_library(tmp_path):
        raise RuntimeError("No such device\nand more")
    with pytest.raises(OSError, match="full"), filesystem.written_by_library(tmp_path):
        raise OSError(errno.ENOSPC, "full")


def test_a_file_is_made_once_its_content_is_right(tmp_path: Path, disk: Recorder) -> None:
    path = disk.root / "new.txt"
    assert checked.create(path, "说", lambda draft: draft.read_text("utf-8")) == "说"
    with pytest.raises(FileExistsError):
        checked.create(path, "other", Path.exists)
    assert path.read_text("utf-8") == "说" and list(disk.root.iterdir()) == [path]
    linked = disk.position("link", "new.txt")
    assert ("folder", ".") in disk.steps[linked:]


def test_who_waits_for_the_log_appends_after_what_was_written_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "runs.jsonl"
    first = '{"other": "run", "sha256": "' + "0" * 64 + '"}'

    def late(descriptor: int, how: int) -> None:
        assert (Path(f"/proc/self/fd/{descriptor}").readlink(), how) == (path, fcntl.LOCK_EX)
        path.write_text(first)  # without its line feed: the other one was killed

    monkeypatch.setattr(fcntl, "flock", late)
    logs.append(path, {"own": "run"})
    assert [line.partition(":")[0] for line in path.read_text().splitlines()] == ['{"other"', '{"own"']
