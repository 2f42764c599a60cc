"""A topic of Python's `help()` as sections.

The topics are what Sphinx' text writer makes of the language reference: underlined headings, code and the
bodies of definitions indented by three, literals in straight double quotes, tables drawn with + - and |.
"""

import ast
import re
import warnings
from collections.abc import Iterator
from itertools import pairwise, takewhile

from schemas.document import Section

_UNDERLINE = re.compile(r"^([*=~^#+\"-])\1{2,}$")
_LEVELS = {"*": 1, "=": 2, "-": 3, "~": 4, "^": 5}
_SIGNATURE = re.compile(
    r"^(?:(?:class|exception|async|coroutine|classmethod|static|abstract) )*[A-Za-z_][\w.]*(?:\(.*\)|\.\w+)$"
)
# A term that is no call, such as pdb's `debug code`, with what may follow it in brackets
_TERM = re.compile(r"^[a-z!][^.:;,\[]{0,60}(?:\[.{1,100}\])?$")
# How a sentence begins, an item of a list, a table, and a name in quotes over its explanation: no code does so
_SENTENCE = re.compile(r"^[A-Z][a-z]*,? (?:[^\s=]+ ){2}")
_NAMED = re.compile(r'^"[^"]+"$')
_ITEM = re.compile(r"^(\*|\d{1,2}\.) +")
_NOTE = re.compile(
    r"^(?:Note|See also|Warning|Important|CPython implementation detail"
    r"|(?:Changed in|New in|Deprecated since) version [\d.]+)\b"
)
_QUOTED_STRING = re.compile(r'(?<![\w"])""([^"\n]{1,200})""(?![\w"])')
_LITERAL = re.compile(r'(?<!\w)"([^"]{1,300})"')
_FOOTNOTE = re.compile(r" \[\d{1,2}\](?=[\s.,;)]|$)")
_ACTIONS = (ast.Call, ast.Await, ast.Yield, ast.YieldFrom)
_FOOTNOTES = "-[ Footnotes ]-"


def topic_sections(text: str) -> tuple[str, tuple[Section, ...]]:
    """The title and the sections, each definition one of its own."""
    title = ""
    path: list[tuple[int, str]] = []
    collected: list[tuple[tuple[str, ...], list[str]]] = [((), [])]
    for level, block in _blocks(text.expandtabs().split("\n")):
        if not level:
            collected[-1][1].append(block)
        elif level == 1 and not title:
            title = block
        else:
            path = [step for step in path if step[0] < level] + [(level, block)]
            collected.append((tuple(name for _, name in path), []))
    found = (Section(names, "\n\n".join(blocks)) for names, blocks in collected if blocks)
    return title, tuple(section for section in found if section.path[-1:] != ("Footnotes",))


def _blocks(lines: list[str]) -> Iterator[tuple[int, str]]:
    """(level, Markdown): the level of a heading, 0 for text. Definitions are headings of level 6."""
    before: list[str] = []
    for group, following in pairwise([*_groups(lines), []]):
        if not _indent(group[0]):
            yield from _top_level(_trimmed(group), following)
        elif _explains(group, before) or _is_text(group):
            yield from ((0, block) for block in _inner(_dedent(_trimmed(group))))
        else:
            yield 0, _fence(_trimmed(group))
        before = group


def _groups(lines: list[str]) -> Iterator[list[str]]:
    """Runs of lines that belong together: an indented run keeps its blank lines, others end with theirs."""
    group: list[str] = []
    for line in lines:
        if line.strip() and group and _begins(line, group):
            yield group
            group = []
        if line.strip() or group:
            group.append(line.rstrip())
    if group:
        yield group


def _begins(line: str, group: list[str]) -> bool:
    if _indent(line) and (_indent(group[0]) or _ITEM.match(group[0])):
        return False
    if _indent(line) or _indent(group[0]):
        return True
    same_list = _ITEM.match(line) and _ITEM.match(group[0])
    return not group[-1] and not same_list


def _trimmed(group: list[str]) -> list[str]:
    """Without the blank lines at its end."""
    size = len(group)
    while size and not group[size - 1]:
        size -= 1
    return group[:size]


def _top_level(group: list[str], following: list[str]) -> Iterator[tuple[int, str]]:
    if group[0].strip() == _FOOTNOTES:
        yield 2, "Footnotes"
    elif len(group) == 2 and _UNDERLINE.match(group[1]):
        yield _LEVELS.get(group[1][0], 5), group[0].replace('"', "").strip()
    elif _is_definition(group, following):
        yield 6, ", ".join(line.strip() for line in group)
    else:
        yield 0, _paragraph(group)


def _is_definition(group: list[str], following: list[str]) -> bool:
    if not following or not _indent(following[0]):
        return False
    return all(_SIGNATURE.match(line) for line in group if line) or _is_term(_trimmed(group), following)


def _is_term(group: list[str], following: list[str]) -> bool:
    """Whether a line that is no signature is explained by the sentences below it."""
    return all(_TERM.match(line) for line in group) and _is_text(following)


def _is_text(group: list[str]) -> bool:
    """Whether indented lines are quoted text, a list or a table: the text writer indents those as it indents code."""
    first, *rest = takewhile(bool, _dedent(_trimmed(group)))
    if _ITEM.match(first) or first.startswith("+-"):
        return True
    if rest and _indent(rest[0]):
        return bool(_NAMED.match(first))
    return bool(_SENTENCE.match(" ".join((first, *rest)))) and not _is_python(first)


def _explains(group: list[str], before: list[str]) -> bool:
    """Whether this indented group explains what stands above it, and is not code.

    Code has a blank line above; the explanation of a term has none, that of a signature or a note may.
    """
    if not before or _indent(before[0]):
        return False
    note = len(_trimmed(before)) == 1 and bool(_NOTE.match(before[0]))
    return bool(before[-1]) or note or _is_definition(before, group)


def _inner(lines: list[str]) -> list[str]:
    """The Markdown blocks of a definition's body; signatures within are set as code."""
    return [f"`{block}`" if level else block for level, block in _blocks(lines)]


def _paragraph(group: list[str]) -> str:
    if group[0].startswith("+-"):
        return _table(group)
    if group[0].startswith(">>> "):
        return _fence(group)
    if _ITEM.match(group[0]):
        return _list(group)
    return inline(" ".join(line.strip() for line in group))


def _list(group: list[str]) -> str:
    """Items one below the other; what is indented below an item stays in it."""
    items: list[str] = []
    for lines in _items(group):
        mark = _ITEM.match(lines[0])
        assert mark
        bullet = "-" if mark[1] == "*" else mark[1]
        body = _inner([line[mark.end() :] for line in lines])
        items.append(f"{bullet} " + ("\n\n".join(body)).replace("\n", "\n" + " " * (len(bullet) + 1)))
    return "\n".join(re.sub(r"(?m)^ +$", "", item) for item in items)


def _items(group: list[str]) -> Iterator[list[str]]:
    item: list[str] = []
    for line in group:
        if _ITEM.match(line) and item:
            yield _trimmed(item)
            item = []
        item.append(line)
    yield _trimmed(item)


def _table(group: list[str]) -> str:
    rows: list[list[str]] = [[]]
    for line in group:
        if line.startswith("+") or line.startswith("|="):
            rows.append([])
            continue
        cells = [cell.strip() for cell in line.strip("|").split(" | ")]
        rows[-1] = [f"{old} {new}".strip() for old, new in zip(rows[-1] or [""] * len(cells), cells, strict=False)]
    full = [[inline(cell).replace("|", "\\|") for cell in row] for row in rows if row]
    if not full:
        return ""
    head, *body = ["| " + " | ".join(row) + " |" for row in full]
    return "\n".join([head, "|" + " --- |" * len(full[0]), *body])


def _fence(group: list[str]) -> str:
    code = "\n".join(_dedent(group))
    marks = "````" if "```" in code else "```"
    language = "python" if _is_python(code) else ""
    return f"{marks}{language}\n{code}\n{marks}"


def _is_python(code: str) -> bool:
    """Whether it is a session, or Python can parse it and some of it does something.

    Words that begin lines of text, too (`for`, `with`, `from`), tell nothing. Fragments (`except E:`) are not known.
    """
    if code.lstrip().startswith(">>> "):
        return True
    try:
        with warnings.catch_warnings(action="ignore"):
            body = ast.parse(code).body
    except (SyntaxError, ValueError):
        return False
    return any(not isinstance(each, ast.Expr) or isinstance(each.value, _ACTIONS) for each in body)


def inline(text: str) -> str:
    """Text with its literals as Markdown code."""
    text = _QUOTED_STRING.sub(r'`"\1"`', _FOOTNOTE.sub("", text))
    return "".join(
        part if place % 2 else _LITERAL.sub(r"`\1`", part) for place, part in enumerate(re.split(r"(`[^`]*`)", text))
    )


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def _dedent(lines: list[str]) -> list[str]:
    least = min((_indent(line) for line in lines if line.strip()), default=0)
    return [line[least:] for line in lines]
