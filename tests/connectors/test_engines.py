"""Every engine's profile on a page written the way the engine writes it, all of one thread.

What the samples hold: a question of ann's with code and a signature, where the engine has them; ben's answer, with a
quote of the question, an edit, votes and the mark of the accepted answer; eve's thanks; and a remark of tom's below the
question, where posts have comments.
"""

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import pytest

from connectors import html
from connectors.html.threads.profiles import PROFILES, possible
from connectors.html.threads.thread import read_thread, recognise
from schemas.document import Post, Thread
from schemas.page import Page

HERE = Path(__file__).parent / "engines"
WORDS = {
    "asked": "<p>How do I read a <b>large</b> file line by line? This fills the memory:</p>"
    "<pre><code>for line in open(path).readlines():\n    print(line)</code></pre>",
    "answered": "<p>Iterate over the file itself:</p><pre><code>for line in file:\n    print(line)</code></pre>",
    "answeredtext": "Iterate over the file itself:<br>for line in file: print(line)",
    "thanks": "<p>Thanks, that works for me as well.</p>",
    "thankstext": "Thanks, that works for me as well.",
    "quoted": "<p>This fills the memory:</p>",
    "quotedtext": "This fills the memory:",
    "remark": "Which version of Python is it?",
    "signature": "Bread is life",
}


class Told(NamedTuple):
    """What an engine shows beyond authors, times and words. `answers` is whom eve's post answers: "question", "answer"
    or "" for nobody in particular."""

    scores: tuple[int | None, ...] = (None, None, None)
    accepted: bool = False
    quotes: bool = False
    edited: bool = False
    comment: bool = False
    answers: str = ""


VOTED = (3, 9, -1)
ENGINES = {
    "stackexchange": Told(VOTED, accepted=True, edited=True, comment=True),
    "question2answer": Told((3, 9, None), accepted=True, comment=True),
    "dwqa": Told(VOTED, accepted=True, comment=True),
    "anspress": Told(VOTED, accepted=True),
    "hacker_news": Told((3, None, None), answers="answer"),
    "lobsters": Told(VOTED, answers="answer"),
    "reddit_old": Told(VOTED, edited=True, answers="answer"),
    "reddit_new": Told(VOTED, answers="answer"),
    "vanilla": Told(accepted=True, quotes=True, edited=True),
    "bbpress": Told(quotes=True),
    "wpforo": Told(quotes=True),
    "asgaros": Told(quotes=True, edited=True),
    "kunena": Told(quotes=True, edited=True),
    "ubbthreads": Told(quotes=True, edited=True),
    "simplepress": Told(quotes=True),
    "fluxbb": Told(quotes=True, edited=True),
    "punbb": Told(quotes=True, edited=True),
    "woltlab": Told(quotes=True, edited=True),
    "ipboard3": Told(quotes=True, edited=True),
    "phpbb_subsilver": Told(quotes=True),
    "discourse": Told((3, 9, None), accepted=True, quotes=True),
    "talkyard": Told(answers="answer"),
    "khoros": Told((3, 9, None), accepted=True, quotes=True),
    "zendesk_community": Told(VOTED, accepted=True),
    "salesforce": Told(),
    "github": Told(quotes=True),
    "drupal_forum": Told(quotes=True),
    "tieba": Told(comment=True),
    "zhihu": Told((None, 9, 1), edited=True),
    "douban": Told(),
    "v2ex": Told(),
    "homeland": Told((None, 9, None)),
    "nodeclub": Told((None, 9, None), answers="answer"),
    "phphub": Told((None, 9, None)),
    "wecenter": Told((None, 9, None)),
    "invision5": Told((3, 9, None), accepted=True, quotes=True, edited=True),
    "csdn": Told((None, 9, None), quotes=True),
    "csdn_ask": Told(VOTED, accepted=True, comment=True),
    "segmentfault": Told(VOTED, accepted=True, comment=True),
    "gitee": Told(quotes=True, edited=True),
    "quora": Told((None, 9, 1)),
    "answerhub": Told(VOTED, accepted=True, comment=True),
    "yabb": Told(quotes=True),
    "learnku": Told((None, 9, None), accepted=True, answers="answer"),
}
ANONYMOUS = ("zhihu", "quora")  # which do not say who asks


def sample(engine: str) -> str:
    text = (HERE / f"{engine}.html").read_text()
    for name, words in WORDS.items():
        text = text.replace(f"{{{name}}}", words)
    return text


def thread_of(engine: str, text: str = "") -> Thread:
    saved = json.dumps([{"url": "https://forum.example/7", "html": text or sample(engine)}])
    found = next(read_thread(Page("forum", "7", "https://forum.example/7", saved.encode())))
    assert isinstance(found, Thread), found
    return found


def posts_of(engine: str) -> dict[str, Post]:
    return {post.author: post for post in thread_of(engine).posts}


@pytest.mark.parametrize("engine", ENGINES)
def test_an_engine_is_recognised_by_its_own_profile_alone(engine: str) -> None:
    root = html.parse(sample(engine))
    found = recognise(root)
    assert found and found.engine == engine
    assert found in possible(root, PROFILES)


@pytest.mark.parametrize("engine", ENGINES)
def test_posts_authors_times_and_words(engine: str) -> None:
    thread = thread_of(engine)
    assert thread.title == "Reading a file line by line"
    asker = "" if engine in ANONYMOUS else "ann"
    remarks = ["tom"] * ENGINES[engine].comment
    assert sorted(post.author for post in thread.posts) == sorted([asker, "ben", "eve", *remarks])
    assert thread.posts[0].author == asker
    posts = posts_of(engine)
    assert posts["ben"].created_at == datetime(2018, 3, 13, 22, 30, tzinfo=UTC)
    assert posts["eve"].created_at == datetime(2018, 3, 15, 10, tzinfo=UTC)
    if asker:
        assert posts["ann"].created_at == datetime(2018, 3, 4, 9, 15, tzinfo=UTC)
    asked = " ".join(posts[asker].markdown.split())
    assert asked.startswith("How do I read a **large** file line by line? This fills the memory:")
    assert "```" in posts[asker].markdown
    assert posts[asker].markdown.count("readlines") == 1
    assert posts["eve"].markdown == "Thanks, that works for me as well."
    assert not any("Bread is life" in post.markdown for post in thread.posts)


@pytest.mark.parametrize("engine", ENGINES)
def test_votes_edits_and_the_accepted_answer(engine: str) -> None:
    told, posts = ENGINES[engine], posts_of(engine)
    assert (posts.get("ann", posts.get("")).score, posts["ben"].score, posts["eve"].score) == told.scores  # type: ignore[union-attr]
    assert [author for author, post in posts.items() if post.accepted] == ["ben"] * told.accepted
    edits = {author: post.edited_at for author, post in posts.items() if post.edited_at}
    assert edits == ({"ben": datetime(2018, 3, 14, 8, tzinfo=UTC)} if told.edited else {})


@pytest.mark.parametrize("engine", ENGINES)
def test_quotes_and_whom_a_post_answers(engine: str) -> None:
    told, posts = ENGINES[engine], posts_of(engine)
    quote = "> This fills the memory:\n" if told.quotes else ""
    assert posts["ben"].markdown.replace("\n\n", "\n").startswith(f"{quote}Iterate over the file itself:")
    question = posts.get("ann", posts.get(""))
    assert question and posts["ben"].reply_to in (("", question.post_id) if not told.quotes else (question.post_id,))
    assert posts["eve"].reply_to == ("" if not told.answers else posts["ben"].post_id)
    if told.comment:
        assert posts["tom"].reply_to == question.post_id
        assert posts["tom"].markdown == "Which version of Python is it?"


def copied(engine: str, frame: str) -> str:
    """A sample with a second copy of all of it, whose posts have other ids, in a `frame`."""
    body = re.search(r"(?s)<body[^>]*>(.*)</body>", text := sample(engine))
    assert body
    other = re.sub(r'(="[\w.#?=-]*?)(22|23|7)"', r'\g<1>9\2"', body[1])
    return text.replace("</body>", frame.format(other) + "</body>")


@pytest.mark.parametrize(
    ("engine", "replies"),
    [
        ("reddit_old", r'(?s)<div class="commentarea">.*'),
        ("reddit_new", r"(?s)<shreddit-comment-tree>.*"),
        ("lobsters", r'(?s)<div class="story_content">.*'),
        ("drupal_forum", r"node-forum"),
    ],
)
def test_lists_of_threads_and_comments_on_articles_are_no_threads(engine: str, replies: str) -> None:
    assert recognise(html.parse(re.sub(replies, "", sample(engine)))) is None


FRAMES = [
    "<noscript>{}</noscript>",
    '<div class="print-only">{}</div>',
    "<template>{}</template>",
    "<noscript>{0}</noscript><div id='print'>{0}</div>",
]


@pytest.mark.parametrize("engine", ["discourse", "vanilla", "fluxbb", "woltlab", "stackexchange", "github", "tieba"])
@pytest.mark.parametrize("frame", FRAMES)
def test_a_second_copy_for_other_readers_gives_no_post_twice(engine: str, frame: str) -> None:
    copy, thread = thread_of(engine, copied(engine, frame)), thread_of(engine)
    assert [post.post_id for post in copy.posts] == [post.post_id for post in thread.posts]


def test_what_only_a_noscript_holds_is_the_page() -> None:
    frame = r"\1<div id='main'>Loading</div><noscript>\2</noscript></body>"
    text = re.sub(r"(?s)(<body[^>]*>)(.*)</body>", frame, sample("discourse"))
    assert thread_of("discourse", text) == thread_of("discourse")
    assert html.parse(text).find(".//noscript") is not None
