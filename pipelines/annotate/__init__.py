"""Stage 3: every record measured → `3_signals/<source>`, a shard for each shard of records. Nothing is dropped."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from pipelines import storage
from pipelines.recipe import Recipe, RecipeError
from pipelines.signals import SIGNALS, difficulty, embedding
from pipelines.signals.prose import mask_code
from pipelines.storage import filesystem
from pipelines.workers.pool import ShardExecutor, map_ordered, run_locally
from pipelines.workers.progress import track
from schemas.manifest import Manifest, Shard
from schemas.record import RECORD
from schemas.signal import Signal

VERSION = 1
STAGE = "annotate"
BATCH = 4_096  # records measured at a time: bounds the memory, changes no number
Counts = dict[str, int]


def run(recipe: Recipe, source: str, data: Path, workers: int = 1, executor: ShardExecutor = run_locally) -> Manifest:
    """Measure the records of `source`, or return what stands when neither they nor the signals have changed.

    The shards do not depend on `workers` or `executor`.
    Raises RecipeError for an unknown source, or one without records.
    """
    recipe.source(source)
    records = storage.folder(data, "normalise", source)
    made_of = storage.read_manifest(records)
    if made_of is None:
        raise RecipeError(f"{records}: nothing finished here; run `gristmill stage normalise {recipe.name}` first")
    folder = storage.folder(data, STAGE, source)
    signals = wanted(recipe, data)
    about: dict[str, Any] = {
        "stage": STAGE,
        "name": source,
        "version": VERSION,
        "params": {"signals": [[signal.name, signal.version, str(signal.type)] for signal in signals]},
        "inputs": {"records": made_of.fingerprint} | _hashes(made_of),
    }
    done = storage.finished(folder, **about)
    if done:
        return done
    _check_columns(records, made_of, recipe)
    with storage.building(folder, **about) as made:
        _reuse(made, folder, about)
        todo = [name for name in made_of.tables("records") if not made.has(_shard_of(name))]
        for shard, counts in executor(partial(_measure_shards, records, made.folder, signals), todo, workers):
            made.add(shard, counts)
    finished = storage.read_manifest(folder)
    if finished is None:
        raise FileNotFoundError(f"{folder}: the manifest just written is gone; something else writes there")
    return finished


def _check_columns(records: Path, made_of: Manifest, recipe: Recipe) -> None:
    for name in made_of.tables("records")[:1]:
        with filesystem.open_parquet(records / name) as file:
            if file.schema_arrow.names != RECORD.names:
                cure = f"run `gristmill stage normalise {recipe.name}` first"
                raise RecipeError(f"{records / name}: records of another release, with other columns; {cure}")


def wanted(recipe: Recipe, data: Path) -> tuple[Signal, ...]:
    """What is measured for a recipe. Raises RecipeError where it asks for what is not installed."""
    asked = embedding.signals(data) if recipe.dedupe.semantic else ()
    if recipe.annotate.difficulty:
        asked += difficulty.signals(recipe.annotate.difficulty, filesystem.local_folder(data))
    return (*SIGNALS, *asked)


def _hashes(records: Manifest) -> dict[str, str]:
    """SHA-256 of each shard of records, by name."""
    return {shard.path: shard.sha256 for shard in records.shards if shard.path in records.tables("records")}


def _reuse(made: storage.FolderBuilder, folder: Path, about: Mapping[str, Any]) -> None:
    """Shards of records that were measured before, by the same signals, are not measured again."""
    old = storage.read_manifest(folder)
    if old is None or (old.version, old.params) != (about["version"], about["params"]):
        return
    known = {old.inputs[name]: name for name in old.inputs if name.startswith("records-")}
    shards = {shard.path: shard for shard in old.shards}
    for name, sha256 in about["inputs"].items():
        shard = shards.get(_shard_of(known.get(sha256, "")))
        if shard and not made.has(_shard_of(name)) and (folder / shard.path).exists():
            made.reuse(_shard_of(name), folder, shard, _counts(shard, len(about["params"]["signals"])))


def _counts(shard: Shard, signals: int) -> Counts:
    return {"records": shard.rows, "values": shard.rows * signals}


def _shard_of(records: str) -> str:
    return records.replace("records-", "signals-")


def _measure_shards(
    records: Path, folder: Path, signals: Sequence[Signal], names: Sequence[str], workers: int
) -> Iterator[tuple[Shard, Counts]]:
    work: Callable[[str], tuple[Shard, Counts]] = partial(measure_shard, records, folder, signals)
    if workers == 1 or len(names) == 1:
        yield from map(work, track(names, f"annotate {records.name}", len(names)))
        return
    for name, result in track(map_ordered(work, names, workers=workers), f"annotate {records.name}", len(names)):
        if isinstance(result, BaseException):
            raise RuntimeError(f"{records / name}: {type(result).__name__} while measuring") from result
        yield result


def measure_shard(records: Path, folder: Path, signals: Sequence[Signal], name: str) -> tuple[Shard, Counts]:
    """Write the signals of one shard of records; returns what was written and how much was measured."""
    with filesystem.open_parquet(records / name) as file:
        batches = (pa.Table.from_batches([batch]).cast(RECORD) for batch in file.iter_batches(BATCH))
        measured = (batch for table in batches for batch in measure(table, signals).to_batches())
        shard = storage.write_table(folder / _shard_of(name), measured, schema_of(signals))
    return shard, _counts(shard, len(signals))


def schema_of(signals: Iterable[Signal]) -> pa.Schema:
    return pa.schema([("record_id", pa.string()), *((signal.name, signal.type) for signal in signals)])


def measure(table: pa.Table, signals: Iterable[Signal]) -> pa.Table:
    """record_id and one column per signal, for the same rows in the same order.

    Expressions and functions see the columns of a record, and besides `instruction_prose` and `output_prose`: the
    text with fenced code masked.
    """
    for field in ("instruction", "output"):
        table = table.append_column(f"{field}_prose", mask_code(table[field]).prose)
    signals = tuple(signals)
    columns = {"record_id": table["record_id"], **_select(table, signals), **_call(table, signals)}
    schema = schema_of(signals)
    return pa.table([columns[name] for name in schema.names], names=schema.names).cast(schema)


def _select(table: pa.Table, signals: Sequence[Signal]) -> dict[str, pa.ChunkedArray]:
    """All SQL expressions in one pass over the table."""
    wanted = {signal.name: signal.compute for signal in signals if isinstance(signal.compute, str)}
    if not wanted:
        return {}
    columns = ", ".join(f'({sql}) AS "{name}"' for name, sql in wanted.items())
    with duckdb.connect(config={"threads": 1}) as connection:
        connection.execute("SET enable_progress_bar = false")
        connection.register("records", table)
        found = connection.sql(f"SELECT {columns} FROM records").to_arrow_table()
    return {name: found[name] for name in wanted}


def _call(table: pa.Table, signals: Sequence[Signal]) -> dict[str, pa.Array]:
    """Each function once: one that several signals share returns a struct with a field for each."""
    functions = dict.fromkeys(signal.compute for signal in signals if not isinstance(signal.compute, str))
    results = {function: function(table) for function in functions}
    columns = {}
    for signal in signals:
        if not isinstance(signal.compute, str):
            result = results[signal.compute]
            columns[signal.name] = result.field(signal.name) if pa.types.is_struct(result.type) else result
    return columns
