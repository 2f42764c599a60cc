"""Pieces of lines of a PDF: letters that stand together, their looks and their place."""

from dataclasses import dataclass, field

_RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


@dataclass(frozen=True, slots=True)
class Style:
    """How letters look. `size` in points."""

    size: float
    mono: bool = False
    bold: bool = False
    italic: bool = False
    math: bool = False


@dataclass(slots=True)
class Piece:
    """Letters of one line that stand together; `y` is their base line, which grows upwards. `table` is one of rows."""

    x0: float
    x1: float
    y: float
    style: Style
    spans: list[tuple[str, Style, float]] = field(default_factory=list)
    top: float = 0.0
    bottom: float = 0.0
    table: list[list[str]] | None = None

    @property
    def text(self) -> str:
        return "".join(text for text, _, _ in self.spans)

    @property
    def with_raised(self) -> str:
        """Its text with small raised digits, as of notes and powers, as such: they are no part of the number before."""
        return "".join(
            text.translate(_RAISED) if is_raised(style, rise, self.style.size) else text
            for text, style, rise in self.spans
        )


def is_raised(style: Style, rise: float, size: float) -> bool:
    """Whether letters stand above the base line, and are smaller than those of their line, which have this size."""
    return rise > 0.2 * size and style.size < size
