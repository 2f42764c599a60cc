"""Folders that a disk does not let go."""

import errno
import os
from pathlib import Path
from typing import Any

import pytest

from pipelines.storage import complete, filesystem

unlink = os.unlink


def refusing(name: str, **at: Any) -> None:
    if Path(name).name == "stays":
        raise OSError(errno.EIO, os.strerror(errno.EIO), name)
    unlink(name, **at)


@pytest.mark.parametrize("remove", [filesystem.remove_folder, complete.remove])
def test_what_cannot_be_deleted_is_told_by_its_whole_path(
    remove: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stays = tmp_path / "folder" / "within" / "stays"
    stays.parent.mkdir(parents=True)
    stays.touch()
    (stays.parent / "complete.json").touch()
    monkeypatch.setattr(os, "unlink", refusing)
    with pytest.raises(OSError, match="Input/output error") as found:
        remove(tmp_path / "folder")
    assert found.value.filename == str(stays)
    assert list(stays.parent.iterdir()) == [stays]  # what it was listed in went first
    monkeypatch.undo()
    remove(tmp_path / "folder")
    assert not (tmp_path / "folder").exists()
