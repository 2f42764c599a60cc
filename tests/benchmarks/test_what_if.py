"""`gristmill try` on a million records: an answer in seconds, within the memory a laptop has."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa
import pytest

from pipelines import catalog, storage
from pipelines.annotate import schema_of
from pipelines.curate import lines, moving, policy
from pipelines.curate.edits import Edits, edited
from pipelines.curate.what_if import try_policy
from pipelines.signals import SIGNALS
from schemas.cluster import CLUSTER
from schemas.record import RECORD

Value = TypeVar("Value")
RECORDS, SHARD = 1_000_000, 50_000
SECONDS = 20  # of processor time; two cores share it
MOVED = {"tenth": 2, "million": 12}  # likewise: half of it by the clock, where nothing else runs
MIXTURE = policy.Mixture(per_author=150, language={"zh": 0.2}, max_records=300_000)


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


def shard(first: int, rows: int, pick: np.random.Generator) -> tuple[pa.Table, pa.Table, pa.Table]:
    """Records, signals and clusters of `rows` records; every tenth is the duplicate of the one before it."""
    names = [f"forum:{k}#a1" for k in range(first, first + rows)]
    lead = [names[max(0, at - (at % 10 == 1))] for at in range(rows)]
    text = pa.array(["How do I take the lid off and put it back? " * 8] * rows)
    told: dict[str, Any] = {"record_id": names, "page_id": names, "source": ["forum"] * rows, "output": text}
    told |= {"source_kind": ["forum"] * rows, "licence": pick.choice(["", "CC-BY-4.0"], rows, p=[0.1, 0.9])}
    told |= {"score": pick.integers(-2, 20, rows), "instruction": text, "input": [""] * rows}
    told |= {
        "author": [f"author {k % 5000}" for k in range(rows)],
        "url": [f"https://f.example/{k}" for k in range(rows)],
    }
    records = pa.table(
        [pa.array(told[f.name], f.type) if f.name in told else pa.nulls(rows, f.type) for f in RECORD], RECORD
    )
    measured = schema_of(SIGNALS)
    values = [pa.array(names) if f.name == "record_id" else column(f, pick, rows) for f in measured]
    size = [2 if at % 10 < 2 else 1 for at in range(rows)]
    return (
        records,
        pa.table(values, measured),
        pa.table([names, lead, lead, pa.array(size, pa.int32()), pa.nulls(rows, pa.float32())], CLUSTER),
    )


def made(data: Path, rows: int) -> Path:
    """A data folder of `rows` records that has been run up to dedupe."""
    pick = np.random.default_rng(1)
    about: dict[str, Any] = {"name": "big", "version": 1, "params": {}, "inputs": {}}
    with (
        storage.building(storage.folder(data, "normalise", "big"), stage="normalise", **about) as records,
        storage.building(storage.folder(data, "annotate", "big"), stage="annotate", **about) as signals,
        storage.building(storage.folder(data, "dedupe", "big"), stage="dedupe", **about) as clusters,
    ):
        for number, first in enumerate(range(0, rows, SHARD)):
            tables = shard(first, min(SHARD, rows - first), pick)
            for builder, kind, table in zip(
                (records, signals, clusters), ("records", "signals", "clusters"), tables, strict=True
            ):
                builder.table(f"{kind}-{number:05d}.parquet", table, table.schema)
    return data


@pytest.fixture(scope="module")
def million(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made(tmp_path_factory.mktemp("million"), RECORDS)


@pytest.fixture(scope="module")
def tenth(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made(tmp_path_factory.mktemp("tenth"), RECORDS // 10)


@pytest.mark.parametrize("mixed", [False, True], ids=["rules", "rules and quotas"])
def test_a_million_records_are_judged_in_seconds(million: Path, mixed: bool) -> None:
    rules = policy.load("default")
    if mixed:
        rules = rules.model_copy(update={"mixture": MIXTURE})
    begun = time.process_time()
    effect = try_policy(rules, catalog.connect(million), million)
    seconds = time.process_time() - begun
    print(f"\ntry: {effect.records:,} records, {effect.kept:,} kept, {seconds:.1f} s of processor time")
    assert effect.records == RECORDS
    assert 0 < effect.kept < RECORDS
    assert seconds < SECONDS


@pytest.mark.parametrize("mixed", [False, True], ids=["rules", "rules and quotas"])
@pytest.mark.parametrize("size", MOVED)
def test_a_moved_line_is_answered_at_once(size: str, mixed: bool, request: pytest.FixtureRequest) -> None:
    """Judged once, then a move costs a part of what `try` costs, and says the same."""
    data: Path = request.getfixturevalue(size)
    rules = policy.load("default")
    rules = rules.model_copy(update={"mixture": MIXTURE}) if mixed else rules
    chosen = Edits({"output_too_short": {1: 25}, "output_repetition": {0: 0.5}}, frozenset({"output_thanks"}))
    ready, once = timed(lambda: moving.prepare(rules, catalog.connect(data), data))
    effect, move = timed(lambda: moving.effect(moving.judge(ready, chosen)))
    line, looking = timed(
        lambda: lines.spread(lines.look(moving.judge(ready, chosen), "output_repetition", 0, {0: 0.5}))
    )
    whole, trying = timed(lambda: try_policy(edited(rules, chosen), catalog.connect(data), data))
    told = f"once {once:.1f} s, a move {move:.2f} s, its line {looking:.2f} s, try {trying:.1f} s"
    print(f"\n{size}: {told} of processor time; a move is {move / trying:.2f} of try")
    assert effect == whole
    assert line.records > 0
    assert move < trying
    assert move < MOVED[size]


def timed(work: Callable[[], Value]) -> tuple[Value, float]:
    """What `work` gives, and its seconds of processor time."""
    begun = time.process_time()
    return work(), time.process_time() - begun
