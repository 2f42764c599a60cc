"""Training for real, on a tiny model: what is left on disk, what is learnt, and what a kill costs."""

import json
import logging
import subprocess
import sys
from pathlib import Path

import pytest

from pipelines import finetune, storage
from pipelines.messages import CARDS
from pipelines.recipe import RecipeError
from tests.pipelines.conftest import recipe, rows, write_snapshot
from tests.pipelines.damage import damaged


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    write_snapshot(folder, rows(40, "train"), rows(12, "validation", 100))
    return folder


def model_folder(data: Path) -> Path:
    return (data / "6_models" / "tiny" / "latest").resolve()


def metrics(data: Path) -> dict[str, object]:
    return json.loads((model_folder(data) / "metrics.json").read_text())


@pytest.fixture(scope="session")
def trained(data: Path, chat_model: Path) -> Path:
    """The folder of a model trained with the default LoRA."""
    finetune.run(recipe(chat_model, max_steps=30), data)
    return model_folder(data)


def test_loss_falls_where_it_was_not_trained(trained: Path) -> None:
    numbers = json.loads((trained / "metrics.json").read_text())
    held = numbers["held_out"]
    assert held["records"] == 6
    assert held["after"]["loss"] < held["before"]["loss"] - 0.2
    assert set(held["after"]["by_task"]) == {"education", "dialogue"}
    assert numbers["train_loss"][0][1] > numbers["train_loss"][-1][1]
    assert [step for step, _ in numbers["train_loss"]] == list(range(1, 31))


def test_the_folder_is_whole_safe_and_listed(trained: Path) -> None:
    manifest = storage.read_manifest(trained)
    assert manifest
    files = {path.relative_to(trained).as_posix() for path in trained.rglob("*") if path.is_file()}
    assert files == {shard.path for shard in manifest.shards} | {"manifest.json"}
    assert {"model.safetensors", "adapter/adapter_model.safetensors", "loss.png", "chat_template.jinja"} <= files
    assert set(CARDS) <= files
    assert not [file for file in files if file.endswith((".bin", ".pt", ".pth", ".pkl"))]
    assert not damaged(trained.parents[2])
    assert (trained / "loss.png").read_bytes().startswith(b"\x89PNG")


def test_no_path_of_this_machine_is_published(trained: Path, data: Path, chat_model: Path) -> None:
    for path in trained.rglob("*"):
        if path.is_file() and path.name != storage.MANIFEST:  # its params are the recipe's own words
            content = path.read_bytes()
            assert str(data).encode() not in content
            assert str(chat_model).encode() not in content, path


def test_twenty_held_out_questions_are_on_the_card_and_none_of_the_split_test(tmp_path: Path, chat_model: Path) -> None:
    test = [row | {"record_id": f"other:{row['record_id']}"} for row in rows(12, "test", 200)]
    write_snapshot(tmp_path, rows(12, "train"), rows(24, "validation", 100), test)
    finetune.run(recipe(chat_model, max_steps=1), tmp_path)
    samples = metrics(tmp_path)["samples"]
    assert isinstance(samples, list) and len(samples) == 20
    assert {sample["record_id"].split(":")[0] for sample in samples} == {"test"}
    assert [sample["language"] for sample in samples[:4]] == ["en", "zh", "en", "zh"]
    card = (model_folder(tmp_path) / "README.md").read_text()
    assert card.count("<td>") == 3 * 20
    assert all(sample["record_id"] in card for sample in samples)


def test_the_card_names_the_snapshot_and_its_licences(trained: Path, data: Path) -> None:
    card = (trained / "README.md").read_text()
    snapshot = storage.read_manifest(data / "5_curated" / "tiny" / "v1")
    assert snapshot
    assert snapshot.fingerprint in card
    assert "**tiny v1**" in card
    assert "- CC-BY-4.0: 40 rows" in card
    assert 'language: ["en", "zh"]' in card


def test_the_adapter_on_the_base_says_what_the_merged_model_says(trained: Path, chat_model: Path) -> None:
    import torch
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    ids = torch.arange(3, 40)[None]
    merged = AutoModelForCausalLM.from_pretrained(trained)(input_ids=ids).logits
    base = AutoModelForCausalLM.from_pretrained(chat_model)
    untrained = base(input_ids=ids).logits
    apart = PeftModel.from_pretrained(base, str(trained / "adapter"))(input_ids=ids).logits
    assert torch.allclose(merged, apart, atol=1e-4)
    assert not torch.allclose(merged, untrained, atol=1e-2)


def test_the_same_is_trained_once_and_a_change_gives_a_new_version(tmp_path: Path, chat_model: Path) -> None:
    write_snapshot(tmp_path, rows(12, "train"), rows(4, "validation", 100))
    first = finetune.run(recipe(chat_model, max_steps=2), tmp_path)
    stamp = (model_folder(tmp_path) / "model.safetensors").stat()
    assert finetune.run(recipe(chat_model, max_steps=2), tmp_path) == first
    assert (model_folder(tmp_path) / "model.safetensors").stat() == stamp
    assert model_folder(tmp_path).name == "v1"
    finetune.run(recipe(chat_model, max_steps=3), tmp_path)
    assert model_folder(tmp_path).name == "v2"


def test_markers_are_trained_under_lora(tmp_path: Path, plain_model: Path) -> None:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    from pipelines.models import base

    write_snapshot(tmp_path, rows(24, "train"), rows(4, "validation", 100))
    chosen = recipe(plain_model, max_steps=6)
    finetune.run(chosen, tmp_path)
    folder = model_folder(tmp_path)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    markers = tokenizer.convert_tokens_to_ids(["<|instruction|>", "<|input|>", "<|response|>"])
    after = AutoModelForCausalLM.from_pretrained(folder).get_input_embeddings().weight
    before = base.load_with_special_tokens(chosen.finetune, tmp_path)[0].get_input_embeddings().weight
    moved = (after - before).abs().amax(dim=1) > 1e-4
    assert torch.nonzero(moved).flatten().tolist() == markers
    assert len(set(markers)) == 3
    assert tokenizer.chat_template


def test_full_fine_tuning_moves_all_and_leaves_no_adapter(tmp_path: Path, chat_model: Path) -> None:
    write_snapshot(tmp_path, rows(24, "train"), rows(4, "validation", 100))
    finetune.run(recipe(chat_model, method="full", max_steps=8), tmp_path)
    held = metrics(tmp_path)["held_out"]
    assert not (model_folder(tmp_path) / "adapter").exists()
    assert held["after"]["loss"] < held["before"]["loss"]  # type: ignore[index]


def test_long_answers_are_cut_and_the_card_says_what_is_learnt_of_which_source(
    tmp_path: Path, chat_model: Path
) -> None:
    long = [row | {"source": "other", "output": "One more word. " * 60} for row in rows(3, "train", 50)]
    asked = [row | {"source": "other", "instruction": "why " * 200} for row in rows(2, "train", 60)]
    write_snapshot(tmp_path, rows(12, "train") + long + asked, rows(4, "validation", 100))
    counts = finetune.run(recipe(chat_model, max_steps=2), tmp_path).counts
    told = {"trained": 15, "cut": 3, "left_out:prompt": 2, "rows": 17}
    assert {name: counts[name] for name in told} == told
    assert counts["learnt_tokens:source:test"] == counts["answer_tokens:source:test"]
    assert 0 < counts["learnt_tokens:source:other"] < counts["answer_tokens:source:other"]
    card = (model_folder(tmp_path) / "README.md").read_text()
    assert "3 answers are cut, at a paragraph, to 128 tokens in all" in card
    assert "2 rows are left out, whose question fills 128 tokens" in card
    share = 100 * counts["learnt_tokens:source:other"] / counts["answer_tokens:source:other"]
    assert f"| other | {counts['answer_tokens:source:other']} | {share:.1f} % |" in card
    assert f"| test | {counts['answer_tokens:source:test']} | 100.0 % |" in card


def test_no_example_is_longer_than_the_models_context(tmp_path: Path, chat_model: Path) -> None:
    write_snapshot(tmp_path, rows(4, "train"), [])
    finetune.run(recipe(chat_model, max_steps=1, max_length=100_000), tmp_path)
    assert metrics(tmp_path)["settings"]["max_length"] == 256  # type: ignore[index]


def test_when_nothing_fits_the_error_names_key_and_cure(tmp_path: Path, chat_model: Path) -> None:
    write_snapshot(tmp_path, [row | {"instruction": "why " * 20} for row in rows(4, "train")], [])
    with pytest.raises(RecipeError, match=r"finetune\.max_length.*raise it"):
        finetune.run(recipe(chat_model, max_length=16), tmp_path)


def test_without_validation_rows_nothing_is_made_up(tmp_path: Path, chat_model: Path) -> None:
    write_snapshot(tmp_path, rows(12, "train"), [])
    finetune.run(recipe(chat_model, max_steps=2), tmp_path)
    assert metrics(tmp_path)["held_out"] == {"records": 0, "before": None, "after": None, "gain": None}
    assert "nothing was measured on held-out rows" in (model_folder(tmp_path) / "README.md").read_text()


@pytest.mark.parametrize("validation", [8, 0])
@pytest.mark.parametrize(("rate", "learnt"), [(1e-12, False), (5e-3, True)])
def test_what_training_did_is_said_in_the_log_and_on_the_card(
    tmp_path: Path, chat_model: Path, caplog: pytest.LogCaptureFixture, validation: int, rate: float, learnt: bool
) -> None:
    write_snapshot(tmp_path, rows(24, "train"), rows(validation, "validation", 100))
    with caplog.at_level(logging.WARNING, "gristmill"):
        finetune.run(recipe(chat_model, method="full", max_steps=12, learning_rate=rate), tmp_path)
    warned = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    card = (model_folder(tmp_path) / "README.md").read_text()
    rows_are = "held-out rows" if validation else "rows that it was trained on"
    assert bool(warned) != learnt
    if learnt:
        assert f"> The model has learnt something: on 6 {rows_are} the loss was" in card
        assert "**Warning:**" not in card
    else:
        assert warned[0].startswith(f"finetune: Nothing was learnt: on 6 {rows_are} the loss was")
        assert "raise finetune.learning_rate, epochs or max_steps" in warned[0]
        assert f"> **Warning:** {warned[0].removeprefix('finetune: ')}." in card


def test_the_clock_ends_training(tmp_path: Path, chat_model: Path) -> None:
    write_snapshot(tmp_path, rows(40, "train"), rows(4, "validation", 100))
    manifest = finetune.run(recipe(chat_model, max_steps=10_000, max_seconds=0.5), tmp_path)
    steps = manifest.counts["steps"]
    assert 1 <= steps < 10_000
    card = (model_folder(tmp_path) / "README.md").read_text()
    assert f"{steps} of 10000 steps, where finetune.max_seconds ended it" in card


def test_what_is_computed_twice_is_learnt_alike(
    tmp_path: Path, chat_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Examples longer than a batch, with dropout, which both times must drop the same."""
    from transformers import PreTrainedModel

    from tests.pipelines.finetune.chains import with_dropout

    model = with_dropout(chat_model, tmp_path / "model")
    asked = recipe(model, max_steps=2, batch_tokens=16)
    enable = PreTrainedModel.activation_checkpointing_enable
    calls = []
    for name in ("twice", "once"):
        write_snapshot(tmp_path / name, rows(6, "train"), rows(2, "validation", 100))
        replaced = (lambda self, *more: calls.append(enable(self, *more))) if name == "twice" else (lambda *_: None)
        monkeypatch.setattr(PreTrainedModel, "activation_checkpointing_enable", replaced)
        finetune.run(asked, tmp_path / name)
    assert len(calls) == 2
    twice, once = ((model_folder(tmp_path / name) / "model.safetensors").read_bytes() for name in ("twice", "once"))
    assert twice == once


def test_the_held_out_loss_is_measured_in_between_and_training_ends_with_the_best_weights(
    tmp_path: Path, chat_model: Path
) -> None:
    """A learning rate that is far too large: after the second measure or so it only gets worse."""
    write_snapshot(tmp_path, rows(24, "train"), rows(8, "validation", 100))
    settings = {"method": "full", "learning_rate": 0.05, "max_steps": 40, "evaluate_every": 2, "patience": 2}
    manifest = finetune.run(recipe(chat_model, **settings), tmp_path)
    numbers = metrics(tmp_path)
    measured = dict(numbers["held_out_loss"])  # type: ignore[call-overload]
    best = min(measured, key=measured.__getitem__)
    assert manifest.counts["steps"] == best < 40 and set(measured) == set(range(2, best + 1, 2))
    assert numbers["held_out"]["after"]["loss"] == pytest.approx(measured[best], abs=2e-3)  # type: ignore[index]
    card = (model_folder(tmp_path) / "README.md").read_text()
    assert f"{best} of 40 steps, after which the held-out loss was lowest" in card


def test_patience_needs_something_to_count(chat_model: Path) -> None:
    with pytest.raises(ValueError, match="patience counts evaluations: set evaluate_every"):
        recipe(chat_model, patience=2)


@pytest.mark.parametrize("name", ["tensorboard", "wandb", "trackio"])
def test_a_place_for_numbers_that_is_missing_is_named(
    name: str, tmp_path: Path, chat_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pipelines.finetune import reports

    monkeypatch.setattr(reports, "find_spec", lambda _: None)
    with pytest.raises(RecipeError, match=rf"finetune\.report_to: {name} is not installed: pip install {name}"):
        finetune.run(recipe(chat_model, report_to=[name]), tmp_path)


def test_where_numbers_go_is_no_part_of_what_is_trained(
    tmp_path: Path, chat_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the writer of TensorBoard, whose package tests do without, as a list."""
    import sys
    from types import SimpleNamespace

    from pipelines.finetune import reports

    written: list[tuple[str, float, int]] = []
    places: list[str] = []

    class Writer:
        def __init__(self, folder: str, purge_step: int) -> None:
            places.append(folder)

        def add_text(self, *_: object) -> None: ...
        def flush(self) -> None: ...
        def close(self) -> None: ...

        def add_scalar(self, name: str, value: float, step: int) -> None:
            written.append((name, value, step))

    module = SimpleNamespace(SummaryWriter=Writer)
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", module)
    monkeypatch.setattr("transformers.integrations.integration_utils.is_tensorboard_available", lambda: True)
    monkeypatch.setattr(reports, "find_spec", lambda _: True)
    write_snapshot(tmp_path, rows(12, "train"), rows(4, "validation", 100))
    settings = {"max_steps": 2, "evaluate_every": 1}
    made = finetune.run(recipe(chat_model, report_to=["tensorboard"], **settings), tmp_path)
    assert places == [str(tmp_path / "tensorboard" / "tiny" / "v1")]
    assert {(name, step) for name, _, step in written} >= {("train/loss", 1), ("train/loss", 2), ("eval/loss", 2)}
    assert finetune.run(recipe(chat_model, **settings), tmp_path) == made


def test_a_model_that_is_not_there(tmp_path: Path) -> None:
    write_snapshot(tmp_path, rows(4, "train"), [])
    with pytest.raises(RecipeError, match=r"finetune\.model: .*missing.* a folder with config\.json"):
        finetune.run(recipe(tmp_path / "missing"), tmp_path)


def test_without_a_snapshot_the_error_says_what_to_run(tmp_path: Path, chat_model: Path) -> None:
    with pytest.raises(RecipeError, match="gristmill stage curate"):
        finetune.run(recipe(chat_model), tmp_path)


@pytest.mark.parametrize("room", ["finetune", "serve", "models"])
def test_importing_a_room_imports_nothing_heavy(room: str) -> None:
    heavy = ("torch", "transformers", "fastapi")
    code = f"import sys, pipelines.{room}; print([m for m in {heavy} if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_an_order_of_examples_belongs_to_a_version() -> None:
    """Whoever changes the order raises VERSION: a model of another order is another model."""
    import numpy as np

    from pipelines.finetune.batches import TokenBatches

    batches = TokenBatches(np.array([3, 1, 4, 1, 5, 9, 2, 6], np.int32), 10, 7)
    orders = [batches.set_epoch(epoch) or list(batches) for epoch in (0, 1)]
    assert (finetune.VERSION, orders) == (
        5,
        [[[5], [0, 6, 1], [7], [3], [4, 2]], [[5], [4, 2], [7], [0, 6, 3], [1]]],
    )


def test_a_model_of_an_earlier_version_is_not_current(
    tmp_path: Path, chat_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_snapshot(tmp_path, rows(12, "train"), rows(4, "validation", 100))
    with monkeypatch.context() as earlier:
        earlier.setattr(finetune, "VERSION", finetune.VERSION - 1)
        finetune.run(recipe(chat_model, max_steps=1), tmp_path)
    finetune.run(recipe(chat_model, max_steps=1), tmp_path)
    assert model_folder(tmp_path).name == "v2"
