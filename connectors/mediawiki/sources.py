"""The sources of a wiki's templates, on disk while its pages are read."""

import sqlite3
from collections.abc import Iterable
from contextlib import ExitStack
from typing import Self

from connectors.mediawiki.expansion import exact, redirect_of, used
from connectors.mediawiki.templates import canonical, is_silent
from connectors.reading.spill import spilled

# A page takes so many sources and characters with it; longer sources are large boxes, or tables of data
_MOST, _LONGEST_ALL, _LONGEST = 200, 200_000, 20_000


class Templates:
    """`add` all, then ask which a page uses. They are gone when the block is left."""

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._db: sqlite3.Connection | None = None

    def __enter__(self) -> Self:
        self._db = self._stack.enter_context(spilled("create table templates (name text primary key, source text)"))
        return self

    def __exit__(self, *error: object) -> None:
        self._stack.close()

    def add(self, title: str, source: str) -> None:
        """A template by its title without the name of its namespace; the last of a title counts. Layout and what is
        too long to be a text are left out."""
        if self._db is not None and len(source) <= _LONGEST and not is_silent(canonical(title)):
            self._db.execute("insert or replace into templates values (?, ?)", (exact(title), source))

    def lacking(self, names: Iterable[str]) -> list[str]:
        """Those of `names` (`exact`) that nothing is known of, sorted, without layout and parser functions. They count
        as known from now on, as templates that are not there."""
        asked = sorted(name for name in names if ":" not in name and not is_silent(canonical(name)))
        if self._db is None:
            return []
        cursor = (self._db.execute("insert or ignore into templates values (?, null)", (name,)) for name in asked)
        return [name for name, found in zip(asked, cursor, strict=True) if found.rowcount]

    def used_by(self, wikitext: str) -> dict[str, str]:
        """The sources that a page needs, by `exact` name in order: of what it uses, of what these use, and so on."""
        found: dict[str, str] = {}
        left, size = used(wikitext), 0
        while left and len(found) < _MOST and size < _LONGEST_ALL:
            rows = self._of(sorted(left)[: _MOST - len(found)])
            size += sum(map(len, rows.values()))
            found |= rows
            left = {
                name for source in rows.values() for name in (*used(source), redirect_of(source)) if name
            } - found.keys()
        return dict(sorted(found.items()))

    def _of(self, names: list[str]) -> dict[str, str]:
        if self._db is None:
            return {}
        marks = ", ".join("?" * len(names))
        return dict(
            self._db.execute(
                f"select name, source from templates where source is not null and name in ({marks})", names
            ).fetchall()
        )
