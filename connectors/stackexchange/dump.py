"""Joins the files of a dump into threads, over all of it and in little memory.

Votes.xml is not read: Score is the sum of its votes and AcceptedAnswerId its accepted marks. In a whole dump all 1,672
posts and all 389 marks agree.
"""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import IO, Any

from connectors.reading import packed, seven_zip
from connectors.reading.spill import groups, is_number, spilled
from connectors.reading.xml_dump import TOO_LONG, BrokenDump, elements_of, is_cut
from schemas.document import Reject

FILES = ("Users.xml", "Posts.xml", "Comments.xml", "PostLinks.xml")
ARCHIVE = ".7z"

# the order of a thread's rows; Stack Exchange's own numbers for post types are 1 question, 2 answer
QUESTION, ANSWER, COMMENT, LINK = range(4)
_POST_TYPES = {"1": QUESTION, "2": ANSWER}
# counters of views and favourites are left out: they change with every dump and say nothing
_KEPT = {
    "Posts.xml": (
        *("Id", "CreationDate", "Score", "Body", "Title", "Tags", "AcceptedAnswerId", "OwnerUserId"),
        *("OwnerDisplayName", "ContentLicense", "ClosedDate", "CommunityOwnedDate", "LastEditDate"),
    ),
    "Comments.xml": ("Id", "PostId", "CreationDate", "Score", "Text", "UserDisplayName", "ContentLicense"),
    "PostLinks.xml": ("Id", "PostId", "RelatedPostId", "LinkTypeId", "CreationDate"),
}
_TABLES = """
create table names (user integer primary key, name text);
create table threads (post integer primary key, thread integer);
create table posts (thread integer, kind integer, id integer, author integer, row text);
create table additions (post integer, kind integer, id integer, author integer, row text);
"""
_JOINED = """
select thread, kind, id, author, name, row from (
    select thread, kind, id, author, row, rowid as place from posts
    union all
    select coalesce(thread, -post), kind, id, author, row, additions.rowid from additions left join threads using (post)
) left join names on user = author
order by thread, kind, id, place
"""

Row = tuple[int, int, int, int | None, str | None, str]


def joined(files: tuple[Path, ...]) -> Iterator[dict[str, Any] | Reject]:
    """Threads in order of their question's id, as {question, answers, comments, links}: each the kept
    attributes of its row, `Owner`, the author's name, and without one `OwnerId`. Rows that belong to no thread are
    rejects.

    `files` are XML or 7z archives of it, in any order.
    """
    with spilled(_TABLES) as db:
        for path in files:
            yield from _archive(db, path) if path.suffix == ARCHIVE else _file(db, path)
        for group in groups(db, _JOINED):
            yield from _question_with_rows(group)


def _archive(db: sqlite3.Connection, path: Path) -> Iterator[Reject]:
    try:
        for name, file in seven_zip.members(path, FILES):
            yield from _spill(db, name, file)
    except (EOFError, packed.TooLarge) as error:
        yield Reject(path.name, packed.why(error), str(error))


def _file(db: sqlite3.Connection, path: Path) -> Iterator[Reject]:
    with closing(packed.opened(path)) as file:
        yield from _spill(db, path.name, file)


def _spill(db: sqlite3.Connection, name: str, file: IO[bytes]) -> Iterator[Reject]:
    load = {"Users.xml": _load_user, "Posts.xml": _load_post}.get(name, _load_addition)
    try:
        for number, element in enumerate(elements_of(file, name, "row"), 1):
            if is_cut(element):
                reject: Reject | None = Reject(f"{name}:{number}", "too_large", f"Id {element.get('Id')}: {TOO_LONG}")
            else:
                reject = load(db, name, dict(element.attrib), number)
            if reject:
                yield reject
    except BrokenDump as broken:
        yield Reject(name, broken.reason, broken.detail)


def _load_user(db: sqlite3.Connection, file: str, row: dict[str, str], number: int) -> None:
    if is_number(row.get("Id", "")):
        db.execute("insert or ignore into names values (?, ?)", (int(row["Id"]), row.get("DisplayName", "")))


def _load_post(db: sqlite3.Connection, file: str, row: dict[str, str], number: int) -> Reject | None:
    kind = _POST_TYPES.get(row.get("PostTypeId", ""))
    if not is_number(row.get("Id", "")):
        return Reject(f"{file}:{number}", "missing_id", "a post without a number")
    if kind is None:
        return Reject(f"p{row['Id']}", "not_a_question", f"post type {row.get('PostTypeId', 'missing')[:20]}")
    thread = row["Id"] if kind == QUESTION else row.get("ParentId", "")
    if not is_number(thread):
        return Reject(f"a{row['Id']}", "orphan_answer", "no ParentId")
    db.execute("insert or ignore into threads values (?, ?)", (int(row["Id"]), int(thread)))
    author = row.get("OwnerUserId", "")
    db.execute(
        "insert into posts values (?, ?, ?, ?, ?)",
        (int(thread), kind, int(row["Id"]), int(author) if is_number(author) else None, _pick(file, row)),
    )
    return None


def _load_addition(db: sqlite3.Connection, file: str, row: dict[str, str], number: int) -> Reject | None:
    if not is_number(row.get("Id", "")) or not is_number(row.get("PostId", "")):
        return Reject(f"{file}:{number}", "missing_id", "a row without a number")
    kind, author = (COMMENT if file == "Comments.xml" else LINK), row.get("UserId", "")
    db.execute(
        "insert into additions values (?, ?, ?, ?, ?)",
        (int(row["PostId"]), kind, int(row["Id"]), int(author) if is_number(author) else None, _pick(file, row)),
    )
    return None


def _pick(file: str, row: dict[str, str]) -> str:
    return json.dumps({name: row[name] for name in _KEPT[file] if name in row}, ensure_ascii=False)


def _question_with_rows(rows: Iterator[Row]) -> Iterator[dict[str, Any] | Reject]:
    """One thread of `rows`, which share one; rejects for what has no question or was there already."""
    parts: dict[int, list[dict[str, str]]] = {QUESTION: [], ANSWER: [], COMMENT: [], LINK: []}
    seen: set[tuple[int, int]] = set()
    for _, kind, number, author, name, text in rows:
        if (kind, number) in seen:
            yield Reject(f"{_PREFIXES[kind]}{number}", "duplicate_id", "the first one was kept")
            continue
        seen.add((kind, number))
        parts[kind].append(json.loads(text) | _owner(author, name))
    if parts[QUESTION]:
        yield {
            "question": parts[QUESTION][0],
            "answers": parts[ANSWER],
            "comments": parts[COMMENT],
            "links": parts[LINK],
        }
        return
    for kind, reason in _ORPHANS.items():
        keys = (f"{_PREFIXES[kind]}{part['Id']}" for part in parts[kind])
        yield from (Reject(key, reason, "its question is not in the dump") for key in keys)


def _owner(author: int | None, name: str | None) -> dict[str, str]:
    """The author's name; where there is no Users.xml to say it, the number, which a profile is found by."""
    unnamed = author is not None and author > 0 and not name
    return {"Owner": name or ""} | ({"OwnerId": str(author)} if unnamed else {})


_PREFIXES = {QUESTION: "q", ANSWER: "a", COMMENT: "c", LINK: "l"}
_ORPHANS = {ANSWER: "orphan_answer", COMMENT: "orphan_comment", LINK: "orphan_link"}
