"""The forum connector on pages written the way each engine writes them, all of one and the same thread."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from connectors import html
from connectors.forum import Forum
from connectors.html.threads import address
from connectors.html.threads.block import read_body
from connectors.html.threads.dates import languages_naming, read_time, read_times
from connectors.html.threads.profiles import PROFILES, Profile
from connectors.html.threads.thread import read_thread
from schemas.document import Thread
from schemas.hole import hole
from schemas.page import Page
from tests.connectors.recorded import OFFLINE

HERE = Path(__file__).parent / "forum"
SOURCE = Forum(name="forum", folder=HERE, base_url="https://forum.example/")
PAGES = {page.url: page for page in SOURCE.fetch(OFFLINE, None) if isinstance(page, Page)}
ASKED = "```{}\nfor line in open(path).readlines():\n    print(line)\n```"
ANSWERED = "```{}\nwith open(path) as file:\n    for line in file:\n        print(line)\n```"
ENGINES = {
    "mybb": "showthread.php?tid=7",
    "smf": "index.php?topic=7.0",
    "invision": "topic/7-reading-a-file/",
    "discuz": "thread-7-1-1.html",
    "flarum": "d/7-reading-a-file",
    "phpbb": "viewtopic.php?t=7",
    "xenforo2": "threads/reading-a-file.7/",
    "spirit": "topic/7/reading-a-file/",
    "unknown_rows": "lesen/7.html",
    "unknown_cards": "topics/7",
    "linked_data": "q/7",
}


def thread_of(engine: str, profiles: tuple[Profile, ...] = PROFILES) -> Thread:
    found = next(read_thread(PAGES[f"https://forum.example/{ENGINES[engine]}"], "", profiles))
    assert isinstance(found, Thread), found
    return found


@pytest.mark.parametrize("engine", ENGINES)
def test_every_engine_gives_the_same_thread(engine: str) -> None:
    thread = thread_of(engine)
    question, answer = thread.posts
    assert thread.title == "Reading a file line by line"
    assert (question.author, answer.author) == ("ann", "ben")
    assert question.created_at == datetime(2018, 3, 4, 9, 15, tzinfo=UTC)
    assert answer.created_at == datetime(2018, 3, 13, 22, 30, tzinfo=UTC)
    assert answer.reply_to == question.post_id != answer.post_id
    code = "python" if "```python" in question.markdown else ""
    asked = question.markdown.replace("\n\n", "\n")
    assert asked == f"How do I read a **large** file line by line? This fills the memory:\n{ASKED.format(code)}"
    answered = answer.markdown.replace("\n\n", "\n")
    assert answered == f"> This fills the memory:\nIterate over the file itself:\n{ANSWERED.format(code)}"


@pytest.mark.parametrize(
    ("engine", "scores", "accepted"),
    [
        ("xenforo2", (3, None), True),
        ("invision", (3, None), True),
        ("linked_data", (3, 9), True),
        ("spirit", (None, None), False),
    ],
)
def test_votes_and_the_accepted_answer(engine: str, scores: tuple[int | None, ...], accepted: bool) -> None:
    posts = thread_of(engine).posts
    assert tuple(post.score for post in posts) == scores
    assert [post.accepted for post in posts] == [False, accepted]


@pytest.mark.parametrize("engine", ENGINES)
def test_edits_are_known_where_the_page_tells_them(engine: str) -> None:
    """A description of the question that tells of a change may mean the latest answer."""
    edits = [post.edited_at for post in thread_of(engine).posts]
    if engine == "discuz":
        assert edits == [datetime(2018, 3, 5, 10, tzinfo=UTC), None]
    else:
        silent = engine in ("spirit", "unknown_rows", "unknown_cards")
        assert edits == [None, None if silent else datetime(2018, 3, 14, 8, tzinfo=UTC)]


def test_an_edit_is_read_in_the_order_of_day_and_month_that_the_posts_have() -> None:
    """As vBulletin 4 writes it, day first; and one from before the post was written is none."""
    posts = [("ann", "13-02-2016", "05-03-2016"), ("ben", "04-03-2016", "01-03-2016")]
    shown = "".join(
        f"""<li id="post_{n}" class="postcontainer"><span class="postdate"><span class="date">{day}, 10:00</span></span>
        <div class="username_container"><a class="username" href="#">{who}</a></div><blockquote class="postcontent">Hot
        stones.</blockquote><blockquote class="postcontent lastedited">Last edited by {who}; {changed} at <span
        class="time">09:30</span>.</blockquote></li>"""
        for n, (who, day, changed) in enumerate(posts, 1)
    )
    body = json.dumps([{"url": "https://forum.example/t/1", "html": f"<ol>{shown}</ol>"}]).encode()
    found = next(read_thread(Page("forum", "1", "https://forum.example/t/1", body)))
    assert isinstance(found, Thread)
    assert [post.edited_at for post in found.posts] == [datetime(2016, 3, 5, 9, 30, tzinfo=UTC), None]


def test_every_edit_on_real_pages(shared_data: Path) -> None:
    edits = {"Xenforo1": 1, "Xenforo2": 0, "vBulletin3": 3, "vBulletin4": 0, "phpBB": 2, "NodeBB": 4}
    folder = shared_data / "forums" / "thread-pages"
    for engine, count in edits.items():
        saved = html.decode((folder / f"{engine}.html").read_bytes())
        page = json.dumps([{"url": "https://forum.example/1", "html": saved}])
        found = next(read_thread(Page("forum", "1", "https://forum.example/1", page.encode())))
        assert isinstance(found, Thread)
        told = [post for post in found.posts if post.edited_at]
        assert len(told) == count, engine
        assert all(post.created_at and post.edited_at and post.created_at < post.edited_at for post in told)


@pytest.mark.parametrize("engine", ["mybb", "smf", "invision", "discuz", "phpbb", "xenforo2", "spirit"])
def test_an_engine_left_out_is_still_read(engine: str) -> None:
    known, unknown = thread_of(engine).posts, thread_of(engine, ()).posts
    assert [post.author for post in unknown] == [post.author for post in known]
    assert [post.created_at for post in unknown] == [post.created_at for post in known]
    if engine != "discuz":  # whose code is a list, as only its profile knows
        assert [post.markdown.split()[-12:] for post in unknown] == [post.markdown.split()[-12:] for post in known]


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2019-03-24T22:05:33.393Z", "2019-03-24 22:05:33"),
        ("2010-11-21T13:24:47+0200", "2010-11-21 11:24:47"),
        ("2010-04-08 23:47:24 -0500", "2010-04-09 04:47:24"),
        ("Oct 30, 2014 at 10:49 PM", "2014-10-30 22:49:00"),
        ("Nov. 24, 2016, 1:02 a.m.", "2016-11-24 01:02:00"),
        ("Nov. 24, 2016, 1 p.m.", "2016-11-24 13:00:00"),
        ("Nov. 24, 2016, noon", "2016-11-24 12:00:00"),
        ("Nov. 24, 2016, midnight", "2016-11-24 00:00:00"),
        ("« Reply #1 on: March 10, 2010, 12:20:30 AM »", "2010-03-10 00:20:30"),
        ("by ann » Sun May 26, 2019 4:43 pm", "2019-05-26 16:43:00"),
        ("发表于 2017-1-17 16:44", "2017-01-17 16:44:00"),
        ("2015年3月4日 下午 5:06", "2015-03-04 17:06:00"),
        ("12 de março de 2015 às 14:05", "2015-03-12 14:05:00"),
        ("15 мая 2018 12:33", "2018-05-15 12:33:00"),
        ("4. März 2018, 09:15", "2018-03-04 09:15:00"),
        ("3 tháng 2, 2019 07:05", "2019-02-03 07:05:00"),
        ("25 de gener de 2019", "2019-01-25 00:00:00"),
        ("12 มกราคม 2019", "2019-01-12 00:00:00"),
        ("14 בינואר 2019", "2019-01-14 00:00:00"),
        ("1554828939", "2019-04-09 16:55:39"),
        ("1553465133393", "2019-03-24 22:05:33"),
        ("3 天前", ""),
        ("昨天 10:23", ""),
        ("yesterday 10:30", ""),
        ("3 days ago", ""),
        ("Dec 2005", ""),
        ("31-31-2005", ""),
        ("", ""),
    ],
)
def test_times(text: str, time: str) -> None:
    found = read_time(text)
    assert (found.strftime("%Y-%m-%d %H:%M:%S") if found else "") == time


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("5 février 2019", {"fr"}),
        ("12 ΜΑΪ́ΟΥ 2019", {"el"}),
        ("3 tháng 2, 2019", {"vi"}),
        ("Upvote · 2019 views 12 2020", set()),
        ("605.8K answer views 12 days 2019", {"ak"}),
    ],
)
def test_only_languages_with_a_month_of_that_name_are_asked(text: str, asked: set[str]) -> None:
    assert languages_naming(text) == asked


@pytest.mark.parametrize(
    ("texts", "language", "first"),
    [
        (["05/06/2019 10:00", "13/06/2019 11:00"], "", (6, 5)),
        (["05/06/2019 10:00", "05/13/2019 11:00"], "", (5, 6)),
        (["11/02/2019 10:00", "01/03/2019 11:00"], "", (2, 11)),
        (["05/06/2019 10:00 PM"], "", (5, 6)),
        (["05/06/2019 10:00"], "en-US", (5, 6)),
        (["05/06/2019 10:00"], "fr", (6, 5)),
    ],
)
def test_day_and_month_in_the_order_that_fits_the_thread(
    texts: list[str], language: str, first: tuple[int, int]
) -> None:
    time = read_times(texts, language)[0]
    assert time
    assert (time.month, time.day) == first


@pytest.mark.parametrize(
    ("url", "whole", "position"),
    [
        ("https://f.example/threads/a.7/page-3#post-9", "https://f.example/threads/a.7", 2),
        ("https://f.example/threads/a.7/unread", "https://f.example/threads/a.7/", 0),
        ("https://f.example/showthread.php?t=7&page=4", "https://f.example/showthread.php?t=7", 3),
        ("https://f.example/showthread.php/7-a/page2", "https://f.example/showthread.php/7-a", 1),
        ("https://f.example/viewtopic.php?f=1&t=7&start=50", "https://f.example/viewtopic.php?f=1&t=7", 50),
        ("https://f.example/thread-7-3-1.html", "https://f.example/thread-7-1-1.html", 2),
        ("https://f.example/index.php?topic=7.20", "https://f.example/index.php?topic=7.0", 20),
        ("https://f.example/Thread-a-page-2", "https://f.example/Thread-a", 1),
        ("https://f.example/topic/7/a/45", "https://f.example/topic/7/a", 0),
        ("https://f.example/topic/7/a/?page=2", "https://f.example/topic/7/a/", 1),
    ],
)
def test_addresses(url: str, whole: str, position: int) -> None:
    assert (address.whole(url), address.position(url)) == (whole, position)


def test_who_is_quoted_by_the_first_words_of_a_quote() -> None:
    """Spirit writes "@ann said:" into the quoted words, and into the quotes in them."""
    page = PAGES["https://forum.example/topic/7/reading-a-file/"]
    saved = json.loads(page.body)[0]["html"]
    quote, answered = "<blockquote>", "<p>Iterate over the file itself:</p>"
    said = '<p><a class="comment-mention" href="/user/4/ben/">@ben</a> said:</p>'
    second = saved[
        saved.index('<div class="comments_list__comment js-comment" id="c3"') : saved.index("</div></body>") - 7
    ]
    third = second.replace('"22"', '"24"').replace(quote, f"{quote}{said}{quote}")
    third = third.replace("</blockquote>", f"</blockquote>{answered}</blockquote>")
    pages = [{"url": page.url, "html": saved.replace(second, second + third)}]
    thread = next(read_thread(replace(page, body=json.dumps(pages).encode())))
    assert isinstance(thread, Thread)
    assert thread.posts[2].markdown.startswith("> > This fills the memory:\n>\n> Iterate over")
    assert thread.posts[2].reply_to == "22"


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"start": "https://a.example", "folder": "x"},
        {"folder": "x"},
        {"start": "https://a.example", "threads": "("},
    ],
)
def test_settings_that_cannot_work_are_refused(settings: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"start|base_url|threads"):
        Forum(name="forum", **settings)  # type: ignore[arg-type]


def test_a_code_block_and_a_signature_of_xenforo() -> None:
    thread = next(read_thread(PAGES["https://forum.example/threads/dough-does-not-rise.12/"]))
    assert isinstance(thread, Thread)
    asked, answered, _ = thread.posts
    assert "```\nflour 500 g\nwater 350 g\n```" in asked.markdown
    assert "Bread is life" not in asked.markdown
    assert answered.markdown.startswith("> My dough stays flat")
    assert "said:" not in answered.markdown


def test_a_chinese_engine_never_seen() -> None:
    thread = next(read_thread(PAGES["https://forum.example/unseen.html"]))
    assert isinstance(thread, Thread)
    assert [post.author for post in thread.posts] == ["李明", "王芳", "赵磊"]
    assert all(post.created_at for post in thread.posts)
    assert thread.posts[1].markdown.startswith("室温太低了。")
    assert not any("登录" in post.markdown or "版权" in post.markdown for post in thread.posts)


@pytest.mark.parametrize(
    "added",
    [
        '<div class="poll" data-poll-name="p"><ul><li>Rye</li></ul></div>',
        '<blockquote><div class="pollContainer">Rye</div></blockquote>',
        '<div class="PostPoll"><h3>Which?</h3><span>Rye</span></div>',
        '<dl class="attachbox"><dt>Attachments</dt><dd><dl class="file"><dt>rye.zip</dt></dl></dd></dl>',
        '<div class="attachments">rye.zip</div>',
        '<div class="attachedFiles"><ul><li>rye.zip</li></ul></div>',
        '<div class="b-post-attachments">rye.zip</div>',
        '<ul class="attachmentList"><li>rye.zip</li></ul>',
        '<div class="pattl"><dl><dt>rye.zip</dt></dl></div>',
        '<fieldset><legend>Files</legend><a href="attachment.php?aid=3">rye.zip</a></fieldset>',
    ],
)
def test_polls_and_lists_of_files_are_no_text(added: str) -> None:
    body = html.parse(f"<div><p>Use wheat.</p>{added}<p>Or <a href='https://e.example/poll'>ask</a>.</p></div>")
    assert read_body(body, PROFILES[0], "")[0] == "Use wheat.\n\nOr [ask](https://e.example/poll)."


@pytest.mark.parametrize(
    ("cut", "text"),
    [
        ('Grind the grain ...<span class="expander"> <a>(more)</a></span>', f"Grind the grain ... {hole('rest')}"),
        ("<p>Grind the grain…</p><a href='/7'>Read more »</a>", f"Grind the grain…\n\n{hole('rest')}"),
        ("<p>磨面粉… <button>阅读全文</button></p>", f"磨面粉… {hole('rest')}"),
        (
            "<p>Grind the grain.</p><a href='/7'>Read more »</a>",
            "Grind the grain.\n\n[Read more »](https://e.example/7)",
        ),
        ("<p>Well ... <a href='/7'>more grain</a>", "Well ... [more grain](https://e.example/7)"),
    ],
)
def test_a_post_of_which_the_page_has_only_the_beginning_says_so(cut: str, text: str) -> None:
    body = html.parse(f"<div>{cut}</div>").find(".//div")
    assert read_body(body, PROFILES[0], "https://e.example/1")[0] == text
