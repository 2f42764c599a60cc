"""The settings of a policy: their defaults and bounds, where a file is looked for, and what each fault is called."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from pipelines.curate import measured, policy
from pipelines.curate.policy import Mixture, Policy, PolicyError, Rule
from tests.pipelines import corpus
from tests.pipelines.curate.test_policy import RULE, written

NEVER = Rule(name="never", drop_if="false", why="-")


def test_what_a_policy_does_where_it_says_nothing() -> None:
    plain = Policy(rules=(NEVER,))
    assert (plain.prefer, plain.quality) == ("record_id", "1")
    assert (plain.validation_percent, plain.test_percent) == (5, 2)
    assert plain.mixture == Mixture() and Mixture().order == "quality" and not Mixture().diversity
    assert NEVER.if_null is False
    assert [getattr(Mixture(), name) for name in ("max_records", "max_tokens", "per_author", "per_site")] == [None] * 4


@pytest.mark.parametrize("name", ["max_records", "max_tokens", "per_author", "per_site"])
def test_a_number_of_records_is_at_least_one(name: str) -> None:
    assert getattr(Mixture.model_validate({name: 1}), name) == 1
    with pytest.raises(ValidationError):
        Mixture.model_validate({name: 0})


@pytest.mark.parametrize(("share", "accepted"), [(0, True), (-1, False), (0.0, False), (1.0, True), (1.01, False)])
def test_a_share_is_a_count_or_a_part(share: float, accepted: bool) -> None:
    if accepted:
        kept = Mixture(language={"zh": share}).language["zh"]
        assert (kept, type(kept)) == (share, type(share)), "1.0 is all of it, 1 is one record"
    else:
        with pytest.raises(ValidationError):
            Mixture(language={"zh": share})


@pytest.mark.parametrize("name", ["validation_percent", "test_percent"])
def test_a_split_is_at_most_half(name: str) -> None:
    for percent in (0, 50):
        assert getattr(Policy.model_validate({"rules": [NEVER], name: percent}), name) == percent
    for percent in (-0.5, 50.5):
        with pytest.raises(ValidationError):
            Policy.model_validate({"rules": [NEVER], name: percent})


def test_a_policy_and_its_rules_say_something() -> None:
    for empty in ({"rules": []}, {"rules": [{"name": "a", "drop_if": "", "why": "-"}]}):
        with pytest.raises(ValidationError):
            Policy.model_validate(empty)
    with pytest.raises(ValidationError):
        Rule(name="a", drop_if="x", why="")
    assert Rule(name="a", drop_if="x", why="y").drop_if == "x", "one character is something"
    for name in ("Short", "1st", "a-b", ""):
        with pytest.raises(ValidationError):
            Rule(name=name, drop_if="x", why="y")


@pytest.mark.parametrize("size", ["max_records", "max_tokens"])
def test_diversity_needs_one_size(size: str) -> None:
    assert Mixture.model_validate({"diversity": "facility_location", size: 3}).diversity
    with pytest.raises(ValidationError, match="say how many"):
        Mixture(diversity="facility_location")


def test_rules_of_one_name_are_told() -> None:
    with pytest.raises(ValidationError, match=r"two rules are called never, other \(built in: duplicate, decision"):
        other = Rule(name="other", drop_if="true", why="-")
        Policy(rules=(other, NEVER, other, NEVER, Rule(name="once", drop_if="true", why="-")))


def test_a_policy_is_found_by_path_beside_its_base_or_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path, RULE)
    assert policy.find(path) == path and policy.find("mine.toml", tmp_path) == tmp_path / "mine.toml"
    assert policy.find("default") == policy.POLICIES / "default.toml"
    monkeypatch.chdir(tmp_path)
    assert policy.find("mine.toml") == Path("mine.toml")
    with pytest.raises(
        PolicyError, match=r"^strikt: no such file, and no bundled policy of that name; did you mean 'strict'"
    ):
        policy.find("strikt")


def test_an_extended_policy_keeps_what_is_not_said_anew(tmp_path: Path) -> None:
    (tmp_path / "base.toml").write_text('prefer = "score DESC"\nquality = "0.5"\n' + RULE)
    more = '[[rules]]\nname = "more"\ndrop_if = "score < 0"\nwhy = "-"\n'
    loaded = policy.load(written(tmp_path, 'extends = "base.toml"\nquality = "0.25"\n' + more))
    assert (loaded.prefer, loaded.quality, [rule.name for rule in loaded.rules]) == (
        "score DESC",
        "0.25",
        ["short", "more"],
    )


def test_an_empty_extension_is_the_policy_itself(tmp_path: Path) -> None:
    assert policy.load(written(tmp_path, 'extends = "default"\n')) == policy.load("default")


FAULTS: dict[str, tuple[str, str]] = {
    "unknown top-level key": ("prefr = 'score'\n" + RULE, "prefr: unknown key; did you mean 'prefer'?"),
    "unknown key of a rule": (RULE + "drop_iff = 'x'\n", "rules.0.drop_iff: unknown key; did you mean 'drop_if'?"),
    "unknown key of a mixture": (RULE + "[mixture]\nordr = 'x'\n", "mixture.ordr: unknown key; did you mean 'order'?"),
    "missing": (
        "[[rules]]\nname = 'a'\nwhy = '-'\n",
        "rules.0.drop_if: missing",
    ),
    "the whole": (
        RULE + RULE,
        "two rules are called short (built in: " + ", ".join(policy.BUILT_IN) + ")",
    ),
    "not a truth value": (
        RULE.replace("output_words < 3", "output_words"),
        "rules.short.drop_if: gives INTEGER, not BOOLEAN; compare it with something",
    ),
    "no column": (RULE.replace("output_words", "zzz"), "rules.short.drop_if: no column 'zzz'; "),
    "order": ('prefer = "zzz"\n' + RULE, "prefer: no column 'zzz'; "),
    "quality": ('quality = "title"\n' + RULE, "quality: "),
    "no task": (RULE + "[mixture.task]\ndialog = 9\n", "mixture.task.dialog: no such task; did you mean 'dialogue'?"),
}


@pytest.mark.parametrize(("text", "message"), FAULTS.values(), ids=FAULTS)
def test_a_fault_is_told_by_its_key(text: str, message: str, tmp_path: Path) -> None:
    path = written(tmp_path, text)
    with pytest.raises(PolicyError) as error:
        policy.load(path)
    told = str(error.value).splitlines()[0].removeprefix(f"{path}: ")
    assert told.rstrip("?") == message.rstrip("?") or (message.endswith((": ", "; ")) and told.startswith(message))


def test_each_fault_has_its_line(tmp_path: Path) -> None:
    path = written(tmp_path, 'prefr = "a"\nqualty = "b"\n' + RULE)
    with pytest.raises(PolicyError) as error:
        policy.load(path)
    assert [line.split(": ")[1] for line in str(error.value).splitlines()] == ["prefr", "qualty"]


def test_a_predicate_sees_records_signals_clusters_and_benchmarks() -> None:
    seen = policy.columns()
    kinds = {"record_id": "VARCHAR", "score": "INTEGER", "accepted": "BOOLEAN", "output_words": "INTEGER"}
    kinds |= {"pair_difficulty": "FLOAT", "cluster_size": "INTEGER", "contamination": "FLOAT"}
    assert {name: seen.get(name) for name in kinds} == kinds
    assert list(seen).count("record_id") == 1 and "benchmark" not in seen


def test_the_columns_of_an_expression_are_told_once_and_in_order() -> None:
    assert policy.mentions("score > 1 AND output_words > 2 OR score < 0") == ("output_words", "score")
    assert policy.mentions("list_contains(tags, 'score') AND nobody = 1") == ("tags",)


def test_a_reason_never_quotes_what_people_wrote() -> None:
    texts = " AND ".join(f"{name} IS NULL" for name in policy.TEXTS)
    rule = Rule(name="quiet", drop_if=f"{texts} AND score < 1", why="-")
    assert "to_json({'score': score})" in policy.reasons_sql(Policy(rules=(rule,)))


@pytest.mark.parametrize(
    ("settings", "silent"),
    [
        ({}, {"hard": "annotate.difficulty", "stray": "annotate.embedding", "both": "annotate.difficulty"}),
        ({"annotate": {"difficulty": "smollm2"}}, {"stray": "annotate.embedding", "both": "annotate.embedding"}),
        ({"dedupe": {"semantic": 0.9}}, {"hard": "annotate.difficulty", "both": "annotate.difficulty"}),
        ({"annotate": {"embedding": "english"}}, {"hard": "annotate.difficulty", "both": "annotate.difficulty"}),
        ({"dedupe": {"semantic": 0.9}, "annotate": {"difficulty": "smollm2"}}, {}),
    ],
)
def test_rules_that_nothing_is_measured_for_name_the_key(settings: Any, silent: dict[str, str]) -> None:
    rules = (
        Rule(name="hard", drop_if="pair_difficulty > 1", why="-"),
        Rule(name="stray", drop_if="pair_outlier > 1", why="-"),
        Rule(name="both", drop_if="pair_difficulty > 1 OR pair_outlier > 1", why="-"),
        Rule(name="measured", drop_if="score < 0", why="-"),
    )
    found = measured.unmeasured(Policy(rules=rules), corpus.recipe(**settings))
    assert found == silent


def test_the_default_policy_comes_first() -> None:
    names = policy.bundled()
    assert names[0] == "default" and names[1:] == sorted(names[1:]) and {"commercial", "strict"} <= set(names)
