"""Names of elements, by what they are to a reader."""

from lxml import etree
from lxml.html import HtmlElement

# fmt: off
INLINE = frozenset((
    "a", "abbr", "acronym", "b", "bdi", "bdo", "big", "br", "cite", "code", "data", "del", "dfn", "em", "font",
    "i", "img", "ins", "kbd", "label", "mark", "math", "nobr", "q", "rp", "rt", "ruby", "s", "samp", "script",
    "small", "span", "strike", "strong", "sub", "sup", "time", "tt", "u", "var", "wbr",
))
BLOCKS = (
    "p", "div", "ul", "ol", "dl", "table", "pre", "blockquote", "h1", "h2", "h3", "h4", "h5", "h6", "hr",
    "section", "article", "figure",
)
# What holds no text, or none that was written for readers
MUTE = (
    "style", "template", "iframe", "object", "embed", "canvas", "svg", "noscript", "link", "meta", "title",
    "button", "select", "textarea", "input", "audio", "video", "map",
)
# fmt: on
_NAMES = etree.XPath(".//@class | .//@style | .//@role")
HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
BLOCK_PATH = etree.XPath(".//" + " | .//".join(BLOCKS))


def names(root: HtmlElement) -> str:
    """All classes, styles and roles below `root`, to see at once whether a search is worth its time."""
    return "\n".join(_NAMES(root))
