"""Ordinary web pages against trafilatura, side by side: segments that must and must not come out of them.

The measure is that of trafilatura's own evaluation (`tests/eval_common.py` of its repository): a segment is found when
it stands in the text, blanks put together. `with` found is a true positive, missed a false negative, `without` found a
false positive. Rules were read off the pages of the tune part; the floor is that of the check part. Sites decide
which part a page is in.
"""

import gzip
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
import re2

from connectors.html.page import read_page
from schemas.document import Article, Document, Reject, Thread
from schemas.hole import mark_holes
from schemas.page import Page
from tests.accuracy.labelled import held_out, site

# F1 of the check part, a little below what was measured when it was set
FLOOR = 0.937
LINK = re2.compile(r"\[([^\[\]]*)\]\([^()\s]*\)")
MARKUP = re2.compile(r"(?m)^[ >]*(?:#{1,6} |[-*+] )?|\*\*|`|<br\s*/?>|\||\\([\\`*_{}\[\]()#+.!<>~-])")
EMPHASIS = re2.compile(r"(^|[^\w*_])[*_]([^\s*_](?:[^*_]*[^\s*_])?)[*_]")

PEER = """
import json, pathlib, sys, time
import trafilatura
pages = [pathlib.Path(sys.argv[1], f"{number}.html").read_bytes() for number in range(int(sys.argv[2]))]
trafilatura.extract(pages[0])
start = time.process_time()
texts = [trafilatura.extract(page, include_comments=False, include_tables=True) or "" for page in pages]
print(json.dumps({"texts": texts, "seconds": time.process_time() - start}))
"""


class Labelled(NamedTuple):
    url: str
    body: bytes
    wanted: list[str]
    unwanted: list[str]


class Counts(NamedTuple):
    found: int
    extra: int
    missed: int
    left: int

    def __str__(self) -> str:
        found, extra, missed, left = self
        precision, recall = found / (found + extra), found / (found + missed)
        accuracy = (found + left) / sum(self)
        return f"precision {precision:.4f}, recall {recall:.4f}, F1 {self.f1:.4f}, accuracy {accuracy:.4f}"

    @property
    def f1(self) -> float:
        return 2 * self.found / (2 * self.found + self.extra + self.missed)


def pages(folder: Path) -> Iterator[Labelled]:
    for url, label in json.loads((folder / "evaldata.json").read_bytes()).items():
        body = gzip.decompress((folder / "pages" / f"{label['file']}.gz").read_bytes())
        yield Labelled(url, body, label["with"], label["without"])


def is_checked(url: str) -> bool:
    return held_out(site(url), 0.5)


def joined(text: str) -> str:
    return " ".join(text.split())


def counts(page: Labelled, text: str) -> Counts:
    text = joined(text)
    found = sum(joined(each) in text for each in page.wanted)
    extra = sum(joined(each) in text for each in page.unwanted)
    return Counts(found, extra, len(page.wanted) - found, len(page.unwanted) - extra)


def total(each: Iterator[Counts]) -> Counts:
    return Counts(*map(sum, zip(*each, strict=True)))


def ours(page: Labelled) -> str:
    return plain("\n\n".join(map(said, read_page(Page("pages", page.url, page.url, page.body, "text/html")))))


def said(document: Document | Reject) -> str:
    if isinstance(document, Thread):
        return "\n\n".join(post.markdown for post in document.posts)
    if not isinstance(document, Article):
        return ""
    return "\n\n".join(
        f"{section.path[-1] if section.path else ''}\n{section.markdown}" for section in document.sections
    )


def plain(markdown: str) -> str:
    text = mark_holes(markdown, Counter())  # as a record holds it
    for _ in range(2):  # a picture within a link
        text = LINK.sub(r"\1", text)
    return EMPHASIS.sub(r"\1\2", EMPHASIS.sub(r"\1\2", MARKUP.sub(r"\1", text)))


def theirs(labelled: list[Labelled]) -> tuple[list[str], float] | None:
    """trafilatura's texts and seconds, from the environment that PEERS_PYTHON names; None where it is not installed."""
    python = os.environ.get("PEERS_PYTHON", sys.executable)
    with tempfile.TemporaryDirectory() as folder:
        for number, page in enumerate(labelled):
            (Path(folder) / f"{number}.html").write_bytes(page.body)
        run = subprocess.run(
            [python, "-c", PEER, folder, str(len(labelled))], capture_output=True, text=True, check=False
        )
    told = json.loads(run.stdout) if run.returncode == 0 else None
    return told and (told["texts"], told["seconds"])


def test_web_pages(shared_data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    labelled = list(pages(shared_data / "labelled" / "web-pages"))
    ours(labelled[0])
    start = time.process_time()
    texts = {"ours": [ours(page) for page in labelled]}
    seconds = {"ours": time.process_time() - start}
    peer = theirs(labelled)
    if peer:
        texts["trafilatura"], seconds["trafilatura"] = peer
    f1 = {}
    for name, part in ((name, part) for name in texts for part in ("tune", "check")):
        both = zip(labelled, texts[name], strict=True)
        result = total(counts(page, text) for page, text in both if is_checked(page.url) == (part == "check"))
        f1[name, part] = result.f1
        with capsys.disabled():
            print(
                f"\nweb pages, {part}, {name}: {result}, {1000 * seconds[name] / len(labelled):.0f} ms a page", end=""
            )
    assert f1["ours", "check"] >= FLOOR
    assert not peer or f1["ours", "check"] > f1["trafilatura", "check"]
