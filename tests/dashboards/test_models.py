"""The page of models: curves, lineage, evaluation, ablation, answers; a chat with both, and a blind vote."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from dashboards.talk import SIDES, Talk, Turn
from pipelines import curate, evaluate, finetune, storage
from pipelines.curate import votes
from pipelines.evaluate import cards, written
from pipelines.flows import model_server, start
from pipelines.flows.chat import Answer
from pipelines.flows.model_server import Served
from pipelines.flows.start import Run
from pipelines.recipe import Recipe
from tests.dashboards.conftest import Milled, OpenPage
from tests.pipelines.conftest import CHAT, make_model
from tests.pipelines.milling import dump, recipe_file
from tests.pipelines.serve.served import running
from tests.waiting import until

HOSTILE = "<img src=x onerror=alert(1)> **bold**"


@pytest.fixture(scope="module")
def trained(milled: Milled, tmp_path_factory: pytest.TempPathFactory) -> tuple[Recipe, Path]:
    """The recipe with a tiny model, and a data folder in which it was trained and evaluated."""
    folder = tmp_path_factory.mktemp("models")
    settings = {"model": str(make_model(folder / "base", CHAT)), "max_steps": 3, "max_length": 128}
    recipe = milled[0].model_copy(update={"finetune": milled[0].finetune.model_copy(update=settings)})
    shutil.copytree(milled[1], folder / "data", symlinks=True)
    finetune.run(recipe, folder / "data")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(written, "ANSWER_TOKENS", dict.fromkeys(written.ANSWER_TOKENS, 4))
        evaluate.run(recipe, folder / "data", records=2)
    return recipe, folder / "data"


@pytest.fixture
def data(trained: tuple[Recipe, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copytree(trained[1], tmp_path / "data", symlinks=True)
    monkeypatch.setenv("GRISTMILL_DATA", str(tmp_path / "data"))
    return tmp_path / "data"


@pytest.fixture(scope="module")
def served(trained: tuple[Recipe, Path]) -> Iterator[Served]:
    from pipelines.serve.app import create_app
    from pipelines.serve.loading import load_beside, load_model

    folder = trained[1] / "6_models" / "small" / "v1"
    for url in running(create_app(load_model(folder), load_beside("base", folder, trained[1]))):
        yield Served("small/v1", url, "")


def texts(page: AppTest) -> str:
    parts = (page.markdown, page.caption, page.info, page.get("html"))
    links = [f"{link.proto.label} {link.proto.query_string}" for link in page.get("page_link")]
    return "\n".join([*(one.value for part in parts for one in part), *links]).replace("\\", "")


def test_without_a_model_the_page_says_how_to_train_one(data: Path, open_page: OpenPage) -> None:
    shutil.rmtree(data / "6_models")
    page = open_page("models")
    assert "no model yet" in page.info[0].value and "stage finetune small" in page.code[0].value
    assert "Train a model" not in labels(page)


def test_a_model_is_trained_with_the_settings_of_the_form(
    tmp_path: Path, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = recipe_file(tmp_path, forum=dump(tmp_path / "dump"))
    monkeypatch.setenv("GRISTMILL_RECIPES", json.dumps({"small": str(file)}))
    page = open_page("models", part="new", epochs="20", minutes="2", method="full")
    assert "records to learn from" in texts(page) and "These are few records" in texts(page)
    next(button for button in page.button if button.label == "Train a model").click().run()
    assert "gristmill up" in page.warning[0].value and page.code[0].value == f"gristmill stage finetune {file}"
    asked: list[Any] = []
    run = Run("17", "http://mill.example/17", "COMPLETED")
    monkeypatch.setattr(start, "start_mill", lambda *told, **more: asked.append((*told, more)) or run)
    monkeypatch.setattr(start, "find", lambda _: run)
    next(button for button in page.button if button.label == "Train a model").click().run()
    ((name, place, stages, more),) = asked
    assert (name, place, stages) == ("small", str(file), ["finetune"])
    changed = {"epochs": 20, "max_seconds": 120, "method": "full", "model": "smollm2"}
    assert {key: more["finetune"][key] for key in changed} == changed
    assert page.query_params["run"] == "17" and "small/v1 is there" in page.success[0].value.replace("\\", "")
    assert "part=chat" in texts(page) and "the loss was" in texts(page)
    assert "rate" in open_page("models", part="new", rate="-1").error[0].value


def test_training_is_shown_with_its_curves_and_where_it_comes_from(open_page: OpenPage) -> None:
    page = open_page("models")
    assert [metric.label for metric in page.metric][:3] == ["Examples", "Steps", "Answer tokens learnt"]
    assert page.metric[1].value == "3"
    (chart,) = page.get("vega_lite_chart")
    drawn = json.loads(chart.proto.spec)
    assert len(drawn["layer"]) == 3 and chart.proto.datasets[0].data.data
    said = texts(page)
    assert "Trained on the snapshot v1" in said and "version=v1" in said
    assert "<h2>Licences</h2>" in said and "license_name" not in said


def test_rules_that_shaped_the_snapshot_are_linked(data: Path, open_page: OpenPage) -> None:
    folder = data / "5_curated" / "small" / "v1"
    manifest = storage.read_manifest(folder)
    assert manifest
    storage.write_manifest(folder, manifest.model_copy(update={"counts": manifest.counts | {"broken:too_short": 4}}))
    said = texts(open_page("models"))
    assert "too_short: 4 records" in said and "rule=too_short" in said


def test_the_evaluation_is_told_with_tables_and_answers(open_page: OpenPage, data: Path) -> None:
    page = open_page("models", part="evaluation", test="code")
    said = texts(page)
    assert "better than the base by" in said and "code_generation" in said
    assert said.count("base model · ") == 10 and ":red[wrong]" in said
    shutil.rmtree(data / "7_evaluations")
    assert "gristmill evaluate small" in open_page("models", part="evaluation").code[0].value


def test_answers_before_and_after_stand_side_by_side(data: Path, open_page: OpenPage) -> None:
    folder = data / "6_models" / "small" / "v1"
    manifest = storage.read_manifest(folder)
    assert manifest
    numbers = json.loads((folder / "metrics.json").read_text())
    sample = {"record_id": "forum:q1#a101", "instruction": "Why?", "input": "", "before": HOSTILE, "after": "Because."}
    with storage.rewriting(folder, manifest) as builder:
        builder.text("metrics.json", json.dumps(numbers | {"samples": [sample]}))
    said = texts(open_page("models", part="answers"))
    assert "&lt;img" in said and "<img" not in said and "<strong>bold</strong>" in said and "Because." in said


def test_the_ablation_is_told(data: Path, open_page: OpenPage) -> None:
    assert "gristmill ablate small" in open_page("models", part="curation").code[0].value
    loss = {"records": 2, "loss": 2.0, "by_seed": [2.0]}
    against = {"against_raw": {"mean": 0.2, "low": 0.1, "high": 0.3, "pages": 8}}
    arms = {"raw": loss, "curated": loss | {"loss": 1.8} | against}
    sizes = {arm: {"records": 6, "used": 3, "tokens": [9], "answers": 9} for arm in arms}
    numbers = {"all": arms, "kept": {}, "arms": sizes, "model": "tiny", "steps": 1, "tokens": 9, "seeds": 1}
    numbers |= {"records": 2, "kept_records": 1, "sites": ["forum.example"]}
    about: dict[str, Any] = {"stage": "evaluate", "name": "small", "version": 1, "params": {}, "inputs": {}}
    with storage.building(data / "7_evaluations" / "small" / "ablation-v1", **about) as builder:
        builder.text(cards.RESULTS, cards.as_json(numbers))
    said = texts(open_page("models", part="curation"))
    assert "Yes, here" in said and "+0.200 [+0.100, +0.300]" in said


def test_a_model_that_is_not_served_can_be_started(open_page: OpenPage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_server, "memory_free", lambda: 10**6)
    page = open_page("models", part="chat")
    assert "about 1.1 GB of memory, of which 0.0 GB are free" in page.markdown[0].value
    (button,) = [button for button in page.button if button.label == "Start the model"]
    assert "take 1.1 GB of memory" in button.click().run().error[0].value.replace("\\", "")


@pytest.fixture
def chatting(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_server, "_started", [served])


def asked(page: AppTest, question: str) -> AppTest:
    """The page once both have answered. A tiny model says little or nothing and never ends: each gets its own end."""
    page.chat_input[0].set_value(question).run()
    answers = page.session_state["talk"][1].turns[-1].answers
    until(lambda: all(answer.ended for answer in answers.values()), "both answers")
    assert not any(answer.error for answer in answers.values())
    for end, answer in zip((" No.", " Yes."), answers.values(), strict=True):
        answer.text, answer.cut = answer.text + end, False
    return page.run()


def labels(page: AppTest) -> list[str]:
    return [button.label for button in page.button]


def test_a_blind_vote_becomes_a_pair(
    chatting: None, data: Path, trained: tuple[Recipe, Path], open_page: OpenPage
) -> None:
    page = asked(open_page("models", part="chat", who="Ada", tokens="12", licence="CC-BY-4.0"), "How do I sign a tag?")
    talk = page.session_state["talk"][1]
    assert "small/v1" not in texts(page).partition("How do I sign")[2], "nobody knows which is which"
    next(button for button in page.button if button.label == "A is better").click().run()
    assert not page.error, page.error[0].value
    (vote,) = votes.history(data)
    left, right = talk.turns[0].models
    assert (vote.chosen_model, vote.rejected_model, vote.side, vote.who) == (left, right, "left", "Ada")
    assert left.replace("-", "") in texts(page) and "Take the vote back" in labels(page)
    curate.run(trained[0], data)
    (row,) = [row for row in pairs(data) if row["source"] == votes.SOURCE]
    assert (row["instruction"], row["licence"], row["author"]) == ("How do I sign a tag?", "CC-BY-4.0", "Ada")
    assert (row["chosen"], row["rejected"]) == tuple(talk.turns[0].answers[name].text for name in (left, right))
    page = asked(page, "And then?")
    assert talk.messages("base", "x")[1]["content"] == row["chosen"], "both go on with the better answer"
    next(button for button in page.button if button.label == "Begin anew").click().run()
    assert not page.session_state["talk"][1].turns


def pairs(data: Path) -> list[dict[str, Any]]:
    import pyarrow.parquet as pq

    folder = storage.latest(data / "5_curated" / "small")
    return [row for file in folder.glob("pairs-*") for row in pq.read_table(file).to_pylist()]


def test_a_vote_is_refused_that_is_nobodys_or_not_blind(chatting: None, data: Path, open_page: OpenPage) -> None:
    page = open_page("models", part="chat", tokens="4")
    page = asked(page, "How?")
    assert "B is better" not in labels(page)
    next(box for box in page.text_input if box.label == "Your name, to vote").set_value("Ada").run()
    assert page.query_params["who"] == "Ada" and "B is better" in labels(page) and not votes.history(data)
    page.session_state["talk"][1].turns[0].answers["base"].text = HOSTILE
    assert "&lt;img" in texts(page.run()) and "<img" not in texts(page)
    page.query_params["names"] = "shown"
    assert "seen with their names" in texts(page.run()) and "B is better" not in labels(page)


def talk_of(*said: tuple[str, str], **turn: Any) -> Talk:
    talk = Talk(("m/v1", "base"), seed=5)
    for left, right in said:
        answers = {"m/v1": Answer(left, ended=True), "base": Answer(right, ended=True)}
        talk.turns.append(Turn("Why?", talk.order(), answers, **turn))
    return talk


@pytest.mark.parametrize(
    ("talk", "may"),
    [
        (talk_of(("one", "other")), True),
        (talk_of(("one", "one ")), False),
        (talk_of(("", "other")), False),
        (talk_of(("one", "other"), named=True), False),
        (talk_of(("one", "other"), better="base"), False),
        (talk_of(("same", "same"), ("one", "other")), True),
        (talk_of(("one", "other"), ("one", "other")), False),
        (Talk(("m/v1", "base")), False),
    ],
)
def test_only_a_pair_that_nobody_knows_is_voted_on(talk: Talk, may: bool) -> None:
    assert talk.may_vote() == may


def test_what_was_stopped_failed_or_is_cut_wins_nothing() -> None:
    for change in (Answer.stop, lambda one: setattr(one, "error", "no")):
        talk = talk_of(("one", "other"))
        change(talk.turns[0].answers["base"])
        assert not talk.may_vote()
    talk = talk_of(("one", "other"))
    talk.turns[0].answers["base"].cut = True
    assert [talk.may_win(side) for side in SIDES] == [name != "base" for name in talk.turns[0].models]


def test_what_nobody_can_win_says_what_to_do(chatting: None, open_page: OpenPage) -> None:
    page = asked(open_page("models", part="chat", tokens="4", who="Ada"), "How?")
    answers = page.session_state["talk"][1].turns[0].answers.values()
    for answer in answers:
        answer.cut = True
    assert "Both answers were cut off" in texts(page.run()) and "A is better" not in labels(page)
    for answer in answers:
        answer.cut, answer.text = False, "Both say this."
    assert "Both say the same" in texts(page.run()) and "A is better" not in labels(page)


def test_sides_are_drawn_by_the_seed() -> None:
    first = [Talk(("m", "base"), seed).order() for seed in range(400)]
    assert first == [Talk(("m", "base"), seed).order() for seed in range(400)]
    assert 160 < sum(order[0] == "m" for order in first) < 240
    turns = [SimpleNamespace()] * 3
    assert len({Talk(("m", "base"), seed, turns).order() for seed in range(20)}) == 2  # type: ignore[arg-type]
