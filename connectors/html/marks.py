"""Placeholders that carry exact text (code, mathematics, headings) through the Markdown converter unchanged."""

from dataclasses import dataclass, field

import re2
from lxml.html import Element, HtmlElement

# private-use characters, which `tree.parse` takes out of every page
MARK = re2.compile("\ue000(\\d+)\ue001")
_LINE = re2.compile("(?m)^([^\ue000\n]*)\ue000(\\d+)\ue001[ \t]*$")
_BULLET = re2.compile(r"[-*+](\s)|(\d+)[.)](\s)")


@dataclass(frozen=True, slots=True)
class Mark:
    """`text` is Markdown, of a heading as `escapes` leaves it; `level` is 1 to 6 for a heading, else 0; `inline` text
    stays within its line."""

    text: str
    level: int = 0
    anchor: str = ""
    inline: bool = False


@dataclass
class Marks:
    """The marks of one fragment, by number."""

    items: list[Mark] = field(default_factory=list)

    def put(self, element: HtmlElement, mark: Mark) -> None:
        """Replace `element` (not its tail) by `mark`."""
        token = Element("span" if mark.inline else "p")
        token.text = f"\ue000{len(self.items)}\ue001"
        token.tail = element.tail
        element.getparent().replace(element, token)
        self.items.append(mark)

    def restore(self, text: str) -> str:
        """Text with every mark in its place; the lines of a block keep the indent of its list or quote."""
        if not self.items:
            return text
        blocks = _LINE.sub(self._block, text)
        return MARK.sub(lambda found: self.items[int(found[1])].text, blocks)

    def _block(self, found: re2._Match) -> str:
        prefix, mark = found[1], self.items[int(found[2])]
        if mark.inline:
            return str(found[0])
        first, *rest = mark.text.split("\n")
        indent = _BULLET.sub(lambda bullet: " " * len(bullet[0]), prefix)
        return "\n".join([prefix + first, *(indent + line if line else indent.rstrip() for line in rest)])
