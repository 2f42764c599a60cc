"""Objects of a help centre in JSON files: answers of the API, one object, or a list of them.

They are put down on disk as they are read. A list may be of any length, since it is read object by object; an answer of
the API is read whole.
"""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import re2

from connectors.reading.malformed import Malformed
from connectors.reading.rows import read
from connectors.reading.spill import MOST, TooMany, spilled
from connectors.reading.stored_json import load_file
from connectors.zendesk.entries import KIND_OF_LISTING, Entry, NameIndex, is_entry, is_number
from schemas.document import Reject

_LISTS = {**KIND_OF_LISTING, "articles": "article", "posts": "post", "comments": "comment"}
# The kind of a single object is in its own address
_KIND_IN_ADDRESS = re2.compile(r"/(articles|posts|comments|sections|categories|topics|users)/[^/]+$")
_BEGINNING = 1 << 16  # bytes in which a list begins, if a file is one
_TABLES = f"{NameIndex.TABLES}; create table objects (kind, number, locale, post, created, updated, entry)"
# Of an object that is in several files the latest is kept; a translation has the number of its original
_SETTLE = """
create table kept as select kind, number, locale, post, created, entry, row_number() over (
  partition by kind, number, locale order by updated desc, rowid desc) as place from objects;
drop table objects;
create index in_order on kept (kind, place, number, locale);
create index by_post on kept (post, created) where kind = 'comment';
"""


@contextmanager
def saved_objects() -> Iterator["SavedObjects"]:
    with spilled(_TABLES) as db:
        yield SavedObjects(db)


class SavedObjects:
    """What the files read so far hold; once `settle` is called, it can be asked for."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self.names, self._db = NameIndex(db), db

    def read(self, path: Path) -> Iterator[Reject]:
        """Take in the objects of a file; a reject for what is none."""
        none: Reject | None = Reject(
            path.name, "not_help_center", "neither an answer of the API nor one of its objects"
        )
        for value in read(path) if _is_list(path) else (load_file(path),):
            if isinstance(value, Malformed):
                yield Reject(f"{path.name}/{value.position}", value.reason, value.detail)
            for kind, entry in [pair for one in _values(value) for pair in _objects(one)]:
                none = None
                self._keep(kind, entry)
            if isinstance(value, Reject):
                none = value
        if none:
            yield none

    def settle(self) -> None:
        """Choose among the objects of one number."""
        self._db.executescript(_SETTLE)

    def doubled(self) -> Iterator[str]:
        """The key of each object that is not the latest of its number."""
        query = "select kind, number from kept where place > 1 order by kind, number"
        return (f"{kind[0]}{number}" for kind, number in self._db.execute(query))

    def entries(self, kind: str) -> Iterator[Entry]:
        """All of this kind, by number and language."""
        query = "select entry from kept where kind = ? and place = 1 order by number, locale"
        return (json.loads(row[0]) for row in self._db.execute(query, [kind]))

    def comments(self, post: int) -> list[Entry]:
        """Of one post, in the order of their time. Raises TooMany."""
        these = "from kept where kind = 'comment' and post = ? and place = 1"
        ((size,),) = self._db.execute(f"select sum(length(entry)) {these}", [post])
        if (size or 0) > MOST:
            raise TooMany(f"{size} bytes of comments")
        found = self._db.execute(f"select entry {these} order by created, number, locale", [post])
        return [json.loads(row[0]) for row in found]

    def left_over(self) -> Iterator[tuple[int | None, int]]:
        """The number of each post that is not here, and how many comments it has; None for those on no post."""
        query = """select post, count(*) from kept where kind = 'comment' and place = 1 and (post is null
            or post not in (select number from kept where kind = 'post')) group by post order by post"""
        return iter(self._db.execute(query))

    def _keep(self, kind: str, entry: Entry) -> None:
        if kind in KIND_OF_LISTING.values():
            self.names.add(kind, entry)
            return
        texts = [json.dumps(str(entry.get(name) or ""))[1:-1] for name in ("locale", "created_at", "updated_at")]
        locale, created, updated = texts  # as ASCII: half letters of UTF-16 are no text to SQLite
        post = _post_of(entry) if kind == "comment" else None
        row = (kind, entry["id"], locale, post, created, updated, json.dumps(entry))
        self._db.execute("insert into objects values (?, ?, ?, ?, ?, ?, ?)", row)


def _is_list(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(_BEGINNING).removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"["


def _values(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _objects(value: Any) -> list[tuple[str, Entry]]:
    if not isinstance(value, dict):
        return []
    found = [(kind, entry) for name, kind in _LISTS.items() for entry in _values(value.get(name))]
    found += [(kind, value[kind]) for kind in _LISTS.values() if kind in value]
    address = _KIND_IN_ADDRESS.search(str(value.get("url") or ""))
    return [pair for pair in found if is_entry(pair[1])] or (
        [(_LISTS[address[1]], value)] if address and is_entry(value) else []
    )


def _post_of(comment: Entry) -> int | None:
    """Comments of articles are kept apart from those of posts by their source."""
    number = comment.get("post_id") or (comment.get("source_id") if comment.get("source_type") == "Post" else None)
    return int(number) if number is not None and is_number(number) else None
