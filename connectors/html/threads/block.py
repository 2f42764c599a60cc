"""A post as its page shows it, and what becomes of it: Markdown with quotes as quotes, and whom it answers."""

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass, field

import re2
from lxml import etree
from lxml.html import HtmlElement

from connectors import html
from connectors.html.inline import write_buttons, write_checks
from connectors.html.threads.cuts import mark_cuts
from connectors.html.threads.dates import states_time
from connectors.html.threads.endings import without_notes
from connectors.html.threads.profiles import Profile, first, one, select
from connectors.html.threads.tools import drop_tools

# Numbers that name a post in an address: what follows the last such name, else the last number
_NAMED_NUMBER = re2.compile(r"(?i)(?:^|[^a-z])(?:pid|post_?id|post|msg|comment|pid|p|id|c|node)[=_/-]?(\d+)")
_NUMBER = re2.compile(r"\d+")
# What no number is in: names of posts in letters and digits mixed, as Reddit's `t1_dv3k2`
_MIXED = re2.compile(r"^(?:t\d_)?(?:[a-z]+\d+[a-z][a-z0-9]*|\d+[a-z][a-z0-9]*|[a-z]{3,})$|^t\d_[a-z0-9]+$")
_POINTS = re2.compile(r"^([+-]?\d+)(?:\s\pL+)*$")
_SAYS = re2.compile(
    r"(?i)\s*(?:(?:said|wrote|writes|schrieb|escribió|a écrit|написал\pL*)(?:[^\pL\pN].*)?|(?:发表于|發表於).*)$"
    r"|\s*:\s*$|^quote from:?\s*"
)
_SAID = re2.compile(r"^[^:：\n]{0,30}[:：]\s*")
_RULES = re2.compile(r"^(?:---\s*\n)+\s*|\s*(?:\n\s*---)+$")  # at an end they part posts, and are of none
_ON_DATE = re2.compile(r"(?i)\s+on\s.*$")
_LIKERS = re2.compile(r"(\d[\d,.]*)\s+(?:others?|more|autres|weitere|другие|人)")
# What no author wrote, on any engine: polls with their counters, and lists of attached files
_HIDDEN = (
    ".//*[contains(translate(@style, ' ', ''), 'display:none')] | .//script | .//style | .//svg | .//form | .//button"
    " | .//*[contains(concat(' ', @class, ' '), ' poll ') or contains(@class, 'pollContainer') or @id='poll']"
    " | .//dl[contains(concat(' ', @class, ' '), ' file ')] | .//*[contains(concat(' ', @class, ' '), ' attachbox ')]"
    " | .//*[contains(concat(' ', @class, ' '), ' attachments ') or contains(concat(' ', @class"
    ", ' '), ' attachedFiles ')"
    " or contains(@class, 'message-attachments') or contains(@class, 'postattachments')"
    " or contains(@class, 'post-attachments') or contains(@class, 'attachmentList')"
    " or contains(concat(' ', @class, ' '), ' pattl ') or contains(@class, 'PostPoll')]"
    " | .//fieldset[legend and (.//a[contains(@href, 'attachment')] or .//img[contains(@src, 'attach')])]"
)


@dataclass(frozen=True, slots=True)
class Quote:
    """Words of another post. `post_id` is "" where the quote does not link to it."""

    author: str
    post_id: str
    text: str


@dataclass(frozen=True, slots=True)
class Block:
    """One post. `time`, and that of the last edit in `edited`, are as written; both and `post_id` are "" where the page
    does not say. A comment stands `under` so many posts below the one that it is on; else that is 0."""

    post_id: str
    author: str
    time: str
    markdown: str
    score: int | None = None
    accepted: bool = False
    parent: str = ""
    quotes: tuple[Quote, ...] = field(default=())
    edited: str = ""
    under: int = 0


def read_block(profile: Profile, post: HtmlElement, url: str) -> Block:
    """Read one element that `profile.post` has found."""
    body = one(post, profile.body)
    markdown, quotes = read_body(body, profile, url) if body is not None else ("", ())
    return Block(
        post_id=number(first(post, profile.id)),
        author=first(post, profile.author),
        time=stated_time(post, profile.time),
        markdown=markdown,
        score=_score(profile, post),
        accepted=_accepted(profile, post),
        parent=number(first(post, profile.parent)),
        quotes=quotes,
        edited=stated_time(post, profile.edited),
    )


def stated_time(post: HtmlElement, selectors: tuple[str, ...]) -> str:
    """What of all that may be the time can be read as one."""
    stated = [first(post, (selector,)) for selector in selectors]
    return next((each for each in stated if states_time(each)), "") or next(filter(None, stated), "")


def read_body(
    body: HtmlElement, profile: Profile, url: str, without: Sequence[HtmlElement] = ()
) -> tuple[str, tuple[Quote, ...]]:
    """Markdown of what the post's author wrote, with the quotes in it. `body` is left as it was; the elements `without`
    in it are of other posts."""
    root = deepcopy(body)
    if without:
        others = set(without)
        for copy in [copy for copy, own in zip(root.iter(), body.iter(), strict=True) if own in others]:
            _drop(copy)
    root.tail, root.tag = None, "div"
    mark_cuts(root)
    write_buttons(root)
    write_checks(root)
    for hidden in root.xpath(_HIDDEN):
        _drop(hidden)
    for code in select(root, profile.code):
        _as_code(code)
    quotes = _take_quotes(root, profile)
    for noise in select(root, profile.drop):
        _drop(noise)
    if not profile.post:  # no engine that is known to put nothing but a post's words into its body
        drop_tools(root)
    for quote in list(root.iter("blockquote")):
        _unwrap(quote)
    _write_emoji(root)
    markdown = html.to_markdown(root, url).strip()
    return markdown if profile.post else without_notes(_RULES.sub("", markdown)), tuple(quotes)


def number(text: str) -> str:
    """The number that names a post in an id or an address; the text itself when it has no number."""
    if _MIXED.match(text):
        return text
    found = _NAMED_NUMBER.findall(text) or _NUMBER.findall(text)
    return found[-1] if found else text


def _take_quotes(root: HtmlElement, profile: Profile) -> list[Quote]:
    """The outermost quotes; what a quote quotes is no answer to it."""
    found = [quote for quote in select(root, profile.quote) if quote is not root]
    inner = {quote for quote in found if not set(found).isdisjoint(quote.iterancestors())}
    taken = [(quote, _take_quote(quote, profile)) for quote in reversed(found)]  # inner ones first: theirs to clean
    return [quote for element, quote in reversed(taken) if element not in inner]


def _take_quote(quote: HtmlElement, profile: Profile) -> Quote:
    """Read a quote, and leave a blockquote with only the quoted words in its place."""
    author = _ON_DATE.sub("", _SAYS.sub("", first(quote, profile.quote_author))) or _take_mention(quote, profile)
    link = first(quote, profile.quote_link)
    inner = one(quote, profile.quote_body)
    for attribution in select(quote, profile.drop):
        _drop(attribution)
    if inner is not None:
        inner.tail, inner.tag = None, "div"
        quote[:] = [inner]
        quote.text = None
    quote.tag = "blockquote"
    return Quote(author, number(link) if link else "", " ".join(quote.text_content().split()))


def _take_mention(quote: HtmlElement, profile: Profile) -> str:
    """Who is quoted, by the "@ann said:" in front of the quoted words, which is taken away."""
    mention = one(quote, profile.mention)
    if mention is None or not _SAID.match(mention.tail or ""):
        return ""
    mention.tail = _SAID.sub("", mention.tail)
    line_end = mention.getnext()
    if not mention.tail and line_end is not None and line_end.tag == "br":
        _drop(line_end)
    author = str(mention.text_content()).strip().removeprefix("@")
    _drop(mention)
    return author


def _unwrap(quote: HtmlElement) -> None:
    """A frame around a frame: a quote that holds nothing but one other."""
    inner = next(quote.iterdescendants("blockquote"), None)
    if inner is not None and "".join(inner.text_content().split()) == "".join(quote.text_content().split()):
        quote.drop_tag()


def _as_code(element: HtmlElement) -> None:
    """Code in a list or with <br>: one line of <pre> each."""
    if select(element, "pre"):
        return
    items = select(element, "li")
    lines = [_with_breaks(item).strip("\r\n") for item in items] or [_with_breaks(element).strip("\r\n")]
    tail = element.tail
    element.clear()
    element.tag, element.tail = "pre", tail
    element.text = "\n".join(lines)


def _with_breaks(element: HtmlElement) -> str:
    for line_end in element.iter("br"):
        line_end.tail = "\n" + (line_end.tail or "").lstrip("\r\n")
    return str(element.text_content()).replace("\xa0", " ")


def _write_emoji(root: HtmlElement) -> None:
    for image in root.xpath(".//img[contains(@class, 'emoji') or contains(@class, 'smil')]"):
        image.tail = (image.get("alt") or "") + (image.tail or "")
        image.drop_tree()


def _drop(element: etree.ElementBase) -> None:
    if element.getparent() is not None:
        element.drop_tree()


def _score(profile: Profile, post: HtmlElement) -> int | None:
    stated = _POINTS.match(first(post, profile.score).replace(",", "").replace("−", "-"))
    if stated:
        return int(stated[1])
    likers = select(post, profile.likers)
    return _likes(likers[0]) if likers else None


def _likes(element: HtmlElement) -> int:
    """As in "Ann, Ben and 3 others": the names, and the number."""
    names = len(element.xpath(".//bdi | .//a[contains(@class, 'username')]"))
    more = _LIKERS.search(" ".join(element.text_content().split()))
    return names + (int(more[1].replace(",", "").replace(".", "")) if more else 0)


def _accepted(profile: Profile, post: HtmlElement) -> bool:
    if not profile.accepted:
        return False
    parent = post.getparent()
    marked = select(post, profile.accepted)
    return bool(marked) or (parent is not None and post in select(parent, profile.accepted))
