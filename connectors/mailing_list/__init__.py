"""Mailing lists: threads from mbox files, or from the monthly archives behind a list's index.

archive.py   an archive (plain or gzip) → its raw messages, a few in memory at a time
message.py   a raw message → who wrote what, when, in reply to what
joined.py    messages of all archives → threads, joined on disk
markup.py    what mail programs mark in the HTML of a message
repeated.py  what a message repeats without quote marks
quoting.py   the text of a message → Markdown without signatures, footers and quotes that nobody answers
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar, Literal

from pydantic import Field

from connectors.base import Kind, LocalPath, Settings, Web
from connectors.mailing_list.archive import Archive, is_mbox, live, local
from connectors.mailing_list.joined import threads
from connectors.mailing_list.message import MARKS
from connectors.mailing_list.quoting import Written, to_markdown
from connectors.mailing_list.repeated import said_in
from connectors.reading.local import files_at, ignored, is_named
from connectors.reading.stored_json import load
from connectors.reading.threads import build_thread, detach_orphans
from connectors.reading.times import parse_time
from schemas.document import Document, Post, Reject
from schemas.page import Page

_SUFFIXES = (".mbox", ".mbx", ".txt", ".eml")


class MailingList(Settings):
    """A mailing list: one page per thread, joined by References and In-Reply-To, orphans by their subject.

    `path` is an mbox file (plain or packed; pipermail's monthly text and HyperKitty's export are mbox too), a single
    mail (.eml), or a folder of them, a Maildir too. Without it the archives that the index at `url` links to are
    fetched. Authors are known by their display names only; e-mail addresses of headers are never stored.
    """

    states_licence: ClassVar[bool] = False
    connector: Literal["mailing_list"] = "mailing_list"
    url: str = Field(pattern=r"^https?://", description="Address of the list's archive index.")
    path: LocalPath | None = Field(None, description="An mbox file, or a folder of them, to read instead of the web.")

    @property
    def kind(self) -> Kind:
        return "forum"

    def files(self) -> tuple[Path, ...]:
        return files_at(self.path, self.name, "path", _is_mail)

    def fetch(self, web: Web, cursor: str | None) -> Iterator[Page | Reject]:
        yield from ignored(self.path, self.files() if self.path else ())
        archives: Iterator[Archive | Reject] = local(self.files()) if self.path else live(web, self.url)
        for item in threads(archives):
            yield item if isinstance(item, Reject) else self._page(*item)

    def parse(self, page: Page) -> Iterator[Document | Reject]:
        yield from thread(page, self.licence)

    def _page(self, key: str, messages: list[dict[str, Any]]) -> Page:
        body = json.dumps({"messages": messages}, ensure_ascii=False, sort_keys=True).encode("utf-8", "replace")
        return Page(self.name, key, f"{self.url}#{key}", body, "application/json", licence=self.licence)


def _is_mail(file: Path) -> bool:
    """By its name; a file without a suffix (a mail program's folder) by how it begins; whatever lies in a Maildir."""
    if file.name.startswith("."):
        return False
    return is_named(file, _SUFFIXES) or file.parent.name in ("cur", "new") or (not file.suffix and is_mbox(file))


def thread(page: Page, licence: str = "") -> Iterator[Document | Reject]:
    """The thread in `page`, and a reject for each message that says nothing of its own."""
    messages = _messages(page.body)
    if not messages:
        yield Reject(page.key, "malformed_json", "not a thread of a mailing list")
        return
    if messages[0].get("orphan"):
        yield Reject(page.key, "no_question", "the message that all others reply to is not in the archive")
        return
    posts = detach_orphans(_posts(messages, page, licence))
    yield from build_thread(page.key, page.url, messages[0]["subject"], posts, licence=page.licence or licence)


def _messages(body: bytes) -> list[dict[str, Any]]:
    found = load(body)
    messages = found.get("messages") if isinstance(found, dict) else None
    return messages if isinstance(messages, list) and all(map(_is_message, messages)) else []


def _is_message(message: Any) -> bool:
    names = ("id", "author", "subject", "date", "reply_to", "text")
    return isinstance(message, dict) and bool(message.get("id")) and all(isinstance(message.get(n), str) for n in names)


def _posts(messages: list[dict[str, Any]], page: Page, licence: str) -> Iterator[Post]:
    said: set[str] = set()
    for message in messages:
        yield _post(message, said, page, licence)
        said |= said_in(message["text"])


def _post(message: dict[str, Any], said: set[str], page: Page, licence: str) -> Post:
    written = Written(message["text"], message["author"], *(bool(message.get(name)) for name in MARKS))
    return Post(
        post_id=message["id"],
        markdown=to_markdown(written, said),
        author=message["author"],
        created_at=parse_time(message["date"]),
        reply_to=message["reply_to"],
        url=page.url,
        licence=page.licence or licence,
    )
