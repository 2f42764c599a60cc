"""Markdown to sections, by way of the HTML that it stands for: one spelling for all dialects."""

from urllib.parse import unquote, urljoin, urlsplit

import re2
from lxml.etree import XPath
from lxml.html import HtmlElement
from markdown_it import MarkdownIt
from mdit_py_plugins.deflist import deflist_plugin

from connectors.html import tree
from connectors.html.sections import sections as split
from schemas.document import Section
from schemas.hole import kinds_in

LONGEST = 1 << 20

_INDENTED = re2.compile(r"(?m)^[ >]*(?:    |\t)")
# Terminals in the browser take markup for colours.
_PAINT = re2.compile(r"""</?(?:span|font|b|i|u)(?: (?:style|color)=(?:"[^"<>]*"|'[^'<>]*'))*>""")

_BEFORE = XPath("boolean(preceding::text()[normalize-space()] | preceding::img)")


def render(text: str) -> str:
    """HTML of CommonMark with tables and definition lists."""
    return str(_parser().render(text))


def indented_code(text: str) -> list[tuple[int, int]]:
    """First line and end of each block of indented code."""
    if not _INDENTED.search(text):
        return []
    tokens = _parser().disable("inline").parse(text)
    return [(token.map[0], token.map[1]) for token in tokens if token.type == "code_block" and token.map]


def _parser() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).use(deflist_plugin)


def sections(markup: str, url: str = "", title: str = "") -> tuple[str, tuple[Section, ...]]:
    """The title ("" when there is none) and the sections of HTML made of a text at `url`. Raises tree.Unreadable.

    Links within the site lead to the pages of the site when `url` is an address, else only their text stays.
    """
    root = tree.parse(f"<div>{markup}</div>")
    for badge in root.xpath("//a[.//img and not(normalize-space())]"):
        badge.drop_tree()
    for console in root.xpath("//code[contains(@class, 'language-console')]"):
        console.text = _PAINT.sub("", console.text or "")
    _settle_links(root, url)
    title = title or first_heading(root)
    return title, split(root, title, url if url.startswith("http") else "")


def first_heading(root: HtmlElement) -> str:
    """The first heading, if it is of the highest level, or the text begins with it and has no other of its level."""
    headings = root.xpath("//h1 | //h2")
    if not headings or (headings[0].tag == "h2" and (len(headings) > 1 or _BEFORE(headings[0]))):
        return ""
    return " ".join(headings[0].text_content().split())


def _settle_links(root: HtmlElement, url: str) -> None:
    for link in root.xpath("//a[@href]"):
        href = link.get("href").strip()
        if kinds_in(unquote(href)):
            link.attrib.pop("href")
            continue
        if href.startswith(("http://", "https://", "mailto:", "#")):
            continue
        if url.startswith("http") and (address := _absolute(href, url)):
            link.set("href", address)
        else:
            link.attrib.pop("href")


def _absolute(href: str, url: str) -> str:
    try:
        parts = urlsplit(urljoin(url, href))
    except ValueError:
        return ""
    return parts._replace(path=served(parts.path)).geturl()


def served(path: str) -> str:
    """Where generators put what they make of a file: `a/b.md` → `a/b/`, `a/index.md` → `a/`."""
    for suffix in (".md", ".mdx", ".markdown"):
        if path.endswith(suffix):
            bare = path.removesuffix(suffix)
            folder, _, name = bare.rpartition("/")
            is_index = name.lower() in ("index", "readme", "_index")
            return (f"{folder}/" if folder or "/" in bare else "") if is_index else f"{bare}/"
    return path
