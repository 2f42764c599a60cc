"""Parts of a page that are never its content."""

from collections import defaultdict

import re2
from lxml.html import HtmlElement

from connectors.html.accordions import unfold
from connectors.html.callouts import is_callout
from connectors.html.density import Weight
from connectors.html.embeds import write_embeds
from connectors.html.listings import write_listings
from connectors.html.tabs import show_tabs
from connectors.html.tags import HEADINGS, MUTE, names

_FRAMES = ("nav", "aside", "footer", "dialog", "menu", "figcaption")
# fmt: off
_ROLES = frozenset((
    "navigation", "complementary", "banner", "contentinfo", "search", "dialog", "alert", "menu", "menubar",
    "toolbar",
))
# Words that name what stands around an article, anywhere in a class or id ...
_STEMS = re2.compile(
    r"sidebar|side-bar|right-rail|rightrail|onetrust|cookie|consent|gdpr|privacy|breadcrumb|newsletter|subscri|related"
    r"|recommend|recirc|comment|cmmt|disqus|excerpt|survey|outbrain|taboola|sponsor|advert|promo|teaser|social|sharing"
    r"|share-|-share|sharebar|popular|trending|most-read|mostread|read-more|readmore|more-from|morefrom|more-stories|morestories|you-may|youmay"
    r"|next-article|prevnext|pagination|pager|author-bio|authorbio|author-info|about-author|signup|sign-up|paywall|donat"
    r"|copyright|footer|navbar|nav-|-nav|navigation|toolbar|tooltip|popup|modal|overlay|skip-link|banner|caption|credit"
    r"|byline|terkait|hot-news|hotnews|zanshang|qrcode|erweima|statement|disclaimer|widget|rating"
    r"|reaction|popover|hovercard"
)
# ... and as a whole word in one
_WORDS = frozenset((
    "nav", "menu", "toc", "tags", "tag", "share", "ad", "ads", "footer", "login", "search", "print", "follow",
    "like", "likes", "meta", "author", "date", "time", "related", "rss", "avatar", "bio", "jp-relatedposts",
    "hidden", "sr-only", "visually-hidden", "screen-reader-text", "printfooter", "catlinks", "player",
    "gallery",
))
# fmt: on
_LINE_STEMS = re2.compile(r"excerpt|caption|copyright|disclaimer|byline")
# What goes even where it outweighs the article ...
_SURE = re2.compile(
    r"(?:^|[\s_-])(?:comments?|comment-?list|disqus|sidebar|onetrust|ot-pc|ot-sdk|cookie|consent|related|right-?rail|recirc)"
)
_OTHERS = re2.compile(r"recommend|more-?stories")
# ... unless the name is of something that holds both
_AROUND = re2.compile(r"(?:^|[\s_-])(?:with|has|no|and|main|content|wrapper|layout|page)(?:$|[\s_-])")
# What holds one of these holds the article
_KEPT = ".//h1 | .//main | .//*[@role='main'] | .//*[@itemprop='articleBody']"
# Letters of prose that make an article without the part in question
_ENOUGH = 250
# Parts of one name that may turn out to be the article in pieces
_MANY = 8
_NEVER = ("pre", "code", "body", "html", "a", "span", "h1", "h2", "h3", "h4", "main", "article")
_CAMEL = re2.compile(r"([a-z0-9])([A-Z])")


def drop_invisible(page: HtmlElement) -> None:
    named = names(page)
    unfold(page)
    show_tabs(page, named)
    write_listings(page, named)
    write_embeds(page, named)
    for element in list(page.iter(*MUTE)):
        if element.getparent() is not None:
            element.drop_tree()
    for element in page.xpath('//script[not(starts-with(@type, "math/"))]'):
        element.drop_tree()
    for element in page.xpath('//*[@hidden or contains(translate(@style, " ", ""), "display:none")]'):
        if element.getparent() is not None and element.tag not in ("html", "body"):
            element.drop_tree()


def drop_clutter(body: HtmlElement, weights: dict[HtmlElement, Weight]) -> None:
    left = weights[body].prose
    holders = {holder for kept in body.xpath(_KEPT) for holder in (kept, *kept.iterancestors())}
    named = [each for each in body.iter() if isinstance(each.tag, str) and each not in holders and _is_clutter(each)]
    misnamed = _misnamed(named, weights, left)
    for element in named:
        if element is body or body not in element.iterancestors():  # gone with what was around it
            continue
        prose = weights[element].prose if element in weights else 0.0
        surely = prose < left - _ENOUGH and _is_surely_clutter(element)
        if surely or (prose <= 0.4 * left and element.get("class") not in misnamed):
            left -= prose
            _remove(element)


def _misnamed(named: list[HtmlElement], weights: dict[HtmlElement, Weight], whole: float) -> set[str]:
    """Classes of many parts that together hold most of a page's prose: no clutter, whatever they are called."""
    prose_by_class: defaultdict[str, list[float]] = defaultdict(list)
    for element in named:
        if element.tag not in _FRAMES and element in weights:
            prose_by_class[element.get("class") or ""].append(weights[element].prose)
    return {name for name, each in prose_by_class.items() if name and len(each) >= _MANY and sum(each) > 0.4 * whole}


def _is_surely_clutter(element: HtmlElement) -> bool:
    """Whether even a part that holds most of the prose goes: long comments, excerpts, cookie notices."""
    names = f"{element.get('class') or ''} {element.get('id') or ''}".lower()
    return element.tag == "aside" or bool(_OTHERS.search(names) or (_SURE.search(names) and not _AROUND.search(names)))


def _remove(element: HtmlElement) -> None:
    if element.getparent() is not None:
        element.drop_tree()


def _is_clutter(element: HtmlElement) -> bool:
    if _shows_code(element) or is_callout(element):
        return False
    if element.tag in _FRAMES or element.get("role") in _ROLES:
        return True
    if element.tag in _NEVER or not (element.get("class") or element.get("id")):
        return False
    given = f"{element.get('class') or ''} {element.get('id') or ''}"
    names = _CAMEL.sub(r"\1-\2", given).lower().replace("_", "-")
    if element.tag == "p":
        return bool(_LINE_STEMS.search(names))
    words = {*names.split(), *names.replace("-", " ").split()[-1:]}
    return bool(_STEMS.search(names) or _WORDS & words) and not _is_named_after_heading(element)


def _shows_code(element: HtmlElement) -> bool:
    """Whether a frame named for its buttons (`code-toolbar`) holds a block of code and little else."""
    shown = sum(len(block.text_content()) for block in element.iter("pre"))
    return shown > 0 and 2 * shown >= len(element.text_content())


def _is_named_after_heading(element: HtmlElement) -> bool:
    """Whether the id is only what a generator made of the section's heading: `#comments`, `#sharing-data`."""
    name = _letters_and_digits(element.get("id") or "")
    heading = next(element.iter(*HEADINGS), None)
    return bool(name) and heading is not None and _letters_and_digits(heading.text_content()).startswith(name)


def _letters_and_digits(text: str) -> str:
    return "".join(letter for letter in text.lower() if letter.isalnum())
