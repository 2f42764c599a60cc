"""Posts by their bodies: alike elements that hold prose and no names, with an author or a time between them.

A question and its answers often stand in blocks of different make, and their texts in the same element all the same.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from functools import partial
from itertools import islice

from lxml.html import HtmlElement

from connectors.html.threads.beside import beside
from connectors.html.threads.block import Block, number, read_body
from connectors.html.threads.draft import Draft, Reading
from connectors.html.threads.evidence import SIGNED, Evidence
from connectors.html.threads.generic import GENERIC
from connectors.html.threads.repeated import LEAST_PROSE, MOST_BLOCKS, MOST_GROUPS, SHARE, says_something, signature

_NEAR = 3  # levels around a body in which an id with a number is the post's


def body_readings(
    root: HtmlElement, sets_alike: list[list[HtmlElement]], url: str, evidence: Evidence
) -> Iterator[Reading]:
    """Each set of alike bodies that may be those of posts."""
    least = LEAST_PROSE * evidence.prose[root]
    sets = [_outermost(elements, evidence) for elements in sets_alike if len(elements) > 1]
    sets = [bodies for bodies in sets if 2 <= len(bodies) <= MOST_BLOCKS and not SIGNED.search(signature(bodies[0]))]
    weighed = sorted(((sum(map(evidence.prose.__getitem__, each)), each) for each in sets), key=lambda pair: -pair[0])
    for prose, bodies in weighed[:MOST_GROUPS]:
        drafts = _drafts(bodies, evidence, url) if prose > least else ()
        if drafts and says_something(drafts, evidence):
            yield Reading("bodies", drafts)


def _outermost(elements: list[HtmlElement], evidence: Evidence) -> list[HtmlElement]:
    """Those with words, without those inside another."""
    kept: list[HtmlElement] = []
    for element in elements:
        if evidence.prose[element] and not (kept and evidence.within(element, kept[-1])):
            kept.append(element)
    return kept


def _drafts(bodies: list[HtmlElement], evidence: Evidence, url: str) -> tuple[Draft, ...]:
    """The posts, where most bodies have an author or a time beside them and no person in them; else ()."""
    said = beside(bodies, evidence)
    if sum(bool(each.author or each.time) for each in said) < SHARE * len(bodies):
        return ()
    people = sorted(map(evidence.at.__getitem__, evidence.people))
    named = (bisect_right(people, evidence.last[body]) > bisect_left(people, evidence.at[body]) for body in bodies)
    if sum(named) >= SHARE * len(bodies):
        return ()
    return tuple(
        Draft(body, body, evidence.prose[body], *own, partial(_read, body, *own, url), since=each.at)
        for body, each in zip(bodies, said, strict=True)
        for own in ((each.author, each.time),)
    )


def _read(body: HtmlElement, author: str, time: str, url: str) -> Block:
    markdown, quotes = read_body(body, GENERIC, url)
    near = (body, *islice(body.iterancestors(), _NEAR))
    post_id = next((each.get("id") for each in near if any(map(str.isdigit, each.get("id") or ""))), "")
    return Block(number(post_id or ""), author, time, markdown, quotes=quotes)
