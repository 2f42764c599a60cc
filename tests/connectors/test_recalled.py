"""Threads and articles with comments told apart, at addresses and with heads that say little of which one a page is.

The layouts of `recalled.toml` and `commented.toml` were written and counted before anything was changed for them; those
that `held_out` names were only counted.
"""

from collections.abc import Iterator

import pytest

from connectors.html.page import read_page
from connectors.html.threads import posts, site
from schemas.document import Document, Reject, Thread
from schemas.page import Page
from tests.accuracy.fit_conversation import NEUTRAL
from tests.accuracy.labelled import held_out
from tests.connectors.laid_out import COMMENTED, RECALLED, RICH, TALKS, Talk, page_of
from tests.connectors.test_remembered import hashed

LEAST = {"seen": 0.65, "held": 0.7}  # of pages of threads, a little below what was measured
MOST = 2  # pages of articles that are read as threads: of the diary of a member, on whose site all are peers


@pytest.fixture(autouse=True)
def unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    """As engines that nobody has met."""
    monkeypatch.setattr(posts, "profile_readings", lambda *_: iter(()))
    monkeypatch.setattr(site, "count_posts", lambda _: 0)


def read(layout: str, talk: Talk, url: str, with_names: bool = True) -> Document | Reject:
    page = page_of(layout, talk)
    page = page if with_names else hashed(page)
    return next(read_page(Page("website", "page", url, page.encode(), "text/html; charset=utf-8")))


def some(layout: str, own: str) -> Iterator[Document | Reject]:
    languages = (RECALLED | COMMENTED)[layout].get("languages", ("en", "zh"))
    yield read(layout, RICH[languages[0]], own)
    yield read(layout, TALKS[languages[-1]].aged(), NEUTRAL, with_names=False)


@pytest.mark.parametrize("part", LEAST)
def test_most_threads_are_none_of_articles(part: str, capsys: pytest.CaptureFixture[str]) -> None:
    names = [name for name in RECALLED if held_out(name, 0.5) == (part == "held")]
    found = [document for name in names for document in some(name, RECALLED[name].get("url", NEUTRAL))]
    threads = sum(isinstance(each, Thread) for each in found)
    with capsys.disabled():
        print(f"\n{part}: {threads} of {len(found)} pages are threads")
    assert threads >= LEAST[part] * len(found)


def test_articles_with_comments_are_no_threads() -> None:
    threads = [name for name in COMMENTED for each in some(name, COMMENTED[name]["url"]) if isinstance(each, Thread)]
    assert len(threads) <= MOST, threads


@pytest.mark.parametrize(
    ("above", "kind"),
    [
        ("<h2>3 Replies</h2>", Thread),
        ("<h2>3 条回复</h2>", Thread),
        ("<p><a href='/login'>Log in to answer</a></p>", Thread),
        ("<h2>3 thoughts</h2>", None),
    ],
)
def test_a_page_that_counts_its_answers_is_a_thread(above: str, kind: type | None) -> None:
    """Of one whose markup speaks of comments and whose head of an article."""
    said = "My starter has not risen for three days and the kitchen is cold. What can I do about it in winter?"
    comments = "".join(
        f"<div class='comment'><a href='/people/{who}'>{who}</a> <i>2019-05-{day} 10:00</i><p>Feed it warm, "
        f"{who} says, and wait for a day or two before you throw it away.</p></div>"
        for who, day in (("ben", 15), ("cleo", 16), ("ann", 17))
    )
    page = (
        "<html><head><title>Starter</title><meta property='og:type' content='article'></head><body>"
        "<h1>Starter</h1><div class='body'><div class='by'><a href='/author/ann'>ann</a> <i>2019-05-14 09:00</i></div>"
        f"<div class='text'><p>{said}</p></div></div>{above}<div class='comments'>{comments}</div></body></html>"
    )
    found = next(read_page(Page("website", "page", NEUTRAL, page.encode(), "text/html; charset=utf-8")))
    assert isinstance(found, Thread) == bool(kind)
