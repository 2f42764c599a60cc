"""A forum small enough to be milled in seconds, for tests of what works on a whole data folder."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from pipelines.flows import steps
from pipelines.flows.stages import OF_DATA, Stage
from pipelines.flows.steps import Outcome, Step
from pipelines.recipe import Recipe

POSTS = """<?xml version="1.0" encoding="utf-8"?>
<posts>{rows}</posts>
"""
ROW = (
    '<row Id="{q}" PostTypeId="1" AcceptedAnswerId="{a}" CreationDate="2024-03-05T15:37:00.000" Score="5" '
    'Body="&lt;p&gt;How can I {what} without losing the changes that I have not saved yet?&lt;/p&gt;" '
    'Title="How can I {what}?" Tags="&lt;git&gt;" AnswerCount="1" ContentLicense="CC BY-SA 4.0" />'
    '<row Id="{a}" PostTypeId="2" ParentId="{q}" CreationDate="2024-03-05T16:00:00.000" Score="7" '
    'Body="&lt;p&gt;Save them first with &lt;code&gt;{what}&lt;/code&gt;, then look at the list of changes, '
    'and take each of them back in the order in which you made them.&lt;/p&gt;" ContentLicense="CC BY-SA 4.0" />'
)
WHATS = ("undo a commit", "rename a branch", "move a file", "split a patch", "merge two folders", "sign a tag")


def dump(folder: Path) -> Path:
    """A forum with six questions and an accepted answer for each."""
    folder.mkdir(parents=True)
    rows = "".join(ROW.format(q=n, a=100 + n, what=what) for n, what in enumerate(WHATS, 1))
    (folder / "Posts.xml").write_text(POSTS.format(rows=rows))
    return folder


def recipe_file(folder: Path, **paths: Path) -> Path:
    """A recipe with one Stack Exchange source for each name."""
    sources = [
        f'[[sources]]\nconnector = "stackexchange"\nname = "{name}"\npath = "{path}"\nsite = "{name}.example"\n'
        for name, path in paths.items()
    ]
    file = folder / "small.toml"
    file.write_text('name = "small"\n\n' + "\n".join(sources))
    return file


def in_turn(data: Path, recipe: Recipe, todo: Sequence[Step]) -> list[Outcome]:
    return [steps.run_step(recipe, step, data, run_id="one") for step in todo]


def go(recipe: Recipe, data: Path, stages: Sequence[Stage] = OF_DATA) -> list[Outcome]:
    return steps.run_recipe(recipe, stages, data, partial(in_turn, data))
