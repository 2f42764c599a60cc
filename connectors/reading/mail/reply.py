"""Replies by mail to a tracker, as it stores them: an answer, and below it the mail that was answered.

On a tracker people quote by hand too. So only what a mail program has surely written goes; all else stays as it is.
"""

from dataclasses import replace

from connectors.reading.mail.attribution import attribution_lines
from connectors.reading.mail.copied import without_copies
from connectors.reading.mail.endings import is_added, without_added
from connectors.reading.mail.marks import is_quoted, unquoted, whole_addresses
from connectors.reading.mail.quoted import Run, answered, runs

_DASHES = ("—", "--", "-- ", "–", "---", "\\-")


def without_reply(text: str) -> str:
    """`text`, a comment in Markdown, without the mail that it quotes or copies and without what was added to that."""
    lines = whole_addresses(text.split("\n"))
    kept = _without_footer(without_copies(lines))
    found = answered([_judged(run) for run in runs(kept, dated_only=True)], attributed_only=True)
    by_mail = sum(len(run.lines) for run in found) < len(lines)
    if found and not found[-1].quoted:
        found[-1] = replace(found[-1], lines=without_added(found[-1].lines, "" if by_mail else None))
    return "\n".join(line for run in found for line in run.lines)


def _judged(run: Run) -> Run:
    """A quote in which the tracker's footer stands is of a mail."""
    return replace(run, attributed=run.attributed or (run.quoted and any(is_added(unquoted(x)) for x in run.lines)))


def _without_footer(lines: list[str]) -> list[str]:
    """Without the tracker's footer, and without the mail above it that has no quote marks."""
    first = next((number for number, line in enumerate(lines) if not is_quoted(line) and is_added(line)), None)
    if first is None:
        return lines
    end = first + 1
    while end < len(lines) and (not lines[end].strip() or is_added(lines[end])):
        end += 1
    start = _copy_starts(lines, first)
    while start and (not lines[start - 1].strip() or lines[start - 1] in _DASHES):
        start -= 1
    return [*lines[:start], *lines[end:]]


def _copy_starts(lines: list[str], footer: int) -> int:
    """Where the attribution of a mail without quote marks stands above its footer; `footer` if there is none."""
    ends = (number for number in range(1, footer) if not lines[number].strip() and lines[number - 1].strip())
    for number in ends:
        count = attribution_lines(lines[:number])
        if count and not any(map(is_quoted, lines[number:footer])):
            return number - count
    return footer
