"""Code and formulas of a Markdown file, hidden from the readers of its dialect and put back after them."""

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field

import re2

from connectors.markdown import roles
from connectors.markdown.fences import CODE, FENCE, OPTION, directive_of, fence_end
from connectors.markdown.tags import paired

# Noncharacters: no text holds them (`Markdown` takes them out of files and pages).
MARKS = re2.compile("[\ufdd4-\ufdd6]")
_TOKEN = re2.compile("\ufdd4(\\d+)\ufdd5")
_BRACE = "\ufdd6"
_RAW = re2.compile(r"(?s)([ \t]*)\{%-?\s*(?:raw|verbatim)\s*-?%\}([ \t]*\n)?(.*?)\{%-?\s*end(?:raw|verbatim)\s*-?%\}")
_END_RAW = re2.compile(r"\{%-?\s*end(?:raw|verbatim)\s*-?%\}")
_SHOWN = re2.compile(r"\{\{([<%])/\*(.*?)\*/([>%])\}\}")  # how Hugo writes a shortcode that is to be seen
_OPENS = re2.compile(r"\{\{|\{%|\{<")
_COLONS = re2.compile(r"^(\s*)(:{3,})\s*(\{(?:code|code-block|sourcecode|code-cell|math)\}.*)$")
_INTEREST = re2.compile(r"<!--|\{/\*|\\{1,2}[(\[]|\\[\\`$]|\$\$?|`+")
_PARAGRAPH = re2.compile(r"\n[ \t]*\n")
_ROLE = re2.compile(r"\{([A-Za-z][\w:+.-]*)\}$")
_TEX = re2.compile(r"[\\^_={}<>+]|^[A-Za-z]\w?$|^\w[-/*]\w$")
# What makes a formula of the same between brackets with backslashes, which may be escaped brackets
_TEX_IN_BRACKETS = re2.compile(r"\\[A-Za-z]+|[\^={}]|\b[A-Za-z]_\w|[\d\w] ?[+<>] ?[\d\w]")
_LETTER = re2.compile(r"^ ?[A-Za-z]\d? ?$")
_LONGEST_FORMULA = 5_000
_LABEL = re2.compile(r"(?m) *\([\w:.-]+\)[ \t]*$")  # of a formula
_HIGHLIGHT = re2.compile(
    r"^\s*(?://|#|--|%|;|<!--|/\*|\{/\*|REM\b|')\s*highlight-(?:next-line|start|end)\b\s*(?:-->|\*/\}?)?\s*$"
)
_FLAG = re2.compile(r"\s*(?://|#|--|<!--|/\*)\s*\[!code [^\]\n]*\]\s*(?:-->|\*/)?\s*$")


@dataclass
class Masks:
    """What is hidden, by the number in its token."""

    texts: list[str] = field(default_factory=list)
    headings: dict[str, str] = field(default_factory=dict)  # by the label above them (MyST)

    def hide(self, text: str) -> str:
        """The token that stands for `text` until `restore`."""
        self.texts.append(self._filled(text))
        return f"\ufdd4{len(self.texts) - 1}\ufdd5"

    def restore(self, text: str) -> str:
        """`text` with what its tokens stand for."""
        return self._filled(text).replace(_BRACE, "{")

    def _filled(self, text: str) -> str:
        return str(_TOKEN.sub(lambda found: self.texts[int(found[1])], text))

    def formula(self, tex: str, display: bool = False) -> str:
        """A token for HTML of which connectors.html makes a formula between dollar signs."""
        tex = "".join(sign if sign.isalnum() or sign == " " else f"&#{ord(sign)};" for sign in " ".join(tex.split()))
        return self.hide(f'<div class="math">{tex}</div>' if display else f'<span class="math">{tex}</span>')

    def hide_code(self, text: str) -> str:
        """`text` with tokens in place of code, line by line in fenced blocks. Comments are gone; what Liquid calls raw
        keeps its braces from being read."""
        text = paired(_RAW, _END_RAW, _raw, text)
        text = _SHOWN.sub(lambda found: f"{_BRACE * 2}{found[1]}{found[2]}{found[3]}}}}}", text)
        return "\n".join(self._lines(text.split("\n")))

    def hide_lines(self, text: str, blocks: list[tuple[int, int]]) -> str:
        """`text` with tokens in place of lines, from the first up to the end of each of `blocks`."""
        lines = text.split("\n")
        for start, end in blocks:
            lines[start:end] = [self._hidden(line) for line in lines[start:end]]
        return "\n".join(lines)

    def _hidden(self, line: str) -> str:
        """A line of code; what it is indented by stays."""
        text = line.lstrip(" \t>")
        return line[: len(line) - len(text)] + self.hide(text) if text else line

    def _lines(self, lines: list[str]) -> Iterator[str]:
        index, start = 0, 0
        while index < len(lines):
            if colons := _COLONS.match(lines[index]):
                _as_fence(lines, index, colons)
            if lines[index].lstrip().startswith("<!--"):
                index = _comment_end(lines, index)
            elif FENCE.match(lines[index]):
                yield from self._prose(lines[start:index])
                end = fence_end(lines, index)
                yield from self._fence(lines[index : end + 1])
                index = start = end + 1
            else:
                index += 1
        yield from self._prose(lines[start:])

    def _fence(self, block: list[str]) -> Iterator[str]:
        """A fenced block; where it is a directive, its body is read like any text unless it is one of code."""
        opened = FENCE.match(block[0])
        closed = len(block) > 1 and FENCE.match(block[-1])
        body = block[1:-1] if closed else block[1:]
        name, _ = directive_of(opened[3])
        if name == "math":
            lines = [line.strip(" >") for line in body if not OPTION.match(line)]
            yield from (opened[1], opened[1] + self.formula(" ".join(lines), True), opened[1])
            return
        yield block[0]
        if name and name not in CODE:
            yield from self._lines(body)
        else:
            yield from self._code(body, bool(name))
        yield from block[-1:] if closed else [opened[1] + opened[2]]

    def _code(self, body: list[str], has_options: bool) -> Iterator[str]:
        for line in body:
            if _HIGHLIGHT.match(line):
                continue
            has_options = has_options and bool(OPTION.match(line))
            yield line if has_options else self._hidden(_FLAG.sub("", line))

    def _prose(self, lines: list[str]) -> Iterator[str]:
        if not lines:
            return
        text = "\n".join(lines)
        runs = _runs(text)
        done, pieces = 0, list[str]()
        for found in _INTEREST.finditer(text):
            if found.start() < done:
                continue
            stop, shown = self._read(text, found, runs)
            if stop:
                role = _ROLE.search(text[max(done, found.start() - 40) : found.start()]) if found[0][0] == "`" else None
                if role:
                    shown = roles.read(role[1], text[found.end() : stop - len(found[0])], self)
                pieces += [text[done : found.start() - (len(role[0]) if role else 0)], shown]
                done = stop
        yield from "".join([*pieces, text[done:]]).split("\n")

    def _read(self, text: str, found: "re2._Match", runs: dict[int, list[int]]) -> tuple[int, str]:
        """Where what begins at `found` ends, and what is to be written for it; 0 where nothing begins."""
        mark, start = found[0], found.start()
        if mark[-1] in "([":
            return self._brackets(text, found)
        if mark[0] == "\\":
            return found.end(), mark
        if mark in ("<!--", "{/*"):
            close = "-->" if mark == "<!--" else "*/}"
            stop = text.find(close, found.end())
            return (stop + len(close), "") if stop >= 0 else (0, "")
        if mark[0] == "$":
            return self._dollars(text, found)
        places = runs[len(mark)]
        at = bisect_left(places, found.end())
        stop = places[at] if at < len(places) else -1
        if stop < 0 or _PARAGRAPH.search(text, found.end(), stop):
            return found.end(), mark
        return stop + len(mark), self.hide(text[start : stop + len(mark)])

    def _brackets(self, text: str, found: "re2._Match") -> tuple[int, str]:
        """A formula in `\\(…\\)` or `\\[…\\]`, whose backslashes some sites double."""
        mark, start = found[0], found.end()
        stop = text.find(mark[:-1] + (")" if mark[-1] == "(" else "]"), start, start + _LONGEST_FORMULA)
        tex = text[start:stop] if stop > start else ""
        named = _TEX_IN_BRACKETS.search(tex) or (mark[-1] == "(" and _LETTER.search(tex))
        if not named or _PARAGRAPH.search(tex) or "`" in tex:
            return found.end(), mark
        is_block = mark[-1] == "[" and not text[: found.start()].rpartition("\n")[2].strip(" >")
        return stop + len(mark), self.formula(tex, is_block)

    def _dollars(self, text: str, found: "re2._Match") -> tuple[int, str]:
        mark, start = found[0], found.end()
        stop = text.find(mark, start)
        tex = text[start:stop] if stop > start else ""
        if not tex or _PARAGRAPH.search(tex) or not tex.strip() or "`" in tex:
            return 0, ""
        if mark == "$$":
            is_block = not text[: found.start()].rpartition("\n")[2].strip(" >")
            label = _LABEL.match(text, stop + 2) if is_block else None
            return label.end() if label else stop + 2, self.formula(tex, is_block)
        after = text[stop + 1 : stop + 2]
        is_tex = not tex[0].isspace() and not tex[-1].isspace() and not after.isalnum() and "\n" not in tex
        return (stop + 1, self.formula(tex)) if is_tex and _TEX.search(tex) else (0, "")


def _raw(found: "re2._Match") -> str:
    """What stands between the marks of raw text. Marks that have lines for themselves take these with them."""
    margin, alone, body = found[1], found[2], found[3]
    if alone:
        margin, body = "", body.rstrip(" \t").removesuffix("\n")
    return str(margin) + str(_OPENS.sub(lambda mark: mark[0].replace("{", _BRACE), body))


def _as_fence(lines: list[str], index: int, opened: "re2._Match") -> None:
    """A directive of code between colons is written as one between backticks."""
    end = next((at for at in range(index + 1, len(lines)) if lines[at].strip() == opened[2]), len(lines))
    lines[index] = f"{opened[1]}````````{opened[3]}"
    if end < len(lines):
        lines[end] = f"{opened[1]}````````"


def _comment_end(lines: list[str], index: int) -> int:
    """Takes a comment that begins a line out of `lines`, also one with fenced code inside; where to go on."""
    for at in range(index, len(lines)):
        if "-->" in lines[at]:
            lines[at] = lines[at].partition("-->")[2]
            lines[index:at] = [""] * (at - index)
            return at if lines[at].strip() else at + 1
    return index + 1


def _runs(text: str) -> dict[int, list[int]]:
    """Where runs of backticks begin, by their length."""
    found: dict[int, list[int]] = {}
    for run in re2.finditer("`+", text):
        found.setdefault(len(run[0]), []).append(run.start())
    return found
