"""Numbers in the branches of a CASE, and several numbers of a rule moved at once."""

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.curate import bounds, policy
from pipelines.curate.policy import Policy, PolicyError, Rule
from pipelines.storage import user_sql

ZH = "(output_language = 'zh')"
CASE = "output_words < CASE WHEN output_language = 'zh' THEN 12 WHEN kind = 'faq' THEN score ELSE 8 END"


def test_each_branch_has_its_number_and_the_records_that_it_is_for() -> None:
    found = bounds.find(CASE)
    assert [(one.measure, one.operator, one.number, one.when) for one in found] == [
        ("output_words", "<", 12, ZH),
        ("output_words", "<", 8, f"{ZH} IS NOT TRUE AND (kind = 'faq') IS NOT TRUE"),
    ]
    one = Policy(rules=(Rule(name="one", drop_if=CASE, why="-"),))
    with pytest.raises(PolicyError, match='add --signal with one of "output_words < 12", "output_words < 8"'):
        bounds.choose(one, "one", "output_words")
    assert [bounds.choose(one, "one", f"output_words < {number}")[1] for number in (12, 8)] == list(found)
    assert bounds.choose(one, "one", str(found[1]))[1] == found[1]


def test_nothing_but_the_numbers_changes() -> None:
    rule = "title = '标题' AND score<3 -- three\\n AND output_repetition > 0.40".replace("\\n", "\n")
    after = bounds.move(rule, {1: 0.55, 0: -1})
    assert after == rule.replace("score<3", "score<-1").replace("0.40", "0.55")
    assert bounds.move(rule, {}) == rule
    with pytest.raises(KeyError):
        bounds.move(rule, {2: 1})


NAMED = {f"{name} {rule.name}": rule.drop_if for name in ("default", "strict") for rule in policy.load(name).rules}
MOVABLE = sorted(name for name, drop_if in NAMED.items() if bounds.find(drop_if))


@given(st.sampled_from(MOVABLE), st.data())
def test_what_is_written_is_found_again(name: str, data: st.DataObject) -> None:
    before = bounds.find(NAMED[name])
    place = data.draw(st.integers(0, len(before) - 1))
    number = data.draw(st.integers(-99, 99_999) | st.floats(0, 1).map(lambda part: round(part, 6)))
    moved = bounds.move(NAMED[name], {place: number})
    user_sql.check_expression(moved)
    after = bounds.find(moved)
    assert [(one.measure, one.operator, one.when) for one in after] == [
        (one.measure, one.operator, one.when) for one in before
    ]
    wanted = [number if at == place else one.number for at, one in enumerate(before)]
    assert [one.number for one in after] == pytest.approx(wanted)


def test_what_a_bound_says_is_sql() -> None:
    typed = ", ".join(f'"{name}" {kind}' for name, kind in policy.columns().items())
    with duckdb.connect() as con:
        con.execute(f"CREATE TABLE candidate ({typed})")
        for name in MOVABLE:
            for bound in bounds.find(NAMED[name]):
                con.sql(f"SELECT {bound.measure} FROM candidate WHERE {bound.when or 'true'}")
