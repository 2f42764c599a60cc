"""A whole mail that stands below its headers, or below "Original Message", without quote marks.

What a mail program copies below an answer goes to its end. An author who shows headers keeps them: in code, indented,
or after words that announce them ("the headers are:").
"""

import re2

from connectors.reading.mail.attribution import attribution_at
from connectors.reading.mail.marks import is_quoted
from connectors.reading.mail.phrases import LABELS, any_of, phrases

_LABELLED = re2.compile(r"^\s*[*_]{0,3}([^\s*_:：>][^:：\n]{0,29}?)\s*[*_]{0,3}\s*[:：](?:\s|[*_]|\\?$|[^\s/])")
_original = any_of(phrases("original"))
_ORIGINAL = re2.compile(rf"(?i)^[>*\s]{{0,4}}[-_=─—*]{{2,}}\s*{_original}(?:\s*[:：])?\s*\\?[-_=─—*]{{2,}}[^\pL\d]*$")
_ORIGINAL_NAMED = re2.compile(rf"(?i)^[*_\s]*{_original}[*_\s]*[:：][*_\s\\]*$")  # only above headers
_RULE = re2.compile(r"^[\s\\]*(?:[-_*=─—]\s?){3,}\\?\s*$")
_RAW = re2.compile(r"(?i)^(?:received|message-id|mime-version|content-[a-z-]+|return-path|dkim-signature|x-[a-z-]+):")
_FENCE = re2.compile(r"^\s*(?:```|~~~)")
_MOST_HEADERS = 30  # lines
_WRAPPED = 4  # lines that a list of addresses may go on for


def without_copies(lines: list[str]) -> list[str]:
    """`lines` up to where a mail is copied to the end.

    Where the copy has quote marks after all, only its headers go; where nothing stands above it, it stays.
    """
    lines = _without_first_rule(lines)
    fenced = False
    number = 0
    while number < len(lines):
        fenced ^= bool(_FENCE.match(lines[number]))
        end = 0 if fenced or is_quoted(lines[number]) else _head(lines, number)
        above = _without_rules(lines[:number])
        if end and any(line.strip() for line in above) and not is_announced(above):
            if not _goes_on_quoted(lines[end:]):
                return above
            lines = [*above, "", *lines[end:]]
            number = len(above)
        number += 1
    return lines


def _without_first_rule(lines: list[str]) -> list[str]:
    """`lines` without "Original Message" above everything else."""
    first = next((number for number, line in enumerate(lines) if line.strip()), 0)
    return lines[first + 1 :] if lines and _ORIGINAL.match(lines[first].strip()) else lines


def header_block(lines: list[str], start: int) -> int:
    """The end of the headers of a mail that begin at `start`, 0 where none do.

    It names a sender, and two of time, addressee and subject, all in one language.
    """
    if not _role_in_any(lines[start], ("from", "sent", "subject", "to")):
        return 0
    end = max(_end_in(labels, lines, start) for labels in LABELS.values())
    shown = all(line.startswith(("    ", "\t")) for line in lines[start:end] if line.strip())
    return 0 if shown else end


def _head(lines: list[str], number: int) -> int:
    """The end of what begins a copied mail at `number`, 0 where none begins."""
    if not _ORIGINAL.match(lines[number].strip()):
        return header_block(lines, number) or _attribution(lines, number)
    after = number + 1
    while after < len(lines) and not lines[after].strip():
        after += 1
    return (header_block(lines, after) if after < len(lines) else 0) or number + 1


def _attribution(lines: list[str], number: int) -> int:
    """Above quote marks it is left to `quoted.runs`."""
    end = attribution_at(lines, number)
    return end if end and not _goes_on_quoted(lines[end:]) else 0


def _label(line: str) -> str:
    found = _LABELLED.match(line)
    return found[1].strip().casefold() if found else ""


def _role_in_any(line: str, roles: tuple[str, ...]) -> bool:
    label = _label(line)
    return bool(label) and any(labels.get(label) in roles for labels in LABELS.values())


def _end_in(labels: dict[str, str], lines: list[str], start: int) -> int:
    roles: list[str] = []
    end = start
    for number in range(start, min(start + _MOST_HEADERS, len(lines))):
        role = labels.get(_label(lines[number]), "")
        if _RAW.match(lines[number].lstrip()):
            return 0
        if role and number - end <= _WRAPPED and not _is_second(role, roles):
            roles.append(role)
            end = number + 1
        elif lines[number].strip() and not (roles and roles[-1] in ("to", "cc", "from", "subject")):
            break
    said = set(roles)
    return end if "from" in said and "sent" in said and said & {"to", "subject"} else 0


def _is_second(role: str, roles: list[str]) -> bool:
    return role in roles and role not in ("cc", "other")


def _goes_on_quoted(lines: list[str]) -> bool:
    return is_quoted(next((line for line in lines if line.strip()), ""))


def is_announced(above: list[str]) -> bool:
    """Whether its author says that headers follow."""
    last = next((line for line in reversed(above) if line.strip()), "")
    return last.rstrip(" *_\\").endswith((":", "："))


def _without_rules(above: list[str]) -> list[str]:
    kept = list(above)
    while kept and (not kept[-1].strip() or _RULE.match(kept[-1]) or _ORIGINAL_NAMED.match(kept[-1])):
        kept.pop()
    return kept
