"""Plain text and Markdown as HTML; Markdown also as the cells of notebooks hold it."""

import re
from html import escape
from typing import Any

import re2
from markdown_it import MarkdownIt
from mdit_py_plugins.amsmath import amsmath_plugin
from mdit_py_plugins.deflist import deflist_plugin
from mdit_py_plugins.dollarmath import dollarmath_plugin
from mdit_py_plugins.footnote import footnote_plugin

from connectors.documents.material import Material, licence_in, stated_title
from connectors.html import Unreadable, decode
from connectors.reading import plain_yaml
from connectors.reading.times import parse_time

LONGEST = 1 << 20  # characters, as for a file of Markdown
_FRONT = re.compile(r"\A\ufeff?---[ \t]*\n(.*?)\n(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.S)
_LIST_ITEM = re2.compile(r"^\s*(?:[-*+•·‣▪–—]|\(?\d{1,3}[.)、]|[a-z][.)])\s")
_UNDERLINED = re2.compile(r"^(?:={3,}|-{3,}|\*{3,}|~{3,}|#{3,})$")
_NUMBERED = re2.compile(
    r"^(?:(?:Chapter|Part|Appendix|Section)\s+[\dIVXLA-Z]+\b|第[\d一二三四五六七八九十百]+[章节節部回]|\d+(?:\.\d+)+\.?\s|[一二三四五六七八九十]+、)"
)
_CLOSED = (".", ",", ";", ":", "。", "，", "；", "：", "!", "！")


def render(text: str) -> str:
    """HTML of Markdown, its tables, notes and formulas. Raises Unreadable: too_large, unparsable_markdown."""
    if len(text) > LONGEST:
        raise Unreadable("too_large", f"{len(text)} characters")
    parser = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    parser.use(deflist_plugin).use(footnote_plugin).use(amsmath_plugin, renderer=_formula)
    parser.use(dollarmath_plugin, allow_space=False, allow_digits=False, double_inline=True)
    try:
        return str(parser.render(text))
    except Exception as error:  # markdown-it names no exceptions for text that it cannot take
        raise Unreadable("unparsable_markdown", type(error).__name__) from error


def _formula(content: str) -> str:
    return escape(content)


def front_matter(text: str) -> tuple[dict[str, Any], str]:
    """What a text says of itself in YAML above it, {} for nothing, and the text below."""
    found = _FRONT.match(text)
    about = plain_yaml.load(found[1]) if found else None
    return (about, text[found.end() :]) if found and isinstance(about, dict) else ({}, text)


def told(about: dict[str, Any], markup: str) -> Material:
    """What of front matter, or of a notebook's own metadata, an article has a place for."""
    keywords = about.get("tags") or about.get("keywords") or ()
    words = keywords.split(",") if isinstance(keywords, str) else keywords if isinstance(keywords, list) else ()
    return Material(
        markup=markup,
        called=stated_title(about.get("title")),
        author=_names(about.get("authors") or about.get("author")),
        created_at=parse_time(about.get("date")),
        licence=licence_in(str(about.get("license") or about.get("licence") or "")),
        tags=tuple(str(word).strip() for word in words if str(word).strip()),
        language=str(about.get("lang") or ""),
    )


def _names(value: Any) -> str:
    listed = value if isinstance(value, list) else [value]
    names = [each.get("name") if isinstance(each, dict) else each for each in listed]
    return ", ".join(str(name).strip() for name in names if name)


def read_markdown(body: bytes) -> Material:
    about, text = front_matter(decode(body).replace("\r\n", "\n"))
    return told(about, render(text))


def read_text(body: bytes) -> Material:
    """Paragraphs, lists and indented code; a heading is a short line that is underlined or numbered, or in capitals."""
    text = decode(body).replace("\r\n", "\n").replace("\r", "\n").replace("\f", "\n\n")
    if len(text) > LONGEST:
        raise Unreadable("too_large", f"{len(text)} characters")
    blocks = [block.strip("\n") for block in re2.split(r"\n[ \t]*\n+", text) if block.strip()]
    return Material("\n".join(_block(block.split("\n")) for block in blocks))


def _block(lines: list[str]) -> str:
    if len(lines) == 2 and _UNDERLINED.match(lines[1].strip()):
        return f"<h{1 if lines[1].strip()[0] in '=*#' else 2}>{escape(lines[0].strip())}</h2>"
    if len(lines) == 1 and _is_heading(lines[0].strip()):
        return f"<h2>{escape(lines[0].strip())}</h2>"
    if all(line.startswith(("    ", "\t")) for line in lines) and not _LIST_ITEM.match(lines[0]):
        return f"<pre>{escape(chr(10).join(lines))}</pre>"
    if sum(bool(_LIST_ITEM.match(line)) for line in lines) > 1:
        return "".join(f"<p>{escape(item)}</p>" for item in _items(lines))
    kept = "<br>" if _are_verses(lines) else "\n"
    return f"<p>{kept.join(escape(line.strip()) for line in lines)}</p>"


def _is_heading(line: str) -> bool:
    if len(line) > 80 or line.endswith(_CLOSED) or _LIST_ITEM.match(line):
        return False
    letters = [letter for letter in line if letter.isalpha()]
    shouts = len(letters) > 3 and all(letter.isupper() for letter in letters)
    return bool(_NUMBERED.match(line)) or shouts


def _items(lines: list[str]) -> list[str]:
    items: list[str] = []
    for line in lines:
        if _LIST_ITEM.match(line) or not items:
            items.append(line.strip())
        else:
            items[-1] += f" {line.strip()}"
    return items


def _are_verses(lines: list[str]) -> bool:
    """Whether lines end where their writer wanted: they are short, and much of the page stays empty."""
    return len(lines) > 1 and max(len(line.strip()) for line in lines) < 50
