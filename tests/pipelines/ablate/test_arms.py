"""Which records an ablation trains on and tests on."""

import logging
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import duckdb
import pytest

from pipelines import catalog
from pipelines.ablate import arms
from pipelines.curate import policy
from pipelines.recipe import Recipe, RecipeError
from tests.pipelines.ablate.conftest import SHARED

Milled = tuple[Recipe, Path, Path]
ALL = {"raw", "curated", "length_matched", "dropped"}  # and nothing that `strict` would keep


@pytest.fixture
def con(milled: Milled) -> Iterator[duckdb.DuckDBPyConnection]:
    with catalog.connect(milled[2]) as opened:
        yield opened


def ids(strata: arms.Strata) -> list[str]:
    return [name for one in strata for name in one]


def test_no_record_of_a_tested_site_is_in_an_arm(con: duckdb.DuckDBPyConnection, milled: Milled) -> None:
    chosen = arms.choose(con, milled[0], milled[2], (), ("kitchen.example",))
    assert chosen.arms.keys() == ALL and chosen.sites == ("kitchen.example",)
    assert chosen.test and all(name.startswith("kitchen:") for name in chosen.test)
    assert not any(name.startswith("kitchen:") for strata in chosen.arms.values() for name in ids(strata))
    assert chosen.kept < set(chosen.test), "what the policy drops there is tested on too"


def test_an_arm_of_nothing_is_told(
    con: duckdb.DuckDBPyConnection, milled: Milled, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, "gristmill"):
        arms.choose(con, milled[0], milled[2], (), ("kitchen.example",))
    assert "ablate: nothing is in strict; there is no such arm" in caplog.messages


def test_what_says_the_same_as_a_tested_record_is_in_no_arm(con: duckdb.DuckDBPyConnection, milled: Milled) -> None:
    raw = ids(arms.choose(con, milled[0], milled[2], (), ("kitchen.example",)).arms["raw"])
    assert SHARED not in raw and "garden:q1#a101" in raw
    assert SHARED in ids(arms.choose(con, milled[0], milled[2], (), ("git.example",)).arms["raw"])


def test_what_may_not_be_copied_is_in_no_arm() -> None:
    licences = {"a": "'CC-BY-4.0'", "b": "''", "c": "NULL", "d": "'CC-BY-ND-4.0'"}
    with duckdb.connect() as opened:
        rows = ", ".join(
            f"('{name}', 'x', 'https://ada:key@one.example/{name}', 's', 'o', {said})"
            for name, said in licences.items()
        )
        opened.execute(
            f"CREATE TABLE candidate AS FROM (VALUES {rows}) AS t(record_id, cluster_id, url, source, output, licence)"
        )
        arms._create_allowed(opened, policy.load("default"))
        assert opened.sql("SELECT record_id, site FROM allowed").fetchall() == [("a", "one.example")]


def test_raw_is_what_is_kept_and_what_is_dropped(con: duckdb.DuckDBPyConnection, milled: Milled) -> None:
    chosen = arms.choose(con, milled[0], milled[2], (), ("kitchen.example",)).arms
    raw, curated, dropped = (set(ids(chosen[arm])) for arm in ("raw", "curated", "dropped"))
    assert raw == curated | dropped and not curated & dropped and dropped
    kept = "SELECT record_id FROM verdicts WHERE kept AND record_id NOT LIKE 'kitchen:%'"
    assert curated == {name for (name,) in con.sql(kept).fetchall()}
    assert set(ids(chosen["length_matched"])) <= raw


def test_without_a_rule_or_a_signal_what_it_alone_dropped_is_there(
    con: duckdb.DuckDBPyConnection, milled: Milled
) -> None:
    asked = ("score_negative", "score")
    chosen = arms.choose(con, milled[0], milled[2], asked, ("kitchen.example",)).arms
    for name in asked:
        more = set(ids(chosen[f"without {name}"])) - set(ids(chosen["curated"]))
        assert more and more <= set(ids(chosen["dropped"]))


def test_sites_are_drawn_where_none_is_named_and_never_all(con: duckdb.DuckDBPyConnection, milled: Milled) -> None:
    first = arms.choose(con, milled[0], milled[2], (), ())
    assert 1 <= len(first.sites) <= 2 and first == arms.choose(con, milled[0], milled[2], (), ())


@pytest.mark.parametrize(
    ("without", "sites", "says"),
    [
        (("score_negativ",), (), "--without score_negativ: .*did you mean 'score_negative'"),
        ((), ("kitchen.exampel",), "--test kitchen.exampel: .*did you mean 'kitchen.example'"),
        ((), ("kitchen.example", "git.example", "garden.example"), "nothing is left for raw"),
    ],
)
def test_what_cannot_be_done_is_told(
    con: duckdb.DuckDBPyConnection, milled: Milled, without: tuple[str, ...], sites: tuple[str, ...], says: str
) -> None:
    with pytest.raises(RecipeError, match=says):
        arms.choose(con, milled[0], milled[2], without, sites)


def test_one_site_is_too_few(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("CREATE TEMP TABLE allowed AS SELECT 'a' AS record_id, 'one' AS site")
    with pytest.raises(RecipeError, match="of one site"):
        arms._sites(con, {"a"})


def test_each_stratum_comes_in_turn_and_all_begins_again() -> None:
    drawn = list(islice(arms.draw([["a1", "a2", "a3"], ["b1", "b2"]], 1), 8))
    assert [name[0] for name in drawn] == list("abababab") and drawn[:4] == drawn[4:]
    one = list(islice(arms.draw([["a1", "a2", "a3"]], 1), 6))
    assert sorted(one[:3]) == ["a1", "a2", "a3"] and one[:3] == one[3:]
    orders = {tuple(islice(arms.draw([[f"{n}" for n in range(9)]], seed), 9)) for seed in range(4)}
    assert len(orders) == 4


def test_records_come_in_the_order_that_is_asked_for(con: duckdb.DuckDBPyConnection, milled: Milled) -> None:
    chosen = arms.choose(con, milled[0], milled[2], (), ("kitchen.example",))
    wanted = ids(chosen.arms["raw"])[::-1][:3]
    assert [row["record_id"] for row in arms.rows(con, wanted)] == wanted
