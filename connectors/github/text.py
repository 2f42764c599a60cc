"""What people write on GitHub, without what GitHub and its templates put around it."""

import re2

from connectors.reading.mail import without_reply

_TEMPLATE_NOTE = re2.compile(r"(?s)<!--.*?-->")
_EMPTY_HEADING = re2.compile(r"(?m)^#{1,6} [^\n]+\n+_No response_[ \t]*(?:\n|\z)")
_IMAGE = re2.compile(r"(?i)<img\b[^>]*>")
_PICTURE_TAG = re2.compile(r"(?i)</?(?:p|div|center|details|summary|picture|source|br|b|i|em|strong|span|a)\b[^>\n]*>")
_FENCE = re2.compile(r"^(?:\s*>)*\s*(?:(```+)[^`]*|(~~~+).*)$")
_INDENTED = re2.compile(r"(?:^|\n[ \t]*\n)(?:(?: {4}|\t)[^\n]*(?:\n|$))+")
_ITEM = re2.compile(r"^\s*(?:[-*+]|\d{1,9}[.)])\s")
_TICKS = re2.compile(r"`+")


def markdown(body: str) -> str:
    """As written, without the notes of an issue template, fields that nobody filled in, pictures in HTML, and the mail
    that a reply by mail quotes."""
    runs: list[tuple[bool, list[str]]] = [(False, [])]
    fence = ""
    for line in without_reply(body.replace("\r\n", "\n").replace("\r", "\n")).split("\n"):
        found = _FENCE.match(line)
        mark = (found[1] or found[2]) if found else ""
        if mark and not fence:
            fence = mark
            runs.append((True, [line]))
            continue
        runs[-1][1].append(line)
        if fence and mark.startswith(fence) and line.strip(" \t>") == mark:
            fence = ""
            runs.append((False, []))
    if fence:
        runs[-1][1].append(fence)
    return "\n".join("\n".join(lines) if code else _prose("\n".join(lines)) for code, lines in runs).strip()


def _prose(text: str) -> str:
    """Code within it, indented or between backticks, stays as it is."""
    shown = _code_in(text)
    text = _TEMPLATE_NOTE.sub(
        lambda note: note[0] if any(begin <= note.start() < end for begin, end in shown) else "", text
    )
    parts = []
    start = 0
    for begin, end in _code_in(text):
        parts += [_PICTURE_TAG.sub("", _IMAGE.sub("", text[start:begin])), text[begin:end]]
        start = end
    parts.append(_PICTURE_TAG.sub("", _IMAGE.sub("", text[start:])))
    return _EMPTY_HEADING.sub("", "".join(parts))


def _code_in(text: str) -> list[tuple[int, int]]:
    """Where code begins and ends, in order, no two of these overlapping."""
    found = [block.span() for block in _INDENTED.finditer(text) if not _in_a_list(text[: block.start()])]
    ticks = [mark.span() for mark in _TICKS.finditer(text)]
    closing = {end - begin: at for at, (begin, end) in enumerate(ticks)}  # the last run of each length
    at = 0
    while at < len(ticks):
        length = ticks[at][1] - ticks[at][0]
        stop = at
        if closing[length] > at:
            stop = next(after for after in range(at + 1, len(ticks)) if ticks[after][1] - ticks[after][0] == length)
            found.append((ticks[at][0], ticks[stop][1]))
        at = stop + 1
    return _apart(sorted(found))


def _in_a_list(above: str) -> bool:
    """Whether what is indented below `above` is part of a list's item."""
    lines = (line for line in reversed(above.split("\n")) if line.strip() and not line.startswith("    "))
    return bool(_ITEM.match(next(lines, "")))


def _apart(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    kept: list[tuple[int, int]] = []
    for begin, end in spans:
        if not kept or begin >= kept[-1][1]:
            kept.append((begin, end))
    return kept
