"""The text of a message → Markdown of what its author says.

Signatures ("-- ", RFC 3676), list footers and remarks on scrubbed attachments go; of quotes stay those that own text
follows; a whole message quoted above or below the answer goes, with the line that introduces it.
"""

from itertools import pairwise

import re2

LONGEST_QUOTE = 12  # lines above a single answer: more is the message before, quoted whole
_ATTRIBUTION = re2.compile(
    r"(?i)(?:\b(?:wrote|writes|said|schrieb|écrit|escribió|scrisse)\b|写道|寫道|<[^<>]*(?:@| at )[^<>]*>)"
    r"[^\n]{0,80}[:：]\s*$"
    r"|^\W*(?:on|am|le|el|在)\b.{10,300}(?:wrote|schrieb|écrit|escribió|写道)\W*$"
)
_OUTLOOK = re2.compile(
    r"(?i)^-{3,}\s*(?:original message|forwarded message|ursprüngliche nachricht|原始邮件|原邮件)\s*-{3,}\s*$"
)
_OUTLOOK_HEADER = re2.compile(r"(?i)^\*?(?:from|von|发件人)[:：]\*?\s.*")
_OUTLOOK_SENT = re2.compile(r"(?i)^\*?(?:sent|date|gesendet|to|发送时间)[:：]")
_FOOTER = re2.compile(r"^(?:_{20,}|-{30,}|={30,})\s*$")
_FOOTER_TEXT = re2.compile(r"(?i)mailing list|listinfo|unsubscribe|/mailman|lists?\.")
_SCRUBBED = re2.compile(
    r"^-{6,} next part -{6,}\s*$|^(?:An?|A non-text) .*attachment was scrubbed\.\.\.\s*$"
    r"|^(?:URL|Url) ?: <?https?://\S*attachments?/\S*$|^(?:Name|Type|Size|Desc): .{1,200}$"
)
_ARMOUR = re2.compile(r"^-----(BEGIN|END) PGP (?:SIGNED MESSAGE|SIGNATURE)-----\s*$")
_QUOTED = re2.compile(r"^ ?(?:>|\|\s?>)")
_PREFIX = re2.compile(r"^ ?> ?")
_SENDER_MARK = re2.compile(r"^>+From ")
_BLANKS = re2.compile(r"\n[ \t]*\n(?:[ \t]*\n)+")
_PROSE = re2.compile(r"^[\pL\d\"'(\[“‘*_$<`][^\t]*$")
_SHORTEST_WRAPPED = 50

Run = tuple[bool, list[str]]


def to_markdown(text: str, flowed: bool = False, is_markdown: bool = False) -> str:
    """`flowed`: lines that end in a space go on in the next (RFC 3676). `is_markdown`: made from HTML already."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").replace("\xa0", " ").split("\n")
    lines = _without_ends(_without_scrubbed([line[1:] if _SENDER_MARK.match(line) else line for line in lines]))
    if flowed:
        lines = _unflowed(lines)
    runs = _answered(_without_attributions(_runs([line.rstrip() for line in lines])))
    blocks = [_quote(lines) if quoted else "\n".join(lines).strip("\n") for quoted, lines in runs]
    whole = _BLANKS.sub("\n\n", "\n\n".join(block for block in blocks if block.strip())).rstrip()
    return whole if is_markdown else "\n\n".join(_unwrapped(part) for part in whole.split("\n\n"))


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


def _without_ends(lines: list[str]) -> list[str]:
    """Cut where a signature, a footer or a message quoted without marks begins."""
    for number, line in enumerate(lines):
        rest = lines[number + 1 :]
        signature = line == "-- " or (line.rstrip() == "--" and len(rest) < 15)
        footer = bool(_FOOTER.match(line)) and any(_FOOTER_TEXT.search(after) for after in rest[:3])
        header = bool(_OUTLOOK_HEADER.match(line)) and any(_OUTLOOK_SENT.match(after) for after in rest[:2])
        if (signature or footer or header or _OUTLOOK.match(line)) and any(before.strip() for before in lines[:number]):
            return lines[:number]
    return lines


def _unflowed(lines: list[str]) -> list[str]:
    joined: list[str] = []
    open_line = False
    for line in lines:
        content = line.removeprefix(" ") if not _QUOTED.match(line) else line
        if open_line and content.strip() and not _QUOTED.match(line):
            joined[-1] += content
        else:
            joined.append(content)
        open_line = content.endswith(" ") and not _QUOTED.match(line) and bool(content.strip())
    return joined


def _runs(lines: list[str]) -> list[Run]:
    """Runs of quoted and of own lines; blank lines belong to the run before."""
    runs: list[Run] = []
    for line in lines:
        quoted = bool(_QUOTED.match(line)) if line.strip() else bool(runs and runs[-1][0])
        if not runs or runs[-1][0] != quoted:
            runs.append((quoted, []))
        runs[-1][1].append(line)
    return runs


def _without_attributions(runs: list[Run]) -> list[Run]:
    """Own lines that introduce a quote ("On … wrote:") are the last three before it at most."""
    for (quoted, lines), (next_quoted, _) in pairwise(runs):
        if not quoted and next_quoted:
            _drop_attribution(lines)
    return [(quoted, lines) for quoted, lines in runs if any(line.strip() for line in lines)]


def _drop_attribution(lines: list[str]) -> None:
    while lines and not lines[-1].strip():
        lines.pop()
    for count in (1, 2, 3):
        last = lines[-count:]
        if len(last) == count and all(map(str.strip, last)) and _ATTRIBUTION.search(" ".join(last)):
            start = -count - 1
            wrapped = count == 1 and len(lines) > 1 and lines[start][:3].lower() in ("on ", "am ", "le ")
            del lines[-count - wrapped :]
            return


def _answered(runs: list[Run]) -> list[Run]:
    """Quotes that own text follows; a single long one before all of the answer is not interleaved."""
    while runs and runs[-1][0]:
        runs = runs[:-1]
    quotes = [lines for quoted, lines in runs if quoted]
    if len(quotes) == 1 and len(quotes[0]) > LONGEST_QUOTE:
        return [(quoted, lines) for quoted, lines in runs if not quoted]
    return runs


def _quote(lines: list[str]) -> str:
    """A blockquote of what was answered: what that quoted in its turn is left out."""
    inner = [_PREFIX.sub("", line) for line in lines if _QUOTED.match(line)]
    content = [line for line in inner if not _QUOTED.match(line) and not (line.strip() and _ATTRIBUTION.search(line))]
    text = _BLANKS.sub("\n\n", "\n".join(content)).strip("\n")
    return "\n".join(f"> {line}".rstrip() for line in text.split("\n")) if text.strip() else ""


def _unwrapped(paragraph: str) -> str:
    """Prose that was wrapped by a mail program is one line again; anything indented, listed or short is not prose."""
    lines = paragraph.split("\n")
    wrapped = all(_SHORTEST_WRAPPED <= len(line) <= 80 and _PROSE.match(line) for line in lines[:-1])
    return " ".join(lines) if len(lines) > 1 and wrapped and _PROSE.match(lines[-1]) else paragraph
