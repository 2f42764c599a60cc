"""Archives and the messages in them: mbox, plain or gzip, from files or from the web."""

import gzip
import io
from codecs import BOM_UTF8
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from urllib.parse import urljoin

import re2

from connectors import html
from connectors.base import Response, Web, WebError
from connectors.reading import packed
from schemas.document import Reject

MOST_BYTES = 1 << 20  # of one message: what is longer are attachments
_LINE = 1 << 16
_GZIP = b"\x1f\x8b"
# Unescaped "From " begins many a sentence: only with a time and a year, and a header below it, it begins a message.
_FROM = re2.compile(r"^From .*\d\d?:\d\d(?::\d\d)?\b.*\b(?:19|20)\d\d\b")
_LONGEST_FROM = 300  # bytes
_HEADER = re2.compile(rb"^[A-Za-z][A-Za-z0-9-]*:")
# pipermail: 2016-April.txt(.gz); HyperKitty: export/list.mbox.gz?start=…; Apache: 201604.mbox/thread
_ARCHIVE = re2.compile(r"^(.*\.(?:mbox|txt)(?:\.gz)?)(?:/(?:thread|date|author)/?)?(\?.*)?$")


@dataclass(frozen=True, slots=True)
class Archive:
    """`file`, when given, is read instead of `body`."""

    name: str
    body: bytes = b""
    file: Path | None = None


def local(files: tuple[Path, ...]) -> Iterator[Archive | Reject]:
    for file in files:
        yield Archive(file.name, file=file)


def live(web: Web, url: str) -> Iterator[Archive | Reject]:
    """The archives that the page at `url` links to, in the order of their addresses; or the one that lies there."""
    index = _get(web, url)
    if isinstance(index, Reject):
        yield index
        return
    if _ARCHIVE.match(url):
        yield Archive(url, index.body)
        return
    try:
        links = html.parse(html.decode(index.body, index.headers.get("content-type", ""))).xpath("//a/@href")
    except html.Unreadable as error:
        yield Reject(url, error.reason, error.detail)
        return
    found = sorted({address for link in links if (address := _address(str(link), index.url or url))})
    if not found:
        yield Reject(url, "no_archives", "the index links to no .txt, .mbox or .gz archive")
    for address in found:
        answer = _get(web, address)
        yield answer if isinstance(answer, Reject) else Archive(address, answer.body)


def _address(link: str, base: str) -> str:
    found = _ARCHIVE.match(link.strip())
    try:
        return urljoin(base, found[1] + (found[2] or "")) if found else ""
    except ValueError:
        return ""


def _get(web: Web, url: str) -> Response | Reject:
    try:
        answer = web.get(url)
    except WebError as error:
        return Reject(url, error.reason, error.detail)
    if answer.opt_out:
        return Reject(url, "opt_out", answer.opt_out)
    return answer if answer.status == 200 else Reject(url, f"http_{answer.status}")


def messages(archive: Archive) -> Iterator[bytes | Reject]:
    """Raw messages, each with its "From " line; what is beyond MOST_BYTES of one is left out. A broken archive ends
    in a reject."""
    try:
        with closing(_open(archive)) as file:
            yield from _split(file, archive.name)
    except packed.ERRORS as error:
        yield Reject(archive.name, packed.why(error), type(error).__name__)


def _open(archive: Archive) -> IO[bytes]:
    if archive.file:
        return packed.opened(archive.file)
    body = io.BytesIO(archive.body)
    if not archive.body.startswith(_GZIP):
        return body
    unpacked = packed.Bounded(gzip.GzipFile(fileobj=body), packed.most_of(len(archive.body)))  # type: ignore[arg-type]
    return io.BufferedReader(unpacked)


def is_mbox(file: Path) -> bool:
    """Whether its first line begins a message. `file` is plain."""
    with file.open("rb") as opened:
        return _begins_message(opened.readline(_LONGEST_FROM))


def _split(file: IO[bytes], name: str) -> Iterator[bytes | Reject]:
    """A file that begins with headers instead of a "From " line begins with a message all the same."""
    lines: list[bytes] = []
    size = lost = 0
    line = file.readline(_LINE).removeprefix(BOM_UTF8)
    if _HEADER.match(line):
        lines.append(b"From - \n")
    while line:
        after = file.readline(_LINE)
        if _begins_message(line) and _HEADER.match(after):
            if lines:
                yield b"".join(lines)
            lines, size = [line], 0
        elif not lines:
            lost += bool(line.strip())
        elif size < MOST_BYTES:
            lines.append(line)
            size += len(line)
        line = after
    if lost and lines:
        yield Reject(name, "before_first_message", f"{lost} lines")
    yield b"".join(lines) if lines else Reject(name, "no_messages", "no line begins a message")


def _begins_message(line: bytes) -> bool:
    """Also where a sender's name is in any encoding."""
    return line.startswith(b"From ") and bool(_FROM.match(line[:_LONGEST_FROM].decode("latin-1")))
