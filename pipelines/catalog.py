"""DuckDB over data/, through schemas/views.sql. Reads only what a manifest lists."""

from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path

import duckdb
import pyarrow as pa

from pipelines import near, place, storage
from schemas.cluster import CLUSTER, EDGE
from schemas.manifest import Shard
from schemas.page import PAGE
from schemas.record import PAIR, RECORD, REJECT
from schemas.signal import OPTIONAL
from schemas.verdict import CONTAMINATED, PUBLISHED, REASONS, VERDICT

Listed = tuple[Path, Shard]
RUN = pa.schema(
    [
        ("run_id", pa.string()),
        ("recipe", pa.string()),
        ("stage", pa.string()),
        ("name", pa.string()),
        ("started_at", pa.timestamp("us", tz="UTC")),
        ("seconds", pa.float64()),
        ("skipped", pa.bool_()),
        ("peak_mb", pa.float64()),
        ("failed", pa.string()),
    ]
)
DROPPED = RECORD.append(pa.field("reasons", REASONS)).append(pa.field("duplicate_of", pa.string()))
SIGNALS = pa.schema([("record_id", pa.string()), ("pair_hash", pa.string())])  # those that are looked for by name

# name in views.sql: (stage, prefixes of its shards, columns where there is no shard yet)
KINDS: dict[str, tuple[str, tuple[str, ...], pa.Schema]] = {
    "pages": ("collect", ("pages",), PAGE),
    "page_rejects": ("collect", ("rejects",), REJECT),
    "records": ("normalise", ("records",), RECORD),
    "pairs": ("normalise", ("pairs",), PAIR),
    "rejects": ("normalise", ("rejects",), REJECT),
    "signals": ("annotate", ("signals",), SIGNALS),
    "clusters": ("dedupe", ("clusters",), CLUSTER),
    "edges": ("dedupe", ("edges",), EDGE),
    "verdicts": ("curate", ("verdicts",), VERDICT),
    "curated": ("curate", ("train", "validation", "test"), PUBLISHED),
    "curated_pairs": ("curate", ("pairs",), PAIR),
    "dropped": ("curate", ("dropped",), DROPPED),
    "contaminated": ("curate", ("contaminated",), CONTAMINATED),
}


def connect(data: Path | str) -> duckdb.DuckDBPyConnection:
    """An in-memory connection with the users' views over `data`. Nothing is ever downloaded."""
    data = place.at(data)
    shards = _shards(data)
    con = open_duckdb(data, shards=[shard for listed in shards.values() for shard in listed])
    con.execute("SET TimeZone = 'UTC'")
    con.execute("CREATE MACRO folder(file, depth) AS split_part(file, '/', -depth)")
    con.execute(_views(data, shards))
    return con


def newest(data: str) -> float:
    """When anything was last published under `data`, in seconds; 0 where nothing was."""
    return max(place.times(place.at(data), f"[1-6]_*/**/{storage.MANIFEST}"), default=0.0)


def open_duckdb(data: Path, memory: str = "1GB", shards: Sequence[Listed] = ()) -> duckdb.DuckDBPyConnection:
    """DuckDB that reads below `data`, downloads nothing, and stays within `memory`, spilling to disk. Where `data` is a
    store, of `shards` it reads copies."""
    settings: dict[str, str | bool | int | float | list[str]] = {
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
        "memory_limit": memory,
    }
    con = duckdb.connect(config=settings)
    near.introduce(con, data, shards)
    con.execute("SET enable_progress_bar = false")  # it would be printed into the answer of a command
    return con


def _shards(data: Path) -> dict[str, list[Listed]]:
    """The finished shards of `data`, by kind."""
    shards: dict[str, list[Listed]] = {kind: [] for kind in KINDS}
    for folder, manifest in storage.manifests(data):
        if manifest.stage == "curate" and folder != storage.latest(folder.parent):
            continue
        for kind, (stage, prefixes, _) in KINDS.items():
            for prefix in prefixes if stage == manifest.stage else ():
                shards[kind] += storage.tables(folder, manifest, prefix)
    return shards


def _views(data: Path, shards: Mapping[str, Sequence[Listed]]) -> str:
    """`schemas/views.sql` with the shards in place of the names."""
    paths = {kind: [path for path, _ in listed] for kind, listed in shards.items()}
    sources = {kind: parquet(paths[kind], KINDS[kind][2]) for kind in KINDS}
    sources["signals"] = signals(paths["signals"])
    sources["records"] = _complete(sources["records"], RECORD)
    return files("schemas").joinpath("views.sql").read_text().format(**sources, runs=_runs(data))


def signals(paths: list[Path]) -> str:
    """`parquet` of signals; what is measured only when a recipe asks is null where none has asked."""
    return _complete(parquet(paths, SIGNALS), OPTIONAL)


def _complete(source: str, schema: pa.Schema) -> str:
    """`source` with all columns of `schema`; those that it has not, as an earlier release left it, are null."""
    return f"(SELECT * FROM {source} UNION ALL BY NAME SELECT * FROM {_nothing(schema)})"


def parquet(paths: list[Path], empty: pa.Schema) -> str:
    """A FROM clause over Parquet files with their name in `file`, or over no rows of `empty`'s columns."""
    if not paths:
        return _nothing(empty.append(pa.field("file", pa.string())))
    read = f"read_parquet([{_listed(paths)}], filename = true, union_by_name = true)"
    return f"(SELECT * RENAME (filename AS file) FROM {read})"


def _listed(paths: list[Path]) -> str:
    return ", ".join(quote(str(path.absolute())) for path in paths)


def quote(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _nothing(schema: pa.Schema) -> str:
    with duckdb.connect() as con:
        con.register("empty", schema.empty_table())
        types = con.sql("DESCRIBE SELECT * FROM empty").fetchall()
    columns = ", ".join(f'NULL::{kind} AS "{name}"' for name, kind, *_ in types)
    return f"(SELECT {columns} WHERE false)"


def _runs(data: Path) -> str:
    logs = place.parts(data / storage.RUN_LOG)
    if not logs:
        return _nothing(RUN)
    with duckdb.connect() as con:
        con.register("empty", RUN.empty_table())
        types = con.sql("DESCRIBE SELECT * FROM empty").fetchall()
    columns = ", ".join(f"{quote(name)}: {quote(kind)}" for name, kind, *_ in types)
    return f"read_json([{_listed(logs)}], format = 'newline_delimited', columns = {{{columns}}})"
