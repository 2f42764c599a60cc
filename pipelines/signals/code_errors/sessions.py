"""Sessions with a prompt, of Python, SQL and a shell: what was typed, told from what was printed."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import re2

MOST_LINES = 40  # of one entry; what is longer is printed


class Prompt(NamedTuple):
    """How lines begin on which something is typed: a new entry, and one that goes on."""

    new: "re2._Regexp[str]"
    more: "re2._Regexp[str]"


_USER = r"(?:\([\w.-]+\) ?)?(?:\[?[\w.-]+@[\w.-]+[^$#%>\n]{0,60}[$#%>]|[~\w/.-]{0,30}[$❯%])"
_PROMPTS = {
    "python": Prompt(
        re2.compile(r"(?m)^\s*(?:>>>|In \[\d+\]:)(?: (.*)|\s*)$"), re2.compile(r"^\s*\.{3,}:?(?: (.*)|\s*)$")
    ),
    "sql": Prompt(
        re2.compile(r"(?m)^(?:mysql|sqlite|MariaDB \[.*\]|\w+=[#>]|\w+=>)>? (.*)$"),
        re2.compile(r"^\s*(?:->|\.\.\.>|\w+-[#>]) (.*)$"),
    ),
    "shell": Prompt(re2.compile(rf"(?m)^\s*{_USER}(?:[ \t]+(.*)|\s*)$"), re2.compile(r"^\s*>(?: (.*)|\s*)$")),
}


def entries(language: str, code: str) -> list[list[str]]:
    """For each prompt the lines behind it until the next, what was printed after what was typed; [] of no session."""
    prompt = _PROMPTS.get(language)
    return list(_split(code.split("\n"), prompt)) if prompt and prompt.new.search(code) else []


def _split(lines: list[str], prompt: Prompt) -> Iterator[list[str]]:
    entry: list[str] = []
    for line in lines:
        begins, goes_on = prompt.new.match(line), prompt.more.match(line)
        if begins and entry:
            yield entry
        if begins:
            entry = [begins[1] or ""]
        elif entry:
            entry.append((goes_on[1] or "") if goes_on else line)
    if entry:
        yield entry


def is_typed(entry: list[str], parses: Callable[[str], bool]) -> bool:
    """Whether some first lines of an entry parse: as many as what was typed has."""
    return any(parses("\n".join(entry[:count])) for count in range(1, min(len(entry), MOST_LINES) + 1))
