"""What people and benchmarks bring to curation, as tables in DuckDB: `gone`, `decision`, `contaminated`."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa

from pipelines import suppression
from pipelines.curate import benchmarks, decisions, decontaminate, sql
from pipelines.curate.decisions import Decision
from pipelines.recipe import Recipe
from pipelines.storage import inputs
from pipelines.suppression import Tombstones
from schemas.verdict import CONTAMINATED

BATCH = 4_096
_DECISION = pa.schema(
    [(n, pa.string()) for n in ("record_id", "decision", "instruction", "input", "output", "decided")]
)


@dataclass(frozen=True)
class Given:
    """Their fingerprints are part of the snapshot's key; what is not given leaves the key as it is."""

    tombstones: Tombstones
    decisions: tuple[Decision, ...]
    benchmarks: tuple[Path, ...]

    @property
    def fingerprints(self) -> dict[str, str]:
        found = {f"benchmarks/{benchmarks.name_of(file)}": benchmarks.fingerprint(file) for file in self.benchmarks}
        found |= {"decisions": decisions.fingerprint(self.decisions)} if self.decisions else {}
        return found | ({"forgotten": self.tombstones.fingerprint} if self.tombstones else {})


def of(recipe: Recipe, data: Path) -> Given:
    """Raises RecipeError where a file cannot be read."""
    return Given(suppression.load(data), tuple(decisions.load_decisions(recipe, data)), recipe.decontaminate.benchmarks)


def enter(con: duckdb.DuckDBPyConnection, read: inputs.Inputs, given: Given) -> None:
    """Leave the three tables and the views over them in DuckDB."""
    _keep(con, "gone", pa.table({"id": pa.array(_gone(con, read, given.tombstones), pa.string())}))
    rows = [_row(decision) for decision in given.decisions]
    _keep(con, "decision", pa.Table.from_pylist(rows, schema=_DECISION))
    _keep(con, "contaminated", CONTAMINATED.empty_table())
    _keep(con, "benchmark", pa.table({"benchmark": pa.array([], pa.string()), "items": [], "sought": []}))
    con.execute(sql.contamination())
    con.execute(sql.views(read.paths))
    if given.benchmarks:
        _keep(con, "contaminated", _contaminated(con, given.benchmarks))
        con.execute(sql.contamination())


def _gone(con: duckdb.DuckDBPyConnection, read: inputs.Inputs, tombstones: Tombstones) -> list[str]:
    if not tombstones:
        return []
    gone = []
    for batch in con.sql(sql.known_by(read.paths)).to_arrow_reader(BATCH):
        for row in batch.to_pylist():
            by = tombstones.author(row["source"], row["author"]) or tombstones.url(row["url"])
            if by or tombstones.record(row["id"]) or tombstones.text(row["pair_hash"] or ""):
                gone.append(row["id"])
    return gone


def _row(decision: Decision) -> dict[str, str | None]:
    told = decision.model_dump_json(include={"who", "when", "note"}, exclude_defaults=True)
    return decision.model_dump(include=set(_DECISION.names)) | {"decided": told}


def _contaminated(con: duckdb.DuckDBPyConnection, files: tuple[Path, ...]) -> pa.Table:
    items = [item for file in files for item in benchmarks.items(file)]
    known = decontaminate.index(items)
    there, sought = Counter(i.benchmark for i in items), Counter(w.item.benchmark for w in known.wanted)
    rows = [{"benchmark": name, "items": count, "sought": sought[name]} for name, count in sorted(there.items())]
    _keep(con, "benchmark", pa.Table.from_pylist(rows))
    found = (decontaminate.evidence(batch, known) for batch in con.sql(sql.SAID).to_arrow_reader(BATCH))
    return pa.concat_tables([CONTAMINATED.empty_table(), *found])


def _keep(con: duckdb.DuckDBPyConnection, name: str, table: pa.Table) -> None:
    con.register("given", table)
    con.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS SELECT * FROM given")
    con.unregister("given")
