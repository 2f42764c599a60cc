"""What a power cut would find: bytes are on the disk before a name leads to them, and a manifest comes last."""

import errno
import os
from pathlib import Path
from typing import Any

import pytest
import s3fs

from pipelines import storage
from pipelines.errors import WorkFailed
from pipelines.storage import checked, filesystem, logs
from pipelines.storage.filesystem import MANIFEST
from pipelines.storage.integrity import sha256_of
from tests.pipelines.storage.recorder import Recorder
from tests.pipelines.storage.test_storage import IDENTITY, SCHEMA, build, table


def without_random(step: tuple[str, str]) -> tuple[str, str]:
    """The temporary name of a file ends in a random number."""
    what, path = step
    return what, path.rpartition("/")[0] + "/.tmp" if path.endswith(".tmp") else path


def test_a_file_is_on_the_disk_before_it_has_its_name_and_its_name_before_the_call_returns(
    tmp_path: Path, disk: Recorder
) -> None:
    storage.write_text(tmp_path / "here" / "a.txt", "all of it")
    assert [without_random(step) for step in disk.steps] == [
        ("write", "here/.tmp"),
        ("rename", "here/a.txt"),
        ("folder", "here"),
    ]


def test_what_is_synced_is_all_of_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Python's own buffer is not the disk: it has to be flushed first."""
    sizes = []
    monkeypatch.setattr(os, "fsync", lambda descriptor: sizes.append(os.fstat(descriptor).st_size))
    storage.write_text(tmp_path / "a.txt", "x" * 10)
    assert sizes[0] == 10


def test_the_manifest_is_written_after_every_shard_and_the_folder_appears_after_it(
    tmp_path: Path, disk: Recorder
) -> None:
    build(tmp_path / "src", shards=3)
    (work,) = {path.partition("/")[0] for _, path in disk.steps if path.startswith(".src.")}
    named = [path.removeprefix(f"{work}/") for what, path in disk.steps if what == "rename"]
    assert [name for name in named if not name.endswith(".done")] == [
        *(f"records-{number:05d}.parquet" for number in range(3)),
        MANIFEST,
        "src",
    ]
    manifest, appears = disk.position("rename", f"{work}/{MANIFEST}"), disk.position("rename", "src")
    shards = [step for step in disk.steps[:manifest] if step == ("folder", work)]
    assert len(shards) == 6, "each shard, and the note that it is done, is in its folder for good"
    assert ("folder", work) in disk.steps[manifest:appears], "so is the manifest before the folder appears"
    assert ("folder", ".") in disk.steps[appears:], "and the folder before the stage is done"


def test_a_note_that_a_shard_is_done_comes_after_the_shard(tmp_path: Path, disk: Recorder) -> None:
    build(tmp_path / "src", shards=1)
    named = [path.rpartition("/")[2] for _, path in disk.taken("rename")]
    assert named[:2] == ["records-00000.parquet", ".records-00000.parquet.done"]


def test_at_no_moment_does_a_manifest_stand_beside_shards_that_are_not_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Looked at after every step that gives a name, while version 2 takes the place of version 1."""
    build(tmp_path / "src")
    replace, seen = os.replace, list[Any]()

    def looking(old: Any, new: Any) -> None:
        replace(old, new)
        for path in tmp_path.rglob(MANIFEST):
            manifest = storage.read_manifest(path.parent)
            assert manifest
            assert not [s.path for s in manifest.shards if sha256_of(path.parent / s.path) != s.sha256]
            seen.append(manifest.version)

    monkeypatch.setattr(os, "replace", looking)
    with storage.building(tmp_path / "src", **{**IDENTITY, "version": 2}) as made:
        made.table("records-00000.parquet", table(7, 3), SCHEMA)
    assert set(seen) == {1, 2}


def test_a_file_that_a_library_wrote_is_on_the_disk_before_it_is_entered(tmp_path: Path, disk: Recorder) -> None:
    with storage.building(tmp_path / "model", **IDENTITY) as made:
        (made.local_folder / "weights.bin").write_bytes(b"weights")
        made.adopt("weights.bin")
    names = [(what, path.rpartition("/")[2]) for what, path in disk.steps]
    assert names[0] == ("write", "weights.bin")
    assert names.index(("write", "weights.bin")) < names.index(("rename", ".weights.bin.done"))


def test_a_folder_that_a_library_wrote_is_on_the_disk_before_it_has_its_name(tmp_path: Path, disk: Recorder) -> None:
    work = tmp_path / "work"
    work.mkdir()
    for name in ("a", "b"):
        (work / name).write_bytes(b"x")
    filesystem.publish_local_folder(work, tmp_path / "base")
    assert sorted(disk.steps[:2]) == [("write", "work/a"), ("write", "work/b")]
    assert disk.steps[2:] == [("rename", "base"), ("folder", ".")]


def test_a_second_name_is_on_the_disk(tmp_path: Path, disk: Recorder) -> None:
    (tmp_path / "a").write_bytes(b"x")
    filesystem.link_or_copy(tmp_path / "a", tmp_path / "there" / "b")
    assert disk.steps == [("link", "there/b"), ("folder", "there")]


def test_a_copy_is_on_the_disk_where_there_are_no_second_names(
    tmp_path: Path, disk: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: Any, **__: Any) -> None:
        raise OSError(errno.EPERM, "no links here")

    monkeypatch.setattr(os, "link", refused)
    (tmp_path / "a").write_bytes(b"x")
    filesystem.link_or_copy(tmp_path / "a", tmp_path / "there" / "b")
    assert disk.steps == [("write", "there/b"), ("folder", "there")]
    assert (tmp_path / "there" / "b").read_bytes() == b"x"


def test_latest_is_on_the_disk(tmp_path: Path, disk: Recorder) -> None:
    (tmp_path / "v1").mkdir()
    storage.point_latest(tmp_path / "v1")
    assert disk.steps == [("folder", "."), ("rename", "latest"), ("folder", ".")]


def test_a_line_of_the_log_is_on_the_disk(tmp_path: Path, disk: Recorder) -> None:
    logs.append(tmp_path / "data" / logs.RUNS, {"stage": "collect"})
    assert disk.steps == [("write", f"data/{logs.RUNS}")]


def test_what_goes_loses_its_manifest_first(tmp_path: Path, disk: Recorder) -> None:
    build(tmp_path / "src")
    disk.steps.clear()
    filesystem.remove_folder(tmp_path / "src")
    assert disk.steps[0] == ("remove", f"src/{MANIFEST}")
    assert not (tmp_path / "src").exists()


def test_in_a_store_the_manifest_is_copied_last_and_removed_first(bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, asked = filesystem.resolve(f"{bucket}/ordered/src"), list[tuple[str, str]]()
    ask = s3fs.S3FileSystem._call_s3

    async def listed(self: Any, method: str, *args: Any, **about: Any) -> Any:
        told = await ask(self, method, *args, **about)
        gone = [one["Key"] for one in about.get("Delete", {}).get("Objects", ())]
        asked.extend((method, key.partition("/src/")[2]) for key in [*gone, about.get("Key", "")] if "/src/" in key)
        return told

    build(folder)
    monkeypatch.setattr(s3fs.S3FileSystem, "_call_s3", listed)
    with storage.building(folder, **{**IDENTITY, "version": 2}) as made:
        made.table("records-00000.parquet", table(7, 3), SCHEMA)
    changes = [(method.partition("_")[0], key) for method, key in asked if method.startswith(("copy", "delete"))]
    assert changes[0] == ("delete", MANIFEST)
    assert changes[-2:] == [("copy", "records-00000.parquet"), ("copy", MANIFEST)]


def test_a_new_file_is_checked_as_a_draft_and_on_the_disk_before_it_has_its_name(
    tmp_path: Path, disk: Recorder
) -> None:
    path = tmp_path / "new" / "mine.toml"
    assert checked.create(path, "all", lambda draft: (draft.suffix, draft.read_text())) == (".toml", "all")
    assert [(what, Path(name).parent.name or name) for what, name in disk.steps if what != "remove"] == [
        ("write", "new"),
        ("link", "new"),
        ("folder", "new"),
    ]
    assert [one.name for one in path.parent.iterdir()] == ["mine.toml"]
    with pytest.raises(FileExistsError):
        checked.create(path, "other", lambda draft: None)
    assert path.read_text() == "all" and len([*path.parent.iterdir()]) == 1


def test_a_draft_that_finds_no_room_is_told_as_the_disk_tells_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: Path, *_: object) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self))

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError, match="No space left"):
        checked.create(tmp_path / "mine.toml", "all", lambda draft: None)


def test_a_library_that_says_more_than_one_thing_is_told_by_the_first(tmp_path: Path) -> None:
    with (
        pytest.raises(WorkFailed, match=r"cannot be written \(could not write\); "),
        filesystem.written_by_library(tmp_path),
    ):
        raise RuntimeError("could not write\nnor read", "code 7")
