"""DOCX, by way of mammoth's HTML. What it needs to know besides is written into the document first (`word_styles`)."""

import io
from collections import Counter
from typing import Any
from zipfile import ZipFile, ZipInfo

import mammoth
import re2
from lxml import etree
from lxml.html import HtmlElement

from connectors.documents import archive, office
from connectors.documents.material import Material
from connectors.documents.word_styles import CLOSE, CODE, HEADING, INLINE_CODE, OPEN, Marked, prepare
from connectors.html import Unreadable, parse

_STYLES = "\n".join(
    [
        *(f"p[style-name='{HEADING} {level}'] => h{level}:fresh" for level in range(1, 7)),
        *(f"p[style-name='{name}'] => blockquote > p:fresh" for name in ("Quote", "Intense Quote", "Block Text")),
        f"p[style-name='{CODE}'] => pre:separator('\\n')",
        f"r[style-name='{INLINE_CODE}'] => code",
    ]
)
_PASSED_OVER = re2.compile(r"^An unrecognised element was ignored: (\S+)$")
_FORMULA = re2.compile(f"{OPEN}f(\\d{{1,6}}){CLOSE}")
_ITEM = re2.compile(f"{OPEN}l(\\d{{1,6}}){CLOSE}")


def read(body: bytes) -> Material:
    """Raises Unreadable: broken_document, unsafe_xml, broken_xml and those of `archive`."""
    with archive.opened(body) as opened:
        about = office.properties(opened)
        package, marked = _prepared(opened)
    try:
        found = mammoth.convert_to_html(
            package, style_map=_STYLES, include_embedded_style_map=False, convert_image=_alternative
        )
    except Exception as error:  # mammoth names no exceptions for parts that are missing or wrong
        raise Unreadable("broken_document", type(error).__name__) from error
    if not found.value.strip():
        raise Unreadable("no_text")
    counted = _count_on(parse(f"<div>{found.value}</div>"), marked.starts)
    markup = _FORMULA.sub(lambda sign: _formula(marked, int(sign[1])), counted)
    return Material(markup, title=marked.title, lost=_passed_over(found.messages), **about)


def _passed_over(messages: list[Any]) -> tuple[tuple[str, str], ...]:
    """What mammoth does not know, in one reject for a file."""
    names = Counter(sign[1] for each in messages if (sign := _PASSED_OVER.search(each.message)))
    told = ", ".join(f"{name} ({count})" for name, count in sorted(names.items()))
    return (("ignored_elements", told[:200]),) if told else ()


def _alternative(picture: Any) -> list[Any]:
    """A picture says to a reader of text what stands in its place, as one on a page of the web does."""
    return [mammoth.html.element("img", {"alt": picture.alt_text})] if picture.alt_text else []


def _formula(marked: Marked, number: int) -> str:
    return marked.formulas[number] if number < len(marked.formulas) else ""


def _prepared(opened: ZipFile) -> tuple[io.BytesIO, Marked]:
    """The same package, its main part with styles that mammoth understands."""
    parts = {info.filename: archive.member(opened, info) for info in opened.infolist()}
    for name, held in parts.items():
        if held and name.endswith((".xml", ".rels")):
            office.xml(held)
    marked = prepare(parts)
    out = io.BytesIO()
    with ZipFile(out, "w") as package:
        for name, held in parts.items():
            package.writestr(ZipInfo(name), held)
    out.seek(0)
    return out, marked


def _count_on(root: HtmlElement, starts: dict[str, int]) -> str:
    """HTML whose numbered lists begin as `starts` says, and go on where one of the same numbering has stopped."""
    counted: Counter[str] = Counter()
    for listing in root.iter("ol"):
        numbers = [_ITEM.search(item.text_content()) for item in listing.iterchildren("li")]
        number = next((found[1] for found in numbers if found), "")
        first = counted[number] + starts.get(number, 1)
        if number and first != 1:
            listing.set("start", str(first))
        counted[number] += len(numbers)
    return str(_ITEM.sub("", etree.tostring(root, encoding="unicode", method="html")))
