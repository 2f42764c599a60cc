"""Joins comments to their submissions over all files, on disk."""

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import re2

from connectors.reading import rows as stored
from connectors.reading.malformed import Malformed
from connectors.reading.spill import groups, spilled
from connectors.reddit.rows import SUBMISSION, Row, number, rows
from schemas.document import Reject

_TABLE = "create table said (thread integer, kind integer, id integer, row text)"
# ids grow with time, so that nobody stands before whom they answer
_THREADS = "select thread, kind, id, row from said order by thread, kind, id, rowid"

_SENTENCE = re2.compile(r"^[^.!?。！？\n]*")
# A comment that quotes, agrees, or names what it is about; words of English, in which most of Reddit is
_ANSWERS = re2.compile(
    r"(?i)^\W*(?:yes|yeah|no|nope|ok|okay|well|but|and|so|also|or|lol|wow|hmm|agreed|exactly|really|same|thanks"
    r"|you know|he|she|they|it|its|it['’]s|this|these|those|that|thats|that['’]s)(?:[^\pL]|$)|^(?:>|&gt;|[\"“])"
    r"|\b(?:the|this|that|his|her|their|your) (?:\w+ )?(?:article|author|post|poster|op|story|video|link|site|page|blog"
    r"|piece|essay|submission|title|headline|image|picture|comment|commenter|replies|thread|guy|idea|approach)s?\b"
)
_POINTS = re2.compile(r"(?i)\b(?:this|that|these|those|he|she|they|it|him|her|them|his)\b")


def joined(files: tuple[Path, ...], subreddits: frozenset[str], comment_threads: bool) -> Iterator[Row | Reject]:
    """Threads in order of their submissions' ids, as {submission, comments}, or as {comments} of which the first asks;
    rejects for what has no submission or was there already."""
    with spilled(_TABLE) as db:
        for path in files:
            yield from _spill(db, path, subreddits)
        for group in groups(db, _THREADS):
            once = list(_once(group))
            yield from (item for item in once if isinstance(item, Reject))
            yield from _as_threads([item for item in once if isinstance(item, dict)], comment_threads)


def _spill(db: sqlite3.Connection, path: Path, subreddits: frozenset[str]) -> Iterator[Reject]:
    for line, value in enumerate(stored.read(path), 1):
        if isinstance(value, Malformed):
            yield Reject(f"{path.name}:{value.position}", value.reason, value.detail)
            continue
        for row in rows(value, f"{path.name}:{line}"):
            if isinstance(row, Reject):
                yield row
            elif not subreddits or str(row.get("subreddit")).lower() in subreddits:
                thread = row["link_id"] if "link_id" in row else row["id"]
                text = json.dumps(row, ensure_ascii=False).encode("utf-8", "replace").decode()
                values = (number(thread), "link_id" in row, number(row["id"]), text)
                db.execute("insert into said values (?, ?, ?, ?)", values)


def _once(group: Iterator[tuple[Any, ...]]) -> Iterator[Row | Reject]:
    before: tuple[int, int] | None = None
    for _, kind, identity, text in group:
        row = json.loads(text)
        if (kind, identity) == before:
            yield Reject(row["id"], "duplicate_id", "the first one was kept")
        else:
            yield row
        before = (kind, identity)


def _as_threads(found: list[Row], comment_threads: bool) -> Iterator[Row | Reject]:
    if found and found[0]["id"].startswith(SUBMISSION):
        yield {"submission": found[0], "comments": found[1:]}
        return
    trees = _trees(found) if comment_threads else []
    inside = {row["id"] for tree in trees for row in tree}
    yield from ({"comments": tree} for tree in trees)
    for row in found:
        if row["id"] not in inside:
            yield Reject(row["id"], "no_submission", "what it speaks about is not in the dump")


def _trees(found: list[Row]) -> list[list[Row]]:
    """The replies below each comment on the submission that asks by itself; without any it would teach nothing."""
    roots: dict[str, str] = {}
    trees: dict[str, list[Row]] = {}
    for row in found:
        parent = str(row.get("parent_id"))
        on_top = parent == row["link_id"]
        if root := roots.get(parent) or (row["id"] if on_top and _asks_alone(row["body"]) else ""):
            roots[row["id"]] = root
            trees.setdefault(root, []).append(row)
    return [tree for tree in trees.values() if len(tree) > 1]


def _asks_alone(comment: str) -> bool:
    """Whether a comment ends in a question, and speaks of nothing that only its submission says."""
    text = comment.strip()
    first = _SENTENCE.match(text)
    return text.endswith(("?", "？")) and not _ANSWERS.search(text) and not (first and _POINTS.search(first[0]))
