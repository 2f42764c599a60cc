"""Only answers are learnt: the loss that training sees holds no token of a prompt."""

import errno
from pathlib import Path

import pytest
import torch
from trl import SFTConfig

from pipelines.finetune import stored, train
from pipelines.finetune.batches import TokenBatches
from pipelines.models import base, losses
from pipelines.models.prompt import Example, encode
from tests.pipelines.conftest import recipe, rows

PREPARED = {"max_length": None, "dataset_kwargs": {"skip_prepare_dataset": True}}
EXAMPLES = [Example([5, 6, 7, 8, 9], 3), Example([5, 6, 7], 1), Example([5, 6, 7, 8, 9], 4, ((1, 3),))]


def test_what_stands_before_the_answer_has_no_label(tmp_path: Path) -> None:
    stored.write(EXAMPLES, tmp_path / "file")
    made = train.dataset(stored.Stored(tmp_path / "file"))
    assert [ids.tolist() for ids in made[:]["input_ids"]] == [[5, 6, 7, 8, 9], [5, 6, 7], [5, 6, 7, 8, 9]]
    labels = [[-100, -100, -100, 8, 9], [-100, 6, 7], [-100, 6, 7, -100, 9]]
    assert [row["labels"].tolist() for row in made] == labels


def test_the_loss_of_a_batch_is_that_of_its_answers(chat_model: Path, tmp_path: Path) -> None:
    """As the trainer collates it, with two lengths in one batch: the mean over the tokens of the answers alone."""
    settings = recipe(chat_model).finetune
    model, tokenizer = base.load(str(chat_model), tmp_path)
    examples = [encode(row, tokenizer) for row in rows(2, "train")]
    assert len({len(example.ids) for example in examples}) == 2
    stored.write(examples, tmp_path / "file")
    made = stored.Stored(tmp_path / "file")
    trainer = train._Trainer(
        model=model,
        args=SFTConfig(**train.arguments(settings, 1, train.Where("tiny", tmp_path, tmp_path)), **PREPARED),
        train_dataset=train.dataset(made),
        processing_class=tokenizer,
    )
    trainer.batches = TokenBatches(made.lengths, 512, 17)
    (batch,) = trainer.get_train_dataloader()
    learnt = {
        tuple(ids[label != -100].tolist()) for ids, label in zip(batch["input_ids"], batch["labels"], strict=True)
    }
    assert learnt == {tuple(example.ids[example.answer_start :]) for example in examples}
    with torch.inference_mode():
        loss = float(model.eval()(**batch).loss)
    told = list(losses.answer_losses(model, examples))
    assert loss == pytest.approx(sum(one for one, _ in told) / sum(count for _, count in told), rel=0.02)


@pytest.mark.parametrize(
    ("settings", "batches", "every"),
    [({"max_steps": 5_000}, 1, 5), ({"max_steps": -1, "epochs": 2.0}, 10, 1), ({"max_steps": -1}, 5_000, 5)],
)
def test_the_loss_curve_does_not_grow_with_the_steps(
    settings: dict[str, float], batches: int, every: int, tmp_path: Path
) -> None:
    where = train.Where("tiny", tmp_path, tmp_path)
    assert train.arguments(recipe(tmp_path, **settings).finetune, batches, where)["logging_steps"] == every


def test_a_full_disk_is_told_with_the_file(tmp_path: Path) -> None:
    (tmp_path / "file").symlink_to("/dev/full")
    with pytest.raises(OSError, match="No space left") as found:
        stored.write(EXAMPLES, tmp_path / "file")
    assert (found.value.errno, found.value.filename) == (errno.ENOSPC, str(tmp_path / "file"))
