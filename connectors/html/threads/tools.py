"""Words that a board puts below and above what people write: buttons ("Reply", "举报") and counters ("4 replies")."""

import tomllib
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import re2
from lxml import etree
from lxml.html import HtmlElement

from connectors.html.tags import HEADINGS, INLINE

_WORDS = {
    name: "|".join(f"(?:{each})" for each in said)
    for name, said in tomllib.loads(Path(__file__).with_name("tools.toml").read_text()).items()
}
ACTION = re2.compile(rf"(?i)^[^\pL\pN]*(?:{_WORDS['action']})[^\pL\pN]*\d{{0,5}}[^\pL\pN]*$")
_BELOW = re2.compile(rf"(?i)^[^\pL\pN]*(?:{_WORDS['below']})[^\pL\pN]*\d{{0,5}}[^\pL\pN]*$")
_COUNT = re2.compile(rf"(?i)^[^\pL\pN]*(?:{_WORDS['count']})[^\pL\pN]*$")
_HEAD = re2.compile(rf"(?i)^(?:{_WORDS['head']})[:：]?$")
_ABOUT = re2.compile(rf"(?i)^[^\pL\pN]*(?:{_WORDS['about']})[^\pL\pN]*$")
_SIGN_IN = re2.compile(rf"(?i)^[^\pL]*(?:{_WORDS['sign_in']})[^\pL]*$")
_TO_SIGN_IN = re2.compile(r"(?i)log-?[io]n|sign-?(?:in|up)|regist|auth|account|join|member")
_NOTICE = 250  # letters of a line that asks guests to sign in
_LABELS = frozenset(
    ("strong", "a", "button", "li", "span", "div", "em", "small", "label", "i", "b", "font", "p", "h2", "h3", "h4")
)
_BUTTONS = frozenset(("a", "button", "li", "span"))
_MARKS = re2.compile(r"^[^\pL]+$")
_LONGEST, _LONGEST_COUNT = 40, 60
_MOST = 40  # pieces of text at an edge that may be tools

Piece = tuple[HtmlElement, str]  # an element, and `text` or `tail`


def drop_tools(root: HtmlElement) -> None:
    """Take buttons and counters away from both ends of a body, unless it says nothing else, and notices to guests."""
    _drop_notices(root)
    pieces = list(_pieces(root))
    below = _at_edge(pieces[::-1])
    above = _at_edge(pieces[: len(pieces) - len(below)], above=True)
    if len(below) + len(above) < len(pieces):
        for element, where in (*below, *above):
            setattr(element, where, None)


def _drop_notices(root: HtmlElement) -> None:
    """Lines in which a link asks guests to sign in."""
    for link in list(root.iter("a")):
        if _TO_SIGN_IN.search(link.get("href") or "") and _SIGN_IN.search(" ".join(link.text_content().split())):
            line = next((each for each in link.iterancestors() if each.tag not in INLINE), root)
            if line is not root and len(line.text_content()) <= _NOTICE and line.getparent() is not None:
                line.drop_tree()


@lru_cache(16_384)
def is_count(text: str) -> bool:
    """Whether a text is a counter and nothing else."""
    return len(text) <= _LONGEST_COUNT and bool(_COUNT.search(text))


@lru_cache(16_384)
def is_about_author(text: str) -> bool:
    """Whether a text is what a board tells of an author: "Posts: 61", "注册时间 2010-1-1"."""
    return len(text) < 200 and len(line := " ".join(text.split())) <= _LONGEST and bool(_ABOUT.search(line))


def is_tool_text(text: str) -> bool:
    """Whether a text is a button's, a counter or marks."""
    line = " ".join(text.split())
    return is_count(line) or (
        len(line) <= _LONGEST and any(each.search(line) for each in (_MARKS, ACTION, _ABOUT, _HEAD))
    )


def _pieces(root: HtmlElement) -> Iterator[Piece]:
    """What holds text, in the order of the page."""
    for event, element in etree.iterwalk(root, events=("start", "end")):
        if not isinstance(element.tag, str):
            continue
        if event == "start" and (element.text or "").strip():
            yield element, "text"
        if event == "end" and element is not root and (element.tail or "").strip():
            yield element, "tail"


def _at_edge(pieces: list[Piece], above: bool = False) -> list[Piece]:
    """Pieces from the first on that are tools, with marks between them."""
    found: list[Piece] = []
    between: list[Piece] = []
    for piece in pieces[:_MOST]:
        line = " ".join(getattr(*piece).split())
        if _MARKS.search(line):
            between.append(piece)
        elif _is_tool(line, *piece, above):
            found += [*between, piece]
            between = []
        else:
            break
    return found


def _is_tool(line: str, element: HtmlElement, where: str, above: bool) -> bool:
    """Whether a line of its own, or the words of a link or button, is a tool: above a text what is told of its author,
    its label and counters, below it headings of what follows, counters and buttons."""
    if not above and where == "text" and any(each.tag in HEADINGS for each in (element, *element.iterancestors())):
        return True
    if len(line) > _LONGEST or (above and _ABOUT.search(line)):
        return len(line) <= _LONGEST
    is_button = element.tag in _BUTTONS or element.get("role") == "button"
    if where == "tail" or (element.tag not in _LABELS and not is_button):
        return False
    if is_count(line) or (above and _HEAD.search(line)):
        return True
    return not above and is_button and bool(ACTION.search(line) or _BELOW.search(line))
