"""Numbers of a training to where people watch them, through the integrations of transformers. No text goes there."""

import os
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from pipelines.recipe import FinetuneSettings, RecipeError


def require(settings: FinetuneSettings) -> None:
    """Raises: RecipeError that names a package that is missing."""
    for name in settings.report_to:
        if find_spec(name) is None:
            raise RecipeError("finetune.report_to: {name} is not installed: pip install {name}", name=name)


def callbacks(settings: FinetuneSettings, folder: Path, step: int) -> list[Any]:
    """One for each place. TensorBoard's files go to `folder`; what it has there from after `step` is taken back."""
    from transformers.integrations import integration_utils

    kinds: Any = integration_utils
    os.environ.setdefault("WANDB_PROJECT", "gristmill")
    made: list[Any] = []
    if "tensorboard" in settings.report_to:
        from torch.utils.tensorboard import SummaryWriter

        made.append(kinds.TensorBoardCallback(SummaryWriter(str(folder), purge_step=step + 1)))
    others = {"wandb": kinds.WandbCallback, "trackio": kinds.TrackioCallback}
    return made + [others[name]() for name in settings.report_to if name in others]
