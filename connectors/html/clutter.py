"""Parts of a page that are never its content."""

import re2
from lxml.html import HtmlElement

_INVISIBLE = ("style", "template", "iframe", "object", "embed", "canvas", "svg", "noscript", "link", "meta")
_FRAMES = ("nav", "aside", "footer", "button", "select", "dialog", "menu")
_ROLES = {
    "navigation",
    "complementary",
    "banner",
    "contentinfo",
    "search",
    "dialog",
    "alert",
    "menu",
    "menubar",
    "toolbar",
}
_NAMES = re2.compile(
    r"(?i)(^|[-_\s])(nav|navbar|navigation|menu|sidebar|breadcrumbs?|footer|comments?|comment-list|disqus|share|sharing|social|related|"
    r"recommend\w*|promo\w*|newsletter|subscribe|subscription|cookies?|banner|advert\w*|ads?|sponsor\w*|popup|modal|pagination|pager|toolbar|"
    r"sphinxsidebar|toc|table-of-contents|prevnext|skip-link|copyright|author-bio|byline|tags|widget)($|[-_\s])"
)


def drop_invisible(page: HtmlElement) -> None:
    for element in list(page.iter(*_INVISIBLE)):
        if element.getparent() is not None:
            element.drop_tree()
    for element in page.xpath('//script[not(contains(@type, "math/tex"))]'):
        element.drop_tree()
    for element in page.xpath('//*[@hidden or contains(translate(@style, " ", ""), "display:none")]'):
        if element.getparent() is not None and element.tag not in ("html", "body"):
            element.drop_tree()


def drop_clutter(body: HtmlElement) -> None:
    whole = len(body.text_content())
    for element in list(body.iter()):
        if element is body or not isinstance(element.tag, str) or element.getparent() is None:
            continue
        if _is_clutter(element) and len(element.text_content()) < 0.5 * whole:
            element.drop_tree()


def _is_clutter(element: HtmlElement) -> bool:
    if element.tag in _FRAMES or element.get("role") in _ROLES:
        return True
    if element.tag in ("p", "pre", "code", "body", "html", "a", "span", "h1", "h2", "h3", "h4", "main", "article"):
        return False
    return bool(_NAMES.search(f"{element.get('class') or ''} {element.get('id') or ''}"))


def trim(block: HtmlElement) -> None:
    """Drop lists of links and empty frames within the content."""
