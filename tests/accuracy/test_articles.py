"""Main content against trafilatura on labelled articles, side by side: bags of 4-grams of words.

The measure is that of scrapinghub's article-extraction-benchmark; a Chinese, Japanese or Korean character is
a word. F1 is the mean over pages. Floors are a little below what was measured when they were set.
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

import pytest
import re2

from connectors import html
from connectors.html.article import SHORTEST
from schemas.hole import mark_holes

WIDE = re2.compile(r"([\x{3040}-\x{30ff}\x{3400}-\x{9fff}\x{ac00}-\x{d7a3}])")
WORDS = re2.compile(r"[\p{L}\p{M}\p{N}]+")
LINK = re2.compile(r"\[([^\[\]]*)\]\([^()\s]*\)")
FLOORS = {"article-extraction": 0.968, "article-extraction-zh-en": 0.909}

PEER = """
import json, pathlib, sys
import trafilatura
pages = [pathlib.Path(sys.argv[1], f"{number}.html").read_bytes() for number in range(int(sys.argv[2]))]
print(json.dumps([trafilatura.extract(page, include_comments=False) or "" for page in pages]))
"""

Labelled = tuple[bytes, str]


def english(folder: Path) -> Iterator[Labelled]:
    for key, label in json.loads((folder / "ground-truth.json").read_bytes()).items():
        yield gzip.decompress((folder / "html" / f"{key}.html.gz").read_bytes()), label["articleBody"]


def mixed(folder: Path) -> Iterator[Labelled]:
    for key, label in json.loads((folder / "article" / "base.json").read_bytes()).items():
        yield (folder / "article" / "htmls" / f"{key}.html").read_bytes(), label["content"]


READERS = {"article-extraction": english, "article-extraction-zh-en": mixed}


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
        for number, (body, _) in enumerate(pages):
            (Path(folder) / f"{number}.html").write_bytes(body)
        run = subprocess.run([python, "-c", PEER, folder, str(len(pages))], capture_output=True, text=True, check=False)
    return json.loads(run.stdout) if run.returncode == 0 else None


@pytest.mark.parametrize("dataset", FLOORS)
def test_articles(shared_data: Path, dataset: str, capsys: pytest.CaptureFixture[str]) -> None:
    pages = list(READERS[dataset](shared_data / "labelled" / dataset))
    mine = mean(f1(truth, ours(body)) for body, truth in pages)
    texts = theirs(pages)
    peer = mean(f1(truth, text) for (_, truth), text in zip(pages, texts, strict=True)) if texts else None
    with capsys.disabled():
        print(f"\n{dataset}: {len(pages)} pages, F1 {mine:.4f}, trafilatura {peer or 'not installed'}")
    assert mine >= FLOORS[dataset]
    assert peer is None or mine > peer
