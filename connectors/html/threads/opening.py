"""The post that asks, where it has other markup than the replies: what stands between the page's title and them."""

from copy import deepcopy
from dataclasses import dataclass
from functools import partial

import re2
from lxml.html import Element, HtmlElement

from connectors.html.content import main_content
from connectors.html.density import letters, weigh
from connectors.html.tags import HEADINGS, INLINE
from connectors.html.threads.block import Block, read_body
from connectors.html.threads.draft import Draft
from connectors.html.threads.evidence import Evidence
from connectors.html.threads.generic import GENERIC

_TITLES = ("h1", "h2", "h3", "h4", "td", "th", "strong", "b", "a", "span", "div", "p", "li", "dt")
_SHORTEST = 12  # letters, of which a wide one counts as two and a half, that ask something
_LINE = 160  # letters of a line that tells when or by whom, rather than what
_NOTICE = 250  # letters of a line that asks guests to sign in
_SIGN_IN = re2.compile(r"(?i)log-?in|sign-?(?:in|up)|regist(?:er|ration)")
_MORE = 20  # letters that frames may add to it
_FIRST = re2.compile(r"^(?:#\s?[01]|[01]\s?#|1\s?楼|楼主|樓主|No\. ?1|1 of \d+)$")  # how the first post is numbered


@dataclass(frozen=True, slots=True)
class Head:
    """What a page says it is about: its title, its description, which often begins as the opening post does, and the
    places where it shows the title."""

    title: str
    about: str
    titles: list[int]


def find_opening(root: HtmlElement, first: Draft, page: Head, url: str, evidence: Evidence) -> Draft | None:
    """What precedes `first` on the page, read as a post of its own; None where that is no post."""
    if first.asks or first.place is None or _is_first(first, page.about):
        return None
    pieces = _before(root, first.place, page, evidence)
    content = _content(pieces, page.title, evidence) if pieces else None
    if content is None or not _asks(content, pieces, page.about, evidence):
        return None
    author, time = (_nearest(pieces, marks) for marks in (evidence.people, evidence.times))
    size = sum(letters(text) for text in content.itertext())
    return Draft(pieces[0], pieces[-1], size, author, time, partial(_read, content, author, time, url), True)


def gap_before(root: HtmlElement, first: Draft, page: Head, evidence: Evidence) -> float:
    """How many letters the opening has at most."""
    if first.asks or first.place is None or _is_first(first, page.about):
        return 0.0
    return sum(evidence.prose[piece] for piece in _before(root, first.place, page, evidence))


def read_head(root: HtmlElement, title: str, evidence: Evidence) -> Head:
    named = {(meta.get("name") or meta.get("property") or "").lower(): meta for meta in root.iter("meta")}
    about = next((named[name].get("content") or "" for name in ("description", "og:description") if name in named), "")
    return Head(title, about, _shown(root, title, evidence))


def _shown(root: HtmlElement, title: str, evidence: Evidence) -> list[int]:
    """Where the page shows its title."""
    wanted = _bare(title)
    found = []
    for element in root.iter(*_TITLES) if len(wanted) > 1 else ():
        least = 4 if element.tag in HEADINGS else 0.7 * len(wanted)
        if least <= evidence.mass[element] <= 1.5 * len(wanted) + 40:
            said = _bare(element.text_content())
            if said == wanted or (element.tag in HEADINGS and len(said) > 3 and (said in wanted or wanted in said)):
                found.append(evidence.at[element])
    return found


def _before(root: HtmlElement, first: HtmlElement, page: Head, evidence: Evidence) -> list[HtmlElement]:
    """The outermost elements with prose between the last title before `first` and `first`, in their order."""
    start = max((place for place in page.titles if place < evidence.at[first]), default=-1)
    levels: list[list[HtmlElement]] = []
    step = first
    while step is not None and step is not root:
        siblings = [each for each in step.itersiblings(preceding=True) if isinstance(each.tag, str)]
        levels.append([each for each in reversed(siblings) if evidence.last[each] >= start and evidence.prose[each]])
        reached = any(evidence.at[each] <= start for each in siblings) or evidence.at[step] <= start
        if reached if start >= 0 else levels[-1]:
            break
        step = step.getparent()
    return [piece for level in reversed(levels) for piece in level]


def _is_first(first: Draft, about: str) -> bool:
    """Whether a post says itself that it is the first."""
    assert first.place is not None
    texts = (text.strip() for text in first.place.itertext())
    return any(_FIRST.search(text) for text in texts if 1 < len(text) < 9) or _begins(first.body, about)


def _begins(body: HtmlElement | None, about: str) -> bool:
    wanted = _bare(about)[:60]
    return body is not None and len(wanted) > 20 and wanted in _bare(body.text_content())


def _content(pieces: list[HtmlElement], title: str, evidence: Evidence) -> HtmlElement | None:
    """The main content of the pieces, without the title and the lines that tell when and by whom."""
    around = Element("div")
    for piece in pieces:
        copy = deepcopy(piece)
        copy.tail = None
        own = dict(zip(piece.iter(), copy.iter(), strict=True))
        around.append(copy)
        for mark in [each for each in own if each in evidence.times]:
            _drop(_line(mark, piece, evidence), own)
        for heading in [each for each in own if each.tag in HEADINGS and _bare(each.text_content()) == _bare(title)]:
            _drop(heading, own)
    return main_content(around) if len(around) else None


def _line(mark: HtmlElement, piece: HtmlElement, evidence: Evidence) -> HtmlElement:
    """The widest element around a time that says little else: its own line, and frames that add a name to it."""
    line = mark
    while line is not piece and evidence.mass[line.getparent()] <= _LINE and line.tag in INLINE:
        line = line.getparent()
    while line is not piece and evidence.mass[line.getparent()] <= evidence.mass[line] + _MORE:
        line = line.getparent()
    return line


def _drop(element: HtmlElement, own: dict[HtmlElement, HtmlElement]) -> None:
    if own[element].getparent() is not None:
        own[element].drop_tree()


def _asks(content: HtmlElement, pieces: list[HtmlElement], about: str, evidence: Evidence) -> bool:
    """Whether it has the words of a post: those that the page is about; or prose; or any, signed with name and time."""
    if _begins(content, about):
        return True
    said = sum(letters(text) for text in content.itertext()) - sum(
        letters(h.text_content()) for h in content.iter(*HEADINGS)
    )
    if said < _SHORTEST:
        return False
    signed = _nearest(pieces, evidence.people) and _nearest(pieces, evidence.times)
    if (
        not signed
        and said < _NOTICE
        and any(_SIGN_IN.search(link) for piece in pieces for link in piece.xpath(".//a/@href"))
    ):
        return False
    return bool(signed) or weigh(content)[content].prose >= 0.4 * said


def _nearest(pieces: list[HtmlElement], marks: dict[HtmlElement, str]) -> str:
    return next((marks[each] for piece in pieces for each in piece.iter() if each in marks), "")


def _read(content: HtmlElement, author: str, time: str, url: str) -> Block:
    markdown, quotes = read_body(content, GENERIC, url)
    return Block("", author, time, markdown, quotes=quotes)


def _bare(text: str) -> str:
    return "".join(filter(str.isalnum, text.lower()))
