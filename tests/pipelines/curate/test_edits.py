"""A policy with rules switched off and lines moved, and the file that it is saved as."""

from pathlib import Path

import pytest

from pipelines.curate import edits, policy, survivor
from pipelines.curate.edits import Edits, edited, save
from pipelines.curate.policy import PolicyError
from pipelines.storage import filesystem
from tests.pipelines.curate.test_policy import written

DEFAULT = policy.load("default")
CHANGED = Edits({"output_too_short": {1: 25}, "output_repetition": {0: 0.5}}, frozenset({"pair_images", "output_talk"}))
SAVED = """
extends = "default"
off = ["output_talk", "pair_images"]

[[rules]]
name = "output_too_short"
drop_if = "source_kind <> 'instructions' AND output_code_share = 0\\nAND output_words < CASE WHEN \
output_language IN ('zh', 'ja') THEN 12 ELSE 25 END\\nAND NOT regexp_matches(output, \
'^[\\\\w.+-]+ [-–—] [^\\\\n]+$|^`[^`\\\\n]{12,}`[.]?$|(?:(?:^|\\\\n) *(?:[-*+]|[0-9]+[.]) [^\\\\n]+){5}')"
why = "On a forum or a page, less than a sentence is a remark (`works for me`). Exchanges and manuals \
(`git - the stupid content tracker`) may be short, and so may a list of five things or a line of syntax. Of 55 read of \
29 sources 5 were good, of 16 of the half of 41 sources that these were not read off 2."

[[rules]]
name = "output_repetition"
drop_if = "output_repetition > 0.5 AND output_words >= 30"
why = "Says the same over and over; 0.6 is Data-Juicer's bound for instruction data."
"""


def test_what_is_saved_is_what_differs_and_loads_as_what_was_seen(tmp_path: Path) -> None:
    file = save("mine", "default", CHANGED, tmp_path, "Ada\n[L]")
    first, rest = file.read_text().split("\n", 1)
    assert first.startswith("# Made on the dashboard by Ada [L], 2")
    assert rest == SAVED.removeprefix("\n")
    assert policy.load(file) == edited(DEFAULT, CHANGED)
    assert [each.name for each in (tmp_path / "policies").iterdir()] == ["mine.toml"]
    assert edits.saved(tmp_path) == [file]


def test_of_data_in_an_object_store_the_policies_lie_in_the_working_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    data = filesystem.resolve("memory://policies/data")
    file = save("mine", "default", CHANGED, data)
    assert file == tmp_path / "policies" / "mine.toml" and edits.saved(data) == [file]
    assert policy.load("policies/mine.toml") == edited(DEFAULT, CHANGED)


def test_a_saved_policy_can_be_changed_again(tmp_path: Path) -> None:
    first = save("one", "default", CHANGED, tmp_path)
    again = Edits({"output_too_short": {1: 30}}, frozenset({"score_negative"}))
    second = save("two", str(first), again, tmp_path)
    assert 'extends = "one.toml"' in second.read_text()
    assert policy.load(second) == edited(policy.load(first), again)
    assert not {"pair_images", "score_negative"} & {rule.name for rule in policy.load(second).rules}


def test_sources_that_come_first_are_saved_changed_and_taken_back(tmp_path: Path) -> None:
    chosen = Edits(first=("it's ours", "forum"))
    first = save("one", "default", chosen, tmp_path)
    told = "CASE source WHEN 'it''s ours' THEN 0 WHEN 'forum' THEN 1 ELSE 2 END, "
    assert policy.load(first) == edited(DEFAULT, chosen)
    assert policy.load(first).prefer == told + DEFAULT.prefer
    assert survivor.first_sources(policy.load(first).prefer) == chosen.first
    second = save("two", str(first), Edits(first=("forum",)), tmp_path)
    assert policy.load(second).prefer == "CASE source WHEN 'forum' THEN 0 ELSE 1 END, " + DEFAULT.prefer
    third = save("three", str(second), Edits(first=()), tmp_path)
    assert policy.load(third).prefer == DEFAULT.prefer


def test_an_order_that_somebody_wrote_stays_behind_the_sources() -> None:
    own = "CASE source WHEN 'a' THEN score ELSE 0 END, score DESC -- mine"
    assert survivor.first_sources(own) == ()
    assert survivor.with_first(own, ["b"]) == f"CASE source WHEN 'b' THEN 0 ELSE 1 END, {own}"


def test_a_policy_that_has_no_file_is_saved_whole(tmp_path: Path) -> None:
    text = 'prefer = "score DESC"\n' + "[[rules]]\nname = 'odd'\ndrop_if = 'score < 3 -- \"\\w\"'\nwhy = '只有三个。'\n"
    text += "if_null = true\n[mixture]\nmax_records = 9\nlanguage = { zh = 0.5, '' = 3 }\n"
    stood = policy.load(written(tmp_path, text))
    file = save("whole", stood, Edits({"odd": {0: 4}}), tmp_path / "data")
    assert policy.load(file) == edited(stood, Edits({"odd": {0: 4}}))


@pytest.mark.parametrize("name", ["", "../up", "a b", "Mine", ".hidden", "名"])
def test_a_policy_has_a_plain_name(name: str, tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match="not a policy's name"):
        save(name, "default", Edits(), tmp_path)
    assert not list(tmp_path.iterdir())


def test_nothing_is_overwritten_and_nothing_wrong_is_left(tmp_path: Path) -> None:
    file = save("mine", "default", Edits(), tmp_path)
    before = file.read_bytes()
    with pytest.raises(PolicyError, match="is there already"):
        save("mine", "default", CHANGED, tmp_path)
    everything = frozenset(rule.name for rule in DEFAULT.rules)
    with pytest.raises(PolicyError, match="rules"):
        save("nothing", "default", Edits(off=everything), tmp_path)
    assert file.read_bytes() == before
    assert list((tmp_path / "policies").iterdir()) == [file]


def test_edits_name_what_is_there() -> None:
    with pytest.raises(PolicyError, match="no rule 'output_talks'; did you mean 'output_talk'"):
        edited(DEFAULT, Edits(off=frozenset({"output_talks"})))
    with pytest.raises(PolicyError, match="output_too_long: no line 1; it draws 1"):
        edited(DEFAULT, Edits({"output_too_long": {1: 3}}))


TWO = (
    '[[rules]]\nname = "a"\ndrop_if = "score < 0"\nwhy = "-"\n[[rules]]\nname = "b"\ndrop_if = "score < 1"\nwhy = "-"\n'
)


def test_a_rule_is_off_where_a_policy_says_so(tmp_path: Path) -> None:
    (tmp_path / "base.toml").write_text('off = ["a"]\n' + TWO)
    assert [rule.name for rule in policy.load(tmp_path / "base.toml").rules] == ["b"]
    more = TWO.replace('"a"', '"c"').replace('"b"', '"d"')
    loaded = policy.load(written(tmp_path, 'extends = "base.toml"\noff = ["c", "b"]\n' + more))
    assert [rule.name for rule in loaded.rules] == ["d"]


OFF_FAULTS = {
    'off = ["aa"]\n' + TWO: "off: no rule 'aa'; did you mean 'a'?",
    'off = "a"\n' + TWO: "off: must be names of rules in quotes, in square brackets",
    'off = ""\n' + TWO: "off: must be names of rules in quotes, in square brackets",
    "off = [1]\n" + TWO: "off: must be names of rules in quotes, in square brackets",
    'of = ["a"]\n' + TWO: "of: unknown key; did you mean 'off'?",
    'off = ["a", "b"]\n' + TWO: "rules: ",
}


@pytest.mark.parametrize("text", OFF_FAULTS)
def test_a_fault_in_off_is_told(text: str, tmp_path: Path) -> None:
    file = written(tmp_path, text)
    with pytest.raises(PolicyError) as error:
        policy.load(file)
    assert str(error.value).removeprefix(f"{file}: ").startswith(OFF_FAULTS[text])
