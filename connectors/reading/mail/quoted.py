"""Runs of quoted and of own lines, and which quotes are the context of an answer."""

from dataclasses import dataclass, replace
from itertools import pairwise

import re2

from connectors.reading.mail.attribution import attribution_lines
from connectors.reading.mail.copied import header_block
from connectors.reading.mail.marks import is_quoted, unquoted

LONGEST_QUOTE = 12  # lines above a single answer: more is the message before, quoted whole
_DATED = re2.compile(r"\d|@")
_FENCE = re2.compile(r"^\s*(```+|~~~+)[^`]*$")


@dataclass(frozen=True)
class Run:
    """Lines one below the other that are all quoted, or none; blank ones belong to the run before. A quote is
    `attributed` if a line above it, which is no part of any run, said whose it is."""

    quoted: bool
    lines: list[str]
    attributed: bool = False


def runs(lines: list[str], dated_only: bool = False) -> list[Run]:
    """`lines` as runs, without what introduces the quotes. Lines within a fence are own ones, whatever they hold.

    `dated_only`: "Ana wrote:" without a time or an address is no attribution, for texts in which people quote by hand.
    """
    found: list[Run] = []
    for line, fenced in zip(lines, _fenced(lines), strict=True):
        quoted = not fenced and is_quoted(line) if line.strip() else bool(found and found[-1].quoted)
        if not found or found[-1].quoted != quoted:
            found.append(Run(quoted, []))
        found[-1].lines.append(line)
    return _without_attributions(found, dated_only)


def answered(found: list[Run], attributed_only: bool = False) -> list[Run]:
    """`found` without the quotes that no own text follows, and without a single long one above all of the answer.

    `attributed_only`: other quotes stay, for texts in which people quote by hand.
    """
    kept = list(found)
    while kept and kept[-1].quoted and (kept[-1].attributed or not attributed_only):
        kept.pop()
    quotes = [run for run in kept if run.quoted]
    if len(quotes) == 1 and len(quotes[0].lines) > LONGEST_QUOTE and (quotes[0].attributed or not attributed_only):
        return [run for run in kept if not run.quoted]
    return kept


def quote(lines: list[str]) -> list[str]:
    """What was answered, unquoted: what it quoted or copied in its turn is left out, with its attributions."""
    inner = [unquoted(line).rstrip() for line in lines if is_quoted(line)]
    kept: list[str] = []
    for number, line in enumerate(inner):
        if header_block(inner, number):
            break
        if not is_quoted(line):
            kept.append(line)
            continue
        if kept and number and not is_quoted(inner[number - 1]):
            _drop_attribution(kept)
    return _without_last_attribution(kept)


def _without_last_attribution(lines: list[str]) -> list[str]:
    """`lines` without an attribution that is all there is of a paragraph."""
    kept: list[str] = []
    for line in [*lines, ""]:
        if not line.strip():
            count = attribution_lines(kept)
            kept = kept[: len(kept) - count]
        kept.append(line)
    return kept[:-1]


def _fenced(lines: list[str]) -> list[bool]:
    """For each line whether it is within a fence that is closed."""
    inside = [False] * len(lines)
    start, mark = -1, ""
    for number, line in enumerate(lines):
        found = _FENCE.match(line)
        if not found:
            continue
        if start < 0:
            start, mark = number, found[1]
        elif found[1].startswith(mark) and line.strip() == found[1]:
            inside[start : number + 1] = [True] * (number + 1 - start)
            start = -1
    return inside


def _without_attributions(found: list[Run], dated_only: bool) -> list[Run]:
    kept = list(found)
    for number, (run, following) in enumerate(pairwise(found)):
        if not run.quoted and following.quoted and _drop_attribution(run.lines, dated_only):
            kept[number + 1] = replace(following, attributed=True)
    return [run for run in kept if any(line.strip() for line in run.lines)]


def _drop_attribution(lines: list[str], dated_only: bool = False) -> bool:
    """Take the attribution at the end of `lines` away; whether there was one."""
    filled = len(lines)
    while filled and not lines[filled - 1].strip():
        filled -= 1
    count = attribution_lines(lines[:filled])
    if dated_only and not _DATED.search(" ".join(lines[filled - count : filled])):
        return False
    if count:
        del lines[filled - count :]
    return count > 0
