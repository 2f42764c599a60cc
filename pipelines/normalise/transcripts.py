"""What a program printed, told from code that somebody wrote: sessions, logs, listings, trees, patches, traces.

Nobody can know the hashes, dates and sizes in it, so it is never what code is asked for.
"""

import re2

# A sigil without a blank behind it begins a name of PHP, Perl, SCSS, PowerShell or jQuery; `%` begins LaTeX's comments.
_PROMPT = re2.compile(
    r"^\s*(?:\([\w.-]+\) ?)?(?:(?:[$❯]|>>>|\[?[\w.-]+@[\w.-]+[^$#%>\n]{0,60}[$#%>])(?:[\pZ\t]|$)"
    r"|(?:In \[\d+\]:|[A-Za-z]:\\[^>\n]{0,80}>|PS(?: (?:[A-Za-z]+:|[/~])[^>\n]{0,80})?>"
    r"|(?:mysql|sqlite|irb|psql|redis|postgres|MariaDB)(?:[^>#\s]{0,29}[^>#\s<-])?(?: [\[\d][^>#\n]{0,30})?[>#])"
    r" ?(?:\S|$))"
)
_CONTINUATION = re2.compile(r"^\s*(?:[>#]|\.\.\.)")
_LOOP_BEGINS = re2.compile(r"^\s*\$ (?:for|while|until|if|case)\b")
_LOOP_ENDS = re2.compile(r"^\s*(?:done|fi|esac)\b")
_PRINTED_NAMES = frozenset(
    [
        "output",
        "log",
        "logs",
        "text",
        "txt",
        "plaintext",
        "plain",
        "none",
        "traceback",
        "pytb",
        "pycon-output",
        "stdout",
        "stderr",
        "diff",
        "patch",
        "tree",
    ]
)
# Lines that a program prints and nobody types
_PRINTED = re2.compile(
    r"[├└│┌┐┘┬┴┼╭╰═║]|^\s*(?:\+[-=+]{3,}\+|[-=*#]{0,3}>? ?\d{1,3}%(?:\s*[^\s,{]|\s*$))"
    r"|^\s*\[?\d{4}-\d\d-\d\d[T ]\d\d:\d\d|^\s*\[?\d\d:\d\d:\d\d|^\s*(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun|Jan|Feb|Mar|Apr"
    r"|May|Jun|Jul"
    r"|Aug|Sep|Oct|Nov|Dec) [ \d]\d \d\d:\d\d"
    r"|^\s*\[?(?:INFO|WARN|WARNING|ERROR|DEBUG|TRACE|FATAL|CRITICAL|NOTICE)\]?[: ]|^\s*(?:[Ff]atal|[Ee]rror"
    r"|[Ww]arning): "
    r"|^Traceback \(most recent call last\)|^\s+File \"[^\"\n]+\", line \d+|^\s+at [\w.$<>]+\([^)\n]*\)"
    r"|^\w+(?:Error|Exception): "
    r"|^[bcdlps-][r-][w-][xsS-][r-][w-][xsS-][r-][w-][xtT-]|^(?:100|120|040|160)\d{3} |^:\d{6} \d{6} "
    r"|^diff --git |^index [0-9a-f]{6,}\.\.|^@@ -\d|^commit [0-9a-f]{7,}|^[0-9a-f]{7,40} \S|^HTTP/\d|^\d+ packets "
    r"|^---> "
    r"|^\s*[/\\|*o. _'`+-]*(?:[A-Z]['\d]?[-./\\<>* _o]+){2,}[A-Z]?['\d]?\s*$|^\s*[/\\|]+(?:\s+[/\\|]+)*\s*$"
)


def is_printed(block: str) -> bool:
    """Whether a fenced block holds what a program printed, or a session with at least as much of it as was typed."""
    name, _, rest = block.strip("\n").partition("\n")
    lines = [line for line in rest.split("\n")[:-1] if line.strip()]
    if _is_session(lines):
        return _is_mostly_printed(lines)
    if name.strip("`~ \t").split(" ")[0].lower() in _PRINTED_NAMES:
        return True
    return 3 * sum(bool(_PRINTED.search(line)) for line in lines) >= len(lines) > 0


def _is_session(lines: list[str]) -> bool:
    return any(_PROMPT.match(line) for line in lines)


def _is_mostly_printed(lines: list[str]) -> bool:
    typed, printed, continued, in_loop = 0, 0, False, False
    for line in lines:
        is_command = bool(_PROMPT.match(line))
        typed += is_command
        in_loop = (in_loop or bool(_LOOP_BEGINS.match(line))) and not line.rstrip().endswith(("done", "fi", "esac"))
        is_code = is_command or continued or in_loop or _LOOP_ENDS.match(line) or _CONTINUATION.match(line)
        printed += not is_code
        continued = (is_command or continued) and line.rstrip().endswith(("\\", "|", "&&"))
    return typed <= printed
