"""Posts on pages of engines never seen: the largest set of alike blocks that each hold an author, a time and words.

Blocks are alike when they have the same tag and first class; where posts are rows between rows, a block is a row that
holds a time and all that follow until the next such row. What is the author, the time and the body is asked of all
blocks together: the place within the block that serves most of them, so that one odd post does not mislead.
In the line of MDR (Liu, Grossman, Zhai 2003) and of the record boundaries of Embley, Jiang, Ng (1999).
"""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import re2
from lxml.html import HtmlElement

from connectors.html.threads.block import Block, number, read_body
from connectors.html.threads.dates import read_time
from connectors.html.threads.generic import GENERIC

MOST_BLOCKS = 400
DEEPEST = 16  # levels below a block
SHARE = 0.6  # of the blocks that a place has to serve
NEARLY_ALL = 0.92  # of the words of a block: its body, when no smaller place holds as much
Parts = tuple[HtmlElement, ...]  # one block: an element, or several siblings
ElementPath = tuple[str, ...]
ElementsByPath = dict[ElementPath, list[HtmlElement]]

_TAGS = ("div", "li", "article", "section", "table", "tbody", "tr", "dl", "td")
_PARENTS = ("table", "tbody", "div", "dl", "ol", "ul", "section", "form", "td", "body")
_NOT_NAMES = re2.compile(
    r"\d+|[A-Za-z-]*\d{2,}[\w-]*|odd|even|first|last|alt\d?|bg\d|row\d?|online|offline|new|read|unread|old|clearfix"
)
_NUMBERED = re2.compile(r"^([A-Za-z_-]+)\d+$")
_USER_LINK = re2.compile(r"(?i)user|member|profile|people|author|/u/|[?&/]u(?:id)?[=/]\d|/@|space-uid|/id/")
_USER_NAME = re2.compile(r"(?i)user|author|poster|nick|member|name|profile|by\b|owner|creator")
_ROLE = re2.compile(r"(?i)avatar|title|rank|role|badge|status|stat\b|count|member-?since|group")
_SIGNED = re2.compile(r"(?i)(?:^|[ ._-])sig(?:[ ._\d-]|$)|signature")
_WITH_SIGNATURE = ".//*[contains(@class, 'sig') or contains(@id, 'sig') or contains(@class, 'Sig')]"
_JOINED = re2.compile(
    r"(?i)join|registered|registriert|member since|inscri|注册|註冊|регистр|last (?:edit|mod|seen|visit)|edited|最后"
)
_TIMES = ("datetime", "title", "data-time", "data-timestamp", "content", "data-date")


@dataclass(frozen=True, slots=True)
class _Group:
    blocks: list[ElementsByPath]
    author: ElementPath
    time: ElementPath
    body: ElementPath
    worth: float


def read_repeated(root: HtmlElement, url: str) -> list[Block]:
    """The posts of a page of unknown make; [] when nothing on it repeats as posts do."""
    stamps = {element: stated for element in root.iter() if (stated := _time_of(element))}
    timed = {holder for element in stamps for holder in (element, *element.iterancestors())}
    groups = [group for blocks in _candidates(root, timed) if (group := _understand(blocks, stamps))]
    if not groups:
        return []
    best = max(groups, key=lambda group: group.worth)
    return [block for by_path in best.blocks if (block := _read(by_path, best, stamps, url)).markdown]


def _candidates(root: HtmlElement, timed: set[HtmlElement]) -> Iterator[list[Parts]]:
    """Sets of blocks, most of which hold a time."""
    alike: defaultdict[tuple[str, int], list[HtmlElement]] = defaultdict(list)
    depth = {root: 0}
    for element in root.iterdescendants():
        depth[element] = depth[element.getparent()] + 1
        if element.tag in _TAGS:
            own, around = _signature(element), _signature(element.getparent())
            alike[(own, 0) if "." in own else (f"{around} {own}", depth[element])].append(element)
    for elements in alike.values():
        if 2 <= len(elements) <= MOST_BLOCKS and len(timed.intersection(elements)) >= SHARE * len(elements):
            yield [(element,) for element in elements]
    for element in root.iter(*_PARENTS):
        yield from _runs(element, timed)


def _runs(parent: HtmlElement, timed: set[HtmlElement]) -> Iterator[list[Parts]]:
    """Blocks of several siblings each: from one child that holds a time up to the next of its kind."""
    children = [child for child in parent if isinstance(child.tag, str)]
    if not 4 <= len(children) <= 4 * MOST_BLOCKS:
        return
    by_signature: defaultdict[str, list[int]] = defaultdict(list)
    for at, child in enumerate(children):
        by_signature[_signature(child)].append(at)
    for heads in by_signature.values():
        holding = sum(children[at] in timed for at in heads)
        if 2 <= len(heads) <= len(children) // 2 and holding >= SHARE * len(heads):
            ends = [*heads[1:], len(children)]
            yield [tuple(children[start:end]) for start, end in zip(heads, ends, strict=True)]


def _signature(element: HtmlElement) -> str:
    """Tag and first telling class, or what an id has before its number."""
    names = [name for name in (element.get("class") or "").split() if not _NOT_NAMES.fullmatch(name)]
    numbered = _NUMBERED.match(element.get("id") or "")
    return ".".join([element.tag, *(names[:1] or ([numbered[1]] if numbered else []))])


def _time_of(element: HtmlElement) -> str:
    """The time that an element states itself, in an attribute or as nearly all its text."""
    if not isinstance(element.tag, str):
        return ""
    for name in _TIMES:
        stated = element.get(name) or ""
        if 8 <= len(stated) <= 60 and read_time(stated):
            return stated
    if len(element) > 12:
        return ""
    own = " ".join("".join([element.text or "", *(child.tail or "" for child in element)]).split())
    text = " ".join(element.text_content().split()) if len(element) and len(own) < 60 else own
    for each in (text, own):
        if 6 <= len(each) <= 80 and not _JOINED.search(each) and read_time(each):
            return each
    return ""


def _understand(blocks: list[Parts], stamps: dict[HtmlElement, str]) -> _Group | None:
    """Where author, time and body are in most of the blocks; None when they are not posts."""
    members = {part for parts in blocks for part in parts}
    inside = [_elements_by_path(parts, members) for parts in blocks]
    needed = max(2, SHARE * len(blocks))
    counts = Counter(path for by_path in inside for path in by_path)
    common = [path for path, count in counts.items() if count >= needed]
    time = _best_time(inside, common, needed, stamps)
    author = _best_author(inside, common, needed) if time else ()
    body = _best_body(inside, common, author, time) if author else ()
    if not body:
        return None
    whole = [by_path for by_path in inside if author in by_path and time in by_path and body in by_path]
    words = sum(_prose(_richest(by_path[body])) for by_path in whole)
    around = sum(len(part.text_content()) for part in members) or 1
    worth = words * (0.5 + len(whole) / len(blocks)) * (1 + 0.5 * words / around)
    return _Group(inside, author, time, body, worth)


def _elements_by_path(parts: Parts, members: set[HtmlElement]) -> ElementsByPath:
    """The elements of a block by their path in it, without those of blocks inside it."""
    found: ElementsByPath = {}
    waiting: list[tuple[HtmlElement, ElementPath]] = [(part, ()) for part in reversed(parts)]
    single = len(parts) == 1
    while waiting:
        element, above = waiting.pop()
        own = element in parts
        path = above if own and single else (*above, _signature(element))
        found.setdefault(path, []).append(element)
        if len(path) < DEEPEST:
            inner = [child for child in element if isinstance(child.tag, str) and child not in members]
            waiting += [(child, path) for child in reversed(inner)]
    return found


def _best_time(
    inside: list[ElementsByPath], common: list[ElementPath], needed: float, stamps: dict[HtmlElement, str]
) -> ElementPath:
    """The path of the element whose times run forward; on equal terms the first. Dates of joining do not run."""
    best: ElementPath = ()
    best_worth = 0.0
    for path in common:
        times = [read_time(stated) for by_path in inside if (stated := _stamp(by_path.get(path, []), stamps))]
        known = [time for time in times if time]
        if len(known) < needed or not path:
            continue
        forward = sum(one <= two for one, two in pairwise(known)) / max(1, len(known) - 1)
        clock = sum(bool(time.hour or time.minute) for time in known) / len(known)
        worth = len(known) / len(inside) + 2 * forward + 0.5 * clock
        if worth > best_worth:
            best, best_worth = path, worth
    return best


def _stamp(elements: list[HtmlElement], stamps: dict[HtmlElement, str]) -> str:
    """What the first of `elements`, or else a child of theirs, states: recent posts often have one element more."""
    near = [*elements, *(child for element in elements for child in element)]
    return next((stamps[element] for element in near if element in stamps), "")


def _best_author(inside: list[ElementsByPath], common: list[ElementPath], needed: float) -> ElementPath:
    best: ElementPath = ()
    best_worth = 0.75
    for path in common:
        elements = [by_path[path][0] for by_path in inside if path in by_path]
        names = [name for element in elements if _is_name(name := _name(element))]
        if len(names) < needed or not path:
            continue
        worth = (
            _author_hints(elements, path) + 0.5 * (len(set(names)) > 1) - 2 * (len(set(names)) == 1 < len(names) - 1)
        )
        if worth > best_worth + 0.05:
            best, best_worth = path, worth
    return best


def _name(element: HtmlElement) -> str:
    """The link to a person in `element`, beside which ranks and counts may stand; else its text."""
    links = (link for link in element.iter("a") if _USER_LINK.search(link.get("href") or ""))
    texts = (" ".join(each.text_content().split()).strip(" ,:•·|»«") for each in (*links, element))
    return next(filter(None, texts), "")


def _is_name(text: str) -> bool:
    return 1 <= len(text) <= 40 and any(map(str.isalpha, text)) and not read_time(text)


def _author_hints(elements: list[HtmlElement], path: ElementPath) -> float:
    links = sum(element.tag == "a" and bool(_USER_LINK.search(element.get("href") or "")) for element in elements)
    wrapped = sum(any(_USER_LINK.search(link.get("href") or "") for link in element.iter("a")) for element in elements)
    stated = any("author" in f"{element.get('itemprop') or ''} {element.get('rel') or ''}" for element in elements)
    named = bool(_USER_NAME.search(" ".join(path[-2:]))) or stated
    role = bool(_ROLE.search(path[-1]))
    return max(float(links), 0.6 * wrapped) / len(elements) + 0.8 * named - 0.8 * role


def _best_body(
    inside: list[ElementsByPath], common: list[ElementPath], author: ElementPath, time: ElementPath
) -> ElementPath:
    """The deepest path that holds nearly all the words that any path without author and time holds."""
    words: dict[ElementPath, float] = {}
    for path in common:
        around = path == author[: len(path)] or path == time[: len(path)]
        if not around and not any(_SIGNED.search(name) for name in path):
            words[path] = sum(min(_prose(_richest(by_path[path])), 4000.0) for by_path in inside if path in by_path)
    most = max(words.values(), default=0.0)
    good = [path for path, held in words.items() if held >= NEARLY_ALL * most and held > 0]
    return max(good, key=lambda path: (len(path), words[path]), default=())


def _richest(elements: list[HtmlElement]) -> HtmlElement:
    return elements[0] if len(elements) == 1 else max(elements, key=_prose)


def _prose(element: HtmlElement) -> float:
    """Letters outside links, forms and signatures."""
    linked = sum(len(link.text_content()) for link in element.iter("a", "script", "style", "textarea", "select"))
    signed = [
        each for each in element.xpath(_WITH_SIGNATURE) if _SIGNED.search(f"{each.get('class')} {each.get('id')}")
    ]
    below = sum(len("".join(each.text_content().split())) for each in signed)
    return max(0.0, float(len("".join(element.text_content().split())) - linked - below))


def _read(by_path: ElementsByPath, group: _Group, stamps: dict[HtmlElement, str], url: str) -> Block:
    body = by_path.get(group.body)
    markdown, quotes = read_body(_richest(body), GENERIC, url) if body else ("", ())
    author = _name(by_path[group.author][0]) if group.author in by_path else ""
    stated = _stamp(by_path.get(group.time, []), stamps)
    ids = (element.get("id") or "" for elements in by_path.values() for element in elements)
    post_id = next((each for each in ids if any(map(str.isdigit, each))), "")
    return Block(number(post_id), author, stated, markdown, quotes=quotes)
