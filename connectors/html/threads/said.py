"""What the elements of a block say, without other blocks in them, and without who wrote it and when."""

from dataclasses import dataclass
from itertools import pairwise

from lxml.html import HtmlElement

from connectors.html.threads.evidence import Evidence, letters

# Of these a body is made, and none is one: to take the longest would lose the others
PARAGRAPHS = frozenset((
    "p", "pre", "ul", "ol", "blockquote", "h1", "h2", "h3", "h4", "h5", "h6", "b", "strong", "i", "em", "font", "span",
    "a", "code", "br", "u", "table",
))  # fmt: skip
_SHOWN = ("pre", "img", "code", "iframe", "video")  # what a paragraph without prose may hold

_BARS = 3  # letters between links that are no words: "Reply | Quote"


@dataclass(frozen=True, slots=True)
class Said:
    """`others`: letters of blocks that stand in an element, which are not its own."""

    evidence: Evidence
    others: dict[HtmlElement, float]

    def prose(self, element: HtmlElement) -> float:
        return self.evidence.prose[element] - self.others.get(element, 0.0)

    def richest(self, elements: list[HtmlElement]) -> HtmlElement:
        return elements[0] if len(elements) == 1 else max(elements, key=self.prose)

    def holds(self, element: HtmlElement, marks: list[HtmlElement]) -> bool:
        """Whether it is around one of `marks`, or is one."""
        return any(self.evidence.within(mark, element) for mark in marks)

    def words(self, element: HtmlElement, marks: list[HtmlElement]) -> float:
        """Letters of what it says besides `marks`."""
        if not self.holds(element, marks):
            return self.prose(element)
        return sum(map(self.prose, self.rest(element, marks))) + self._own(element, marks)

    def rest(self, element: HtmlElement, marks: list[HtmlElement]) -> list[HtmlElement]:
        """Of what is in an element, all that may be words of a post: nothing that holds one of `marks`, and from the
        first paragraph to the last, unless the words stand in the element itself."""
        free = [child for child in element.iterchildren("*") if self._speaks(child) and not self.holds(child, marks)]
        places = [at for at, child in enumerate(free) if child.tag in PARAGRAPHS and self.prose(child) > _BARS]
        if not places or self._own(element, marks) > sum(self.prose(free[at]) for at in places):
            return free
        return free[places[0] : places[-1] + 1]

    def _speaks(self, element: HtmlElement) -> bool:
        return bool(self.prose(element)) or element.tag in _SHOWN or next(element.iter(*_SHOWN), None) is not None

    def _own(self, element: HtmlElement, marks: list[HtmlElement]) -> float:
        if element in marks or element in self.evidence.times or element in self.evidence.people:
            return 0.0
        return letters(element.text) + sum(letters(child.tail) for child in element)


def said_in(members: list[HtmlElement], evidence: Evidence) -> Said:
    """For blocks made of `members`, in the order of the page."""
    others: dict[HtmlElement, float] = {}
    known = set(members) if any(evidence.within(two, one) for one, two in pairwise(members)) else set()
    for member in known:
        for around in member.iterancestors():
            others[around] = others.get(around, 0.0) + evidence.prose[member]
            if around in known:
                break
    return Said(evidence, others)
