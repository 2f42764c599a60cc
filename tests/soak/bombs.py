"""Files that are made to fill memory, a case for each way, with what must still be read beside the harm.

`python -m tests.soak.bombs CASE FOLDER` reads one and prints its peak of resident memory, its pages and its rejects.
"""

import bz2
import gzip
import json
import lzma
import os
import random
import resource
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any
from zipfile import ZIP_STORED, ZipFile

import py7zr
import pyarrow as pa
import pyarrow.parquet as pq

from connectors.base import Connector
from connectors.confluence import Confluence
from connectors.discourse import Discourse
from connectors.github import GitHub
from connectors.hacker_news import HackerNews
from connectors.instructions import Instructions
from connectors.mailing_list import MailingList
from connectors.mediawiki import MediaWiki
from connectors.reading.packed import zstd
from connectors.reddit import Reddit
from connectors.stackexchange import StackExchange
from connectors.warc import Warc
from connectors.website import Website
from connectors.zendesk import Zendesk
from schemas.document import Reject
from tests.connectors.recorded import OFFLINE

MIB = 1 << 20
MOST_NAMED = 20  # pages that are named
LIMIT = 8 << 30  # bytes of address space: it ends a child that would take the machine's memory


@dataclass(frozen=True)
class Case:
    """`told` is the reason of a reject that must be there; `pages` are the keys of neighbours that must be."""

    make: Callable[[Path], Connector]
    told: str = "too_large"
    pages: tuple[str, ...] = ()


# letters that do not shrink: an archive of them is read to its end, past what is too long in it
_DENSE = random.Random(1).randbytes(MIB // 2).hex().encode()


def _filled(file: IO[bytes], piece: bytes, size: int) -> None:
    """`piece` over and over, `size` bytes of it."""
    block = piece * max(1, MIB // len(piece))
    for _ in range(size // len(block)):
        file.write(block)


def _written(path: Path, head: bytes, piece: bytes, size: int, tail: bytes, opened: Any = open) -> Path:
    with opened(path, "wb") as file:
        file.write(head)
        _filled(file, piece, size)
        file.write(tail)
    return path


_ENTITIES = b"<?xml version='1.0'?><hibernate-generic><object class='Space'><id name='id'>1</id></object>"
_PAGE = (
    b"<object class='Page'><id name='id'>%d</id><property name='title'>T</property></object>"
    b"<object class='BodyContent'><id name='id'>9%d</id><property name='body'><![CDATA[<p>text of it</p>]]></property>"
    b"<property name='content' class='Page'><id name='id'>%d</id></property></object>"
)


def _confluence(head: bytes, piece: bytes, size: int, tail: bytes) -> Callable[[Path], Connector]:
    def make(folder: Path) -> Connector:
        entities = folder.parent / f"{folder.name}.entities"
        head_of, last = _ENTITIES + _PAGE % (5, 5, 5) + head, tail + _PAGE % (6, 6, 6) + b"</hibernate-generic>"
        _written(entities, head_of, piece, size, last)
        with ZipFile(folder / "space.zip", "w", ZIP_STORED) as archive:
            archive.write(entities, "entities.xml")
        entities.unlink()
        return Confluence(name="s", url="https://w.example", path=folder)

    return make


_POST = b'<row Id="%d" PostTypeId="1" Score="1" Title="T%d" Body="How is it done?"/>\n'


def _stack(opened: Any, piece: bytes, size: int, head: bytes = b"", tail: bytes = b"") -> Callable[[Path], Connector]:
    def make(folder: Path) -> Connector:
        first, last = b"<posts>" + _POST % (1, 1) + head, tail + _POST % (3, 3) + b"</posts>"
        _written(folder / "Posts.xml", first, piece, size, last, opened)
        return StackExchange(name="s", path=folder, site="s.example")

    return make


_LONG_ROW = (b'<row Id="2" PostTypeId="1" Title="T" Body="', b'"/>')


def _seven_zip(method: int, head: bytes, piece: bytes, size: int, tail: bytes) -> Callable[[Path], Connector]:
    def make(folder: Path) -> Connector:
        plain = folder.parent / f"{folder.name}.plain"
        first, last = b"<posts>" + _POST % (1, 1) + head, tail + _POST % (3, 3) + b"</posts>"
        _written(plain, first, piece, size, last)
        with py7zr.SevenZipFile(folder / "s.7z", "w", filters=[{"id": method}]) as archive:
            archive.write(plain, "Posts.xml")
        plain.unlink()
        return StackExchange(name="s", path=folder, site="s.example")

    return make


_WIKI = b"<page><title>P%d</title><ns>0</ns><id>%d</id><revision><id>1</id><timestamp>2024</timestamp>"


def _wiki(head: bytes, piece: bytes, size: int, tail: bytes, opened: Any = open) -> Callable[[Path], Connector]:
    def make(folder: Path) -> Connector:
        good = [_WIKI % (n, n) + b"<text>some text</text></revision></page>" for n in (1, 3)]
        path = folder / "wiki.xml"
        _written(path, b"<mediawiki>" + good[0] + head, piece, size, tail + good[1] + b"</mediawiki>", opened)
        return MediaWiki(name="s", dump=path)

    return make


def _file(
    make: Callable[[Path], Connector], name: str, head: bytes, piece: bytes, size: int, tail: bytes, opened: Any = open
) -> Callable[[Path], Connector]:
    def made(folder: Path) -> Connector:
        _written(folder / name, head, piece, size, tail, opened)
        return make(folder)

    return made


_MAIL = (
    b"From a@b.example Mon Jan  1 10:00:00 2024\nFrom: A <a@b.example>\nMessage-ID: <%d@b>\nSubject: s%d\n\nWhy?\n\n"
)


def _mail(folder: Path) -> Connector:
    return MailingList(name="s", url="https://l.example", path=folder)


def _instructions(folder: Path) -> Connector:
    return Instructions(name="s", path=folder)


def _reddit(folder: Path) -> Connector:
    return Reddit(name="s", path=folder)


def _hacker_news(folder: Path) -> Connector:
    return HackerNews(name="s", path=folder)


def _github(folder: Path) -> Connector:
    return GitHub(name="s", path=folder)


def _comments_apart(folder: Path) -> Connector:
    """A gibibyte of comments, most of them of one issue, beside a list of issues."""
    issues = [{"number": number, "title": "T", "url": f"https://g.example/{number}"} for number in (1, 2)]
    (folder / "issues.json").write_text(json.dumps(issues))
    one = b'{"id": 1, "body": "' + b"text " * 200 + b'", "issue_url": "https://g.example/%d"}\n'
    _written(folder / "comments.jsonl", one % 2, one % 1, 1024 * MIB, b"")
    return _github(folder)


def _parquet(text: str, times: int, size: int) -> Callable[[Path], Connector]:
    """Three groups of rows, of which the second holds `text` `size` times over, `times` times."""

    def make(folder: Path) -> Connector:
        if not (child := os.fork()):  # what it takes to write the file is not to be measured
            kind = pa.dictionary(pa.int32(), pa.string())
            with pq.ParquetWriter(folder / "a.parquet", pa.schema([("output", kind)]), compression="zstd") as file:
                for said, count in (("one", 1), (text * size, times), ("three", 1)):
                    indices = pa.array([0] * count, pa.int32())
                    file.write_table(pa.table({"output": pa.DictionaryArray.from_arrays(indices, pa.array([said]))}))
            os._exit(0)
        os.waitpid(child, 0)
        return _instructions(folder)

    return make


def _zendesk(folder: Path) -> Connector:
    return Zendesk(name="s", url="https://z.example", folder=folder)


def _discourse(folder: Path) -> Connector:
    return Discourse(name="s", url="https://d.example", folder=folder)


def _website(folder: Path) -> Connector:
    return Website(name="s", folder=folder, base_url="https://w.example/")


def _warc(folder: Path) -> Connector:
    return Warc(name="s", path=folder)


_RECORD = b"WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: https://a.example/%s\r\n"
_OBJECT = b"<object class='Page'><id name='id'>7</id><property name='title'>T</property>"
_BODY = b"<object class='BodyContent'><id name='id'>8</id>"
_BODY += b"<property name='content' class='Page'><id name='id'>7</id></property><property name='body'>"
BZIP2, LZMA2 = py7zr.FILTER_BZIP2, py7zr.FILTER_LZMA2
BOTH = ("5", "6")
CASES = {
    "confluence/other elements": Case(_confluence(b"", b"<x/>", 320 * MIB, b""), "", BOTH),
    "confluence/one object": Case(
        _confluence(_OBJECT, b"<property name='x'>y</property>", 320 * MIB, b"</object>"), pages=BOTH
    ),
    "confluence/one body": Case(
        _confluence(_OBJECT + b"</object>" + _BODY + b"<![CDATA[", b"ab ", 320 * MIB, b"]]></property></object>"),
        pages=BOTH,
    ),
    "confluence/many objects": Case(
        _confluence(b"", b"<object class='Label'><id>1</id></object>", 320 * MIB, b""), "", BOTH
    ),
    "stackexchange/attribute": Case(_stack(open, b"a ", 200 * MIB, *_LONG_ROW), pages=("q1", "q3")),
    "stackexchange/attributes": Case(_stack(open, b"a='' ", 200 * MIB, b"<row ", b"/>"), told="malformed_xml", pages=("q1",)),  # noqa: E501
    "stackexchange/7z attribute": Case(
        _seven_zip(BZIP2, _LONG_ROW[0], _DENSE, 200 * MIB, _LONG_ROW[1]), pages=("q1", "q3")
    ),
    "stackexchange/7z bzip2": Case(_seven_zip(BZIP2, b"", b" ", 1024 * MIB, b""), pages=("q1",)),
    "stackexchange/7z lzma": Case(_seven_zip(LZMA2, b"", b" ", 1024 * MIB, b""), pages=("q1",)),
    "stackexchange/gzip": Case(_stack(gzip.open, b" ", 1024 * MIB), pages=("q1",)),
    "mediawiki/text": Case(
        _wiki(_WIKI % (2, 2) + b"<text>", b"ab ", 200 * MIB, b"</text></revision></page>"), pages=("1", "3")
    ),
    "mediawiki/attribute": Case(
        _wiki(_WIKI % (2, 2) + b"<text x='", b"ab ", 200 * MIB, b"'>a</text></revision></page>"), pages=("1", "3")
    ),
    "mediawiki/revisions": Case(
        _wiki(
            b"<page><title>P2</title><id>2</id>",
            b"<revision><timestamp>2023</timestamp><text>ab</text></revision>",
            320 * MIB,
            b"</page>",
        ),
        "",
        ("1", "2", "3"),
    ),
    "mediawiki/bzip2": Case(_wiki(b"", b" ", 1024 * MIB, b"", bz2.open), pages=("1",)),
    "mediawiki/xz": Case(_wiki(b"<!--", b" ", 1024 * MIB, b"-->", lzma.open), pages=("1",)),
    "mailing_list/line": Case(
        _file(_mail, "a.mbox.gz", _MAIL % (1, 1), b" ", 1024 * MIB, b"\n" + _MAIL % (2, 2), gzip.open),
    ),
    "mailing_list/long message": Case(
        _file(_mail, "a.mbox", _MAIL % (1, 1), b"line of text\n", 320 * MIB, b"\n" + _MAIL % (2, 2)), ""
    ),
    "warc/headers": Case(
        _file(_warc, "a.warc.gz", _RECORD % b"a", b"X-A: b\r\n", 320 * MIB, b"\r\n\r\n", gzip.open), ""
    ),
    "warc/line": Case(_file(_warc, "a.warc.gz", b"WARC/1.0", b" ", 1024 * MIB, b"\r\n\r\n", gzip.open), ""),
    "warc/body": Case(
        _file(
            _warc, "a.warc.gz", _RECORD % b"a" + b"Content-Length: 1073741900\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
            b" ", 1024 * MIB, b"\r\n\r\n", gzip.open,
        )
    ),
    "reddit/line": Case(_file(_reddit, "RC_1.zst", b'{"id": "', b"a", 1024 * MIB, b'"}\n', zstd.open)),
    "reddit/array": Case(_file(_reddit, "RC_1.zst", b"[", b"[1,2],", 1024 * MIB, b"1]", zstd.open)),
    "hacker_news/xz": Case(_file(_hacker_news, "a.json.xz", b'[{"id": "', b"a", 1024 * MIB, b'"}]', lzma.open)),
    "github/value": Case(_file(_github, "a.json.gz", b'[{"title": "', b"a", 1024 * MIB, b'"}]', gzip.open)),
    # many short rows, not long ones: what each left behind would be seen in the peak, long before a gibibyte
    "instructions/jsonl": Case(_file(_instructions, "a.jsonl.gz", b"", b"{}\n", 16 * MIB, b"", gzip.open), ""),
    "instructions/csv": Case(
        _file(_instructions, "a.csv.gz", b'a,b\n"', b"a,\n", 40 * MIB, b"", gzip.open), told="misquoted"
    ),
    "github/comments apart": Case(_comments_apart, pages=("repo/2",)),
    "instructions/parquet value": Case(_parquet("a", 1, 512 * MIB), pages=("a.parquet/00000000",)),
    "instructions/parquet repeated": Case(_parquet("a", 10_000, 16 * MIB)),
    "zendesk/objects": Case(
        _file(_zendesk, "a.json", b'{"articles": [', b'{"id": 1, "title": "a"},', 320 * MIB, b'{"id": 2}]}')
    ),
    "discourse/posts": Case(
        _file(
            _discourse,
            "a.json",
            b'{"id": 1, "title": "a", "post_stream": {"posts": [', b'{"id": 1},',
            320 * MIB,
            b"{}]}}",
        )
    ),
    "website/gzip": Case(_file(_website, "a.html.gz", b"<html>", b" ", 1024 * MIB, b"", gzip.open), ""),
}  # fmt: skip


def main(name: str, folder: Path) -> None:
    source = CASES[name].make(folder)
    if os.fork():
        sys.exit(os.waitstatus_to_exitcode(os.wait()[1]))
    resource.setrlimit(resource.RLIMIT_AS, (LIMIT, LIMIT))
    pages, rejects, began = list[str](), Counter[str](), time.monotonic()
    try:
        for item in source.fetch(OFFLINE, None):
            if isinstance(item, Reject):
                rejects[item.reason] += 1
            elif len(pages) < MOST_NAMED:
                pages.append(item.key)
    except MemoryError:
        rejects["MemoryError"] += 1
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
    seconds = round(time.monotonic() - began)
    print(json.dumps({"peak": peak, "seconds": seconds, "pages": pages, "rejects": rejects}))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
