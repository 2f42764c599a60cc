"""Each cap, quota and budget at its very bound, with what is told of those it leaves out."""

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from pipelines.curate import mixture
from pipelines.curate.mixture import quota_limits
from pipelines.curate.policy import Mixture, Policy, PolicyError, Rule

RULES = (Rule(name="never", drop_if="false", why="-"),)
JUDGED = pa.schema(
    [
        ("record_id", pa.string()),
        ("reasons", pa.list_(pa.struct([("rule", pa.string()), ("value", pa.string())]))),
        ("decision", pa.string()),
    ]
)
BLANK: dict[str, Any] = {
    "source": "forum", "author": "", "url": "https://a.org/1", "task": "dialogue", "output_language": "en",
    "licence": "MIT", "instruction_words": 1, "input_words": 0, "output_words": 3, "quality": 0.0,
    "instruction": "How?", "input": "", "output": "So.",
}  # fmt: skip


def mixed(*given: dict[str, Any], policy_quality: str = "quality", **settings: Any) -> dict[str, tuple[str, Any]]:
    """What left out each record that is not kept: the rule, and what is told. The first given is the best."""
    rows = [BLANK | {"record_id": f"r{at}", "quality": -float(at)} | row for at, row in enumerate(given)]
    judged = [
        {"record_id": r["record_id"], "reasons": r.pop("reasons", []), "decision": r.pop("decision", "")} for r in rows
    ]
    texts = {"licence": pa.string(), "output_language": pa.string()}  # also where all of them are null
    candidate = pa.table({name: pa.array([row[name] for row in rows], texts.get(name)) for name in rows[0]})
    with duckdb.connect(config={"threads": 1}) as con:
        for name, table in (("candidate", candidate), ("judged", pa.Table.from_pylist(judged, JUDGED))):
            con.register("given", table)
            con.execute(f"CREATE TABLE {name} AS SELECT * FROM given")
            con.unregister("given")
        mixture.apply(con, Policy(rules=RULES, quality=policy_quality, mixture=Mixture(**settings)), Path())
        found = con.sql("SELECT record_id, reasons FROM judged ORDER BY record_id").fetchall()
        assert len(found) == len(rows)
        assert not {name for (name,) in con.sql("SHOW TABLES").fetchall()} & {"pool", "excluded"}
    last = {name: reasons[-1] for name, reasons in found if reasons}
    return {name: (one["rule"], json.loads(one["value"])) for name, one in last.items()}


def test_one_author_is_capped_by_source_and_the_unsigned_are_not() -> None:
    ada = {"author": "Ada"}
    assert mixed(ada, ada, ada, per_author=2) == {"r2": ("author_cap", {"rank": 3})}
    assert mixed(ada, ada | {"source": "wiki"}, per_author=1) == {}, "another Ada, as far as anybody knows"
    assert mixed({}, {}, per_author=1) == {}


def test_one_site_is_capped_by_its_host_in_small_letters() -> None:
    urls = ("https://a.org/1", "http://A.org?x", "https://a.org:8080/1", "https://b.org/1", "https://a.org#x")
    found = mixed(*({"url": url} for url in urls), per_site=1)
    assert found == {"r1": ("site_cap", {"rank": 2}), "r4": ("site_cap", {"rank": 3})}
    assert mixed({"url": ""}, {"url": ""}, {"url": "file"}, per_site=1) == {}, "of no site"


def test_a_budget_of_records_ends_at_its_number() -> None:
    assert mixed({}, {}, {}, max_records=2) == {"r2": ("budget", {"records": 3})}
    assert mixed({}, {}, max_records=2) == {}


def test_a_budget_of_tokens_counts_words_or_four_characters_whichever_is_more() -> None:
    words = {"instruction_words": 2, "input_words": 1, "output_words": 2}
    assert mixed(words, words, max_tokens=10) == {}
    assert mixed(words, words, max_tokens=9) == {"r1": ("budget", {"tokens": 10})}
    letters = words | {"instruction": "a" * 9, "input": "b" * 8, "output": "c" * 8}  # 25 letters: 7 tokens
    assert mixed(letters, letters, max_tokens=14) == {}
    assert mixed(letters, letters, max_tokens=13) == {"r1": ("budget", {"tokens": 14})}
    unmeasured = letters | {"instruction_words": None}
    assert mixed(unmeasured, unmeasured, max_tokens=13) == {"r1": ("budget", {"tokens": 14})}


def test_a_quota_leaves_out_the_worst_of_its_value_only() -> None:
    zh = {"output_language": "zh"}
    assert mixed(zh, {}, zh, {}, zh, language={"zh": 2}) == {"r4": ("language_quota", {"language": "zh", "rank": 3})}
    assert mixed({"licence": None}, {"licence": None}, licence={"": 1}) == {
        "r1": ("licence_quota", {"licence": "", "rank": 2})
    }
    assert mixed({"output_language": None}, {}, {}, language={"": 0}) == {
        "r0": ("language_quota", {"language": "", "rank": 1})
    }


def test_two_values_have_limits_of_their_own() -> None:
    rows = [{"source": source} for source in "aabb"]
    assert set(mixed(*rows, source={"a": 1, "b": 2})) == {"r1"}


def test_a_quota_on_nothing_that_is_there_is_none() -> None:
    assert mixed({}, language={"fr": 0.5}) == {}


def test_what_broke_a_rule_is_in_no_count() -> None:
    bad = {"reasons": [{"rule": "short", "value": "{}"}], "author": "Ada"}
    found = mixed(bad, {"author": "Ada"}, {}, per_author=1, max_records=2)
    assert found == {"r0": ("short", {})}


def test_the_best_are_first_then_the_name_draws() -> None:
    assert set(mixed({"quality": 1.0}, {"quality": 3.0}, {"quality": 2.0}, max_records=1)) == {"r0", "r2"}
    assert set(mixed({"quality": None}, {"quality": 0.5}, max_records=1)) == {"r0"}, (
        "what was not measured is worth nothing"
    )
    assert set(mixed({"quality": None}, {"quality": -0.5}, max_records=1)) == {"r1"}
    drawn = set(mixed(*({"quality": 1.0} for _ in range(4)), max_records=2))
    assert drawn == set(mixed(*({"quality": float(at)} for at in range(4)), max_records=2, order="random"))
    assert drawn == set(sorted((f"r{at}" for at in range(4)), key=lambda name: sha256(name.encode()).hexdigest())[2:])


@pytest.mark.parametrize("decision", ["accept", "edit"])
def test_what_a_person_accepted_comes_first_counts_and_stays(decision: str) -> None:
    safe = {"decision": decision, "author": "Ada"}
    assert mixed({}, safe, max_records=1) == {"r0": ("budget", {"records": 2})}
    assert mixed(safe, safe, safe, per_author=1, max_records=1, language={"en": 1}) == {}
    assert mixed({"author": "Ada"}, safe, per_author=1) == {"r0": ("author_cap", {"rank": 2})}
    assert mixed({"author": "Ada"}, {"decision": "reject", "author": "Ada"}, per_author=1) == {
        "r1": ("author_cap", {"rank": 2})
    }


def test_a_share_is_of_what_is_kept_in_the_end() -> None:
    rows = [{"output_language": "zh"}] * 5 + [{}] * 5
    assert len(mixed(*rows, language={"zh": 0.5})) == 0
    assert len(mixed(*rows, language={"zh": 0.25})) == 4
    assert len(mixed(*rows, language={"zh": 0.5}, max_records=4)) == 6


def test_shares_that_leave_nothing_are_told_with_what_there_was() -> None:
    message = r"^mixture.source: a = 0.4, b = 0.4 leaves nothing of a, b; shares that add up to 1 do not$"
    with pytest.raises(PolicyError, match=message.replace("a, b;", "(a, b|b, a);")):
        mixed({"source": "a"}, {"source": "b"}, source={"a": 0.4, "b": 0.4})
    assert set(mixed({"source": "a"}, {"source": "b"}, source={"a": 0})) == {"r0"}


@pytest.mark.parametrize(
    ("counts", "shares", "most", "limits"),
    [
        ({"a": 10, "b": 10}, {"a": 0.5}, 20, {"a": 10}),
        ({"a": 10, "b": 10}, {"a": 0.1}, 20, {"a": 1}),
        ({"a": 10, "b": 10}, {"a": 3}, 20, {"a": 3}),
        ({"a": 10, "b": 10}, {"a": 0.5, "b": 0.5}, 7, {"a": 3, "b": 3}),
        ({"a": 7, "b": 3}, {"a": 0.7, "b": 0.3}, 10, {"a": 7, "b": 3}),  # 0.7 * 10 is a little less than 7
        ({"a": 3}, {"b": 0.5}, 3, {"b": 1}),
        ({}, {"a": 0.5}, 0, {"a": 0}),
    ],
)
def test_limits(counts: dict[str, int], shares: dict[str, float], most: int, limits: dict[str, int]) -> None:
    assert quota_limits(counts, shares, most) == limits


VALUES = {"quoted": "it's"}


def test_a_value_may_hold_a_quotation_mark() -> None:
    rows = [{"source": VALUES["quoted"]}] * 2
    assert mixed(*rows, {}, source={VALUES["quoted"]: 1}) == {"r1": ("source_quota", {"source": "it's", "rank": 2})}


def embedded(*directions: tuple[float, float], **more: Any) -> list[dict[str, Any]]:
    from pipelines.signals.embedding import DIMENSIONS

    return [more | {"pair_embedding": [x, y] + [0.0] * (DIMENSIONS - 2)} for x, y in directions]


def test_diversity_within_its_budget_leaves_nothing_out_and_above_it_tells_how_near_the_next_is() -> None:
    rows = embedded((1, 0), (1, 0), (0, 1))
    assert mixed(*rows, max_records=3, diversity="facility_location") == {}
    found = mixed(*rows, max_records=2, diversity="facility_location")
    assert len(found) == 1 and set(found) <= {"r0", "r1"}
    assert list(found.values()) == [("diversity", {"cosine": 1.0})]


def test_diversity_keeps_what_a_person_accepted_and_counts_its_tokens() -> None:
    rows = embedded((1, 0), (1, 0.01), (0, 1))
    rows[1]["decision"] = "accept"
    assert set(mixed(*rows, max_records=2, diversity="facility_location")) == {"r0"}
    assert set(mixed(*rows, max_tokens=8, diversity="facility_location")) == {"r0"}
    assert mixed(*rows, max_tokens=12, diversity="facility_location") == {}


def test_diversity_over_what_was_never_measured_says_what_to_do() -> None:
    rows = [{"pair_embedding": None}, *embedded((1, 0))]
    assert len(mixed(*rows, max_records=1, diversity="facility_location")) == 1
    with pytest.raises(
        PolicyError, match=r"^mixture.diversity: `pair_embedding` is null for every record; set annotate.embedding"
    ):
        mixed(*embedded((0, 0), (0, 0)), max_records=1, diversity="facility_location")


def test_a_licence_has_its_quota() -> None:
    rows = [{"licence": "MIT"}, {"licence": "MIT"}, {"licence": "CC0-1.0"}, {"licence": "CC0-1.0"}]
    assert mixed(*rows, licence={"MIT": 1}) == {"r1": ("licence_quota", {"licence": "MIT", "rank": 2})}


def test_diversity_looks_only_at_what_passed() -> None:
    rows = embedded((0, 1), (1, 0), (1, 0.01))
    rows[0]["reasons"] = [{"rule": "short", "value": "{}"}]
    found = mixed(*rows, max_records=1, diversity="facility_location")
    assert found.pop("r0") == ("short", {}) and len(found) == 1


def test_a_record_without_a_word_costs_something_too() -> None:
    nothing = {"instruction_words": 0, "input_words": 0, "output_words": 0, "instruction": "", "output": ""}
    rows = [*embedded((1, 0), (0, 1), **nothing), *embedded((1, 1))]
    found = mixed(*rows, max_tokens=3, diversity="facility_location")
    assert list(found) == ["r2"], "whose four tokens are more than there may be"
