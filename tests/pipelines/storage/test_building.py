"""What a folder builder keeps, reuses, rewrites and throws away; what a manifest says, to the byte."""

import json
from collections import Counter
from hashlib import sha256
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines import storage
from pipelines.storage import filesystem, logs, settling
from pipelines.storage.filesystem import MANIFEST
from schemas.manifest import Shard, digest
from schemas.seal import seal, unseal
from tests.pipelines.damage import damaged
from tests.pipelines.storage.test_storage import IDENTITY, SCHEMA, build, table

KEY = storage.stage_key(**IDENTITY)


def hashed(content: bytes) -> str:
    return sha256(content).hexdigest()


def work_of(folder: Path) -> Path:
    return folder.parent / f".{folder.name}.{KEY[:16]}"


def files(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_each_stage_has_its_folder(tmp_path: Path) -> None:
    found = {
        stage: storage.folder(tmp_path, stage, "src").relative_to(tmp_path).as_posix() for stage in storage.FOLDERS
    }
    assert found == {
        "collect": "1_pages/src",
        "normalise": "2_records/src",
        "annotate": "3_signals/src",
        "dedupe": "4_clusters/src",
        "curate": "5_curated/src",
        "finetune": "6_models/src",
        "prefer": "6_models/src",
        "evaluate": "7_evaluations/src",
    }


def test_a_key_hangs_on_all_that_matters_and_on_no_order() -> None:
    inputs = {"a": "1", "b": "2"}
    key = storage.stage_key("normalise", "src", 1, {}, inputs)
    assert key == storage.stage_key("normalise", "src", 1, {}, dict(reversed(inputs.items())))
    others = [
        storage.stage_key("annotate", "src", 1, {}, inputs),
        storage.stage_key("normalise", "other", 1, {}, inputs),
        storage.stage_key("normalise", "src", 2, {}, inputs),
        storage.stage_key("normalise", "src", 1, {"a": 1}, inputs),
        storage.stage_key("normalise", "src", 1, {}, {"a": "1"}),
    ]
    assert len({key, *others}) == 6


def test_a_file_is_told_by_its_size_and_hash(tmp_path: Path) -> None:
    shard = storage.write_text(tmp_path / "new" / "a.txt", "grüß")
    assert shard == Shard(path="a.txt", rows=0, bytes=6, sha256=hashed("grüß".encode()))
    assert files(tmp_path) == ["new/a.txt"]


def test_a_file_that_cannot_be_filled_does_not_appear(tmp_path: Path) -> None:
    def broken(_: object) -> None:
        raise RuntimeError

    with pytest.raises(RuntimeError):
        storage.write_file(tmp_path / "a.txt", broken)
    assert not (tmp_path / "a.txt").exists()


def test_a_table_has_row_groups_of_one_size_with_checksums(tmp_path: Path) -> None:
    rows = 2 * storage.ROW_GROUP + 5
    shard = storage.write_table(tmp_path / "a.parquet", table(0, rows), SCHEMA)
    found = pq.ParquetFile(tmp_path / "a.parquet", page_checksum_verification=True).metadata
    sizes = [found.row_group(at).num_rows for at in range(found.num_row_groups)]
    assert (shard.rows, sizes) == (rows, [storage.ROW_GROUP, storage.ROW_GROUP, 5])
    assert found.row_group(0).column(0).compression == "ZSTD"
    body = bytearray((tmp_path / "a.parquet").read_bytes())
    body[200] ^= 1
    (tmp_path / "a.parquet").write_bytes(body)
    with pytest.raises(OSError, match="CRC"):
        filesystem.open_parquet(tmp_path / "a.parquet").read()


@pytest.mark.parametrize("rows", [0, 1, storage.ROW_GROUP, storage.ROW_GROUP + 1])
def test_tables_of_any_size_are_whole(tmp_path: Path, rows: int) -> None:
    given = table(0, rows)
    shard = storage.write_table(tmp_path / "a.parquet", given, SCHEMA)
    found = pq.read_table(tmp_path / "a.parquet")
    assert found.equals(given) and shard.rows == rows and found.schema.equals(SCHEMA)
    groups = pq.read_metadata(tmp_path / "a.parquet").num_row_groups
    assert groups == -(-rows // storage.ROW_GROUP)


def test_rows_are_cast_to_the_schema(tmp_path: Path) -> None:
    given = pa.table({"n": pa.array([1], pa.int32()), "text": ["a"]})
    storage.write_table(tmp_path / "a.parquet", given, SCHEMA)
    assert pq.read_schema(tmp_path / "a.parquet").equals(SCHEMA)


def test_a_manifest_is_written_like_this(tmp_path: Path) -> None:
    with storage.building(tmp_path / "src", **IDENTITY) as made:
        made.text("b.txt", "b")
        made.text("a.txt", "a")
        made.counts.update({"z": 1, "a": 2})
        made.cursor = "next"
    shards = [Shard(path=f"{name}.txt", rows=0, bytes=1, sha256=hashed(name.encode())) for name in "ab"]
    told = {
        "stage": "normalise",
        "name": "src",
        "version": 1,
        "key": KEY,
        "params": {"a": 1},
        "inputs": {"in": "f"},
        "shards": [shard.model_dump() for shard in shards],
        "counts": {"a": 2, "z": 1},
        "fingerprint": digest([[shard.path, shard.sha256] for shard in shards]),
        "cursor": "next",
    }
    written = (tmp_path / "src" / MANIFEST).read_text()
    assert written == seal(json.dumps(told, indent=1)) and written.startswith(json.dumps(told, indent=1)[:-2])
    assert files(tmp_path) == ["src/a.txt", "src/b.txt", f"src/{MANIFEST}"]


def test_a_fingerprint_that_the_stage_knows_is_kept(tmp_path: Path) -> None:
    with storage.building(tmp_path / "src", **IDENTITY) as made:
        made.text("a.txt", "a")
        made.fingerprint = "what it says"
    manifest = storage.read_manifest(tmp_path / "src")
    assert manifest and manifest.fingerprint == "what it says"


def interrupted(folder: Path) -> None:
    with pytest.raises(RuntimeError), storage.building(folder, **IDENTITY) as made:
        made.table("records-00000.parquet", table(0, 10), SCHEMA, {"records": 10})
        made.text("b.txt", "first")
        raise RuntimeError


def test_a_second_try_keeps_whole_shards_with_their_counts_and_clears_what_was_half_done(tmp_path: Path) -> None:
    folder = tmp_path / "src"
    interrupted(folder)
    work = work_of(folder)
    assert work.is_dir() and storage.finished(folder, **IDENTITY) is None
    (work / ".x.parquet.abc.tmp").write_bytes(b"half")
    with storage.building(folder, **IDENTITY) as made:
        assert made.has("records-00000.parquet") and made.has("b.txt") and not made.has("c.txt")
        assert made.counts == {"records": 10} and not list(work.glob("*.tmp"))
        made.table("records-00000.parquet", table(5, 5), SCHEMA, {"records": 5})
        made.text("b.txt", "second")
    assert (folder / "b.txt").read_text() == "first"
    manifest = storage.read_manifest(folder)
    assert manifest and manifest.counts == {"records": 10}
    assert files(tmp_path) == ["src/b.txt", f"src/{MANIFEST}", "src/records-00000.parquet"]


def test_a_stage_that_cannot_resume_starts_over(tmp_path: Path) -> None:
    folder = tmp_path / "src"
    interrupted(folder)
    with storage.building(folder, **IDENTITY, resume=False) as made:
        assert not made.shards and not made.counts
        made.text("b.txt", "second")
    assert (folder / "b.txt").read_text() == "second"


def test_a_shard_of_another_folder_is_used_again_under_another_name(tmp_path: Path) -> None:
    build(tmp_path / "old", shards=1)
    manifest = storage.read_manifest(tmp_path / "old")
    assert manifest
    with storage.building(tmp_path / "new", **{**IDENTITY, "name": "new"}) as made:
        made.reuse("records-00007.parquet", tmp_path / "old", manifest.shards[0], {"records": 10})
    there = storage.read_manifest(tmp_path / "new")
    assert there and there.counts == {"records": 10}
    assert there.shards == (manifest.shards[0].model_copy(update={"path": "records-00007.parquet"}),)
    old, new = tmp_path / "old" / "records-00000.parquet", tmp_path / "new" / "records-00007.parquet"
    assert old.stat().st_ino == new.stat().st_ino


def test_a_file_in_a_folder_of_its_own_is_entered_by_its_whole_path(tmp_path: Path) -> None:
    with storage.building(tmp_path / "model", **IDENTITY) as made:
        (made.local_folder / "adapter").mkdir()
        (made.local_folder / "adapter" / "weights.bin").write_bytes(b"weights")
        made.adopt("adapter/weights.bin")
    manifest = storage.read_manifest(tmp_path / "model")
    assert manifest
    assert manifest.shards == (Shard(path="adapter/weights.bin", rows=0, bytes=7, sha256=hashed(b"weights")),)
    assert files(tmp_path / "model") == ["adapter/weights.bin", MANIFEST]
    assert not damaged(tmp_path)


def test_a_rewritten_folder_has_other_files_under_the_same_key(tmp_path: Path) -> None:
    folder = tmp_path / "src"
    build(folder)
    before = storage.read_manifest(folder)
    assert before
    kept = (folder / "records-00000.parquet").stat().st_ino
    with storage.rewriting(folder, before) as made:
        assert made.counts == {"records": 30}
        made.table("records-00001.parquet", table(10, 4), SCHEMA)
        made.counts["records"] = 24
        made.counts["a"] = 1
    after = storage.read_manifest(folder)
    assert after and list(after.counts.items()) == [("a", 1), ("records", 24)]
    assert [shard.rows for shard in after.shards] == [10, 4, 10]
    assert after.fingerprint == digest([[s.path, s.sha256] for s in after.shards]) != before.fingerprint
    assert after == before.model_copy(
        update={"shards": after.shards, "counts": after.counts, "fingerprint": after.fingerprint}
    )
    assert (folder / MANIFEST).read_text() == seal(json.dumps(after.model_dump(mode="json"), indent=1))
    assert (folder / "records-00000.parquet").stat().st_ino == kept
    assert pq.read_table(folder / "records-00001.parquet").equals(table(10, 4))
    assert files(tmp_path) == [f"src/{MANIFEST}", *(f"src/records-{n:05d}.parquet" for n in range(3))]


def test_a_rewritten_folder_may_say_that_it_says_the_same_and_nothing_of_an_earlier_try_is_in_it(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "src"
    build(folder)
    before = storage.read_manifest(folder)
    assert before
    work_of(folder).mkdir()
    (work_of(folder) / "left.parquet").write_bytes(b"x")
    with storage.rewriting(folder, before) as made:
        made.fingerprint = "the same"
    after = storage.read_manifest(folder)
    assert after == before.model_copy(update={"fingerprint": "the same"})
    assert "left.parquet" not in files(folder)


def stopped_before_the_move(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stopping(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(filesystem, "replace_folder", stopping)
        build(folder)


def test_what_was_finished_but_not_in_its_place_is_put_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "src"
    stopped_before_the_move(folder, monkeypatch)
    assert storage.read_manifest(folder) is None
    manifest = storage.finished(folder, **IDENTITY)
    assert manifest and manifest.counts == {"records": 30}
    assert files(tmp_path) == [f"src/{MANIFEST}", *(f"src/records-{n:05d}.parquet" for n in range(3))]


def test_a_finished_folder_has_no_leftovers_beside_it(tmp_path: Path) -> None:
    folder = tmp_path / "src"
    build(folder)
    for name in (".src.0123", ".src.old"):
        (tmp_path / name).mkdir()
    (tmp_path / ".other.0123").mkdir()
    assert storage.finished(folder, **{**IDENTITY, "version": 2}) is None
    assert (tmp_path / ".src.0123").exists(), "another version may be at work there"
    assert storage.finished(folder, **IDENTITY)
    assert sorted(path.name for path in tmp_path.iterdir()) == [".other.0123", "src"]


def test_after_a_kill_the_finished_is_kept_and_the_rest_goes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    records = tmp_path / "2_records"
    stopped_before_the_move(records / "src", monkeypatch)
    (tmp_path / "1_pages" / "site" / ".00000001.0123").mkdir(parents=True)
    build(tmp_path / "5_curated" / "mill" / "v1")
    (tmp_path / "5_curated" / "mill" / "v1").rename(tmp_path / "5_curated" / "mill" / ".v1.old")
    (tmp_path / "8_else" / ".src.0123").mkdir(parents=True)
    settling.settle(tmp_path)
    settling.remove_unfinished(tmp_path)
    manifest = storage.read_manifest(records / "src")
    assert manifest and manifest.counts == {"records": 30}
    hidden = sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob(".*"))
    assert hidden == ["8_else/.src.0123"]
    assert storage.read_manifest(tmp_path / "5_curated" / "mill" / "v1") is None, "what was replaced stays so"


def test_latest_leads_to_a_version_or_to_nothing(tmp_path: Path) -> None:
    assert storage.latest(tmp_path) == tmp_path / "latest"
    (tmp_path / "v3").mkdir()
    storage.point_latest(tmp_path / "v3")
    assert storage.latest(tmp_path) == tmp_path / "v3"
    assert (tmp_path / "latest").readlink() == Path("v3")


def test_manifests_are_those_of_finished_folders_each_once_and_in_order(tmp_path: Path) -> None:
    for name in ("2_records/b", "2_records/a", "5_curated/mill/v1", "1_pages/.hidden.0123", "notes/x"):
        build(tmp_path / name)
    storage.point_latest(tmp_path / "5_curated" / "mill" / "v1")
    found = [folder.relative_to(tmp_path).as_posix() for folder, _ in storage.manifests(tmp_path)]
    assert found == ["2_records/a", "2_records/b", "5_curated/mill/v1"]
    assert [f.name for f, _ in storage.manifests(tmp_path, "5_curated")] == ["v1"]
    assert all(manifest.name == "src" for _, manifest in storage.manifests(tmp_path))


def test_tables_are_told_with_their_shards(tmp_path: Path) -> None:
    with storage.building(tmp_path / "src", **IDENTITY) as made:
        for name in ("records-00001.parquet", "pairs-00000.parquet", "records-00000.parquet"):
            made.table(name, table(0, 2), SCHEMA)
    manifest = storage.read_manifest(tmp_path / "src")
    assert manifest
    found = storage.tables(tmp_path / "src", manifest, "records")
    assert [path for path, _ in found] == [tmp_path / "src" / f"records-0000{n}.parquet" for n in range(2)]
    assert [(shard.path, shard.rows) for _, shard in found] == [(f"records-0000{n}.parquet", 2) for n in range(2)]


def test_the_log_is_read_without_a_torn_line(tmp_path: Path) -> None:
    assert logs.read(tmp_path / logs.RUNS) == []
    logs.append(tmp_path / logs.RUNS, {"stage": "collect", "at": Path("x")})
    logs.append(tmp_path / logs.RUNS, {"stage": "annotate"})
    with (tmp_path / logs.RUNS).open("a") as file:
        file.write('{"stage": "cur')
    first = (tmp_path / logs.RUNS).read_text().splitlines()[0]
    assert unseal(first.encode()) == ({"at": "x", "stage": "collect"}, True)
    assert logs.read(tmp_path / logs.RUNS) == [{"at": "x", "stage": "collect"}, {"stage": "annotate"}]


def test_counts_of_shards_add_up(tmp_path: Path) -> None:
    made = storage.FolderBuilder(tmp_path)
    made.table("a.parquet", table(0, 1), SCHEMA, {"records": 1, "rejects": 2})
    made.table("b.parquet", table(0, 1), SCHEMA, {"records": 3})
    made.text("c.txt", "c")
    assert made.counts == Counter({"records": 4, "rejects": 2}) and set(made.shards) == {
        "a.parquet",
        "b.parquet",
        "c.txt",
    }
