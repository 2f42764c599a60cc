"""Messages of many archives → threads.

Messages wait in a temporary SQLite database; in memory are only their ids and what they reply to. The threading is
Zawinski's (https://www.jwz.org/doc/threading.html): whoever refers to the same message belongs together, also where
that message is missing; replies that refer to nothing join the latest thread of their subject.
"""

import json
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from connectors.mailing_list.archive import Archive, messages
from connectors.mailing_list.message import MARKS, read
from connectors.reading.spill import groups, spilled
from schemas.document import Reject

_TABLE = """
create table messages (id text primary key, date text, subject text, row text);
create table members (id text primary key, thread text);
"""
_IN_THREADS = """
select thread, id, row from messages join members using (id)
order by min(case when date = '' then '9999' else date end) over (partition by thread), thread,
    date = '', date, messages.rowid
"""
_BY_DATE = "select id, subject, row from messages order by date = '', date, rowid"


@dataclass
class _Links:
    """Which messages belong together (`above` is a union-find forest), and what each refers to."""

    above: dict[str, str] = field(default_factory=dict)
    known: set[str] = field(default_factory=set)

    def root(self, name: str) -> str:
        while (parent := self.above.get(name, name)) != name:
            self.above[name] = self.above.get(parent, parent)
            name = self.above[name]
        return name

    def join(self, one: str, other: str) -> None:
        low, high = sorted((self.root(one), self.root(other)))
        self.above[high] = low


def threads(archives: Iterable[Archive | Reject]) -> Iterator[tuple[str, list[dict[str, Any]]] | Reject]:
    """Each thread's key and its messages by date, the first marked `orphan` when what it replies to is missing.
    Threads come in the order of their first dates."""
    links = _Links()
    with spilled(_TABLE) as db:
        for archive in archives:
            if isinstance(archive, Reject):
                yield archive
            else:
                yield from _spill(db, archive, links)
        _join_orphans(db, links)
        db.executemany("insert into members values (?, ?)", ((name, links.root(name)) for name in sorted(links.known)))
        for group in groups(db, _IN_THREADS):
            yield _as_thread([json.loads(row) for *_, row in group], links)


def _spill(db: sqlite3.Connection, archive: Archive, links: _Links) -> Iterator[Reject]:
    for number, raw in enumerate(messages(archive), 1):
        message = raw if isinstance(raw, Reject) else read(raw)
        if message is None:
            message = Reject(f"{archive.name}:{number}", "malformed_message")
        elif not isinstance(message, Reject) and message["id"] in links.known:
            message = Reject(f"{archive.name}:{number}", "duplicate_id", "the first one was kept")
        if isinstance(message, Reject):
            yield message
            continue
        links.known.add(message["id"])
        for reference in message["references"]:
            links.join(message["id"], reference)
        text = json.dumps(message)
        values = (message["id"], message["date"], message["subject"].lower().encode("utf-8", "replace").decode())
        db.execute("insert into messages values (?, ?, ?, ?)", (*values, text))


def _join_orphans(db: sqlite3.Connection, links: _Links) -> None:
    """A reply to nothing that is known belongs to the latest thread of its subject."""
    latest: dict[str, str] = {}
    for name, subject, row in db.execute(_BY_DATE):
        message = json.loads(row)
        if not _replies(message):
            latest[subject] = name
        elif subject in latest and subject and links.known.isdisjoint(message["references"]):
            links.join(name, latest[subject])


def _replies(message: dict[str, Any]) -> bool:
    return bool(message["references"] or message["is_reply"])


def _as_thread(rows: list[dict[str, Any]], links: _Links) -> tuple[str, list[dict[str, Any]]]:
    """A reply dated before what it replies to comes after it all the same: the first is one that refers to none."""
    first = next((row for row in rows if not _replies(row)), rows[0])
    ordered = [first, *(row for row in rows if row is not first)]
    made = [_message(row, links.known) for row in ordered]
    made[0]["reply_to"] = ""
    made[1:] = [{**message, "reply_to": message["reply_to"] or first["id"]} for message in made[1:]]
    if _replies(first):
        made[0]["orphan"] = True
    return first["id"], made


def _message(row: dict[str, Any], known: set[str]) -> dict[str, Any]:
    reply_to = next((name for name in row["references"] if name in known and name != row["id"]), "")
    kept = {name: row[name] for name in ("id", "subject", "author", "date", "text")}
    marks = {name: True for name in MARKS if row[name]}
    return {**kept, **marks, "reply_to": reply_to}
