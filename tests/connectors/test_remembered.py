"""Threads as engines of boards, questions and lists write them, with what stands around: with their profiles and without.

The layouts of `remembered.toml` were written and counted before the readers were changed for them; those of HELD were
only counted. Each is read as it is, without its profile, as an engine nobody has met, and with names that say nothing.
"""

import re
from collections import Counter
from collections.abc import Iterator
from hashlib import sha256
from typing import NamedTuple

import pytest
from lxml.html import fromstring

from connectors import html
from connectors.html.page import read_page
from connectors.html.threads import posts, site
from connectors.html.threads.thread import thread_of
from schemas.document import Article, Document, Reject, Thread
from schemas.page import Page
from tests.accuracy.labelled import held_out
from tests.connectors.laid_out import REMEMBERED, RICH, TALKS, Talk, page_of, told_of

URL = "https://baker.example/viewtopic/771"
HELD = tuple(name for name in REMEMBERED if held_out(name, 0.5))
_NAMES = re.compile(r"""(\s(?:class|id)=)("[^"]*"|'[^']*')""")
_WORDS = re.compile(r"[\u3400-\u9fff]|[^\W\u3400-\u9fff]+")
_LINK = re.compile(r"\[([^\[\]]*)\]\([^()\s]*\)")
_MARKS = re.compile(r"!\[[^\[\]]*\]\([^()\s]*\)|(?m:^ *\d\. |^ *```.*)")  # pictures, numbers of items, fences
WAYS = ("as it is", "unknown", "no names", "hashed")


class Told(NamedTuple):
    """What of one page came out: F1 of its words, whether each post and the first came out as said, by both readers."""

    f1: float
    question: bool
    whole: bool
    website: float
    website_question: bool


def talks(layout: str) -> Iterator[Talk]:
    for language in REMEMBERED[layout].get("languages", ("en", "zh")):
        yield from (RICH[language], RICH[language].aged().first(2), RICH[language].first(1))
        yield from (TALKS[language].aged(), TALKS[language].first(2))


def hashed(page: str) -> str:
    """The page with names that say nothing, alike where they were alike, as tools for style sheets make them."""

    def one(found: re.Match[str]) -> str:
        named = [re.sub(r"[^\d]*", lambda it: "c" + sha256(it[0].encode()).hexdigest()[:5] if it[0] else "", name, count=1)
                 for name in found[2][1:-1].split()]  # fmt: skip
        return f'{found[1]}"{" ".join(named)}"'

    return _NAMES.sub(one, page)


def words(text: str) -> list[str]:
    return _WORDS.findall(_LINK.sub(r"\1", _MARKS.sub("", text)))


def f1(truth: list[str], found: list[str]) -> float:
    return 2 * (Counter(truth) & Counter(found)).total() / ((len(truth) + len(found)) or 1)


def said(found: Document | Reject) -> list[list[str]]:
    if isinstance(found, Article):
        return [words("\n".join(section.markdown for section in found.sections))]
    return [words(post.markdown) for post in found.posts] if isinstance(found, Thread) else []


def told(layout: str, talk: Talk, way: str) -> Told:
    page = page_of(layout, talk, way != "no names")
    page = hashed(page) if way == "hashed" else page
    wanted = [words(" ".join(fromstring(f"<div>{text}</div>").itertext())) for text in told_of(layout, talk)]
    saved = Page("forum", "thread", URL, page.encode(), "text/html; charset=utf-8")
    with pytest.MonkeyPatch.context() as patch:
        if way != "as it is":
            patch.setattr(posts, "profile_readings", lambda *_: iter(()))
            patch.setattr(site, "count_posts", lambda _: 0)
        thread = said(next(iter(thread_of(saved, [(URL, html.parse(page))]))))
        read = said(next(iter(read_page(saved))))
    flat = [word for post in wanted for word in post]
    return Told(
        f1(flat, [word for post in thread for word in post]),
        bool(thread) and f1(wanted[0], thread[0]) > 0.9,
        [Counter(post) for post in thread] == [Counter(post) for post in wanted],
        f1(flat, [word for post in read for word in post]),
        bool(read) and f1(wanted[0], read[0][: len(wanted[0]) + 1]) > 0.9,
    )
