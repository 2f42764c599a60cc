"""What an ablation trains on and tests on: records of one recipe, as policies would have them.

test             records of sites that are in no arm
raw              all other records that may be copied, at their natural rate
curated          what the recipe's policy keeps of them
strict           what the bundled policy `strict` keeps
length_matched   of the raw ones, as many of each length as the curated have: longer answers alone are no merit
dropped          what the recipe's policy drops
without <name>   what it keeps without one rule, or without the rules that look at one signal
"""

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from typing import Any

import duckdb

from pipelines.curate import policy, what_if
from pipelines.curate.policy import Policy, breaks_sql, mentions
from pipelines.errors import did_you_mean
from pipelines.messages import tr
from pipelines.recipe import Recipe, RecipeError

RAW, CURATED, STRICT, MATCHED, DROPPED = "raw", "curated", "strict", "length_matched", "dropped"
LENGTHS = 10  # classes of answers' length, each with as many of the curated records
TEST_SHARE, MOST = 0.2, 0.5  # of the records that are kept are of sites to test on, where sites are of such sizes
# without the name and password that an address may hold: sites are named on cards
_SITE = "coalesce(nullif(regexp_extract(url, '^[a-z]+://(?:[^/?#]*@)?([^/?#]+)', 1), ''), source)"
_COLUMNS = (
    "record_id, source, instruction, input, output, history, system, tools, reasoning, tool_calls, task, "
    "output_language AS language"
)
log = logging.getLogger("gristmill")
Row = dict[str, Any]
Strata = Sequence[Sequence[str]]  # ids of records; each of equal weight

# a near-duplicate of a record that is tested on would teach it
_TRAINED = """
CREATE OR REPLACE TEMP TABLE trained AS SELECT record_id FROM allowed
WHERE NOT list_contains($sites::VARCHAR[], site)
  AND cluster_id NOT IN (SELECT cluster_id FROM allowed WHERE list_contains($sites::VARCHAR[], site))
"""


@dataclass(frozen=True)
class Arms:
    """The ids of the records of each arm and of the test, and which of the test the policy keeps."""

    arms: Mapping[str, Strata]
    test: tuple[str, ...]
    kept: frozenset[str]
    sites: tuple[str, ...]


def choose(
    con: duckdb.DuckDBPyConnection, recipe: Recipe, data: Path, without: Iterable[str], sites: Sequence[str]
) -> Arms:
    """The arms of a recipe, over the users' views of `data` in `con`, in which `candidate` stays.

    Raises: RecipeError where the recipe has not been run up to dedupe, has records of one site only, or a name is
    unknown; PolicyError.
    """
    rules = policy.load(recipe.policy)
    policies = {CURATED: rules, STRICT: policy.load("strict")}
    policies |= {f"without {name}": _without(rules, name) for name in without}
    kept = {arm: _kept(con, asked, data, recipe.name) for arm, asked in policies.items()}
    _create_allowed(con, rules)
    tested = tuple(sites) or _sites(con, kept[CURATED])
    test = _of_sites(con, tested)
    con.execute(_TRAINED, {"sites": list(tested)})
    raw = [name for (name,) in con.sql("SELECT record_id FROM trained ORDER BY ALL").fetchall()]
    arms: dict[str, Strata] = {RAW: [raw]} | {arm: [[name for name in raw if name in ids]] for arm, ids in kept.items()}
    arms |= {MATCHED: _matched(con, arms[CURATED][0]), DROPPED: [[name for name in raw if name not in kept[CURATED]]]}
    _require(arms, recipe)
    arms = {arm: strata for arm, strata in arms.items() if any(strata)}
    return Arms(arms, tuple(test), frozenset(kept[CURATED] & set(test)), tested)


def _kept(con: duckdb.DuckDBPyConnection, rules: Policy, data: Path, recipe: str) -> set[str]:
    what_if.try_policy(rules, con, data, recipe)
    return {name for (name,) in con.sql("SELECT record_id FROM judged WHERE len(reasons) = 0").fetchall()}


def _without(rules: Policy, name: str) -> Policy:
    """The policy without a rule, or without the rules that look at a signal. Raises: RecipeError."""
    left = tuple(rule for rule in rules.rules if name != rule.name and name not in mentions(rule.drop_if))
    if len(left) == len(rules.rules):
        known = {rule.name for rule in rules.rules} | {one for rule in rules.rules for one in mentions(rule.drop_if)}
        cure = did_you_mean(name, known)
        raise RecipeError(
            "--without {name}: no rule of the policy, and no signal that it looks at{cure}", name=name, cure=cure
        )
    return rules.model_copy(update={"rules": left})


def _create_allowed(con: duckdb.DuckDBPyConnection, rules: Policy) -> None:
    """The records that may be copied: what nobody has allowed is trained on in no arm."""
    of_rights = [breaks_sql(rule) for rule in rules.rules if "licence" in mentions(rule.drop_if)]
    broken = " OR ".join(f"({one})" for one in of_rights) or "false"
    con.execute(
        "CREATE OR REPLACE TEMP TABLE allowed AS "
        f"SELECT record_id, cluster_id, {_SITE} AS site, length(output) AS size FROM candidate WHERE NOT ({broken})"
    )


def _sites(con: duckdb.DuckDBPyConnection, kept: set[str]) -> tuple[str, ...]:
    """Sites by the hash of their name, until they have TEST_SHARE of the kept records; or else the smallest.

    Raises: RecipeError where there is only one.
    """
    counted: dict[str, int] = {}
    for name, site in con.sql("SELECT record_id, site FROM allowed").fetchall():
        counted[site] = counted.get(site, 0) + (name in kept)
    drawn = sorted((site for site, count in counted.items() if count), key=by_hash)
    if len(drawn) < 2:
        raise RecipeError("all records are of one site; an ablation tests on a site that is in no arm: add a source")
    total, tested, chosen = sum(counted.values()), 0, list[str]()
    for site in drawn:
        if tested < TEST_SHARE * total and tested + counted[site] <= MOST * total:
            chosen.append(site)
            tested += counted[site]
    return tuple(sorted(chosen)) or (min(drawn, key=lambda site: (counted[site], site)),)


def _of_sites(con: duckdb.DuckDBPyConnection, sites: Sequence[str]) -> list[str]:
    """The ids of the records of the sites. Raises: RecipeError for a site that has none."""
    known = [site for (site,) in con.sql("SELECT DISTINCT site FROM allowed ORDER BY ALL").fetchall()]
    for site in sites:
        if site not in known:
            raise RecipeError(
                "--test {site}: no record is of this site{cure}", site=site, cure=did_you_mean(site, known)
            )
    query = "SELECT record_id FROM allowed WHERE list_contains(?, site) ORDER BY ALL"
    return [name for (name,) in con.execute(query, [list(sites)]).fetchall()]


def _matched(con: duckdb.DuckDBPyConnection, curated: Sequence[str]) -> Strata:
    """The raw records by the length of their answer, in classes with as many curated ones each."""
    con.execute("CREATE OR REPLACE TEMP TABLE curated_ids AS SELECT unnest(?::VARCHAR[]) AS record_id", [list(curated)])
    bounds = con.sql(
        f"SELECT max(size) FROM (SELECT size, ntile({LENGTHS}) OVER (ORDER BY size, record_id) AS class "
        "FROM allowed JOIN curated_ids USING (record_id)) GROUP BY class ORDER BY class"
    ).fetchall()
    limits = [0, *(size for (size,) in bounds)]
    query = "SELECT record_id FROM trained JOIN allowed USING (record_id) WHERE size > ? AND size <= ? ORDER BY ALL"
    found = [[name for (name,) in con.execute(query, [low, high]).fetchall()] for low, high in pairwise(limits)]
    return [ids for ids in found if ids]


def _require(arms: Mapping[str, Strata], recipe: Recipe) -> None:
    if empty := [arm for arm in (RAW, CURATED) if not any(arms[arm])]:
        raise RecipeError(
            "{recipe}: nothing is left for {arm} beside the sites to test on; name others with --test",
            recipe=recipe.name,
            arm=", ".join(empty),
        )
    if empty := [arm for arm, strata in arms.items() if not any(strata)]:
        log.warning(tr("ablate: nothing is in {arms}; there is no such arm", arms=", ".join(empty)))


def draw(strata: Strata, seed: int) -> Iterator[str]:
    """Ids, one of each stratum in turn, in an order that hangs on the seed; from the beginning again at the end."""
    ordered = [sorted(ids, key=lambda name: by_hash(f"{seed} {name}")) for ids in strata]
    shortest = min(map(len, ordered))
    rounds = ordered if len(ordered) == 1 else [ids[:shortest] for ids in ordered]
    while True:
        for one_of_each in zip(*rounds, strict=True):
            yield from one_of_each


def by_hash(name: str) -> bytes:
    """A place in an order that is the same each time and spreads the records of a page."""
    return sha256(name.encode()).digest()


def rows(con: duckdb.DuckDBPyConnection, ids: Sequence[str]) -> list[Row]:
    """The records with these ids, in their order."""
    query = f"SELECT {_COLUMNS} FROM candidate WHERE list_contains(?::VARCHAR[], record_id)"
    found = {row["record_id"]: row for row in con.execute(query, [list(ids)]).to_arrow_table().to_pylist()}
    return [found[name] for name in ids if name in found]
