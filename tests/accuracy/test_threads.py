"""Threads of forums of any engine against trafilatura on labelled pages, side by side: F1 of bags of words.

The labels are what a person copied from a page: posts, quotes and comments, and nearly always the title as the first
line. A Han character is a word; links are stripped; titles are in no text, so that F1 is a little lower than it might
be. The question counts as present where the beginning of the opening post is there: a first line that is the page's
title is not asked for. Sites are split in two by a hash: `tune` was looked at, and the weights of
`connectors/html/threads/choice.py` were fitted to it; nothing of `check` was looked at, but variants of the fit were
compared on its counts too, so that it flatters. The script of the fit is not in the tree. Floors are a little below
what was measured when they were set, on the check part.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from statistics import mean
from typing import NamedTuple
from urllib.parse import urlsplit

import pytest
import re2

from connectors import html
from connectors.base import Connector
from connectors.forum import Forum
from connectors.forum.crawl import pack
from connectors.website import Website
from schemas.document import Article, Reject, Thread
from schemas.page import Page
from tests.accuracy.labelled import held_out

WIDE = re2.compile(r"([\x{3400}-\x{9fff}])")
WORDS = re2.compile(r"[\p{L}\p{M}\p{N}_]+")
LINK = re2.compile(r"!?\[([^\[\]]*)\]\([^()\s]*\)")
FLOORS = {"forum": 0.872, "website": 0.864}  # F1 on the check part
QUESTIONS = {"forum": 21, "website": 21}  # of the 25 pages of the check part, that hold their question
OPENING = 30  # words of a label that hold the question, at least half of whose runs of three have to be there

PEER = """
import json, pathlib, sys, time
import trafilatura
texts, start = [], time.process_time()
for number in range(int(sys.argv[2])):
    texts.append(trafilatura.extract(pathlib.Path(sys.argv[1], f"{number}.html").read_bytes()) or "")
print(json.dumps([texts, time.process_time() - start]))
"""


class Labelled(NamedTuple):
    part: str
    url: str
    body: bytes
    content: str


class Read(NamedTuple):
    """What became of a page. `posts` is 0 for an article."""

    text: str
    posts: int = 0
    reject: str = ""


def labelled(folder: Path) -> Iterator[Labelled]:
    for key, label in sorted(json.loads((folder / "base.json").read_bytes()).items()):
        site = urlsplit(label["url"]).netloc.lower().removeprefix("www.")
        part = "check" if held_out(site, 0.5) else "tune"
        yield Labelled(part, label["url"], (folder / "htmls" / f"{key}.html").read_bytes(), label["content"])


def by_connector(name: str, page: Labelled, folder: Path) -> Read:
    source: Connector
    if name == "forum":
        source = Forum(name="forum", folder=folder / "htmls", base_url="https://forum.example")
        body, kind = pack([(page.url, html.parse(html.decode(page.body)))]), "application/json"
    else:
        source = Website(name="website", folder=folder / "htmls", base_url="https://site.example")
        body, kind = page.body, "text/html"
    document = next(iter(source.parse(Page(name, "page", page.url, body, kind))))
    if isinstance(document, Thread):
        return Read("\n\n".join(post.markdown for post in document.posts), len(document.posts))
    if isinstance(document, Article):
        return Read("\n\n".join(section.markdown for section in document.sections))
    assert isinstance(document, Reject)
    return Read("", reject=document.reason)


def theirs(pages: list[Labelled]) -> tuple[list[Read], float] | None:
    """trafilatura's texts and seconds, from the environment that PEERS_PYTHON names; None where it is not installed."""
    python = os.environ.get("PEERS_PYTHON", sys.executable)
    with tempfile.TemporaryDirectory() as folder:
        for number, page in enumerate(pages):
            (Path(folder) / f"{number}.html").write_bytes(page.body)
        run = subprocess.run([python, "-c", PEER, folder, str(len(pages))], capture_output=True, text=True, check=False)
    if run.returncode:
        return None
    texts, seconds = json.loads(run.stdout)
    return [Read(text) for text in texts], seconds


def words(text: str) -> list[str]:
    return [str(word) for word in WORDS.findall(WIDE.sub(r" \1 ", LINK.sub(r"\1", text)))]


def f1(truth: str, found: str, run: int = 1) -> float:
    wanted, got = (Counter(runs(words(text), run)) for text in (truth, found))
    return 2 * (wanted & got).total() / ((wanted.total() + got.total()) or 1)


def runs(found: list[str], length: int) -> list[tuple[str, ...]]:
    return [tuple(found[at : at + length]) for at in range(len(found) - length + 1)]


def has_question(page: Labelled, found: str) -> bool:
    asked, said = runs(words(without_title(page))[:OPENING], 3), set(runs(words(found), 3))
    return sum(run in said for run in asked) >= 0.5 * len(asked)


def without_title(page: Labelled) -> str:
    """The label without its first line, where the page's own titles hold that."""
    line, _, rest = page.content.strip().partition("\n")
    titles = html.parse(html.decode(page.body)).xpath("//title | //h1 | //h2 | //h3")
    held = (" ".join(words(str(title.text_content()))) for title in titles)
    named = rest and words(line) and any(f" {' '.join(words(line))} " in f" {title} " for title in held)
    return rest if named else page.content


def row(name: str, pages: list[Labelled], read: list[Read], seconds: float) -> str:
    pairs = list(zip(pages, read, strict=True))
    return (
        f"{name:12} F1 {mean(f1(page.content, each.text) for page, each in pairs):.3f}"
        f" of 4-grams {mean(f1(page.content, each.text, 4) for page, each in pairs):.3f}"
        f" question {sum(has_question(page, each.text) for page, each in pairs)}"
        f" threads {sum(each.posts > 0 for each in read)} posts {sum(each.posts for each in read)}"
        f" refused {sum(bool(each.reject) for each in read)} of {len(pages)}"
        f", {1000 * seconds / len(pages):.0f} ms a page"
    )


def test_threads(shared_data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = shared_data / "labelled" / "forum-pages"
    found: dict[str, float] = {}
    asked: dict[str, int] = {}
    for part in ("tune", "check"):
        pages = [page for page in labelled(folder) if page.part == part]
        for name in FLOORS:
            start = time.process_time()
            read = [by_connector(name, page, folder) for page in pages]
            seconds = time.process_time() - start
            with capsys.disabled():
                print(f"\n{part:6} {row(name, pages, read, seconds)}", end="")
            found[name] = mean(f1(page.content, each.text) for page, each in zip(pages, read, strict=True))
            asked[name] = sum(has_question(page, each.text) for page, each in zip(pages, read, strict=True))
        peer = theirs(pages)
        with capsys.disabled():
            print(f"\n{part:6} {row('trafilatura', pages, *peer)}" if peer else "\ntrafilatura: not installed")
        if peer:
            beaten = mean(f1(page.content, each.text) for page, each in zip(pages, peer[0], strict=True))
            assert all(score > beaten for score in found.values())
    assert all(found[name] >= floor for name, floor in FLOORS.items()), found
    assert all(asked[name] >= floor for name, floor in QUESTIONS.items()), asked
