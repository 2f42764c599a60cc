"""Rules whose patterns are asked last mean what they meant."""

from itertools import product

import duckdb
import pytest

from pipelines.curate.cheap_first import cheap_first

MATCH = "regexp_matches(text, 'a')"
EXPRESSIONS = (
    f"x AND {MATCH}",
    f"{MATCH} AND NOT x AND y",
    f"(x OR {MATCH}) AND y",
    f"x OR (y AND {MATCH})",
    f"NOT (x AND NOT {MATCH} AND (y OR {MATCH}))",
    f"CASE WHEN x AND {MATCH} THEN y ELSE {MATCH} AND y END",
    f"x AND {MATCH} -- and nothing else",
    "x AND y",
    MATCH,
)
TRUTHS = (True, False, None)


@pytest.mark.parametrize("sql", EXPRESSIONS)
def test_the_same_is_true_false_and_unknown(sql: str) -> None:
    with duckdb.connect() as con:
        con.execute("CREATE TABLE row (x BOOLEAN, y BOOLEAN, text VARCHAR)")
        con.executemany("INSERT INTO row VALUES (?, ?, ?)", [*product(TRUTHS, TRUTHS, ("a", "b", None))])
        both = con.sql(f"SELECT ({sql}\n), ({cheap_first(sql)}) FROM row").fetchall()
    assert len({one for one, _ in both}) > 1
    assert [one for one, _ in both] == [other for _, other in both]


def test_patterns_are_asked_only_of_what_is_left_open() -> None:
    fails = "x AND regexp_matches(error(text), 'a')"
    with duckdb.connect() as con:
        asked = f"SELECT ({cheap_first(fails)}) FROM (VALUES (false, 'a'), (false, 'b')) AS row(x, text)"
        assert con.sql(asked).fetchall() == [(False,), (False,)]
