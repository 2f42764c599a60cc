"""What a run trains with: the recipe's own settings, with those that somebody has changed. Imports no Prefect."""

from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any

from pydantic import ValidationError

from pipelines.errors import explain_faults
from pipelines.recipe import FinetuneSettings, Recipe, RecipeError


def is_installed() -> bool:
    """Whether the libraries that train are there: `gristmill[train]`."""
    return find_spec("trl") is not None


def settings(recipe: Recipe, changed: Mapping[str, Any]) -> dict[str, Any]:
    """The recipe's settings of training with the changed ones, as a run takes them. Raises RecipeError."""
    wanted: dict[str, Any] = {**recipe.finetune.model_dump(mode="json"), **changed}
    try:
        return FinetuneSettings.model_validate(wanted).model_dump(mode="json")
    except ValidationError as error:
        raise RecipeError(
            explain_faults("finetune", wanted, error.errors(), lambda _: [*FinetuneSettings.model_fields])
        ) from error
