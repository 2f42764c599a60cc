"""Learning preferences for real, on a tiny model: what is left on disk, what is learnt, and what is said of it."""

import json
import logging
from pathlib import Path
from typing import Any

import pytest

from pipelines import finetune, prefer, storage
from pipelines.messages import CARDS
from pipelines.prefer.measure import outcome
from pipelines.recipe import RecipeError
from tests.pipelines.conftest import recipe, write_snapshot
from tests.pipelines.damage import damaged
from tests.pipelines.prefer.pairing import BAD, GOOD, folder_of, pair, paired, preferring

PAIRWISE = ("dpo", "kto", "reward")
RLOO = {"answer_tokens": 16, "eval_pairs": 6, "max_steps": 4}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory, chat_model: Path) -> Path:
    """A snapshot, and a model that was fine-tuned on it."""
    folder = paired(tmp_path_factory.mktemp("preferred"))
    finetune.run(recipe(chat_model, max_steps=10), folder)
    return folder


@pytest.fixture(scope="module", params=PAIRWISE)
def method(request: pytest.FixtureRequest, data: Path, chat_model: Path) -> str:
    """A method that has learnt the pairs."""
    prefer.run(preferring(chat_model, request.param), data)
    return str(request.param)


def metrics(folder: Path) -> dict[str, Any]:
    numbers: dict[str, Any] = json.loads((folder / "metrics.json").read_text())
    return numbers


def test_it_is_right_about_pairs_that_it_has_not_seen(method: str, data: Path) -> None:
    numbers = metrics(folder_of(data, method))
    assert numbers["held_out"]["pairs"] == 12
    assert numbers["held_out"]["balanced"]["after"]["mean"] == 1.0
    assert numbers["held_out"]["balanced"]["longer"]["mean"] == 0.5
    assert numbers["train_loss"][0][1] > numbers["train_loss"][-1][1]
    assert numbers["base_model"] == "tiny/v1" and numbers["is_fine_tuned"]


def test_the_folder_is_whole_safe_and_listed(method: str, data: Path, chat_model: Path) -> None:
    folder = folder_of(data, method)
    manifest = storage.read_manifest(folder)
    assert manifest and manifest.stage == "prefer" and manifest.name == f"tiny.{method}"
    files = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert files == {shard.path for shard in manifest.shards} | {"manifest.json"}
    assert {"model.safetensors", "adapter/adapter_model.safetensors", "metrics.json", *CARDS} <= files
    assert not damaged(data)
    for path in (path for path in folder.rglob("*") if path.is_file() and path.name != storage.MANIFEST):
        assert str(data).encode() not in path.read_bytes() and str(chat_model).encode() not in path.read_bytes(), path
    adapter = json.loads((folder / "adapter" / "adapter_config.json").read_text())
    assert adapter["base_model_name_or_path"] == "tiny/v1"


def test_the_cards_say_what_was_measured_and_the_hub_can_read_them(method: str, data: Path) -> None:
    import yaml

    folder = folder_of(data, method)
    card = (folder / "README.md").read_text()
    fields = yaml.safe_load(card.split("---")[1])
    (found,) = fields["model-index"]
    accuracy = {one["name"]: one["value"] for one in found["results"][0]["metrics"]}
    assert accuracy == {"Accuracy on held-out pairs": 1.0, "Accuracy where length says nothing": 1.0}
    assert "> The model has learnt what people preferred: of 12 held-out pairs" in card
    assert "| this model | 100.0 % (100.0 % – 100.0 %) |" in card and "| the longer answer | 50.0 %" in card
    assert "Begins with the fine-tuned model tiny/v1." in card and "- CC-BY-4.0: 24 rows" in card
    assert GOOD not in card and BAD not in card  # nobody's words
    chinese = (folder / "README.zh-CN.md").read_text()
    assert "50.0 %" in chinese and "偏好" in chinese


def test_the_policy_says_what_was_chosen_more_likely(data: Path, chat_model: Path) -> None:
    """DPO's model is an ordinary one: merged, it is what its adapter makes of the model before."""
    import torch
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    prefer.run(preferring(chat_model, "dpo"), data)
    folder, ids = folder_of(data, "dpo"), torch.arange(3, 40)[None]
    before = AutoModelForCausalLM.from_pretrained(data / "6_models" / "tiny" / "v1")
    untouched = before(input_ids=ids).logits
    apart = PeftModel.from_pretrained(before, str(folder / "adapter"))(input_ids=ids).logits
    merged = AutoModelForCausalLM.from_pretrained(folder)(input_ids=ids).logits
    assert torch.allclose(merged, apart, atol=1e-4)
    assert not torch.allclose(merged, untouched, atol=1e-2)


def test_the_reward_model_loads_and_likes_what_people_liked(data: Path, chat_model: Path) -> None:
    import torch
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    from pipelines.models import reward

    prefer.run(preferring(chat_model, "reward"), data)
    folder = folder_of(data, "reward")
    tokenizer = AutoTokenizer.from_pretrained(folder)
    asked = tokenizer.apply_chat_template([{"role": "user", "content": "How do I sort a list?"}], tokenize=False)
    texts = [f"{asked}<|im_start|>assistant\n{how} sort a list.<|im_end|>" for how in (GOOD, BAD)]
    ids = [tokenizer(text, add_special_tokens=False)["input_ids"] for text in texts]
    loaded, _ = reward.load(folder)
    good, bad = reward.scores(loaded, ids, 100)
    assert good > bad
    raw = AutoModelForSequenceClassification.from_pretrained(folder)
    assert raw.config.num_labels == 1
    with torch.inference_mode():
        score = raw(**tokenizer(texts[0], return_tensors="pt", add_special_tokens=False)).logits
    assert float(score) == pytest.approx(good, abs=0.05)


def test_a_reward_model_that_has_learnt_nothing_yet_has_no_opinion(data: Path, chat_model: Path) -> None:
    """With a head of random numbers this one was right about all held-out pairs before the first step."""
    from pipelines.models import reward
    from pipelines.prefer import learning

    wanted = preferring(chat_model, "reward")
    assert wanted.preference
    with prefer._started(wanted, data) as start:
        snapshot = finetune.latest_snapshot(wanted, data)
        work = prefer.Work(wanted, wanted.preference, start.settings, snapshot, start, data)
        model = learning.load(work, start.settings).model
    assert reward.scores(model, [[5, 6, 7], [9, 8]], 100) == [0.0, 0.0]


@pytest.mark.parametrize("method", PAIRWISE)
def test_all_weights_may_be_trained(method: str, tmp_path: Path, chat_model: Path) -> None:
    paired(tmp_path)
    prefer.run(preferring(chat_model, method, {"method": "full"}, learning_rate=1e-3, max_steps=24), tmp_path)
    folder = folder_of(tmp_path, method)
    assert not (folder / "adapter").exists()
    assert metrics(folder)["held_out"]["balanced"]["after"]["mean"] > 0.9


@pytest.mark.parametrize("method", PAIRWISE)
def test_a_pair_longer_than_a_batch_is_computed_twice_instead_of_kept(
    method: str, tmp_path: Path, chat_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The reference of DPO and KTO too, which is the same model with its adapter off."""
    from transformers import PreTrainedModel

    switched = []
    monkeypatch.setattr(
        PreTrainedModel, "activation_checkpointing_enable", lambda *_, **__: switched.append(1), raising=True
    )
    paired(tmp_path, 8)
    prefer.run(preferring(chat_model, method, {"batch_tokens": 32}, max_steps=2), tmp_path)
    assert len(switched) >= 2
    monkeypatch.undo()
    paired(tmp_path / "other")
    prefer.run(preferring(chat_model, method, {"batch_tokens": 32}, max_steps=24), tmp_path / "other")
    assert metrics(folder_of(tmp_path / "other", method))["held_out"]["balanced"]["after"]["mean"] > 0.9


def test_without_a_fine_tuned_model_it_begins_with_the_base_and_says_so(
    tmp_path: Path, plain_model: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """One without a chat template gets one, and LoRA trains its new tokens, in a reward model too."""
    caplog.set_level(logging.INFO)
    paired(tmp_path)
    prefer.run(preferring(plain_model, "reward"), tmp_path)
    assert "tiny has no fine-tuned model; begins with" in caplog.text
    folder = folder_of(tmp_path, "reward")
    assert "the recipe has no fine-tuned one" in (folder / "README.md").read_text()
    assert metrics(folder)["held_out"]["balanced"]["after"]["mean"] > 0.9


@pytest.mark.parametrize("method", ["dpo", "reward"])
def test_what_learnt_nothing_is_told(
    method: str, tmp_path: Path, chat_model: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Of people who choose now one, now the other, nothing can be learnt, and the card does not say otherwise."""
    made = [pair(number, split) for number, split in zip(range(24), ["train"] * 12 + ["validation"] * 12, strict=True)]
    turned = {"chosen": "rejected", "rejected": "chosen"}
    made = [row | {turned[k]: row[k] for k in turned} if at % 4 < 2 else row for at, row in enumerate(made)]
    write_snapshot(tmp_path, [], [], pairs=made)
    prefer.run(preferring(chat_model, method, max_steps=2), tmp_path)
    folder = folder_of(tmp_path, method)
    assert outcome(metrics(folder)["held_out"]) in ("nothing", "unclear")
    assert "**Warning:** " in (folder / "README.md").read_text()
    assert any(record.levelname == "WARNING" and "prefer: " in record.message for record in caplog.records)


def test_the_same_is_learnt_once_and_a_change_gives_a_new_version(tmp_path: Path, chat_model: Path) -> None:
    paired(tmp_path, 8)
    first = prefer.run(preferring(chat_model, "dpo", max_steps=1), tmp_path)
    assert prefer.run(preferring(chat_model, "dpo", max_steps=1), tmp_path) == first
    prefer.run(preferring(chat_model, "dpo", max_steps=1, beta=0.2), tmp_path)
    assert folder_of(tmp_path, "dpo").name == "v2"
    finetune.run(recipe(chat_model, max_steps=1), tmp_path)  # another model to begin with
    prefer.run(preferring(chat_model, "dpo", max_steps=1), tmp_path)
    assert folder_of(tmp_path, "dpo").name == "v3"
    assert metrics(folder_of(tmp_path, "dpo"))["base_model"] == "tiny/v1"


def test_without_held_out_pairs_nothing_is_made_up(tmp_path: Path, chat_model: Path) -> None:
    paired(tmp_path, 8, held_out=0)
    prefer.run(preferring(chat_model, "reward", max_steps=1), tmp_path)
    folder = folder_of(tmp_path, "reward")
    assert metrics(folder)["held_out"] == {"pairs": 0}
    assert "Nothing was measured" in (folder / "README.md").read_text()


def test_a_policy_is_trained_against_the_reward_model_of_the_same_snapshot(data: Path, chat_model: Path) -> None:
    """Which is trained first where there is none, and taken as it is where there is one."""
    manifest = prefer.run(preferring(chat_model, "rloo", **RLOO), data)
    judge = storage.read_manifest(folder_of(data, "reward"))
    assert judge and manifest.inputs["reward"] == judge.fingerprint
    assert manifest.params["reward"].startswith("tiny.reward/v") and manifest.params["start"] == "tiny/v1"
    numbers = metrics(folder_of(data, "rloo"))
    assert numbers["held_out"]["questions"] == 6 and len(numbers["train_reward"]) == 4
    assert (
        f"over 6 held-out questions the mean reward was {numbers['held_out']['before']:.3f}"
        in (folder_of(data, "rloo") / "README.md").read_text()
    )
    assert not damaged(data)


def test_the_reward_rises_where_it_can(tmp_path: Path, chat_model: Path) -> None:
    """Without the penalty for moving away, a model that answers in two ways learns the one that is liked."""
    paired(tmp_path)
    finetune.run(recipe(chat_model, method="full", max_steps=60, learning_rate=5e-3), tmp_path)
    wanted = {"max_steps": 30, "answer_tokens": 8, "answers": 8, "beta": 1e-6}
    prefer.run(preferring(chat_model, "rloo", {"gradient_accumulation": 4}, **wanted), tmp_path)
    held_out = metrics(folder_of(tmp_path, "rloo"))["held_out"]
    assert held_out["gain"]["low"] > 0.5
    card = (folder_of(tmp_path, "rloo") / "README.md").read_text()
    assert "> The model has learnt to write what its reward model likes: over 6 held-out questions" in card


def test_answers_that_leave_no_room_for_a_question_are_an_error(data: Path, chat_model: Path) -> None:
    with pytest.raises(RecipeError, match=r"preference\.answer_tokens: 120 of 128 tokens leave no room"):
        prefer.run(preferring(chat_model, "rloo", **RLOO | {"answer_tokens": 120}), data)
