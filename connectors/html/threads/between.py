"""Posts on pages where nothing repeats, as where one reply of another make follows a question: who speaks, says what
stands below it in its frame, or else above it.

Where a name and a time stand close together, somebody speaks. What a frame holds of two who speak is told apart at
the places where they do, so that posts need no element of their own.
"""

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from itertools import accumulate

from lxml.html import Element, HtmlElement

from connectors.html.tags import INLINE
from connectors.html.threads.block import Block, read_body
from connectors.html.threads.draft import Draft, Reading
from connectors.html.threads.evidence import ASIDE, Evidence, letters
from connectors.html.threads.generic import GENERIC
from connectors.html.threads.opening import Head
from connectors.html.threads.tools import is_tool_text

_APART = 25  # letters that may stand between a name and its time
_MARK = 80  # letters of what states a name or a time
_LEAST = 10  # letters that somebody says
_LITTLE, _SHARE = 40, 0.3  # letters in a frame that may be but a label, where that much more stands below it
_MOST = 200  # who speak
_TITLE = 15  # letters of a link that may be a title, and that may stand beside it

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class _Speaker:
    """Who speaks when, and the places of the first and the last element that say so."""

    author: str
    time: str
    element: HtmlElement
    start: int
    end: int


def between_reading(root: HtmlElement, page: Head, url: str, evidence: Evidence) -> Reading | None:
    """The posts of all who speak; None where there are less than two."""
    said = _said(root, evidence)
    speakers = list(_speakers(evidence, said))
    if not 1 < len(speakers) <= _MOST:
        return None
    around = [None, *speakers, None]
    found = (_draft(*three, said, page, url, evidence) for three in zip(around, speakers, around[2:], strict=False))
    drafts = _of_thread(_apart([draft for draft in found if draft], evidence), root, page, evidence)
    return Reading("between", drafts) if len(drafts) > 1 else None


def times_of_words(root: HtmlElement, evidence: Evidence) -> list[int]:
    """The places of all times below which something is said before the next."""
    said = _said(root, evidence)
    times = sorted(evidence.times, key=evidence.at.__getitem__)
    places = [evidence.at[each] for each in times]
    spans = zip(times, [*places[1:], len(said) - 1], strict=False)
    return [evidence.at[time] for time, end in spans if _amount(said, (_end(time, evidence), end)) > _APART]


def _of_thread(drafts: tuple[Draft, ...], root: HtmlElement, page: Head, evidence: Evidence) -> tuple[Draft, ...]:
    """The drafts without what is said above the page's title, as notices are, and without those at the end that are
    none of the thread: in an element whose names say so, or each with a title of its own, as other threads have."""
    spans = [_span(draft, evidence) for draft in drafts]
    above = sum(end < page.titles[0] for _, end in spans) if page.titles else 0
    kept, spans = (drafts[above:], spans[above:]) if above < len(drafts) - 1 else (drafts, spans)
    titles = sorted(evidence.at[link] for link in root.iter("a") if _may_be_title(link, evidence))
    starts = [0, *(end for _, end in spans)]
    titled = [bisect_left(titles, end) > bisect_left(titles, low) for low, (_, end) in zip(starts, spans, strict=False)]
    others = [
        _is_aside(draft, kept[0], evidence) or (own and not titled[0]) for draft, own in zip(kept, titled, strict=True)
    ]
    return kept[: next((at for at in range(1, len(kept)) if all(others[at:])), len(kept))]


def _span(draft: Draft, evidence: Evidence) -> Span:
    """The places of the first and the last element that say who, when and what."""
    held = [each for each in (draft.place, draft.body) if each is not None]
    return min(evidence.at[each] for each in held), max(evidence.last[each] for each in held)


def _may_be_title(link: HtmlElement, evidence: Evidence) -> bool:
    """Whether a link of many letters, to another page, stands alone in its line."""
    href = link.get("href") or ""
    line = next((each for each in link.iterancestors() if each.tag not in INLINE), link)
    alone = evidence.mass[line] <= evidence.mass[link] + _TITLE
    return evidence.mass[link] >= _TITLE and alone and not href.startswith(("#", "javascript:")) and bool(href)


def _is_aside(draft: Draft, first: Draft, evidence: Evidence) -> bool:
    """Whether what is around a draft, and not around the first, is named as what stands beside a thread."""
    held = [each for each in (draft.place, first.place) if each is not None]
    if len(held) < 2:
        return False
    around = [each for each in held[0].iterancestors() if not evidence.within(held[1], each)]
    return any(ASIDE.search(f"{each.get('class') or ''} {each.get('id') or ''}") for each in around)


def below_speaker(root: HtmlElement, page: Head, evidence: Evidence) -> HtmlElement | None:
    """A copy of what stands below the one who says the most, up to the next who speaks; None where somebody says
    something above, since the page's title."""
    said = _said(root, evidence)
    speakers = list(_speakers(evidence, said))
    ends = [*(each.start for each in speakers[1:]), len(said) - 1]
    spans = [(speaker.end, end) for speaker, end in zip(speakers, ends, strict=False)]
    if not spans:
        return None
    at = max(range(len(spans)), key=lambda each: _amount(said, spans[each]))
    title = max((place for place in page.titles if place < speakers[at].start), default=0)
    is_head = _amount(said, (title, speakers[at].start)) <= _LITTLE + 20
    return _cut(root, spans[at], evidence) if is_head else None


def _said(root: HtmlElement, evidence: Evidence) -> list[float]:
    """How many letters are before each place of the page, without links, tools, and what says who or when."""
    own = [0.0] * len(evidence.at)
    waiting = [(root, False)]
    while waiting:
        element, silent = waiting.pop()
        marked = element in evidence.times or element in evidence.people
        silent = silent or evidence.is_silent(element) or (marked and evidence.mass[element] <= _MARK)
        own[evidence.at[element]] += 0.0 if silent else _letters(element.text)
        for child in element.iterchildren():
            if child in evidence.at:
                waiting.append((child, silent))
                own[evidence.last[child]] += 0.0 if silent else _letters(child.tail)
    return [0.0, *accumulate(own)]


def _letters(text: str | None) -> float:
    return 0.0 if not text or is_tool_text(text) else letters(text)


def _speakers(evidence: Evidence, said: list[float]) -> Iterator[_Speaker]:
    """Where a name and a time are close together, in the order of the page."""
    own: list[HtmlElement] = []
    for element in sorted({*evidence.times, *evidence.people}, key=evidence.at.__getitem__):
        if own and _begins_anew(element, own, evidence, said):
            yield from _speaker(own, evidence)
            own = []
        own.append(element)
    yield from _speaker(own, evidence)


def _begins_anew(element: HtmlElement, own: list[HtmlElement], evidence: Evidence, said: list[float]) -> bool:
    """Whether somebody else speaks here than at the marks `own`: much is said between, or it is another name."""
    apart = said[evidence.at[element]] - said[min(_end(own[-1], evidence) + 1, evidence.at[element])]
    names = {evidence.people[each] for each in own if each in evidence.people}
    other = element in evidence.people and names and evidence.people[element] not in names
    return apart > _APART or bool(other and any(each in evidence.times for each in own))


def _end(mark: HtmlElement, evidence: Evidence) -> int:
    return evidence.last[mark] if evidence.mass[mark] <= _MARK else evidence.at[mark]


def _speaker(marks: list[HtmlElement], evidence: Evidence) -> Iterator[_Speaker]:
    author = next((evidence.people[each] for each in marks if each in evidence.people), "")
    time = next((evidence.times[each] for each in marks if each in evidence.times), "")
    if author and time:
        small = [each for each in marks if evidence.mass[each] <= _MARK] or marks
        inner = max(small, key=lambda each: each in evidence.people)
        yield _Speaker(author, time, inner, evidence.at[small[0]], max(_end(each, evidence) for each in small))


def _draft(
    before: _Speaker | None,
    speaker: _Speaker,
    after: _Speaker | None,
    said: list[float],
    page: Head,
    url: str,
    evidence: Evidence,
) -> Draft | None:
    """What somebody says: the longer of what stands below and above in a frame of its own, or else below."""
    own = [speaker.element, *speaker.element.iterancestors()]
    others = [each.start for each in (before, after) if each]
    alone = sum(not any(evidence.at[e] <= place <= evidence.last[e] for place in others) for e in own) or 1
    frame, around = own[alone - 1], own[min(alone, len(own) - 1)]
    top = max((at for at in page.titles if evidence.at[frame] <= at < speaker.start), default=evidence.at[frame])
    spans = [(speaker.end, evidence.last[frame] + 1), (top, speaker.start)]
    span = max(spans, key=lambda each: _amount(said, each))
    below = (speaker.end, min(evidence.last[around] + 1, after.start if after else evidence.last[around] + 1))
    if _amount(said, span) < max(_LEAST, min(_LITTLE, _SHARE * _amount(said, below))):
        frame, span = around, below
    size = _amount(said, span)
    if size < _LEAST:
        return None
    read = partial(_read, frame, span, speaker, url, evidence)
    inside = [
        e
        for e in frame.iterdescendants()
        if e in evidence.at and span[0] < evidence.at[e] and evidence.last[e] < span[1]
    ]
    body = max(inside, key=lambda each: evidence.prose[each], default=None)
    return Draft(speaker.element, body, size, speaker.author, speaker.time, read, span[1] == speaker.start)


def _apart(drafts: list[Draft], evidence: Evidence) -> tuple[Draft, ...]:
    """The drafts without those whose body is in, or around, that of the one before: one post in which a second name and
    time stand, as of who edited it."""
    kept: list[Draft] = []
    for draft in drafts:
        two, one = draft.body, kept[-1].body if kept else None
        if one is None or two is None or not (evidence.within(two, one) or evidence.within(one, two)):
            kept.append(draft)
    return tuple(kept)


def _amount(said: list[float], span: Span) -> float:
    low, high = span
    return max(0.0, said[min(high, len(said) - 1)] - said[low])


def _read(frame: HtmlElement, span: Span, speaker: _Speaker, url: str, evidence: Evidence) -> Block:
    markdown, quotes = read_body(_cut(frame, span, evidence), GENERIC, url)
    return Block("", speaker.author, speaker.time, markdown, quotes=quotes)


def _cut(element: HtmlElement, span: Span, evidence: Evidence) -> HtmlElement:
    """A copy of what of an element stands between two places, the first not included."""
    low, high = span
    kept = Element(element.tag, dict(element.attrib))
    kept.text = element.text if low < evidence.at[element] < high else None
    for child in element.iterchildren():
        inside = child in evidence.at and evidence.last[child] > low and evidence.at[child] < high
        piece = _cut(child, span, evidence) if inside else Element("span")
        place = evidence.last[child] if child in evidence.last else evidence.at[element]
        piece.tail = child.tail if low <= place < high else None
        if inside or piece.tail:
            kept.append(piece)
    return kept
