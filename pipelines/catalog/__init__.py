"""DuckDB over data/, through schemas/views.sql. Reads only what a manifest lists."""

import json
from collections.abc import Mapping, Sequence
from hashlib import sha256
from importlib.resources import files
from pathlib import Path

import duckdb
import pyarrow as pa

from pipelines import storage
from pipelines.catalog import status
from pipelines.storage import duck, filesystem, logs
from schemas.cluster import CLUSTER, EDGE
from schemas.evaluation import EVALUATION
from schemas.page import PAGE
from schemas.record import PAIR, RECORD, REJECT
from schemas.verdict import CONTAMINATED, PUBLISHED, PUBLISHED_PAIR, REASONS, VERDICT

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
        ("workers", pa.int64()),
        ("failed", pa.string()),
    ]
)
COUNT = pa.schema(
    [
        ("stage", pa.string()),
        ("name", pa.string()),
        ("counter", pa.string()),
        ("reason", pa.string()),
        ("count", pa.int64()),
    ]
)
DROPPED = RECORD.append(pa.field("reasons", REASONS)).append(pa.field("duplicate_of", pa.string()))

# name in views.sql: (stage, prefixes of its shards, columns where there is no shard yet)
KINDS: dict[str, tuple[str, tuple[str, ...], pa.Schema]] = {
    "pages": ("collect", ("pages",), PAGE),
    "page_rejects": ("collect", ("rejects",), REJECT),
    "records": ("normalise", ("records",), RECORD),
    "pairs": ("normalise", ("pairs",), PAIR),
    "rejects": ("normalise", ("rejects",), REJECT),
    "signals": ("annotate", ("signals",), duck.SIGNAL_KEYS),
    "clusters": ("dedupe", ("clusters",), CLUSTER),
    "edges": ("dedupe", ("edges",), EDGE),
    "verdicts": ("curate", ("verdicts",), VERDICT),
    "curated": ("curate", ("train", "validation", "test"), PUBLISHED),
    "curated_pairs": ("curate", ("pairs",), PUBLISHED_PAIR),
    "dropped": ("curate", ("dropped",), DROPPED),
    "contaminated": ("curate", ("contaminated",), CONTAMINATED),
    "evaluations": ("evaluate", ("evaluations",), EVALUATION),
}
# the files that say what the views show: on a store the run log is a folder
STATES = (f"[1-7]_*/**/{storage.MANIFEST}", "[56]_*/*/latest", logs.RUNS, "runs/*.jsonl")


def connect(data: Path | str) -> duckdb.DuckDBPyConnection:
    """An in-memory connection with the users' views over `data`, which reads nothing else and sets nothing."""
    data = filesystem.resolve(data)
    shards = _shards(data)
    con = duck.open_duckdb(data, shards=_flat(shards))
    con.execute("SET TimeZone = 'UTC'")
    con.execute("CREATE MACRO folder(file, depth) AS split_part(file, '/', -depth)")
    _create_run_log(con, data)
    con.execute(_views(data, shards))
    duck.lock(con, data)
    return con


def folder_at(address: str) -> Path:
    """The data folder at a path or an address. Raises AddressError where it cannot be reached."""
    return filesystem.resolve(address)


def all_shards(data: Path) -> list[duck.ShardLocation]:
    """The files that the views read."""
    return _flat(_shards(data))


def _flat(shards: Mapping[str, Sequence[duck.ShardLocation]]) -> list[duck.ShardLocation]:
    return [shard for listed in shards.values() for shard in listed]


def state(data: str) -> str:
    """A hash that is another one when the views of `data` would give another answer, and the same until then.

    It covers every manifest (a folder published or taken away), the links to the latest versions, and the run log.
    """
    found = filesystem.states(filesystem.resolve(data), STATES)
    return sha256(repr(sorted(found)).encode()).hexdigest()


def _shards(data: Path) -> dict[str, list[duck.ShardLocation]]:
    """The finished shards of `data`, by kind."""
    shards: dict[str, list[duck.ShardLocation]] = {kind: [] for kind in KINDS}
    for folder, manifest in storage.manifests(data):
        if manifest.stage == "curate" and folder != storage.latest(folder.parent):
            continue
        for kind, (stage, prefixes, _) in KINDS.items():
            for prefix in prefixes if stage == manifest.stage else ():
                shards[kind] += storage.tables(folder, manifest, prefix)
    return shards


def _views(data: Path, shards: Mapping[str, Sequence[duck.ShardLocation]]) -> str:
    """`schemas/views.sql` with the shards in place of the names."""
    paths = {kind: [path for path, _ in listed] for kind, listed in shards.items()}
    sources = {kind: duck.parquet(paths[kind], KINDS[kind][2]) for kind in KINDS}
    sources["signals"] = duck.signals(paths["signals"])
    sources["records"] = duck.with_all_columns(sources["records"], RECORD)
    return files("schemas").joinpath("views.sql").read_text().format(**sources, counts=_counts(data))


def _counts(data: Path) -> str:
    """The counts of the manifests as rows: `rejected:too_short` is the counter `rejected` with the reason `too_short`.

    A counter without a reason has "".
    """
    rows = [
        f"({', '.join(map(duck.sql_string, (stage, name, *counter.partition(':')[::2])))}, {count})"
        for (stage, name), made in status.by_stage_and_name(data).items()
        for counter, count in sorted(status.sum_counts(made).items())
    ]
    return f"(VALUES {', '.join(rows)}) AS counts({', '.join(COUNT.names)})" if rows else duck.no_rows(COUNT)


def _create_run_log(con: duckdb.DuckDBPyConnection, data: Path) -> None:
    """The table `run_log` behind the view `runs`: the lines that are not damaged. What a line does not say is null."""
    con.register("run", RUN.empty_table())
    types = con.sql("DESCRIBE SELECT * FROM run").fetchall()
    columns = ", ".join(f"TRY_CAST(line ->> '$.{name}' AS {kind}) AS {name}" for name, kind, *_ in types)
    lines = [json.dumps(entry) for entry in logs.read(data / logs.RUNS)]
    con.execute(
        f"CREATE TABLE run_log AS SELECT {columns} FROM (SELECT unnest($lines::JSON[]) AS line)", {"lines": lines}
    )
    con.unregister("run")
