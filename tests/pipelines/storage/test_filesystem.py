"""The same data in a bucket of a real S3 server on loopback as on a disk, and nothing half there after a kill."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from pipelines import catalog, storage
from pipelines.catalog import shell, status
from pipelines.catalog.explain import explain
from pipelines.flows.stages import OF_DATA
from pipelines.flows.steps import Outcome
from pipelines.forget import Request, forget, report_lines
from pipelines.recipe import Recipe
from pipelines.storage import filesystem, logs, shard_cache
from pipelines.storage.filesystem import AddressError
from tests.pipelines.damage import damaged
from tests.pipelines.milling import go
from tests.pipelines.storage.test_storage import IDENTITY, SCHEMA, build, table


@pytest.fixture(scope="module")
def milled_there(bucket: str, milled: tuple[Recipe, Path, list[Outcome]]) -> Path:
    data = filesystem.resolve(f"{bucket}/some/prefix")
    assert not any(one.skipped for one in go(milled[0], data))
    return data


def test_a_run_leaves_the_same_bytes_as_on_a_disk(
    milled_there: Path, milled: tuple[Recipe, Path, list[Outcome]]
) -> None:
    on_disk = {str(folder.relative_to(milled[1])): manifest for folder, manifest in storage.manifests(milled[1])}
    there = {"/".join(folder.relative_to(milled_there).parts): one for folder, one in storage.manifests(milled_there)}
    assert len(there) == 5
    for name, manifest in on_disk.items():
        same = {shard.path for shard in manifest.shards} if manifest.stage != "collect" else set()  # fetch times
        assert [one for one in there[name].shards if one.path in same] == [s for s in manifest.shards if s.path in same]
        assert there[name].fingerprint == manifest.fingerprint


def test_a_second_run_writes_nothing(milled_there: Path, milled: tuple[Recipe, Path, list[Outcome]]) -> None:
    before = {key: one["ETag"] for key, one in objects(milled_there).items()}
    assert all(one.skipped for one in go(milled[0], milled_there))
    after = {key: one["ETag"] for key, one in objects(milled_there).items()}
    assert {key for key in after if "/runs/" not in key} == {key for key in before if "/runs/" not in key}
    assert before.items() <= after.items()


def objects(folder: Path) -> dict[str, dict[str, str]]:
    return folder.fs.find(folder.path, detail=True)  # type: ignore[attr-defined,no-any-return]


def test_questions_are_answered_from_the_bucket_and_only_from_there(milled_there: Path, bucket: str) -> None:
    with catalog.connect(milled_there) as con:
        assert shell.ask(con, "SELECT count(*) AS n FROM curated")["n"].to_pylist()[0] > 0
        assert shell.ask(con, "SELECT count(DISTINCT stage) AS n FROM runs")["n"].to_pylist() == [5]
        with pytest.raises(shell.QueryError, match="Permission"):
            shell.ask(con, f"FROM read_text('{bucket}/another/object')")
    with catalog.connect(str(milled_there)) as con:
        record = con.sql("SELECT min(record_id) FROM curated").fetchall()[0][0]
    life = explain(record, milled_there)
    assert life["page"]["bytes"] > 0
    assert life["verdicts"][0]["recipe"] == "small"
    rows = {row.stage: row for row in status.funnel(milled_there)}
    assert list(rows) == list(OF_DATA)
    assert rows["curate"].kept > 0
    assert rows["curate"].seconds is not None


def test_the_dashboard_knows_when_something_is_published(bucket: str) -> None:
    data = filesystem.resolve(f"{bucket}/new")
    states = [catalog.state(str(data)), catalog.state(str(data))]
    assert states[0] == states[1]
    build(data / "2_records" / "src")
    states.append(catalog.state(str(data)))
    logs.append(data / logs.RUNS, {"stage": "collect"})
    states.append(catalog.state(str(data)))
    (data / "5_curated" / "small" / "latest").write_text("v1")
    states.append(catalog.state(str(data)))
    (data / "2_records" / "src" / storage.MANIFEST).unlink()
    states.append(catalog.state(str(data)))
    assert len(set(states)) == 5
    assert catalog.state(str(data)) == states[-1]


def test_a_changed_object_is_found(bucket: str) -> None:
    data = filesystem.resolve(f"{bucket}/damaged")
    build(data / "2_records" / "src")
    assert not damaged(data)
    (data / "2_records" / "src" / "records-00001.parquet").write_bytes(b"other")
    (data / "2_records" / "src" / "records-00002.parquet").unlink()
    assert damaged(data) == [
        ("records-00001.parquet", "changed"),
        ("records-00002.parquet", "missing"),
    ]


def test_a_new_version_replaces_all_of_the_old(bucket: str) -> None:
    folder = filesystem.resolve(f"{bucket}/replaced/src")
    build(folder, shards=3)
    with storage.building(folder, **{**IDENTITY, "version": 2}) as made:
        made.table("records-00000.parquet", table(7, 3), SCHEMA)
    assert sorted(path.name for path in folder.glob("*")) == ["manifest.json", "records-00000.parquet"]
    assert [path.name for path in folder.parent.glob("*")] == ["src"]
    assert not list(filesystem.local_folder(folder.parent).rglob("*.*"))


KILLED = """
import os, signal, sys
sys.path[:0] = {path!r}
import s3fs
from pipelines.storage import filesystem
from test_storage import build
folder, left = filesystem.resolve({folder!r}), {requests}
ask = s3fs.S3FileSystem._call_s3
async def dying(*args, **kwargs):
    global left
    left -= 1
    if left < 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return await ask(*args, **kwargs)
s3fs.S3FileSystem._call_s3 = dying
build(folder)
"""


# while shards are sent, while they are copied, and while what is left is removed
@pytest.mark.parametrize("requests", [4, 20, 25])
def test_killed_between_requests_the_same_command_gives_the_same_bytes(
    bucket: str, tmp_path: Path, requests: int
) -> None:
    build(tmp_path / "whole")
    folder = filesystem.resolve(f"{bucket}/killed/{requests}")
    path = [str(Path(__file__).parents[3]), str(Path(__file__).parent)]
    code = KILLED.format(path=path, folder=str(folder), requests=requests)
    done = subprocess.run([sys.executable, "-c", code], env=os.environ)
    assert done.returncode == -signal.SIGKILL
    assert (storage.read_manifest(folder) is None) == (requests < 23)
    assert not damaged(folder.parent)
    if not storage.finished(folder, **IDENTITY):
        build(folder)
    assert storage.read_manifest(folder) == storage.read_manifest(tmp_path / "whole")
    assert not damaged(folder.parent)
    assert [path.name for path in folder.parent.glob(f".{requests}.*")] == []


def test_an_address_that_cannot_be_used_is_told() -> None:
    with pytest.raises(AddressError, match=r"^gopher://here: "):
        filesystem.resolve("gopher://here")


def test_a_record_is_forgotten_in_the_bucket_too(milled_there: Path) -> None:
    """The last of the tests of this run's data: it changes them."""
    with catalog.connect(milled_there) as con:
        record = str(con.sql("SELECT min(record_id) FROM curated").fetchall()[0][0])
        con.sql("SELECT count(output) FROM records").fetchall()
    held = [shard for folder, manifest in storage.manifests(milled_there) for shard in manifest.shards]
    assert any(shard_cache.find_copy(shard) for shard in held)
    report = forget(Request(record=record), milled_there)
    assert report.erased["records"] >= 1 and report.snapshots
    left = {shard.sha256 for folder, manifest in storage.manifests(milled_there) for shard in manifest.shards}
    assert not [shard.path for shard in held if shard_cache.find_copy(shard) and shard.sha256 not in left]
    assert "of other machines" in report_lines(report)[-1]
    with catalog.connect(milled_there) as con:
        for view in ("records", "signals", "verdicts", "curated", "dropped"):
            assert con.execute(f"SELECT count(*) FROM {view} WHERE record_id = ?", [record]).fetchall() == [(0,)]
    assert not damaged(milled_there)
