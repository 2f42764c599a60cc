"""Posts by their bodies: alike elements that hold prose and no names, with an author or a time between them.

A question and its answers often stand in blocks of different make, and their texts in the same element all the same.
"""

from bisect import bisect_left
from collections.abc import Iterator
from functools import partial
from itertools import islice

from lxml.html import HtmlElement

from connectors.html.threads.block import Block, number, read_body
from connectors.html.threads.draft import Draft, Reading
from connectors.html.threads.evidence import SIGNED, Evidence
from connectors.html.threads.generic import GENERIC
from connectors.html.threads.repeated import LEAST_PROSE, MOST_BLOCKS, MOST_GROUPS, SHARE, signature

_NEAR = 3  # levels around a body in which an id with a number is the post's
Marks = list[tuple[int, str]]  # what is stated at which places of the page, in their order


def body_readings(
    root: HtmlElement, sets_alike: list[list[HtmlElement]], url: str, evidence: Evidence
) -> Iterator[Reading]:
    """Each set of alike bodies that may be those of posts."""
    people = sorted((evidence.at[element], name) for element, name in evidence.people.items())
    times = sorted((evidence.at[element], stated) for element, stated in evidence.times.items())
    least = LEAST_PROSE * evidence.prose[root]
    sets = [_outermost(elements, evidence) for elements in sets_alike if len(elements) > 1]
    sets = [bodies for bodies in sets if 2 <= len(bodies) <= MOST_BLOCKS and not SIGNED.search(signature(bodies[0]))]
    weighed = sorted(((sum(map(evidence.prose.__getitem__, each)), each) for each in sets), key=lambda pair: -pair[0])
    for prose, bodies in weighed[:MOST_GROUPS]:
        drafts = _drafts(bodies, people, times, evidence, url) if prose > least else ()
        if drafts:
            yield Reading("bodies", drafts)


def _outermost(elements: list[HtmlElement], evidence: Evidence) -> list[HtmlElement]:
    """Those with words, without those inside another."""
    kept: list[HtmlElement] = []
    for element in elements:
        if evidence.prose[element] and not (kept and evidence.within(element, kept[-1])):
            kept.append(element)
    return kept


def _drafts(bodies: list[HtmlElement], people: Marks, times: Marks, evidence: Evidence, url: str) -> tuple[Draft, ...]:
    """The posts, where most bodies have an author or a time, all before them or all after them; else ()."""
    before = [_between(bodies, at, people, times, evidence, back=True) for at in range(len(bodies))]
    after = [_between(bodies, at, people, times, evidence, back=False) for at in range(len(bodies))]
    said = max(
        (before, after), key=lambda found: (sum(bool(name) for name, _ in found), sum(bool(time) for _, time in found))
    )
    if sum(bool(name or time) for name, time in said) < SHARE * len(bodies):
        return ()
    return tuple(
        Draft(body, body, evidence.prose[body], name, time, partial(_read, body, name, time, url))
        for body, (name, time) in zip(bodies, said, strict=True)
    )


def _between(
    bodies: list[HtmlElement], at: int, people: Marks, times: Marks, evidence: Evidence, *, back: bool
) -> tuple[str, str]:
    """The name and the time that are nearest to a body, before or after it, and no further than its neighbour."""
    body = bodies[at]
    if back:
        low, high = (evidence.last[bodies[at - 1]] + 1 if at else 0), evidence.at[body]
    else:
        low = evidence.last[body] + 1
        high = evidence.at[bodies[at + 1]] if at + 1 < len(bodies) else low + (low - evidence.at[body]) + 200
    return _nearest(people, low, high, back), _nearest(times, low, high, back)


def _nearest(marks: Marks, low: int, high: int, back: bool) -> str:
    """The last mark before `high` or the first from `low` on; "" when there is none between."""
    start, end = bisect_left(marks, (low, "")), bisect_left(marks, (high, ""))
    return marks[end - 1 if back else start][1] if start < end else ""


def _read(body: HtmlElement, author: str, time: str, url: str) -> Block:
    markdown, quotes = read_body(body, GENERIC, url)
    near = (body, *islice(body.iterancestors(), _NEAR))
    post_id = next((each.get("id") for each in near if any(map(str.isdigit, each.get("id") or ""))), "")
    return Block(number(post_id or ""), author, time, markdown, quotes=quotes)
