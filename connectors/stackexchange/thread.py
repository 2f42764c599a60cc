"""A page of a Stack Exchange site as a thread."""

from collections.abc import Iterator
from typing import Any

import re2
from lxml.html import fragment_fromstring

from connectors.html import Unreadable, tex_of_image, to_markdown
from connectors.reading.edits import edited
from connectors.reading.stored_json import load
from connectors.reading.threads import build_thread
from connectors.reading.times import parse_time
from connectors.stackexchange.mathematics import protected, restored
from connectors.web.url import authority
from schemas.document import Document, Post, Reject
from schemas.page import Page

# https://stackoverflow.com/help/licensing: the first day of each version
_LICENCES = (("2018-05-02", "CC-BY-SA-4.0"), ("2011-04-08", "CC-BY-SA-3.0"), ("", "CC-BY-SA-2.5"))
_STATED = re2.compile(r"^CC[ -]BY-SA[ -]([234]\.[05])$")
_TAG = re2.compile(r"[^<>|]+")
# Where a picture stood: what is asked or said may lean on it, so that it is measured and not passed over
_IMAGE = re2.compile(r"<a [^<>]*>\s*<img [^<>]*>\s*</a>|<img [^<>]*>")
_PLACE = "[image]"
# Until 2013 the site wrote into a question, as a quotation at its head, what it was closed as a duplicate of
_OLD_BANNER = re2.compile(
    r"(?is)^\s*<blockquote>\s*(?:<p>)?\s*<(strong|b)>\s*(?:possible duplicates?|(?:posible|posibles) duplicad[oa]s?"
    r"|poss[ií]ve(?:l|is) duplicatas?|возможны[йе] дубликаты?|重複の可能性)\s*[:：]?\s*</(?:strong|b)>.*?</blockquote>"
)
_DUPLICATE = "3"  # the type of a link to the question that was asked before

Row = dict[str, str]


def thread(page: Page, with_comments: bool) -> Iterator[Document | Reject]:
    """The thread in `page`, and a reject for each post that cannot be used. Without a question, only rejects."""
    body = _load(page.body)
    if body is None:
        yield Reject(page.key, "malformed_json", "not a thread of a dump")
        return
    yield from build_thread(
        page.key,
        page.url,
        " ".join(body["question"].get("Title", "").split()),
        _posts(page, body, with_comments),
        tags(body["question"]) + _marks(body),
        page.licence,
    )


def _posts(page: Page, body: dict[str, Any], with_comments: bool) -> Iterator[Post | Reject]:
    accepted = body["question"].get("AcceptedAnswerId", "")
    known: set[str] = set()
    for row in (body["question"], *body["answers"]):
        post = _post(page, row, accepted)
        known |= {post.post_id} if isinstance(post, Post) else set()
        yield post
    if with_comments:
        yield from _comments(page, body["comments"], known)


def licence_of(row: Row) -> str:
    """SPDX id of a post: what it states, else what the site's terms said on its day, "" without a day."""
    stated = _STATED.match(row.get("ContentLicense", "").strip())
    if stated:
        return f"CC-BY-SA-{stated[1]}"
    day = row.get("CreationDate", "")[:10]
    return next(name for first, name in _LICENCES if day >= first) if parse_time(day) else ""


def tags(row: Row) -> tuple[str, ...]:
    """`<a><b>` until 2023, `|a|b|` since."""
    return tuple(_TAG.findall(row.get("Tags", "")))


def _marks(body: dict[str, Any]) -> tuple[str, ...]:
    """What the site writes behind the title of a closed question; no tag of its own is in brackets."""
    if any(link.get("LinkTypeId") == _DUPLICATE for link in body["links"]):
        return ("[duplicate]",)
    return ("[closed]",) if body["question"].get("ClosedDate") else ()


def _load(body: bytes) -> dict[str, Any] | None:
    found = load(body)
    if not isinstance(found, dict) or not _is_row(found.get("question")):
        return None
    lists = {name: found.get(name, []) for name in ("answers", "comments", "links")}
    if not all(isinstance(rows, list) and all(_is_row(row) for row in rows) for rows in lists.values()):
        return None
    return {"question": found["question"], **lists}


def _is_row(value: Any) -> bool:
    return isinstance(value, dict) and "Id" in value and all(isinstance(part, str) for part in value.values())


def _post(page: Page, row: Row, accepted: str) -> Post | Reject:
    is_question = row["Id"] == page.key[1:]
    key = page.key if is_question else f"{page.key}/a{row['Id']}"
    try:
        markdown = _markdown(row.get("Body", ""), page.url)
    except Unreadable as error:
        return Reject(key, error.reason, error.detail)
    if not markdown.strip():
        return Reject(key, "empty_post")
    created_at = parse_time(row.get("CreationDate", ""))
    return Post(
        post_id=row["Id"],
        markdown=markdown,
        author=_author(row, "OwnerDisplayName", page.url),
        created_at=created_at,
        edited_at=edited(parse_time(row.get("LastEditDate", "")), created_at),
        score=_integer(row.get("Score", "")),
        accepted=not is_question and row["Id"] == accepted,
        reply_to="" if is_question else page.key[1:],
        url=page.url if is_question else f"https://{authority(page.url)}/a/{row['Id']}",
        licence=licence_of(row) or page.licence,
    )


def _markdown(body: str, url: str) -> str:
    text, formulas = protected(_IMAGE.sub(_shown, _OLD_BANNER.sub("", body)))
    return restored(to_markdown(text, url), formulas)


def _shown(picture: "re2._Match") -> str:
    """A picture of a formula is left to be read."""
    image = next(fragment_fromstring(picture[0], create_parent="div").iter("img"), None)
    return picture[0] if image is not None and tex_of_image(image) else _PLACE


def _comments(page: Page, rows: list[Row], known: set[str]) -> list[Post]:
    """Comments have no score here: their votes do not compare with those of answers."""
    return [
        Post(
            post_id=f"c{row['Id']}",
            markdown=row["Text"].strip(),
            author=_author(row, "UserDisplayName", page.url),
            created_at=parse_time(row.get("CreationDate", "")),
            reply_to=row["PostId"],
            url=f"{page.url}#comment{row['Id']}_{row['PostId']}",
            licence=licence_of(row) or page.licence,
        )
        for row in rows
        if row.get("Text", "").strip() and row.get("PostId") in known
    ]


def _author(row: Row, stated: str, url: str) -> str:
    """The author's name; of a dump without Users.xml the number, with the profile that the licence wants a way to."""
    name = (row.get("Owner") or row.get(stated) or "").strip()
    number = row.get("OwnerId", "")
    return name or (f"user {number} (https://{authority(url)}/users/{number})" if number else "")


def _integer(text: str) -> int | None:
    digits = text.removeprefix("-")
    return int(text) if digits.isascii() and digits.isdecimal() and len(digits) < 10 else None
