"""What stands below what somebody wrote: signatures, "sent from my …", confidentiality notes, footers of lists.

All is judged by the whole of a line or a paragraph: a sentence that only begins like one of these stays.
"""

import re2

from connectors.reading.mail.attribution import attribution_lines
from connectors.reading.mail.marks import is_quoted
from connectors.reading.mail.phrases import FOOTERS, PRIVATE, any_of, is_wide, phrases

_LONG_RULE = re2.compile(r"^(?:_{20,}|-{30,}|={30,})\s*$")
_SHORT_RULE = re2.compile(r"^\s*(?:-{2,3}|—|_{2,}|[-_=*#~]{4,}|(?:-=|=-|-~|~-){3,}[-=~]?)\s*$")
_OF_A_LIST = re2.compile(
    r"(?i)mailing list|listinfo|unsubscribe|/mailman|lists?\.|google groups|yahoo!? groups|groups\.io"
)
_FOOTER = re2.compile(rf"(?i)^[*_\s]*(?:{'|'.join(FOOTERS)})")
_PLACE = re2.compile(r"(?i)https?://|\S@\S|\bthis (?:group|list|thread|e-?mail|message)\b|\bgit(?:hub|lab)\b")
_LONGEST_FOOTER = 25  # lines with text
_CODE = re2.compile(r"(?i)[;{}]\s*$|^\s*(?:select|create|insert|update|delete|alter|drop|with|import|local)\s")
_MOST_SIGNATURE = 20  # lines with text below "-- "

_devices = phrases("device")
_begin = any_of(d for d in _devices if not d.startswith("…"))
_end = any_of(d[1:] for d in _devices if d.startswith("…"))
_LINK = re2.compile(r"\[([^\]\n]*)\]\([^)\n]*\)|<https?://[^>\s]*>|\(https?://[^)\s]*\)")
_LONGEST_DEVICE = 90  # characters
# one phrase and a few words more, no sentence
_DEVICE = re2.compile(
    rf"(?i)^[\s*_\\[(>–—-]*(?:{_begin}(?:[^\n.!?,;:，。！？；：、]|\.[\pL\d])*|[^\n.!?,;:，。！？；：、]+{_end})"
    r"(?:\. (?:please )?(?:excuse|pardon|forgive) [^.\n]{1,40})?[\s*_\\\]).!]*$"
)
_CLOSING = re2.compile(
    rf"(?i)^[\s*_–—-]*{any_of(phrases('closing'))}[\s*_]*(?:[,.!;:、，。！~-]*[\s*_\\]*$|[,，!]\s*(.+)$|\s+(.+)$)"
)
_WORD = re2.compile(r"[\pL\pM]+")
_SENTENCE = re2.compile(r"[.?!;{}。？！:：]\s*\\?$|^\s*(?:[$#>|`]|[-*•]\s|\d+[.)]\s|    )")
_SHORT = 60  # characters of a line of a signature
_MOST_LINES = 6
_NOTE = re2.compile(r"^\s*\[\d{1,3}\]:?(?:\s|\S?https?://)")
_SHORTEST_NOTE = 80  # characters; half as many where a character is a word


def without_endings(lines: list[str]) -> list[str]:
    """A mail's lines without a signature below "-- " and without a list's footer, wherever quotes go on below."""
    kept = list(lines)
    number = 0
    while number < len(kept):
        end = _ending(kept, number) if any(line.strip() for line in kept[:number]) else 0
        if end:
            kept = [*kept[:number], *kept[end:]]
        else:
            number += 1
    return kept


def without_added(lines: list[str], author: str | None = "") -> list[str]:
    """Own lines without what was put below them: notes, "sent from my …", a closing with the name of its `author`.

    `author` is "" where nobody knows the name, and None where a closing is to stay. What the text refers to as [1]
    stays, also where it stands below the closing.
    """
    above, footnotes = _footnotes_apart(_without_blank_end(lines))
    if footnotes:
        return [*without_added(above, author), *footnotes]
    kept = above
    while True:
        shorter = _without_blank_end(_without_note(_without_device(kept)))
        shorter = shorter if author is None else _without_blank_end(_without_signature(shorter, author))
        if len(shorter) == len(kept) or not any(line.strip() for line in shorter):
            return kept
        kept = shorter


def _footnotes_apart(lines: list[str]) -> tuple[list[str], list[str]]:
    """What stands above the last paragraphs that begin with "[1] …", and these."""
    above = lines
    while above and _NOTE.match(above[_last_paragraph(above)]):
        above = _without_blank_end(above[: _last_paragraph(above)])
    return (above, lines[len(above) :]) if above else (lines, [])


def without_devices(lines: list[str]) -> list[str]:
    """Own lines without those between blank ones that a device has added."""
    return [line for number, line in enumerate(lines) if not _is_device(lines, number)]


def _is_device(lines: list[str], number: int) -> bool:
    around = (*lines[max(number - 1, 0) : number], *lines[number + 1 : number + 2])
    alone = number > 0 and not any(line.strip() for line in around)
    return alone and len(_without_device(["", lines[number]])) == 1


def is_added(line: str) -> bool:
    """Whether a tracker or a list has added this line to a mail."""
    return bool(_FOOTER.match(line.lstrip(" —–-"))) and bool(_PLACE.search(line))


def _ending(lines: list[str], number: int) -> int:
    """Where what begins at `number` ends: a signature or a footer; 0 if none begins."""
    line, rest = lines[number], lines[number + 1 :]
    quoted = next((place for place, after in enumerate(rest) if is_quoted(after)), len(rest))
    end = quoted - (attribution_lines(_without_blank_end(rest[:quoted])) if quoted < len(rest) else 0)
    filled = [after for after in rest[:end] if after.strip()]
    if line == "-- " or (line.rstrip() == "--" and len(filled) < 15):
        is_one = len(filled) <= _MOST_SIGNATURE and not (filled and _CODE.search(filled[0]))
    elif line.strip() in ("—", "–") and filled and len(filled) <= _MOST_LINES:
        is_one = all(_is_of_signature(after, "") for after in filled) or _begins_footer(line, filled)
    else:
        is_one = len(filled) <= _LONGEST_FOOTER and _begins_footer(line, filled)
    return number + 1 + end if is_one else 0


def _begins_footer(line: str, below: list[str]) -> bool:
    if _LONG_RULE.match(line):
        return any(_OF_A_LIST.search(after) for after in below[:3])
    if _SHORT_RULE.match(line):
        return any(_FOOTER.match(after) for after in below[:2])
    return bool(_FOOTER.match(line)) and any(_PLACE.search(each) for each in (line, *below[:2]))


def _without_device(lines: list[str]) -> list[str]:
    if len(lines) < 2 or lines[-2].strip():
        return lines
    last = _LINK.sub(r"\1", lines[-1])
    return lines[:-1] if len(last) <= _LONGEST_DEVICE and _DEVICE.match(last) else lines


def _without_note(lines: list[str]) -> list[str]:
    """`lines` without a last paragraph that says three of the four things a confidentiality note says."""
    start = _last_paragraph(lines)
    text = " ".join(lines[start:]).casefold()
    if len(text) < _SHORTEST_NOTE // (2 if is_wide(text) else 1):
        return lines
    said = max(sum(any(stem in text for stem in stems) for stems in language) for language in PRIVATE)
    if said < 3:
        return lines
    above = _without_blank_end(lines[:start])
    heading = above[-1].casefold() if above else ""
    titled = len(heading) < _SHORT and any(stem in heading for language in PRIVATE for stem in language[0])
    return above[:-1] if titled else above


def _without_signature(lines: list[str], author: str) -> list[str]:
    """`lines` without a closing and what follows it, or without a last paragraph that the author's name begins."""
    filled = [number for number, line in enumerate(lines) if line.strip()][-_MOST_LINES - 1 :]
    for place, number in enumerate(filled):
        found = _CLOSING.match(lines[number]) if len(lines[number]) <= _SHORT else None
        below = [lines[after] for after in filled[place + 1 :]]
        if found and _ends_a_letter(found[1], found[2], below, author):
            return lines[:number] if all(_is_of_signature(line, author) for line in below) else lines
    start = _last_paragraph(lines)
    paragraph = lines[start:]
    if len(paragraph) > 1 and _SHORT_RULE.match(paragraph[0]):
        paragraph = paragraph[1:]
    named = start and author and len(paragraph) <= _MOST_LINES and _names(paragraph[0], author)
    return lines[:start] if named and all(_is_of_signature(line, author) for line in paragraph) else lines


def _ends_a_letter(after_comma: str | None, after_space: str | None, below: list[str], author: str) -> bool:
    """Whether a closing is followed by a name: on its line or the next, or by nothing at all."""
    if after_comma or after_space:
        return _is_name(after_comma, author) if after_comma else _names(after_space or "", author)
    return not below or _is_name(below[0], author)


def _is_of_signature(line: str, author: str) -> bool:
    return _names(line, author) or (len(line) <= _SHORT and not _SENTENCE.search(line))


def _names(line: str, author: str) -> bool:
    """Whether a line is the author's name, or a part of it."""
    words = [word.casefold() for word in _WORD.findall(line)]
    return 0 < len(words) <= 4 and set(words) <= {word.casefold() for word in _WORD.findall(author)}


def _is_name(line: str, author: str) -> bool:
    if _names(line, author):
        return True
    words = _WORD.findall(line)
    return 0 < len(words) <= 3 and not any(word[0].islower() for word in words) and _is_of_signature(line, author)


def _last_paragraph(lines: list[str]) -> int:
    """Where it begins."""
    start = len(lines)
    while start and lines[start - 1].strip():
        start -= 1
    return start


def _without_blank_end(lines: list[str]) -> list[str]:
    end = len(lines)
    while end and not lines[end - 1].strip():
        end -= 1
    return lines[:end]
