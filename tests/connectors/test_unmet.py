"""Threads in the manner of engines that no profile knows: tables, definition lists, web components, Chinese boards.

Each page is written before anybody, one and four people have answered. The layouts of `unmet.toml` were looked at while
the readers were made, but for those of HELD, which were only counted: their shares tell what to expect of others.
"""

import json

import pytest

from connectors import html
from connectors.html.threads.thread import thread_of
from schemas.document import Reject, Thread
from schemas.page import Page
from tests.accuracy.labelled import held_out
from tests.connectors.laid_out import TALKS, UNMET, Talk, page_of
from tests.connectors.test_layouts import letters

URL = "https://board.example/forum/bread-771"
HELD = tuple(name for name in UNMET if held_out(name, 0.5) and held_out(f"{name}x", 0.5))
# Shares of the pages of layouts looked at and of held ones, a little below what was measured when they were set
FLOORS = {"seen": {"whole": 0.89, "authors": 0.83}, "held": {"whole": 0.86, "authors": 0.82}}


def read(page: str, url: str = URL) -> Thread | Reject:
    return next(iter(thread_of(Page("forum", "thread", url, page.encode()), [(url, html.parse(page))])))


def told(layout: str, talk: Talk, named: bool) -> dict[str, bool]:
    found = read(page_of(layout, talk, named))
    posts = found.posts if isinstance(found, Thread) else ()
    return {
        "whole": [letters(post.markdown) for post in posts] == [letters("".join(p.paragraphs)) for p in talk.posts],
        "authors": [post.author for post in posts] == [post.who for post in talk.posts],
    }


def test_most_pages_of_engines_nobody_has_met_are_read_whole(capsys: pytest.CaptureFixture[str]) -> None:
    en, zh = TALKS["en"], TALKS["zh"]
    talks = ((zh.first(1), True), (en.aged().first(2), True), (zh.first(2), False), (en.aged(), False))
    for part, floors in FLOORS.items():
        layouts = [name for name in UNMET if (name in HELD) == (part == "held")]
        pages = [told(name, talk, named) for name in layouts for talk, named in talks]
        shares = {name: sum(page[name] for page in pages) / len(pages) for name in floors}
        with capsys.disabled():
            print(
                f"\n{part}: {len(pages)} pages, " + ", ".join(f"{name} {share:.3f}" for name, share in shares.items())
            )
        assert all(shares[name] >= floor for name, floor in floors.items()), shares


@pytest.mark.parametrize(
    "layout", ["dl_author_time_text", "nested_elements", "all_in_shadow_roots", "card_and_media_list"]
)
@pytest.mark.parametrize("posts", [1, 2, 5])
def test_every_post_of_lists_components_and_cards_comes_out(layout: str, posts: int) -> None:
    for language in ("en", "zh"):
        assert all(told(layout, TALKS[language].first(posts), named=True).values()), (layout, language)


def said(body: str, title: str = "Starter does not rise", head: str = "") -> list[str]:
    found = read(f"<html><head><title>{title}</title>{head}</head><body>{body}</body></html>")
    return [post.markdown for post in found.posts] if isinstance(found, Thread) else []


def post(who: str, day: int, text: str, name: str = "post") -> str:
    by = f"<p class='by'><a href='/user/{who}'>{who}</a> <time>2019-05-{day} 10:00</time></p>"
    return f"<div class='{name}' id='{name}-{day}'>{by}<div class='text'>{text}</div></div>"


ASKED = "My starter has not risen for three days, what can I do?"
ANSWER = "Put it into the oven with only the lamp on, and wait until it doubles."


@pytest.mark.parametrize(
    ("added", "name"),
    [
        ("<p>4 replies</p>", "a counter"),
        ("<div>共收到 4 条回复</div>", "a counter"),
        ("<p><a href='#'>Like</a> | <a href='#'>Reply</a> | <a href='#'>Report</a></p>", "buttons"),
        ("<h2>Messages</h2>", "a heading of what follows"),
        ("<p>You must be <a href='/login?to=%2Ft%2F7'>logged in</a> to post a comment.</p>", "a notice to guests"),
        ("<p><a href='/login'>登录</a>后才可以发表内容</p>", "a notice to guests"),
    ],
)
def test_what_a_board_puts_around_words_is_none_of_them(added: str, name: str) -> None:
    page = (
        "<h1>Starter does not rise</h1>"
        + post("ann", 14, f"<p>{ASKED}</p>{added}")
        + post("ben", 15, f"<p>{ANSWER}</p>{added}")
    )
    assert said(page) == [ASKED, ANSWER], name


@pytest.mark.parametrize(
    "text", ["Thanks!", "Like", "+1", "3 replies", "You must log in to the router first, then reset it."]
)
def test_short_posts_are_kept(text: str) -> None:
    page = "<h1>Starter does not rise</h1>" + post("ann", 14, f"<p>{ASKED}</p>") + post("ben", 15, f"<p>{text}</p>")
    assert len(said(page + post("cleo", 16, f"<p>{ANSWER}</p>"))) == (2 if text == "3 replies" else 3)


def test_the_words_below_all_posts_of_an_author_are_a_signature() -> None:
    sign, thanks = "<p>Baker at the harbour, open from six.</p>", "<p>Thank you all.</p>"
    page = post("ann", 14, f"<p>{ASKED}</p>{sign}") + post("ben", 15, f"<p>{ANSWER}</p>{thanks}")
    page += post("ann", 16, f"<p>The lamp did it, it has doubled.</p>{sign}")
    assert said(f"<h1>Starter does not rise</h1>{page}") == [
        ASKED,
        f"{ANSWER}\n\nThank you all.",
        "The lamp did it, it has doubled.",
    ]


def test_code_at_the_end_of_two_posts_is_no_signature() -> None:
    code = "<pre><code>bake(\n\n)</code></pre>"
    page = (
        post("ann", 14, f"<p>{ASKED}</p>{code}")
        + post("ben", 15, f"<p>{ANSWER}</p>")
        + post("ann", 16, f"<p>Again:</p>{code}")
    )
    assert all("bake(" in text and text.count("```") == 2 for text in said(page)[::2])


def test_comments_on_a_question_of_other_markup_belong_to_it() -> None:
    def comments(*of: tuple[str, int, str]) -> str:
        return "<ul class='comments'>" + "".join(post(who, day, text, "comment") for who, day, text in of) + "</ul>"

    page = (
        f"<div class='question'><h1>Starter does not rise</h1><div class='words'><p>{ASKED}</p></div>"
        "<p>asked <time>2019-05-14 09:00</time> by <a href='/user/ann'>ann</a></p>"
        + comments(("dan", 14, "Which flour do you feed it?"), ("eve", 14, "How cold is the kitchen at night?"))
        + "</div><div class='answers'>"
        + post("ben", 15, f"<p>{ANSWER}</p><p>Throw nothing away yet, please.</p>", "answer")
        + comments(("ann", 16, "The lamp did it, thank you."), ("ben", 16, "I am glad that it works."))
        + post("cleo", 17, "<p>Rye needs more water than wheat does, so stir it and look for bubbles.</p>", "answer")
        + "</div>"
    )
    assert [text[:12] for text in said(page)] == [
        ASKED[:12], "Which flour ", "How cold is ", ANSWER[:12], "The lamp did", "I am glad th", "Rye needs mo",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "script", ["<script type='application/json'>{}</script>", "<script>window.__DATA__ = {};</script>"]
)
def test_a_thread_that_scripts_would_draw_is_read_from_their_data(script: str) -> None:
    talk = TALKS["zh"]
    rows = [
        {"content": "<br>".join(each.paragraphs), "user": {"username": each.who}, "created_at": each.stamp}
        for each in talk.posts
    ]
    other = {"title": "另一个主题", "content": "别的内容在这里,和这个主题没有关系。", "user": {"username": "eve"}}
    data = {"topic": {**rows[0], "title": talk.title, "replies": rows[1:]}, "hot": [other]}
    page = f"<title>{talk.title} - 论坛</title><div id='app'></div>{script.replace('{}', json.dumps(data))}"
    found = read(page)
    assert isinstance(found, Thread)
    assert [(post.author, letters(post.markdown)) for post in found.posts] == [
        (each.who, letters("".join(each.paragraphs))) for each in talk.posts
    ]


def test_data_of_a_page_that_shows_its_posts_is_not_read() -> None:
    data = json.dumps({"title": "Starter does not rise", "content": "Something else.", "user": {"name": "eve"}})
    page = post("ann", 14, f"<p>{ASKED}</p>") + post("ben", 15, f"<p>{ANSWER}</p>")
    assert said(f"{page}<script type='application/json'>{data}</script>") == [ASKED, ANSWER]


@pytest.mark.parametrize(
    "data", ["true", "7", '"x"', "null", "[[], 3, [null]]", '{"title": 7, "user": [1], "text": {}}', "{"]
)
def test_data_of_any_shape_costs_nothing(data: str) -> None:
    found = read(f"<title>Starter</title><p>{ASKED}</p><script type='application/json'>{data}</script>")
    assert isinstance(found, Thread)
