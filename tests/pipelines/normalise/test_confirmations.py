"""What the asker says of an answer, and how many stood before it."""

from datetime import UTC, datetime

import pytest

from pipelines.normalise.confirmations import confirmations
from schemas.document import Post
from tests.pipelines.normalise.test_threads import extract

ASKED = Post("1", "How do I boil an egg?", "ann")
BOB, EVE = Post("2", "Boil it for ten minutes.", "bob"), Post("3", "Steam it for twelve minutes.", "eve")


def by(text: str, reply_to: str = "", author: str = "ann") -> Post:
    return Post("9", text, author, reply_to=reply_to)


@pytest.mark.parametrize(
    ("text", "helped"),
    [
        ("Thanks, that did it!", True),
        ("It works now.", True),
        ("Perfect, got it.", True),
        ("谢谢，解决了", True),
        ("Danke, klappt!", True),
        ("Спасибо!", True),
        ("Thanks, but it doesn't work with a goose egg.", False),
        ("Still no luck, same error.", False),
        ("谢谢，还是不行", False),
        ("Which pot did you take?", False),
        ("> Thanks for asking\n\nWhich pot?", False),
        ("Any other idea? Thanks in advance.", False),
        (f"{'It is a long tale of eggs. ' * 20}Thanks!", False),
    ],
)
def test_the_asker_says_whether_it_helped(text: str, helped: bool) -> None:
    assert confirmations([ASKED, BOB, by(text)]) == {"2": helped}


@pytest.mark.parametrize(
    ("posts", "told"),
    [
        ([BOB, by("Thanks!", author="eve")], {}),
        ([BOB, EVE], {}),
        ([BOB, EVE, by("Thanks!", reply_to="2")], {"2": True}),
        ([BOB, EVE, by("Thanks!", reply_to="1")], {"2": True, "3": True}),
        ([BOB, EVE, by("Thanks!")], {"2": True, "3": True}),
        ([BOB, *(Post(f"3{k}", "Egg?", "eve") for k in range(3)), by("Thanks!")], {"30": True, "31": True, "32": True}),
        ([BOB, by("Why?"), EVE, by("Thanks!")], {"2": False, "3": True}),
        ([by("Boil it, I found."), by("Thanks!", reply_to="9")], {}),
    ],
)
def test_a_word_is_on_the_answer_that_it_replies_to_or_on_those_close_above(
    posts: list[Post], told: dict[str, bool]
) -> None:
    assert confirmations([ASKED, *posts]) == told


def test_nobody_knows_who_asked() -> None:
    assert confirmations([Post("1", "How?"), BOB, by("Thanks!", author="")]) == {}


def test_records_say_what_the_asker_said_and_what_stood_before() -> None:
    records = extract(ASKED, BOB, EVE, by("Thanks!", reply_to="3")).records
    assert [(r.output, r.thanked, r.answers_before) for r in records] == [
        (BOB.markdown, None, 0),
        (EVE.markdown, True, 1),
    ]


def test_answers_in_the_order_of_votes_have_no_number() -> None:
    voted = [Post("2", BOB.markdown, "bob", score=3), Post("3", EVE.markdown, "eve", score=1)]
    assert [r.answers_before for r in extract(ASKED, *voted).records] == [None, None]
    days = [datetime(2024, 5, day, tzinfo=UTC) for day in (1, 3, 2)]
    posts = [Post(p.post_id, p.markdown, p.author, day) for p, day in zip((ASKED, BOB, EVE), days, strict=True)]
    assert [r.answers_before for r in extract(*posts).records] == [None, None]
