"""Damaged files end a command with one line; what killed runs leave is settled; logs lose only the line that rots."""

import fcntl
import logging
import pickle
import resource
import signal
from pathlib import Path

import pytest

from pipelines import storage
from pipelines.errors import error_message
from pipelines.storage import complete, filesystem, integrity, lease, logs, pages, settling, shard_cache
from pipelines.storage.filesystem import MANIFEST
from pipelines.storage.integrity import Damaged
from schemas.seal import seal_values
from tests.pipelines.damage import damaged
from tests.pipelines.storage.test_storage import IDENTITY, SCHEMA, build, table


def rot(path: Path, at: int | None = None) -> None:
    """Flip a bit of one byte, by default in the middle; size and times stay."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2 if at is None else at] ^= 1
    path.write_bytes(bytes(content))


def tables(folder: Path) -> list[tuple[Path, storage.Shard]]:
    manifest = storage.read_manifest(folder)
    assert manifest
    return storage.tables(folder, manifest, "records")


def test_a_damaged_shard_is_told_with_file_fault_and_cure(tmp_path: Path) -> None:
    folder = tmp_path / "2_records" / "forum"
    build(folder)
    integrity.check(tables(folder))
    rot(folder / "records-00001.parquet")
    (folder / "records-00002.parquet").unlink()
    with pytest.raises(Damaged) as error:
        integrity.check(tables(folder))
    cure = "`gristmill stage normalise RECIPE --source forum --again` makes it anew"
    assert str(error.value) == f"{folder / 'records-00001.parquet'}: damaged (changed); {cure}"
    assert str(pickle.loads(pickle.dumps(error.value))) == str(error.value), "a worker sends it"
    assert [fault for _, fault in integrity.faults(tables(folder))] == ["changed", "missing"]
    with pytest.raises(Damaged, match="records-00001"):
        integrity.open_checked(*tables(folder)[1])
    with pytest.raises(Damaged, match="records-00001"):
        shard_cache.local_copies(tables(folder))
    manifest = storage.read_manifest(folder)
    with pytest.raises(Damaged, match="records-00001"), shard_cache.local_copy_of(folder, manifest):
        pass


@pytest.mark.parametrize(
    ("path", "cure"),
    [
        ("4_clusters/mill/x", "`gristmill stage dedupe mill --again` makes it anew"),
        ("5_curated/mill/v1/x", "`gristmill stage curate mill --again` makes it anew"),
        ("elsewhere/x", "copy elsewhere anew from where it came"),
    ],
)
def test_a_cure_can_be_given(path: str, cure: str) -> None:
    assert integrity.cure_of(Path(path)) == cure


def test_a_shard_of_a_store_is_compared_in_memory_and_its_copy_each_time(data: Path) -> None:
    build(data / "src")
    found = tables(data / "src")
    assert integrity.open_checked(*found[0]).read().num_rows == 10
    (copy, *_) = shard_cache.local_copies(found).paths
    rot(copy)
    assert shard_cache.local_copies(found).paths[0] == copy and not integrity.fault_of(copy, found[0][1])
    found[0][0].write_bytes(b"else")
    with pytest.raises(Damaged, match="changed"):
        integrity.open_checked(*found[0])


def test_a_damaged_manifest_is_told_and_its_folder_made_again(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    folder = tmp_path / "2_records" / "forum"
    build(folder)
    rot(folder / MANIFEST)
    with pytest.raises(Damaged, match=r"manifest\.json: damaged .*--source forum --again"):
        storage.read_manifest(folder)
    with pytest.raises(Damaged, match="manifest"):
        list(storage.manifests(tmp_path))
    told: list[Damaged] = []
    assert not list(storage.manifests(tmp_path, on_damage=told.append)) and len(told) == 1
    assert storage.finished(folder, **IDENTITY) is None and "is made again" in caplog.text
    build(folder)
    assert storage.finished(folder, **IDENTITY) and not damaged(tmp_path)


def test_notes_of_an_interrupted_run_that_rotted_are_not_believed(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), storage.building(tmp_path / "src", **IDENTITY) as made:
        made.table("records-00000.parquet", table(0, 10), SCHEMA, {"records": 10})
        raise KeyboardInterrupt
    (note,) = tmp_path.glob(".src.*/.*.done")
    note.write_bytes(note.read_bytes().replace(b'"records": 10', b'"records": 11'))
    with storage.building(tmp_path / "src", **IDENTITY) as made:
        assert not made.shards and not made.counts


def test_latest_follows_the_version_that_a_killed_run_built(tmp_path: Path) -> None:
    versions = tmp_path / "5_curated" / "mill"
    with storage.becoming_latest(versions / "v1"):
        build(versions / "v1")
    with pytest.raises(KeyboardInterrupt), storage.becoming_latest(versions / "v2"):
        build(versions / "v2")
        raise KeyboardInterrupt
    assert storage.latest(versions).name == "v1" and settling.unsettled(tmp_path)
    with lease.lock_data(tmp_path):
        assert storage.latest(versions).name == "v2" and not settling.unsettled(tmp_path)
    with pytest.raises(KeyboardInterrupt), storage.becoming_latest(versions / "v3"):
        raise KeyboardInterrupt
    settling.settle(tmp_path)
    assert storage.latest(versions).name == "v2" and not settling.unsettled(tmp_path)


def test_whoever_reads_settles_unless_a_run_is_at_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "2_records" / "src"
    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(filesystem, "replace_folder", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        build(folder)
    with (tmp_path / lease.LOCK).open("a+") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        lease.settle_unless_busy(tmp_path)
        assert storage.read_manifest(folder) is None
    lease.settle_unless_busy(tmp_path)
    assert storage.read_manifest(folder)
    unfinished = tmp_path / "2_records" / ".other.0123"
    unfinished.mkdir()
    lease.settle_unless_busy(tmp_path)
    assert unfinished.exists(), "a run goes on from there"


def test_a_finished_version_that_could_not_be_moved_becomes_the_latest(tmp_path: Path) -> None:
    versions = tmp_path / "5_curated" / "mill"
    with storage.becoming_latest(versions / "v1"):
        build(versions / "v1")
    with pytest.raises(KeyboardInterrupt), storage.becoming_latest(versions / "v2"):
        build(versions / "v2")
        (versions / "v2").rename(versions / ".v2.0123")
        raise KeyboardInterrupt
    settling.settle(tmp_path)
    assert storage.latest(versions).name == "v2" and not settling.unsettled(tmp_path)


def test_what_was_replaced_goes_once_the_new_stands(tmp_path: Path) -> None:
    old = tmp_path / "1_pages" / "forum" / ".000001.old"
    build(old)
    settling.settle(tmp_path)
    assert old.exists(), "nothing stands in its place"
    build(old.with_name("000001"))
    build(old)
    settling.settle(tmp_path)
    assert not old.exists() and not settling.unsettled(tmp_path)


def test_what_is_written_beside_a_held_file_is_not_settled(tmp_path: Path) -> None:
    being_written = tmp_path / ".decisions.jsonl.0123.tmp"
    being_written.touch()
    with lease.lock_file(tmp_path / "decisions.jsonl"), lease.lock_data(tmp_path):
        assert being_written.exists()
    with lease.lock_data(tmp_path):
        assert not being_written.exists()


def test_again_throws_away_what_stands_and_of_versions_the_latest(tmp_path: Path) -> None:
    for made in ("2_records/forum", "5_curated/mill/v1", "5_curated/mill/v2"):
        build(tmp_path / made)
    storage.point_latest(tmp_path / "5_curated" / "mill" / "v2")
    settling.discard(tmp_path, "normalise", "forum")
    settling.discard(tmp_path, "curate", "mill")
    assert [path.name for path, _ in storage.manifests(tmp_path)] == ["v1"]
    for stage, name in (("normalise", "forum"), ("curate", "mill"), ("dedupe", "mill"), ("finetune", "mill")):
        settling.discard(tmp_path, stage, name)
    assert [path.name for path, _ in storage.manifests(tmp_path)] == ["v1"], "what is gone cannot go again"


def test_a_log_loses_the_line_that_rots_and_the_one_that_was_cut_off(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / logs.RUNS
    for number in range(3):
        logs.append(path, {"n": number})
    path.write_bytes(path.read_bytes().replace(b'"n": 1', b'"n": 3')[:-20])
    assert logs.read(path) == [{"n": 0}]
    assert caplog.messages == [f"{path}:2: damaged; this line is left out, the others count"]
    path.write_bytes(path.read_bytes() + b"\n" + seal_values({"n": 9}).encode() + b"\x0b")
    assert [line.number for _, line in logs.lines(path) if line.value is None] == [2, 3, 4], "no line feed any more"
    path.write_bytes(path.read_bytes().rpartition(b"\n")[0])
    logs.append(path, {"n": 4})
    assert logs.read(path) == [{"n": 0}, {"n": 4}], "what follows a torn line is a line of its own"
    assert [line.number for _, line in logs.lines(path) if line.value is None] == [2], "what was torn has gone"


def test_a_log_line_that_finds_no_room_is_told_and_leaves_nothing(tmp_path: Path) -> None:
    logs.append(tmp_path / logs.RUNS, {"n": 0})
    before = (tmp_path / logs.RUNS).read_bytes()
    room = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) + 9, room[1]))
    try:
        with pytest.raises(OSError, match="File too large") as refused:
            logs.append(tmp_path / logs.RUNS, {"n": 1})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, room)
        signal.signal(signal.SIGXFSZ, handler)
    assert error_message(refused.value).startswith(f"{tmp_path / logs.RUNS}: File too large; make room there, then ")
    assert (tmp_path / logs.RUNS).read_bytes() == before


def test_a_folder_without_a_manifest_is_compared_with_its_list(tmp_path: Path) -> None:
    assert complete.read(tmp_path) is None
    (tmp_path / "weights").write_bytes(b"1234")
    complete.write(tmp_path, step=4)
    assert complete.read(tmp_path) == ({"step": 4}, True)
    rot(tmp_path / "weights")
    with pytest.raises(Damaged, match="weights"):
        complete.read(tmp_path)
    (tmp_path / complete.FILE).write_text('{"step": 4}')
    assert complete.read(tmp_path) == ({"step": 4}, False), "as earlier releases wrote it"


def test_rotten_pages_are_not_read(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    from tests.pipelines.storage.test_pages import page, write

    caplog.set_level(logging.WARNING)
    for number in (1, 2):
        write(tmp_path, f"0000000{number}", page("a"), page("b"))
    rot(next((tmp_path / "1_pages" / "s" / "00000001").glob("pages-*.parquet")))
    for read in (lambda: pages.current_pages(tmp_path, "s").shards, lambda: pages.load_latest_content(tmp_path, "s")):
        with pytest.raises(Damaged, match="stage collect RECIPE --source s --again"):
            read()
