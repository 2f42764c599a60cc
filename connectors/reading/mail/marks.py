"""Quote marks at the beginning of lines."""

import re2

_QUOTED = re2.compile(r"^ ?(?:>|\|\s?>)")
_PREFIX = re2.compile(r"^ ?> ?")


def is_quoted(line: str) -> bool:
    """Whether a line is of a quote, `> so`."""
    return bool(_QUOTED.match(line))


def unquoted(line: str) -> str:
    """A quoted line without its first mark."""
    return _PREFIX.sub("", line, count=1)
