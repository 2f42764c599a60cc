"""Posts on pages of engines never seen: the largest set of alike blocks that each hold an author, a time and words.

Blocks are alike when they have the same tag and classes and stand at the same depth; where posts are rows between
rows, a block is a row that holds the time and all that follow until the next one. What is the author, the time and the
body is asked of all blocks together: the place within the block that serves most of them, so that one odd post does not
mislead. In the line of MDR (Liu, Grossman, Zhai 2003) and of the record boundaries of Embley, Jiang, Ng (1999).
"""

from collections import Counter, defaultdict
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from itertools import pairwise

import re2
from lxml.html import Element, HtmlElement

from connectors.forum.block import Block, number, read_body
from connectors.forum.dates import read_time
from connectors.forum.profiles import Profile

MOST_BLOCKS = 400
SHARE = 0.7  # of the blocks that a place has to serve
Place = tuple[str, ...]

_TAGS = ("div", "li", "article", "section", "table", "tbody", "tr", "dl", "td")
_NOT_NAMES = re2.compile(
    r"\d+|[A-Za-z-]*\d{2,}[\w-]*|odd|even|first|last|alt\d?|bg\d|online|offline|new|read|unread|old"
)
_USER_LINK = re2.compile(r"(?i)user|member|profile|people|author|/u/|[?&/]u(?:id)?[=/]\d|@|space-uid|/id/")
_USER_NAME = re2.compile(r"(?i)user|author|poster|nick|member|name|profile|by\b|owner|creator")
_SIGNED = re2.compile(r"(?i)(?:^|[\s_-])(?:sig|signature)(?:[\s_-]|$)|signature")
_JOINED = re2.compile(
    r"(?i)join|registered|registriert|member since|inscri|注册|註冊|регистр|last (?:edit|mod|seen|visit)|edited|最后"
)
_TIMES = ("datetime", "title", "data-time", "data-timestamp", "content", "data-date")
_GENERIC = Profile(
    "repeated",
    quote="blockquote, .quote, .bbcode_quote, .bbCodeQuote, .quotebox, .quote-box, .quoted",
    drop="cite, button, .signature, .sig, .post-signature, .quoteheader, .bbcode_postedby, .attribution, .quote-author",
)


@dataclass(frozen=True, slots=True)
class _Group:
    blocks: list[HtmlElement]
    author: Place
    time: Place
    body: Place
    worth: float


def read_repeated(root: HtmlElement, url: str) -> list[Block]:
    """The posts of a page of unknown make; [] when nothing on it repeats as posts do."""
    groups = [group for blocks in _candidates(root) if (group := _understand(blocks))]
    if not groups:
        return []
    best = max(groups, key=lambda group: group.worth)
    return [block for element in best.blocks if (block := _read(element, best, url)).markdown]


def _candidates(root: HtmlElement) -> Iterator[list[HtmlElement]]:
    alike: defaultdict[tuple[str, int], list[HtmlElement]] = defaultdict(list)
    depth = {root: 0}
    for element in root.iterdescendants():
        depth[element] = depth[element.getparent()] + 1
        if element.tag in _TAGS:
            alike[_signature(element), depth[element]].append(element)
    for blocks in alike.values():
        if 2 <= len(blocks) <= MOST_BLOCKS:
            yield blocks
    for element in root.iter("table", "tbody", "div", "dl", "ol", "ul", "section"):
        yield from _runs(element)


def _runs(parent: HtmlElement) -> Iterator[list[HtmlElement]]:
    """Blocks of several siblings each: from one child that alone holds a time up to the next."""
    children = [child for child in parent if isinstance(child.tag, str)]
    if not 4 <= len(children) <= 4 * MOST_BLOCKS:
        return
    named = Counter(_signature(child) for child in children)
    for name, count in named.items():
        heads = [at for at, child in enumerate(children) if _signature(child) == name]
        if 2 <= count < len(children) and sum(_holds_time(children[at]) for at in heads) >= SHARE * count:
            ends = [*heads[1:], len(children)]
            yield [_wrapped(children[start:end]) for start, end in zip(heads, ends, strict=True)]


def _wrapped(children: list[HtmlElement]) -> HtmlElement:
    block = Element("div")
    block.extend([deepcopy(child) for child in children])
    return block


def _signature(element: HtmlElement) -> str:
    names = sorted({name for name in (element.get("class") or "").split() if not _NOT_NAMES.fullmatch(name)})
    return ".".join([element.tag, *names])


def _holds_time(element: HtmlElement) -> bool:
    return any(_time_of(part) for part in element.iter() if isinstance(part.tag, str))


def _time_of(element: HtmlElement) -> str:
    """The time that an element states itself, in an attribute or in its own short text."""
    for name in _TIMES:
        stated = element.get(name) or ""
        if 8 <= len(stated) <= 60 and read_time(stated):
            return stated
    text = " ".join("".join([element.text or "", *(child.tail or "" for child in element)]).split())
    return text if 6 <= len(text) <= 80 and not _JOINED.search(text) and read_time(text) else ""


def _understand(blocks: list[HtmlElement]) -> _Group | None:
    """Where author, time and body are in most of the blocks; None when they are not posts."""
    inside = [_places(block) for block in blocks]
    needed = max(2, SHARE * len(blocks))
    time = _best_time(inside, needed)
    author = _best_author(inside, needed) if time else ()
    body = _best_body(inside, needed, author, time) if author else ()
    if not body:
        return None
    whole = [places for places in inside if author in places and time in places and body in places]
    words = sum(_prose(places[body][0]) for places in whole)
    overhead = sum(len(block.text_content()) for block in blocks) or 1
    return _Group(blocks, author, time, body, words * (0.5 + len(whole) / len(blocks)) * (1 + 0.5 * words / overhead))


def _places(block: HtmlElement) -> dict[Place, list[HtmlElement]]:
    found: dict[Place, list[HtmlElement]] = {}
    places: dict[HtmlElement, Place] = {block: ()}
    for element in block.iterdescendants():
        if isinstance(element.tag, str) and element.getparent() in places:
            place = (*places[element.getparent()], _signature(element))
            if len(place) <= 14:
                places[element] = place
                found.setdefault(place, []).append(element)
    return found


def _common(inside: list[dict[Place, list[HtmlElement]]], needed: float) -> list[Place]:
    counts = Counter(place for places in inside for place in places)
    return [place for place, count in counts.items() if count >= needed]


def _best_time(inside: list[dict[Place, list[HtmlElement]]], needed: float) -> Place:
    """The place whose times run forward; on equal terms the first. Dates of joining do not run."""
    best: Place = ()
    best_worth = 0.0
    for place in _common(inside, needed):
        times = [read_time(_time_of(places[place][0])) for places in inside if place in places]
        known = [time for time in times if time]
        if len(known) < needed:
            continue
        forward = sum(one <= two for one, two in pairwise(known)) / max(1, len(known) - 1)
        clock = sum(bool(time.hour or time.minute) for time in known) / len(known)
        worth = len(known) / len(inside) + 2 * forward + 0.5 * clock
        if worth > best_worth:
            best, best_worth = place, worth
    return best


def _best_author(inside: list[dict[Place, list[HtmlElement]]], needed: float) -> Place:
    best: Place = ()
    best_worth = 0.0
    for place in _common(inside, needed):
        elements = [places[place][0] for places in inside if place in places]
        names = [" ".join(element.text_content().split()) for element in elements]
        fitting = [name for name in names if _is_name(name)]
        if len(fitting) < needed:
            continue
        worth = _author_hints(elements, place) + 0.5 * (len(set(fitting)) > 1) - 0.02 * len(place)
        if len(set(fitting)) == 1 and len(fitting) > 2:
            worth -= 2
        if worth > best_worth + 0.2:
            best, best_worth = place, worth
    return best if best_worth >= 0.8 else ()


def _is_name(text: str) -> bool:
    return 1 <= len(text) <= 40 and any(map(str.isalnum, text)) and not read_time(text)


def _author_hints(elements: list[HtmlElement], place: Place) -> float:
    links = sum(bool(_USER_LINK.search(element.get("href") or "")) for element in elements if element.tag == "a")
    wrapped = sum(any(_USER_LINK.search(a.get("href") or "") for a in element.iter("a")) for element in elements)
    named = bool(_USER_NAME.search(" ".join(place[-2:]))) or any(
        "author" in (element.get("itemprop") or element.get("rel") or "") for element in elements
    )
    return max(links, 0.8 * wrapped) / len(elements) + 0.8 * named


def _best_body(inside: list[dict[Place, list[HtmlElement]]], needed: float, author: Place, time: Place) -> Place:
    """The smallest place that holds nearly all the words that any place without author and time holds."""
    words: dict[Place, float] = {}
    for place in _common(inside, needed):
        around = place == author[: len(place)] or place == time[: len(place)]
        if not around and not any(_SIGNED.search(name) for name in place):
            held = [_prose(places[place][0]) for places in inside if place in places]
            words[place] = sum(min(each, 4000.0) for each in held)
    most = max(words.values(), default=0.0)
    good = [place for place, held in words.items() if held >= 0.92 * most and held > 0]
    return max(good, key=lambda place: (len(place), words[place]), default=())


def _prose(element: HtmlElement) -> float:
    """Letters outside links and signatures."""
    linked = sum(len(link.text_content()) for link in element.iter("a", "script", "style", "textarea", "select"))
    return max(0.0, float(len("".join(element.text_content().split())) - linked))


def _read(element: HtmlElement, group: _Group, url: str) -> Block:
    places = _places(element)
    body = places.get(group.body)
    markdown, quotes = read_body(body[0], _GENERIC, url) if body else ("", ())
    author = " ".join(places[group.author][0].text_content().split()) if group.author in places else ""
    time = _time_of(places[group.time][0]) if group.time in places else ""
    named = [element, *element.iterdescendants()]
    post_id = next((each.get("id") for each in named if isinstance(each.tag, str) and _numbered(each.get("id"))), "")
    return Block(number(post_id or ""), author, time, markdown, quotes=quotes)


def _numbered(name: str | None) -> bool:
    return bool(name) and any(map(str.isdigit, name or ""))
