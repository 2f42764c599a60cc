"""Which parts of a Markdown text are prose: code, tables and formulas are masked while prose is cleaned.

Blocks are those of markdown-it, a CommonMark parser. Its inline tokens carry no positions, so code spans are found in
the source itself by CommonMark's rule (a run of backticks closes a run of the same length). Nothing is rendered: what
is masked comes back byte for byte.
"""

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterator
from functools import lru_cache

from markdown_it import MarkdownIt
from markdown_it.token import Token

# Noncharacters: no text holds them (see clean.safe), and they are neither letters nor digits to any pattern.
BLOCK, _SPAN, _END = "\ufdd2", "\ufdd3", "\ufdd4"
_DIGITS = "\ufde0\ufde1\ufde2\ufde3\ufde4\ufde5\ufde6\ufde7\ufde8\ufde9"
_MASK = re.compile(f"[{BLOCK}{_SPAN}]([{_DIGITS}]+){_END}")
_TO_DIGITS, _FROM_DIGITS = str.maketrans("0123456789", _DIGITS), str.maketrans(_DIGITS, "0123456789")

_PARSER = MarkdownIt("commonmark").enable("table").disable("inline")
_MAY_HOLD_CODE = re.compile(r"[`$|]|~~~|^(?: {4}| {0,3}\t)|<(?:code|pre|kbd|samp|tt)\b|\\[(\[]|\[code", re.M | re.I)
_LITERAL_HTML = re.compile(r"\s{0,3}<(?:pre|script|style|textarea)\b", re.I)
_FENCE = re.compile(r"\s*(?:```|~~~)")
_BBCODE = re.compile(r"\[code(?:=[^\]\n]{0,40})?\].*?\[/code\]", re.I | re.S)
_DISPLAY_FORMULA = re.compile(r"\$\$.+?\$\$|\\\[.+?\\\]", re.S)
# What may begin something literal in a paragraph. A backslash takes the next character's meaning away.
_OPENING = re.compile(r"\\.|`+|<(code|pre|kbd|samp|tt)\b[^>\n]*>|\$[^\s$](?:[^$\n]*[^\s$\\])?\$(?!\d)", re.S | re.I)


def on_prose(markdown: str, change: Callable[[str], str]) -> str:
    """`markdown` with its prose changed by `change`, which sees a mask in place of each literal part.

    A mask that `change` leaves in place comes back as it was. The line of a masked block begins with BLOCK.
    """
    if not _MAY_HOLD_CODE.search(markdown):
        return change(markdown)
    masked = _Masked()
    text = _mask_literal(markdown, masked)
    return masked.restore(change(text))


def fenced(markdown: str) -> list[tuple[bool, str]]:
    """Runs of lines as (is fenced code, text), fences included; joined by newlines they are the text again."""
    if "```" not in markdown and "~~~" not in markdown:
        return [(False, markdown)]
    lines = markdown.split("\n")
    runs, done = [], 0
    for start, end in (token.map for token in _blocks(markdown) if token.type == "fence" and token.map):
        if not _FENCE.match(lines[start]):  # within a quotation
            continue
        runs += [(False, lines[done:start]), (True, lines[start:end])]
        done = end
    runs.append((False, lines[done:]))
    return [(is_code, "\n".join(run)) for is_code, run in runs if run]


class _Masked:
    """The parts that were masked, by their number."""

    def __init__(self) -> None:
        self.parts: list[str] = []

    def mask(self, part: str, kind: str) -> str:
        self.parts.append(part)
        return f"{kind}{str(len(self.parts) - 1).translate(_TO_DIGITS)}{_END}"

    def restore(self, text: str) -> str:
        """A part may hold masks itself, of parts with lower numbers."""
        while _MASK.search(text):
            text = _MASK.sub(lambda mask: self.parts[int(mask.group(1).translate(_FROM_DIGITS))], text)
        return text


@lru_cache(maxsize=16)  # the same text is asked about several times on its way to a record
def _blocks(markdown: str) -> tuple[Token, ...]:
    return tuple(_PARSER.parse(markdown))


def _mask_literal(markdown: str, masked: _Masked) -> str:
    """Literal blocks, whole lines of them, become one line each; spans are sought in each paragraph by itself."""
    lines = markdown.split("\n")
    out, done = list[str](), 0
    for token in _blocks(markdown):
        if not token.map or token.map[0] < done:
            continue
        start, end = token.map
        if _is_literal(token, lines):
            out += [*lines[done:start], masked.mask("\n".join(lines[start:end]), BLOCK)]
        elif token.type in ("inline", "html_block"):
            out += [*lines[done:start], _mask_spans("\n".join(lines[start:end]), masked)]
        else:
            continue
        done = end
    text = "\n".join([*out, *lines[done:]])
    return _BBCODE.sub(lambda found: masked.mask(found.group(), _SPAN), text) if "[/code]" in text.lower() else text


def _is_literal(token: Token, lines: list[str]) -> bool:
    if token.type == "html_block":
        return bool(token.map and _LITERAL_HTML.match(lines[token.map[0]]))
    return token.type in ("fence", "code_block", "table_open")


def _mask_spans(text: str, masked: _Masked) -> str:
    """Code spans, formulas and HTML code of one paragraph."""
    if "$$" in text or "\\[" in text:
        text = _DISPLAY_FORMULA.sub(lambda found: _display(found, masked), text)
    out, done = list[str](), 0
    for start, end in _literal_spans(text):
        out += [text[done:start], masked.mask(text[start:end], _SPAN)]
        done = end
    return "".join([*out, text[done:]])


def _display(found: "re.Match[str]", masked: _Masked) -> str:
    """A formula that has its lines for itself is a block."""
    before, after = found.string[: found.start()], found.string[found.end() :]
    alone = not before.rpartition("\n")[2].strip() and not after.partition("\n")[0].strip()
    return masked.mask(found.group(), BLOCK if alone else _SPAN)


def _literal_spans(text: str) -> Iterator[tuple[int, int]]:
    """Where code spans, HTML code and formulas begin and end, in order, none within another."""
    runs: dict[int, list[int]] = defaultdict(list)
    for run in re.finditer("`+", text) if "`" in text else ():
        runs[len(run.group())].append(run.start())
    at, unclosed = 0, set[str]()
    while found := _OPENING.search(text, at):
        at = found.end()
        mark = found.group()
        if mark.startswith("`"):
            end = _end_of_code(found.start(), runs[len(mark)], len(mark))
        elif mark.startswith("$"):
            end = found.end()
        else:
            end = _end_of_pair(found, text, unclosed)
        if end:
            yield found.start(), end
            at = end


def _end_of_code(start: int, runs: list[int], length: int) -> int:
    """Where the code span that opens at `start` ends: after the next run of as many backticks. 0: it opens none."""
    following = bisect_right(runs, start)
    return runs[following] + length if following < len(runs) else 0


def _end_of_pair(found: "re.Match[str]", text: str, unclosed: set[str]) -> int:
    """Where the HTML code or the formula in `\\(…\\)` that `found` opens ends; 0 if it is not closed.

    `unclosed` remembers what is closed nowhere further on: a text of openings would be searched to its end for each.
    """
    closing = f"</{found.group(1).lower()}>" if found.group(1) else "\\)" if found.group() == "\\(" else ""
    if not closing or closing in unclosed:
        return 0
    end = re.compile(re.escape(closing), re.I).search(text, found.end())
    if end is None:
        unclosed.add(closing)
        return 0
    return end.end()
