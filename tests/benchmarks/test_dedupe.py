"""Speed and memory of dedupe on 200,000 records, about 250 MB, with a tenth of them planted near-duplicates.

pytest tests/benchmarks/test_dedupe.py -s --override-ini addopts=--import-mode=importlib
"""

import json
import resource
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pyarrow as pa

RECORDS = 200_000
WORDS = 190  # 1.25 KB a record
PLANTED = 0.1
SHARD = 20_000


def texts(records: int, seed: int = 7) -> list[str]:
    """Random words from a vocabulary of 50,000; of every ten, the last copies the one before and changes two words."""
    pick = np.random.default_rng(seed)
    vocabulary = np.array([f"{'bcdfghklmn'[k % 10]}{'aeiou'[k % 5]}{k:x}" for k in range(50_000)])
    made: list[str] = []
    for row in range(records):
        words = vocabulary[pick.integers(0, 50_000, WORDS)] if (row + 1) % 10 else np.array(made[-1].split())
        if not (row + 1) % 10:
            words[pick.integers(0, WORDS, 2)] = "edited"
        made.append(" ".join(words))
    return made


def write(data: Path, records: int) -> None:
    """Records and their signatures, as normalise and annotate leave them; seconds for the signatures are printed."""
    from pipelines import storage
    from pipelines.signals import exact, minhash
    from schemas.record import RECORD

    about = {"name": "bench", "version": 1, "params": {}, "inputs": {}}
    answers = texts(records)
    signing = 0.0
    with (
        storage.building(storage.folder(data, "normalise", "bench"), stage="normalise", **about) as rows,
        storage.building(storage.folder(data, "annotate", "bench"), stage="annotate", **about) as signals,
    ):
        for shard, start in enumerate(range(0, records, SHARD)):
            numbers = range(start, min(start + SHARD, records))
            columns = {name: pa.nulls(len(numbers), RECORD.field(name).type) for name in RECORD.names}
            ids = pa.array([f"bench:{n:08}#a1" for n in numbers])
            columns |= {"record_id": ids, "page_id": pa.array([f"bench:{n:08}" for n in numbers])}
            columns |= {
                "instruction": pa.array([f"Question {n}?" for n in numbers]),
                "input": pa.array([""] * len(numbers)),
            }
            columns["output"] = pa.array([answers[n] for n in numbers])
            table = pa.table(columns, schema=RECORD)
            began = time.perf_counter()
            made = pa.table(
                {"record_id": ids, "pair_hash": exact.pair_hash(table), "pair_minhash": minhash.pair_minhash(table)}
            )
            signing += time.perf_counter() - began
            rows.table(f"records-{shard:05}.parquet", table, RECORD)
            signals.table(f"signals-{shard:05}.parquet", made, made.schema)
    print(json.dumps({"signing": signing}))


def cluster(data: Path, workers: int) -> None:
    from pipelines import dedupe
    from pipelines.recipe import Recipe

    mill = Recipe.model_validate({"name": "bench", "sources": [{"connector": "python_docs", "name": "bench"}]})
    began = time.perf_counter()
    counts = dedupe.run(mill, data, workers).counts
    seconds = time.perf_counter() - began
    peak = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    print(json.dumps({"seconds": seconds, "peak_mb": peak / 1024, **counts}))


def in_process(code: str) -> dict[str, float]:
    """Run in a fresh process: peak memory is a high-water mark."""
    root = Path(__file__).resolve().parents[2]
    call = f"from tests.benchmarks.test_dedupe import *; {code}"
    done = subprocess.run([sys.executable, "-c", call], check=True, capture_output=True, text=True, cwd=root)
    return json.loads(done.stdout.splitlines()[-1])


def test_two_hundred_thousand_records(tmp_path: Path) -> None:
    in_process(f"write(Path({str(tmp_path / 'warm')!r}), 2000); cluster(Path({str(tmp_path / 'warm')!r}), 1)")
    signed = in_process(f"write(Path({str(tmp_path / 'data')!r}), {RECORDS})")
    found = in_process(f"cluster(Path({str(tmp_path / 'data')!r}), 2)")
    whole = signed["signing"] / 2 + found["seconds"]
    print(f"\nsignatures {signed['signing']:.1f} s on one core")
    print(f"dedupe {found['seconds']:.1f} s on two cores, {found['peak_mb']:.0f} MB")
    print(f"{RECORDS / whole:,.0f} records/s end to end on two cores")
    assert found["near_duplicates"] == RECORDS * PLANTED
    assert found["peak_mb"] < 2_048
