"""An ablation of a tiny model for real: equal tokens and steps, both cards, a picture, and what a kill costs."""

import json
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from pipelines import ablate, catalog, curate, storage
from pipelines.ablate import training
from pipelines.evaluate import cards, parts
from pipelines.messages import CARDS
from pipelines.recipe import Recipe
from tests.pipelines.commands import Gristmill
from tests.pipelines.damage import damaged

Milled = tuple[Recipe, Path, Path]
PLAN = ablate.Plan(steps=3, tokens=240, seeds=3, records=7, without=("score_negative",), sites=("kitchen.example",))
ARMS = {"raw", "curated", "length_matched", "dropped", "without score_negative"}


def table(folder: Path) -> list[dict[str, Any]]:
    return pq.read_table(folder / parts.TABLE).to_pylist()


@pytest.fixture(scope="module")
def ablated(milled: Milled) -> Path:
    return ablate.run(milled[0], milled[2], PLAN)


def test_every_arm_is_trained_alike_and_tested_on_the_same(ablated: Path) -> None:
    numbers = cards.results(ablated)
    assert numbers["arms"].keys() == ARMS
    assert {tokens for arm in numbers["arms"].values() for tokens in arm["tokens"]} <= {719, 720}
    counts = Counter((row["model"], row["seed"]) for row in table(ablated))
    assert counts == {(arm, seed): 7 for arm in ARMS for seed in (1, 2, 3)} | {("base", None): 7}
    assert {row["record_id"].partition(":")[0] for row in table(ablated)} == {"kitchen"}
    assert 0 < numbers["kept_records"] < numbers["records"] == 7


def test_training_changed_something_and_seeds_differ(ablated: Path) -> None:
    every = cards.results(ablated)["all"]
    assert all(every[arm]["loss"] < every["base"]["loss"] for arm in ARMS)
    assert len(set(every["raw"]["by_seed"])) == 3
    assert every["curated"]["against_raw"]["low"] <= every["curated"]["against_raw"]["high"]


def test_the_dataset_cards_tell_it_once_and_stand_as_they_were(ablated: Path, milled: Milled) -> None:
    recipe, _, data = milled
    snapshot = storage.latest(data / "5_curated" / "small")
    before = storage.read_manifest(snapshot)
    for name, heading in zip(CARDS, ("## Does curation help?", "## 整理有用吗？"), strict=True):
        card = (snapshot / name).read_text()
        assert card.count(heading) == 1 and card.index(heading) < card.rindex("\n## ")
        assert "`kitchen.example`" in card and "`score_negative`" in card
    for picture in ("ablation.png", "ablation.zh-CN.png"):
        assert (snapshot / picture).read_bytes().startswith(b"\x89PNG")
    assert curate.run(recipe, data) == before, "the snapshot is as it was"
    assert ablate.run(recipe, data, PLAN) == ablated
    assert storage.read_manifest(snapshot) == before
    assert not damaged(data)


def test_people_ask_in_sql(ablated: Path, milled: Milled) -> None:
    with catalog.connect(milled[2]) as con:
        query = "SELECT DISTINCT version, model FROM evaluations WHERE seed = 2"
        assert set(con.sql(query).fetchall()) == {("ablation-v1", arm) for arm in ARMS}


class Killed(BaseException):
    """What ends a run here."""


def test_a_kill_costs_one_training_at_most_and_the_numbers_are_the_same(
    ablated: Path, milled: Milled, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = tmp_path / "data"
    shutil.copytree(milled[2], data, symlinks=True)
    shutil.rmtree(data / "7_evaluations")
    trained, calls = training.train, Counter[str]()

    def deadly(*arguments: Any) -> Any:
        calls["train"] += 1
        made = trained(*arguments)
        if calls["train"] in (2, 5):
            raise Killed
        return made

    monkeypatch.setattr(training, "train", deadly)
    for _ in range(2):
        with pytest.raises(Killed):
            ablate.run(milled[0], data, PLAN)
    folder = ablate.run(milled[0], data, PLAN)
    assert calls["train"] == 3 * len(ARMS) + 2
    assert {path.name for path in folder.iterdir()} == {path.name for path in ablated.iterdir()}
    assert (folder / parts.TABLE).read_bytes() == (ablated / parts.TABLE).read_bytes()
    assert not list(data.rglob(".arms"))


def test_the_command_prints_the_section_or_the_numbers(ablated: Path, milled: Milled, gristmill: Gristmill) -> None:
    words = ["ablate", milled[1], "--data", milled[2], "--steps", "3", "--tokens", "240", "--records", "7"]
    words += ["--without", "score_negative", "--test", "kitchen.example"]
    printed = gristmill(*words)
    assert printed.code == 0 and "Does curation help?" in printed.out and "what the policy drops" in printed.out
    assert json.loads(gristmill(*words, "--json").out)["arms"].keys() == ARMS
    assert gristmill(*words, "--test", "nowhere.example").code == 2
