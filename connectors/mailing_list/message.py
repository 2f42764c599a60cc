"""One raw message → who wrote what, when, in reply to what. Never an address."""

import email
from email.errors import MessageError
from email.header import decode_header
from email.message import Message
from email.policy import compat32
from hashlib import sha256
from typing import Any

import re2

from connectors import html
from connectors.mailing_list.markup import without_mail_program
from connectors.reading.times import parse_time
from schemas.page import EPOCH

MARKS = ("flowed", "markdown", "delsp")  # of a text: what `quoting.to_markdown` has to know of it
MOST_PARTS = 50
MOST_DEPTH = 10
MOST_TEXT = 200_000
_HTML = "text/html"
_LONGEST_NOTICE = 300  # characters of a plain text that says no more than that there is HTML beside it
_LONGEST_HEADER = 10_000
_MOST_REFERENCES = 50
_ID = re2.compile(r"<([^<>]{1,300})>")
_TAGS = re2.compile(r"(?i)^(?:\s*(?:(?:re|aw|fwd?|sv|antw|回复|答复|转发)(?:\[\d+\])?\s*[:：]|\[[^\]]{1,60}\]))+\s*")
_REPLY = re2.compile(r"(?i)(?:^|\]\s*)(?:re|aw|sv|antw|回复|答复)(?:\[\d+\])?\s*[:：]")
_IN_BRACKETS = re2.compile(r"\(([^()]*)\)\s*$")
_BEFORE_ADDRESS = re2.compile(r"^([^<]*)<")
_ADDRESS = re2.compile(r"\S+(?:@| at )\S+\.\S+|@")
_ENCODED_GAP = re2.compile(r"\?=\s+=\?")


def read(raw: bytes) -> dict[str, Any] | None:
    """{id, references, is_reply, subject, author, date, text} and MARKS, or None for what cannot be parsed.

    `id` is a hash of the Message-ID, or of the message where it has none; `references` are hashes too, nearest first.
    """
    try:
        message = email.message_from_bytes(raw, policy=compat32)
        headers = _headers(message)
        texts = _texts(message, 0)
    except (RecursionError, ValueError, LookupError, MessageError, AttributeError, TypeError):
        return None
    ids = _ID.findall(headers.get("message-id", ""))
    subject = " ".join(_decoded(headers.get("subject", "")).split())
    kinds = [_kind(part) for part, _ in texts]
    return {
        "id": _hash(ids[0]) if ids else sha256(raw).hexdigest()[:16],
        "references": _references(headers),
        "is_reply": bool(_REPLY.search(subject)),
        "subject": _TAGS.sub("", subject).strip(),
        "author": author(_decoded(headers.get("from", ""))),
        "date": _sent_at(headers.get("date", ""), raw),
        "text": "\n\n".join(text for _, text in texts)[:MOST_TEXT],
        "flowed": any("format=flowed" in kind for kind in kinds),
        "delsp": any("delsp=yes" in kind for kind in kinds),
        "markdown": any(part.get_content_type() == _HTML for part, _ in texts),
    }


def _hash(name: str) -> str:
    return sha256(name.replace(" at ", "@").encode("utf-8", "replace")).hexdigest()[:16]


def _kind(part: Message) -> str:
    return "".join(str(part.get("content-type", "")).lower().replace('"', "").split())


def _headers(message: Message) -> dict[str, str]:
    """First of each name, as text; bytes that are no ASCII are read as what they look like."""
    found: dict[str, str] = {}
    for name, value in message.raw_items():
        raw = str(value)[:_LONGEST_HEADER].encode("utf-8", "surrogateescape")
        found.setdefault(name.lower(), raw.decode() if raw.isascii() else html.decode(raw, "text/plain"))
    return found


def _decoded(value: str) -> str:
    if "=?" not in value:
        return value
    try:
        parts = decode_header(_ENCODED_GAP.sub("?==?", value).replace("\n", " "))
    except (MessageError, ValueError):
        return value
    return "".join(
        part if isinstance(part, str) else html.decode(part, f"text/plain; charset={charset or 'ascii'}")
        for part, charset in parts
    )


def author(sender: str) -> str:
    """The display name; "" where there is only an address."""
    named = _IN_BRACKETS.search(sender) or _BEFORE_ADDRESS.match(sender)
    name = " ".join(named[1].replace('"', " ").replace("\\", "").split()) if named else ""
    return "" if _ADDRESS.search(name) else name.strip("' ")[:100]


def _references(headers: dict[str, str]) -> list[str]:
    """In-Reply-To first, then References from the nearest to the farthest."""
    listed = _ID.findall(headers.get("references", ""))[-_MOST_REFERENCES:]
    direct = _ID.findall(headers.get("in-reply-to", ""))[:1]
    return list(dict.fromkeys(_hash(name) for name in (*direct, *reversed(listed))))


def _sent_at(stated: str, raw: bytes) -> str:
    """ISO 8601 in UTC; from the "From " line where the header says nothing usable; "" where neither does."""
    received = raw[:300].split(b"\n", 1)[0].decode("ascii", "replace").split(None, 2)[2:]
    for text in (stated, *received):
        time = parse_time(text)
        if time and time >= EPOCH:
            return time.isoformat()
    return ""


def _texts(message: Message, depth: int) -> list[tuple[Message, str]]:
    """What is to be read, part by part: of alternatives one, the plain text unless it is blank or says less than the
    HTML beside it."""
    payload = message.get_payload()
    if not isinstance(payload, list):
        text = _read(message)
        return [(message, text)] if text.strip() else []
    if depth >= MOST_DEPTH:
        return []
    parts = [_texts(part, depth + 1) for part in payload[:MOST_PARTS] if isinstance(part, Message)]
    if message.get_content_type() == "multipart/alternative":
        return _best([part for part in parts if part])
    return [each for part in parts for each in part][:MOST_PARTS]


def _best(parts: list[list[tuple[Message, str]]]) -> list[tuple[Message, str]]:
    plain = next((part for part in parts if part[0][0].get_content_type() == "text/plain"), [])
    other = next((part for part in parts if part is not plain), [])
    said = "".join(text for _, text in plain)
    stands_in = len(said) < _LONGEST_NOTICE and "html" in said.lower() and len(said) * 2 < sum(len(t) for _, t in other)
    return other if not plain or (stands_in and other) else plain


def _read(part: Message) -> str:
    if str(part.get("content-disposition", "")).lower().startswith("attachment"):
        return ""
    kind = part.get_content_type()
    if kind == _HTML:
        return _markdown(_payload(part))
    return _payload(part)[:MOST_TEXT] if kind == "text/plain" else ""


def _payload(part: Message) -> str:
    raw = part.get_payload(decode=True)
    if not isinstance(raw, bytes):
        return ""
    charset = str(part.get_param("charset") or "")[:40]
    return html.decode(raw, f"text/plain; charset={charset}" if charset else "text/plain")


def _markdown(markup: str) -> str:
    try:
        tree = html.parse(markup)
        without_mail_program(tree)
        return html.to_markdown(tree)
    except html.Unreadable:
        return ""
