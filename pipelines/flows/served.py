"""The recipes that `gristmill up` serves, for the dashboard that it starts: by name, from the environment."""

import json
import os
from collections.abc import Sequence
from pathlib import Path

from pipelines.flows import recipe_file
from pipelines.recipe import Recipe, load

VARIABLE = "GRISTMILL_RECIPES"


def announce(recipes: Sequence[str]) -> None:
    """Tell the services that are started from here where each recipe lies: a bundled one's name, or a file."""
    places = {load(one).name: str(Path(one).absolute()) if Path(one).is_file() else one for one in recipes}
    os.environ[VARIABLE] = json.dumps(places)


def recipe(name: str) -> Recipe | None:
    """The recipe of that name, as its file says now; None where it is not served. Raises RecipeError."""
    places = _places()
    return load(places[name]) if name in places else None


def place(name: str) -> str:
    """What a command calls the recipe of that name: the path of its file, or the name of a bundled one."""
    return _places().get(name, name)


def knows(name: str) -> bool:
    """Whether a run of the recipe of that name can be started from here."""
    return name in _places()


def files() -> dict[str, Path]:
    """The recipes that lie in files of their own, by name: those that can be changed."""
    return {name: Path(place) for name, place in _places().items() if Path(place).is_file()}


def _places() -> dict[str, str]:
    """Those that were named when the services started, and those that were made on the dashboard since."""
    made = recipe_file.listed(os.environ.get("GRISTMILL_DATA", "data"))
    told: dict[str, str] = json.loads(os.environ.get(VARIABLE, "{}"))
    return {name: str(file) for name, file in made.items()} | told
