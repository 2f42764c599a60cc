"""A sample of `make soak`: in each job one change on the disk meets a kill, a full disk or an error."""

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.disk import KINDS, Disk
from tests.faults.jobs import JOBS
from tests.faults.trial import faults, prepared

ALL_KINDS = ("curate decided", "forget author")
# each job meets one kind; tests/pipelines/finetune/test_chains.py has the sample of training
SAMPLE = [
    (name, kind)
    for number, name in enumerate(name for name in JOBS if name != "finetune")
    for kind in (KINDS if name in ALL_KINDS else list(KINDS)[number % len(KINDS) :][:1])
]


@pytest.fixture(scope="module")
def disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Disk]:
    made = Disk(tmp_path_factory.mktemp("disk"))
    yield made
    made.close()


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("places")


@pytest.mark.parametrize(("name", "kind"), SAMPLE)
def test_after_a_fault_the_same_command_ends_in_the_same_bytes(name: str, kind: str, disk: Disk, places: Path) -> None:
    whole = prepared(disk, name, places)
    at = random.Random(f"{name} {kind}").randint(1, len(whole.changes))
    assert not faults(disk, whole, kind, at)


def test_a_disk_sees_what_is_written_wherever_it_is_written(disk: Disk, places: Path) -> None:
    """Shards, manifest, link, log, SQLite and DuckDB's files: who writes them, and how, is not listed anywhere."""
    seen = [change for name in ("collect", "dedupe", "curate") for change in prepared(disk, name, places).changes]
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
