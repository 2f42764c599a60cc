"""Inputs of curation that no stage makes: the suppression list, decisions and votes of people, and benchmark files.

They become the tables `suppressed`, `decision`, `vote`, `benchmark` and `contaminated` in DuckDB.
"""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa

from pipelines import suppression
from pipelines.curate import benchmarks, decisions, decontaminate, sql, votes
from pipelines.curate.decisions import Decision
from pipelines.curate.votes import Vote
from pipelines.recipe import Recipe
from pipelines.storage import inputs
from pipelines.suppression import Tombstones
from schemas.record import PAIR
from schemas.verdict import CONTAMINATED

BATCH = 4_096
_DECISION = pa.schema(
    [(n, pa.string()) for n in ("record_id", "decision", "instruction", "input", "output", "decided")]
)


@dataclass(frozen=True)
class ExternalInputs:
    """The suppression list, decisions in order of record_id, votes in order of pair_id, paths of benchmark files."""

    tombstones: Tombstones
    decisions: tuple[Decision, ...]
    votes: tuple[Vote, ...]
    benchmarks: tuple[Path, ...]

    @property
    def fingerprints(self) -> dict[str, str]:
        """Fingerprints for the snapshot's key. An empty input adds none, and so leaves the key as it is.

        Raises: RecipeError where a benchmark file cannot be read.
        """
        by_name = {f"benchmarks/{benchmarks.name_of(file)}": benchmarks.fingerprint(file) for file in self.benchmarks}
        by_name |= {"decisions": decisions.fingerprint(self.decisions)} if self.decisions else {}
        by_name |= {"votes": votes.fingerprint(self.votes)} if self.votes else {}
        return by_name | ({"forgotten": self.tombstones.fingerprint} if self.tombstones else {})


def load(recipe: Recipe, data: Path) -> ExternalInputs:
    """The external inputs of a recipe.

    Raises: RecipeError where a decisions file cannot be read, WrongInput where a file of votes cannot.
    """
    return ExternalInputs(
        suppression.load(data),
        tuple(decisions.load_decisions(recipe, data)),
        tuple(votes.load(recipe, data)),
        recipe.decontaminate.benchmarks,
    )


def create_tables(con: duckdb.DuckDBPyConnection, read: inputs.Inputs, external_inputs: ExternalInputs) -> None:
    """Create the tables of the external inputs, and the views over them and `read`."""
    _create_table(
        con,
        "suppressed",
        pa.table({"id": pa.array(_suppressed_ids(con, read, external_inputs.tombstones), pa.string())}),
    )
    rows = [_decision_row(decision) for decision in external_inputs.decisions]
    _create_table(con, "decision", pa.Table.from_pylist(rows, schema=_DECISION))
    voted = votes.pairs(external_inputs.votes, external_inputs.tombstones)
    _create_table(con, "vote", pa.Table.from_pylist(voted, schema=PAIR))
    _create_table(con, "contaminated", CONTAMINATED.empty_table())
    _create_table(con, "benchmark", pa.table({"benchmark": pa.array([], pa.string()), "items": [], "sought": []}))
    con.execute(sql.contamination())
    con.execute(sql.views(read.paths))
    if external_inputs.benchmarks:
        _create_table(con, "contaminated", _find_contamination(con, external_inputs.benchmarks))
        con.execute(sql.contamination())


def _suppressed_ids(con: duckdb.DuckDBPyConnection, read: inputs.Inputs, tombstones: Tombstones) -> list[str]:
    """Ids of the records and pairs that the suppression list covers."""
    if not tombstones:
        return []
    suppressed = []
    for batch in con.sql(sql.suppression_keys(read.paths)).to_arrow_reader(BATCH):
        for row in batch.to_pylist():
            by_origin = tombstones.has_author(row["source"], row["author"]) or tombstones.has_url(row["url"])
            if by_origin or tombstones.has_record(row["id"]) or tombstones.has_text(row["pair_hash"] or ""):
                suppressed.append(row["id"])
    return suppressed


def _decision_row(decision: Decision) -> dict[str, str | None]:
    decided = decision.model_dump_json(include={"who", "when", "note"}, exclude_defaults=True)
    return decision.model_dump(include=set(_DECISION.names)) | {"decided": decided}


def _find_contamination(con: duckdb.DuckDBPyConnection, files: tuple[Path, ...]) -> pa.Table:
    """Rows of CONTAMINATED for all records. Creates the table `benchmark` with the number of items in each file."""
    items = [item for file in files for item in benchmarks.items(file)]
    index = decontaminate.build_index(items)
    counts, sought = Counter(i.benchmark for i in items), Counter(i.item.benchmark for i in index.items)
    rows = [{"benchmark": name, "items": count, "sought": sought[name]} for name, count in sorted(counts.items())]
    _create_table(con, "benchmark", pa.Table.from_pylist(rows))
    evidence = (decontaminate.find_evidence(batch, index) for batch in con.sql(sql.RECORD_TEXTS).to_arrow_reader(BATCH))
    return pa.concat_tables([CONTAMINATED.empty_table(), *evidence])


def _create_table(con: duckdb.DuckDBPyConnection, name: str, table: pa.Table) -> None:
    con.register("arrow_table", table)
    con.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS SELECT * FROM arrow_table")
    con.unregister("arrow_table")
