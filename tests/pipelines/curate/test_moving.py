"""Lines moved and rules switched give, at once, exactly what `gristmill try` gives for the same policy in a file.

A line that is looked at shows those whom it decides about.
"""

import json
from functools import cache
from pathlib import Path

import duckdb
import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from pipelines import catalog
from pipelines.curate import bounds, lines, moving, policy
from pipelines.curate.edits import Edits, edited
from pipelines.curate.policy import Mixture, Policy, PolicyError, Rule
from pipelines.curate.tune import wilson
from pipelines.curate.what_if import try_policy
from pipelines.recipe import load
from tests.pipelines.milling import go, recipe_file

SAMPLE = Path(__file__).resolve().parents[3] / "data" / "samples" / "forum"
DEFAULT = policy.load("default")
QUOTAS = Mixture(per_author=6, max_records=30, source={"one": 0.4}, language={"zh": 5})
GUARDED = Rule(
    name="guarded", drop_if="CASE WHEN output_lines > 1 THEN ln(output_lines - 1) > 2.5 ELSE false END", why="-"
)
NULLS = Rule(name="nulls", drop_if="NOT (score > 3 AND input <> '') AND score BETWEEN -1 AND 2", why="-", if_null=True)
POLICIES = {
    "default": DEFAULT,
    "strict": policy.load("strict"),
    "quotas": DEFAULT.model_copy(update={"mixture": QUOTAS}),
    "odd": Policy(rules=(*DEFAULT.rules, GUARDED, NULLS), prefer="output_chars, created_at DESC -- shorter"),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample forum, twice, so that each record has a duplicate; people have decided about some of both."""
    folder = tmp_path_factory.mktemp("moving")
    recipe = load(recipe_file(folder, one=SAMPLE, two=SAMPLE))
    go(recipe, folder / "data", ["collect", "normalise", "annotate", "dedupe"])
    with catalog.connect(folder / "data") as con:
        names = [name for (name,) in con.sql("SELECT record_id FROM records ORDER BY sha256(record_id)").fetchall()]
    decided = {name: ("accept", "reject")[at % 2] for at, name in enumerate(names[:16])}
    lines = [json.dumps({"record_id": name, "decision": what, "who": "Ada"}) for name, what in decided.items()]
    (folder / "data" / "decisions.jsonl").write_text("\n".join(lines))
    go(recipe, folder / "data", ["curate"])
    return folder / "data"


@cache
def prepared(name: str, data: Path) -> moving.Prepared:
    return moving.prepare(POLICIES[name], catalog.connect(data), data)


@st.composite
def edits(draw: st.DrawFn, rules: tuple[Rule, ...]) -> Edits:
    """A few lines moved anywhere, a few rules off."""
    movable = [rule for rule in rules if bounds.find(rule.drop_if)]
    moved = draw(st.lists(st.sampled_from(movable), max_size=4, unique_by=lambda rule: rule.name))
    number = st.integers(-3, 200) | st.floats(0, 1).map(lambda part: round(part, 3))
    values = {
        rule.name: draw(st.dictionaries(st.integers(0, len(bounds.find(rule.drop_if)) - 1), number)) for rule in moved
    }
    off = draw(st.frozensets(st.sampled_from([rule.name for rule in rules]), max_size=4))
    return Edits(values, off, draw(st.sampled_from([None, (), ("two",), ("two", "one"), ("one", "it's")])))


@settings(max_examples=12)
@given(name=st.sampled_from(sorted(POLICIES)), data=st.data())
def test_any_edit_gives_what_try_gives(folder: Path, name: str, data: st.DataObject) -> None:
    chosen = data.draw(edits(POLICIES[name].rules))
    moved = moving.effect(moving.judge(prepared(name, folder), chosen))
    with catalog.connect(folder) as con:
        try:
            told = try_policy(edited(POLICIES[name], chosen), con, folder)
        except duckdb.OutOfRangeException:  # of a part whose guard was moved away
            reject()
    assert moved == told


@pytest.mark.parametrize("name", POLICIES)
def test_without_edits_it_is_the_policy_itself(folder: Path, name: str) -> None:
    with catalog.connect(folder) as con:
        whole = try_policy(POLICIES[name], con, folder)
    assert moving.effect(moving.judge(prepared(name, folder), Edits())) == whole
    assert 0 < whole.kept < whole.records


def test_another_member_survives_where_the_first_falls(folder: Path) -> None:
    """Of two copies one is kept; where its source is dropped, the other is."""
    apart = Rule(name="one_small", drop_if="source = 'one' AND output_words < 0", why="-")
    ready = moving.prepare(Policy(rules=(apart,), prefer="source"), catalog.connect(folder), folder)
    before, after = (moving.judge(ready, Edits({"one_small": {0: line}})) for line in (0, 10_000))
    for judged, source in ((before, "one"), (after, "two")):
        rows = judged.con.sql(
            f"SELECT record_id FROM judged WHERE NOT hand AND NOT rejected AND {judged.kept}"
        ).fetchall()
        assert len(rows) > 10
        mostly = sum(name.startswith(source) for (name,) in rows)
        assert mostly > len(rows) * 0.7


@pytest.mark.parametrize("prefer", ["source", "CASE source WHEN 'one' THEN 0 ELSE 1 END, source"])
def test_of_duplicates_those_of_a_preferred_source_survive(prefer: str, folder: Path) -> None:
    never = Rule(name="never", drop_if="output_words < 0", why="-")
    ready = moving.prepare(Policy(rules=(never,), prefer=prefer), catalog.connect(folder), folder)
    for first, source in ((None, "one"), (("two",), "two"), (("two", "one"), "two"), ((), "one")):
        judged = moving.judge(ready, Edits(first=first))
        wanted = f"SELECT record_id FROM judged WHERE NOT hand AND NOT rejected AND {judged.kept}"
        rows = judged.con.sql(wanted).fetchall()
        assert len(rows) > 10
        assert sum(name.startswith(source) for (name,) in rows) > len(rows) * 0.7


def test_all_rules_may_be_off(folder: Path) -> None:
    everything = frozenset(rule.name for rule in DEFAULT.rules)
    found = moving.effect(moving.judge(prepared("default", folder), Edits(off=everything)))
    assert [rule.rule for rule in found.rules] == ["duplicate", "decision"]


def test_what_is_not_there_is_told(folder: Path) -> None:
    with pytest.raises(PolicyError, match="no rule 'score_negativ'; did you mean 'score_negative'"):
        moving.judge(prepared("default", folder), Edits({"score_negativ": {0: 1}}))


SHORT, VALUES = "output_too_short", {1: 60}


@pytest.fixture
def line(folder: Path) -> lines.Line:
    judged = moving.judge(prepared("default", folder), Edits({SHORT: VALUES}))
    return lines.look(judged, SHORT, 1, VALUES)


def test_a_line_decides_about_those_whom_nothing_else_in_the_rule_spares(line: lines.Line, folder: Path) -> None:
    others = "source_kind <> 'instructions' AND output_code_share = 0 AND output_language IS DISTINCT FROM 'zh'"
    with catalog.connect(folder) as con:
        query = f"SELECT record_id, output_words FROM records JOIN signals USING (record_id) WHERE {others}"
        known = dict(con.sql(f"{query} AND NOT regexp_matches(output, '^[\\w.+-]+ [-–] [^\\n]+$')").fetchall())
    found = line.judged.con.sql("SELECT record_id, value, broken FROM line").fetchall()
    assert {name: value for name, value, _ in found} == known
    assert all(broken == (value < 60) for _, value, broken in found)
    assert any(broken for *_, broken in found) and not all(broken for *_, broken in found)


def test_the_bars_hold_each_of_them_once(line: lines.Line) -> None:
    spread = lines.spread(line)
    assert sum(bar.records for bar in spread.bars) == spread.records > 20
    assert all(bar.low < bar.high for bar in spread.bars)
    assert all(bar.low < 60 for bar in spread.bars if bar.fate == "rule")
    assert {bar.fate for bar in spread.bars} >= {"kept", "rule"}
    names = {name for (name,) in line.judged.con.sql("SELECT record_id FROM line").fetchall()}
    kept = line.judged.con.sql(f"SELECT record_id FROM judged WHERE {line.judged.kept}")
    assert sum(bar.records for bar in spread.bars if bar.fate == "kept") == len(
        names & {name for (name,) in kept.fetchall()}
    )


def test_the_nearest_of_both_sides_are_the_nearest(line: lines.Line) -> None:
    shown = lines.nearest(line, 3)
    everyone = line.judged.con.sql("SELECT abs(value - 60), broken FROM line ORDER BY ALL").fetchall()
    for side in (True, False):
        distances = sorted(abs(value - 60) for _, value, broken in shown if broken == side)
        assert distances == [distance for distance, broken in everyone if broken == side][:3]


def test_people_agree_with_a_rule_as_far_as_they_rejected_what_it_drops(line: lines.Line) -> None:
    broken = [
        name for (name,) in line.judged.con.sql("SELECT record_id FROM line WHERE broken ORDER BY ALL").fetchall()
    ]
    said = dict(zip(broken[:4], ("reject", "reject", "edit", "reject"), strict=True)) | {"absent": "reject"}
    told = lines.precision(line.judged, SHORT, VALUES, said)
    assert (told.rejected, told.decided) == (3, 4)
    assert lines.precision(line.judged, SHORT, VALUES, {}) == lines.Precision(0, 0, wilson(0, 0))
