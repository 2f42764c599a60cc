"""The numbers of a rule: where they stand, what they are compared with, and the text with another in their place."""

import math

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.curate import bounds, policy
from pipelines.storage import user_sql

ZH = "output_language = 'zh'"
FOUND = {
    "score < 0": [("score", "<", 0, "")],
    "NOT coalesce(accepted, false) AND score < - 2": [("score", "<", -2, "")],
    "0.4 <= output_repetition": [("output_repetition", ">=", 0.4, "")],
    "output_chars > 40_000 -- Dolma's\n": [("output_chars", ">", 40_000, "")],
    "title = '标题 🌱' AND score < 1e-3": [("score", "<", 0.001, "")],
    "output_missing_steps BETWEEN 1 AND 9": [
        ("output_missing_steps", ">=", 1, ""),
        ("output_missing_steps", "<=", 9, ""),
    ],
    "output_emails + output_phones > 5": [("output_emails + output_phones", ">", 5, "")],
    f"output_words < CASE WHEN {ZH} THEN 12 WHEN kind = 'faq' THEN score ELSE 8 END": [
        ("output_words", "<", 12, ZH),
        ("output_words", "<", 8, f"({ZH}) IS NOT TRUE AND ((kind = 'faq') IS NOT TRUE)"),
    ],
    "licence = ''": [],
    "100 * output_boilerplate > output_words": [],
    "output_truncated OR 1 < 2": [],
    "score = 3 OR score <> 4": [],
    "len(list_filter(tags, lambda tag: len(tag) > 3)) > 2": [
        ("len(list_filter(tags, lambda tag: len(tag) > 3))", ">", 2, "")
    ],
}


@pytest.mark.parametrize("drop_if", FOUND)
def test_each_number_is_found_with_what_it_bounds(drop_if: str) -> None:
    found = bounds.find(drop_if)
    assert [(one.measure, one.operator, one.value, one.when) for one in found] == FOUND[drop_if]
    for one in found:
        assert float(drop_if[one.start : one.end].replace("_", "").replace(" ", "")) == one.value


def test_nothing_but_the_number_changes() -> None:
    rule = "title = '标题' AND score<3 -- three\n AND output_repetition > 0.40"
    assert bounds.move(rule, {1: 0.55, 0: -1}) == "title = '标题' AND score<-1 -- three\n AND output_repetition > 0.55"
    assert bounds.move(rule, {}) == rule
    with pytest.raises(KeyError):
        bounds.move(rule, {2: 1})


@pytest.mark.parametrize(
    ("value", "sql"), [(8, "8"), (8.0, "8"), (-0.5, "-0.5"), (1e-7, "0.0000001"), (1e21, "1" + 21 * "0")]
)
def test_a_number_is_written_as_people_write_it(value: float, sql: str) -> None:
    assert bounds.written(value) == sql


NAMED = {f"{name} {rule.name}": rule.drop_if for name in ("default", "strict") for rule in policy.load(name).rules}
MOVABLE = sorted(name for name, drop_if in NAMED.items() if bounds.find(drop_if))


@given(st.sampled_from(MOVABLE), st.data())
def test_what_is_written_is_found_again(name: str, data: st.DataObject) -> None:
    drop_if = NAMED[name]
    before = bounds.find(drop_if)
    number = data.draw(st.integers(0, len(before) - 1))
    value = data.draw(st.integers(-99, 99_999) | st.floats(0, 1).map(lambda part: round(part, 6)))
    moved = bounds.move(drop_if, {number: value})
    user_sql.check_expression(moved)
    after = bounds.find(moved)
    assert math.isclose(after[number].value, value)
    same = [(one.measure, one.operator, one.when) for one in before]
    assert [(one.measure, one.operator, one.when) for one in after] == same
    assert [one.value for at, one in enumerate(after) if at != number] == [
        one.value for at, one in enumerate(before) if at != number
    ]


def test_what_a_bound_says_is_sql() -> None:
    typed = ", ".join(f'"{name}" {kind}' for name, kind in policy.columns().items())
    with duckdb.connect() as con:
        con.execute(f"CREATE TABLE candidate ({typed})")
        for name in MOVABLE:
            for bound in bounds.find(NAMED[name]):
                con.sql(f"SELECT {bound.measure} FROM candidate WHERE {bound.when or 'true'}")
