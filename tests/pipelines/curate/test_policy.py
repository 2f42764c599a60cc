"""Policies: what is refused and how, what a predicate mentions, and the SQL they become."""

from pathlib import Path

import duckdb
import pytest

from pipelines.curate import measured, policy
from pipelines.curate.policy import Policy, PolicyError, Rule
from tests.pipelines import corpus

GOLDEN = Path(__file__).resolve().parents[2] / "golden"
RULE = '[[rules]]\nname = "short"\ndrop_if = "output_words < 3"\nwhy = "Says nothing."\n'


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "mine.toml"
    path.write_text(text)
    return path


@pytest.mark.parametrize("name", sorted(path.stem for path in policy.POLICIES.glob("*.toml")))
def test_bundled_policies_load_and_every_rule_says_why(name: str) -> None:
    rules = policy.load(name).rules
    assert len(rules) > 15
    assert all(len(rule.why.split()) >= 3 for rule in rules)


REFUSED = {
    "unknown column": (RULE.replace("output_words", "outptu_words"), r"short.drop_if.*'outptu_words'.*'output_words'"),
    "unknown key": (RULE + "drop_iff = 'x'\n", r"drop_iff: unknown key; did you mean 'drop_if'"),
    "unknown top-level key": ("prefr = 'score'\n" + RULE, r"prefr: unknown key; did you mean 'prefer'"),
    "no reason": (RULE.replace("why = ", "# "), r"rules.0.why: missing"),
    "not a truth value": (
        RULE.replace("output_words < 3", "output_words"),
        r"short.drop_if: gives INTEGER",
    ),
    "a recipe": ("name = 'bakery'\n[[sources]]\nname = 'a'\n", r"a recipe, not a policy.*try default --recipe bakery"),
    "not SQL": (RULE.replace("output_words < 3", "output_words <"), r"short.drop_if: syntax error"),
    "two statements": (RULE.replace("output_words < 3", "true); DROP TABLE x; --"), r"short.drop_if: "),
    "a statement that writes": (
        RULE.replace("output_words < 3", "1=1); COPY (SELECT 1) TO 'x'; SELECT (1=1"),
        r"short.drop_if: ",
    ),
    "a query": (
        RULE.replace("output_words < 3", "EXISTS (FROM read_text('x'))"),
        r"short.drop_if: a subquery is refused",
    ),
    "another answer each day": (RULE.replace("output_words < 3", "created_at < now()"), r"short.drop_if: now\(\)"),
    "an order that is more": ("prefer = 'score) FROM read_text(1) --'\n" + RULE, r"prefer: "),
    "quality that is more": ("quality = '1) FROM read_text(1) --'\n" + RULE, r"quality: "),
    "not TOML": ("rules = [", r"not TOML"),
    "twice the same name": (
        RULE + RULE.replace("3", "4").replace("short", "duplicate"),
        r"called duplicate \(built in: duplicate",
    ),
    "order by an unknown column": ('prefer = "scor DESC"\n' + RULE, r"prefer: no column 'scor'; did you mean 'score'"),
    "quality that is no number": ('quality = "title"\n' + RULE, r"quality: "),
    "a quota on nothing": (RULE + "[mixture.langauge]\nzh = 0.3\n", r"langauge: unknown key; did you mean 'language'"),
    "a quota on no task": (
        RULE + "[mixture.task]\ndialog = 9\n",
        r"task.dialog: no such task; did you mean 'dialogue'",
    ),
    "a share above one": (RULE + "[mixture.task]\ndialogue = 1.5\n", r"mixture.task.dialogue"),
    "diversity of no size": (
        RULE + "[mixture]\ndiversity = 'facility_location'\n",
        r"max_records or max_tokens; say how many",
    ),
    "percent out of range": ("test_percent = 80\n" + RULE, r"test_percent: must be at most 50"),
}


@pytest.mark.parametrize(("text", "message"), REFUSED.values(), ids=REFUSED)
def test_a_policy_that_cannot_be_used_names_file_key_and_cure(text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match=message) as error:
        policy.load(written(tmp_path, text))
    assert "mine.toml: " in str(error.value)


def test_an_unknown_name_suggests_a_bundled_one() -> None:
    with pytest.raises(PolicyError, match="did you mean 'default'"):
        policy.load("defualt")


def test_a_policy_extends_another_and_replaces_its_rules_by_name(tmp_path: Path) -> None:
    (tmp_path / "base.toml").write_text(RULE + RULE.replace("short", "other"))
    loaded = policy.load(written(tmp_path, 'extends = "base.toml"\n' + RULE.replace("3", "9").replace("base", "")))
    assert [(rule.name, rule.drop_if) for rule in loaded.rules] == [
        ("short", "output_words < 9"),
        ("other", "output_words < 3"),
    ]


def test_a_policy_that_extends_itself_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match="extends"):
        policy.load(written(tmp_path, 'extends = "mine.toml"\n' + RULE))


def test_policies_that_extend_each_other_in_a_circle_are_refused(tmp_path: Path) -> None:
    (tmp_path / "base.toml").write_text('extends = "mine.toml"\n')
    with pytest.raises(PolicyError, match=r"base\.toml: extends: .*circle: mine.toml → base.toml → mine.toml"):
        policy.load(written(tmp_path, 'extends = "base.toml"\n' + RULE))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('extends = "nosuch.toml"\n', r"mine\.toml: extends: nosuch\.toml: no such file"),
        ("extends = 5\n", r"mine\.toml: extends: must be"),
        ('extends = "default"\nrules = 5\n', r"mine\.toml: rules: must be tables"),
        ('extends = "default"\n' + RULE + RULE, r"mine\.toml: rules: two are called short"),
        ('extends = "default"\n[[rules]]\nwhy = "No name."\n', r"mine\.toml: rules\.0\.name: missing"),
    ],
)
def test_what_is_wrong_beside_extends_names_the_file(text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match=message):
        policy.load(written(tmp_path, text))


def test_a_byte_order_mark_is_no_part_of_a_policy(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(RULE, encoding="utf-8-sig")
    assert [rule.name for rule in policy.load(file).rules] == ["short"]
    file.write_bytes(RULE.encode() + b"# caf\xe9\n")
    with pytest.raises(PolicyError, match="not UTF-8"):
        policy.load(file)


@pytest.mark.parametrize(
    ("sql", "columns"),
    [
        ("output_words < 3", ["output_words"]),
        ("source_kind = 'forum' AND coalesce(score, 0) < 1", ["score", "source_kind"]),
        ("CASE WHEN output_language = 'zh' THEN output_words < 8 ELSE false END", ["output_language", "output_words"]),
        ("regexp_matches(instruction, 'output_words')", ["instruction"]),
        ("candidate.score < 0", ["score"]),
        ("true", []),
    ],
)
def test_the_columns_a_predicate_looks_at(sql: str, columns: list[str]) -> None:
    assert list(policy.mentions(sql)) == columns


def test_a_rule_about_outliers_is_silent_without_embeddings() -> None:
    stray = Policy(rules=(Rule(name="stray", drop_if="pair_outlier > 0.6", why="Of something else."),))
    assert measured.unmeasured(stray, corpus.recipe()) == {"stray": "annotate.embedding"}
    assert measured.unmeasured(stray, corpus.recipe(dedupe={"semantic": 0.95})) == {}


def test_rules_that_see_only_what_a_pair_has_apply_to_pairs() -> None:
    rules = (
        Rule(name="licence", drop_if="licence = ''", why="-"),
        Rule(name="both", drop_if="licence = '' AND score < 0", why="-"),
        Rule(name="words", drop_if="output_words < 3", why="-"),
    )
    assert [rule.name for rule in policy.for_pairs(Policy(rules=rules))] == ["licence"]


SMALL = Policy(
    rules=(
        Rule(name="licence_unknown", drop_if="licence = ''", why="Unknown.", if_null=True),
        Rule(name="short", drop_if="output_words < 3 AND length(output) < 20", why="Says nothing."),
        Rule(name="bare", drop_if="length(output) < 2", why="Says less."),
    ),
    prefer="score DESC NULLS LAST",
)


def test_the_sql_of_a_policy() -> None:
    assert policy.verdict_sql(SMALL) + "\n" == (GOLDEN / "verdict.sql").read_text()


def verdicts(rows: str) -> dict[str, tuple[object, ...]]:
    with duckdb.connect() as con:
        names = "record_id, cluster_id, cluster_size, group_id, licence, output, output_words, score"
        undecided = "'' AS decision, '{}' AS decided"
        con.execute(f"CREATE TABLE candidate AS SELECT *, {undecided} FROM (VALUES {rows}) t ({names})")
        found = con.sql(policy.verdict_sql(SMALL)).fetchall()
    return {row[0]: (row[2], [(reason["rule"], reason["value"]) for reason in row[-1]]) for row in found}


def test_every_broken_rule_is_told_with_what_it_measured_but_never_the_text() -> None:
    found = verdicts("('a', 'a', 1, 'a', NULL, '!', 1, 5), ('b', 'b', 1, 'b', 'MIT', 'A good long answer.', 4, 1)")
    assert found["a"] == (
        "",
        [("licence_unknown", '{"licence":null}'), ("short", '{"output_words":1}'), ("bare", "{}")],
    )
    assert found["b"] == ("", [])


def test_the_survivor_is_the_best_passing_member() -> None:
    """c has the highest score and fails; of the passing, b has the better; NULL comes last."""
    text = "'A good long answer, as it is.'"
    found = verdicts(
        f"('a', 'a', 4, 'a', 'MIT', {text}, 9, 2), ('b', 'a', 4, 'a', 'MIT', {text}, 9, 7),"
        f"('c', 'a', 4, 'a', '', {text}, 9, 9), ('d', 'a', 4, 'a', 'MIT', {text}, 9, NULL)"
    )
    duplicate = ("duplicate", '{"cluster_id":"a","cluster_size":4}')
    assert found == {
        "a": ("b", [duplicate]),
        "b": ("", []),
        "c": ("b", [("licence_unknown", '{"licence":""}'), duplicate]),
        "d": ("b", [duplicate]),
    }


def test_a_cluster_without_a_passing_member_has_no_survivor() -> None:
    found = verdicts("('a', 'a', 2, 'a', '', 'x', 9, 2), ('b', 'a', 2, 'a', '', 'x', 9, 7)")
    assert [duplicate_of for duplicate_of, _ in found.values()] == ["", ""]
    assert all("duplicate" not in dict(reasons) for _, reasons in found.values())  # type: ignore[call-overload]
