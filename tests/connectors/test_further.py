"""Threads among what sites put around them: boxes of other threads, notices above, lines of the board in every post.

The layouts of `further.toml` were written before any reader saw them, and those of HELD were only counted. Each is read
without its profile, as it is and with names that say nothing.
"""

from collections.abc import Iterator
from statistics import fmean

import pytest

from connectors.html.threads.block import Block
from connectors.html.threads.shared_lines import without_shared
from schemas.document import Thread
from tests.accuracy.labelled import held_out
from tests.connectors.laid_out import FURTHER, RICH, TALKS, page_of
from tests.connectors.test_remembered import Told, hashed, told
from tests.connectors.test_unmet import ANSWER, ASKED, post, read

LONG = " ".join([ASKED, ANSWER] * 16)
POPULAR = "".join(
    f"<li class='item'><a href='/x/{at}'>A mill for the kitchen, stone or steel {at}?</a><p>I would like to mill my own"
    f" flour and do not know {at} which kind keeps it cool enough.</p><span>by <a href='/user/u{at}'>u{at}</a> "
    f"<time datetime='2019-05-0{at}T10:00:00Z'>{at} May 2019</time></span></li>"
    for at in (1, 2, 3)
)
NOTICE = (
    "<div class='notice'><p>From the first of May on, pictures of more than two megabytes are made smaller.</p>"
    "<span>by <a href='/user/admin'>admin</a>, 1 May 2019</span></div>"
)

HELD = tuple(name for name in FURTHER if held_out(name, 0.5))
# Mean F1 and shares of pages, of layouts looked at and of held ones, a little below what was measured
FLOORS = {
    "seen": {"f1": 0.965, "question": 0.88, "website": 0.97, "website_question": 0.91},
    "held": {"f1": 0.96, "question": 0.81, "website": 0.96, "website_question": 0.89},
}


def some(layout: str) -> Iterator[Told]:
    """A page as of an engine nobody has met, and a short one whose names say nothing."""
    languages = FURTHER[layout].get("languages", ("en", "zh"))
    yield told(layout, RICH.get(languages[0], TALKS[languages[0]]), "unknown")
    yield told(layout, TALKS[languages[-1]].aged().first(2), "hashed")


def test_most_pages_of_engines_that_were_in_no_other_set_are_read(capsys: pytest.CaptureFixture[str]) -> None:
    for part, floors in FLOORS.items():
        pages = [page for name in FURTHER if (name in HELD) == (part == "held") for page in some(name)]
        shares = {name: fmean(getattr(page, name) for page in pages) for name in floors}
        with capsys.disabled():
            print(f"\n{part}: {len(pages)} pages, " + ", ".join(f"{name} {it:.3f}" for name, it in shares.items()))
        assert all(shares[name] >= floor for name, floor in floors.items()), shares


def posts_of(page: str) -> list[str]:
    found = read(page)
    return [each.markdown for each in found.posts] if isinstance(found, Thread) else []


def question(who: str, said: str) -> str:
    return (
        f"<article class='ask'><div><a href='/user/{who}'>{who}</a> <time datetime='2019-05-14T09:00:00Z'>14 May 2019"
        f"</time></div><div class='words'><p>{said}</p></div></article>"
    )


@pytest.mark.parametrize("box", ["widget popular", "q8"])
def test_short_replies_to_a_long_question_are_its_thread_and_no_box_is(box: str) -> None:
    replies = "".join(
        post(who, day, said)
        for who, day, said in (("ben", 15, "Same here."), ("cleo", 16, "Try the lamp."), ("ann", 17, "That did it."))
    )
    page = f"<h1>Starter does not rise</h1>{question('ann', LONG)}{replies}<ul class='{box}'>{POPULAR * 2}</ul>"
    assert posts_of(page) == [LONG, "Same here.", "Try the lamp.", "That did it."]


@pytest.mark.parametrize("layout", ["narkive", "vanilla_two"])
def test_what_several_say_above_a_box_is_no_opening_of_it(layout: str) -> None:
    said = RICH["en"].first(2)
    page = page_of(layout, said).replace("</body>", f"<ul class='q8'>{POPULAR}</ul></body>")
    found = " ".join(posts_of(hashed(page)))
    assert "watchdog" in found
    assert "my own flour" not in found


def test_a_question_and_one_answer_stand_between_a_notice_and_a_box() -> None:
    answer = (
        "<section><span class='by'><a href='/user/ben'>ben</a></span><i>15 May 2019 10:00</i>"
        f"<div class='said'>{LONG}</div></section>"
    )
    thread = question("ann", ASKED) + answer
    page = f"{NOTICE}<h1>Starter does not rise</h1>{thread}<ul class='widget popular'>{POPULAR}</ul>"
    assert posts_of(page) == [ASKED, LONG]


def blocks(*said: str) -> list[Block]:
    return [Block("", who, "", text) for who, text in zip(("ann", "ben", "cleo", "dan"), said, strict=False)]


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        (("Groups: Registered\nPosts: 7\n\nOne.", "Groups: Staff\nPosts: 19\n\nTwo."), ("One.", "Two.")),
        (("**ann**\nBaker\nOffline\n\nOne.", "**ben**\nBaker\nOffline\n\nTwo."), ("One.", "Two.")),
        (("One.\n\n#1\nReply to This", "Two.\n\n#2\nReply to This"), ("One.", "Two.")),
        (("One.\n\n---\nAll rights reserved.", "Two.\n\n---\nAll rights reserved."), ("One.", "Two.")),
        (("Same here", "Same here"), ("Same here", "Same here")),
        (("Hello,\n\nOne.", "Hello,\n\nTwo."), ("Hello,\n\nOne.", "Hello,\n\nTwo.")),
        (("> One.\n\nTwo.", "> One.\n\nThree."), ("> One.\n\nTwo.", "> One.\n\nThree.")),
        (("```\nfeed()\n```", "Two.\n\n```\nfeed()\n```"), ("```\nfeed()\n```", "Two.\n\n```\nfeed()\n```")),
        (("So it is\n\nOne.", "Two.", "So it is\n\nThree."), ("So it is\n\nOne.", "Two.", "So it is\n\nThree.")),
    ],
)  # fmt: skip
def test_lines_at_the_ends_of_most_posts_are_the_boards(said: tuple[str, ...], kept: tuple[str, ...]) -> None:
    assert tuple(block.markdown for block in without_shared(blocks(*said))) == kept


def test_who_says_the_same_each_time_says_it() -> None:
    own = [Block("", "ann", "", f"Dear diary of bread\n\n{said}") for said in ("One.", "Two.")]
    assert without_shared(own) == own


def test_where_nobody_is_named_several_speak() -> None:
    said = [
        Block("", "", "", f"{text}\n\n[quote](/add/{at}) quote selected") for at, text in enumerate(("One.", "Two."))
    ]
    assert [block.markdown for block in without_shared(said)] == ["One.", "Two."]
