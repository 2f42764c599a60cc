"""What any reader makes of a file: HTML, and what the file says of itself; and the article that it becomes."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath
from urllib.parse import unquote

import re2
from lxml.html import HtmlElement

from connectors.documents.notes import write_notes
from connectors.html import Unreadable, parse, sections, spdx
from connectors.reading.edits import edited
from schemas.document import Article
from schemas.page import Page

_BEGINNING = 600  # characters
SHORTEST = 80  # characters of Markdown below which a file says nothing, as for pages of the web
# Titles that programs write of their own accord
_NO_TITLE = re2.compile(
    r"(?i)^(?:untitled.*|no title|title|document\d*|presentation\d*|powerpoint.presentation|slide 1"
    r"|microsoft word ?- ?.*"
    r"|[^ ]*\.(?:docx?|pptx?|pdf|dvi|tex|indd|odt|rtf|html?|md|ipynb|epub)|unknown|.*[\\/].*\.[a-z]{2,4})$"
)
_WORDS = re2.compile(r"(?i)\b(?:creative commons|cc)[ -]+(?:attribution|by)\b([^.\d]{0,60})(\d\.\d)")
_HAN = re2.compile(r"\p{Han}+")
_TERM = re2.compile(r"[a-z]+")


@dataclass(frozen=True, slots=True)
class Material:
    """`markup` is HTML, its headings those of the file. `lost` holds (reason, detail) of what could not be read.

    Empty where the file does not say. `title` is what the text is headed with, `called` what the file says it is
    called, which is often left over from another. `licence` is an SPDX id, `context` and `language` as in `Article`.
    """

    markup: str
    title: str = ""
    called: str = ""
    author: str = ""
    created_at: datetime | None = None
    edited_at: datetime | None = None
    licence: str = ""
    tags: tuple[str, ...] = ()
    context: tuple[str, ...] = ()
    language: str = ""
    lost: tuple[tuple[str, str], ...] = ()


def article_of(material: Material, page: Page) -> Article:
    """The article of a file. Raises Unreadable: no_text, too_short, and the reasons of `html.parse`."""
    root = parse(f"<div>{material.markup}</div>")
    write_notes(root)
    title = material.title or _title(root, material.called) or named(unquote(page.url))
    found = sections(root, title, page.url if page.url.startswith("http") else "")
    if sum(_length(section.markdown) for section in found) < SHORTEST:
        raise Unreadable("too_short" if root.text_content().strip() else "no_text")
    return Article(
        key=page.key,
        url=page.url,
        title=title,
        sections=found,
        tags=material.tags,
        author=material.author,
        created_at=material.created_at,
        edited_at=edited(material.edited_at, material.created_at),
        licence=material.licence or page.licence,
        context=material.context,
        language=material.language,
    )


def _length(text: str) -> int:
    """Characters, of which a Han letter says as much as three others do."""
    return len(text) + 2 * sum(len(run) for run in _HAN.findall(text))


def _title(root: HtmlElement, called: str) -> str:
    """What the file is called, if its text begins so; else its first heading, if there is only one so high."""
    begins = " ".join(root.text_content()[:_BEGINNING].split())
    headings = root.xpath("//h1 | //h2 | //h3")
    levels = [heading.tag for heading in headings]
    is_title = levels and levels[0] == min(levels) and levels.count(levels[0]) == 1
    if is_title and (not called or called.lower() not in begins.lower()):
        return " ".join(headings[0].text_content().split())
    return called


def named(place: str) -> str:
    """What a file without a title is called: `notes/mill_stones.pdf` → mill stones."""
    return " ".join(PurePosixPath(place).stem.replace("-", " ").replace("_", " ").split()) or place


def stated_title(text: object) -> str:
    """A title that somebody gave, "" for one that a program gave."""
    title = " ".join(str(text or "").split())
    return "" if _NO_TITLE.match(title) else title


def licence_in(text: str) -> str:
    """The SPDX id of the one licence that a text names by its address or, for Creative Commons, in words; else ""."""
    if found := spdx(text):
        return found
    named_ones = {_creative_commons(*found) for found in _WORDS.findall(text)}
    return named_ones.pop() if len(named_ones) == 1 else ""


def _creative_commons(terms: str, version: str) -> str:
    said = set(_TERM.findall(terms.lower()))
    parts = ["BY"]
    parts += ["NC"] if said & {"nc", "noncommercial", "commercial"} else []
    parts += ["ND"] if said & {"nd", "noderivs", "noderivatives", "derivs", "derivatives"} else []
    parts += ["SA"] if said & {"sa", "sharealike", "share"} else []
    return f"CC-{'-'.join(parts)}-{version}"
