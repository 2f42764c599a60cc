"""A recorder of what the disk is asked for, and an object store in this process's memory."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import fsspec
import pytest

from pipelines.storage import filesystem
from tests.pipelines.storage.recorder import Recorder


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


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    found = filesystem.resolve(f"memory://{uuid4().hex}/data")
    yield found
    fsspec.filesystem("memory").store.clear()
