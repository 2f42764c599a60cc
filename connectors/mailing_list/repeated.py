"""What a mail repeats without quote marks: known by what the thread has said before."""

from collections.abc import Iterable, Set

from connectors.reading.mail.attribution import attribution_lines, starts_one
from connectors.reading.mail.copied import header_block, is_announced
from connectors.reading.mail.marks import is_quoted, unquoted


def said_in(text: str) -> set[str]:
    """The paragraphs of a message, each in one line, without quote marks."""
    lines = []
    for line in text.replace("\r\n", "\n").split("\n"):
        while is_quoted(line) and unquoted(line) != line:
            line = unquoted(line)
        lines.append(line)
    return {_flat(paragraph) for paragraph in _paragraphs(lines)}


def without_repeated(lines: list[str], said: Set[str]) -> list[str]:
    """`lines` without the paragraphs below an attribution or a mail's headers that are among `said`.

    What stands between or below these stays; where nothing is repeated, all does.
    """
    start, stop = _head(lines) if said else (0, 0)
    below = _paragraphs(lines[stop:]) if stop else []
    kept = [paragraph for paragraph in below if _flat(paragraph) not in said]
    if len(kept) == len(below):
        return lines
    return [*lines[:start], *(line for paragraph in kept for line in ("", *paragraph))]


def _head(lines: list[str]) -> tuple[int, int]:
    """Where the first attribution or headers begin and end that no quote mark follows; (0, 0) for none."""
    for number in range(len(lines)):
        if is_quoted(lines[number]):
            continue
        if (end := header_block(lines, number)) and (
            is_announced(lines[:number]) or not "".join(lines[:number]).strip()
        ):
            return number, end
        ends = number + 1 == len(lines) or not lines[number + 1].strip() or starts_one(lines[number])
        count = attribution_lines(lines[: number + 1]) if ends and lines[number].strip() else 0
        following = next((line for line in lines[number + 1 :] if line.strip()), "> ")
        if count and not is_quoted(following):
            return number + 1 - count, number + 1
    return 0, 0


def _paragraphs(lines: Iterable[str]) -> list[list[str]]:
    found: list[list[str]] = [[]]
    for line in lines:
        if line.strip():
            found[-1].append(line)
        elif found[-1]:
            found.append([])
    return [paragraph for paragraph in found if paragraph]


def _flat(paragraph: list[str]) -> str:
    return " ".join(" ".join(paragraph).replace("\\", " ").split())
