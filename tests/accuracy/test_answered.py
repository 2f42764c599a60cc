"""`pair_unanswered` on exchanges that were read: what it takes of those that the other rules keep, by part.

Floors are of the part `report`, which the weights have not seen; the bound of `default` was lowered after its first
count.
"""

from collections import Counter
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from pipelines.curate import policy
from tests.accuracy.exchanges import READ, measured

VOTED = ("quantum:", "coffee:")


@pytest.fixture(scope="module")
def table(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> pa.Table:
    return measured(shared_data, tmp_path_factory.mktemp("boards"))


def taken(table: pa.Table, name: str) -> list[bool]:
    rule = next(rule for rule in policy.load(name).rules if rule.name == "pair_unanswered")
    with duckdb.connect(config={"threads": 1}) as con:
        con.register("candidate", table.append_column("row", pa.array(range(table.num_rows))))
        told = con.sql(f"SELECT {policy.breaks_sql(rule)} FROM candidate ORDER BY row").fetchall()
    return [breaks for (breaks,) in told]


def counts(table: pa.Table, name: str, part: str, voted: bool) -> tuple[Counter[str], Counter[str]]:
    """The labels of what the rule takes and of what it leaves, of what the other rules keep."""
    gone, left = Counter[str](), Counter[str]()
    for one, breaks in zip(READ, taken(table, name), strict=True):
        if (one.part, one.kept, one.record_id.startswith(VOTED)) == (part, "yes", voted):
            (gone if breaks else left)[one.label] += 1
    print(f"{name}, {part}, {'votes' if voted else 'boards'}: takes {dict(gone)}, leaves {dict(left)}")
    return gone, left


@pytest.mark.parametrize(("name", "most_bad"), [("default", 0.15), ("strict", 0.12)])
def test_what_is_left_of_boards_is_better(table: pa.Table, name: str, most_bad: float) -> None:
    for part in ("learn", "choose"):
        counts(table, name, part, voted=False)
    gone, left = counts(table, name, "report", voted=False)
    before = (gone + left)["good"] / (gone + left).total()
    assert left["bad"] <= most_bad * left.total()
    assert left["good"] >= 1.3 * before * left.total()
    assert gone["good"] <= 0.32 * gone.total()


def test_a_site_with_votes_loses_little(table: pa.Table) -> None:
    gone, left = counts(table, "default", "report", voted=True)
    assert gone["good"] <= 0.08 * (gone + left)["good"]
    assert left["good"] >= 0.88 * left.total()
