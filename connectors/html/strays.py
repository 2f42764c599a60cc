"""Lines and boxes within the content that are not of the article, told by how they look and where they stand.

No word of any language and no name of a class is asked: a caption, a box of a newsletter or the name of an author is
short, or linked, or stands apart from where the prose is. What each trait weighs was fitted to labelled pages by
`python -m tests.accuracy.fit_strays` and is written in `strays.toml`.
"""

import tomllib
from collections import Counter
from collections.abc import Iterator
from math import fsum
from pathlib import Path

import re2
from lxml.html import HtmlElement

from connectors.html.callouts import is_callout
from connectors.html.clutter import is_title_of_data
from connectors.html.density import Weight
from connectors.html.tags import HEADINGS

Weights = dict[HtmlElement, Weight]
Traits = frozenset[str]

_FITTED: dict[str, float] = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))["weights"]
# What is judged as one, and what of it is never dropped
_WHOLE = ("ul", "ol", "dl", "pre", "blockquote", "figure", "figcaption", "code", *HEADINGS)
_SAFE = ("dl", "pre", "blockquote", "table", "code", "summary")
_FORMULA = re2.compile(r"(?i)(?:^|[\s_-])(?:math|mathjax|katex|equation|formula|stem-?block)(?:$|[\s_-])")
# A list that hardly links says something
_LINKS = frozenset(("linked < 0.7", "linked ≥ 0.7"))
_KINDS = frozenset(("p", "ul", "ol", "table", "div", "figcaption", "figure", "blockquote", "pre", "dl", "section"))
# A sentence that is lost costs more than a line that is kept
_SAYS, _SENTENCE = frozenset(("prose", "ends as a sentence")), -1.0
# Of a line before code, data or a list: what comes, or the label of a tab
_ANNOUNCES = frozenset(("ends with a colon", "bold"))
_FRAMES = frozenset(("aside", "section", "header", "footer", "article", "li", "figure", "form"))
_STOPS = ".!?。！？…”\"'»؟।"
_SIGNS = frozenset("|»›•©@")


def find_strays(block: HtmlElement, weights: Weights, stated: str) -> list[HtmlElement]:
    """What in `block` is more likely around the article than of it; nothing where `block` holds no prose.

    `stated` are the letters and digits of the page's title. Code, lines with code in them, data and its titles,
    quotations, lists of definitions, boxes of a manual, labels of tabs and lists that hardly link stay, and so does a
    line with a colon, or in bold, before one. A heading goes with all that is below it.
    """
    judged = traits(block, weights, stated)
    if not any("prose" in its for _, its in judged):
        return []
    data = {next(head.iterancestors("table"), head) for head in block.iter("th")}
    is_safe = [_is_safe(part, its, [part, *_around(part, block)], data) for part, its in judged]
    gone = set[HtmlElement]()
    for (part, its), safe, next_safe in zip(judged, is_safe, [*is_safe[1:], False], strict=True):
        introduces = next_safe and bool(_ANNOUNCES & its)
        if part.tag not in HEADINGS and not safe and not introduces and score(its) < _least(its):
            gone.add(part)
    parts = [part for part, _ in judged]
    return [part for part in parts if part in gone] + _left_alone(parts, gone)


def _is_safe(part: HtmlElement, its: Traits, around: list[HtmlElement], data: set[HtmlElement]) -> bool:
    is_label = part.get("role") == "heading"  # of a tab
    is_code = part.tag in _SAFE or part.find(".//code") is not None or is_title_of_data(part)
    if is_label or is_code or _is_formula(part) or _names_row(part) or (part.tag in ("ul", "ol") and not _LINKS & its):
        return True
    return any(each in data or is_callout(each) for each in around)


def _is_formula(part: HtmlElement) -> bool:
    return bool(_FORMULA.search(part.get("class") or "")) or part.find(".//math") is not None


def _names_row(part: HtmlElement) -> bool:
    """Whether a cell of a few words stands before another that says something."""
    cell = part if part.tag in ("td", "th") else part.getparent()
    after = cell.getnext() if cell is not None and cell.tag in ("td", "th") else None
    return after is not None and bool(after.text_content().strip())


def _least(its: Traits) -> float:
    return _SENTENCE if _SAYS & its else 0.0


def _left_alone(parts: list[HtmlElement], gone: set[HtmlElement]) -> list[HtmlElement]:
    """Headings of which everything goes that stands between them and the next one."""
    found = []
    below, stays = 0, False
    for part in reversed(parts):
        if part.tag not in HEADINGS:
            below, stays = below + 1, stays or part not in gone
            continue
        if below and not stays:
            found.append(part)
        below, stays = 0, False
    return found


def score(its: Traits) -> float:
    """Above 0 for what is more likely of the article than not; the logarithm of the odds. The exact sum: traits come in
    any order, and one that is rounded at each step may be either side of a bound."""
    return fsum([_FITTED[""], *(_FITTED.get(each, 0.0) for each in its)])


def traits(block: HtmlElement, weights: Weights, stated: str) -> list[tuple[HtmlElement, Traits]]:
    """The parts of `block` in their order, each with what is seen of it."""
    parts = list(_parts(block, block, weights))
    own = [_looks(part, weights[part], stated) for part in parts]
    stand = zip(_places(parts, weights), _neighbours(parts, weights), _company(parts, block, weights), strict=True)
    return [(part, frozenset().union(looks, *where)) for part, looks, where in zip(parts, own, stand, strict=True)]


def _parts(element: HtmlElement, block: HtmlElement, weights: Weights) -> Iterator[HtmlElement]:
    """Paragraphs, headings, whole lists and tables of data: what has no block inside it that is to be judged alone."""
    inner = [child for child in element if child in weights]
    if element is not block and (not inner or element.tag in _WHOLE or _is_data(element)):
        if weights[element].length:
            yield element
        return
    for child in inner:
        yield from _parts(child, block, weights)


def _is_data(element: HtmlElement) -> bool:
    return (
        element.tag == "table"
        and not any(True for _ in element.iter("p", "div", "ul", "ol"))
        and (sum(1 for _ in element.iter("table")) == 1)
    )


def _looks(part: HtmlElement, weight: Weight, stated: str) -> set[str]:
    text = " ".join(part.text_content().split())
    linked = weight.links / max(1.0, weight.length)
    found = {_at("length", weight.length, 12, 25, 60, 120, 250), _at("linked", linked, 0.01, 0.3, 0.7)}
    found.add(f"tag {'h' if part.tag in HEADINGS else part.tag if part.tag in _KINDS else 'other'}")
    if linked >= 0.7:
        found.add(_at("letters of links", weight.length, 25, 60))
    if digits := sum(letter.isdigit() for letter in text) / max(1, len(text)):
        found.add(_at("digits", digits, 0.1, 0.3))
    bare = "".join(letter for letter in text.lower() if letter.isalnum())
    only = part[0].tag if len(part) == 1 and not (part.text or "").strip() else ""
    seen = {
        "prose": weight.prose > 0,
        "ends as a sentence": text[-1:] in _STOPS,
        "ends with a colon": text[-1:] in ":：",
        "signs": not _SIGNS.isdisjoint(text),
        "capitals": text.isupper(),
        "bold": only in ("strong", "b"),
        "italic": only in ("em", "i"),
        "time": part.find(".//time") is not None,
        "picture": part.find(".//img") is not None,
        "in the title": len(bare) > 8 and bare in stated,
    }
    return found | {name for name, is_so in seen.items() if is_so}


def _places(parts: list[HtmlElement], weights: Weights) -> Iterator[set[str]]:
    """Before, within or after the prose, and how far from its ends."""
    whole = sum(weights[part].prose for part in parts) or 1.0
    plain = [
        at for at, part in enumerate(parts) if weights[part].prose and weights[part].links < 0.3 * weights[part].length
    ]
    first, last = (plain[0], plain[-1]) if plain else (0, len(parts))
    passed = 0.0
    for at, part in enumerate(parts):
        prose = weights[part].prose
        if at < first:
            yield {"before", _at("before by", first - at, 2, 4)}
        elif at > last:
            yield {"after", _at("after by", at - last, 2, 4)}
        else:
            left = (whole - passed - prose) / whole
            ends = {name for name, place in (("first prose", first), ("last prose", last)) if place == at}
            yield {"within", _at("left", left, 0.03, 0.1), _at("passed", passed / whole, 0.03, 0.1), *ends}
        passed += prose


def _neighbours(parts: list[HtmlElement], weights: Weights) -> Iterator[set[str]]:
    kinds = ["none", *(_kind(part, weights[part]) for part in parts), "none"]
    for before, after in zip(kinds, kinds[2:], strict=False):
        yield {f"after {before}", f"before {after}"}


def _kind(part: HtmlElement, weight: Weight) -> str:
    if weight.links > 0.5 * weight.length:
        return "links"
    return "prose" if weight.prose else "a heading" if part.tag in HEADINGS else "a line"


def _company(parts: list[HtmlElement], block: HtmlElement, weights: Weights) -> Iterator[set[str]]:
    """How much of the prose stands beside a part, two steps around it, and under the same tags."""
    whole = sum(weights[part].prose for part in parts) or 1.0
    around = {part: [*_around(part, block), block] for part in parts}
    paths = {part: (part.tag, *(each.tag for each in around[part])) for part in parts}
    beside: Counter[object] = Counter()
    for part in parts:
        for place in {around[part][0], *around[part][:3], paths[part]}:
            beside[place] += weights[part].prose  # type: ignore[assignment]
    for part in parts:
        own, steps = weights[part].prose, around[part]
        close = (beside[steps[0]] - own) / whole
        found = {
            _at("beside", close, 0.01, 0.2, 0.5),
            _at("prose beside" if own else "line beside", close, 0.01, 0.2, 0.5),
            _at("near", (beside[steps[min(2, len(steps) - 1)]] - own) / whole, 0.01, 0.2, 0.5),
            _at("alike", (beside[paths[part]] - own) / whole, 0.01, 0.2, 0.5),
            _at("depth", len(steps), 2, 3, 5),
        }
        yield found | {f"in {each.tag}" for each in steps[:-1] if each.tag in _FRAMES}


def _around(part: HtmlElement, block: HtmlElement) -> Iterator[HtmlElement]:
    """The elements around `part`, from the nearest on, without `block`."""
    for each in part.iterancestors():
        if each is block:
            return
        yield each


def _at(name: str, value: float, *edges: float) -> str:
    """`length < 25`: the first of `edges` that `value` lies under."""
    return next((f"{name} < {edge}" for edge in edges if value < edge), f"{name} ≥ {edges[-1]}")
