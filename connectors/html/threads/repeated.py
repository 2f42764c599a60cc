"""Posts on pages of engines never seen: sets of alike blocks that hold prose, and most of them an author or a time.

Blocks are alike when they have the same tag and first class; where posts are rows between rows, a block is a row that
holds a mark of a post and all that follow until the next such row. What is the author, the time and the body is asked
of all blocks together: the place within the block that serves most of them, so that one odd post does not mislead.
In the line of MDR (Liu, Grossman, Zhai 2003) and of the record boundaries of Embley, Jiang, Ng (1999).
"""

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache, partial
from itertools import islice, pairwise
from urllib.parse import unquote

import re2
from lxml.html import HtmlElement

from connectors.html.threads.beside import Beside, beside
from connectors.html.threads.block import Block, number, read_body
from connectors.html.threads.dates import read_times
from connectors.html.threads.draft import Draft, Reading
from connectors.html.threads.evidence import SIGNED, Evidence, is_name, leads_to_user
from connectors.html.threads.generic import GENERIC
from connectors.html.threads.said import PARAGRAPHS, Said, said_in

MOST_BLOCKS = 2_000
MOST_GROUPS = 12  # sets of blocks that are looked into: those with the most prose
LEAST_PROSE = 0.005  # of the page's: the least that a set of posts holds
_LITTLE, _REPLY = 0.035, 8  # of the page's prose: a set that holds less has at least so many letters a post
DEEPEST = 16  # levels below a block
SHARE = 0.6  # of the blocks that a place has to serve
HALF = 0.5  # of the words of a block: the least that a frame in it holds to be its body; of blocks that speak
MOST_WORDS = 4000.0  # letters of a post that count
NEARLY_ALL = 0.92  # of the words of a block: its body, when no smaller place holds as much
Parts = tuple[HtmlElement, ...]  # one block: an element, or several siblings
ElementPath = tuple[str, ...]
ElementsByPath = dict[ElementPath, list[HtmlElement]]
Spoken = dict[ElementPath, dict[int, float]]  # how many letters which blocks say there

_TAGS = ("div", "li", "article", "section", "table", "tbody", "tr", "dl", "td")
_PARENTS = ("table", "tbody", "div", "dl", "ol", "ul", "section", "form", "td", "body")
_NOT_NAMES = re2.compile(
    r"\d+|[A-Za-z-]*\d{2,}[\w-]*|odd|even|first|last|alt\d?|bg\d|row\d?|online|offline|new|read|unread|old|clearfix"
)
_NUMBERED = re2.compile(r"^([A-Za-z_-]+)\d+$")
_OF_ONE = re2.compile(
    r"(?i)^([A-Za-z_-]*(?:post|body|repl(?:y|ies)|answer|question|comment|message|msg|text|content|floor)[_-]?)\d+$"
)
_USER_NAME = re2.compile(r"(?i)user|author|poster|nick|member|name|profile|by\b|owner|creator")
_ROLE = re2.compile(r"(?i)avatar|title|rank|role|badge|status|stat\b|count|member-?since|group")


@dataclass(frozen=True, slots=True)
class _Group:
    """Blocks, and where in most of them the author, the time and the body are; () for an author and a time that are
    nowhere, and for a body that is the block itself."""

    blocks: list[ElementsByPath]
    members: list[HtmlElement]  # the elements that blocks are made of, in the order of the page
    author: ElementPath
    time: ElementPath
    body: ElementPath
    said: Said


def block_readings(
    root: HtmlElement, sets_alike: list[list[HtmlElement]], url: str, evidence: Evidence
) -> Iterator[Reading]:
    """Each set of alike blocks that may be posts."""
    least = LEAST_PROSE * evidence.prose[root]
    sets = [
        (sum(evidence.prose[part] for parts in each for part in parts), each)
        for each in _candidates(root, sets_alike, evidence)
    ]
    sets = sorted((pair for pair in sets if pair[0] > least), key=lambda pair: -pair[0])
    for _, blocks in sets[:MOST_GROUPS]:
        group = _understand(blocks, evidence)
        drafts = _signed(list(_drafts(group, evidence, url))) if group else ()
        if group and says_something(drafts, evidence):
            yield Reading("blocks" if group.author else "nameless", drafts)


def says_something(drafts: tuple[Draft, ...], evidence: Evidence) -> bool:
    """Whether posts hold much of the page's prose, or are at least short replies: ranks and counters repeat, too."""
    said = sum(draft.letters for draft in drafts)
    return said > _LITTLE * evidence.prose_of_page or said >= _REPLY * len(drafts)


def _signed(drafts: list[Draft]) -> tuple[Draft, ...]:
    """Without blocks behind the last that says who or when, as the form for a reply is, where all others say it."""
    told = [bool(draft.author or draft.time) for draft in drafts]
    last = len(drafts) - told[::-1].index(True) if True in told else len(drafts)
    return tuple(drafts[:last] if last > 1 and all(told[1:last]) else drafts)


def _candidates(root: HtmlElement, sets_alike: list[list[HtmlElement]], evidence: Evidence) -> Iterator[list[Parts]]:
    """Sets of blocks, most of which hold a time or a name."""
    marks = {*evidence.times, *evidence.people}
    marked = {holder for element in marks for holder in (element, *element.iterancestors())}
    for elements in sets_alike:
        if 2 <= len(elements) <= MOST_BLOCKS and len(marked.intersection(elements)) >= SHARE * len(elements):
            yield [(element,) for element in elements]
    for element in root.iter(*_PARENTS):
        yield from _runs(element, marked)


def alike(root: HtmlElement) -> list[list[HtmlElement]]:
    """The elements that posts may be, by tag and class; those without a class by what is around them and depth."""
    found: defaultdict[tuple[str, int], list[HtmlElement]] = defaultdict(list)
    by_id: defaultdict[str, list[HtmlElement]] = defaultdict(list)
    depth = {root: 0}
    for element in root.iterdescendants():
        depth[element] = depth[element.getparent()] + 1
        if element.tag in _TAGS or (isinstance(element.tag, str) and "-" in element.tag):
            own, around = signature(element), signature(element.getparent())
            telling = "." in own or "-" in own
            found[(own, 0) if telling else (f"{around} {own}", depth[element])].append(element)
            numbered = _NUMBERED.match(element.get("id") or "")
            if numbered:
                by_id[f"{element.tag}#{numbered[1]}"].append(element)
            if not telling and len(element) > 1:  # replies without names, in what they answer
                found[(f"{own} of {' '.join(map(signature, element.iterchildren('*')))}", -1)].append(element)
    several = [each for each in by_id.values() if len(set(map(signature, each))) > 1]  # some have a class of their own
    return [*found.values(), *several]


def _runs(parent: HtmlElement, marked: set[HtmlElement]) -> Iterator[list[Parts]]:
    """Blocks of several siblings each: from one child that holds a mark up to the next of its kind."""
    children = [child for child in parent if isinstance(child.tag, str)]
    if not 4 <= len(children) <= 4 * MOST_BLOCKS:
        return
    by_signature: defaultdict[str, list[int]] = defaultdict(list)
    for at, child in enumerate(children):
        if parent.tag != "dl" or child.tag == "dt":  # in which what follows belongs to the name
            by_signature[signature(child)].append(at)
    for heads in by_signature.values():
        ends = [*heads[1:], len(children)]
        last = ends if parent.tag == "dl" else [at + 1 for at in heads]
        holding = sum(not marked.isdisjoint(children[at:end]) for at, end in zip(heads, last, strict=True))
        if 2 <= len(heads) <= len(children) // 2 and holding >= SHARE * len(heads):
            yield [tuple(children[start:end]) for start, end in zip(heads, ends, strict=True)]


def signature(element: HtmlElement) -> str:
    """Tag and first telling class, or what an id has before its number."""
    return _signature(element.tag, element.get("class") or "", element.get("id") or "")


@lru_cache(16_384)
def _signature(tag: str, classes: str, identity: str) -> str:
    said = (numbered[1] if (numbered := _OF_ONE.match(name)) else name for name in classes.split())
    name = next((name for name in said if not _NOT_NAMES.fullmatch(name)), "")
    numbered = None if name or not identity else _NUMBERED.match(identity)
    name = numbered[1] if numbered else name
    return f"{tag}.{name}" if name else tag


def _understand(blocks: list[Parts], evidence: Evidence) -> _Group | None:
    """Where author, time and body are in most of the blocks; None when they have no body, or neither of the others."""
    members = {part for parts in blocks for part in parts}
    inside = [_elements_by_path(parts, members) for parts in blocks]
    needed = max(2, SHARE * len(blocks))
    counts = Counter(path for by_path in inside for path in by_path)
    common = [path for path, count in counts.items() if count >= needed]
    time = _best_time(inside, common, needed, evidence.times)
    author = _best_author(inside, common, needed, time, evidence)
    ordered = sorted(members, key=evidence.at.__getitem__)
    said = said_in(ordered, evidence)
    marks = _marks(inside, author, time, evidence)
    stated = sum(not evidence.people.keys().isdisjoint(by_path.get((), ())) for by_path in inside) >= needed
    body = _best_body(inside, common, marks, said) if author or time or stated else None
    return _Group(inside, ordered, author, time, body, said) if body is not None else None


def _elements_by_path(parts: Parts, members: set[HtmlElement]) -> ElementsByPath:
    """The elements of a block by their path in it, without those of blocks inside it."""
    found: ElementsByPath = {}
    waiting: list[tuple[HtmlElement, ElementPath]] = [(part, ()) for part in reversed(parts)]
    single, heads = len(parts) == 1, set(parts)
    while waiting:
        element, above = waiting.pop()
        own = element in heads
        path = above if own and single else (*above, _place(element))
        found.setdefault(path, []).append(element)
        if len(path) < DEEPEST:
            inner = [child for child in element if isinstance(child.tag, str) and child not in members]
            waiting += [(child, path) for child in reversed(inner)]
    return found


def _place(element: HtmlElement) -> str:
    """Cells of a row are told by their order: that of the author and that of the words are often of one class."""
    before = sum(1 for _ in element.itersiblings("td", preceding=True)) if element.tag == "td" else 0
    return f"{signature(element)}:{before}" if before else signature(element)


def _best_time(
    inside: list[ElementsByPath], common: list[ElementPath], needed: float, stamps: dict[HtmlElement, str]
) -> ElementPath:
    """The path of the element whose times run forward; on equal terms the first. Dates of joining do not run, and
    what is relative to now is second to what is not."""
    best: ElementPath = ()
    best_worth = 0.0
    for path in common:
        stated = [stamp for by_path in inside if (stamp := _stamp(by_path.get(path, []), stamps))]
        if len(stated) < needed or not path:
            continue
        known = [time for time in read_times(stated) if time]
        forward = sum(one <= two for one, two in pairwise(known)) / max(1, len(known) - 1)
        clock = sum(bool(time.hour or time.minute) for time in known) / len(stated)
        worth = (0.5 * len(stated) + 0.5 * len(known)) / len(inside) + 2 * forward + 0.5 * clock
        inner = bool(best) and path[: len(best)] == best
        if worth > best_worth or (inner and worth == best_worth):  # the innermost says nothing else
            best, best_worth = path, worth
    return best


def _stamp(elements: list[HtmlElement], stamps: dict[HtmlElement, str]) -> str:
    """What the first of `elements`, or else a child of theirs, states: recent posts often have one element more."""
    near = [*elements, *(child for element in elements for child in element)]
    return next((stamps[element] for element in near if element in stamps), "")


def _best_author(
    inside: list[ElementsByPath], common: list[ElementPath], needed: float, time: ElementPath, evidence: Evidence
) -> ElementPath:
    best: ElementPath = ()
    best_worth = 0.75
    for path in common:
        elements = [by_path[path][0] for by_path in inside if path in by_path]
        names = [name for element in elements if is_name(name := _name(element))]
        if len(names) < needed or not path:
            continue
        beside = 0.3 * (bool(time) and path[:-1] == time[: len(path) - 1])
        several = 0.5 * (len(set(names)) > 1) - 2 * (len(set(names)) == 1 < len(names) - 1)
        worth = _author_hints(elements, path, evidence) + several + beside
        inner = bool(best) and path[: len(best)] == best  # which says nothing of rank and badges
        if worth > best_worth + 0.05 or (inner and worth >= best_worth):
            best, best_worth = path, worth
    return best


def _name(element: HtmlElement) -> str:
    """The link to a person in `element`, beside which ranks and counts may stand; else its text."""
    links = (link for link in element.iter("a") if leads_to_user(link))
    texts = (" ".join(each.text_content().split()).strip(" ,:•·|»«") for each in (*links, element))
    return next(filter(None, texts), "")


def _names_itself(link: HtmlElement) -> bool:
    """Whether the address of a link has its words, as those of people have, whatever their folder is called."""
    said = "".join(link.text_content().split()).lower()
    return len(said) > 1 and said in unquote(link.get("href") or "").lower()


def _author_hints(elements: list[HtmlElement], path: ElementPath, evidence: Evidence) -> float:
    links = sum(element.tag == "a" and (leads_to_user(element) or _names_itself(element)) for element in elements)
    wrapped = sum(any(map(leads_to_user, element.iter("a"))) for element in elements)
    stated = any("author" in f"{element.get('itemprop') or ''} {element.get('rel') or ''}" for element in elements)
    told = sum(each in evidence.people for each in elements) > HALF * len(elements)  # as in "Posted by Ann"
    named = bool(_USER_NAME.search(" ".join(path[-2:]))) or stated or told
    role = bool(_ROLE.search(path[-1]))
    return max(float(links), 0.6 * wrapped) / len(elements) + 0.8 * named - 0.8 * role


def _marks(
    inside: list[ElementsByPath], author: ElementPath, time: ElementPath, evidence: Evidence
) -> list[list[HtmlElement]]:
    """Of each block, the elements that say who and when."""
    found = []
    for by_path in inside:
        stated = by_path.get(time, []) if time else []
        times = (each for element in stated for each in (element, *element) if each in evidence.times)
        found.append([*islice(times, 1), *(by_path.get(author, [])[:1] if author else [])])
    return found


def _best_body(
    inside: list[ElementsByPath], common: list[ElementPath], marks: list[list[HtmlElement]], said: Said
) -> ElementPath | None:
    """The deepest path that holds nearly all the words that any path holds, those around author and time aside. A body
    in paragraphs with nothing around them but what is around the author, too, is all of that but what says who or
    when; its path may be ()."""
    spoken: Spoken = {}
    outer = set[ElementPath]()
    for path in common:
        if any(SIGNED.search(name) for name in path):
            continue
        bodies = [(at, said.richest(by_path[path])) for at, by_path in enumerate(inside) if path in by_path]
        spoken[path] = {at: min(said.words(body, marks[at]), MOST_WORDS) for at, body in bodies}
        if 2 * sum(said.holds(body, marks[at]) for at, body in bodies) > len(bodies):
            outer.add(path)
    totals = _totals(spoken)
    inner = {path: words for path, words in totals.items() if path not in outer}
    most = max(inner.values(), default=0.0)
    good = [path for path, words in inner.items() if words >= NEARLY_ALL * most > 0 and _is_most(path, totals, spoken)]
    frames = [path for path in good if _is_frame(path, inside, said)]
    wide = [path for path in outer if totals.get(path, 0.0) >= max(most, 1.0)]
    return max(frames or wide or good, key=lambda path: (len(path), totals[path], path), default=None)


def _totals(spoken: Spoken) -> dict[ElementPath, float]:
    """The words at each path that speaks in about as many blocks as any does: replies stand in few of them."""
    speaking = {path: sum(words > 0 for words in said.values()) for path, said in spoken.items()}
    least = HALF * max(speaking.values(), default=0)
    return {path: sum(said.values()) for path, said in spoken.items() if speaking[path] >= least}


def _is_most(path: ElementPath, totals: dict[ElementPath, float], spoken: Spoken) -> bool:
    """Whether a place has at least half of the words of most blocks, whatever place has the most."""
    whole = spoken[max(totals, key=totals.__getitem__)]
    half = sum(spoken[path].get(at, 0.0) >= HALF * words for at, words in whole.items())
    return half >= HALF * len(whole)


def _is_frame(path: ElementPath, inside: list[ElementsByPath], said: Said) -> bool:
    """Whether what is there holds a body, rather than being one of its paragraphs."""
    if not path or path[-1] in PARAGRAPHS:
        return False
    alike = [by_path[path] for by_path in inside if path in by_path]
    beside = sum(said.prose(each) for elements in alike for each in elements)
    return NEARLY_ALL * beside <= sum(said.prose(said.richest(elements)) for elements in alike)


def _drafts(group: _Group, evidence: Evidence, url: str) -> Iterator[Draft]:
    holding = [by_path for by_path in group.blocks if group.body in by_path]
    bodies = [group.said.richest(by_path[group.body]) for by_path in holding]
    marks = _marks(holding, group.author, group.time, evidence)
    around = [Beside("", "")] * len(bodies) if group.author and group.time else beside(bodies, evidence)
    for by_path, body, own, near in zip(holding, bodies, marks, around, strict=True):
        author = _name(by_path[group.author][0]) if group.author and group.author in by_path else ""
        author = near.author if not group.author else author if is_name(author) else _other_name(by_path, evidence)
        time = _stamp(by_path.get(group.time, []), evidence.times) if group.time else near.time
        outer = _outermost_inside(body, group.members, evidence)
        rest = group.said.rest(body, own) if group.said.holds(body, own) else [body]
        if rest != [body]:
            outer += [child for child in body.iterchildren("*") if child not in rest and child.tag != "br"]
        read = partial(_read, body, outer, _post_id(by_path), author, time, url)
        size = group.said.words(body, own)
        place = next(iter(by_path.values()))[0]
        yield Draft(place, rest[0] if rest else body, size, author, time, read, since=near.at)


def _other_name(by_path: ElementsByPath, evidence: Evidence) -> str:
    """Who is named first in a block that has no name where the others have theirs, as the first post may be."""
    named = (each for elements in by_path.values() for each in elements if each in evidence.people)
    return evidence.people.get(min(named, key=evidence.at.__getitem__, default=None), "")


def _post_id(by_path: ElementsByPath) -> str:
    ids = (element.get("id") or "" for elements in by_path.values() for element in elements)
    return number(next((each for each in ids if any(map(str.isdigit, each))), ""))


def _outermost_inside(body: HtmlElement, members: list[HtmlElement], evidence: Evidence) -> list[HtmlElement]:
    """Other blocks in a body, as where replies stand in what they answer, without those in another of them."""
    outer: list[HtmlElement] = []
    start = bisect_right(members, evidence.at[body], key=evidence.at.__getitem__)
    end = bisect_right(members, evidence.last[body], key=evidence.at.__getitem__)
    for member in members[start:end]:
        if not outer or not evidence.within(member, outer[-1]):
            outer.append(member)
    return outer


def _read(body: HtmlElement, without: list[HtmlElement], post_id: str, author: str, time: str, url: str) -> Block:
    markdown, quotes = read_body(body, GENERIC, url, without)
    return Block(post_id, author, time, markdown, quotes=quotes)
