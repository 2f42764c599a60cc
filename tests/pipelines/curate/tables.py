"""Small tables in DuckDB for the queries of curation, with only the columns that a test is about."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import duckdb
import pyarrow as pa

from pipelines.curate import external
from schemas.record import PAIR, RECORD
from schemas.verdict import CONTAMINATED, REASONS

Row = dict[str, Any]
JUDGED = pa.schema(
    [
        *((name, pa.string()) for name in ("record_id", "group_id", "duplicate_of", "decision")),
        ("overruled", REASONS),
        ("reasons", REASONS),
    ]
)
GROUP = pa.schema([("group_id", pa.string()), ("kept", pa.int64()), ("position", pa.float64()), ("split", pa.string())])
SCHEMAS = {
    "record": RECORD,
    "pair": PAIR,
    "judged": JUDGED,
    "split_group": GROUP,
    "decision": external._DECISION,
    "vote": PAIR,
    "contaminated": CONTAMINATED,
}


@contextmanager
def tables(**rows: list[Row]) -> Iterator[duckdb.DuckDBPyConnection]:
    """The named tables in their schemas; what a row leaves out is null, or no reason at all."""
    with duckdb.connect(config={"threads": 1}) as con:
        for name, given in rows.items():
            schema, blank = SCHEMAS[name], {"reasons": [], "overruled": [], "duplicate_of": "", "decision": ""}
            filled = [{column: row.get(column, blank.get(column)) for column in schema.names} for row in given]
            con.register("given", pa.Table.from_pylist(filled, schema=schema))
            con.execute(f"CREATE TEMP TABLE {name} AS SELECT * FROM given")
            con.unregister("given")
        yield con


def broken(*rules: str) -> list[dict[str, str]]:
    return [{"rule": rule, "value": "{}"} for rule in rules]
