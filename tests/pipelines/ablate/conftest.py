"""Small forums of three sites, milled up to curate; a third of their answers were voted down.

One question of the garden's is the kitchen's too.
"""

from pathlib import Path

import pytest

from pipelines.flows.stages import OF_DATA
from pipelines.recipe import Recipe, load
from tests.pipelines.milling import POSTS, ROW, go

FIRST = ("undo a commit", "rename a branch", "move a file", "split a patch", "merge two folders", "sign a tag")
SECOND = ("bake rye bread", "boil an egg", "roast coffee", "peel garlic", "whip cream", "dry herbs", "salt fish")
THIRD = ("prune a rose", "dig a pond", "sow carrots", "stake tomatoes", "mulch a bed", "graft an apple", "boil an egg")
SHARED = "garden:q7#a107"


def forum(folder: Path, whats: tuple[str, ...]) -> Path:
    """A question and an answer for each; every third answer has a negative score."""
    folder.mkdir(parents=True)
    rows = [ROW.format(q=n, a=100 + n, what=what) for n, what in enumerate(whats, 1)]
    rows = [row if n % 3 else row.replace('Score="7"', 'Score="-7"') for n, row in enumerate(rows)]
    (folder / "Posts.xml").write_text(POSTS.format(rows="".join(rows)))
    return folder


def three_sites(folder: Path, model: str) -> Path:
    """Write the forums and their recipe; returns its file."""
    sources = [
        f'[[sources]]\nconnector = "stackexchange"\nname = "{name}"\nsite = "{name}.example"\n'
        f'path = "{forum(folder / name, whats)}"\n'
        for name, whats in (("git", FIRST), ("kitchen", SECOND), ("garden", THIRD))
    ]
    settings = f'[finetune]\nmodel = "{model}"\nlearning_rate = 3e-3\nmax_length = 128\n'
    (folder / "small.toml").write_text('name = "small"\n' + "\n".join(sources) + settings)
    return folder / "small.toml"


@pytest.fixture(scope="session")
def milled(tmp_path_factory: pytest.TempPathFactory, chat_model: Path) -> tuple[Recipe, Path, Path]:
    """The recipe, its file, and the data folder."""
    folder = tmp_path_factory.mktemp("ablate")
    recipe = load(three_sites(folder, str(chat_model)))
    go(recipe, folder / "data", OF_DATA)
    return recipe, folder / "small.toml", folder / "data"
