"""One model of an ablation: trained on the examples of an arm, as `finetune` trains."""

from pathlib import Path
from typing import Any

from pipelines.ablate.drawing import Drawn
from pipelines.models import base
from pipelines.recipe import FinetuneSettings
from pipelines.storage import filesystem


def settings_for(recipe: FinetuneSettings, steps: int, tokens: int, seed: int) -> FinetuneSettings:
    """The recipe's settings, with so many steps of so many tokens, and nothing that ends training earlier."""
    changed: dict[str, Any] = {"max_steps": steps, "batch_tokens": tokens, "seed": seed, "gradient_accumulation": 1}
    changed |= {"epochs": 1.0, "max_seconds": 0.0, "evaluate_every": 0, "patience": 0, "report_to": ()}
    return recipe.model_copy(update=changed | {"max_length": min(recipe.max_length, tokens), "learn": "last"})


def train(drawn: Drawn, settings: FinetuneSettings, folder: Path, data: Path) -> tuple[Any, Any]:
    """The trained model and its tokenizer. Checkpoints are in `folder`: a run that goes on begins at the last."""
    from pipelines.finetune import stored, train
    from pipelines.finetune.batches import StepBatches

    filesystem.make_folder(folder)
    stored.write(drawn.examples, folder / "examples.arrow")
    examples = stored.Stored(folder / "examples.arrow")
    model, tokenizer, new_token_ids = base.load_with_special_tokens(settings, data)
    batches = StepBatches(examples.lengths, settings.max_steps, settings.seed)
    where = train.Where(folder.name, folder / "checkpoints", folder, batches=batches)
    checkpoint = train.train(model, tokenizer, examples, new_token_ids, settings, where)
    del model  # two of them need not fit into memory
    again, tokenizer, _ = base.load_with_special_tokens(settings, data)
    return train.load_checkpoint(again, settings, checkpoint), tokenizer
