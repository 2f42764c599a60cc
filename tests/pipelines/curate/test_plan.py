"""How DuckDB goes about curation: ten million texts fit no memory, so no join may keep them."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pipelines import curate, dedupe
from pipelines.curate import external, policy, sql
from pipelines.storage import duck, inputs
from tests.pipelines import corpus


def read_by(plan: dict[str, Any]) -> Iterator[str]:
    """The columns that are read from files in this plan."""
    columns = plan["extra_info"].get("Projections", []) if plan["name"].strip() == "READ_PARQUET" else []
    yield from [columns] if isinstance(columns, str) else columns
    for child in plan["children"]:
        yield from read_by(child)


def kept_by_joins(plan: dict[str, Any]) -> Iterator[str]:
    """The columns on the side of each join that is kept."""
    if plan["name"].strip() == "HASH_JOIN":
        yield from read_by(plan["children"][1])
    for child in plan["children"]:
        yield from kept_by_joins(child)


def test_no_join_keeps_texts(tmp_path: Path) -> None:
    mill, rules = corpus.recipe(), policy.load("default")
    corpus.write(tmp_path, mill, [corpus.record(f"forum:{n}#a1", f"How is {n}?", f"It is {n}.") for n in range(40)])
    dedupe.run(mill, tmp_path)
    with duck.spilling_duckdb(tmp_path / "5_curated" / "mill", 1) as (con, _):
        con.execute(sql.FIXED_JOIN_ORDER)
        external.create_tables(con, inputs.load_inputs(mill, tmp_path, clusters=True), external.load(mill, tmp_path))
        curate._judge(con, rules, tmp_path)
        for query in (policy.verdict_sql(rules), sql.SPLIT.format(split="train"), sql.DROPPED):
            (plan,) = json.loads(con.execute(f"EXPLAIN (FORMAT JSON) {query}").fetchall()[0][1])
            assert "record_id" in set(read_by(plan))
            assert not {"instruction", "input", "output", "history"} & set(kept_by_joins(plan))
