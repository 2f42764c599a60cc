"""`gristmill try` on a million records: an answer in seconds, within the memory a laptop has."""

import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from pipelines import catalog, storage
from pipelines.annotate import schema_of
from pipelines.curate import bounds, policy
from pipelines.curate.policy import Policy
from pipelines.curate.what_if import kept_ids, prepare, survivors, try_policy
from pipelines.signals import SIGNALS
from schemas.cluster import CLUSTER
from schemas.record import RECORD

RECORDS, SHARD = 1_000_000, 50_000
SECONDS = 20  # of processor time; two cores share it
MOVED, TO = "output_repetition", 0.3  # a rule, and where its bound is moved to
SHARE = 0.4  # of the processor time of `try`, at most, after a bound is moved
QUOTAS = policy.Mixture(per_author=150, language={"zh": 0.2}, max_records=300_000)


def column(field: pa.Field, pick: np.random.Generator, rows: int) -> pa.Array:
    """Lengths around fifty; any other count is mostly nought, and a share mostly small."""
    kind = field.type
    if pa.types.is_integer(kind) and not field.name.endswith(("words", "chars")):
        return pa.array((pick.random(rows) < 0.01) * 7).cast(kind)
    if pa.types.is_boolean(kind):
        return pa.array(pick.random(rows) < 0.02)
    if pa.types.is_integer(kind):
        return pa.array(pick.geometric(0.02, rows) - 1).cast(kind)
    if pa.types.is_floating(kind):
        return pa.array(pick.random(rows) ** 3).cast(kind)
    if pa.types.is_string(kind):
        return pa.array(pick.choice(["en", "zh", "de"], rows), kind)
    return pa.nulls(rows, kind)


def shard(first: int, pick: np.random.Generator) -> tuple[pa.Table, pa.Table, pa.Table]:
    """Records, signals and clusters of SHARD records; every tenth is the duplicate of the one before it."""
    names = [f"forum:{k}#a1" for k in range(first, first + SHARD)]
    lead = [names[max(0, at - (at % 10 == 1))] for at in range(SHARD)]
    text = pa.array(["How do I take the lid off and put it back? " * 8] * SHARD)
    told: dict[str, Any] = {"record_id": names, "page_id": names, "source": ["forum"] * SHARD, "output": text}
    told |= {"source_kind": ["forum"] * SHARD, "licence": pick.choice(["", "CC-BY-4.0"], SHARD, p=[0.1, 0.9])}
    told |= {"score": pick.integers(-2, 20, SHARD), "instruction": text, "input": [""] * SHARD}
    told |= {
        "author": [f"author {k % 5000}" for k in range(SHARD)],
        "url": [f"https://f.example/{k}" for k in range(SHARD)],
    }
    records = pa.table(
        [pa.array(told[f.name], f.type) if f.name in told else pa.nulls(SHARD, f.type) for f in RECORD], RECORD
    )
    measured = schema_of(SIGNALS)
    values = [pa.array(names) if f.name == "record_id" else column(f, pick, SHARD) for f in measured]
    size = [2 if at % 10 < 2 else 1 for at in range(SHARD)]
    return (
        records,
        pa.table(values, measured),
        pa.table([names, lead, lead, pa.array(size, pa.int32()), pa.nulls(SHARD, pa.float32())], CLUSTER),
    )


@pytest.fixture(scope="module")
def million(tmp_path_factory: pytest.TempPathFactory) -> Path:
    data, pick = tmp_path_factory.mktemp("million"), np.random.default_rng(1)
    about: dict[str, Any] = {"name": "big", "version": 1, "params": {}, "inputs": {}}
    with (
        storage.building(storage.folder(data, "normalise", "big"), stage="normalise", **about) as records,
        storage.building(storage.folder(data, "annotate", "big"), stage="annotate", **about) as signals,
        storage.building(storage.folder(data, "dedupe", "big"), stage="dedupe", **about) as clusters,
    ):
        for number in range(RECORDS // SHARD):
            tables = shard(number * SHARD, pick)
            for made, kind, table in zip(
                (records, signals, clusters), ("records", "signals", "clusters"), tables, strict=True
            ):
                made.table(f"{kind}-{number:05d}.parquet", table, table.schema)
    return data


def given(mixed: bool) -> Policy:
    return policy.load("default").model_copy(update={"mixture": QUOTAS if mixed else policy.Mixture()})


@pytest.mark.parametrize("mixed", [False, True], ids=["rules", "rules and quotas"])
def test_a_million_records_are_judged_in_seconds(million: Path, mixed: bool) -> None:
    rules = given(mixed)
    begun = time.process_time()
    effect = try_policy(rules, catalog.connect(million))
    seconds = time.process_time() - begun
    print(f"\ntry: {effect.records:,} records, {effect.kept:,} kept, {seconds:.1f} s of processor time")
    assert effect.records == RECORDS
    assert 0 < effect.kept < RECORDS
    assert seconds < SECONDS


@pytest.mark.parametrize("mixed", [False, True], ids=["rules", "rules and quotas"])
def test_a_bound_is_moved_in_a_part_of_the_time_that_try_takes(million: Path, mixed: bool) -> None:
    rules, con = given(mixed), catalog.connect(million)
    rule, bound = bounds.choose(rules, MOVED, MOVED)
    prepared = prepare(con, rules, "big", MOVED, MOVED)
    begun = time.process_time()
    told = survivors(prepared, TO)
    moved = time.process_time() - begun
    changed = tuple(bounds.moved(rule, bound, TO) if one.name == MOVED else one for one in rules.rules)
    begun = time.process_time()
    effect = try_policy(rules.model_copy(update={"rules": changed}), catalog.connect(million))
    tried = time.process_time() - begun
    print(f"\nmoved: {told.records:,} records, {told.kept:,} kept, {moved:.1f} s of {tried:.1f} s: {moved / tried:.2f}")
    assert (told.kept, len(kept_ids(prepared, TO))) == (effect.kept, effect.kept)
    assert moved < SHARE * tried
