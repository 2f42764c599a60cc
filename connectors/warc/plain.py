"""The text that a crawler made of a page (WET): lines without markup, its frame among them.

What can be told from such lines is which of them are prose: an article is the stretch from its first to its last
line of prose, with short lines kept where prose is near, and the page's title is the first line.
"""

from connectors.html.density import letters
from schemas.document import Article, Reject, Section
from schemas.page import Page

_PROSE = 60  # letters, as for the blocks of a page
_SENTENCE = 25
_STOPS = ".!?。！？…”"
_NEAR = 2  # short lines in a row that may be a heading or a list; more are a menu
_SHORTEST = 400  # letters of prose
_LONGEST_TITLE = 200
_SPECIAL = ("#", ">", "```", "~~~", "    ")


def read_plain(page: Page, licence: str = "") -> Article | Reject:
    """The prose of a page as one section. Rejects: no_main_content, too_short."""
    lines = [" ".join(line.split()) for line in page.body.decode("utf-8", "replace").split("\n")]
    lines = [line for line in lines if line]
    prose = [at for at, line in enumerate(lines) if at and _is_prose(line)]
    if not prose:
        return Reject(page.key, "no_main_content")
    if sum(letters(lines[at]) for at in prose) < _SHORTEST:
        return Reject(page.key, "too_short")
    title = lines[0] if len(lines[0]) <= _LONGEST_TITLE else page.url
    text = "\n\n".join(_escaped(lines[at]) for at in _kept(prose))
    return Article(page.key, page.url, title, (Section((), text),), licence=page.licence or licence)


def _is_prose(line: str) -> bool:
    length = letters(line)
    return (length >= _SENTENCE and line[-1] in _STOPS) or (
        length >= _PROSE and any(sign in line for sign in ",;，。；、")
    )


def _kept(prose: list[int]) -> list[int]:
    """The lines of prose, and the few short ones between two of them."""
    kept = [prose[0]]
    for at in prose[1:]:
        gap = range(kept[-1] + 1, at)
        kept += [*gap, at] if len(gap) <= _NEAR else [at]
    return kept


def _escaped(line: str) -> str:
    """A line that Markdown would read as more than text."""
    return f"\\{line}" if line.startswith(_SPECIAL) else line
