"""A sample of `make soak`: in a job of each sort one change on the disk meets a kill, a full disk or an error."""

import random
from collections.abc import Callable, Iterator
from functools import cache

import pytest

from tests.faults.disk import Disk
from tests.faults.trial import Undisturbed, faults, prepared

Prepared = Callable[[str], Undisturbed]
# tests/pipelines/finetune/test_chains.py has the sample of training
SAMPLE = {
    "collect": "broken",
    "curate decided": "full",
    "decide": "broken",
    "export for": "killed",
    "forget url": "full",
}


@pytest.fixture(scope="module")
def disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Disk]:
    made = Disk(tmp_path_factory.mktemp("disk"))
    yield made
    made.close()


@pytest.fixture(scope="module")
def undisturbed(disk: Disk, tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    places = tmp_path_factory.mktemp("places")
    return cache(lambda name: prepared(disk, name, places))


@pytest.mark.parametrize(("name", "kind"), SAMPLE.items())
def test_after_a_fault_the_same_command_ends_in_the_same_bytes(
    name: str, kind: str, disk: Disk, undisturbed: Prepared
) -> None:
    whole = undisturbed(name)
    at = random.Random(f"{name} {kind}").randint(1, len(whole.changes))
    assert not faults(disk, whole, kind, at)


def test_a_disk_sees_what_is_written_wherever_it_is_written(undisturbed: Prepared) -> None:
    """Shards, manifest, link, log, SQLite and DuckDB's files: who writes them, and how, is not listed anywhere."""
    seen = [change for name in ("collect", "dedupe", "curate decided") for change in undisturbed(name).changes]
    for what in (
        "fdatasync data/1_pages/web.sqlite-wal",
        "rename data/5_curated/small/latest",
        "write data/runs.jsonl",
    ):
        assert what in seen
    for what in (
        "fsync data/4_clusters/.small.",
        "rename data/4_clusters/small",
        "create data/4_clusters/.small.scratch/",
    ):
        assert any(change.startswith(what) for change in seen)
