"""Exchanges of forums that were read: exchanges.tsv names them; here their records are made of the boards at hand.

Each was read beside its question, by the rules of LIMA: good (one would train on it), weak, or bad, and why. `kept`
says whether the default policy's other rules keep it. `learn` and `choose` are of other sites than `report`, but for a
Chinese board whose threads are split between all three; the two first share one board more.
"""

import csv
import json
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import pyarrow as pa
import re2

from connectors.base import Connector
from connectors.discourse import Discourse
from connectors.forum import Forum
from connectors.mailing_list import MailingList
from connectors.reddit import Reddit
from connectors.stackexchange import StackExchange
from pipelines.annotate import measure
from pipelines.signals import SIGNALS
from pipelines.signals.prose import mask_code
from schemas.record import RECORD
from tests.accuracy.test_outliers import records
from tests.pipelines import corpus

BOARD = "zh-developer-qa/egret_wenda_{}.txt"  # questions, each with the answer that was accepted
_NO_LETTERS = re2.compile(r"[^a-z0-9]+")
Row = dict[str, Any]


class Read(NamedTuple):
    record_id: str
    part: str
    kept: str
    label: str
    cause: str


READ = [Read(*row) for row in list(csv.reader(Path(__file__).with_name("exchanges.tsv").open(), delimiter="\t"))[1:]]


def measured(data: Path, scratch: Path) -> pa.Table:
    """The records of READ in its order, with their signals and their prose."""
    wanted = {one.record_id for one in READ}
    found = {row["record_id"]: row for row in _rows(data, scratch) if row["record_id"] in wanted}
    table = pa.Table.from_pylist([found[one.record_id] for one in READ], schema=RECORD)
    signals = measure(table, SIGNALS).drop_columns("record_id")
    columns = {name: signals[name] for name in signals.column_names}
    columns |= {f"{field}_prose": mask_code(table[field]).prose for field in ("instruction", "output")}
    for name, column in columns.items():
        table = table.append_column(name, column)
    return table


def _rows(data: Path, scratch: Path) -> Iterator[Row]:
    for source in (*_dumps(data / "forums", scratch), *_pages(data, scratch)):
        yield from records(source, data)
    yield from _chinese(data / "forums")


def _dumps(forums: Path, scratch: Path) -> Iterator[Connector]:
    for name, site in (("quantum", "quantumcomputing"), ("coffee", "coffee")):
        path = forums / f"stackexchange-{site}"
        yield StackExchange(name=name, path=path, site=f"{site}.stackexchange.com")
    yield Discourse(name="urho3d", url="https://discourse.urho3d.io", folder=forums / "discourse-urho3d")
    yield Reddit(name="reddit2005", path=forums / "reddit", comment_threads=True)
    for name in ("pipermail", "hyperkitty"):
        path = _copied(scratch / f"ml-{name}", (forums / "api-fixtures" / name).glob("*.mbox"))
        yield MailingList(name=f"ml-{name}", url=f"https://lists.example/{name}", path=path)


def _pages(data: Path, scratch: Path) -> Iterator[Connector]:
    """A source for each site of saved pages."""
    askbot = _copied(scratch / "askbot", (data / "forums/api-fixtures/askbot").glob("*.html"))
    yield Forum(name="askbot", folder=askbot, base_url="https://ask.example/")
    for file in (data / "forums/thread-pages").glob("*.html"):
        name = f"tp-{file.stem.lower()}"
        yield Forum(name=name, folder=_copied(scratch / name, [file]), base_url=f"https://{file.stem.lower()}.example/")
    pages, sites = data / "labelled/forum-pages", dict[str, list[Path]]()
    for key, page in json.loads((pages / "base.json").read_bytes()).items():
        site = urlsplit(page["url"]).netloc.lower().removeprefix("www.")
        sites.setdefault(site, []).append(pages / "htmls" / f"{key}.html")
    for site, files in sites.items():
        name = f"fp-{_NO_LETTERS.sub('-', site)}"
        yield Forum(name=name, folder=_copied(scratch / name, files), base_url=f"https://{site}/")


def _copied(folder: Path, files: Iterable[Path]) -> Path:
    folder.mkdir()
    for file in files:
        shutil.copy(file, folder)
    return folder


def _chinese(forums: Path) -> Iterator[Row]:
    """Threads of two posts of a board without votes: which answer was accepted is not told."""
    said, threads = ((forums / BOARD.format(part)).read_text() for part in ("lines", "conversations"))
    texts = dict(line.split(" +++$+++ ")[::2] for line in said.splitlines())
    for number, thread in enumerate(threads.splitlines(), 1):
        question, answer = (texts.get(line, "") for line in thread.rsplit("[", 1)[1].rstrip("]").split(", "))
        yield corpus.record(f"egret:t{number}#a2", question, answer, score=None, accepted=None)
