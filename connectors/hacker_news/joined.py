"""Joins the items of dumps into threads, on disk."""

import json
import sqlite3
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from connectors.reading import rows
from connectors.reading.malformed import Malformed
from connectors.reading.spill import groups, spilled
from connectors.reading.stored_json import integer
from schemas.document import Reject

Item = dict[str, Any]
_KEPT = ("type", "by", "time", "text", "title", "url", "dead", "deleted")
_TABLE = "create table items (id integer primary key, parent integer, row text)"
_INDEX = "create index children on items (parent)"
# A comment knows only its parent. What hangs on an item that is not in the dump is counted below zero
_THREADS = """
with recursive tree (root, id) as (
    select iif(parent is null, id, -id), id from items
    where parent is null or not exists (select 1 from items as above where above.id = items.parent)
    union all
    select root, items.id from tree join items on items.parent = tree.id
)
select root, id, row from tree join items using (id) order by root, id
"""


def joined(files: tuple[Path, ...]) -> Iterator[list[Item] | Reject]:
    """Each story and below it its comments by id, which is by time; rejects for what belongs to no story."""
    with spilled(_TABLE) as db:
        for path in files:
            yield from _spill(db, path)
        db.execute(_INDEX)
        for group in groups(db, _THREADS):
            items = [(root, json.loads(row)) for root, _, row in group]
            if items[0][0] < 0:
                yield from (Reject(str(item["id"]), "orphan_comment", "its story is missing") for _, item in items)
            else:
                yield [item for _, item in items]


def kept(value: Any) -> Item | None:
    """What is kept of an item; None for what is none, and where the parent is later: that would make a ring."""
    number = integer(value.get("id")) if isinstance(value, dict) else None
    if number is None or number < 1:
        return None
    item = {"id": number, **{name: _plain(value[name]) for name in _KEPT if value.get(name) not in (None, "", False)}}
    parent = integer(value.get("parent") or 0)  # some exports write 0 for none
    if parent is None or not 0 <= parent < number:
        return None
    return item | {"parent": parent} if parent else item


def _plain(value: Any) -> Any:
    return int(value.timestamp()) if isinstance(value, datetime) else value


def _spill(db: sqlite3.Connection, path: Path) -> Iterator[Reject]:
    for number, value in enumerate(rows.read(path), 1):
        if isinstance(value, Malformed):
            yield Reject(f"{path.name}:{value.position}", value.reason, value.detail)
            continue
        item = kept(value)
        if item is None:
            yield Reject(f"{path.name}:{number}", "malformed_item", "no number of its own, or a later parent")
        elif item.get("type") == "pollopt":
            yield Reject(str(item["id"]), "poll_option", "a choice, and nothing that anybody says")
        elif not _entered(db, item):
            yield Reject(str(item["id"]), "duplicate_id", "the first one was kept")


def _entered(db: sqlite3.Connection, item: Item) -> bool:
    text = json.dumps(item, ensure_ascii=False, default=str).encode("utf-8", "replace").decode()
    values = (item["id"], item.get("parent"), text)
    return db.execute("insert or ignore into items values (?, ?, ?)", values).rowcount == 1
