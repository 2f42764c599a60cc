"""Names of languages that a page shows above its blocks of code, as MDN and Microsoft Learn do: the fence says it."""

from lxml import etree
from lxml.html import HtmlElement

from connectors.html.code import normal_name
from connectors.html.tags import HEADINGS, MUTE

_LEVELS = 3  # frames around a block in which its label may stand
_LONGEST = 20
_SAID = etree.XPath(f".//text()[not({' or '.join(f'ancestor::{name}' for name in ('script', *MUTE))})]")
# Names that are known as labels, also of a block that declares no language
# fmt: off
_KNOWN = frozenset((
    "bash", "c", "cpp", "csharp", "css", "dart", "diff", "dockerfile", "elixir", "fsharp", "go", "graphql", "groovy",
    "haskell", "html", "http", "ini", "java", "javascript", "json", "jsx", "julia", "kotlin", "lua", "makefile",
    "matlab", "objectivec", "perl", "php", "powershell", "python", "r", "ruby", "rust", "scala", "sql", "swift",
    "toml", "tsx", "typescript", "vue", "xml", "yaml",
))
# fmt: on


def take_label(block: HtmlElement, language: str) -> str:
    """The language of a block: `language`, or where that is "" the one that a label right above it names. The label
    goes where it says no more than that."""
    label = _label(block)
    named = normal_name(_text(label)) if label is not None else ""
    if label is None or named not in {normal_name(language), *(() if language else _KNOWN)}:
        return language
    label.drop_tree()
    return language or named


def _label(block: HtmlElement) -> HtmlElement | None:
    """The short line right above `block`, in its own frames."""
    for _ in range(_LEVELS):
        before, frame = block.getprevious(), block.getparent()
        if before is not None:
            is_above = not (before.tail or "").strip() and before.tag not in HEADINGS
            return before if is_above and 0 < len(_text(before)) <= _LONGEST else None
        if frame is None or (frame.text or "").strip():
            return None
        block = frame
    return None


def _text(element: HtmlElement) -> str:
    """What an element says besides its buttons."""
    return " ".join("".join(_SAID(element)).split())
