"""What the API says of an article, a post or a comment, and what a page keeps of it.

https://developer.zendesk.com/api-reference/help_center/help-center-api/articles/ and the pages beside it.
"""

import json
import sqlite3
from typing import Any

from schemas.document import Reject

Entry = dict[str, Any]
# Objects of which only the name is kept: their kind, by the listing that they come in
KIND_OF_LISTING = {"sections": "section", "categories": "category", "users": "user", "topics": "topic"}
_NAMED = ("name", "parent_section_id", "category_id")
_DEEPEST = 10  # sections stand in sections, five deep at most


class NameIndex:
    """Names of sections, categories, topics and people, which listings of other things carry along, on disk."""

    TABLES = "create table names (kind, number, entry, primary key (kind, number)) without rowid"

    def __init__(self, db: sqlite3.Connection) -> None:
        """`db` has the table of TABLES."""
        self._db = db

    def add(self, kind: str, entry: Entry) -> None:
        """Remember the name of an object; `kind` is a value of KIND_OF_LISTING."""
        kept = json.dumps({name: entry.get(name) for name in _NAMED})
        self._db.execute("insert or replace into names values (?, ?, ?)", (kind, entry["id"], kept))

    def name(self, kind: str, number: Any) -> str:
        """The name of an object, "" for one that was never listed."""
        name = (self._entry(kind, number) or {}).get("name")
        return " ".join(name.split()) if isinstance(name, str) else ""

    def _entry(self, kind: str, number: Any) -> Entry | None:
        query = "select entry from names where kind = ? and number = ?"
        found = self._db.execute(query, (kind, number)).fetchone() if is_number(number) else None
        return json.loads(found[0]) if found else None

    def above(self, section: Any) -> list[str]:
        """The category and the sections down to this one."""
        found: list[str] = []
        category = None
        for _ in range(_DEEPEST):
            known = self._entry("section", section)
            if known is None:
                break
            found.append(self.name("section", section))
            section, category = known.get("parent_section_id"), known.get("category_id")
        return [name for name in (self.name("category", category), *reversed(found)) if name]


def is_number(number: Any) -> bool:
    """Whether an object can have this number: SQLite holds none of more than 63 bits."""
    return isinstance(number, int) and abs(number) < 1 << 63


def is_entry(entry: Any) -> bool:
    return isinstance(entry, dict) and is_number(entry.get("id"))


def article_page(entry: Entry, names: NameIndex) -> Entry | Reject:
    key = f"a{entry['id']}"
    if entry.get("draft"):
        return Reject(key, "draft")
    if entry.get("outdated"):
        return Reject(key, "outdated", "the original was changed after it was translated")
    title, body = _text(entry, "title") or _text(entry, "name"), _text(entry, "body")
    if not title or not body.strip():
        return Reject(key, "no_body" if title else "no_title")
    labels = entry.get("label_names")
    return {
        "type": "article",
        "id": entry["id"],
        "html_url": _text(entry, "html_url"),
        "title": title,
        "body": body,
        "author": names.name("user", entry.get("author_id")),
        "created_at": _text(entry, "created_at"),
        "edited_at": _text(entry, "edited_at"),
        "labels": [label for label in labels if isinstance(label, str)] if isinstance(labels, list) else [],
        "context": names.above(entry.get("section_id")),
    }


def post_page(entry: Entry, comments: list[Entry], names: NameIndex) -> Entry | Reject:
    if not _text(entry, "title"):
        return Reject(f"p{entry['id']}", "no_title")
    topic = names.name("topic", entry.get("topic_id"))
    posts = [_post(entry, "details", names), *(_post(comment, "body", names) for comment in comments)]
    return {
        "type": "post",
        "id": entry["id"],
        "html_url": _text(entry, "html_url"),
        "title": _text(entry, "title"),
        "labels": [topic] if topic else [],
        "posts": posts,
    }


def _post(entry: Entry, name: str, names: NameIndex) -> Entry:
    votes = entry.get("vote_sum")
    return {
        "id": entry["id"],
        "body": _text(entry, name),
        "author": names.name("user", entry.get("author_id")),
        "created_at": _text(entry, "created_at"),
        "score": votes if isinstance(votes, int) else None,
        "official": entry.get("official") is True,
        "html_url": _text(entry, "html_url"),
    }


def _text(entry: Entry, name: str) -> str:
    return entry[name] if isinstance(entry.get(name), str) else ""
