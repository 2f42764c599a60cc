"""Lists of threads, questions and articles are no threads, and threads whose posts have titles and links are no lists.

The markup is that of no known engine; each page is read with its classes and without them, in English and Chinese,
boards also at an address that says nothing.
"""

import json
import re
import tomllib
from itertools import product
from pathlib import Path
from string import Template

import pytest

from connectors.html.page import read_page
from connectors.html.threads.thread import read_thread
from schemas.document import Article, Document, Reject, Thread
from schemas.page import Page
from tests.connectors.laid_out import STAMPS, TALKS, WHO

TABLE = tomllib.loads(Path(__file__).with_name("boards.toml").read_text())
NAMES = re.compile(r"""\s(?:class|id)=("[^"]*"|'[^']*')""")
URLS = ("https://board.example/forum/bread-771", "https://baking.example/771")


def read(body: str, title: str, url: str, named: bool = True) -> Document | Reject:
    page = f"<html><head><title>{title} | Baking</title></head><body>{body}</body></html>"
    page = page if named else NAMES.sub("", page)
    return next(read_page(Page("website", "771", url, page.encode(), "text/html; charset=utf-8")))


def board(layout: str, language: str) -> str:
    own, made = TABLE["items"][language], TABLE["boards"][layout]
    rows = zip(own["titles"], own["teasers"], TALKS[language].posts * 2, strict=False)
    filled = (
        Template(made["row"]).substitute(
            n=70 + at, slug=f"about-bread-{at}", title=title, teaser=teaser, who=said.who, when=said.when,
            stamp=said.stamp,
        )
        for at, (title, teaser, said) in enumerate(rows)
    )  # fmt: skip
    return Template(made["page"]).substitute(name=own["name"], rows="".join(filled))


def thread(layout: str, language: str) -> str:
    talk, made, titles = TALKS[language], TABLE["threads"][layout], TABLE["items"][language]["titles"]
    filled = (
        Template(made["row"]).substitute(
            n=70 + at, title=talk.title, own=titles[at], who=WHO[at], when=said.when, stamp=STAMPS[at],
            said="".join(f"<p>{each}</p>" for each in said.paragraphs),
        )
        for at, said in enumerate(talk.posts)
    )  # fmt: skip
    return Template(made["page"]).substitute(title=talk.title, rows="".join(filled))


@pytest.mark.parametrize("layout", TABLE["boards"])
def test_a_board_is_no_thread(layout: str) -> None:
    for language, url, named in product(("en", "zh"), URLS, (True, False)):
        found = read(board(layout, language), TABLE["items"][language]["name"], url, named)
        assert not isinstance(found, Thread), (language, url, named)


@pytest.mark.parametrize("layout", ["avatar_first", "categories", "discussions_declared", "last_post_beside"])
def test_a_board_in_the_place_of_a_thread_is_told(layout: str) -> None:
    page = f"<html><head><title>Baking</title></head><body>{board(layout, 'en')}</body></html>"
    saved = json.dumps([{"url": URLS[0], "html": page}]).encode()
    told = Reject("771", "board", "its 6 entries lead to pages of their own")
    assert read(board(layout, "en"), "Baking", URLS[0]) == told
    assert list(read_thread(Page("forum", "771", URLS[0], saved))) == [told]
    packed = Page("website", "771", URLS[0], saved, "application/json")
    assert list(read_page(packed)) == [told]


def test_an_article_above_a_list_of_others_stays_one() -> None:
    said = " ".join(said for post in TALKS["en"].posts for said in post.paragraphs)
    article = f"<article><h1>Bread</h1>{f'<p>{said}</p>' * 3}</article>"
    found = read(article + board("cards", "en"), "Bread", URLS[0])
    assert isinstance(found, Article)


@pytest.mark.parametrize("layout", TABLE["threads"])
def test_a_thread_whose_posts_have_titles_and_links_is_one(layout: str) -> None:
    for language, named in product(("en", "zh"), (True, False)):
        found = read(thread(layout, language), TALKS[language].title, URLS[0], named)
        assert isinstance(found, Thread), (language, named)
        assert len(found.posts) == len(WHO)
