"""The numbers in rules: found by the parser, moved in the text."""

import pytest

from pipelines.curate import bounds, policy
from pipelines.curate.policy import Policy, PolicyError, Rule


def rule(drop_if: str) -> Rule:
    return Rule(name="one", drop_if=drop_if, why="-")


FOUND = {
    "score < 0": ["score < 0"],
    "3 >= score": ["score <= 3"],
    "score > -1.5e1": ["score > -1.5e1"],
    "output_words BETWEEN 2 AND 1_000": ["output_words >= 2", "output_words <= 1_000"],
    "instruction_words + input_words < 2": ["instruction_words + input_words < 2"],
    "output_toxicity >= 0.7 OR instruction_toxicity >= .8": ["output_toxicity >= 0.7", "instruction_toxicity >= .8"],
    "licence = '' OR 2 < 3 OR output_words < length(output)": [],
    "len(list_filter(tags, lambda t: len(t) > 2)) > 5": ["len(list_filter(tags, (t -> (len(t) > 2)))) > 5"],
    "len(list_filter(tags, lambda t: len(t) + score > 2)) > 5": [
        "len(list_filter(tags, (t -> ((len(t) + score) > 2)))) > 5"
    ],
    "output LIKE '%é%' AND score < 2 -- so": ["score < 2"],
}


@pytest.mark.parametrize(("drop_if", "found"), FOUND.items())
def test_each_comparison_with_a_number_is_found_and_moved(drop_if: str, found: list[str]) -> None:
    listed = bounds.find(drop_if)
    assert [str(bound) for bound in listed] == found
    for place, bound in enumerate(listed):
        changed = bounds.moved(rule(drop_if), bound, 7.25)
        assert changed.drop_if == drop_if.replace(bound.literal, "7.25")
        assert bounds.find(changed.drop_if)[place].number == 7.25


def test_every_bundled_bound_can_be_moved() -> None:
    bundled = {rule.name: rule for name in ("default", "strict", "commercial") for rule in policy.load(name).rules}
    listed = [(rule, bound) for rule in bundled.values() for bound in bounds.find(rule.drop_if)]
    changed = [bounds.moved(rule, bound, bound.number + 1) for rule, bound in listed]
    named = tuple(one.model_copy(update={"name": f"rule_{number}"}) for number, one in enumerate(changed))
    assert len(named) > 40 and not policy.sql_faults(Policy(rules=named))


REFUSED = {
    ("non", ""): "no rule 'non'; did you mean 'none'?",
    ("none", ""): "compares no signal with a number",
    ("both", ""): 'several bounds: add --signal with one of "score", "output_words"',
    ("both", "scores"): "several bounds",
}
RULES = Policy(
    rules=(
        Rule(name="none", drop_if="licence = ''", why="-"),
        Rule(name="both", drop_if="score < 2 AND output_words < 9", why="-"),
    )
)


@pytest.mark.parametrize(("words", "told"), REFUSED.items())
def test_a_bound_that_is_not_there_is_told(words: tuple[str, str], told: str) -> None:
    with pytest.raises(PolicyError, match=told):
        bounds.choose(RULES, *words)


def test_a_bound_is_chosen_by_its_signal() -> None:
    assert str(bounds.choose(RULES, "both", "output_words")[1]) == "output_words < 9"
