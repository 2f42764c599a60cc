"""A thread without replies: the page's main content as its one post, and who wrote it when, as stands beside it."""

from lxml.html import HtmlElement

from connectors import html
from connectors.html.content import main_content
from connectors.html.density import letters
from connectors.html.threads.between import below_speaker
from connectors.html.threads.block import Block, read_body
from connectors.html.threads.evidence import Evidence, gather
from connectors.html.threads.generic import GENERIC
from connectors.html.threads.opening import Head, bare, read_head, untitled, without_marks
from connectors.html.threads.stubs import is_stub

_SHORTEST = 20  # characters that make a post without any other beside it
_SAMPLE = 24  # letters by which the content is found on the page
_NEAR = 12  # elements below a post in which its author may be
_MOST, _ELSE = 0.9, 1.3  # of the words: what is the post's own, and what a frame may hold that says little else
_LINE = 60  # letters that a frame may say besides
_BELOW = 0.6  # of the content, that has to stand below who says it for what stands above to be none of it
_KEPT = 0.5  # of the main content, that has to be there without the lines of author and time


def only_post(root: HtmlElement, url: str) -> list[Block]:
    """The one post; [] where the page says nothing."""
    evidence, about = gather(root), html.metadata(root, url)
    head = read_head(root, about.title, evidence)
    content = _content(root, head, evidence)
    markdown, quotes = read_body(content, GENERIC, url) if content is not None else ("", ())
    if len(markdown) < _SHORTEST or is_stub(markdown) or content is None:
        return []
    author, time = _signed(root, content, evidence)
    stated = about.published.isoformat() if about.published else ""
    return untitled([Block("", author or about.author, time or stated, markdown, quotes=quotes)], head.title)


def _content(root: HtmlElement, head: Head, evidence: Evidence) -> HtmlElement | None:
    """The main content without lines that say who and when; with them where they are most of it."""
    whole = main_content(root)
    body = root.find("body")
    if whole is None or body is None:
        return whole
    bared = main_content(without_marks([body], head, evidence))
    content = bared if bared is not None and _size(bared) >= _KEPT * _size(whole) else whole
    below = below_speaker(root, head, evidence)
    words = main_content(below) if below is not None else None
    return words if words is not None and _size(words) >= _BELOW * _size(content) else content


def _size(element: HtmlElement) -> float:
    return sum(map(letters, element.itertext()))


def _signed(root: HtmlElement, content: HtmlElement, evidence: Evidence) -> tuple[str, str]:
    """The author and the time that stand nearest: above the words, or else below them, where little else is said."""
    place = _find(root, bare("".join(content.itertext()))[:_SAMPLE])
    if place is None:
        return "", ""
    size = evidence.prose[place]
    around = [place, *place.iterancestors()]
    own = next((each for each in around if evidence.prose[each] >= _MOST * _prose(content)), place)
    frame = [each for each in around if evidence.prose[each] <= _ELSE * max(size, _prose(content)) + _LINE][-1:] or [
        place
    ]
    span = (evidence.at[frame[0]], evidence.at[place], min(evidence.last[own] + _NEAR, evidence.last[frame[0]]))
    return _nearest(evidence.people, *span, evidence), _nearest(evidence.times, *span, evidence)


def _prose(element: HtmlElement) -> float:
    return float(len(bare("".join(element.itertext()))))


def _find(root: HtmlElement, sample: str) -> HtmlElement | None:
    """The innermost element that holds the sample."""
    found = None
    step = root.find("body") if sample else None
    while step is not None:
        found = step
        step = next((each for each in step.iterchildren("*") if sample in bare("".join(each.itertext()))), None)
    return found


def _nearest(marks: dict[HtmlElement, str], low: int, place: int, high: int, evidence: Evidence) -> str:
    """The last mark from `low` up to `place`, or else the last from there to `high`."""
    stated = sorted((evidence.at[element], said) for element, said in marks.items())
    above = [said for at, said in stated if low <= at <= place]
    below = [said for at, said in stated if place < at <= high]
    return next(iter([*above[-1:], *below[-1:]]), "")
