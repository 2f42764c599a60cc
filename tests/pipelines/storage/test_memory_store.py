"""An object store that is quick to ask: fsspec's own, in this process's memory. What S3 adds is in test_filesystem."""

import os
import sys
from pathlib import Path
from typing import Any

import pytest

from pipelines import storage
from pipelines.storage import filesystem, logs, settling
from pipelines.storage.filesystem import MANIFEST, AddressError
from tests.pipelines.damage import damaged
from tests.pipelines.storage.test_storage import IDENTITY, SCHEMA, build, table


def names(folder: Path) -> list[str]:
    start = len(str(folder.path)) + 1  # type: ignore[attr-defined]
    return sorted(key[start:] for key in folder.fs.find(folder.path))  # type: ignore[attr-defined]


def test_addresses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert filesystem.resolve(tmp_path) == tmp_path and filesystem.resolve("data") == Path("data")
    assert filesystem.is_local(Path("x")) and not filesystem.is_local(filesystem.resolve("memory://x"))
    with pytest.raises(AddressError, match=r"^nothing://x: ValueError: "):
        filesystem.resolve("nothing://x")
    monkeypatch.setitem(sys.modules, "upath", None)
    with pytest.raises(AddressError, match=r"pip install 'gristmill\[s3\]'$"):
        filesystem.resolve("memory://x")


def test_what_is_near_a_store_lies_in_the_users_cache(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    near = filesystem.local_folder(data / "1_pages")
    assert near == tmp_path / "cache" / "gristmill" / "memory" / f"{data.path}/1_pages"  # type: ignore[attr-defined]
    assert filesystem.local_folder(tmp_path) == tmp_path
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert filesystem.cache_folder() == Path.home() / ".cache" / "gristmill"
    assert filesystem.file_system(data) is data.fs  # type: ignore[attr-defined]


def test_a_folder_of_a_store_is_built_near_it_and_nothing_is_left_there(data: Path) -> None:
    folder = data / "2_records" / "src"
    build(folder)
    assert names(data) == [f"2_records/src/{MANIFEST}", *(f"2_records/src/records-{n:05d}.parquet" for n in range(3))]
    assert not [path for path in filesystem.local_folder(data).rglob("*") if path.is_file()]
    manifest = storage.read_manifest(folder)
    assert manifest and storage.finished(folder, **IDENTITY) == manifest and not damaged(data)
    (folder / "records-00001.parquet").write_bytes(b"other")
    (folder / "records-00002.parquet").unlink()
    assert damaged(data) == [
        ("records-00001.parquet", "changed"),
        ("records-00002.parquet", "missing"),
    ]


def test_a_folder_on_a_disk_is_damaged_where_a_byte_is(tmp_path: Path) -> None:
    build(tmp_path / "2_records" / "src")
    build(tmp_path / "2_records" / "whole")
    assert not damaged(tmp_path)
    for number in range(2):
        (tmp_path / "2_records" / "src" / f"records-0000{number}.parquet").write_bytes(b"%d" % number)
    (tmp_path / "2_records" / "src" / "records-00002.parquet").unlink()
    assert [what for _, what in damaged(tmp_path)] == ["changed", "changed", "missing"]


def test_a_new_version_in_a_store_replaces_all_of_the_old(data: Path) -> None:
    build(data / "src")
    with storage.building(data / "src", **{**IDENTITY, "version": 2}) as made:
        made.table("records-00000.parquet", table(7, 3), SCHEMA)
    assert names(data) == [f"src/{MANIFEST}", "src/records-00000.parquet"]
    before = storage.read_manifest(data / "src")
    assert before
    with storage.rewriting(data / "src", before) as made:
        made.text("b.txt", "b")
    assert names(data) == ["src/b.txt", f"src/{MANIFEST}", "src/records-00000.parquet"]
    filesystem.remove_folder(data / "src")
    filesystem.remove_folder(data / "src")
    assert names(data) == []


def test_small_things_in_a_store(data: Path, tmp_path: Path) -> None:
    assert filesystem.follow_link(data / "v" / "latest") == data / "v" / "latest"
    filesystem.prepare_link(data / "v" / "latest", "v3")
    assert filesystem.follow_link(data / "v" / "latest") == data / "v" / "latest"
    filesystem.commit_link(data / "v" / "latest")
    assert filesystem.follow_link(data / "v" / "latest") == data / "v" / "v3"
    logs.append(data / logs.RUNS, {"n": 1})
    logs.append(data / logs.RUNS, {"n": 2})
    assert logs.read(data / logs.RUNS) == [{"n": 1}, {"n": 2}]
    (tmp_path / "up").write_bytes(b"bytes")
    filesystem.move_into_place(tmp_path / "up", data / "a")
    assert not (tmp_path / "up").exists() and filesystem.read_object(data / "a") == b"bytes"
    filesystem.download(data / "a", tmp_path / "down")
    assert (tmp_path / "down").read_bytes() == b"bytes"
    filesystem.link_or_copy(data / "a", data / "b")
    paths = [data / name for name in ("a", "missing", "b")]
    assert [(path.name, content) for path, content in filesystem.read_all(paths)] == [("a", b"bytes"), ("b", b"bytes")]
    assert list(filesystem.read_all([])) == []
    filesystem.delete_files([data / "a", data / "b"])
    filesystem.delete_files([])
    assert not (data / "a").exists() and not (data / "b").exists()


def test_small_things_on_a_disk(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"1")
    (tmp_path / "b").write_bytes(b"old")
    filesystem.link_or_copy(tmp_path / "a", tmp_path / "b")
    assert (tmp_path / "b").read_bytes() == b"1"
    found = list(filesystem.read_all([tmp_path / "a", tmp_path / "missing", tmp_path / "b"]))
    assert found == [(tmp_path / "a", b"1"), (tmp_path / "b", b"1")]
    before = dict(filesystem.states(tmp_path, ("[ab]",)))
    os.utime(tmp_path / "a", (5, 5))
    assert set(before) == {str(tmp_path / "a"), str(tmp_path / "b")}
    assert before != dict(filesystem.states(tmp_path, ("[ab]",)))
    assert filesystem.log_files(tmp_path / "none") == [] and filesystem.log_files(tmp_path / "a") == [tmp_path / "a"]
    filesystem.prepare_link(tmp_path / "latest", "half")
    filesystem.prepare_link(tmp_path / "latest", "v2")
    filesystem.commit_link(tmp_path / "latest")
    assert filesystem.follow_link(tmp_path / "latest") == tmp_path / "v2" and not list(tmp_path.glob("*.tmp"))
    filesystem.delete_files([tmp_path / "a", tmp_path / "b"])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["latest"]


def test_what_a_library_made_is_published_once(tmp_path: Path) -> None:
    for content in (b"first", b"second"):
        work = tmp_path / "work"
        work.mkdir()
        (work / "a").write_bytes(content)
        filesystem.publish_local_folder(work, tmp_path / "base")
        assert not work.exists()
    assert (tmp_path / "base" / "a").read_bytes() == b"first"


def test_a_replaced_folder_leaves_nothing_beside_it(tmp_path: Path) -> None:
    for name in ("src", "work", ".src.old"):
        (tmp_path / name).mkdir()
        (tmp_path / name / name).write_bytes(b"x")
    filesystem.replace_folder(tmp_path / "src", tmp_path / "work")
    assert [path.relative_to(tmp_path).as_posix() for path in sorted(tmp_path.rglob("*"))] == ["src", "src/work"]


class Refusing:
    """A store whose conditional write fails as S3's may."""

    path = "a/b"

    def __init__(self, code: str) -> None:
        self.code, self.fs = code, self

    def pipe_file(self, *_: Any, **__: Any) -> None:
        cause = ValueError()
        cause.response = {"Error": {"Code": self.code}} if self.code else {}  # type: ignore[attr-defined]
        raise OSError("the store's words") from cause


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("PreconditionFailed", FileExistsError),
        ("ConditionalRequestConflict", FileExistsError),
        ("NotImplemented", NotImplementedError),
        ("AccessDenied", OSError),
        ("", OSError),
    ],
)
def test_a_refused_condition(code: str, error: type[Exception]) -> None:
    with pytest.raises(error) as raised:
        filesystem.create_exclusive(Refusing(code), b"")  # type: ignore[arg-type]
    assert raised.type is error


def test_what_is_unfinished_goes_in_the_store_and_on_this_machine(data: Path) -> None:
    """A trainer's examples and checkpoints lie on this machine, and hold texts."""
    (data / "5_curated" / "small" / ".v1.0123" / "shard").write_text("in the store")
    for near in ("6_models/small/.v1.0123/.checkpoints/examples.arrow", "4_clusters/.small.scratch/spill"):
        (here := filesystem.local_folder(data) / near).parent.mkdir(parents=True)
        here.write_text("near it")
    settling.remove_unfinished(data)
    assert names(data) == []
    assert not [path for path in filesystem.local_folder(data).rglob("*") if path.is_file()]


def test_the_state_of_a_file_is_another_after_each_change(data: Path) -> None:
    (data / "1_pages" / "a" / "manifest.json").write_text("one")
    (data / "1_pages" / "a" / "shard").write_text("one")

    def states() -> dict[str, str]:
        return dict(filesystem.states(data, ["*/*/manifest.json"]))

    before = states()
    assert [key.rpartition("data/")[2] for key in before] == ["1_pages/a/manifest.json"] and before == states()
    (data / "1_pages" / "a" / "manifest.json").write_text("other")
    assert states() != before
