"""In what ways a block of code may be meant, before it is called broken.

What stands for something else may stand where that would: `<name>`, `…`, `{{ name }}`. A part may be cut out of its
program: a method without its class, the header of a loop without its body, members without their braces.
"""

import string
from collections.abc import Iterator
from typing import NamedTuple

import re2


class Fragment(NamedTuple):
    """What may stand for something else in a language, and around a part of it.

    filler: what a placeholder is read as. frames: texts with `{}` in the place of the part.
    """

    filler: str
    frames: tuple[str, ...] = ()


_FRAGMENTS = {
    "python": Fragment("x", ("{}: pass", "def {}: pass", "{}\ndef x(): pass", "x({}\n)", "{{{}\n}}", "[{}\n]")),
    "json": Fragment("null", ("{{{}}}", "[{}]")),
    "sql": Fragment("x", ("SELECT * FROM x {}", "CREATE TABLE x ({})", "SELECT {}")),
    "shell": Fragment("x"),
    "yaml": Fragment("x"),
    "javascript": Fragment(
        "x",
        ("({})", "class A {{{}}}", "({{{}}})", "x({})", "switch (x) {{{}}}", "if (x) {{}} {}", "try {{}} {}"),
    ),
}
_PLACEHOLDER = re2.compile(r"<[%\p{L}_][^<>\n]{0,60}>|\[[A-Z][A-Z _-]+\]|⟦\?⟧|\{\{[^{}\n]*\}\}|\$\{[^{}\n]*\}")
_CALLOUT = re2.compile(r"(?m)[ \t]+<\d{1,2}>[ \t]*$")  # AsciiDoc's
_REST = re2.compile(r"(?m)^([ \t]*)(?:(?:#|//|--|/\*)\s*)?[\[(<]?(?:\.\.\.|…|\. \. \.)[^\n]*$")
_LEFT_OUT = re2.compile(r"\.\.\.|…")
# Python
_BEFORE = {"elif": "if x:\n pass\n", "else": "if x:\n pass\n", "except": "try:\n pass\n", "finally": "try:\n pass\n"}
_MAGIC = re2.compile(r"(?m)^([ \t]*)(?:[%!][^\n]*|\??[\w.]+\?{1,2})$")
_NO_BODY = re2.compile(r"(?m)^([^#\n]*:[ \t]*(?:#[^\n]*)?(?:\n[ \t]*)*\n[ \t]*)#[^\n]*$")
_HEADER_ENDS = re2.compile(r"(?:\A|\n)([ \t]*)[^#\n]*:[ \t]*(?:#[^\n]*)?\s*\z")
# JSON
_COMMENT = re2.compile(r'("(?:[^"\\\n]|\\.)*")|//[^\n]*|/\*(?s:.*?)\*/|(?m:^\s*#[^\n]*)')
_HANGING = re2.compile(r",(\s*[}\]])")
_NO_VALUE = re2.compile(r"(:\s*)(?:\.\.\.|…)")


def readings(language: str, code: str) -> Iterator[str]:
    """The texts that a block may stand for, the plainest first. The others are made only when they are asked for."""
    yield code
    yield from dict.fromkeys(_others(language, code))


def _others(language: str, code: str) -> Iterator[str]:
    fragment = _FRAGMENTS[language]
    whole = filled(language, code)
    yield whole
    cuts = list(_without_gaps(whole, fragment.filler)) if _LEFT_OUT.search(whole) else [whole]
    yield from cuts
    for text in (whole, cuts[0]):
        for frame in fragment.frames:
            yield frame.format(text.strip().rstrip(","))


def filled(language: str, code: str) -> str:
    """Code with a name, or a value, for each placeholder, and without what is customary beside code."""
    code = _CALLOUT.sub("", code)
    code = _CUSTOMS[language](code) if language in _CUSTOMS else code
    return str(_PLACEHOLDER.sub(_FRAGMENTS[language].filler, code))


def _without_gaps(code: str, filler: str) -> Iterator[str]:
    """Code without the lines that say that something is left out, or with a name there, and so within lines."""
    for line in (r"\1", rf"\1{filler}"):
        cut = str(_REST.sub(line, code))
        yield from (cut, str(_LEFT_OUT.sub(filler, cut)), str(_LEFT_OUT.sub("", cut)))


def _python(code: str) -> str:
    """Python with what comes before `else`, and a body for a header that has none; without commands of a notebook."""
    code = _NO_BODY.sub(r"\1pass", _MAGIC.sub(r"\1pass", code.expandtabs(8)))
    code = _BEFORE.get(code[: len(code) - len(code.lstrip(string.ascii_lowercase))], "") + code
    return str(_HEADER_ENDS.sub(lambda found: f"{found[0].rstrip()}\n{found[1]} pass", code))


def _json(code: str) -> str:
    """JSON without comments, and without what it says to leave out."""
    code = _COMMENT.sub(r"\1", code)
    if not _LEFT_OUT.search(code):
        return str(code)
    return str(_HANGING.sub(r"\1", _LEFT_OUT.sub("", _NO_VALUE.sub(r"\1null", code))))


_CUSTOMS = {"python": _python, "json": _json}
