"""Which reading of a page is its thread: how much of the page's prose it holds, and how much its parts are like posts.

`worth` is the F1 that a reading is expected to have against what a person would copy, a sum of weighted features. The
weights were fitted to every reading of the tuning half of labelled forum pages, each page counting once, by ridge
regression towards equal small weights and with the sign of each given, then rounded; DECISIONS has the figures. What
makes a thread is its prose, authors and times in their order. How many blocks there are does not count.
"""

from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from statistics import mean

import re2
from lxml.html import HtmlElement

from connectors.html.threads.dates import is_relative, read_times
from connectors.html.threads.draft import Draft, Reading
from connectors.html.threads.evidence import Evidence
from connectors.html.threads.tools import ACTION

# A reading below this is less likely to be the thread than the page's main content is
LEAST = 0.44
_BASE = 0.05
_WEIGHTS = {
    "coverage": 0.25,  # share of the page's prose that is in the posts, the opening and comments
    "unlinked": 0.05,  # share of the bodies' letters that are prose
    "authors": 0.07,  # shares of posts that have an author (half where none of the page's links to people is that),
    "times": 0.08,  # a time, a time that holds without knowing today
    "dated": 0.12,
    "forward": 0.10,  # share of times that are not before the one above; half where times are unknown
    "acted": 0.05,  # share of gaps between posts with a button of posts: reply, quote, report
    "named": 0.12,  # whether names in the markup say that it is a post, a reply, an answer
    "aside": -0.10,  # or that it is related, popular, a widget
    "titled": -0.18,  # share of gaps with a link as long as a title, as lists of other threads have them
    "mixed": -0.10,  # share of bodies that hold an author and a time: posts in frames, or several in one
    "alike": -0.15,  # share of posts that are no longer and no shorter than another of the same author
    "declared": 0.10,
    "profile": 0.12,
    "bodies": -0.05,
    "between": 0.05,
}
_POST = re2.compile(r"(?i)post|repl(?:y|ies)|answer|message|topic|thread|question|discuss|response|floor|comment")
_ASIDE = re2.compile(
    r"(?i)related|similar|recommend|popular|latest|recent|sidebar|widget|trending|featured|teaser|snippet|preview"
    r"|listing|signature|menu|hot-|activity|footer|nav|quote"
)
_AGED = 0.5  # how much a time that counts from now tells, of one that holds without knowing today
_AROUND = 6  # levels up to which names tell what a post is part of
_LONG_LINK = 15  # letters: a title rather than a name or a button
_MOST_SAME = 2  # links of the same words that may be titles: a picture and its line; more are a button of each post
_BUTTON = 18  # letters: the most that a button has


@dataclass(frozen=True, slots=True)
class Landmarks:
    """Where on the page are, in its order: times, people, links as long as titles, buttons of posts."""

    times: list[int]
    people: list[int]
    titles: list[int]
    actions: list[int]


def landmarks(root: HtmlElement, evidence: Evidence, title: str = "") -> Landmarks:
    """`title` is the page's own, which says nothing of others where posts repeat it."""
    marks = {*evidence.times, *evidence.people}
    long = [link for link in root.iter("a") if evidence.mass[link] >= _LONG_LINK and marks.isdisjoint(link.iter())]
    words = {link: " ".join(link.text_content().split()) for link in long if not _says(link, title)}
    shared = Counter(words.values())
    long = [link for link, said in words.items() if shared[said] <= _MOST_SAME]
    small = [each for each in root.iter("a", "button", "span", "li", "em", "div") if _is_action(each, evidence)]
    return Landmarks(*(sorted(map(evidence.at.__getitem__, e)) for e in (evidence.times, evidence.people, long, small)))


def _says(link: HtmlElement, title: str) -> bool:
    return bool(title) and " ".join(title.split()) in " ".join(link.text_content().split())


def _is_action(element: HtmlElement, evidence: Evidence) -> bool:
    short = 0 < evidence.mass[element] < _BUTTON and len(element) < 4
    return short and bool(ACTION.search(" ".join(element.text_content().split())))


def worth(reading: Reading, more: float, evidence: Evidence, marks: Landmarks) -> float:
    """From about 0 to 1. `more`: letters of the opening post and of comments, which are not of the reading itself."""
    found = features(reading, more, evidence, marks)
    return _BASE + sum(weight * found[name] for name, weight in _WEIGHTS.items())


def features(reading: Reading, more: float, evidence: Evidence, marks: Landmarks) -> dict[str, float]:
    drafts = reading.drafts
    bodies = _innermost([draft.body for draft in drafts if draft.body is not None], evidence)
    spans = [(evidence.at[body], evidence.last[body] + 1) for body in bodies]
    gaps = [(one[1], two[0]) for one, two in pairwise(spans)]
    letters = sum(draft.letters for draft in drafts)
    prose, mass = (sum(map(of.__getitem__, bodies)) for of in (evidence.prose, evidence.mass))
    times = read_times([draft.time for draft in drafts])
    known = [time for time in times if time]
    names, people = names_of(drafts), set(evidence.people.values())
    return {
        "coverage": min(1.0, (letters + more) / max(evidence.prose_of_page, 1.0)),
        "unlinked": prose / mass if mass else 1.0,
        "authors": mean(1.0 if draft.author in people else 0.5 * bool(draft.author) for draft in drafts),
        "times": mean(bool(draft.time) for draft in drafts),
        "dated": mean(_dated(draft.time, time) for draft, time in zip(drafts, times, strict=True)),
        "forward": mean(one <= two for one, two in pairwise(known)) if len(known) > 1 else 0.5,
        "acted": _share(gaps, marks.actions),
        "named": float(any(_POST.search(names_of((drafts[at],))) for at in (0, len(drafts) // 2, -1))),
        "aside": float(bool(_ASIDE.search(names))),
        "titled": _share(gaps, marks.titles),
        "mixed": mean([_holds(span, marks.times) and _holds(span, marks.people) for span in spans] or [0]),
        "alike": 1 - len({(draft.letters, draft.author) for draft in drafts}) / len(drafts),
        **{kind: float(reading.kind == kind) for kind in ("declared", "profile", "bodies", "between")},
    }


def _dated(stated: str, time: datetime | None) -> float:
    return 1.0 if time else _AGED * is_relative(stated)


def _innermost(bodies: list[HtmlElement], evidence: Evidence) -> list[HtmlElement]:
    """In the order of the page, and without those that hold the next: answers may stand in what they answer."""
    bodies = sorted(bodies, key=evidence.at.__getitem__)
    return [one for one, two in pairwise([*bodies, None]) if two is None or not evidence.within(two, one)]


def _share(gaps: list[tuple[int, int]], places: list[int]) -> float:
    """Of the gaps, one of which may always be an exception."""
    return sum(_holds(gap, places) for gap in gaps) / (len(gaps) + 1)


def _holds(span: tuple[int, int], places: list[int]) -> bool:
    return bisect_left(places, span[1]) > bisect_left(places, span[0])


def names_of(drafts: tuple[Draft, ...]) -> str:
    """The classes of the middle post and of what it stands in."""
    element = drafts[len(drafts) // 2].body
    named = [element, *list(element.iterancestors())[:_AROUND]] if element is not None else []
    return " ".join(f"{each.get('class') or ''} {each.get('id') or ''}" for each in named)
