"""What a reader of rows gives for what is none."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Malformed:
    """What could not be read; `position` is a line or the number of an element."""

    position: str
    reason: str
    detail: str = ""
