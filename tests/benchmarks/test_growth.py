"""Time and memory from 10^4 to 10^6 records, through annotate, dedupe and curate: the time grows like n^EXPONENT.

SIZES=10000,100000,3000000 names other sizes. Every size runs in a process of its own: its peak memory is its own.
"""

import json
import math
import os
import resource
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pytest

from tests.benchmarks.test_dedupe import SHARD
from tests.pipelines.dedupe.test_clusters import edited, prose

SIZES = [int(size) for size in os.environ.get("SIZES", "10000,100000,1000000").split(",")]
EXPONENT = 1.05
MEGABYTES = 2_048
STAGES = ("annotate", "dedupe", "curate")


def text(number: int) -> str:
    """English words, so that the language is as easily told as it is in real text."""
    return edited(prose(number - 1, 190), 2, number) if number % 10 == 9 else prose(number, 190)


def write(data: Path, records: int) -> None:
    """Records as normalise leaves them, shard by shard: a tenth near duplicates, three answers to a page."""
    from pipelines import storage
    from schemas.record import PAIR, RECORD, REJECT
    from tests.pipelines import corpus

    about = {"stage": "normalise", "name": "bench", "version": 1, "params": {}, "inputs": {}}
    with storage.building(storage.folder(data, "normalise", "bench"), **about) as made:
        for shard, start in enumerate(range(0, records, SHARD)):
            numbers = range(start, min(start + SHARD, records))
            rows = [corpus.record(f"bench:{n // 3:08}#a{n % 3}", f"How does part {n} work?", text(n)) for n in numbers]
            made.table(f"records-{shard:05}.parquet", pa.Table.from_pylist(rows, schema=RECORD), RECORD)
        made.table("pairs-00000.parquet", PAIR.empty_table(), PAIR)
        made.table("rejects-00000.parquet", REJECT.empty_table(), REJECT)


def measure(data: Path, workers: int) -> dict[str, float]:
    """Processor seconds of each stage, its workers' too; peak memory of the largest process."""
    from pipelines import annotate, curate, dedupe
    from pipelines.recipe import Recipe

    mill = Recipe.model_validate({"name": "bench", "sources": [{"connector": "python_docs", "name": "bench"}]})
    runs = (lambda: annotate.run(mill, "bench", data, workers), lambda: dedupe.run(mill, data, workers))
    told: dict[str, float] = {}
    for stage, run in zip(STAGES, (*runs, lambda: curate.run(mill, data, workers)), strict=True):
        before = _used()
        run()
        told[stage] = _used() - before
    kinds = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return told | {"peak_mb": max(resource.getrusage(kind).ru_maxrss for kind in kinds) / 1024}


def _used() -> float:
    spent = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(one.ru_utime + one.ru_stime for one in spent)


def in_process(folder: Path, records: int) -> dict[str, float]:
    """The kernels are loaded on a few records before, so that this does not count."""
    small, large = folder / "small", folder / str(records)
    call = (
        "import json; from tests.benchmarks.test_growth import *; "
        f"write(Path({str(small)!r}), 500); measure(Path({str(small)!r}), 1); "
        f"write(Path({str(large)!r}), {records}); print(json.dumps(measure(Path({str(large)!r}), 1)))"
    )
    done = subprocess.run([sys.executable, "-c", call], capture_output=True, text=True, cwd=Path(__file__).parents[2])
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.timeout(6 * 3600)
def test_time_grows_with_the_records_and_memory_does_not(tmp_path: Path) -> None:
    told = {size: in_process(tmp_path / str(size), size) for size in SIZES}
    print()
    for size, one in told.items():
        stages = ", ".join(f"{stage} {1e6 * one[stage] / size:,.0f}" for stage in STAGES)
        print(f"  {size:>9,} records: µs per record {stages}; {one['peak_mb']:,.0f} MB")
    first, last = (sum(told[size][stage] for stage in STAGES) for size in (SIZES[0], SIZES[-1]))
    exponent = math.log(last / first) / math.log(SIZES[-1] / SIZES[0])
    print(f"  time grows like n^{exponent:.3f}")
    assert exponent <= EXPONENT
    assert max(one["peak_mb"] for one in told.values()) <= MEGABYTES
