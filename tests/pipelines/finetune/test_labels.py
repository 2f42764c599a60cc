"""Only the answer is learnt: the loss that training sees holds no token of the prompt."""

from pathlib import Path

import pytest
import torch
from trl import SFTTrainer

from pipelines.finetune import train
from pipelines.models import base, losses
from pipelines.models.prompt import Example, encode
from tests.pipelines.conftest import recipe, rows

EXAMPLES = [Example([5, 6, 7, 8, 9], 3), Example([5, 6, 7], 1)]


def test_what_stands_before_the_answer_has_no_label() -> None:
    made = train._dataset(EXAMPLES)
    assert made["input_ids"][:] == [[5, 6, 7, 8, 9], [5, 6, 7]]
    assert made["labels"][:] == [[-100, -100, -100, 8, 9], [-100, 6, 7]]


def test_the_loss_of_a_batch_is_that_of_its_answers(chat_model: Path, tmp_path: Path) -> None:
    """As the trainer collates it, with two lengths in one batch: the mean over the tokens of the answers alone."""
    settings = recipe(chat_model, batch_size=2).finetune
    model, tokenizer = base.load(str(chat_model), tmp_path)
    examples = [encode(row, tokenizer) for row in rows(2, "train")]
    assert len({len(example.ids) for example in examples}) == 2
    trainer = SFTTrainer(
        model=model,
        args=train._arguments(settings, len(examples), tmp_path),
        train_dataset=train._dataset(examples),
        processing_class=tokenizer,
    )
    (batch,) = trainer.get_train_dataloader()
    learnt = {
        tuple(ids[label != -100].tolist()) for ids, label in zip(batch["input_ids"], batch["labels"], strict=True)
    }
    assert learnt == {tuple(example.ids[example.answer_start :]) for example in examples}
    with torch.inference_mode():
        loss = float(model.eval()(**batch).loss)
    told = list(losses.answer_losses(model, examples))
    assert loss == pytest.approx(sum(one for one, _ in told) / sum(count for _, count in told), rel=0.02)
