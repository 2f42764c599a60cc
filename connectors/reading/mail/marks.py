"""Quote marks at the beginning of lines."""

import re2

_QUOTED = re2.compile(r"^ ?(?:>|\|\s?>)")
_OPEN_ADDRESS = re2.compile(r"<[^\s<>]+@[^\s<>]+$")
_REST = re2.compile(r"^>{1,2}[^\n]{0,60}[:：]\s*$")
_PREFIX = re2.compile(r"^ ?> ?")


def is_quoted(line: str) -> bool:
    """Whether a line is of a quote, `> so`."""
    return bool(_QUOTED.match(line))


def whole_addresses(lines: list[str]) -> list[str]:
    """`lines`, in which no address is broken before its ">", which would look like a quote mark."""
    kept: list[str] = []
    for line in lines:
        if kept and line.startswith(">") and _OPEN_ADDRESS.search(kept[-1]) and _REST.match(line):
            kept[-1] += line
        else:
            kept.append(line)
    return kept


def unquoted(line: str) -> str:
    """A quoted line without its first mark."""
    return _PREFIX.sub("", line, count=1)
