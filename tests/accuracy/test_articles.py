"""Main content against trafilatura on labelled articles, side by side: bags of 4-grams of words.

The measure is that of scrapinghub's article-extraction-benchmark; a Chinese, Japanese or Korean character is
a word. F1 is the mean over pages. Sites decide which part a page is in; floors are a little below what was measured on
the check part when they were set. Rules of earlier releases were read off both parts, what is fitted is fitted to tune.
"""

import gzip
import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from statistics import mean
from typing import NamedTuple

import pytest
import re2

from connectors import html
from connectors.html.article import SHORTEST
from schemas.hole import mark_holes
from tests.accuracy.labelled import held_out, site

WIDE = re2.compile(r"([\x{3040}-\x{30ff}\x{3400}-\x{9fff}\x{ac00}-\x{d7a3}])")
WORDS = re2.compile(r"[\p{L}\p{M}\p{N}]+")
LINK = re2.compile(r"\[([^\[\]]*)\]\([^()\s]*\)")
FLOORS = {"article-extraction": 0.967, "article-extraction-zh-en": 0.916}

PEER = """
import json, pathlib, sys
import trafilatura
pages = [pathlib.Path(sys.argv[1], f"{number}.html").read_bytes() for number in range(int(sys.argv[2]))]
print(json.dumps([trafilatura.extract(page, include_comments=False) or "" for page in pages]))
"""


class Labelled(NamedTuple):
    url: str
    body: bytes
    truth: str


def english(folder: Path) -> Iterator[Labelled]:
    for key, label in json.loads((folder / "ground-truth.json").read_bytes()).items():
        body = gzip.decompress((folder / "html" / f"{key}.html.gz").read_bytes())
        yield Labelled(label["url"], body, label["articleBody"])


def mixed(folder: Path) -> Iterator[Labelled]:
    for key, label in json.loads((folder / "article" / "base.json").read_bytes()).items():
        yield Labelled(label["url"], (folder / "article" / "htmls" / f"{key}.html").read_bytes(), label["content"])


READERS = {"article-extraction": english, "article-extraction-zh-en": mixed}


def articles(folder: Path) -> Iterator[Labelled]:
    return READERS[folder.name](folder)


def shingles(text: str) -> Counter[tuple[str, ...]]:
    words = WORDS.findall(WIDE.sub(r" \1 ", text.replace("_", " ")))
    return Counter(tuple(words[at : at + 4]) for at in range(max(1, len(words) - 3))) if words else Counter()


def f1(truth: str, found: str) -> float:
    wanted, got = shingles(truth), shingles(found)
    shared = (wanted & got).total()
    return 2 * shared / (wanted.total() + got.total()) if wanted or got else 1.0


def ours(body: bytes) -> str:
    try:
        content = html.main_content(html.parse(html.decode(body)))
    except html.Unreadable:
        return ""
    text = LINK.sub(r"\1", html.to_markdown(content)) if content is not None else ""
    text = mark_holes(text, Counter())  # as a record holds it
    return text if len(text) >= SHORTEST else ""  # a page that says nothing gives no article


def theirs(pages: list[Labelled]) -> list[str] | None:
    """trafilatura's texts, from the environment that PEERS_PYTHON names; None where it is not installed."""
    python = os.environ.get("PEERS_PYTHON", sys.executable)
    with tempfile.TemporaryDirectory() as folder:
        for number, page in enumerate(pages):
            (Path(folder) / f"{number}.html").write_bytes(page.body)
        run = subprocess.run([python, "-c", PEER, folder, str(len(pages))], capture_output=True, text=True, check=False)
    return json.loads(run.stdout) if run.returncode == 0 else None


@pytest.mark.parametrize("dataset", FLOORS)
def test_articles(shared_data: Path, dataset: str, capsys: pytest.CaptureFixture[str]) -> None:
    pages = list(articles(shared_data / "labelled" / dataset))
    texts = {"ours": [ours(page.body) for page in pages]}
    if peer := theirs(pages):
        texts["trafilatura"] = peer
    found: dict[tuple[str, str], float] = {}
    for name, part in ((name, part) for name in texts for part in ("tune", "check")):
        both = zip(pages, texts[name], strict=True)
        of_part = [each for each in both if held_out(site(each[0].url), 0.5) == (part == "check")]
        found[name, part] = mean(f1(page.truth, text) for page, text in of_part)
        with capsys.disabled():
            print(f"\n{dataset}, {part}, {name}: {len(of_part)} pages, F1 {found[name, part]:.4f}", end="")
    assert found["ours", "check"] >= FLOORS[dataset]
    assert not peer or found["ours", "check"] > found["trafilatura", "check"]
