"""Parts of a page that are never its content."""

from collections import defaultdict
from collections.abc import Sequence

import re2
from lxml.html import HtmlElement, fragment_fromstring

from connectors.html.accordions import unfold
from connectors.html.callouts import is_callout
from connectors.html.density import Weight
from connectors.html.embeds import write_embeds
from connectors.html.fields import write_fields
from connectors.html.inline import write_buttons, write_checks
from connectors.html.listings import write_listings
from connectors.html.manuals import write_parts
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
    r"|byline|terkait|hot-news|hotnews|zanshang|qrcode|erweima|statement|disclaimer|rating"
    r"|reaction|popover|hovercard|author-?box|sabox|(?:editorial|affiliate|advertis[a-z]*|ad)-disclosure|follow-us"
    r"|siguenos|no-?print|hidden-print|print-(?:hidden|none)|navheader|navfooter"
    r"|(?:^|\s)widget|(?:sidebar|footer|side|news|rss|twitter|facebook)-widget|widgets|widget-area"
)
# ... and as a whole word in one
_WORDS = frozenset((
    "nav", "menu", "toc", "tags", "tag", "share", "ad", "ads", "footer", "login", "search", "print", "follow",
    "like", "likes", "meta", "author", "date", "time", "related", "rss", "avatar", "bio", "jp-relatedposts",
    "hidden", "sr-only", "visually-hidden", "screen-reader-text", "printfooter", "catlinks", "player",
    "gallery", "legend", "cta", "cta3", "imprint", "editsection",
))
# fmt: on
# What others have said and the article shows
_EMBEDDED = re2.compile(r"social-(?:media-)?embed|embed-social")
_LINE_STEMS = re2.compile(
    r"excerpt|caption|copyright|disclaimer|byline|newsletter|-disclosure|subscri|paywall|sign-?up|advert|sponsor"
    r"|read-?more|no-?print"
)
# What goes even where it outweighs the article ...
_SURE = re2.compile(
    r"(?:^|[\s_-])(?:comments?|comment-?list|disqus|sidebar|onetrust|ot-pc|ot-sdk|cookie|consent|related|right-?rail|recirc)"
)
_OTHERS = re2.compile(r"recommend|more-?stories")
_DIALOGS = re2.compile(r"cookie|consent|gdpr|onetrust|(?:^|[\s-])(?:modal|popup|lity|fancybox|privacy)")
_OFFERS = re2.compile(r"(?:^|[\s-])(?:related(?:-[a-z]+)?|comments|comment-list|disqus|recommend[a-z]*)(?:$|\s)")
# ... unless the name is of something that holds both
_AROUND = re2.compile(r"(?:^|[\s_-])(?:with|has|no|and|main|content|wrapper|layout|page)(?:$|[\s_-])")
# What holds one of these holds the article
_KEPT = ".//h1 | .//main | .//*[@role='main'] | .//*[@itemprop='articleBody']"
# Letters of prose that make an article without the part in question
_ENOUGH = 250
# Letters of mass that a short article has: beside a dialog, and beside what is offered for reading next
_LITTLE, _SOME = 30, 250
_BESIDE = 0.15  # and what is left, of what is offered
_NOTHING = Weight()
# Parts of one name that may turn out to be the article in pieces
_MANY = 8
_NEVER = ("pre", "code", "body", "html", "a", "span", "h1", "main", "article")
# What a page builder puts before the name of every part
_BUILDER = re2.compile(
    r"(?:^|\s)(?:elementor-(?:widget|element|column|section|container)|elementskit|et-pb|fl|fusion|brxe|siteorigin|so|wpb|uabb)"
    r"(?:-widget)?"
)
# Kinds of lists in manual pages, as mandoc names them
_LIST = re2.compile(r"(?:^|\s)bl-(?:tag|diag|hang|inset|ohang|bullet|dash|column|enum|item)")
_SUMMARY = re2.compile(
    r"(?i)(?:^|[\s_-])(?:summary|abstract|tl-?dr|key-?(?:points|takeaways|facts)|takeaways|highlights|zhaiyao|synopsis)(?:$|[\s_-])"
)
_LINKED = 0.3  # of what it says
_CAMEL = re2.compile(r"([a-z0-9])([A-Z])")


def drop_invisible(page: HtmlElement) -> None:
    named = names(page)
    unfold(page)
    show_tabs(page, named)
    write_parts(page, named)
    write_listings(page, named)
    write_embeds(page, named)
    write_buttons(page)
    write_checks(page)
    write_fields(page)
    for element in list(page.iter(*MUTE)):
        if element.getparent() is not None:
            element.drop_tree()
    _write_templates(page)
    for element in page.xpath('//script[not(starts-with(@type, "math/"))]'):
        element.drop_tree()
    hidden = page.xpath('//*[@hidden or contains(translate(@style, " ", ""), "display:none")]')
    whole = len(page.text_content()) if hidden else 0
    for element in hidden:
        is_most = 2 * len(element.text_content()) > whole  # what a script shows when all has come
        if element.getparent() is not None and element.tag not in ("html", "body") and not is_most:
            element.drop_tree()


def _write_templates(page: HtmlElement) -> None:
    """The text of an article that a script puts in its place, as Blogger's does."""
    for script in page.xpath('//*[contains(@itemprop, "articleBody")]/script[contains(@type, "template")]'):
        inside = fragment_fromstring(script.text or "", create_parent="div")
        inside.tail = script.tail
        script.getparent().replace(script, inside)


def drop_clutter(body: HtmlElement, weights: dict[HtmlElement, Weight], leads: Sequence[HtmlElement] = ()) -> None:
    """Take the parts out of `body` that are named as clutter, but none of `leads`."""
    left, mass_left = weights[body].prose, weights[body].mass
    kept = [*body.xpath(_KEPT), *leads]
    holders = {holder for each in kept for holder in (each, *each.iterancestors())}
    named = [each for each in body.iter() if isinstance(each.tag, str) and each not in holders and _is_clutter(each)]
    misnamed = _misnamed(named, weights, left)
    for element in named:
        if element is body or body not in element.iterancestors():  # gone with what was around it
            continue
        weight = weights.get(element, _NOTHING)
        rest, others = left - weight.prose, mass_left - weight.mass
        if _goes_anyway(element, weight, rest, others) or (
            weight.prose <= 0.4 * left and element.get("class") not in misnamed
        ):
            left, mass_left = rest, others
            _remove(element)


def _goes_anyway(element: HtmlElement, weight: Weight, prose: float, mass: float) -> bool:
    """Whether a part goes even where it outweighs the article, of which `prose` and `mass` are left without it. What
    is offered beside next to nothing is the page."""
    names = f"{element.get('class') or ''} {element.get('id') or ''}".lower().replace("_", "-")
    if mass > _LITTLE and _DIALOGS.search(names):
        return True
    beside = mass > max(_SOME, _BESIDE * weight.mass)
    return bool(beside and _OFFERS.search(names)) or (prose > _ENOUGH and _is_surely_clutter(element))


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
    if any(belongs(element) for belongs in (_shows_code, is_callout, _is_summary, _is_of_quotation, is_title_of_data)):
        return False
    if element.tag in _FRAMES or element.get("role") in _ROLES:
        return True
    if element.tag in _NEVER or not (element.get("class") or element.get("id")):
        return False
    given = element.get("class") or ""
    if element.tag not in HEADINGS:  # whose id is made of what they say
        given = f"{given} {element.get('id') or ''}"
    names = _CAMEL.sub(r"\1-\2", given).lower().replace("_", "-")
    names = _LIST.sub(" ", _BUILDER.sub(" ", names))
    if element.tag in ("p", *HEADINGS):
        return bool(_LINE_STEMS.search(names))
    words = {*names.split(), *names.replace("-", " ").split()[-1:]}
    if not _STEMS.search(names) and not _WORDS & words:
        return False
    return not _EMBEDDED.search(names) and not _is_named_after_heading(element)


def _is_summary(element: HtmlElement) -> bool:
    """Whether an `aside` says an article in short, and hardly links."""
    if element.tag != "aside" or not _SUMMARY.search(element.get("class") or ""):
        return False
    linked = sum(len(link.text_content()) for link in element.iter("a"))
    return linked < _LINKED * len(element.text_content())


def _is_of_quotation(element: HtmlElement) -> bool:
    """Whether a footer says whose words a quotation is."""
    return element.tag == "footer" and element.getparent() is not None and element.getparent().tag == "blockquote"


def is_title_of_data(element: HtmlElement) -> bool:
    """Whether a caption is that of a table or of code, which it names; a picture goes, and with it what it shows."""
    figure = element.getparent()
    return element.tag == "figcaption" and figure is not None and any(True for _ in figure.iter("table", "pre"))


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
