"""Locks on files of this machine: one at a time, and on the file that is there now."""

import threading
from pathlib import Path

from pipelines.storage import lease
from tests.waiting import FAR, until


def test_a_file_is_held_by_one_at_a_time(tmp_path: Path) -> None:
    path, seen = tmp_path / "below" / "deeper" / "log.jsonl", list[str]()

    def second() -> None:
        with lease.lock_file(path):
            seen.append("second")

    with lease.lock_file(path):
        waiting = threading.Thread(target=second)
        waiting.start()
        until(lambda: is_in_flock(waiting), "the second one")
        seen.append("first")
    waiting.join(FAR)
    assert seen == ["first", "second"] and path.read_bytes() == b""


def is_in_flock(thread: threading.Thread) -> bool:
    """Whether the kernel keeps a thread waiting for a lock."""
    number = Path(f"/proc/self/task/{thread.native_id}/syscall").read_text().split()[0]
    return number in {"73", "32"}  # flock(2) of x86-64 and of arm64


def test_a_file_that_was_replaced_meanwhile_is_taken_anew(tmp_path: Path) -> None:
    path, seen = tmp_path / "log.jsonl", list[str]()

    def second() -> None:
        with lease.lock_file(path):
            seen.append(path.read_text())

    with lease.lock_file(path):
        waiting = threading.Thread(target=second)
        waiting.start()
        until(lambda: is_in_flock(waiting), "the second one")
        (tmp_path / "new").write_text("new")
        (tmp_path / "new").replace(path)
    waiting.join(FAR)
    assert seen == ["new"]
