"""Whose record is kept of duplicates: the sources that stand before others, as the beginning of a policy's `prefer`.

`CASE source WHEN 'handbook' THEN 0 WHEN 'forum' THEN 1 ELSE 2 END, score DESC`: those of the handbook, then those of
the forum, then all others; of those of one source by what follows.
"""

import re
from collections.abc import Sequence

_BEGINNING = re.compile(r"CASE source ((?:WHEN '(?:[^']|'')*' THEN \d+ )+)ELSE \d+ END, ")
_SOURCE = re.compile(r"WHEN '((?:[^']|'')*)'")


def first_sources(prefer: str) -> tuple[str, ...]:
    """The sources that stand before others, in order; none where `prefer` does not begin with them."""
    found = _BEGINNING.match(prefer)
    return tuple(name.replace("''", "'") for name in _SOURCE.findall(found[1])) if found else ()


def among_one_source(prefer: str) -> str:
    """What is left of `prefer` for records of one source."""
    return _BEGINNING.sub("", prefer, count=1) if first_sources(prefer) else prefer


def with_first(prefer: str, sources: Sequence[str]) -> str:
    """The order with these sources before others, in place of those that stood there."""
    rest = among_one_source(prefer)
    return f"{rank(sources)}, {rest}" if sources else rest


def rank(sources: Sequence[str]) -> str:
    """SQL: the place of a record's source among these, from 0; of all others the one behind them."""
    cases = [f"WHEN {_quoted(name)} THEN {at}" for at, name in enumerate(sources)]
    return f"CASE source {' '.join(cases)} ELSE {len(cases)} END" if cases else "0"


def _quoted(name: str) -> str:
    return "'" + name.replace("'", "''") + "'"
