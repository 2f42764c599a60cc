"""Comments of an export that stand in files of their own, put down on disk until their issue is read."""

import json
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from connectors.reading.spill import MOST, TooMany, spilled

_TABLES = (
    "create table comments (issue blob, comment text); create index by_issue on comments (issue);"
    "create table met (issue blob primary key) without rowid"
)


@dataclass(frozen=True, slots=True)
class Apart:
    """Comments by the address of their issue."""

    db: sqlite3.Connection

    def of_issue(self, address: str) -> list[dict[str, Any]]:
        """As they were read. Raises TooMany."""
        ((size,),) = self.db.execute("select sum(length(comment)) from comments where issue = ?", [_key(address)])
        if (size or 0) > MOST:
            raise TooMany(f"{size} bytes of comments")
        found = self.db.execute("select comment from comments where issue = ? order by rowid", [_key(address)])
        return [json.loads(row[0]) for row in found]

    def note(self, address: str) -> None:
        """The issue is in the export, whatever becomes of it."""
        self.db.execute("insert or ignore into met values (?)", [_key(address)])

    def left_over(self) -> Iterator[tuple[str, int]]:
        """The address of each issue that is not in the export, and how many comments it has there."""
        query = (
            "select issue, count(*) from comments where issue not in (select issue from met) group by issue order by 1"
        )
        for issue, count in self.db.execute(query):
            yield issue.decode("utf-8", "replace"), count


@contextmanager
def comments_apart(comments: Iterable[dict[str, Any]]) -> Iterator[Apart]:
    with spilled(_TABLES) as db:
        rows = ((_key(str(each["issue_url"])), json.dumps(each)) for each in comments)
        db.executemany("insert into comments values (?, ?)", rows)
        yield Apart(db)


def _key(address: str) -> bytes:
    """Half letters of UTF-16, which JSON may hold, are no text to SQLite."""
    return address.encode("utf-8", "surrogatepass")
