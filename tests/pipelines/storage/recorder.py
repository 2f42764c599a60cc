"""What a piece of code asks of the file system, in order: what a power cut would find, which no kill can show."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

Step = tuple[str, str]  # what was done, and to which path, below the recorder's folder


class Recorder:
    """The `steps` that were taken below `root`: `write` (a file was flushed to the disk), `folder` (its entries were),
    `rename`, `link` and `remove` (a file)."""

    def __init__(self, root: Path) -> None:
        self.root, self.steps = root, list[Step]()

    def note(self, what: str, path: Any) -> None:
        full = Path(os.fsdecode(path))
        if full.is_relative_to(self.root):
            self.steps.append((what, full.relative_to(self.root).as_posix()))

    def taken(self, *what: str) -> list[Step]:
        return [step for step in self.steps if step[0] in what]

    def position(self, what: str, path: str) -> int:
        return self.steps.index((what, path))


@pytest.fixture
def disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Recorder]:
    """A recorder of what happens below `tmp_path`, at the border to the system."""
    recorder = Recorder(tmp_path)
    fsync, replace, link, unlink = os.fsync, os.replace, os.link, os.unlink

    def recording_fsync(descriptor: int) -> None:
        fsync(descriptor)
        path = Path(f"/proc/self/fd/{descriptor}").readlink()
        recorder.note("folder" if path.is_dir() else "write", path)

    def recording_replace(old: Any, new: Any, **more: Any) -> None:
        replace(old, new, **more)
        recorder.note("rename", new)

    def recording_link(old: Any, new: Any, **more: Any) -> None:
        link(old, new, **more)
        recorder.note("link", new)

    def recording_unlink(path: Any, **more: Any) -> None:
        unlink(path, **more)
        if not more.get("dir_fd"):
            recorder.note("remove", path)

    monkeypatch.setattr(os, "fsync", recording_fsync)
    monkeypatch.setattr(os, "replace", recording_replace)
    monkeypatch.setattr(os, "link", recording_link)
    monkeypatch.setattr(os, "unlink", recording_unlink)
    yield recorder
