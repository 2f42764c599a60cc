"""The post that asks, where it has other markup than the replies: what stands between the page's title and them."""

from copy import deepcopy
from dataclasses import dataclass, replace
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
from connectors.html.threads.tools import is_count, is_tool_text

_TITLES = ("h1", "h2", "h3", "h4", "td", "th", "strong", "b", "a", "span", "div", "p", "li", "dt")
_SHORTEST = 12  # letters, of which a wide one counts as two and a half, that ask something
_UNSIGNED = 60  # the same where nothing says who and when
_LINE = 160  # letters of a line that tells when or by whom, rather than what
_MARK = 80  # letters of what states a time or a name
_SAID = 60  # letters beside a time or a name, that make a sentence of its line
_LABELS, _LABEL = 3, 20  # paragraphs with the title, and characters of one above it
_AGAIN = 8  # letters before a title that is said again: "2. Re:", "回复"
_NEARLY_ALL = 0.8  # of the letters of an opening: what an element has to hold to be its body
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
    pieces = _before(root, first, page, evidence)
    content = _content(pieces, page, evidence) if pieces else None
    if content is None or not _asks(content, pieces, page.about, evidence):
        return None
    author, time = (_nearest(pieces, marks) for marks in (evidence.people, evidence.times))
    size = sum(letters(text) for text in content.itertext())
    body = _innermost(max(pieces, key=evidence.prose.__getitem__), size, evidence)
    return Draft(pieces[0], body, size, author, time, partial(_read, content, author, time, url), True)


def _innermost(body: HtmlElement, size: float, evidence: Evidence) -> HtmlElement:
    """The smallest element that holds nearly all the words: comments on it stand beside that."""
    step: HtmlElement | None = body
    while step is not None:
        body = step
        step = next((each for each in body.iterchildren("*") if evidence.prose[each] >= _NEARLY_ALL * size), None)
    return body


def gap_before(root: HtmlElement, first: Draft, page: Head, evidence: Evidence) -> float:
    """How many letters the opening has at most."""
    if first.asks or first.place is None or _is_first(first, page.about):
        return 0.0
    return sum(evidence.prose[piece] for piece in _before(root, first, page, evidence))


def read_head(root: HtmlElement, title: str, evidence: Evidence) -> Head:
    named = {(meta.get("name") or meta.get("property") or "").lower(): meta for meta in root.iter("meta")}
    about = next((named[name].get("content") or "" for name in ("description", "og:description") if name in named), "")
    return Head(title, about, _shown(root, title, evidence))


def _shown(root: HtmlElement, title: str, evidence: Evidence) -> list[int]:
    """Where the page shows its title."""
    wanted = bare(title)
    found = []
    for element in root.iter(*_TITLES) if len(wanted) > 1 else ():
        least = 4 if element.tag in HEADINGS else 0.7 * len(wanted)
        if least <= evidence.mass[element] <= 1.5 * len(wanted) + 40:
            said = bare(element.text_content())
            if said == wanted or (element.tag in HEADINGS and len(said) > 3 and (said in wanted or wanted in said)):
                found.append(evidence.at[element])
    return found


def _before(root: HtmlElement, first: Draft, page: Head, evidence: Evidence) -> list[HtmlElement]:
    """The outermost elements with prose between the last title before `first` and what says who wrote `first`, in their
    order."""
    assert first.place is not None
    pieces = _above(root, first.place, page, evidence)
    return [piece for piece in pieces if not _is_of(first, piece, evidence)]


def _is_of(first: Draft, piece: HtmlElement, evidence: Evidence) -> bool:
    """Whether a piece says who wrote `first`, or stands below what does, and holds nobody else and nothing said."""
    if first.since < 0 or evidence.last[piece] < first.since or evidence.prose[piece] > _SAID:
        return False
    said = {evidence.people.get(each) for each in piece.iter()} - {None, first.author}
    return not said or evidence.at[piece] > first.since


def _above(root: HtmlElement, first: HtmlElement, page: Head, evidence: Evidence) -> list[HtmlElement]:
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
    wanted = bare(about)[:60]
    return body is not None and len(wanted) > 20 and wanted in bare(body.text_content())


def _content(pieces: list[HtmlElement], page: Head, evidence: Evidence) -> HtmlElement | None:
    """The main content of the pieces, without the title and the lines that tell when and by whom."""
    around = without_marks(pieces, page, evidence)
    return main_content(around) if len(around) else None


def without_marks(pieces: list[HtmlElement], page: Head, evidence: Evidence) -> HtmlElement:
    """Copies of the pieces, without the title and the lines that tell when and by whom."""
    around = Element("div")
    for piece in pieces:
        copy = deepcopy(piece)
        copy.tail = None
        own = dict(zip(piece.iter(), copy.iter(), strict=True))
        around.append(copy)
        small = [each for each in own if each is not piece and each in evidence.mass and evidence.mass[each] <= _MARK]
        for mark in [each for each in small if each in evidence.times or each in evidence.people]:
            line = _line(mark, piece, evidence, _LINE if mark in evidence.times else 0)
            if not _is_in_sentence(line, evidence):
                _drop(line, own)
        for heading in [each for each in own if _says_title(each, page, evidence)]:
            _drop(heading, own)
    return around


def _says_title(element: HtmlElement, page: Head, evidence: Evidence) -> bool:
    is_place = element.tag in HEADINGS or evidence.at.get(element) in page.titles
    return is_place and bare(element.text_content()) == bare(page.title)


def _line(mark: HtmlElement, piece: HtmlElement, evidence: Evidence, longest: float) -> HtmlElement:
    """The widest element around a time or a name that says little else: its own line, of no more than `longest`
    letters, and frames that add a name to it."""
    line = mark
    while line is not piece and evidence.mass[line.getparent()] <= longest and line.tag in INLINE:
        line = line.getparent()
    while line is not piece and evidence.mass[line.getparent()] <= evidence.mass[line] + _MORE:
        line = line.getparent()
    return line


def _is_in_sentence(line: HtmlElement, evidence: Evidence) -> bool:
    """Whether a time or a name is part of what somebody says."""
    return (_beside(line) if line.tag in INLINE else evidence.prose[line]) > _SAID


def _beside(line: HtmlElement) -> float:
    """Letters before and after an element, in the line that it stands in."""
    said = letters(line.tail or "")
    for back in (True, False):
        step = line.getprevious() if back else line.getnext()
        while step is not None and step.tag in INLINE and step.tag != "br":
            said += letters(step.tail or "")
            step = step.getprevious() if back else step.getnext()
        if back and step is None:
            said += letters(line.getparent().text or "")
        elif back:
            said += letters(step.tail or "")
    return said


def _drop(element: HtmlElement, own: dict[HtmlElement, HtmlElement]) -> None:
    if own[element].getparent() is not None:
        own[element].drop_tree()


def _asks(content: HtmlElement, pieces: list[HtmlElement], about: str, evidence: Evidence) -> bool:
    """Whether it has the words of a post: those that the page is about; or prose; or any, signed with name and time."""
    if _begins(content, about):
        return True
    said = sum(letters(text) for text in content.itertext() if not is_tool_text(text)) - sum(
        letters(h.text_content()) for h in content.iter(*HEADINGS)
    )
    signed = _nearest(pieces, evidence.people) and _nearest(pieces, evidence.times)
    if said < (_SHORTEST if signed else _UNSIGNED):
        return False
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


def untitled(blocks: list[Block], title: str) -> list[Block]:
    """The posts, without the page's title as their first line; of the first post, labels above it go, too."""
    cut = [_titled(block, title, _LABELS if at == 0 else 1) for at, block in enumerate(blocks)]
    titled = [replace(block, markdown=said) if said else block for block, said in zip(blocks, cut, strict=True)]
    return [block for block, said in zip(titled, cut, strict=True) if not is_count(said)]  # a title and its views


def _titled(block: Block, title: str, most: int) -> str:
    """What follows the title in a post; "" where it is not among its first lines, or all of it."""
    paragraphs = block.markdown.split("\n\n")
    for at, paragraph in enumerate(paragraphs[:most]):
        line, _, rest = paragraph.partition("\n")
        if _repeats(line, title):
            return "\n\n".join([rest, *paragraphs[at + 1 :]]).strip()
        if len(paragraph) > _LABEL:
            break
    return ""


def _repeats(line: str, title: str) -> bool:
    said, wanted = bare(line), bare(title)
    return len(wanted) > 1 and said.endswith(wanted) and len(said) <= len(wanted) + _AGAIN


def bare(text: str) -> str:
    return "".join(filter(str.isalnum, text.lower()))
