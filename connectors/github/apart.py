"""Comments of an export that stand in files of their own, put down on disk until their issue is read."""

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from connectors.reading.spill import spilled

MOST = 16 << 20  # bytes of the comments of one issue
_TABLE = "create table comments (issue blob, comment text); create index by_issue on comments (issue)"
Apart = Callable[[str], list[dict[str, Any]]]  # the comments of an issue by its address, as they were read


class TooMany(ValueError):
    """The comments of an issue are longer than MOST."""


@contextmanager
def comments_apart(comments: Iterable[dict[str, Any]]) -> Iterator[Apart]:
    """What asks for the comments of an issue; asking raises TooMany."""
    with spilled(_TABLE) as db:
        rows = ((_key(str(each["issue_url"])), json.dumps(each)) for each in comments)
        db.executemany("insert into comments values (?, ?)", rows)

        def of_issue(address: str) -> list[dict[str, Any]]:
            ((size,),) = db.execute("select sum(length(comment)) from comments where issue = ?", [_key(address)])
            if (size or 0) > MOST:
                raise TooMany(f"{size} bytes of comments")
            found = db.execute("select comment from comments where issue = ? order by rowid", [_key(address)])
            return [json.loads(row[0]) for row in found]

        yield of_issue


def _key(address: str) -> bytes:
    """Half letters of UTF-16, which JSON may hold, are no text to SQLite."""
    return address.encode("utf-8", "surrogatepass")
