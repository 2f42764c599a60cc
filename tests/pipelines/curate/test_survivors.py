"""What survives when a number is moved is what `try` says of the policy with that number."""

import random

import pytest

from pipelines.curate import bounds
from pipelines.curate.policy import Mixture, Policy, PolicyError, Rule
from pipelines.curate.what_if import kept_ids, prepare, survivors, try_policy
from tests.pipelines.curate.measured import drawn

RULES = (
    Rule(name="short", drop_if="output_words < 8 AND NOT regexp_matches(output, '^See')", why="-", if_null=True),
    Rule(name="links", drop_if="output_link_share BETWEEN 0.8 AND 1 OR output_link_share > 0.85", why="-"),
    Rule(name="unknown", drop_if="licence = '' AND output_words >= 4", why="-"),
    Rule(name="score", drop_if="NOT (score >= 0)", why="-"),
)
MIXTURES = [
    {},
    {"per_author": 6},
    {"per_site": 5, "language": {"zh": 0.4}},
    {"max_records": 15, "source": {"forum": 0.6}, "order": "random"},
    {"max_tokens": 300, "licence": {"MIT": 20}},
]


def chosen(seed: int) -> tuple[Policy, Rule, bounds.Bound, float]:
    """A policy, and a number to move and where to."""
    pick = random.Random(seed)
    prefer = pick.choice(["score DESC NULLS LAST", "output_words, length(output)", "record_id"])
    policy = Policy(
        rules=RULES, prefer=prefer, quality="output_link_share", mixture=Mixture(**MIXTURES[seed % len(MIXTURES)])
    )
    rule = pick.choice(RULES)
    bound = pick.choice(bounds.bounds(rule))
    return policy, rule, bound, pick.choice([-1, 0, 0.1, 0.5, 0.8, 0.85, 0.9, 4, 8, 20, 50])


@pytest.mark.parametrize("seed", range(40))
def test_it_is_what_try_says_of_the_moved_policy(seed: int) -> None:
    policy, rule, bound, number = chosen(seed)
    con = drawn(seed)
    prepared = prepare(con, policy, "mill", rule.name, str(bound))
    before = set(kept_ids(prepared, bound.number))
    told, ids = survivors(prepared, number), kept_ids(prepared, number)
    other = bounds.moved(rule, bound, number)
    rules = tuple(other if one.name == rule.name else one for one in RULES)
    effect = try_policy(policy.model_copy(update={"rules": rules}), con, "mill")
    kept = con.sql("SELECT record_id FROM judged WHERE len(reasons) = 0 ORDER BY record_id").fetchall()
    assert ids == [name for (name,) in kept]
    removed = {one.rule: (one.broken, one.marginal) for one in effect.rules}
    assert (told.records, told.kept) == (effect.records, effect.kept)
    assert (told.broken, told.alone) == removed[rule.name]
    assert (told.gained, told.lost) == (len(set(ids) - before), len(before - set(ids)))


def test_quotas_that_leave_nothing_are_told() -> None:
    policy = Policy(rules=RULES, mixture=Mixture(source={"forum": 0.5}))
    prepared = prepare(drawn(1), policy, "mill", "short")
    with prepared.con.cursor() as own:
        own.execute("DELETE FROM compact WHERE source <> 'forum'")
    with pytest.raises(PolicyError, match="leaves nothing"):
        survivors(prepared, 0)
