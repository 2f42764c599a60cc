"""An evaluation of a tiny model for real: rows, numbers, cards, and what a kill or a damaged file costs."""

import json
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from huggingface_hub import ModelCard

from pipelines import catalog, evaluate, finetune, storage
from pipelines.evaluate import cards, compared, judging, measuring, parts, report, work, written
from pipelines.evaluate.judge import Judge
from pipelines.messages import CARDS
from pipelines.recipe import RecipeError
from tests.pipelines.commands import Gristmill
from tests.pipelines.conftest import recipe, rows, write_snapshot
from tests.pipelines.damage import damaged
from tests.pipelines.evaluate.test_judge import prefers, server

MODELS = ("base", "previous", "tuned")


def table(folder: Path) -> list[dict[str, Any]]:
    return pq.read_table(folder / parts.TABLE).to_pylist()


def results(folder: Path) -> dict[str, Any]:
    return json.loads((folder / cards.RESULTS).read_text())


def copy(data: Path, to: Path) -> Path:
    shutil.copytree(data, to, symlinks=True)
    return to


def test_every_model_is_asked_everything_that_is_held_out(evaluated: Path) -> None:
    counts = Counter((row["test"], row["model"]) for row in table(evaluated))
    asked = Counter(one.test for one in written.prompts()) | {"loss": 20, "pair": 6}
    assert counts == {(test, model): number for test, number in asked.items() for model in MODELS}
    ids = {row["record_id"] for row in table(evaluated) if row["test"] == "loss"}
    assert all(name.startswith("held:") for name in ids) and len(ids) == 20


def test_what_was_learnt_shows_against_base_and_previous(evaluated: Path) -> None:
    told = results(evaluated)["losses"]["all"]
    assert told["tuned"] < told["previous"] < told["base"]
    for other in ("base", "previous"):
        fall = told[f"against_{other}"]
        assert 0 < fall["low"] < fall["mean"] < fall["high"]
        assert fall["mean"] == pytest.approx(told[other] - told["tuned"], abs=2e-4)
    assert results(evaluated)["previous"] == "v1" and results(evaluated)["model"] == "tiny/v2"
    assert results(evaluated)["sandbox"] is True and results(evaluated)["contaminated"] == {}


def test_a_loss_is_that_of_finetune(evaluated: Path, trained: Path, chat_model: Path) -> None:
    """The same rows, by the function that training measures with."""
    from pipelines.finetune import examples
    from pipelines.finetune.evaluate import row_losses

    found = compared.find(recipe(chat_model, max_steps=30), trained)
    tuned = compared.loaded(list(found.candidates())[-1], found.settings)
    snapshot = finetune.latest_snapshot(recipe(chat_model), trained)
    held_out = examples.first(
        snapshot.rows("test"), tuned.tokenizer, found.settings.model_copy(update={"eval_records": 99})
    )
    expected = dict(
        zip((one.row["record_id"] for one in held_out), row_losses(tuned.model, held_out, 512, "x"), strict=True)
    )
    for row in table(evaluated):
        if row["test"] == "loss" and row["model"] == "tuned":
            nats, tokens = expected[row["record_id"]]
            assert row["tokens"] == tokens and row["nats"] == pytest.approx(nats, rel=2e-2)


def test_nothing_but_what_is_listed_is_there(evaluated: Path, trained: Path) -> None:
    manifest = storage.read_manifest(evaluated)
    assert manifest and manifest.counts == {"evaluations": len(table(evaluated))}
    files = {path.name for path in evaluated.iterdir()}
    assert files == {shard.path for shard in manifest.shards} | {storage.MANIFEST}
    assert not damaged(trained)


def test_both_cards_have_the_section_and_the_hub_reads_the_index(evaluated: Path, trained: Path) -> None:
    model = storage.latest(trained / "6_models" / "tiny")
    for name, words in zip(CARDS, ("### The seven uses", "### 七种用途"), strict=True):
        card = (model / name).read_text()
        assert card.count(words) == 1
        assert all(f"| `{use}` |" in card for use in results(evaluated)["uses"])
        data = ModelCard(card).data
        found = {(one.metric_name, one.metric_value) for one in data.eval_results}
        assert ("nats per answer token", results(evaluated)["losses"]["all"]["tuned"]) in found
        assert {name for name, _ in found} >= {"pair accuracy", "instructions followed", "dangerous requests refused"}
    assert "| `held" not in (model / "README.md").read_text(), "no record is named"


def test_again_nothing_happens(
    evaluated: Path, trained: Path, chat_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = storage.latest(trained / "6_models" / "tiny")
    before = [(path, path.stat().st_mtime_ns) for path in (*evaluated.iterdir(), *model.glob("*.md"))]
    monkeypatch.setattr(compared, "loaded", None)
    assert evaluate.run(recipe(chat_model, max_steps=30), trained) == evaluated
    assert before == [(path, path.stat().st_mtime_ns) for path in (*evaluated.iterdir(), *model.glob("*.md"))]
    manifest = storage.read_manifest(model)
    assert finetune.run(recipe(chat_model, max_steps=30), trained) == manifest, "the model is as it was"


class Killed(BaseException):
    """What ends a run here."""


def test_a_kill_costs_a_part_at_most_and_the_bytes_are_the_same(
    evaluated: Path, trained: Path, chat_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = copy(trained, tmp_path / "data")
    shutil.rmtree(data / "7_evaluations")
    measured = Counter[str]()
    whole = work._measure

    def counted(one: work.Work, *more: Any) -> Any:
        measured["calls"] += 1
        if measured["calls"] in (3, 9, 40):
            raise Killed
        return whole(one, *more)

    monkeypatch.setattr(work, "_measure", counted)
    for _ in range(3):
        with pytest.raises(Killed):
            evaluate.run(recipe(chat_model, max_steps=30), data)
    (damaged_part,) = data.glob("7_evaluations/tiny/.v2.*/part-loss-base-00000.jsonl")
    damaged_part.write_text("rot\n")
    folder = evaluate.run(recipe(chat_model, max_steps=30), data)
    number = sum(1 for model in MODELS for _ in range(2 + 1 + 7 + 3 + 3 + 2))
    assert measured["calls"] == number + 3 + 1, "each part once, but for what was killed and what had rotted"
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == {
        path.name: path.read_bytes() for path in evaluated.iterdir()
    }


def test_a_run_that_is_killed_while_it_clears_up_goes_on(
    evaluated: Path, trained: Path, chat_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = copy(trained, tmp_path / "data")
    shutil.rmtree(data / "7_evaluations")
    drop, calls = storage.FolderBuilder.drop, Counter[str]()

    def deadly(self: storage.FolderBuilder, name: str) -> None:
        calls["drop"] += 1
        if calls["drop"] == 3:
            (self.folder / name).unlink()
            raise Killed
        drop(self, name)

    monkeypatch.setattr(storage.FolderBuilder, "drop", deadly)
    with pytest.raises(Killed):
        evaluate.run(recipe(chat_model, max_steps=30), data)
    folder = evaluate.run(recipe(chat_model, max_steps=30), data)
    assert {path.name for path in folder.iterdir()} == {path.name for path in evaluated.iterdir()}


def test_prompts_that_the_snapshot_teaches_are_not_asked(tmp_path: Path, chat_model: Path) -> None:
    taught = next(one for one in written.prompts() if one.name == "en-text-3")
    learnt = [row | {"instruction": taught.text} for row in rows(1, "train", 50)]
    write_snapshot(tmp_path, rows(12, "train") + learnt, rows(4, "validation", 100), rows(4, "test", 200))
    finetune.run(recipe(chat_model, max_steps=1), tmp_path)
    folder = evaluate.run(recipe(chat_model, max_steps=1), tmp_path)
    assert results(folder)["contaminated"] == {"en-text-3": 1.0}
    assert "en-text-3" not in {row["item"] for row in table(folder)}
    card = (storage.latest(tmp_path / "6_models" / "tiny") / "README.md").read_text()
    assert "Prompts that the snapshot teaches, and that were not asked: `en-text-3`." in card
    assert "version before" not in card, "there is none"


def test_records_that_an_earlier_snapshot_trained_on_are_left_out(tmp_path: Path, chat_model: Path) -> None:
    write_snapshot(tmp_path, rows(12, "train"), rows(4, "validation", 100))
    finetune.run(recipe(chat_model, max_steps=1), tmp_path)
    (tmp_path / "5_curated" / "tiny" / "v1").rename(tmp_path / "5_curated" / "tiny" / "v0")
    storage.point_latest(tmp_path / "5_curated" / "tiny" / "v0")
    metrics = storage.latest(tmp_path / "6_models" / "tiny") / "metrics.json"
    manifest = storage.read_manifest(metrics.parent)
    assert manifest
    with storage.rewriting(metrics.parent, manifest) as builder:
        builder.text("metrics.json", metrics.read_text().replace('"version": "v1"', '"version": "v0"'))
    write_snapshot(tmp_path, rows(6, "train"), [], rows(6, "test", 6) + rows(4, "test", 200))
    folder = evaluate.run(recipe(chat_model, max_steps=1), tmp_path)
    assert {row["record_id"] for row in table(folder) if row["test"] == "loss"} == {
        f"test:{n}#1" for n in range(200, 204)
    }
    assert results(folder)["seen"] == 6


def test_a_snapshot_without_held_out_rows_is_evaluated_on_prompts(tmp_path: Path, chat_model: Path) -> None:
    write_snapshot(tmp_path, rows(12, "train"), rows(4, "validation", 100))
    finetune.run(recipe(chat_model, max_steps=1), tmp_path)
    folder = evaluate.run(recipe(chat_model, max_steps=1), tmp_path)
    assert results(folder)["losses"]["all"] == {"records": 0}
    assert "on 0 records of the split" in report.section(report.results(folder))


def test_the_number_of_records_has_a_limit(trained: Path, chat_model: Path) -> None:
    snapshot = finetune.latest_snapshot(recipe(chat_model), trained)
    chosen = [row["record_id"] for one in work.losses(snapshot, set(), 5) for row in one.of]
    every = [row["record_id"] for one in work.losses(snapshot, set(), 99) for row in one.of]
    assert len(chosen) == 5 and every[:5] == chosen and len(every) == 20


def test_other_prompts_make_another_evaluation(
    evaluated: Path, trained: Path, chat_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(written, "fingerprint", lambda: "other prompts")
    monkeypatch.setattr(evaluate, "_evaluate", lambda *_: pytest.fail("measured anew"))
    with pytest.raises(pytest.fail.Exception, match="measured anew"):
        evaluate.run(recipe(chat_model, max_steps=30), trained)


def test_a_judge_is_asked_once_for_each_question(
    evaluated: Path, trained: Path, chat_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data, chosen = copy(trained, tmp_path / "data"), recipe(chat_model, max_steps=30)
    monkeypatch.setattr(measuring, "JUDGED_TOKENS", 6)
    with server(prefers("the longest answer of all")) as (url, asked):
        evaluate.run(chosen, data, judge=Judge(url, "oracle"))
        number = len(asked)
        folder = evaluate.run(chosen, data, judge=Judge(url, "oracle"))
        assert len(asked) == number > 0, "what is judged stays"
    judged = folder.with_name("v2-judged")
    said = [row for row in table(judged) if row["test"] == "judge"]
    assert {row["record_id"] for row in said} == {row["record_id"] for row in table(judged) if row["test"] == "answer"}
    assert Counter(row["note"] for row in said) == {"tie": len(said)}, "the second always stands for better"
    assert "`oracle` compared the answers" in (storage.latest(data / "6_models" / "tiny") / "README.md").read_text()
    assert len(said) <= judging.QUESTIONS
    manifest = storage.read_manifest(judged)
    assert manifest
    storage.write_manifest(judged, manifest.model_copy(update={"inputs": manifest.inputs | {"curated": "older"}}))
    assert report.results(folder)["judge"] == {}, "it is of another snapshot"
    evaluate.discard(chosen, data)
    assert not list(data.glob("7_evaluations/tiny/*"))


def test_what_is_missing_is_named(tmp_path: Path, chat_model: Path) -> None:
    with pytest.raises(RecipeError, match="gristmill stage finetune tiny"):
        evaluate.run(recipe(chat_model), tmp_path)


def test_people_ask_in_sql(evaluated: Path, trained: Path) -> None:
    with catalog.connect(trained) as con:
        query = "SELECT recipe, version, model, count(*) FROM evaluations WHERE test = 'loss' GROUP BY ALL ORDER BY ALL"
        assert con.sql(query).fetchall() == [("tiny", "v2", model, 20) for model in MODELS]


def test_who_asks_for_it_is_forgotten_here_too(evaluated: Path, trained: Path, tmp_path: Path) -> None:
    from pipelines.forget import erase
    from pipelines.suppression import load

    data = copy(trained, tmp_path / "data")
    folder = data / evaluated.relative_to(trained)
    manifest = storage.read_manifest(folder)
    assert manifest
    name = next(row["record_id"] for row in table(folder) if row["record_id"])
    targets = erase.ErasureTargets(load(data), frozenset(), frozenset({name}))
    assert erase.count_rows(folder, manifest, targets) == {"evaluations": 3}
    assert erase.erase_rows(folder, manifest, targets) == {"evaluations": 3}
    assert name not in {row["record_id"] for row in table(folder)}
    left = storage.read_manifest(folder)
    assert left and left.counts["evaluations"] == manifest.counts["evaluations"] - 3
    assert not damaged(data)


def test_the_command_prints_the_section_or_the_numbers(
    evaluated: Path, trained: Path, chat_model: Path, tmp_path: Path, gristmill: Gristmill
) -> None:
    file = tmp_path / "tiny.toml"
    settings = "\n".join(
        f"{key} = {json.dumps(value)}" for key, value in recipe(chat_model, max_steps=30).finetune.model_dump().items()
    )
    file.write_text(f'name = "tiny"\n[[sources]]\nconnector = "python_docs"\nname = "docs"\n[finetune]\n{settings}\n')
    printed = gristmill("evaluate", file, "--data", trained)
    assert printed.code == 0 and "The seven uses" in printed.out and "creative_writing" in printed.out
    assert json.loads(gristmill("evaluate", file, "--data", trained, "--json").out)["model"] == "tiny/v2"
    assert gristmill("evaluate", file, "--data", trained, "--judge-model", "m").code == 2
    assert gristmill("evaluate", file, "--data", tmp_path / "nothing").code == 2
