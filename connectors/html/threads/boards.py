"""Lists of threads, questions or articles, which look like threads: what leads to a page of its own is no post.

A board has a title for each entry, a link in words of its own to a page of its own, above, below or at an end of an
excerpt. Links of posts say the same on all of them (permalink, report), lead to people, to the post itself or to other
sites, or stand within what is said.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable
from itertools import pairwise

import re2
from lxml.html import HtmlElement

from connectors.html.density import letters
from connectors.html.tags import HEADINGS
from connectors.html.threads import address
from connectors.html.threads.draft import Draft
from connectors.html.threads.evidence import Evidence, leads_to_user
from connectors.web.url import authority

_SHARE = 0.7  # of the entries that have a page of their own
_COMMON = 0.2  # of the entries that may share a link's words or its address
_AGAIN = 6  # letters before a title that is said again: "Re:", "Antwort"
_TITLE = 15  # letters of a title, of which a wide one counts as two and a half
# A post of the thread rather than a page: as `?sid=7&cid=12`
_OF_A_POST = re2.compile(r"(?i)[?&](?:c|cid|mid|msg|(?:comment|reply|answer|message)(?:_?id)?)=[\w-]+")
_FILE = re2.compile(r"(?i)\.(?:jpe?g|png|gif|webp|bmp|svg|pdf|zip|rar|7z|gz|docx?|xlsx?|mp[34]|txt|log)(?:$|\?)")
_NO_WORDS = re2.compile(r"[\d\s\pP]+")

Span = tuple[int, int]


def is_board(drafts: tuple[Draft, ...], root: HtmlElement, url: str, evidence: Evidence, title: str = "") -> bool:
    """Whether nearly each of what may be posts leads to a page of its own. `title` is that of the page, which no entry
    of a board has."""
    bodies = sorted({each.body for each in drafts if each.body is not None}, key=evidence.at.__getitem__)
    if len(bodies) < 2:
        return False
    links = [link for link in root.iter("a") if _may_be_title(link, url, evidence) and not _is_own(link, title)]
    leading = Counter(said for said, _ in {(_words(link), _to(link, url)) for link in links})
    links = [link for link in links if leading[_words(link)] == 1]  # titles lead to one page, tools to many
    places = [evidence.at[link] for link in links]
    return any(
        _share(_titles(spans, bodies, links, places, url, evidence)) >= _SHARE * len(bodies)
        for spans in (_from_each(drafts, evidence), _up_to_each(bodies, evidence))
        if len(spans) == len(bodies)
    )


def _from_each(drafts: tuple[Draft, ...], evidence: Evidence) -> list[Span]:
    """From the beginning of each entry to that of the next."""
    held = [(each.place if each.place is not None else each.body, each.body) for each in drafts]
    starts = sorted({min(evidence.at[place], evidence.at[body]) for place, body in held if body is not None})
    ends = [max(evidence.last[place], evidence.last[body]) + 1 for place, body in held if body is not None]
    widest = max((two - one for one, two in pairwise(starts)), default=0)
    last = min(starts[-1] + widest, _around([body for _, body in held if body is not None], evidence)[1])
    return list(zip(starts, [*starts[1:], max(*ends, last)], strict=True))


def _up_to_each(bodies: list[HtmlElement], evidence: Evidence) -> list[Span]:
    """From the end of each body to that of the next, for titles above."""
    ends = [evidence.last[body] + 1 for body in bodies]
    widest = max((two - one for one, two in pairwise(ends)), default=0)
    return list(zip([max(_around(bodies, evidence)[0], ends[0] - widest), *ends], ends, strict=False))


def _around(bodies: list[HtmlElement], evidence: Evidence) -> Span:
    """The places of the smallest element that holds all entries."""
    around = next((e for e in bodies[0].iterancestors() if all(evidence.within(b, e) for b in bodies)), None)
    return (evidence.at[around], evidence.last[around] + 1) if around is not None else (0, len(evidence.at))


def _titles(
    spans: list[Span],
    bodies: list[HtmlElement],
    links: list[HtmlElement],
    places: list[int],
    url: str,
    evidence: Evidence,
) -> list[set[tuple[str, str]]]:
    """Of each entry, the words and addresses of links that may be its title."""
    found = []
    for (start, end), body in zip(spans, bodies, strict=True):
        inside = links[bisect_left(places, start) : bisect_left(places, end)]
        titles = [link for link in inside if not evidence.within(link, body) or _is_at_an_end(link, body)]
        found.append({(_words(link), to) for link in titles if (to := _to(link, url))})
    return found


def _is_own(link: HtmlElement, title: str) -> bool:
    """Whether a link says the page's title, with no more than "Re:" before it."""
    said, own = _words(link), _NO_WORDS.sub("", title.lower())
    return bool(own) and said.endswith(own) and len(said) <= len(own) + _AGAIN


def _share(titles: list[set[tuple[str, str]]]) -> int:
    """How many entries have a title that few others have, and that leads where few others do."""
    most = max(1, int(_COMMON * len(titles)))
    words = Counter(each for own in titles for each in {said for said, _ in own})
    places = Counter(each for own in titles for each in {to for _, to in own})
    return sum(any(words[said] <= most and places[to] <= most for said, to in own) for own in titles)


def _may_be_title(link: HtmlElement, url: str, evidence: Evidence) -> bool:
    href = link.get("href") or ""
    if evidence.mass[link] < _TITLE / 2.5 or href.startswith(("#", "javascript:", "mailto:")) or _FILE.search(href):
        return False
    marked = link in evidence.times or link in evidence.people or leads_to_user(link)
    at_home = "//" not in href[:8] or authority(href) == authority(url)
    return bool(href) and not marked and at_home and letters(link.text_content()) >= _TITLE


def _to(link: HtmlElement, url: str) -> str:
    """Where a link leads, without which post; "" for the page itself."""
    to, own = (_OF_A_POST.sub("", address.same(each)) for each in (address.absolute(link.get("href") or "", url), url))
    return "" if to == own else to


def _words(link: HtmlElement) -> str:
    return _NO_WORDS.sub("", str(link.text_content()).lower())


def _is_at_an_end(link: HtmlElement, body: HtmlElement) -> bool:
    """Whether the link is a heading in what may be a body, or its first or last words."""
    if link is body or any(each.tag in HEADINGS for each in (*link.iterancestors(), *link) if each is not body):
        return True
    before, after = False, bool((link.tail or "").strip())
    step = link
    while step is not body:
        around = step.getparent()
        before = before or bool((around.text or "").strip()) or _say(step.itersiblings(preceding=True))
        after = after or _say(step.itersiblings()) or (around is not body and bool((around.tail or "").strip()))
        step = around
    return not (before and after)


def _say(elements: Iterable[HtmlElement]) -> bool:
    return any(each.text_content().strip() or (each.tail or "").strip() for each in elements)
