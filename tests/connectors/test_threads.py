"""Threads on pages of engines that nobody has seen: openings, comments, stubs, and what is no thread."""

import json
import re

import pytest

from connectors import html
from connectors.html.metadata import title
from connectors.html.page import read_page
from connectors.html.threads.dates import is_relative
from connectors.html.threads.described_posts import _flarum, plain
from connectors.html.threads.posts import find_posts, read_posts
from connectors.html.threads.stubs import is_stub, refusal
from connectors.html.threads.thread import read_thread
from schemas.document import Article, Document, Reject, Thread
from schemas.page import Page

URL = "https://board.example/t/7"
QUESTION = (
    "My starter has not risen for three days. The kitchen is cold, and I feed it rye every morning. What is wrong?"
)
REPLIES = (
    ("ben", "2 days ago", "Put it into the oven with only the lamp on. Mine doubled within six hours there."),
    ("cleo", "1 day ago", "Rye needs more water than wheat does, so it looks as if nothing happened."),
    ("ann", "3 hours ago", "The lamp did it, thank you both!"),
)


def page_of(body: str, heading: str = "Starter does not rise", head: str = "") -> html.tree.HtmlElement:
    return html.parse(f"<html><head><title>{heading} - Board</title>{head}</head><body>{body}</body></html>")


def replies(tag: str = "div", name: str = "answer-box") -> str:
    return "".join(
        f'<{tag} class="{name}"><p class="top"><a href="/user/{who}">{who}</a> <span>{when}</span></p>'
        f'<div class="txt">{said}</div><a href="#">Reply</a></{tag}>'
        for who, when, said in REPLIES
    )


OPENING = f"""<nav><a href="/">Board</a> <a href="/all">All the threads of this board</a></nav>
<div class="topic"><h1>Starter does not rise</h1><div class="by">by <a href="/user/ann">ann</a> <i>3 days ago</i></div>
<div class="ask"><p>{QUESTION}</p></div></div>"""


def test_the_opening_has_other_markup_than_the_replies() -> None:
    posts = read_posts(page_of(OPENING + f"<div class='all'>{replies()}</div>"), URL)
    assert [post.author for post in posts] == ["ann", "ben", "cleo", "ann"]
    assert [post.markdown for post in posts] == [QUESTION, *(said for _, _, said in REPLIES)]
    assert [post.time for post in posts] == ["3 days ago", *(when for _, when, _ in REPLIES)]


def test_an_opening_with_one_reply_is_found_by_alike_bodies() -> None:
    body = f"""<h1>Starter does not rise</h1><div class="q"><article class="md">{QUESTION}</article>
    <p>asked by <a href="/users/ann">ann</a> <time datetime="2022-03-04T09:15:00Z">4 March</time></p></div>
    <h5>1 Answer</h5><section class="a"><article class="md">{REPLIES[0][2]}</article>
    <p>answered by <a href="/users/ben">ben</a> <time datetime="2022-03-05T09:15:00Z">5 March</time></p></section>"""
    posts = read_posts(page_of(body), URL)
    assert [(post.author, post.markdown) for post in posts] == [("ann", QUESTION), ("ben", REPLIES[0][2])]


def test_a_notice_above_the_posts_is_no_opening() -> None:
    notice = """<h1>Starter does not rise</h1><ul><li>This topic has 3 replies, 3 voices, and was last updated
    <a href="#l">2 years ago</a> by <a href="/user/ann">ann</a>.</li></ul>
    <p><a href="/">Home</a> › <a href="/b">Bread</a></p>"""
    posts = read_posts(page_of(notice + replies()), URL)
    assert [post.markdown for post in posts] == [said for _, _, said in REPLIES]


def test_nested_replies_are_posts_of_their_own() -> None:
    inner = f'<div class="c"><b><a href="/user/cleo">cleo</a> - 1 day ago</b><div><p>{REPLIES[1][2]}</p></div></div>'
    outer = (
        f'<div class="c"><b><a href="/user/ben">ben</a> - 2 days ago</b><div><p>{REPLIES[0][2]}</p>{inner}</div></div>'
    )
    posts = read_posts(page_of(OPENING + outer), URL)
    assert [post.markdown for post in posts] == [QUESTION, REPLIES[0][2], REPLIES[1][2]]


def question(kind: str, who: str, day: int, said: str, comments: str) -> str:
    return f"""<div class="{kind}" itemprop="{"mainEntity" if kind == "question" else "suggestedAnswer"}" itemscope
    itemtype="https://schema.org/{kind.title()}" id="{kind}-{day}"><div class="text" itemprop="text"><p>{said}</p></div>
    <div itemprop="author" itemscope itemtype="https://schema.org/Person"><span itemprop="name">{who}</span></div>
    <time itemprop="dateCreated" datetime="2022-03-0{day}T09:15:00Z">{day} March</time>
    <ul class="comments">{comments}</ul></div>"""


def comment(who: str, day: int, said: str) -> str:
    return f"""<li class="comment"><span class="comment-copy">{said}</span> – <a href="/users/{who}">{who}</a>
    <span title="2022-03-0{day} 10:00:00Z">Mar {day} at 10:00</span></li>"""


def test_comments_belong_to_their_post_and_do_not_outvote_answers() -> None:
    asked = question(
        "question", "ann", 1, QUESTION, comment("dan", 1, "Which flour?") + comment("eve", 2, "Same here.")
    )
    answered = question(
        "answer", "ben", 3, REPLIES[0][2], "".join(comment("fay", n, f"Thanks {n}!") for n in (4, 5, 6))
    )
    body = json.dumps([{"url": URL, "html": f"<main><h1>Starter does not rise</h1>{asked}{answered}</main>"}])
    thread = next(read_thread(Page("forum", "7", URL, body.encode())))
    assert isinstance(thread, Thread)
    first, *_ = thread.posts
    assert [post.markdown for post in thread.posts if post.author in ("ann", "ben")] == [QUESTION, REPLIES[0][2]]
    on = {post.markdown: post.reply_to for post in thread.posts}
    by = {post.author: post.post_id for post in thread.posts}
    assert (on["Which flour?"], on["Same here."], on["Thanks 5!"]) == (first.post_id, first.post_id, by["ben"])


def test_a_thread_without_replies_is_a_thread_of_one_post() -> None:
    page = f"<h1>Starter does not rise</h1><div class='post-body'><p>{QUESTION}</p></div><form><input></form>"
    body = json.dumps([{"url": URL, "html": page}])
    thread = next(read_thread(Page("forum", "7", URL, body.encode())))
    assert isinstance(thread, Thread)
    assert [post.markdown for post in thread.posts] == [QUESTION]


@pytest.mark.parametrize(
    ("heading", "said", "reason"),
    [
        ("Log in", "You must be logged in to do that.", "login_wall"),
        ("提示信息", "抱歉，您需要先登录才能继续本操作，请登录后再试", "login_wall"),
        ("Error", "The requested thread could not be found.", "error_page"),
        ("Just a moment...", "Checking your browser before accessing the board.", "error_page"),
        ("Board", "<img src='/a.png'>", "no_posts"),
        ("", "</p><div id='app'></div><script src='/app.js'></script>", "needs_javascript"),
        ("", "Please enable JavaScript to use this board.</p><script src='/app.js'></script>", "needs_javascript"),
    ],
)
def test_pages_without_a_thread_are_refused_by_name(heading: str, said: str, reason: str) -> None:
    page = f"<html><head><title>{heading}</title></head><body><h1>{heading}</h1><p>{said}</p></body></html>"
    found = next(read_thread(Page("forum", "7", URL, json.dumps([{"url": URL, "html": page}]).encode())))
    assert isinstance(found, Reject)
    assert found.reason == reason
    helps = {"login_wall": "GRISTMILL_SIGN_IN", "needs_javascript": "`render = true`"}
    assert helps.get(reason, "as posts are") in found.detail


def test_lists_of_other_threads_and_counters_are_no_posts() -> None:
    listed = "".join(
        f"""<div class="preview"><a href="/t/{n}">Why is my crust pale, part {n}</a> <a href="/user/u{n}">u{n}</a>
        <time datetime="2022-03-0{n}T10:00:00Z">{n} March</time><p>Long ago I baked a loaf nobody wanted to eat, and it
        taught me much about steam, stones and patience in the kitchen. Number {n}.</p></div>"""
        for n in range(1, 9)
    )
    counters = "".join(f"<div class='stat'><b>{n}</b> views <span>{n} days ago</span></div>" for n in range(2, 6))
    posts = read_posts(
        page_of(f"{counters}{OPENING}{replies()}<h2>Most active</h2><div class='recent'>{listed}</div>"), URL
    )
    assert [post.markdown for post in posts] == [QUESTION, *(said for _, _, said in REPLIES)]


def test_posts_are_read_without_authors_or_without_times() -> None:
    for cut in (r"<a href", "<span>"):
        shown = replies().replace(cut, "<i hidden " if cut == "<span>" else "<b class='x'", 3)
        posts = read_posts(page_of(OPENING + shown), URL)
        assert [post.markdown for post in posts][1:] == [said for _, _, said in REPLIES], cut


def test_copies_of_a_post_are_read_once() -> None:
    once = read_posts(page_of(OPENING + replies()), URL)
    twice = read_posts(page_of(OPENING + replies() + f"<noscript>{replies()}</noscript>"), URL)
    assert [post.markdown for post in twice] == [post.markdown for post in once]


def test_stubs_are_no_posts() -> None:
    gone = replies().replace(REPLIES[1][2], "This post was deleted by its author.")
    assert [post.author for post in read_posts(page_of(OPENING + gone), URL)] == ["ann", "ben", "ann"]


def test_posts_of_which_a_note_is_left_are_counted() -> None:
    gone = OPENING + replies().replace(REPLIES[1][2], "This post was deleted by its author.")
    body = json.dumps([{"url": URL, "html": f"<title>Dough</title>{gone}"}] * 2)
    thread, *rejects = read_thread(Page("forum", "7", URL, body.encode()))
    assert isinstance(thread, Thread) and [post.author for post in thread.posts] == ["ann", "ben", "ann"]
    assert [(item.reason, item.detail) for item in rejects if isinstance(item, Reject)] == [
        ("deleted_or_hidden", "on page 1"),
        ("deleted_or_hidden", "on page 2"),
    ]
    whole = json.dumps([{"url": URL, "html": f"<title>Dough</title>{OPENING}{replies()}"}])
    assert len(list(read_thread(Page("forum", "7", URL, whole.encode())))) == 1


@pytest.mark.parametrize("note", ["[deleted]", "Moved to <a href='/b/4'>Off topic</a>.", "该帖子已被移动到水区"])
def test_a_reply_never_stands_for_a_question_that_is_gone(note: str) -> None:
    posts = replies().replace(REPLIES[0][2], note)
    body = json.dumps([{"url": URL, "html": f"<title>Dough</title><h1>Dough</h1>{posts}"}])
    told = Reject("7", "deleted_or_hidden", "of its first post only a note is left")
    assert list(read_thread(Page("forum", "7", URL, body.encode()))) == [told]
    assert read(f"<h1>Dough</h1>{posts}", URL, heading="Dough") == told
    nobody = re.sub(r"<a href=./user/ben.>ben</a>|2 days ago", "", posts)  # a line of the page, and no post
    assert isinstance(read(f"<h1>Dough</h1>{nobody}", URL, heading="Dough"), Thread)


@pytest.mark.parametrize(
    "text",
    [
        "This topic has been deleted. Only users with topic management privileges can see it.",
        "[deleted]", "This post was deleted", "Post removed by moderator",
        "*This comment has been removed by the author.*",
        "该回复已被删除", "此楼层已被删除", "登录后才能查看", "本帖隐藏的内容需要回复才可以浏览",
        "Ce message a été supprimé par son auteur",
        "Dieser Beitrag wurde vom Moderator gelöscht.", "Сообщение удалено",
        "You must be logged in to view this content.",
    ],
)  # fmt: skip
def test_notes_that_there_is_no_post(text: str) -> None:
    assert is_stub(text)


@pytest.mark.parametrize(
    "text",
    [
        "The answer is hidden in plain sight.", "The post was removed, but why? I followed all the rules.",
        "The message was deleted from the queue after the consumer acknowledged it.",
        "The content is hidden by the overflow property of its parent.", "管理员登录后可以查看日志",
        "You need to log in as root to see the logs in /var/log.", "Deleted by mistake, use testdisk to restore it",
        "Deleted my cache and it works", "You must log in as root.",
        "已删除缓存，还是不行", "登录后报错", "The thread is deleted by the garbage collector.", "I removed it.",
    ],
)  # fmt: skip
def test_posts_about_deleting_are_posts(text: str) -> None:
    assert not is_stub(text)
    assert not refusal("How to sign in with a token", text * 20)


@pytest.mark.parametrize(
    "text",
    [
        "12d ago", "4y", "4 years, 4 months ago", "Asked 3 days ago", "Mar 12", "vor 3 Tagen", "il y a 3 jours",
        "3 天前", "昨天 10:20", "发布于 3 小时前", "Yesterday at 10:30 AM", "3 дня назад", "12-31 15:22", "3일 전",
    ],
)  # fmt: skip
def test_relative_times(text: str) -> None:
    assert is_relative(text)


@pytest.mark.parametrize("text", ["5 m", "Mark 12", "hello", "640", "v1.2.3", "1 day", "Level 12", "2.0"])
def test_what_is_no_relative_time(text: str) -> None:
    assert not is_relative(text)


@pytest.mark.parametrize(
    ("shown", "body", "found"),
    [
        ("Rye for beginners - Forum", "<h1>OR</h1><h1>Rye for beginners</h1>", "Rye for beginners"),
        ("Forum rules | Board", "<h1>OR</h1>", "Forum rules"),
        ("Why no crumb? - Bread Board", "<h1><a href='/'>Bread Board</a></h1><h2>Why no crumb?</h2>", "Why no crumb?"),
        ("面包_论坛", "<h1>面包</h1>", "面包"),
        ("面包_论坛", "", "面包"),
        ("bread_v2 release_notes", "", "bread_v2 release_notes"),
        ("bake:first_loaf [Bread Wiki]", "<h1 class='logo'>Bread Wiki</h1><h1>First loaf</h1>", "First loaf"),
        ("Bread Board", "<h1 id='site-title'>Bread Board</h1>", "Bread Board"),
        ("first_loaf.ipynb", "<h1>Our first loaf</h1>", "Our first loaf"),
        ("Bread", "<h1>Our first loaf</h1>", "Bread"),
        ("Bread.js", "<h1>Our first loaf</h1>", "Bread.js"),
    ],
)
def test_titles_are_whole_words(shown: str, body: str, found: str) -> None:
    assert title(html.parse(f"<html><head><title>{shown}</title></head><body>{body}</body></html>")) == found


LONG = f"<p>{QUESTION}</p>" * 12
NEWS = '<meta property="og:type" content="article">'


def read(body: str, url: str, head: str = "", heading: str = "Starter does not rise") -> Document | Reject:
    page = f"<html><head><title>{heading}</title>{head}</head><body>{body}</body></html>"
    return next(read_page(Page("website", "7", url, page.encode(), "text/html; charset=utf-8")))


@pytest.mark.parametrize(
    ("url", "head", "name", "heading"),
    [
        ("https://board.example/forum/7", NEWS, "comment", "Starter does not rise"),
        ("https://baking.example/7", "", "answer-box", "Starter does not rise"),
        ("https://baking.example/7", '<meta name="generator" content="MyBB">', "comment", "Starter does not rise"),
        ("https://baking.example/7", NEWS, "comment", "Starter does not rise | Bakers' Forum"),
    ],
)
def test_a_website_has_threads_at_any_address(url: str, head: str, name: str, heading: str) -> None:
    found = read(OPENING + replies(name=name), url, head, heading)
    assert isinstance(found, Thread)
    assert [post.markdown for post in found.posts] == [QUESTION, *(said for _, _, said in REPLIES)]


@pytest.mark.parametrize(
    ("url", "head", "name"),
    [
        ("https://news.example/2022/why-starters-fail", NEWS, "comment"),
        ("https://news.example/2022/why-starters-fail", NEWS, "answer-box"),
        ("https://blog.example/2022/what-the-community-says", "", "comment thread-even depth-1"),
        ("https://blog.example/open-thread-on-topics", "", "comment-thread comment"),
    ],
)
def test_an_article_with_comments_stays_an_article(url: str, head: str, name: str) -> None:
    found = read(f"<article><h1>Starter does not rise</h1>{LONG}</article>{replies(name=name)}", url, head)
    assert isinstance(found, Article)
    assert not any(REPLIES[0][2] in section.markdown for section in found.sections)


def test_an_article_is_worth_less_than_a_thread() -> None:
    article = f"<article><h1>Starter does not rise</h1><p>{QUESTION * 3}</p><p>{REPLIES[0][2]}</p></article>"
    found = find_posts(page_of(article), URL)
    assert found is None or len(found.blocks) < 2


@pytest.mark.parametrize(
    "title",
    ["Suche Honda CB 500", "How do I boil 500 ml of water evenly?", "MySQL says table doesn't exist",
     "如何处理 404 错误", "Forbidden City opening hours", "Log in with SSH keys?"],
)  # fmt: skip
def test_titles_of_questions_are_no_errors(title: str) -> None:
    assert refusal(title, "Hints are welcome.") == ""


def test_posts_that_each_page_counts_from_one_are_all_kept() -> None:
    def page(number: int) -> dict[str, str]:
        posts = "".join(
            f"""<div class="msg" id="post{n}"><a href="/user/u{number}{n}">u{number}{n}</a>
            <time datetime="2022-03-0{number}T1{n}:00:00Z">then</time><p>Loaf {number}.{n} is told of at some length
            here, since nobody would read a post that has next to no words in it.</p></div>"""
            for n in range(1, 6)
        )
        return {"url": f"{URL}?page={number}", "html": f"<h1>Starter does not rise</h1>{posts}"}

    first, second = page(1), page(2)
    thread = next(read_thread(Page("forum", "7", URL, json.dumps([first, second]).encode())))
    assert isinstance(thread, Thread)
    assert len({post.post_id for post in thread.posts}) == len(thread.posts) == 10
    again = next(read_thread(Page("forum", "7", URL, json.dumps([first, first]).encode())))
    assert isinstance(again, Thread) and len(again.posts) == 5


@pytest.mark.parametrize(
    ("stated", "text"),
    [
        ("Use a List<String> here, and vector<int> there", "Use a List<String> here, and vector<int> there"),
        ("<p>Use a <b>list</b></p>", "Use a **list**"),
        ("One<br>two", "One\ntwo"),
    ],
)
def test_words_that_are_declared_keep_their_code(stated: str, text: str) -> None:
    assert plain(stated, URL).replace("  \n", "\n").replace("\\\n", "\n") == text


@pytest.mark.parametrize("broken", ['"number": "abc"', '"number": null'])
@pytest.mark.parametrize("user", ["null", '{"user": null}', '{"user": {"data": [1]}}'])
def test_data_of_a_page_that_is_not_as_it_should_be_costs_nothing_else(broken: str, user: str) -> None:
    attributes = f'{{"contentHtml": "<p>Hi</p>", {broken}}}'
    row = f'{{"type": "posts", "id": "1", "attributes": {attributes}, "relationships": {user}}}'
    script = f'<script id="flarum-json-payload">{{"apiDocument": {{"included": [{row}]}}}}</script>'
    assert len(_flarum(page_of(script), URL)) == 1


ASKED = "How do I keep a sourdough starter alive while I am on holiday?"
LINKED = json.dumps(
    {
        "@type": "QAPage",
        "mainEntity": {
            "@type": "Question",
            "name": ASKED,
            "suggestedAnswer": [{"@type": "Answer", "text": text, "author": {"name": who}} for who, _, text in REPLIES],
        },
    }
)
ITEMS = "".join(
    f"""<div itemprop="suggestedAnswer" itemscope itemtype="https://schema.org/Answer">
    <p itemprop="text">{text}</p></div>"""
    for _, _, text in REPLIES
)
BY_NAME = {
    "JSON-LD": f"<script type='application/ld+json'>{LINKED}</script><h1>{ASKED}</h1>"
    + "".join(f"<div class='box'><b>{who}</b><p>{text}</p></div>" for who, _, text in REPLIES),
    "microdata": f"""<div itemscope itemtype="https://schema.org/QAPage"><div itemprop="mainEntity" itemscope
    itemtype="https://schema.org/Question"><h1 itemprop="name">{ASKED}</h1>{ITEMS}</div></div>""",
}


@pytest.mark.parametrize("markup", BY_NAME.values(), ids=BY_NAME)
def test_a_question_may_be_its_name_alone(markup: str) -> None:
    """Else the first answer would stand for the question."""
    (thread,) = read_page(Page("forum", "7", URL, f"<html><body>{markup}</body></html>".encode()))
    assert isinstance(thread, Thread)
    assert [post.markdown[:30] for post in thread.posts] == [ASKED[:30], *(text[:30] for _, _, text in REPLIES)]
