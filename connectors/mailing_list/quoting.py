"""The text of a message → Markdown of what its author says.

Signatures, list footers and remarks on scrubbed attachments go; of quotes stay those that own text follows; a whole
message quoted above or below the answer goes, with the line that introduces it. See connectors/reading/mail.
"""

from collections.abc import Set
from dataclasses import dataclass

import re2

from connectors.mailing_list.repeated import without_repeated
from connectors.reading.mail import (
    answered,
    quote,
    runs,
    whole_addresses,
    without_added,
    without_copies,
    without_devices,
    without_endings,
)

_SCRUBBED = re2.compile(
    r"^-{6,} next part -{6,}\s*$|^(?:An?|A non-text) .*attachment was scrubbed\.\.\.\s*$"
    r"|^(?:URL|Url) ?: <?https?://\S*attachments?/\S*$|^(?:Name|Type|Size|Desc): .{1,200}$"
)
_ARMOUR = re2.compile(r"^-----(BEGIN|END) PGP (?:SIGNED MESSAGE|SIGNATURE)-----\s*$")
_SENDER_MARK = re2.compile(r"^(>+)From ")
_GOES_ON = re2.compile(r"^(>+) ?\p{Ll}")
_BLANKS = re2.compile(r"\n[ \t]*\n(?:[ \t]*\n)+")
_PROSE = re2.compile(r"^[\pL\d\"'(\[“‘*_$<`][^\t]*$")
_ADDRESS_ALONE = re2.compile(r"^(?:\S+ )?\S*https?://\S+$")  # at its end an address is broken, or nothing is
_SHORTEST_WRAPPED = 50


@dataclass(frozen=True)
class Written:
    """The text of a mail. `author`: by whose name a signature without a mark is known. `flowed`: lines that end in a
    space go on in the next (RFC 3676); `delsp`: that space is none of the text. `markdown`: made from HTML already."""

    text: str
    author: str = ""
    flowed: bool = False
    markdown: bool = False
    delsp: bool = False


def to_markdown(mail: Written, said: Set[str] = frozenset()) -> str:
    """What the author of `mail` says in it. `said`: the paragraphs of the thread's messages before it."""
    lines = mail.text.replace("\r\n", "\n").replace("\r", "\n").replace("\xa0", " ").split("\n")
    lines = _without_scrubbed(_without_sender_marks(lines))
    lines = without_copies(without_repeated(without_endings(whole_addresses(lines)), said))
    if mail.flowed:
        lines = _unflowed(lines, mail.delsp)
    found = answered(runs([line if mail.markdown else line.rstrip() for line in lines]))
    last = max((number for number, run in enumerate(found) if not run.quoted), default=-1)
    blocks = [
        _quote(run.lines) if run.quoted else _own(run.lines, mail.author if number == last else None)
        for number, run in enumerate(found)
    ]
    whole = _BLANKS.sub("\n\n", "\n\n".join(block for block in blocks if block.strip())).rstrip()
    return whole if mail.markdown else "\n\n".join(_unwrapped(part) for part in whole.split("\n\n"))


def _own(lines: list[str], author: str | None) -> str:
    """`author` is None where more follows: a signature stands at the end."""
    lines = without_devices(lines)
    return "\n".join(lines if author is None else without_added(lines, author)).strip("\n")


def _without_sender_marks(lines: list[str]) -> list[str]:
    """A mark before "From " at the beginning of a line is none of a quote; where the sentence goes on below, it is
    quoted as deep as that, however many programs have put a mark."""
    kept = []
    for line, after in zip(lines, [*lines[1:], ""], strict=True):
        found, following = _SENDER_MARK.match(line), _GOES_ON.match(after)
        if found and following and len(following[1]) < len(found[1]):
            kept.append(f"{following[1]} {line.lstrip('>')}")
        else:
            kept.append(line[1:] if found else line)
    return kept


def _without_scrubbed(lines: list[str]) -> list[str]:
    """Remarks of the archive on attachments stand in a block after "next part"; armour of signed messages goes."""
    kept: list[str] = []
    scrubbing = armour = False
    for line in lines:
        mark = _ARMOUR.match(line)
        if mark:
            armour = mark[1] == "BEGIN" and "SIGNATURE" in line
            continue
        scrubbed = bool(_SCRUBBED.match(line)) and (scrubbing or line.startswith("---") or "scrubbed" in line)
        scrubbing = scrubbed
        if not scrubbed and not armour:
            kept.append(line)
    return kept


def _unflowed(lines: list[str], delsp: bool) -> list[str]:
    """Paragraphs on a line each, quoted ones too; "-- " ends none."""
    joined: list[str] = []
    before: tuple[int, bool] = (0, False)  # how deep the line above is quoted, and whether it goes on
    for line in lines:
        depth, content = _depth(line)
        goes_on = content.endswith(" ") and bool(content.strip()) and content != "-- "
        content = content[:-1] if goes_on and delsp else content
        if before == (depth, True) and content.strip():
            joined[-1] += content
        else:
            joined.append(f"{'>' * depth} {content}" if depth else content)
        before = (depth, goes_on)
    return joined


def _depth(line: str) -> tuple[int, str]:
    """How deep a line is quoted, and what it says; a space in front is stuffing."""
    content = line.lstrip(">")
    return len(line) - len(content), content.removeprefix(" ")


def _quote(lines: list[str]) -> str:
    text = _BLANKS.sub("\n\n", "\n".join(quote(lines))).strip("\n")
    return "\n".join(f"> {line}".rstrip() for line in text.split("\n")) if text.strip() else ""


def _unwrapped(paragraph: str) -> str:
    """Prose that was wrapped by a mail program is one line again; anything indented, listed or short is not prose."""
    lines = paragraph.split("\n")
    wrapped = all(map(_is_wrapped, lines[:-1]))
    return " ".join(lines) if len(lines) > 1 and wrapped and _PROSE.match(lines[-1]) else paragraph


def _is_wrapped(line: str) -> bool:
    whole = _SHORTEST_WRAPPED <= len(line) <= 80 and _PROSE.match(line)
    return bool(whole) and not _ADDRESS_ALONE.match(line)
