"""Posts found and their text on saved pages of seven real forums: by profile, and with no profile at all.

Floors of DESIGN section 7: known engines 0.98 of the posts with author, time and text; engines never seen, text F1
0.90. The truth of the second is what the profiles read: the engine is left out, and structured data with it.
"""

import re
from collections import Counter
from pathlib import Path

import pytest

from connectors import html
from connectors.html.threads.block import Block
from connectors.html.threads.dates import read_time
from connectors.html.threads.posts import read_posts, read_repeated

# Posts on each page, counted in a browser
POSTS = {
    "Xenforo1": 25,
    "Xenforo2": 8,
    "vBulletin3": 20,
    "vBulletin4": 10,
    "vBulletin5": 15,
    "phpBB": 25,
    "NodeBB": 13,
}
KNOWN, UNSEEN = 0.98, 0.90
URL = "https://forum.example/thread/1"


def root_of(folder: Path, engine: str) -> html.tree.HtmlElement:
    return html.parse(html.decode((folder / "forums" / "thread-pages" / f"{engine}.html").read_bytes()))


def words(blocks: list[Block]) -> Counter[str]:
    return Counter(re.findall(r"[\u3400-\u9fff]|\w+", " ".join(block.markdown for block in blocks)))


def f1(found: Counter[str], true: Counter[str]) -> float:
    return 2 * (found & true).total() / (found.total() + true.total())


@pytest.mark.parametrize("engine", POSTS)
def test_known_engines(shared_data: Path, engine: str) -> None:
    blocks = read_posts(root_of(shared_data, engine), URL)
    assert len(blocks) == POSTS[engine]
    assert sum(bool(block.author and read_time(block.time)) for block in blocks) >= KNOWN * POSTS[engine]


@pytest.mark.parametrize("engine", POSTS)
def test_engines_never_seen(shared_data: Path, engine: str) -> None:
    root = root_of(shared_data, engine)
    known, unseen = read_posts(root, URL), read_repeated(root, URL)
    score = f1(words(unseen), words(known))
    print(f"{engine}: {len(unseen)} of {len(known)} posts, text F1 {score:.3f}")
    assert score >= UNSEEN
    assert len(unseen) >= KNOWN * len(known)
    assert [block.author for block in unseen] == [block.author for block in known]
    assert all(read_time(block.time) for block in unseen)
