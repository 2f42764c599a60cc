"""Stage 3: every record measured → `3_signals/<source>`, a shard for each shard of records. Nothing is dropped."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from pipelines import storage
from pipelines.messages import Message
from pipelines.recipe import Recipe
from pipelines.signals import SIGNALS, difficulty, embedding, of_models
from pipelines.signals.prose import mask_code
from pipelines.storage import filesystem, inputs, integrity
from pipelines.storage.integrity import Damaged
from pipelines.workers import kernels
from pipelines.workers.pool import ShardExecutor, map_ordered, run_locally
from pipelines.workers.progress import track
from schemas.manifest import Manifest, Shard
from schemas.record import RECORD
from schemas.signal import Signal

VERSION = 1
STAGE = "annotate"
BATCH_ROWS = 4_096  # records measured at a time: bounds the memory, changes no number
SAMPLE = {"instruction": "How is flour made?", "input": "", "output": "Grain is milled. 面粉是磨出来的。\n" * 9}
Counts = dict[str, int]
Known = tuple[Path, Shard, list[str]]  # a shard of signals, and its columns that still hold


def run(recipe: Recipe, source: str, data: Path, workers: int = 1, executor: ShardExecutor = run_locally) -> Manifest:
    """Measure the records of `source`, or return what stands when neither they nor the signals have changed.

    The shards do not depend on `workers` or `executor`.

    Raises:
        RecipeError: the source is unknown, has no records, or has records of another release; or the recipe asks for a
            signal that is not installed.
    """
    recipe.source(source)
    records = storage.folder(data, "normalise", source)
    input_manifest = inputs.finished(data, "normalise", source, recipe)
    folder = storage.folder(data, STAGE, source)
    signals = select_signals(recipe, data)
    about: dict[str, Any] = {
        "stage": STAGE,
        "name": source,
        "version": VERSION,
        "params": {"signals": [[signal.name, signal.version, str(signal.type)] for signal in signals]}
        | of_models.told(recipe.annotate.models),
        "inputs": {"records": input_manifest.fingerprint} | _shard_hashes(input_manifest),
    }
    done = storage.finished(folder, **about)
    if done:
        return done
    _check_columns(storage.tables(records, input_manifest, "records")[:1], recipe)
    with storage.building(folder, **about) as builder:
        _reuse_shards(builder, folder, about)
        listed = storage.tables(records, input_manifest, "records")
        known = _known_columns(folder, about, signals[len(SIGNALS) :])
        todo = [shard for _, shard in listed if not builder.has(_signals_shard(shard.path))]
        for shard, counts in executor(partial(_measure_shards, records, builder.folder, signals, known), todo, workers):
            builder.add(shard, counts)
    finished = storage.read_manifest(folder)
    if finished is None:
        raise FileNotFoundError(
            Message("{folder}: the manifest just written is gone; something else writes there", folder=folder)
        )
    return finished


def _check_columns(first: list[tuple[Path, Shard]], recipe: Recipe) -> None:
    integrity.check(first)
    cure = Message("run `{command}` first", command=f"gristmill stage normalise {recipe.name}")
    inputs.check_columns([path for path, _ in first], RECORD.names, "records", cure)


def select_signals(recipe: Recipe, data: Path) -> tuple[Signal, ...]:
    """Return the signals that are measured for a recipe: SIGNALS, and the optional ones that it asks for.

    Raises:
        RecipeError: the recipe asks for a signal that is not installed.
    """
    local = filesystem.local_folder(data)
    optional = embedding.signals(recipe.embedding, local) if recipe.embedding else ()
    if recipe.annotate.difficulty:
        optional += difficulty.signals(recipe.annotate.difficulty, local)
    measured = (*SIGNALS, *optional)
    return (*measured, *of_models.signals(recipe.annotate.models, measured))


def _shard_hashes(input_manifest: Manifest) -> dict[str, str]:
    """Return the SHA-256 of each shard of records, by its name."""
    names = input_manifest.tables("records")
    return {shard.path: shard.sha256 for shard in input_manifest.shards if shard.path in names}


def _reuse_shards(builder: storage.FolderBuilder, folder: Path, about: Mapping[str, Any]) -> None:
    """Take over the signals of record shards that the same signals have measured before."""
    old = storage.last_manifest(folder)
    if old is None or (old.version, old.params) != (about["version"], about["params"]):
        return
    for name, shard in _unchanged(old, folder, about).items():
        if not builder.has(_signals_shard(name)):
            builder.reuse(_signals_shard(name), folder, shard, _counts(shard, len(about["params"]["signals"])))


def _known_columns(folder: Path, about: Mapping[str, Any], slow: Sequence[Signal]) -> dict[str, Known]:
    """By shard of records, unchanged ones: the shard of signals that holds what models said of it, and the columns."""
    old = storage.last_manifest(folder)
    if old is None or old.version != about["version"]:
        return {}
    same = [s.name for s in slow if [s.name, s.version, str(s.type)] in old.params.get("signals", ())]
    return {name: (folder / shard.path, shard, same) for name, shard in _unchanged(old, folder, about).items() if same}


def _unchanged(old: Manifest, folder: Path, about: Mapping[str, Any]) -> dict[str, Shard]:
    """By shard of records that is as it was, also under another name: the shard of its signals, if that is there."""
    old_names = {old.inputs[name]: name for name in old.inputs if name.startswith("records-")}
    shards = {shard.path: shard for shard in old.shards}
    named = {name: shards.get(_signals_shard(old_names.get(told, ""))) for name, told in about["inputs"].items()}
    return {name: shard for name, shard in named.items() if shard and (folder / shard.path).exists()}


def _counts(shard: Shard, signals: int) -> Counts:
    return {"records": shard.rows, "values": shard.rows * signals}


def _signals_shard(records_shard: str) -> str:
    return records_shard.replace("records-", "signals-")


def _measure_shards(
    records: Path,
    folder: Path,
    signals: Sequence[Signal],
    known: Mapping[str, Known],
    shards: Sequence[Shard],
    workers: int,
) -> Iterator[tuple[Shard, Counts]]:
    kernels.compile_once(STAGE, _measure_sample)
    work: Callable[[Shard], tuple[Shard, Counts]] = partial(measure_shard, records, folder, signals, known)
    if workers == 1 or len(shards) == 1:
        yield from map(work, track(shards, f"annotate {records.name}", len(shards)))
        return
    for shard, result in track(map_ordered(work, shards, workers=workers), f"annotate {records.name}", len(shards)):
        if isinstance(result, Damaged):
            raise result
        if isinstance(result, BaseException):
            raise RuntimeError(
                Message("{file}: {error} while measuring", file=records / shard.path, error=type(result).__name__)
            ) from result
        yield result


def _measure_sample() -> None:
    """Call every kernel of SIGNALS once."""
    measure(pa.Table.from_pylist([SAMPLE], schema=RECORD), SIGNALS)


def measure_shard(
    records: Path, folder: Path, signals: Sequence[Signal], known: Mapping[str, Known], read: Shard
) -> tuple[Shard, Counts]:
    """Write the signals of a shard of `records` to `folder`; what is `known` is not measured again.

    Returns the written shard, and the counts of records and of values. Raises: Damaged.
    """
    before = _read_known(known.get(read.path))
    with integrity.open_checked(records / read.path, read) as file:
        tables = (pa.Table.from_batches([batch]).cast(RECORD) for batch in file.iter_batches(BATCH_ROWS))
        batches = (batch for table in _measure_all(tables, signals, before) for batch in table.to_batches())
        shard = storage.write_table(folder / _signals_shard(read.path), batches, schema_of(signals))
    return shard, _counts(shard, len(signals))


def _read_known(known: Known | None) -> pa.Table | None:
    if known is None:
        return None
    path, shard, names = known
    with integrity.open_checked(path, shard) as file:
        return file.read(names)


def _measure_all(tables: Iterable[pa.Table], signals: Sequence[Signal], before: pa.Table | None) -> Iterator[pa.Table]:
    names = before.column_names if before else []
    todo, at = [signal for signal in signals if signal.name not in names], 0
    for table in tables:
        known = {name: before[name].slice(at, table.num_rows) for name in names}  # type: ignore[index]
        measured = measure(_with(table, known), todo)
        measured = _with(measured, known)
        yield measured.select(schema_of(signals).names)
        at += table.num_rows


def _with(table: pa.Table, columns: Mapping[str, pa.ChunkedArray]) -> pa.Table:
    for name, column in columns.items():
        table = table.append_column(name, column)
    return table


def schema_of(signals: Iterable[Signal]) -> pa.Schema:
    """Return the schema of a shard of signals: record_id, then one column per signal."""
    return pa.schema([("record_id", pa.string()), *((signal.name, signal.type) for signal in signals)])


def measure(table: pa.Table, signals: Iterable[Signal]) -> pa.Table:
    """Return record_id and one column per signal, for the same rows in the same order.

    `table` has the columns of RECORD, and what is known of the signals that others read. Expressions and functions see
    these, and besides `instruction_prose` and `output_prose`: the text with fenced code masked.
    """
    for field in ("instruction", "output"):
        table = table.append_column(f"{field}_prose", mask_code(table[field]).prose)
    signals = tuple(signals)
    first, later = ([signal for signal in signals if bool(signal.after) == late] for late in (False, True))
    columns = {"record_id": table["record_id"]}
    columns |= _evaluate_expressions(table, first) | _call_functions(table, first)
    seen = {name: columns[name] for signal in later for name in signal.after if name in columns}
    columns |= _call_functions(_with(table, seen), later)
    schema = schema_of(signals)
    return pa.table([columns[name] for name in schema.names], names=schema.names).cast(schema)


def _evaluate_expressions(table: pa.Table, signals: Sequence[Signal]) -> dict[str, pa.ChunkedArray]:
    """Evaluate all SQL expressions in one pass over the table."""
    expressions = {signal.name: signal.compute for signal in signals if isinstance(signal.compute, str)}
    if not expressions:
        return {}
    columns = ", ".join(f'({sql}) AS "{name}"' for name, sql in expressions.items())
    with duckdb.connect(config={"threads": 1}) as connection:
        connection.execute("SET enable_progress_bar = false")
        connection.register("records", table)
        result = connection.sql(f"SELECT {columns} FROM records").to_arrow_table()
    return {name: result[name] for name in expressions}


def _call_functions(table: pa.Table, signals: Sequence[Signal]) -> dict[str, pa.Array]:
    """Call each function once: one that several signals share returns a struct with a field for each."""
    functions = dict.fromkeys(signal.compute for signal in signals if not isinstance(signal.compute, str))
    results = {function: function(table) for function in functions}
    columns = {}
    for signal in signals:
        if not isinstance(signal.compute, str):
            result = results[signal.compute]
            columns[signal.name] = result.field(signal.name) if pa.types.is_struct(result.type) else result
    return columns
