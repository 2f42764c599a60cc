"""Names of elements, by what they are to a reader."""

from lxml import etree
from lxml.html import HtmlElement

# fmt: off
INLINE = frozenset((
    "a", "abbr", "acronym", "b", "bdi", "bdo", "big", "br", "cite", "code", "data", "del", "dfn", "em", "font",
    "i", "img", "ins", "kbd", "label", "mark", "math", "mjx-container", "nobr", "q", "rp", "rt", "ruby", "s", "samp",
    "script", "small", "span", "strike", "strong", "sub", "sup", "time", "tt", "u", "var", "wbr",
))
BLOCKS = (
    "p", "div", "ul", "ol", "dl", "table", "pre", "blockquote", "h1", "h2", "h3", "h4", "h5", "h6", "hr",
    "section", "article", "figure",
)
# All elements of HTML that are not inline. Others, MathML's and a page's own, are inline to a browser
_NOT_INLINE = frozenset((
    "address", "article", "aside", "audio", "blockquote", "body", "button", "canvas", "caption", "center", "col",
    "colgroup", "dd", "details", "dialog", "dir", "div", "dl", "dt", "embed", "fieldset", "figcaption", "figure",
    "footer", "form", "frameset", "h1", "h2", "h3", "h4", "h5", "h6", "head", "header", "hgroup", "hr", "html",
    "iframe", "input", "legend", "li", "link", "main", "map", "menu", "meta", "nav", "noscript", "object", "ol",
    "optgroup", "option", "p", "picture", "pre", "search", "section", "select", "style", "summary", "svg", "table",
    "tbody", "td", "template", "textarea", "tfoot", "th", "thead", "title", "tr", "ul", "video", "xmp",
))
# What holds no text, or none that was written for readers
MUTE = (
    "style", "template", "iframe", "object", "embed", "canvas", "svg", "noscript", "link", "meta", "title",
    "button", "select", "textarea", "input", "audio", "video", "map",
)
# fmt: on
_NAMES = etree.XPath(".//@class | .//@style | .//@role")
# What a heading or a title says besides the sign that links to it
WORDS = etree.XPath(".//text()[not(ancestor::a[contains('#¶§🔗', normalize-space(.))])]")
HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
_LINES = frozenset((*INLINE, *HEADINGS, "p", "dt", "summary", "figcaption"))
BLOCK_PATH = etree.XPath(".//" + " | .//".join(BLOCKS))


def names(root: HtmlElement) -> str:
    """All classes, styles and roles below `root`, to see at once whether a search is worth its time."""
    return "\n".join(_NAMES(root))


def is_inline(element: HtmlElement) -> bool:
    """Whether an element is part of a line of text. One of a page's own making is, among words or in a paragraph."""
    if element.tag in _NOT_INLINE or any(inner.tag in _NOT_INLINE for inner in element.iterdescendants()):
        return False
    return element.tag in INLINE or _is_among_words(element)


def _is_among_words(element: HtmlElement) -> bool:
    line = element.getparent()
    if line is None or line.tag in _LINES:
        return line is not None
    return any(text and not text.isspace() for text in (line.text, *(part.tail for part in line)))
