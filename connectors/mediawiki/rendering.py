"""What is known while a page is rendered."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from mwparserfromhell import nodes

from connectors.mediawiki.expansion import Context, Frame, Sources
from connectors.mediawiki.lines import BLOCK, SPAN


@dataclass(slots=True)
class Rendering:
    """What is known while a page is rendered: prefixes of links to leave out, finished blocks and spans by number, and
    the arguments of the template that is being expanded. `in_line`: what is being rendered stands within a line."""

    dropped: frozenset[str]
    context: Context
    sources: Sources
    blocks: list[str] = field(default_factory=list)
    frame: Frame | None = None
    in_line: bool = False

    def keep(self, block: str) -> str:
        """A mark for a finished block that nothing may touch any more."""
        self.blocks.append(block)
        return f"\n\n{BLOCK}{len(self.blocks) - 1}{BLOCK}\n\n" if block else ""

    def span(self, text: str) -> str:
        """The same for inline code."""
        self.blocks.append(text)
        return f"{SPAN}{len(self.blocks) - 1}{SPAN}" if text else ""

    def within(self, frame: Frame | None, render: Callable[[], str]) -> str:
        """What `render` gives among the arguments of `frame`."""
        before, self.frame = self.frame, frame
        try:
            return render()
        finally:
            self.frame = before


def is_alone(found: list[Any], index: int) -> bool:
    """Whether nothing but templates and comments stands on the lines of a template."""
    return _is_bare(reversed(found[:index]), "rpartition", 2) and _is_bare(iter(found[index + 1 :]), "partition", 0)


def _is_bare(around: Iterator[Any], method: str, side: int) -> bool:
    for node in around:
        if isinstance(node, nodes.Text):
            parts = getattr(str(node.value), method)("\n")
            if parts[side].strip():
                return False
            if parts[1]:
                return True
        elif not isinstance(node, nodes.Template | nodes.Comment):
            return isinstance(node, nodes.Heading)
    return True
