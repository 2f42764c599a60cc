"""What a page says about itself: title, author, date, language, licence, opt-out."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urljoin, urlsplit

import re2
from lxml.html import HtmlElement

from connectors.html.licences import stated_licence
from connectors.html.schema_org import linked_data, values
from connectors.html.sections import unnumbered
from connectors.html.tags import WORDS
from connectors.reading.times import parse_time

_SUFFIX = re.compile(r"\s+[|–—·•»:_-]\s+|\s*[|｜]\s*|(?<=[^\x00-\x7f])_|_(?=[^\x00-\x7f])")
_FILE = re.compile(r"\w[\w-]*_[\w.-]*|[\w.-]+\.(?:ipynb|html?|md|txt|docx?|odt|pdf)", re.ASCII)  # as a title
_SITE = re2.compile(r"(?i)(?:^|[\s_-])(?:logo|brand|site-?(?:title|name)|blog-?(?:title|name)|masthead)(?:$|[\s_-])")
_BESIDE = re2.compile(r"(?i)^(?:nav|aside|header|footer)\b|side-?bar|widget|menu|right|modal|popup|related|footer")
_SIGNS = re2.compile(r"[\W_]+")
_DATE = re2.compile(r"(\d{4}-\d{2}-\d{2})(?:([T ]\d{2}:\d{2}(?::\d{2})?)(?:\.\d+)?\s*(Z|[+-]\d{2}:?\d{2})?)?")
_PUBLISHED = ("article:published_time", "date", "dc.date", "pubdate", "og:published_time")
_MODIFIED = ("article:modified_time", "og:updated_time", "dcterms.modified", "dc.date.modified", "datemodified")
_TIME_PUBLISHED = '//time[@pubdate or contains(@class, "publish") or contains(@itemprop, "datePublished")]/@datetime'
_TIME_MODIFIED = '//time[contains(@itemprop, "dateModified")]/@datetime'


@dataclass(frozen=True, slots=True)
class Metadata:
    """Empty where the page does not say. `licence` is an SPDX id; `opt_out` quotes what forbids the use."""

    title: str = ""
    author: str = ""
    published: datetime | None = None
    modified: datetime | None = None
    language: str = ""
    licence: str = ""
    canonical: str = ""
    opt_out: str = ""


def metadata(root: HtmlElement, url: str = "") -> Metadata:
    """Read from the whole page, before `main_content` takes things away. `url` is the page's own."""
    data = linked_data(root)
    author = next((name for name in values(data, "author") if name), "") or _meta(
        root, "author", "article:author", "dc.creator"
    )
    return Metadata(
        title=title(root),
        author="" if author.startswith("http") else author[:200],
        published=_first_date([*values(data, "datePublished"), _meta(root, *_PUBLISHED), *root.xpath(_TIME_PUBLISHED)]),
        modified=_first_date([*values(data, "dateModified"), _meta(root, *_MODIFIED), *root.xpath(_TIME_MODIFIED)]),
        language=(
            root.get("lang") or root.get("{http://www.w3.org/XML/1998/namespace}lang") or _meta(root, "language")
        ).strip(),
        licence=stated_licence(root, data),
        canonical=_canonical(root, url),
        opt_out=opt_out(root),
    )


def title(root: HtmlElement) -> str:
    """The heading of the page if its `<title>` agrees, else the `<title>` without the site's name."""
    whole = _clean(" ".join(root.xpath("//head/title/text() | //title[not(ancestor::svg)][1]/text()")[:1]))
    stated = [heading for heading in root.xpath("//h1")[:5] if not _leads_home(heading)]
    of_page = [heading for heading in stated if not _is_of_site(heading)]
    said = {heading: _clean("".join(WORDS(heading))) for heading in of_page or stated}
    headings = list(said.values())
    agreeing = [heading for heading, words in said.items() if len(words) > 1 and _agrees(words, whole)]
    if agreeing:
        own = [said[heading] for heading in agreeing if not _leads_away(heading)]
        return unnumbered(max(own or map(said.__getitem__, agreeing), key=len))
    if not any(map(str.isalpha, whole)) or _names_site(whole, root):
        own = [each for each in headings if of_page and not (whole and in_whole_words(whole, each))]
        return unnumbered(next(filter(None, [*own, *_lower_headings(root)]), whole))
    if len(headings) == 1 and _FILE.fullmatch(whole):
        return unnumbered(headings[0])
    social = _clean(_meta(root, "og:title", "twitter:title"))
    if social and (social in whole or not whole):
        return unnumbered(_without_site(social, root))
    return unnumbered(_without_site(whole, root) or next(filter(None, headings), ""))


def _names_site(whole: str, root: HtmlElement) -> bool:
    """Whether a `<title>` says no more than the site's name."""
    return bool(whole) and whole in _site_names(root)


def _site_names(root: HtmlElement) -> set[str]:
    """What a page says that its site is called: in its head, on links to the front page, in what is named so."""
    holders = (each for each in root.xpath("//*[@class or @id]") if _is_called_site(each))
    named = [*root.xpath("//h1//a"), *(each for holder in holders for each in (holder, *holder.iterchildren("*")))]
    links = [link for link in root.iter("a") if _is_front((link.get("href") or "-").strip())]
    said = {_clean(each.text_content()) for each in (*links, *named)}
    return (said | {_clean(_meta(root, "og:site_name", "application-name"))}) - {""}


def _lower_headings(root: HtmlElement) -> Iterator[str]:
    """Headings of the page below the first level, without those of what stands beside its content."""
    for heading in root.iter("h2", "h3", "h4"):
        around = (f"{each.tag} {each.get('class') or ''} {each.get('id') or ''}" for each in heading.iterancestors())
        if not any(map(_BESIDE.search, around)) and not _leads_home(heading):
            yield _clean(heading.text_content())


def _agrees(heading: str, whole: str) -> bool:
    """Whether the page's `<title>` holds a heading, at least without signs: `mill:setup_guide` of a wiki."""
    said, stated = (str(_SIGNS.sub(" ", text)).strip() for text in (heading, whole))
    return in_whole_words(heading, whole) or (bool(said) and in_whole_words(said, stated))


def in_whole_words(part: str, text: str) -> bool:
    """Whether `part` stands in `text` without cutting a word of an alphabet in two, whatever the case."""
    part, text = part.lower(), text.lower()
    at = text.find(part)
    while at >= 0:
        before, after = text[at - 1 : at] + part[:1], part[-1:] + text[at + len(part) :][:1]
        if not any(len(pair) == 2 and pair.isalnum() and pair.isascii() for pair in (before, after)):
            return True
        at = text.find(part, at + 1)
    return False


def _leads_home(heading: HtmlElement) -> bool:
    """Whether a heading is the site's name, which leads to its front page."""
    links = heading.xpath(".//a/@href")
    return bool(links) and all(_is_front(link.strip()) for link in links)


def _leads_away(heading: HtmlElement) -> bool:
    """Whether all that a heading says is a link to another page, as the name of a manual is above its chapters."""
    links = [link for link in heading.iter("a") if link.text_content().strip()]
    all_said = "".join("".join(link.text_content().split()) for link in links)
    away = all(link.get("href", "#").partition("#")[0].strip() for link in links)
    return bool(links) and away and all_said == "".join(heading.text_content().split())


def _is_of_site(heading: HtmlElement) -> bool:
    """Whether a heading, or what it stands in, is called the site's name."""
    return _is_called_site(heading) or _is_called_site(heading.getparent())


def _is_called_site(element: HtmlElement) -> bool:
    return bool(_SITE.search(f"{element.get('class') or ''} {element.get('id') or ''}"))


def _is_front(link: str) -> bool:
    try:
        return not urlsplit(link).path.strip("./") and "#" not in link
    except ValueError:  # "https://[shortcode]"
        return False


def _clean(text: str) -> str:
    return " ".join(text.replace("¶", "").replace("\uf0c1", "").replace("\u200b", "").split())


def _without_site(text: str, root: HtmlElement) -> str:
    parts = [part for part in _SUFFIX.split(text) if part]
    if len(parts) < 2:
        return text
    sites = _site_names(root)
    kept = [part for part in parts if part not in sites]
    if 0 < len(kept) < len(parts):
        return text[: text.rfind(kept[-1]) + len(kept[-1])] if parts[-1] in sites else " ".join(kept)
    first = text[: len(text) - len(parts[-1])].rstrip(" |｜_–—·•»:-")
    return first or text


def _meta(root: HtmlElement, *names: str) -> str:
    found: dict[str, str] = {}
    for meta in root.iter("meta"):
        name = (meta.get("name") or meta.get("property") or meta.get("itemprop") or "").lower()
        found.setdefault(name, (meta.get("content") or "").strip())
    return next((found[name] for name in names if found.get(name)), "")


def _canonical(root: HtmlElement, url: str) -> str:
    for link in root.xpath("//link[@href]"):
        if "canonical" in (link.get("rel") or "").lower().split():
            try:
                return str(urljoin(url, link.get("href").strip()))
            except ValueError:
                return ""
    return ""


def opt_out(root: HtmlElement) -> str:
    """The words by which the page itself forbids its use for training, or ""."""
    robots = _meta(root, "robots")
    if {"noai", "noimageai", "none"} & {word.strip() for word in robots.lower().split(",")} - {"noimageai", "none"}:
        return f"meta robots: {robots[:200]}"
    reserved = _meta(root, "tdm-reservation")
    return f"meta tdm-reservation: {reserved}" if reserved == "1" else ""


def _first_date(stated: list[str]) -> datetime | None:
    return next((time for time in map(_first_time, stated) if time), None)


def _first_time(text: str) -> datetime | None:
    found = _DATE.search(text or "")
    return parse_time("".join(part for part in found.groups() if part)) if found else None
