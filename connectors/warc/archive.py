"""A WARC or ARC file → its captures, one at a time, with a note for whatever is broken between them.

warcio reads a record; what stands around records is read here, for warcio takes a truncated file for one that ends,
refuses an archive that was gzipped as a whole, and stops at the first broken record.
https://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/
"""

import math
import os
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import re2
from warcio.exceptions import ArchiveLoadFailed
from warcio.recordloader import ArcWarcRecordLoader
from warcio.statusandheaders import StatusAndHeadersParserException

from connectors.web.limits import LIMITS

_BLOCK = 1 << 16
_LONGEST_LINE = 1 << 16
_LONGEST_BEGINNING = 1 << 12  # of the line of a record of ARC, which holds its address
_LONGEST_HEADERS = 1 << 20  # bytes of a record's own headers and those of HTTP
_PEEK = 10  # bytes: two line ends, and how a record begins
_GZIP = b"\x1f\x8b\x08"
_STARTS = (b"WARC/", b"filedesc:", b"http://", b"https://")  # how records of WARC, then of ARC begin
# Such a beginning, with what stands before it in a line: where bytes are missing, a record follows on half a line
_BEGINNING = re2.compile(rb"WARC/\d\.\d+\r?\n|(?m:^https?://\S+ [0-9a-f.:]+ \d{14} \S+ \d+\r?\n)")
_GLUED = re2.compile(rb"(?:^|[^/=])WARC/\d\.\d+\r?\n$")  # an address may end so
_ONCE = ("warc-type", "warc-record-id", "warc-date", "content-length")
_TYPES = ("warcinfo", "response", "resource", "request", "metadata", "revisit", "conversion", "continuation")
_ADDRESS, _HTTP = re2.compile(r"[A-Za-z][\w.+-]*:"), re2.compile(r"https?://")
_ADDRESSED = ("response", "resource", "conversion")
_BAD_RECORD = (ArchiveLoadFailed, StatusAndHeadersParserException, EOFError, ValueError, IndexError, AttributeError)


class Damage(Exception):
    """Bytes that cannot be read. `reason` is truncated, broken_gzip, broken_record, digest_mismatch, too_large
    or endless_headers."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason} {detail}".rstrip())
        self.reason, self.detail = reason, detail


@dataclass(frozen=True, slots=True)
class Broken:
    """A place in a file, in bytes, where a record should have been. The reasons are those of `Damage`."""

    position: int
    reason: str
    detail: str


@dataclass(frozen=True, slots=True)
class Capture:
    """A record that holds a body. Names of `fields` (the record's) and `headers` (HTTP's) are in lower case.

    `kind` is response, resource or conversion. `body` still has the codings that `headers` name.
    """

    kind: str
    url: str
    body: bytes
    status: int = 200
    fields: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)


def captures(path: Path, wants: Callable[[str, str], bool]) -> Iterator[Capture | Broken]:
    """Every whole capture whose kind and address `wants` accepts, in the file's order."""
    with path.open("rb") as file:
        source, loader = _Source(file), ArcWarcRecordLoader(verify_http=False, arc2warc=True)
        while not source.ended:
            try:
                found: Capture | Broken | None = _read(source, loader, wants)
            except Damage as error:
                found = Broken(source.position, error.reason, error.detail)
                source.recover(error.reason)
            if found:
                yield found


def _read(source: "_Source", loader: Any, wants: Callable[[str, str], bool]) -> Capture | None:
    """The next record if it is wanted. Raises Damage."""
    line = source.begin()
    if not line:
        return None
    try:
        record = loader.parse_record_stream(source, line, check_digests=True)
    except _BAD_RECORD as error:
        raise Damage("broken_record", "no record of WARC or ARC begins here") from error
    if record.raw_stream is source:
        raise Damage("broken_record", "no Content-Length")
    if record.raw_stream.limit > source.left:
        raise Damage("truncated", "the record is longer than what is left of the file")
    url = record.rec_headers.get_header("WARC-Target-URI") or ""
    _check_headers(record, url)
    wanted = wants(record.rec_type, url)
    try:
        body = _body(record, LIMITS.body if wanted else 0)
    except ValueError as error:  # a digest that is no digest
        raise Damage("digest_mismatch", str(error)[:80]) from error
    if not record.digest_checker.passed and not _is_end(source.following):
        raise Damage("broken_record", "it does not end where its length says")
    return _capture(record, url, body) if wanted else None


def _check_headers(record: Any, url: str) -> None:
    """Raises Damage for headers that are those of two records, or that lack what any record has."""
    names = [name.lower() for name, _ in record.rec_headers.headers]
    if record.rec_headers.statusline or any(names.count(name) > 1 for name in _ONCE):
        raise Damage("broken_record", "another record begins within its headers")
    if record.rec_type not in _TYPES:
        raise Damage("broken_record", f"no record is of the type {str(record.rec_type)[:40]!r}")
    stated = (record.rec_headers.get_header("Content-Type") or "").lower()
    is_http = record.rec_type == "response" and stated.startswith("application/http")
    if record.rec_type in _ADDRESSED and not (_HTTP if is_http else _ADDRESS).match(url):
        raise Damage("broken_record", f"no address: {url[:40]!r}")


def _is_end(following: bytes) -> bool:
    """Whether a record may end before these bytes; the line ends after it may be damaged."""
    return following[:1] in (b"", b"\r", b"\n") or any(start in following for start in _STARTS)


def _body(record: Any, most: int) -> bytes:
    """At most `most` bytes, after all of the record has been read. Raises Damage."""
    body, size = bytearray(), 0
    while piece := record.raw_stream.read(_BLOCK):
        size += len(piece)
        body += piece if size <= most else b""
    if getattr(record.raw_stream, "limit", 0):
        raise Damage("truncated", "the file ends within a record")
    if _is_altered(record):
        raise Damage("digest_mismatch", record.digest_checker.problems[0])
    if most and size > most:
        raise Damage("too_large", f"{size} bytes")
    return bytes(body)


def _is_altered(record: Any) -> bool:
    """By the block's digest; by the payload's only where there is no other and no coding that it may not have seen."""
    problems = [problem for problem in record.digest_checker.problems if " failed" in problem]
    if record.rec_headers.get_header("WARC-Block-Digest"):
        return any(problem.startswith("block") for problem in problems)
    coded = record.http_headers is not None and record.http_headers.get_header("Transfer-Encoding")
    return bool(problems) and not coded


def _capture(record: Any, url: str, body: bytes) -> Capture:
    status = record.http_headers.get_statuscode() if record.http_headers else "200"
    return Capture(
        kind=record.rec_type,
        url=url,
        body=body,
        status=int(status) if status.isdecimal() else 0,
        fields=_joined(record.rec_headers.headers),
        headers=_joined(record.http_headers.headers if record.http_headers else []),
    )


def _joined(headers: list[tuple[str, str]]) -> dict[str, str]:
    """Repeated headers joined by commas."""
    found: dict[str, str] = {}
    for name, value in headers:
        key = name.lower()
        found[key] = f"{found[key]}, {value}" if key in found else value
    return found


class _Source:
    """The bytes of a file, gunzipped if need be, for warcio to read lines and records from.

    `position` is where in the file the current record, or the gzip member that it is in, begins.
    """

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self._size = file, os.fstat(file.fileno()).st_size
        self._zipped = file.read(2) == _GZIP[:2]
        self._text = self._raw = b""
        self._inflate: Any = None
        self._member = self.position = 0
        self._headers: float = 0  # bytes of the current record that were read as lines
        self._seek(0)

    @property
    def ended(self) -> bool:
        return not self._text and not self._raw and self._inflate is None and not self._fill_raw()

    @property
    def left(self) -> float:
        """Bytes to the end, which nobody knows of a gzipped file."""
        return math.inf if self._zipped else self._size - self._file.tell() + len(self._raw + self._text)

    def begin(self) -> bytes:
        """The first line of the next record; b"" at the end. Raises Damage."""
        line, self._headers = b"\n", -math.inf
        while line and not line.strip():
            line = self.readline()
        self._headers = len(line)
        self.position = self._member if self._zipped else self._file.tell() - len(self._raw + self._text + line)
        return line

    def read(self, size: int) -> bytes:
        """Up to `size` bytes; b"" at the end. Raises Damage, after which reading goes on at the next member."""
        while not self._text and self._fill():
            pass
        piece, self._text = self._text[:size], self._text[size:]
        return piece

    def readline(self, size: int = _LONGEST_LINE) -> bytes:
        while b"\n" not in self._text[:size] and len(self._text) < size and self._fill():
            pass
        line = self.read(min(size, self._text.find(b"\n") + 1 or size)) if self._text else b""
        self._headers += len(line)
        if self._headers > _LONGEST_HEADERS:
            self._endless()
        if _GLUED.search(line) and self._headers > len(line):
            self._text = line[line.rindex(_STARTS[0]) :] + self._text
            raise Damage("broken_record", "another record begins within its headers")
        return line

    @property
    def following(self) -> bytes:
        """The next few bytes; of a gzipped file only those at hand, for the next member may be broken."""
        while not self._zipped and len(self._text) < _PEEK and self._fill():
            pass
        return self._text[:_PEEK]

    def _endless(self) -> None:
        if self._zipped:
            self._damaged("endless_headers", f"more than {_LONGEST_HEADERS} bytes")
        raise Damage("endless_headers", f"more than {_LONGEST_HEADERS} bytes")

    def recover(self, reason: str) -> None:
        """Go on at the next record after the broken one."""
        self._headers = -math.inf
        if self._zipped and reason in ("truncated", "broken_gzip", "endless_headers"):
            return  # `_fill` has found the next member
        if not self._zipped:
            self._seek(self.position + 1)
        try:
            while not (found := _BEGINNING.search(self._text)):
                self._text = self._text[-_LONGEST_BEGINNING:]
                if not self._fill():
                    self._text = b""
                    return
        except Damage:
            return  # `_fill` has found the next member
        self._text = self._text[found.start() :]

    def _seek(self, offset: int) -> None:
        self._file.seek(offset)
        self._text = self._raw = b""
        self._inflate = None

    def _fill_raw(self) -> bytes:
        self._raw = self._raw or self._file.read(_BLOCK)
        return self._raw

    def _fill(self) -> bool:
        """More text, if there is any."""
        raw = self._fill_raw()
        if not raw and self._inflate is not None:
            self._damaged("truncated", "the gzip data end early")
        if not raw:
            return False
        if not self._zipped:
            self._text, self._raw = self._text + raw, b""
        else:
            self._gunzip(raw)
        return True

    def _gunzip(self, raw: bytes) -> None:
        if self._inflate is None:
            raw = raw.lstrip(b"\0")  # padding after a member
            self._member = self._file.tell() - len(raw)
            self._inflate = zlib.decompressobj(31) if raw else None
        if self._inflate is None:
            self._raw = b""
            return
        try:
            self._text += self._inflate.decompress(raw, _BLOCK)
        except zlib.error as error:
            self._damaged("broken_gzip", str(error))
        self._raw = self._inflate.unused_data if self._inflate.eof else self._inflate.unconsumed_tail
        self._inflate = None if self._inflate.eof else self._inflate

    def _damaged(self, reason: str, detail: str) -> None:
        self.position = self._member
        self._seek(self._next_member(self._member + 1))
        raise Damage(reason, detail)

    def _next_member(self, offset: int) -> int:
        """Where the next member after `place` that holds a record begins; the file's end when there is none."""
        self._file.seek(offset)
        held = b""
        while block := self._file.read(1 << 20):
            held += block
            start = self._file.tell() - len(held)
            at = held.find(_GZIP)
            while at >= 0:
                if _begins_record(held[at : at + 4096]):
                    return start + at
                at = held.find(_GZIP, at + 1)
            held = held[-4096:]
        return self._file.tell()


def _begins_record(raw: bytes) -> bool:
    try:
        return zlib.decompressobj(31).decompress(raw, 64).startswith(_STARTS)
    except zlib.error:
        return False
