"""The same thread in thirty layouts, six languages, with and without names in the markup, dated or counted from now.

What is said must not depend on the markup: `laid_out.py` writes the pages, and none of them is a known engine's.
"""

from collections.abc import Iterator

import pytest

from connectors import html
from connectors.html.threads.block import Block
from connectors.html.threads.dates import read_times
from connectors.html.threads.posts import read_posts
from connectors.html.threads.site import thread_on
from tests.connectors.laid_out import LAYOUTS, STAMPS, TALKS, Talk, page_of

URL = "https://board.example/forum/bread-771"
# Shares of all pages, a little below what was measured when they were set
FLOORS = {"whole": 0.86, "question": 0.89, "authors": 0.82, "times": 0.92, "website": 0.87}


def talks(*languages: str) -> Iterator[Talk]:
    for language in languages:
        yield TALKS[language]
        yield TALKS[language].aged()


def letters(text: str) -> str:
    return "".join(filter(str.isalnum, text))


def posts_on(layout: str, talk: Talk, named: bool) -> list[Block]:
    return read_posts(html.parse(page_of(layout, talk, named)), URL)


def told(talk: Talk, posts: list[Block]) -> dict[str, bool]:
    """What of a thread has come out as it was written."""
    wanted = [letters("".join(post.paragraphs)) for post in talk.posts]
    found = [letters(post.markdown) for post in posts]
    times = [time.isoformat()[:16] if time else "" for time in read_times([post.time for post in posts], talk.language)]
    dated = talk.posts[0].when == TALKS[talk.language].posts[0].when
    return {
        "whole": found == wanted,
        "question": found[:1] == wanted[:1],
        "authors": [post.author for post in posts] == [post.who for post in talk.posts],
        "times": times == [stamp[:16] for stamp in STAMPS] if dated else bool(posts) and all(p.time for p in posts),
    }


@pytest.mark.parametrize(
    "layout", ["divs_with_sidebar", "author_after", "tree_of_divs", "flat_siblings", "cells_in_rows"]
)
def test_every_word_author_and_time_comes_out_of_layouts_whose_markup_has_names(layout: str) -> None:
    for talk in talks(*TALKS):
        assert all(told(talk, posts_on(layout, talk, named=True)).values()), (talk.language, talk.posts[0].when)


def test_most_layouts_are_read_whole_with_and_without_names(capsys: pytest.CaptureFixture[str]) -> None:
    pages = [(layout, talk, named) for layout in LAYOUTS for talk in talks("en", "fr", "zh") for named in (True, False)]
    counts = dict.fromkeys(FLOORS, 0)
    for layout, talk, named in pages:
        for name, right in told(talk, posts_on(layout, talk, named)).items():
            counts[name] += right
        counts["website"] += thread_on(html.parse(page_of(layout, talk, named)), URL) is not None
    shares = {name: count / len(pages) for name, count in counts.items()}
    with capsys.disabled():
        print(f"\n{len(pages)} pages: " + ", ".join(f"{name} {share:.3f}" for name, share in shares.items()))
    assert all(shares[name] >= floor for name, floor in FLOORS.items()), shares
