"""What the connector `documents` makes of a file that a test has written."""

from collections import Counter
from pathlib import Path
from typing import Any

from connectors.documents import Documents
from schemas.document import Article, Reject
from schemas.hole import mark_holes
from schemas.page import Page
from tests.connectors.recorded import OFFLINE

PROSE = "Whoever wants to bake bread needs flour, water, salt and time; of these time is what most people lack."

HALVES = [PROSE[: PROSE.index(" of")], PROSE[PROSE.index("of") :]]

MORE = "The dough rests for eight hours in a cool place, and whoever is in a hurry uses more yeast and warm water."


def read(path: Path) -> list[Any]:
    """Everything that a source of `path` gives, each of its pages parsed."""
    source = Documents(name="files", path=path)
    found = list(source.fetch(OFFLINE, None))
    return [each for item in found for each in (source.parse(item) if isinstance(item, Page) else [item])]


def told(folder: Path, name: str, body: bytes) -> list[Any]:
    (folder / name).write_bytes(body)
    return read(folder / name)


def article(folder: Path, name: str, body: bytes) -> Article:
    (found,) = told(folder, name, body)
    assert isinstance(found, Article), found
    return found


def parts(found: Article) -> dict[str, str]:
    """Markdown by the path of its section."""
    return {" / ".join(section.path): mark_holes(section.markdown, Counter()) for section in found.sections}


def rejected(items: list[Any]) -> dict[str, str]:
    return {item.key: item.reason for item in items if isinstance(item, Reject)}
