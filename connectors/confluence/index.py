"""What the exports of a wiki say of their pages, put down on disk: histories make many more of them than there are."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from connectors.reading.spill import spilled

_DEEPEST = 50
_TABLES = """
create table pages (export, key, entry, version, primary key (export, key));
create index by_key on pages (key);
create table left_out (export, key, reason, primary key (export, key));
create table cut (export, name);
create table names (export, kind, key, name, primary key (export, kind, key)) without rowid;
create table labelled (export, page, label);
create index by_page on labelled (export, page);
create table given (key primary key) without rowid;
"""


@dataclass(frozen=True, slots=True)
class Index:
    """That of one of the exports that share `db`. Keys are the numbers of its objects as text."""

    db: sqlite3.Connection
    export: int

    def add_page(self, key: str, page: dict[str, str], version: int) -> None:
        self._put("pages", key, json.dumps(page), version)

    def leave_out(self, key: str, reason: str) -> None:
        self._put("left_out", key, reason)

    def add_cut(self, name: str) -> None:
        """What is no page and too large."""
        self._put("cut", name)

    def add_name(self, kind: str, key: str, name: str) -> None:
        """`kind`: space, user (key → account), person (account → name) or label."""
        self._put("names", kind, key, name)

    def add_label(self, page: str, label: str) -> None:
        self._put("labelled", page, label)

    def page(self, key: str) -> dict[str, str] | None:
        found = self._one("select entry from pages where export = ? and key = ?", self.export, key)
        return dict(json.loads(found)) if found else None

    def name(self, kind: str, key: str) -> str:
        """ "" for what was never named."""
        query = "select name from names where export = ? and kind = ? and key = ?"
        return self._one(query, self.export, kind, key) or ""

    def labels(self, page: str) -> tuple[str, ...]:
        found = self.db.execute("select label from labelled where export = ? and page = ?", (self.export, page))
        return tuple(sorted({name for row in found if (name := self.name("label", row[0]))}))

    def ancestors(self, page: dict[str, str]) -> tuple[str, ...]:
        above: list[str] = []
        while len(above) < _DEEPEST and (parent := self.page(page.get("parent", ""))):
            page = parent
            above.append(page["title"])
        return tuple(reversed(above))

    def is_left_out(self, key: str) -> bool:
        return bool(self._one("select 1 from left_out where export = ? and key = ?", self.export, key))

    def left_out(self) -> Iterator[tuple[str, ...]]:
        return self._rows("select key, reason from left_out where export = ? order by rowid")

    def cut(self) -> Iterator[tuple[str, ...]]:
        return self._rows("select name from cut where export = ? order by rowid")

    def newest(self, key: str) -> int:
        """The newest version of a page in any of the exports."""
        return int(self._one("select max(version) from pages where key = ?", key) or 0)

    def give(self, key: str) -> None:
        """The text of a page was met, in any of the exports."""
        self.db.execute("insert or ignore into given values (?)", (key,))

    def is_given(self, key: str) -> bool:
        return bool(self._one("select 1 from given where key = ?", key))

    def without_text(self) -> Iterator[tuple[str, ...]]:
        return self._rows(
            "select key from pages where export = ? and key not in (select key from given) order by rowid"
        )

    def _put(self, table: str, *values: str | int) -> None:
        places = ", ".join("?" * (len(values) + 1))
        self.db.execute(f"insert or replace into {table} values ({places})", (self.export, *values))

    def _one(self, query: str, *values: str | int) -> str | None:
        found = self.db.execute(query, values).fetchone()
        return found[0] if found else None

    def _rows(self, query: str) -> Iterator[tuple[str, ...]]:
        return iter(self.db.execute(query, (self.export,)))


@contextmanager
def indexes(count: int) -> Iterator[list[Index]]:
    """One for each of so many exports."""
    with spilled(_TABLES) as db:
        yield [Index(db, number) for number in range(count)]
