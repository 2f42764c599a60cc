"""Works as the templates for citations name them: https://en.wikipedia.org/wiki/Template:Citation

A citation within <ref> is a note and is never rendered; one that stands in a text or a list is part of it.
"""

from collections.abc import Callable

from connectors.mediawiki import lines

_MOST_AUTHORS = 20
_CONTAINERS = ("work", "journal", "newspaper", "magazine", "website", "encyclopedia", "periodical", "series")


def cited(value: Callable[[str], str]) -> str:
    """Authors (year). "Part". *Work*. Publisher: "" where none is named. `value` gives a parameter by its name."""
    names = (_author(value, number) for number in ("", *map(str, range(1, _MOST_AUTHORS))))
    authors = "; ".join(dict.fromkeys(filter(None, names))) or value("authors") or value("editor")
    title, whole = value("title"), _first(value, _CONTAINERS)
    part = value("chapter") or (title if whole else "")
    named = whole if part == title else title
    year = value("year") or value("date")
    head = f"{authors} ({year})" if authors and year else authors
    shown = [head, f'"{part}"' if part else "", lines.around(lines.ITALIC, named), value("publisher")]
    shown += ["" if head and year in head else year]
    return ". ".join(filter(None, shown)) if title or authors or whole else ""


def _author(value: Callable[[str], str], number: str) -> str:
    last = _first(value, (f"last{number}", f"author{number}", f"surname{number}"))
    first = _first(value, (f"first{number}", f"given{number}"))
    return f"{last}, {first}" if last and first else last


def _first(value: Callable[[str], str], names: tuple[str, ...]) -> str:
    return next((text for text in map(value, names) if text), "")
