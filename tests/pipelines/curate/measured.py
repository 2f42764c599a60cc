"""A few records with signals, clusters, decisions and verdicts as the users' views have them, drawn at random."""

import random
from typing import Any

import duckdb
import pyarrow as pa

from pipelines.annotate import schema_of
from pipelines.signals import SIGNALS
from schemas.cluster import CLUSTER
from schemas.record import RECORD
from schemas.verdict import CONTAMINATED, VERDICT

OF_RECIPE = [("recipe", pa.string())]
SCHEMAS = {
    "records": RECORD,
    "signals": schema_of(SIGNALS),
    "clusters": pa.schema([*OF_RECIPE, *CLUSTER]),
    "contaminated": pa.schema([*OF_RECIPE, *CONTAMINATED]),
    "verdicts": pa.schema([*OF_RECIPE, *VERDICT]),
}
Row = dict[str, Any]


def connect(**rows: list[Row]) -> duckdb.DuckDBPyConnection:
    """A connection with these rows in the tables of SCHEMAS; what a row leaves out is null."""
    con = duckdb.connect(config={"threads": 1})
    for name, schema in SCHEMAS.items():
        given = [{column: row.get(column) for column in schema.names} for row in rows.get(name, [])]
        con.register("given", pa.Table.from_pylist(given, schema=schema))
        con.execute(f"CREATE TABLE {name} AS SELECT * FROM given")
        con.unregister("given")
    return con


def drawn(seed: int, count: int = 60) -> duckdb.DuckDBPyConnection:
    """Records of the recipe `mill`: a third in clusters, a fifth decided, some measures null."""
    pick = random.Random(seed)
    names = [f"forum:{number}#a1" for number in range(count)]
    lead = [names[max(0, at - pick.randrange(3))] if at % 3 == 0 else name for at, name in enumerate(names)]
    records = [_record(pick, name) for name in names]
    signals = [
        {
            "record_id": name,
            "output_words": pick.choice([None, *range(0, 40, 4)]),
            "output_link_share": pick.choice([None, 0.1, 0.5, 0.8, 0.9]),
            "output_language": pick.choice(["en", "zh"]),
            "instruction_words": 3,
            "input_words": 0,
            "task": "dialogue",
        }
        for name in names
    ]
    clusters = [
        {"recipe": "mill", "record_id": name, "cluster_id": one, "group_id": one, "cluster_size": 1}
        for name, one in zip(names, lead, strict=True)
    ]
    kinds = ["", "", "", "", "", "", "", "accept", "edit", "reject"]
    verdicts = [{"recipe": "mill", "record_id": name, "decision": pick.choice(kinds), "reasons": []} for name in names]
    return connect(records=records, signals=signals, clusters=clusters, verdicts=verdicts)


def _record(pick: random.Random, name: str) -> Row:
    return {
        "record_id": name,
        "page_id": name,
        "source": pick.choice(["forum", "wiki"]),
        "source_kind": "forum",
        "url": f"https://s{pick.randrange(3)}.example/{name}",
        "licence": pick.choice(["MIT", "MIT", "MIT", ""]),
        "author": pick.choice(["Ada", "Kim", ""]),
        "score": pick.choice([None, -1, 0, 3, 9]),
        "instruction": "How do I take the lid off?",
        "input": "",
        "output": pick.choice(["Turn it to the left.", "Yes.", "See the manual."]),
    }
