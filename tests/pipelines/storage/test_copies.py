"""Copies of shards: found again, checked, bounded to the byte, and lent as whole folders."""

import os
import shutil
from pathlib import Path

import pytest

from pipelines import storage
from pipelines.storage import filesystem, shard_cache
from pipelines.storage.integrity import Damaged
from pipelines.storage.shard_cache import NoSpace
from schemas.manifest import Manifest, Shard
from tests.pipelines.storage.test_storage import IDENTITY, build


def shards(folder: Path) -> list[tuple[Path, Shard]]:
    if not storage.read_manifest(folder):
        build(folder)
    manifest = storage.read_manifest(folder)
    assert manifest
    return storage.tables(folder, manifest, "records")


def copied() -> set[str]:
    return {path.name for path in (filesystem.cache_folder() / "shards").glob("*") if path.name != shard_cache.LOCK}


def test_copies_are_found_again_and_are_what_was_asked_for(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = shards(data / "src")
    held = shard_cache.local_copies(found)
    assert [path.read_bytes() for path in held.paths] == [filesystem.read_object(path) for path, _ in found]
    assert copied() == {shard.sha256 for _, shard in found}
    os.utime(held.paths[0], (1, 1))
    monkeypatch.setattr(filesystem, "download", None)
    assert shard_cache.local_copies(found[:1]).paths == held.paths[:1]
    assert held.paths[0].stat().st_mtime > 1, "it was used just now"
    assert shard_cache.find_copy(found[0][1]) == held.paths[0]
    assert shard_cache.find_copy(found[0][1].model_copy(update={"bytes": 1})) is None
    assert shard_cache.find_copy(found[0][1].model_copy(update={"sha256": "none"})) is None
    shard_cache.remove_copies([shard for _, shard in found[:2]])
    shard_cache.remove_copies([found[0][1]])
    assert copied() == {found[2][1].sha256}
    assert shard_cache.local_copies([]).paths == []


def test_a_copy_that_is_not_what_the_manifest_says_is_thrown_away(data: Path) -> None:
    found = shards(data / "src")
    found[0][0].write_bytes(b"other")
    with pytest.raises(Damaged, match="changed"):
        shard_cache.local_copies(found[:1])
    assert copied() == set()


def bound_to(monkeypatch: pytest.MonkeyPatch, size: int, free: int = 1 << 40) -> None:
    monkeypatch.setattr(shard_cache, "MAX_BYTES", size)
    usage = shutil.disk_usage("/")._replace(free=free)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)


def sizes(found: list[tuple[Path, Shard]]) -> list[int]:
    return [shard.bytes for _, shard in found]


def test_copies_fill_their_room_to_the_byte_and_then_the_oldest_go(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = shards(data / "src")
    found.sort(key=lambda one: one[1].bytes)
    bound_to(monkeypatch, sum(sizes(found[1:])))
    for at, one in enumerate(found[:2]):
        os.utime(shard_cache.local_copies([one]).paths[0], (10 + at, 10 + at))
    assert copied() == {shard.sha256 for _, shard in found[:2]}
    shard_cache.local_copies(found[2:])
    assert copied() == {shard.sha256 for _, shard in found[1:]}


def test_no_more_than_has_to_go_and_nothing_that_is_wanted(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = shards(data / "src")
    for at, one in enumerate(found):
        os.utime(shard_cache.local_copies([one]).paths[0], (10 + at, 10 + at))
    bound_to(monkeypatch, sum(sizes(found)) - 1)
    held = shard_cache.local_copies([found[0]])
    assert copied() == {found[0][1].sha256, found[2][1].sha256}
    assert held.lock is not None and held.paths[0].exists()


def test_half_of_the_disk_is_left(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = shards(data / "src")
    need = sum(sizes(found[:1]))
    bound_to(monkeypatch, 1 << 40, free=2 * need - 1)
    assert shard_cache.local_copies(found[:1]).lock is None
    bound_to(monkeypatch, 1 << 40, free=2 * need)
    assert shard_cache.local_copies(found[:1]).lock is not None
    bound_to(monkeypatch, 1 << 40, free=need)  # with what the copy takes itself
    assert shard_cache.local_copies(found[:1]).lock is not None


def test_what_finds_no_room_is_read_in_the_store_and_told_once(
    data: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    found = shards(data / "src")
    bound_to(monkeypatch, sizes(found)[0] - 1)
    for _ in range(2):
        assert shard_cache.local_copies(found[:1]) == shard_cache.LocalCopies([found[0][0]])
    assert caplog.text.count("no room in") == 1 and copied() == set()


def test_what_another_holds_does_not_go(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = shards(data / "src")
    held = shard_cache.local_copies(found[:1])
    bound_to(monkeypatch, max(sizes(found)))
    assert shard_cache.local_copies(found[1:2]).paths == [found[1][0]] and held.paths[0].exists()
    del held
    assert shard_cache.local_copies(found[1:2]).lock is not None
    assert copied() == {found[1][1].sha256}


def test_a_whole_folder_is_lent_and_gone_afterwards(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build(tmp_path / "disk")
    with shard_cache.local_copy_of(tmp_path / "disk", None) as near:
        assert near == tmp_path / "disk"
    with storage.building(data / "model", **IDENTITY) as made:
        made.text("config.json", "{}")
        (made.local_folder / "adapter").mkdir(parents=True)
        for name in ("a", "b"):
            (made.local_folder / "adapter" / name).write_text(name)
            made.adopt(f"adapter/{name}")
    manifest = storage.read_manifest(data / "model")
    with shard_cache.local_copy_of(data / "model", manifest) as near:
        assert (near / "adapter" / "b").read_text() == "b" and (near / "config.json").read_text() == "{}"
    assert not near.exists() and (data / "model" / "adapter" / "b").exists()
    with (
        pytest.raises(FileNotFoundError, match=r"has no manifest\.json"),
        shard_cache.local_copy_of(data / "model", None),
    ):
        pass
    bound_to(monkeypatch, 1)
    big = Manifest(**vars(manifest) | {"shards": (Shard(path="x", rows=0, bytes=2_500_000_000, sha256="s"),)})
    with pytest.raises(NoSpace, match=r"2\.5 GB find no room"), shard_cache.local_copy_of(data / "model", big):
        pass
