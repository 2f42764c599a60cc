"""Quotas and budget: the best are kept, shares hold of what is kept, and nothing hangs on the order of rows."""

import random
from collections import Counter
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pytest

from pipelines.curate import diversity, mixture
from pipelines.curate.policy import Mixture, Policy, PolicyError, Rule
from pipelines.signals.embedding import DIMENSIONS

RULES = (Rule(name="never", drop_if="false", why="-"),)
TASKS = ("question_answering", "code_generation", "dialogue")


def rows(count: int = 120) -> list[dict[str, Any]]:
    made = []
    for k in range(count):
        origin = {"source": "forum", "author": f"author {k % 10}" if k % 7 else "", "url": f"https://s{k % 3}.org/{k}"}
        kind = {"task": TASKS[k % 3], "output_language": "zh" if k % 4 == 0 else "en", "licence": "MIT"}
        words = {"instruction_words": 5, "input_words": 0, "output_words": 10, "quality": k % 50}
        texts = {"instruction": "How?", "input": "", "output": "So."}
        made.append({"record_id": f"r{k:03}", **origin, **kind, **words, **texts})
    return made


def kept(given: list[dict[str, Any]], safe: tuple[str, ...] = (), **settings: Any) -> tuple[list[str], dict[str, str]]:
    """Names that are left, and the rule that left out each other one."""
    policy = Policy(rules=RULES, quality="quality", mixture=Mixture(**settings))
    with duckdb.connect() as con:
        told = pa.Table.from_pylist(given)
        if "pair_embedding" in told.column_names:
            told = told.set_column(told.column_names.index("pair_embedding"), "pair_embedding", table(given))
        con.register("rows", told)
        con.execute("CREATE TABLE candidate AS SELECT * FROM rows")
        con.execute(
            "CREATE TABLE judged AS SELECT record_id, CAST([] AS STRUCT(rule VARCHAR, value VARCHAR)[]) AS reasons,"
            " CASE WHEN list_contains($safe, record_id) THEN 'accept' ELSE '' END AS decision FROM rows",
            {"safe": list(safe)},
        )
        mixture.apply(con, policy, Path())  # no target file
        found = con.sql("SELECT record_id, reasons FROM judged ORDER BY record_id").fetchall()
    assert len(found) == len(given) and all(len(reasons) <= 1 for _, reasons in found)
    return [n for n, reasons in found if not reasons], {n: reasons[0]["rule"] for n, reasons in found if reasons}


def of(given: list[dict[str, Any]], names: list[str], column: str) -> Counter[str]:
    return Counter(row[column] for row in given if row["record_id"] in set(names))


def test_no_mixture_leaves_nothing_out() -> None:
    assert kept(rows(5)) == ([f"r{k:03}" for k in range(5)], {})


def test_caps_keep_the_best_of_each_author_and_spare_the_unsigned() -> None:
    given = rows()
    names, left = kept(given, per_author=3)
    counts = of(given, names, "author")
    assert counts.pop("") == sum(not row["author"] for row in given)
    assert set(counts.values()) == {3} and set(left.values()) == {"author_cap"}
    best = sorted((row["quality"] for row in given if row["author"] == "author 1"), reverse=True)[:3]
    assert (
        sorted((r["quality"] for r in given if r["author"] == "author 1" and r["record_id"] in names), reverse=True)
        == best
    )
    assert set(of(given, kept(given, per_site=4)[0], "url").values()) == {1} and len(kept(given, per_site=4)[0]) == 12


def test_shares_hold_of_what_is_kept_and_as_much_as_can_be_is() -> None:
    given = rows()
    names, left = kept(given, language={"zh": 0.1})
    counts = of(given, names, "output_language")
    assert counts == {"en": 90, "zh": 10} and set(left.values()) == {"language_quota"}
    names, _ = kept(given, task={"question_answering": 0.5, "code_generation": 0.3, "dialogue": 0.2}, max_records=50)
    assert of(given, names, "task") == {"question_answering": 25, "code_generation": 15, "dialogue": 10}
    names, _ = kept(given, task={"dialogue": 5}, language={"zh": 0.2})
    assert of(given, names, "task")["dialogue"] <= 5
    assert 0.15 < of(given, names, "output_language")["zh"] / len(names) <= 0.2


def test_a_share_that_leaves_nothing_is_an_error() -> None:
    with pytest.raises(PolicyError, match=r"mixture.licence: MIT = 0.5 leaves nothing of MIT"):
        kept(rows(), licence={"MIT": 0.5})


def test_the_budget_takes_the_best_by_records_or_tokens() -> None:
    given = rows()
    names, left = kept(given, max_records=10)
    assert len(names) == 10 and set(left.values()) == {"budget"}
    assert min(r["quality"] for r in given if r["record_id"] in names) >= max(
        r["quality"] for r in given if r["record_id"] in left
    )
    assert len(kept(given, max_tokens=15 * 20 + 7)[0]) == 20


def test_random_order_draws_by_name_and_is_the_same_for_any_order_of_rows() -> None:
    given = rows()
    names, _ = kept(given, order="random", max_records=30)
    assert names == kept(random.Random(3).sample(given, len(given)), order="random", max_records=30)[0]
    assert names != kept(given, max_records=30)[0]
    assert 15 < sum(row["quality"] for row in given if row["record_id"] in names) / 30 < 33, "not the best ones"


def test_what_a_person_accepted_is_counted_and_never_left_out() -> None:
    names, left = kept(rows(), safe=("r000", "r050"), max_records=2, per_author=1)
    assert names == ["r000", "r050"] and {"r000", "r050"} & set(left) == set()


def embedded(count: int, groups: int) -> list[dict[str, Any]]:
    """Records around `groups` directions, `count` in the first and one in each other."""
    pick = random.Random(5)
    made = rows(count + groups - 1)
    for k, row in enumerate(made):
        at = 0 if k < count else k - count + 1
        row["pair_embedding"] = [float(d == at) + pick.gauss(0, 0.005) for d in range(DIMENSIONS)]
    return made


def table(given: list[dict[str, Any]], *width: int) -> pa.Array:
    """Lists of any length, as Parquet files are read, or of one `width`."""
    return pa.array([row["pair_embedding"] for row in given], pa.list_(pa.float32(), *width))


def units(given: list[dict[str, Any]]) -> np.ndarray:
    return diversity.quantise(table(given, DIMENSIONS))


def chosen_of(points: np.ndarray, first: int, size: int) -> tuple[np.ndarray, np.ndarray]:
    return diversity.facility_location(points, np.ones(len(points), np.int64), first, size)


def test_one_of_each_kind_is_chosen_before_a_second_of_any() -> None:
    given = embedded(40, 6)
    chosen, cosines = chosen_of(units(given), 0, 6)
    assert sorted(max(0, at - 39) for at in range(45) if chosen[at]) == [0, 1, 2, 3, 4, 5]
    assert all(cosines[chosen] > 0.99) and cosines[~chosen].min() > 0.9


def test_two_stand_for_two_crowds_and_not_for_two_loners() -> None:
    given = embedded(20, 4)[:22]
    given += [given[at] | {"pair_embedding": given[20]["pair_embedding"][::-1]} for at in range(12)]
    chosen, _ = chosen_of(units(given), 0, 2)
    assert chosen[:20].sum() == 1 and chosen[22:].sum() == 1


def test_what_was_chosen_before_stands_for_its_kind() -> None:
    given = embedded(40, 6)
    chosen, _ = chosen_of(units(given), 1, 6)
    assert chosen[0] and chosen[40:].all()


def by_hand(points: np.ndarray, size: int) -> list[int]:
    """Greedy facility location from its definition."""
    similar, taken = np.maximum(points @ points.T, 0), list[int]()
    while len(taken) < size:
        gains = [similar[:, [*taken, at]].max(axis=1).sum() if at not in taken else -1.0 for at in range(len(points))]
        taken.append(int(np.argmax(gains)))
    return sorted(taken)


@pytest.mark.parametrize("seed", range(3))
def test_the_lazy_choice_is_the_greedy_one(seed: int) -> None:
    points = np.random.default_rng(seed).normal(0, 1, (60, 8))
    points = diversity.quantise(pa.FixedSizeListArray.from_arrays(pa.array(points.ravel()), 8))
    chosen, _ = chosen_of(points, 0, 12)
    assert np.flatnonzero(chosen).tolist() == by_hand(points.astype(float), 12)


def test_cells_of_neighbours_cover_better_than_chance_and_give_the_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(diversity, "MAX_CELL", 50)
    pick = np.random.default_rng(1)
    points = diversity.quantise(pa.FixedSizeListArray.from_arrays(pa.array(pick.normal(0, 1, 320 * 4)), 4))
    similar = points.astype(float) @ points.T.astype(float) / diversity.SCALE**2
    for size in (32, 33, 319):
        chosen, _ = chosen_of(points, 3, size)
        assert chosen.sum() == size and chosen[:3].all()
        by_chance = pick.permutation(320)[:size]
        assert similar[:, chosen].max(axis=1).mean() > similar[:, by_chance].max(axis=1).mean()


def test_a_budget_of_tokens_passes_over_what_does_not_fit() -> None:
    given = embedded(40, 6)
    costs = np.where(np.arange(45) < 43, 10, 70)
    chosen, _ = diversity.facility_location(units(given), costs, 0, 65)
    assert chosen[40:43].all() and not chosen[43:].any() and costs[chosen].sum() == 60


def test_tokens_and_records_in_a_policy() -> None:
    given = embedded(40, 6)
    names, left = kept(given, max_tokens=90, diversity="facility_location")
    assert {f"r{k:03}" for k in range(40, 45)} < set(names) and len(names) == 6, "each has 15 tokens"
    names, left = kept(given, max_tokens=90, max_records=3, diversity="facility_location")
    assert len(names) == 3 and set(left.values()) == {"diversity"}


def test_unmeasured_records_are_chosen_last() -> None:
    given = embedded(4, 3)
    given[0]["pair_embedding"] = given[5]["pair_embedding"] = None
    chosen, _ = chosen_of(units(given), 0, 5)
    assert not chosen[5] and chosen[0] and chosen.sum() == 5


def test_diversity_in_a_policy() -> None:
    given = embedded(40, 6)
    names, left = kept(given, max_records=6, diversity="facility_location")
    assert len(names) == 6 and {f"r{k:03}" for k in range(40, 45)} < set(names) and set(left.values()) == {"diversity"}


def test_diversity_without_the_signal_says_what_to_do() -> None:
    with pytest.raises(PolicyError, match="needs the signal `pair_embedding`"):
        kept(rows(), max_records=6, diversity="facility_location")
