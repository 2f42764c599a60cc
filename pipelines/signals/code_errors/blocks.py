"""Code in an answer, and its language where that is declared or sure.

It stands in fenced blocks of Markdown (CommonMark 4.5), or it is the answer itself, as in sets that know no Markdown.
"""

from collections.abc import Iterator
from textwrap import dedent

import re2

_FENCE = re2.compile(r"^[ \t]*(`{3,}|~{3,})[ \t]*([^`]*)$")
_WORD = re2.compile(r"^\W*(?:lang(?:uage)?-)?([A-Za-z][\w#+-]*)")
_NAMES = {
    "python": "python py python2 python3 py2 py3 pycon ipython ipython3 doctest",
    "json": "json jsonc json5 jsonl ndjson",
    "sql": "sql mysql postgresql postgres pgsql sqlite sqlite3 tsql t-sql plsql",
    "shell": "bash sh shell zsh",
    "yaml": "yaml yml",
    "javascript": "javascript js jsx mjs cjs node nodejs",
    "session": "console shell-session shellsession sh-session bash-session terminal",
}
_LANGUAGES = {name: language for language, names in _NAMES.items() for name in names.split()}
_NO_LANGUAGE = frozenset(("", "text", "code", "none", "literal-block"))
# Without a name, what is hardly anything else
_DEFINES = (
    r"(?:async )?def \w+\([^\n]*\)(?: ?-> ?[^\n]+)?:[ \t]*$|from [\w.]+ import [\w(]|class \w+(?:\([\w., ]*\))?:[ \t]*$"
)
_QUERY = (
    r"\A\s*(?:SELECT\s[^;?]+\sFROM\s+[\w\"`.\[(]|INSERT INTO [\w\"`.\[]|CREATE (?:TABLE|VIEW|INDEX) [\w\"`.\[]"
    r"|UPDATE [\w\"`.\[\]]+\s+SET\s|DELETE FROM [\w\"`.\[])"
)
_SURELY = {
    "python": re2.compile(rf"(?m)\A\s*>>> |^(?:{_DEFINES})"),
    "sql": re2.compile(_QUERY),
    "shell": re2.compile(r"\A\s*#! ?/(?:usr/)?bin/(?:env )?(?:ba|z|da)?sh\b"),
    "session": re2.compile(r"\A\s*(?:[\w.-]+@[\w.-]+[^$#%>\n]{0,60}[$#]|\$) [a-z./]"),
}
# An answer that begins so is code as far as its first paragraph of prose
BEGINS = {
    "python": rf"(?m)\A(?:#[^\n]*\n|\s*\n)*(?:{_DEFINES}|import [\w.]+(?: as \w+)?[ \t]*$)",
    "sql": _QUERY,
    "javascript": (
        r"\A(?://[^\n]*\n|\s*\n)*"
        r"(?:(?:async )?function \w+ ?\([^\n]*\)\s*\{|(?:const|let|var) \w+ = [^\n]*[;{(\[]\s*\n)"
    ),
    "json": r"\A\s*(?:\[\s*)?\{\s*\"[\w -]+\"\s*:",
}
_BEGINS = {language: re2.compile(pattern) for language, pattern in BEGINS.items()}
_PROSE = re2.compile(
    r"\n[ \t]*\n(?:(?:#|//|--)? ?(?i:(?:sample |expected )?(?:input|output|results?)\s*:?|输出|结果)"
    r"|\p{Lu}\p{Ll}*(?::|(?:,? [\p{L}'’`-]+){2})|\p{Han}[^\n=()（）\[\]]*(?:\n|\z))"
)
# Markup and templates, whatever the fence says, and commands in a fence of Python
_OTHER = re2.compile(r"(?m)\A\s*<[A-Za-z!?]|^\s*\{%")
_COMMANDS = re2.compile(
    r"\A(?:\s*#[^\n]*\n|\s*\n)*\s*(?:> )?"
    r"(?:pip3?|uvx?|pipx|poetry|conda|python3?|npm|npx|yarn|git|cd|source|sudo|apt|apt-get"
    r"|brew|docker|export|mkdir|curl|wget)[ \t]+[\w./~'\"-][^\n=]*(?:\n|\z)"
)


def code_in(answer: str) -> Iterator[tuple[str, str]]:
    """(language, code) of each fenced block, or of an answer without one that is code; "" of another language."""
    if "```" in answer or "~~~" in answer:
        yield from _fenced(answer)
        return
    for language, begins in _BEGINS.items():
        if begins.search(answer):
            prose = _PROSE.search(answer)
            yield language, answer[: prose.start()] if prose else answer
            return


def _fenced(markdown: str) -> Iterator[tuple[str, str]]:
    fence, info, lines = "", "", list[str]()
    for line in (*markdown.split("\n"), None):
        found = _FENCE.match(line) if line and line.lstrip().startswith(("```", "~~~")) else None
        if not fence and found:
            fence, info, lines = found[1], found[2], []
        elif fence and (line is None or (found and found[1].startswith(fence) and not found[2].strip())):
            fence, code = "", dedent("\n".join(lines)).strip("\n")
            if code.strip():
                yield language_of(info, code), code
        elif fence and line is not None:
            lines.append(line)


def language_of(info: str, code: str) -> str:
    """The language by what stands behind the fence, else by the code where that is sure, else ""."""
    named = _WORD.match(info)
    name = named[1].lower() if named else ""
    if _OTHER.search(code) or name not in _NO_LANGUAGE | _LANGUAGES.keys():
        return ""
    language = _LANGUAGES.get(name) or next((one for one, sure in _SURELY.items() if sure.search(code)), "")
    return "shell" if language == "python" and _COMMANDS.search(code) else language
