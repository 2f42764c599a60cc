"""A dump of many millions of posts in memory that does not grow: one real dump over and over, its ids shifted.

GRISTMILL_SOAK_BYTES says how much XML is read (2 GB by default; three times as much lies in the temporary folder
meanwhile). Posts per second and resident memory are printed at every tenth of the threads, while they are collected and
while they are parsed.
"""

import os
import re
import shutil
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from connectors.base import Connector, Web
from connectors.stackexchange import StackExchange
from pipelines import collect
from pipelines.recipe import Recipe, WebSettings
from pipelines.storage import pages
from schemas.document import Reject, Thread
from schemas.page import Page

BYTES = int(os.environ.get("GRISTMILL_SOAK_BYTES", 2_000_000_000))
REPEATED = ("Posts.xml", "Comments.xml", "PostLinks.xml")
SHIFT = 1_000_000
MIB = 1 << 20
# Attribute values hold no quotes, so that nothing in a text looks like one of these
_ID = re.compile(rb' (Id|PostId|ParentId|AcceptedAnswerId|RelatedPostId)="(\d+)"')
_SLACK = 100 * MIB  # shards of pages that are being written or not
_MOST = 1 << 30  # half of what DESIGN allows for any size


@pytest.mark.timeout(0)
def test_memory_is_flat(shared_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dump = shared_data / "forums" / "stackexchange-quantumcomputing"
    copies = max(10, BYTES // sum((dump / name).stat().st_size for name in REPEATED))
    size, threads = repeat(dump, tmp_path / "dump", copies), copies * 612
    print(f"\n{copies} copies, {size / MIB:.0f} MiB of XML, {threads} threads")
    source = StackExchange(name="soak", path=tmp_path / "dump", site="stack.example")
    recipe = Recipe.model_construct(name="soak", sources=(source,), web=WebSettings(contact="soak"))
    fetch = StackExchange.fetch

    def watched(self: StackExchange, web: Web, cursor: str | None) -> Iterator[Page | Reject]:
        return tenths("collect", fetch(self, web, cursor), threads, Page, collecting)

    collecting, parsing = list[int](), list[int]()
    with Peak() as peak:
        monkeypatch.setattr(StackExchange, "fetch", watched)
        collect.run(recipe, "soak", tmp_path / "data")
        found = tenths("parse", documents(source, tmp_path / "data"), threads, Thread, parsing)
        assert sum(isinstance(item, Thread) for item in found) == threads
    print(f"peak {peak.bytes / MIB:.0f} MB")
    assert peak.bytes < _MOST
    assert all(memory[-1] < memory[0] + _SLACK for memory in (collecting, parsing))


def documents(source: Connector, data: Path) -> Iterator[Any]:
    for shard in pages.current_pages(data, source.name).shards:
        for page in shard.read():
            yield from source.parse(page)


def repeat(dump: Path, folder: Path, copies: int) -> int:
    """The dump so many times under `folder`; how many bytes it has."""
    folder.mkdir(parents=True)
    shutil.copyfile(dump / "Users.xml", folder / "Users.xml")
    for name in REPEATED:
        head, *rows, tail = (dump / name).read_bytes().splitlines(keepends=True)
        body = b"".join(row for row in rows if row.lstrip().startswith(b"<row "))
        root = b"".join(row for row in rows if not row.lstrip().startswith(b"<row "))
        with (folder / name).open("wb") as file:
            file.write(head + root)
            file.writelines(shifted(body, number * SHIFT) for number in range(copies))
            file.write(tail)
    return sum(path.stat().st_size for path in folder.iterdir())


def shifted(body: bytes, by: int) -> bytes:
    return _ID.sub(lambda found: b' %s="%d"' % (found[1], int(found[2]) + by), body)


def tenths(what: str, items: Iterator[Any], total: int, counted: type, resident: list[int]) -> Iterator[Any]:
    """`items`; at each tenth of `total` of the counted kind the resident memory is printed and entered."""
    began, posts, seen = time.monotonic(), 0, 0
    for item in items:
        yield item
        if not isinstance(item, counted):
            continue
        seen += 1
        posts += len(item.posts) if isinstance(item, Thread) else item.body.count(b'"Body": ')
        if seen * 10 // total > len(resident):
            resident.append(psutil.Process().memory_info().rss)
            rate = posts / (time.monotonic() - began)
            print(f"{what} {10 * len(resident):3} %  {rate:7.0f} posts/s  {resident[-1] / MIB:5.0f} MB")


class Peak:
    """The most resident memory of this process within the block."""

    def __enter__(self) -> "Peak":
        self.bytes, self._over = 0, threading.Event()
        self._watch = threading.Thread(target=self._look, daemon=True)
        self._watch.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._watch.join()

    def _look(self) -> None:
        process = psutil.Process()
        while not self._over.wait(0.1):
            self.bytes = max(self.bytes, process.memory_info().rss)
