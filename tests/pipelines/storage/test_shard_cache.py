"""Copies of shards that lie in a bucket: right, found again, bounded, and not in the way of each other."""

import os
import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import s3fs

from pipelines import catalog, curate, dedupe, storage, temporary
from pipelines.flows.steps import Outcome
from pipelines.recipe import Recipe
from pipelines.storage import filesystem, shard_cache
from pipelines.storage.duck import FOOTER_BYTES
from pipelines.storage.inputs import Inputs
from pipelines.storage.integrity import Damaged
from pipelines.storage.shard_cache import NoSpace
from schemas.manifest import Shard
from tests.pipelines.milling import go
from tests.pipelines.storage.test_storage import IDENTITY, SCHEMA, build

ROOT = Path(__file__).resolve().parents[3]
Milled = tuple[Recipe, Path, list[Outcome]]


@pytest.fixture(autouse=True)
def empty(bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """What the store is asked for: (operation, key)."""
    seen: list[tuple[str, str]] = []
    ask = s3fs.S3FileSystem._call_s3

    async def listed(self: Any, method: str, *args: Any, **asked: Any) -> Any:
        seen.append((method, str(asked.get("Key", ""))))
        return await ask(self, method, *args, **asked)

    monkeypatch.setattr(s3fs.S3FileSystem, "_call_s3", listed)
    return seen


@pytest.fixture(scope="module")
def milled_there(bucket: str, milled: Milled) -> Path:
    data = filesystem.resolve(f"{bucket}/milled")
    go(milled[0], data, ("collect", "normalise", "annotate"))
    return data


def shards(folder: Path) -> list[tuple[Path, Shard]]:
    if not storage.read_manifest(folder):
        build(folder)
    manifest = storage.read_manifest(folder)
    assert manifest
    return storage.tables(folder, manifest, "records")


def copied() -> list[Path]:
    return sorted((filesystem.cache_folder() / "shards").glob("[0-9a-f]*"))


def gets(asked: list[tuple[str, str]]) -> Iterator[str]:
    return (key for method, key in asked if method == "get_object" and key.endswith(".parquet"))


def test_dedupe_and_curate_fetch_each_shard_once_and_make_the_same_bytes(
    milled_there: Path, milled: Milled, asked: list[tuple[str, str]]
) -> None:
    recipe, on_disk, _ = milled
    made = dedupe.run(recipe, milled_there), curate.run(recipe, milled_there)
    got = list(gets(asked))
    assert len(got) == len(set(got)) and {key.split("/")[1] for key in got} == {"2_records", "3_signals", "4_clusters"}
    assert made == (dedupe.run(recipe, on_disk), curate.run(recipe, on_disk))
    asked.clear()
    assert curate.run(recipe, milled_there) == made[1]
    assert not list(gets(asked))


def test_a_question_copies_what_it_reads_and_of_the_rest_asks_for_the_end(
    bucket: str, asked: list[tuple[str, str]]
) -> None:
    data, noise = filesystem.resolve(f"{bucket}/asked"), random.Random(1)
    rows = pa.table({"n": range(600), "text": [noise.randbytes(900).hex() for _ in range(600)]}, SCHEMA)
    with storage.building(data / "2_records" / "src", **IDENTITY) as made:
        for name in ("records-00000.parquet", "pairs-00000.parquet"):
            made.table(name, rows.slice(0, 500 + len(name)), SCHEMA)
    with catalog.connect(data) as con:
        assert con.sql("SELECT current_setting('threads')").fetchall() == [(1,)]  # see duck.use_filesystem
        assert con.sql("SELECT count(*) FROM pairs").fetchall() == [(519,)] and not copied()
        assert con.sql("SELECT sum(len(text)) FROM records").fetchall() == [(521 * 1_800,)]
        assert [path.stat().st_size > FOOTER_BYTES for path in copied()] == [True]
    asked.clear()
    with catalog.connect(data) as con:
        assert con.sql("SELECT max(text) FROM records").fetchall() == [(max(rows["text"].to_pylist()[:521]),)]
    assert {key.rpartition("/")[2] for key in gets(asked)} == {"pairs-00000.parquet"}


def test_what_is_not_what_the_manifest_says_is_told_and_not_kept(bucket: str) -> None:
    found = shards(filesystem.resolve(f"{bucket}/changed/src"))
    found[1][0].write_bytes(b"other")
    with pytest.raises(Damaged, match=r"records-00001.parquet: damaged \(changed\)"):
        shard_cache.local_copies(found)
    assert found[1][1].sha256 not in {path.name for path in copied()}
    assert not [path for path in temporary.folder(filesystem.cache_folder()).iterdir() if path.is_file()]


def test_a_copy_cut_off_is_made_again(bucket: str) -> None:
    found = shards(filesystem.resolve(f"{bucket}/cut/src"))
    first = shard_cache.local_copies(found).paths[0]
    first.write_bytes(first.read_bytes()[:10])
    assert shard_cache.local_copies(found).paths[0].stat().st_size == found[0][1].bytes


def test_the_oldest_makes_room(bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    found = shards(filesystem.resolve(f"{bucket}/room/src"))
    for at, shard in enumerate(found[:2]):
        os.utime(shard_cache.local_copies([shard]).paths[0], (at, at))
    monkeypatch.setattr(shard_cache, "MAX_BYTES", sum(shard.bytes for _, shard in found[:2]) + 10)
    shard_cache.local_copies(found[:1])  # used again, so now the second is the oldest
    assert shard_cache.local_copies(found[2:3]).paths[0] in copied()
    assert {path.name for path in copied()} == {found[0][1].sha256, found[2][1].sha256}


def test_what_another_holds_does_not_go_and_what_finds_no_room_is_read_in_the_store(
    bucket: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    found = shards(filesystem.resolve(f"{bucket}/held/src"))
    held = shard_cache.local_copies(found[:1])
    monkeypatch.setattr(shard_cache, "MAX_BYTES", found[0][1].bytes + 10)
    assert shard_cache.local_copies(found[1:2]).paths == [found[1][0]]
    assert "no room in" in caplog.text and held.paths[0].exists()
    del held
    assert shard_cache.local_copies(found[1:2]).paths == copied()
    manifest = storage.read_manifest(found[0][0].parent)
    assert manifest
    with pytest.raises(NoSpace, match="copy the folder"), shard_cache.local_copy_of(found[0][0].parent, manifest):
        pass


COPY = """
import sys
from pipelines import storage
from pipelines.storage import filesystem, shard_cache
folder = filesystem.resolve(sys.argv[1])
held = shard_cache.local_copies(storage.tables(folder, storage.read_manifest(folder), "records"))
print(*(path.name for path in held.paths))
"""


def test_two_processes_at_once_end_with_the_same_copies(bucket: str) -> None:
    found = shards(filesystem.resolve(f"{bucket}/both/src"))
    words = [sys.executable, "-c", COPY, str(found[0][0].parent)]
    both = [subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    assert {one.communicate()[0].split()[0] for one in both} == {found[0][1].sha256}
    assert {path.name for path in copied()} == {shard.sha256 for _, shard in found}


def test_on_a_disk_nothing_is_copied(tmp_path: Path) -> None:
    found = shards(tmp_path / "src")
    assert shard_cache.local_copies(found).paths == [path for path, _ in found]
    assert Inputs({}, {"records": found}, {}).paths == {"records": [path for path, _ in found]}  # type: ignore[arg-type]
    assert not (tmp_path / "cache").exists()
