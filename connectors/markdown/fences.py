"""Fenced blocks, and the directives of MyST that are written as such."""

import re2

FENCE = re2.compile(r"^(\s*(?:> ?)*)(`{3,}|~{3,})\s*([^`]*)$")
OPTION = re2.compile(r"^\s*:[\w-]+:.*$|^\s*---\s*$")
CODE = ("code", "code-block", "sourcecode", "code-cell", "prompt", "parsed-literal", "literalinclude")
_DIRECTIVE = re2.compile(r"^\{([\w:.+-]+)\}\s*(.*)$")


def directive_of(info: str) -> tuple[str, str]:
    """Name and argument of the directive that an info string names, ("", "") where it names none."""
    found = _DIRECTIVE.match(info.strip())
    return (found[1], found[2].strip()) if found else ("", "")


def fence_end(lines: list[str], index: int) -> int:
    """Where the fence that opens at `index` closes, or the end of all."""
    opened = FENCE.match(lines[index])
    marks = opened[2]
    for end in range(index + 1, len(lines)):
        bare = lines[end].strip(" >\t")
        if bare.startswith(marks) and not bare.strip(marks[0]):
            return end
    return len(lines)


def split_options(body: list[str]) -> tuple[dict[str, str], list[str]]:
    """The options above a directive's body (`:name: value`), and the body."""
    start, options = 0, dict[str, str]()
    while start < len(body) and OPTION.match(body[start]):
        name, _, value = body[start].strip().removeprefix(":").partition(":")
        options[name] = value.strip()
        start += 1
    return options, body[start:]
