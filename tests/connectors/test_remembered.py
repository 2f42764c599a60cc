"""Threads as engines of boards, questions and lists write them, and what stands around: with profiles and without.

The layouts of `remembered.toml` were written and counted before the readers were changed for them; those of HELD were
only counted. Each is read as it is, without its profile, as an engine nobody has met, and with names that say nothing.
"""

import re
from collections import Counter
from collections.abc import Iterator
from hashlib import sha256
from statistics import fmean
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
from tests.connectors.test_unmet import ANSWER, ASKED, post, read

URL = "https://baker.example/viewtopic/771"
HELD = tuple(name for name in REMEMBERED if held_out(name, 0.5))
_NAMES = re.compile(r"""(\s(?:class|id)=)("[^"]*"|'[^']*')""")
_STEM = re.compile(r"^\D+")
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
        named = (
            _STEM.sub(lambda stem: f"c{sha256(stem[0].encode()).hexdigest()[:5]}", name, count=1)
            for name in found[2][1:-1].split()
        )
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


# Mean F1 and shares of pages, of layouts looked at and of held ones, a little below what was measured
FLOORS = {
    "seen": {"f1": 0.95, "question": 0.93, "website": 0.95, "website_question": 0.93},
    "held": {"f1": 0.95, "question": 0.78, "website": 0.95, "website_question": 0.88},
}


def some(layout: str) -> Iterator[Told]:
    """A page as of an engine nobody has met, and one whose names say nothing."""
    languages = REMEMBERED[layout].get("languages", ("en", "zh"))
    yield told(layout, RICH[languages[0]], "unknown")
    yield told(layout, TALKS[languages[-1]].aged().first(2), "hashed")


def test_most_pages_of_engines_from_memory_are_read_without_their_profiles(capsys: pytest.CaptureFixture[str]) -> None:
    for part, floors in FLOORS.items():
        pages = [page for name in REMEMBERED if (name in HELD) == (part == "held") for page in some(name)]
        shares = {name: fmean(getattr(page, name) for page in pages) for name in floors}
        with capsys.disabled():
            print(f"\n{part}: {len(pages)} pages, " + ", ".join(f"{name} {it:.3f}" for name, it in shares.items()))
        assert all(shares[name] >= floor for name, floor in floors.items()), shares


@pytest.mark.parametrize(
    ("below", "kept"),
    [
        ("Edited by - ann on 06/15/2019 09:14:11", ""),
        ("Last edited by ann on Sat Jun 15, 2019 9:14 am, edited 2 times in total.", ""),
        ("Einmal editiert, zuletzt von ann (15. Juni 2019)", ""),
        ("本帖最后由 ann 于 2019-6-15 09:14 编辑", ""),
        ("Edited 15 June 2019: the lamp did it.", "Edited 15 June 2019: the lamp did it."),
        ("Edited by hand, as all of my texts are.", "Edited by hand, as all of my texts are."),
        ("_________________<br>Baker at the harbour", ""),
        ("____<br>Baker at the harbour", "\\____\nBaker at the harbour"),
    ],
)  # fmt: skip
def test_notes_of_edits_go_and_what_an_author_says_of_them_stays(below: str, kept: str) -> None:
    page = f"<h1>Starter does not rise</h1>{post('ann', 14, f'{ASKED}<br>{below}')}{post('ben', 15, ANSWER)}"
    assert texts_of(page)[0] == (f"{ASKED}\n{kept}" if kept else ASKED)


def texts_of(page: str) -> list[str]:
    found = read(page)
    return [each.markdown for each in found.posts] if isinstance(found, Thread) else []


@pytest.mark.parametrize(
    "above",
    [
        "<p>Viewing 4 posts - 1 through 4 (of 4 total)</p>",
        "<p>0 Members and 1 Guest are viewing this topic.</p>",
        "<p>Please be kind to each other.</p>",
        "<ul><li><a href='/user/ann'>ann</a></li><li>Full member of the guild</li><li>Posts: 141</li></ul>",
    ],
)
def test_what_a_board_says_above_the_first_post_opens_nothing(above: str) -> None:
    posts = post("ann", 14, f"<p>{ASKED}</p>") + post("ben", 15, f"<p>{ANSWER}</p>")
    assert texts_of(f"<h1>Starter does not rise</h1>{above}{posts}") == [ASKED, ANSWER]


def test_menus_that_are_hidden_say_nothing_of_who_writes() -> None:
    menu = "<div style='display: none'><a href='/user/7'>Find all of it</a> <a href='/user/7?pm'>Whisper</a></div>"
    posts = "".join(
        f"<div class='p'><b class='name'>{who}</b>{menu}<i>2019-05-{day} 10:00</i><div class='t'>{said}</div></div>"
        for who, day, said in (("ann", 14, ASKED), ("ben", 15, ANSWER), ("cleo", 16, "Stir it, and look for bubbles."))
    )
    found = read(f"<h1>Starter does not rise</h1>{posts}")
    assert isinstance(found, Thread)
    assert [each.author for each in found.posts] == ["ann", "ben", "cleo"]


@pytest.mark.parametrize(("author", "kind"), [("/people/ann", Thread), ("/author/ann", Article), ("", Article)])
def test_comments_are_a_thread_where_who_opens_is_one_of_those_who_comment(author: str, kind: type) -> None:
    by = f"<a href='{author}'>ann</a>" if author else "ann"
    comments = "".join(
        f"<div class='comment'><a href='/people/{who}'>{who}</a> <i>2019-05-{day} 10:00</i><p>{said}</p></div>"
        for who, day, said in (("ben", 15, ANSWER), ("cleo", 16, "Stir it, and look for bubbles inside of it."))
    )
    page = (
        "<html><head><title>Starter</title></head><body><h1>Starter</h1><div class='body'><div class='by'>"
        f"{by} <i>2019-05-14 09:00</i></div><div class='text'><p>{ASKED} {ASKED[:-1]} in winter?</p></div></div>"
        f"<div class='comments'>{comments}</div></body></html>"
    )
    saved = Page("website", "page", "https://bread.example/p/771", page.encode(), "text/html; charset=utf-8")
    assert isinstance(next(iter(read_page(saved))), kind)
