"""Comments on posts: blocks that stand between a thread's posts and are named for what they are.

They belong to the post above them, as its answers do to a question, and are never chosen instead of it.
"""

from bisect import bisect_right

import re2
from lxml.html import HtmlElement

from connectors.html.threads.draft import Draft, Reading
from connectors.html.threads.evidence import Evidence

_COMMENT = re2.compile(r"(?i)comment|repl(?:y|ies)|child|nested|sub-?post|note")
_MOST_INSIDE = 0.6  # of the blocks that have to stand between the posts
_LEVELS = 3
_LEAST = 0.035  # of the page's prose: the least that comments hold, since labels and quotes repeat, too


def comments_on(drafts: tuple[Draft, ...], readings: list[Reading], evidence: Evidence) -> tuple[Draft, ...]:
    """Of the other `readings`, the comments with the most words that stand between or below the posts."""
    posts = [draft for draft in drafts if draft.place is not None and draft.body is not None]
    around = _around([draft.place for draft in posts if draft.place is not None], evidence)
    if len(posts) < 2 or around is None:
        return ()
    found = [_between(posts, reading, around, evidence) for reading in readings if _are_comments(reading, evidence)]
    return max(found, key=_size, default=())


def _size(drafts: tuple[Draft, ...]) -> float:
    return sum(draft.letters for draft in drafts)


def _are_comments(reading: Reading, evidence: Evidence) -> bool:
    if _size(reading.drafts) <= _LEAST * evidence.prose_of_page:
        return False
    element = reading.drafts[0].place
    names = [element, *list(element.iterancestors())[:_LEVELS]] if element is not None else []
    named = any(_COMMENT.search(f"{each.get('class') or ''} {each.get('id') or ''}") for each in names)
    return reading.kind == "blocks" and named


def _between(posts: list[Draft], reading: Reading, around: HtmlElement, evidence: Evidence) -> tuple[Draft, ...]:
    bodies = sorted((post.body for post in posts if post.body is not None), key=evidence.at.__getitem__)
    free = tuple(
        each
        for each in reading.drafts
        if each.place is not None and evidence.within(each.place, around) and _is_free(each.place, bodies, evidence)
        if each.body is None or _is_free(each.body, bodies, evidence)
    )
    inside = len(free) >= _MOST_INSIDE * len(reading.drafts)
    return free if inside and not _are_of_authors(free, posts) else ()


def _are_of_authors(comments: tuple[Draft, ...], posts: list[Draft]) -> bool:
    """Whether they are the boxes about the authors of the posts, of which each has one."""
    authors = [post.author for post in posts]
    said = [comment.author for comment in comments]
    return len(said) > 1 and said in (authors, authors[1:], authors[:-1])


def _is_free(place: HtmlElement, bodies: list[HtmlElement], evidence: Evidence) -> bool:
    """Whether a comment stands below the first body, and neither in a body nor around one."""
    at = bisect_right(bodies, evidence.at[place], key=evidence.at.__getitem__)
    below = at > 0 and not evidence.within(place, bodies[at - 1])
    return below and (at == len(bodies) or not evidence.within(bodies[at], place))


def _around(places: list[HtmlElement], evidence: Evidence) -> HtmlElement | None:
    """The smallest element that holds them all."""
    if not places:
        return None
    return next((e for e in places[0].iterancestors() if all(evidence.within(p, e) for p in places)), None)
