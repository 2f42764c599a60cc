"""An object store that is quick to ask: fsspec's own, in this process's memory. What S3 adds is in test_filesystem."""

import logging
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import fsspec
import pytest

from pipelines import storage
from pipelines.storage import filesystem, lease, shard_cache
from pipelines.storage.filesystem import MANIFEST, AddressError
from pipelines.storage.lease import AtWork, Lease
from pipelines.storage.shard_cache import ChangedShard, NoSpace
from schemas.manifest import Manifest, Shard
from tests.pipelines.storage.test_storage import IDENTITY, SCHEMA, build, table


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    found = filesystem.resolve(f"memory://{uuid4().hex}/data")
    yield found
    fsspec.filesystem("memory").store.clear()


def names(folder: Path) -> list[str]:
    start = len(str(folder.path)) + 1  # type: ignore[attr-defined]
    return sorted(key[start:] for key in folder.fs.find(folder.path))  # type: ignore[attr-defined]


def test_addresses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert filesystem.resolve(tmp_path) == tmp_path and filesystem.resolve("data") == Path("data")
    assert filesystem.is_local(Path("x")) and not filesystem.is_local(filesystem.resolve("memory://x"))
    with pytest.raises(AddressError, match=r"^nothing://x: ValueError: "):
        filesystem.resolve("nothing://x")
    monkeypatch.setitem(__import__("sys").modules, "upath", None)
    with pytest.raises(AddressError, match=r"pip install 'gristmill\[s3\]'$"):
        filesystem.resolve("memory://x")


def test_what_is_near_a_store_lies_in_the_users_cache(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    near = filesystem.local_folder(data / "1_pages")
    assert near == tmp_path / "cache" / "gristmill" / "memory" / f"{data.path}/1_pages"  # type: ignore[attr-defined]
    assert filesystem.local_folder(tmp_path) == tmp_path
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert filesystem.cache() == Path.home() / ".cache" / "gristmill"
    assert filesystem.file_system(data) is data.fs  # type: ignore[attr-defined]


def test_a_folder_of_a_store_is_built_near_it_and_nothing_is_left_there(data: Path) -> None:
    folder = data / "2_records" / "src"
    build(folder)
    assert names(data) == [f"2_records/src/{MANIFEST}", *(f"2_records/src/records-{n:05d}.parquet" for n in range(3))]
    assert not [path for path in filesystem.local_folder(data).rglob("*") if path.is_file()]
    manifest = storage.read_manifest(folder)
    assert manifest and storage.finished(folder, **IDENTITY) == manifest and not list(storage.damaged(data))
    (folder / "records-00001.parquet").write_bytes(b"other")
    (folder / "records-00002.parquet").unlink()
    assert [(path.name, what) for path, what in storage.damaged(data)] == [
        ("records-00001.parquet", "changed"),
        ("records-00002.parquet", "missing"),
    ]


def test_a_folder_on_a_disk_is_damaged_where_a_byte_is(tmp_path: Path) -> None:
    build(tmp_path / "2_records" / "src")
    build(tmp_path / "2_records" / "whole")
    assert not list(storage.damaged(tmp_path))
    for number in range(2):
        (tmp_path / "2_records" / "src" / f"records-0000{number}.parquet").write_bytes(b"%d" % number)
    (tmp_path / "2_records" / "src" / "records-00002.parquet").unlink()
    assert [what for _, what in storage.damaged(tmp_path)] == ["changed", "changed", "missing"]


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
    filesystem.set_link(data / "v" / "latest", "v3")
    assert filesystem.follow_link(data / "v" / "latest") == data / "v" / "v3"
    storage.log_run(data, {"n": 1})
    storage.log_run(data, {"n": 2})
    assert storage.run_log(data) == [{"n": 1}, {"n": 2}]
    (tmp_path / "up").write_bytes(b"bytes")
    filesystem.move_into_place(tmp_path / "up", data / "a")
    assert not (tmp_path / "up").exists() and filesystem.read(data / "a") == b"bytes"
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
    os.utime(tmp_path / "a", (5, 5))
    assert sorted(filesystem.modified_times(tmp_path, "[ab]"))[0] == 5
    assert filesystem.log_files(tmp_path / "none") == [] and filesystem.log_files(tmp_path / "a") == [tmp_path / "a"]
    filesystem.set_link(tmp_path / "latest", "v1")
    (tmp_path / ".latest.tmp").symlink_to("half")
    filesystem.set_link(tmp_path / "latest", "v2")
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


def shards(folder: Path) -> list[tuple[Path, Shard]]:
    if not storage.read_manifest(folder):
        build(folder)
    manifest = storage.read_manifest(folder)
    assert manifest
    return storage.tables(folder, manifest, "records")


def copied() -> set[str]:
    return {path.name for path in (filesystem.cache() / "shards").glob("*") if path.name != shard_cache.LOCK}


def test_copies_are_found_again_and_are_what_was_asked_for(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = shards(data / "src")
    held = shard_cache.copies(found)
    assert [path.read_bytes() for path in held.paths] == [filesystem.read(path) for path, _ in found]
    assert copied() == {shard.sha256 for _, shard in found}
    os.utime(held.paths[0], (1, 1))
    monkeypatch.setattr(filesystem, "download", None)
    assert shard_cache.copies(found[:1]).paths == held.paths[:1]
    assert held.paths[0].stat().st_mtime > 1, "it was used just now"
    assert shard_cache.find_copy(found[0][1]) == held.paths[0]
    assert shard_cache.find_copy(found[0][1].model_copy(update={"bytes": 1})) is None
    assert shard_cache.find_copy(found[0][1].model_copy(update={"sha256": "none"})) is None
    shard_cache.drop([shard for _, shard in found[:2]])
    shard_cache.drop([found[0][1]])
    assert copied() == {found[2][1].sha256}
    assert shard_cache.copies([]).paths == []


def test_a_copy_that_is_not_what_the_manifest_says_is_thrown_away(data: Path) -> None:
    found = shards(data / "src")
    found[0][0].write_bytes(b"other")
    with pytest.raises(ChangedShard, match="gristmill verify"):
        shard_cache.copies(found[:1])
    assert copied() == set()


def bound_to(monkeypatch: pytest.MonkeyPatch, size: int, free: int = 1 << 40) -> None:
    monkeypatch.setattr(shard_cache, "BOUND", size)
    usage = shutil.disk_usage("/")._replace(free=free)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)


def sizes(found: list[tuple[Path, Shard]]) -> list[int]:
    return [shard.bytes for _, shard in found]


def test_copies_fill_their_room_to_the_byte_and_then_the_oldest_go(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = shards(data / "src")
    found.sort(key=lambda one: one[1].bytes)
    bound_to(monkeypatch, sum(sizes(found[1:])))
    for at, one in enumerate(found[:2]):
        os.utime(shard_cache.copies([one]).paths[0], (10 + at, 10 + at))
    assert copied() == {shard.sha256 for _, shard in found[:2]}
    shard_cache.copies(found[2:])
    assert copied() == {shard.sha256 for _, shard in found[1:]}


def test_no_more_than_has_to_go_and_nothing_that_is_wanted(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = shards(data / "src")
    for at, one in enumerate(found):
        os.utime(shard_cache.copies([one]).paths[0], (10 + at, 10 + at))
    bound_to(monkeypatch, sum(sizes(found)) - 1)
    held = shard_cache.copies([found[0]])
    assert copied() == {found[0][1].sha256, found[2][1].sha256}
    assert held.lock is not None and held.paths[0].exists()


def test_half_of_the_disk_is_left(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = shards(data / "src")
    need = sum(sizes(found[:1]))
    bound_to(monkeypatch, 1 << 40, free=2 * need - 1)
    assert shard_cache.copies(found[:1]).lock is None
    bound_to(monkeypatch, 1 << 40, free=2 * need)
    assert shard_cache.copies(found[:1]).lock is not None
    bound_to(monkeypatch, 1 << 40, free=need)  # with what the copy takes itself
    assert shard_cache.copies(found[:1]).lock is not None


def test_what_finds_no_room_is_read_in_the_store_and_told_once(
    data: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    found = shards(data / "src")
    bound_to(monkeypatch, sizes(found)[0] - 1)
    for _ in range(2):
        assert shard_cache.copies(found[:1]) == shard_cache.Copies([found[0][0]])
    assert caplog.text.count("no room in") == 1 and copied() == set()


def test_what_another_holds_does_not_go(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = shards(data / "src")
    held = shard_cache.copies(found[:1])
    bound_to(monkeypatch, max(sizes(found)))
    assert shard_cache.copies(found[1:2]).paths == [found[1][0]] and held.paths[0].exists()
    del held
    assert shard_cache.copies(found[1:2]).lock is not None
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


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, seconds in (("BEAT", 0.02), ("STALE", 0.2), ("LOOK", 0.01)):
        monkeypatch.setattr(lease, name, seconds)


def mine(owner: str = "me", lock: str = "my lock", **more: Any) -> Lease:
    return Lease(owner, "today", "now", lock, **more)


def numbers(data: Path) -> list[int]:
    return [int(path.stem) for path in lease._all(data)]


def test_a_lease_is_taken_beats_and_is_over(data: Path, quick: None) -> None:
    assert lease._newest(data) == (0, Lease(over=True))
    with lease.working_in(data):
        number, first = lease._newest(data)
        assert number == 1 and not first.over and f"process {os.getpid()}" in first.owner and first.since
        end = time.monotonic() + 5
        while lease._newest(data)[1].alive == first.alive:
            assert time.monotonic() < end, "it gives signs of life"
            time.sleep(0.01)
        assert lease._newest(data)[1].since == first.since
    assert lease._newest(data)[1].over and numbers(data) == [1]
    with lease.working_in(data):
        assert numbers(data) == [2], "no number is given twice"
    assert [path.name for path in (data / lease.FOLDER).glob("*")] == ["00000002.json"]


def test_a_lease_ends_with_an_error_too(data: Path, quick: None) -> None:
    with pytest.raises(RuntimeError), lease.working_in(data):
        raise RuntimeError
    assert lease._newest(data)[1].over


def test_one_that_lives_is_at_work_and_one_that_died_is_not(
    data: Path, quick: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    lease._write(data, 4, mine("other", "its lock"))
    beats, sleep = [0], time.sleep

    def beating(seconds: float) -> None:
        beats[0] += 1
        lease._write(data, 4, Lease("other", "today", str(beats[0]), "its lock"))
        sleep(seconds)

    with monkeypatch.context() as patched, pytest.raises(AtWork, match="other, has been at work here since today"):
        patched.setattr(lease.time, "sleep", beating)
        lease._take(data, mine())
    assert beats[0] == 1, "one sign is enough"
    began = time.monotonic()
    assert lease._take(data, mine()) == 5 and time.monotonic() - began >= lease.STALE
    assert numbers(data) == [5]


def test_what_this_machine_left_or_what_is_over_is_not_waited_for(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: Any) -> bool:
        raise AssertionError

    monkeypatch.setattr(lease, "_is_stale", never)
    lease._write(data, 1, mine("killed"))
    assert lease._take(data, mine()) == 2
    lease._write(data, 3, mine("other", "its lock", over=True))
    assert lease._take(data, mine()) == 4


@pytest.mark.parametrize(("number", "over"), [(7, True), (8, False)])
def test_one_that_ends_or_is_replaced_meanwhile_is_not_stale(
    data: Path, quick: None, monkeypatch: pytest.MonkeyPatch, number: int, over: bool
) -> None:
    lease._write(data, 7, mine("other", "its lock"))
    monkeypatch.setattr(lease.time, "sleep", lambda _: lease._write(data, number, mine("other", "its lock", over=over)))
    assert lease._is_stale(data, 7, mine("other", "its lock")) is False


def test_who_was_faster_is_looked_at_anew(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made, tried = lease._made, list[int]()

    def second(where: Path, number: int, asked: Lease) -> bool:
        tried.append(number)
        if len(tried) == 1:
            lease._write(where, number, mine("faster", "its lock", over=True))
            raise FileExistsError
        return made(where, number, asked)

    monkeypatch.setattr(lease, "_made", second)
    assert lease._take(data, mine()) == 2 and tried == [1, 2]


def test_a_store_that_knows_no_conditions_is_told(
    data: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(filesystem, "create_exclusive", lambda path, content: path.write_bytes(content))
    with lease.working_in(data):
        assert numbers(data) == [] and "no conditional writes" in caplog.text

    def unknown(*_: Any) -> None:
        raise NotImplementedError

    monkeypatch.setattr(filesystem, "create_exclusive", unknown)
    assert lease._take(data, mine()) == 0


def test_whoever_was_overtaken_stops_and_writes_nothing(
    data: Path, quick: None, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    killed = list[int]()
    monkeypatch.setattr(lease.signal, "pthread_kill", lambda thread, number: killed.append(number))
    for handler, number in (
        (lease.signal.default_int_handler, lease.signal.SIGINT),
        (lease.signal.SIG_IGN, lease.signal.SIGTERM),
    ):
        monkeypatch.setattr(lease.signal, "getsignal", lambda _, handler=handler: handler)
        lease._write(data, 3, mine("other"))
        lease._beat(data, 2, mine(), lease.Event())
        assert killed.pop() == number and not killed and lease._newest(data) == (3, mine("other"))
    assert "other took over" in caplog.text


def test_a_store_that_is_away_may_come_back(data: Path, quick: None, monkeypatch: pytest.MonkeyPatch) -> None:
    lease._write(data, 1, mine())
    newest, away, done = lease._newest, iter([True, True]), lease.Event()

    def failing(where: Path) -> tuple[int, Lease]:
        if next(away, False):
            raise OSError
        done.set()
        return newest(where)

    monkeypatch.setattr(lease, "_newest", failing)
    lease._beat(data, 1, mine(), done)
    assert newest(data)[1].alive not in ("", "now")


def test_a_lock_has_one_name_for_ever(tmp_path: Path) -> None:
    for _ in range(2):
        with (tmp_path / "lock").open("a+") as lock:
            name = lease._name_of(lock)
            assert (tmp_path / "lock").read_text() == name and len(name) == 32
    with (tmp_path / "lock").open("a+") as lock:
        assert lease._name_of(lock) == name


def test_a_user_without_a_name_has_a_number(monkeypatch: pytest.MonkeyPatch) -> None:
    def nameless() -> str:
        raise KeyError

    monkeypatch.setattr(lease.getpass, "getuser", nameless)
    assert lease._owner().startswith(f"{os.getuid()}@") and lease._owner().endswith(f", process {os.getpid()}")


def test_on_a_disk_a_second_run_waits_for_the_first(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    import threading

    order, entered = list[str](), threading.Event()

    def second() -> None:
        entered.set()
        with lease.working_in(tmp_path):
            order.append("second")

    with caplog.at_level(logging.WARNING), lease.working_in(tmp_path):
        other = threading.Thread(target=second)
        other.start()
        entered.wait(5)
        end = time.monotonic() + 5
        while "waiting for it" not in caplog.text and time.monotonic() < end:
            time.sleep(0.01)
        order.append("first")
    other.join(5)
    assert order == ["first", "second"] and "another run is at work" in caplog.text
    assert not (tmp_path / lease.FOLDER).exists()
