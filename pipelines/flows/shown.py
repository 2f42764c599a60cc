"""What a run's page in Prefect shows: a card that is read there, and where to look next. Imports no Prefect."""

import base64
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

from pipelines import storage
from pipelines.recipe import Recipe

WIDEST = 110  # characters of a table's row; what is wider is cut on the page
SHORT = 24  # characters of a cell, with its column's name, that stands in the row's own line
_FRONT_MATTER = re.compile(r"\A---\n.*?\n---\n\s*", re.DOTALL)
_PICTURE = re.compile(r"(!\[[^\]]*\])\(([\w.-]+\.svg)\)")
_CELL = re.compile(r"(?<!\\)\|")


def card(folder: Path) -> str:
    """A folder's `README.md` without its front matter; pictures lie in the text, and wide tables are lists."""
    text = body((folder / "README.md").read_text(encoding="utf-8"))
    return _PICTURE.sub(lambda found: f"{found[1]}({_inside(folder / found[2])})", "\n".join(_narrow(text)))


def body(card: str) -> str:
    """A card's text without its front matter, which programs read."""
    return _FRONT_MATTER.sub("", card)


def where_next(recipe: Recipe, dashboard: str, ui: str, data: Path, has_snapshot: bool) -> str:
    """Links to the dashboard's pages of this recipe, and commands."""
    asked = urlencode({"recipe": recipe.name})
    pages = {"": "Overview: what is left at each stage, what was lost and why", "records": "Records: read and review"}
    pages |= {"sources": "Sources: what each gave, what was refused", "policy": "Policy: move a rule's line"}
    pages |= {"snapshots": "Snapshots: versions, export", "models": "Models: train one, chat, vote"}
    links = [f"- [{says}]({dashboard}/{page}?{asked})" for page, says in pages.items()] if dashboard else []
    at = "" if str(data) == "data" else f" --data {data}"
    commands = [f"gristmill status{at}"]
    commands += [f"gristmill export {recipe.name} out --for trl{at}"] if has_snapshot else []
    lines = ["**In the dashboard**", *links] if links else []
    lines += ["", "**On the command line**", *(f"- `{command}`" for command in commands)]
    return "\n".join([*lines, "", f"[All artifacts]({ui}/artifacts)" if ui else ""]).strip()


def snapshot(recipe: Recipe, data: Path) -> Path:
    """The folder of the latest snapshot, which may not be there."""
    return storage.latest(storage.folder(data, "curate", recipe.name))


def _inside(picture: Path) -> str:
    """The picture as an address that holds it: the page of an artifact has no folder."""
    return f"data:image/svg+xml;base64,{base64.b64encode(picture.read_bytes()).decode()}"


def _narrow(text: str) -> Iterator[str]:
    table: list[str] = []
    for line in [*text.split("\n"), ""]:
        if line.startswith("|"):
            table.append(line)
            continue
        yield from _as_list(table) if any(len(row) > WIDEST for row in table) else table
        table = []
        yield line


def _as_list(table: list[str]) -> Iterator[str]:
    """Each row as a point: its first cell and the short ones, then the long ones, by the names of their columns."""
    names, _, *rows = [[cell.strip() for cell in _CELL.split(row)[1:-1]] for row in table]
    for first, *cells in rows:
        told = [f"{name}: {cell}" for name, cell in zip(names[1:], cells, strict=False) if cell]
        yield ", ".join((f"- **{first}**", *(each for each in told if len(each) < SHORT)))
        yield from (f"    - {each}" for each in told if len(each) >= SHORT)
    yield ""
