"""Threads with other things around and between their posts, and threads whose pages do not say that they are any.

The layouts of `around.toml` were written, and counted, before the readers were changed for them; those of HELD were
only counted afterwards, too.
"""

import json
from collections.abc import Iterator

import pytest

from connectors import html
from connectors.html.page import read_page
from connectors.html.threads.block import read_body
from connectors.html.threads.generic import GENERIC
from schemas.document import Article, Document, Reject, Thread
from schemas.page import Page
from tests.accuracy.labelled import held_out
from tests.connectors.laid_out import AROUND, LAYOUTS, TALKS, UNMET, Talk, page_of, told_of
from tests.connectors.test_layouts import letters
from tests.connectors.test_unmet import ANSWER, ASKED, URL, post, read

HELD = tuple(name for name in AROUND if held_out(name, 0.5) and name != "data_of_a_framework")
# Shares of the pages of layouts looked at and of held ones, a little below what was measured when they were set
FLOORS = {
    "seen": {"whole": 0.85, "question": 0.90, "website": 0.88},
    "held": {"whole": 0.65, "question": 0.80, "website": 0.91},
}
NEUTRAL = "https://bread.example/p/bread-771"  # an address that says nothing of threads


def talks(layout: str) -> Iterator[tuple[Talk, bool]]:
    for language in AROUND[layout].get("languages", ("en", "zh")):
        talk = TALKS[language]
        yield from ((talk.first(1), True), (talk.aged().first(2), True), (talk.first(2), False))
        yield from ((talk, True), (talk.aged(), False))


def on_web(page: str, url: str = URL) -> list[Document | Reject]:
    return list(read_page(Page("website", "page", url, page.encode(), "text/html; charset=utf-8")))


def texts(found: Document | Reject) -> list[str]:
    return [letters(each.markdown) for each in found.posts] if isinstance(found, Thread) else []


def told(layout: str, talk: Talk, named: bool) -> dict[str, bool]:
    page = page_of(layout, talk, named)
    said, wanted = texts(read(page)), [letters(text) for text in told_of(layout, talk)]
    return {
        "whole": said == wanted,
        "question": said[:1] == wanted[:1],
        "website": bool(said) and texts(on_web(page)[0]) == said,
    }


def test_most_threads_with_other_things_around_are_read_whole(capsys: pytest.CaptureFixture[str]) -> None:
    for part, floors in FLOORS.items():
        layouts = [name for name in AROUND if (name in HELD) == (part == "held")]
        pages = [told(name, talk, named) for name in layouts for talk, named in talks(name)]
        shares = {name: sum(page[name] for page in pages) / len(pages) for name in floors}
        with capsys.disabled():
            print(f"\n{part}: {len(pages)} pages, " + ", ".join(f"{name} {it:.3f}" for name, it in shares.items()))
        assert all(shares[name] >= floor for name, floor in floors.items()), shares


def test_most_pages_that_say_nowhere_what_they_are_are_threads_all_the_same() -> None:
    pages = [page_of(layout, TALKS[language]) for layout in (*LAYOUTS, *UNMET) for language in ("en", "zh")]
    threads = [isinstance(on_web(page, NEUTRAL)[0], Thread) for page in pages]
    assert sum(threads) / len(threads) >= 0.72


def test_an_article_with_words_below_it_is_none() -> None:
    article = "<p>" + "Feed the starter each morning with rye, and wait until it has doubled. " * 30 + "</p>"
    below = post("ben", 15, f"<p>{ANSWER}</p>", "words") + post("cleo", 16, "<p>Thank you for this text.</p>", "words")
    page = f"<title>Starter</title><h1>Starter</h1>{article}{below}"
    assert isinstance(on_web(page, NEUTRAL)[0], Article)


def test_a_question_that_nobody_has_answered_is_a_thread_on_the_address_of_one() -> None:
    page = f"<title>Starter does not rise</title><h1>Starter does not rise</h1>{post('ann', 14, f'<p>{ASKED}</p>')}"
    assert texts(on_web(page)[0]) == [letters(ASKED)]
    assert not isinstance(on_web(page.replace(ASKED, f"{ASKED} {'Feed it with rye. ' * 100}"))[0], Thread)


def test_parts_in_the_place_of_posts_are_told() -> None:
    promo = "<div class='post' id='post-x'><div class='text'><p>Flour from the mill at your door.</p></div></div>"
    page = (
        "<h1>Starter does not rise</h1>"
        + post("ann", 14, f"<p>{ASKED}</p>")
        + promo
        + post("ben", 15, f"<p>{ANSWER}</p>")
        + post("cleo", 16, "<p>3 replies</p>")
    )
    found = on_web(page)
    assert texts(found[0]) == [letters(ASKED), letters(ANSWER)]
    assert [each.reason for each in found[1:] if isinstance(each, Reject)] == ["nobody_signed", "only_a_counter"]


def under_lines(*below: str) -> list[Document | Reject]:
    """A thread of an engine that is not known, each post with words below a line that vBulletin draws."""
    said = zip(("ann", "ben", "cleo"), (ASKED, ANSWER, f"{ANSWER} Wait a day."), below, strict=True)
    posts = (
        post(who, 14 + at, f"<p>{text}</p><p>{'_' * 18}</p><p>{end}</p>") for at, (who, text, end) in enumerate(said)
    )
    return on_web(f"<h1>Starter does not rise</h1>{''.join(posts)}")


def test_words_below_a_drawn_line_are_told_where_no_other_post_has_them() -> None:
    found = under_lines("Rye is all", "Rye is all", "And one thing more: keep it warm.")
    assert texts(found[0]) == [letters(ASKED), letters(ANSWER), letters(f"{ANSWER} Wait a day.")]
    assert [each.reason for each in found[1:] if isinstance(each, Reject)] == ["signature"]


def test_a_long_part_below_a_drawn_line_is_the_posts_own() -> None:
    found = under_lines("Rye is all", "Rye is all", f"{ASKED} " * 20)
    assert len(texts(found[0])[2]) > 500 and not found[1:]


def commented(said: str, who: str = "dora", when: str = "17 May 2019 10:20") -> list[Document | Reject]:
    """A thread of three posts; below the second stands something signed."""
    note = f"<div class='low'><i>{said}</i> <a href='/user/{who}'>{who}</a> <span>{when}</span></div></div>"
    second = post("ben", 15, f"<p>{ANSWER}</p>")
    assert second.endswith("</div>")
    last = post("cleo", 16, "<p>Stir it, and look for bubbles inside.</p>")
    return on_web(f"<h1>Starter</h1>{post('ann', 14, f'<p>{ASKED}</p>')}{second.removesuffix('</div>')}{note}{last}")


def test_one_comment_on_one_answer_is_told() -> None:
    thread, *rest = commented("The lamp did it for mine, thank you!")
    assert len(texts(thread)) == 3
    assert [(each.key, each.reason) for each in rest if isinstance(each, Reject)] == [
        ("page/unread1", "comment_unread")
    ]


@pytest.mark.parametrize(
    ("said", "when"),
    [
        ("Score 12", "17 May 2019 10:20"),  # says nothing
        ("The lamp did it for mine, thank you!", "yes"),  # says no time
        ("Baker in the old town of Ulm", "<b>Joined:</b> 17 May 2009"),  # about a member
    ],
)
def test_what_else_stands_below_an_answer_is_not_told(said: str, when: str) -> None:
    thread, *rest = commented(said, when=when)
    assert len(texts(thread)) == 3
    assert not rest


@pytest.mark.parametrize("layout", ["with_summary", "containers_in_containers", "question_with_side_vote"])
def test_the_lines_that_sign_a_post_are_no_comment(layout: str) -> None:
    _, *rest = on_web(page_of(layout, TALKS["en"]))
    assert "comment_unread" not in [each.reason for each in rest if isinstance(each, Reject)]


def test_a_best_answer_that_is_shown_twice_is_one_post() -> None:
    best = post("ben", 15, f"<p>{ANSWER}</p><p>Wait.</p>").replace("id='post-15'", "")
    page = (
        f"<h1>Starter</h1>{post('ann', 14, f'<p>{ASKED}</p>')}{best}{post('ben', 15, f'<p>{ANSWER}</p><p>Wait.</p>')}"
    )
    assert texts(read(page)) == [letters(ASKED), letters(f"{ANSWER}Wait.")]
    again = post("ben", 16, f"<p>{ANSWER}</p><p>Wait.</p>")
    assert len(texts(read(f"{page}{again}"))) == 3, "who says it again on another day says it again"


def test_rows_of_a_table_are_lines_of_their_post() -> None:
    rows = f"<tr><td><b>Rye</b></td></tr><tr><td>{ANSWER}</td></tr>"
    table = html.parse(f"<table id='body'>{rows}</table>").xpath("//*[@id='body']")[0]
    assert read_body(table, GENERIC, URL)[0] == f"**Rye**\n\n{ANSWER}"


def test_a_link_that_is_no_address_ends_nothing() -> None:
    link = "<a href='https://[shortcode]'>A title that leads nowhere at all</a>"
    page = f"<h1><a href='https://[shortcode]'>Starter</a></h1>{post('ann', 14, f'{ASKED} {link}')}"
    assert on_web(f"{page}{link}{post('ben', 15, ANSWER)}{link}")


@pytest.mark.parametrize("name", ["Post:9", "Nobody:1", 7])
def test_references_to_nothing_cost_nothing(name: str | int) -> None:
    said = {"body": ASKED, "subject": "Starter", "author": {"__ref": name}, "postTime": "2019-05-14T09:12:00Z"}
    page = f"<title>Starter</title><script type='application/json'>{json.dumps({'Post:1': said})}</script>"
    assert texts(read(page)) == [letters(ASKED)]
