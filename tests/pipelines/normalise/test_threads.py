"""Threads: which posts answer, which talk on, and which of two answers people preferred."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from pipelines.normalise import exchanges, threads
from pipelines.normalise.records import Extraction, Origin, licences
from schemas.document import Exchange, Message, Post, Thread
from tests.pipelines.turns import message, said

ORIGIN = Origin("forum", "forum", "q1", "https://forum.test/q1", "CC-BY-4.0")


def extract(*posts: Post, title: str = "How do I boil an egg?") -> Extraction:
    return threads.extract(Thread("q1", "https://forum.test/q1", title, posts, ("eggs",)), ORIGIN)


QUESTION = Post("1", "I have an egg and a pan.", "ann", score=3)


def answer(post_id: str, text: str, author: str, score: int | None = None, accepted: bool = False) -> Post:
    return Post(post_id, text, author, score=score, accepted=accepted, reply_to="1")


@pytest.mark.parametrize(
    ("title", "body", "instruction", "details"),
    [
        ("How do I boil an egg?", "I have a pan.", "How do I boil an egg?", "I have a pan."),
        ("Egg breaks while boiling", "What do I do?", "Egg breaks while boiling\n\nWhat do I do?", ""),
        ("How do I boil an egg?", "", "How do I boil an egg?", ""),
        ("", "How do I boil an egg?", "How do I boil an egg?", ""),
        ("How do I boil an egg?", "How do I boil an egg? I have a pan.", "How do I boil an egg?", "I have a pan."),
        ("如何煮鸡蛋", "我有一个锅。", "如何煮鸡蛋", "我有一个锅。"),
        ("鸡蛋煮破了", "怎么办？", "鸡蛋煮破了\n\n怎么办？", ""),
        (
            "I boiled an egg for te",
            "I boiled an egg for ten\nminutes. Why?",
            "I boiled an egg for ten\nminutes. Why?",
            "",
        ),
        ("Egg breaks", "Egg breaks\nin  my pan.", "Egg breaks\n\nin  my pan.", ""),
        ("How do I boil an egg? [closed]", "Hi,\nI have a pan. Thanks!", "How do I boil an egg?", "I have a pan."),
    ],
)
def test_a_title_that_asks_is_the_instruction(title: str, body: str, instruction: str, details: str) -> None:
    asked = threads.build_question(title, body)
    assert (asked.instruction, asked.details) == (instruction, details)


def test_every_answer_is_a_record_with_its_votes() -> None:
    when = datetime(2024, 5, 1, tzinfo=UTC)
    good = Post("2", "Use water.", "bob", when, 5, True, "1", "https://forum.test/a/2", "CC-BY-SA-4.0")
    records = extract(QUESTION, good, answer("3", "Use fire.", "eve", -2)).records
    assert [(r.record_id, r.kind, r.score, r.accepted) for r in records] == [
        ("forum:q1#a2", "answer", 5, True),
        ("forum:q1#a3", "answer", -2, False),
    ]
    first = records[0]
    assert (first.instruction, first.input, first.output) == (
        "How do I boil an egg?",
        "I have an egg and a pan.",
        "Use water.",
    )
    assert (first.author, first.created_at, first.url, first.licence) == (
        "bob",
        when,
        "https://forum.test/a/2",
        "CC-BY-4.0 AND CC-BY-SA-4.0",
    )
    assert (records[1].url, records[1].licence, records[1].tags) == ("https://forum.test/q1", "CC-BY-4.0", ("eggs",))


def test_a_forum_without_marks_says_so() -> None:
    records = extract(Post("1", "I have an egg.", "ann"), Post("2", "Use water.", "bob")).records
    assert (records[0].score, records[0].accepted) == (None, None)


def test_turns_of_asker_and_answerer_are_a_dialogue() -> None:
    result = extract(
        Post("1", "I have an egg.", "ann"),
        Post("2", "Boil it.", "bob"),
        Post("3", "For how long?", "ann"),
        Post("4", "Ten minutes.", "bob"),
        Post("5", "And a big egg?", "ann"),
        Post("6", "Twelve.", "bob"),
        Post("7", "Thanks!", "ann"),
    )
    answer_, dialogue = result.records
    assert (answer_.kind, answer_.output) == ("answer", "Boil it.")
    assert (dialogue.record_id, dialogue.kind, dialogue.instruction, dialogue.output) == (
        "forum:q1#d6",
        "dialogue",
        "And a big egg?",
        "Twelve.",
    )
    asked = "How do I boil an egg?\n\nI have an egg."
    assert list(dialogue.history) == said(asked, "Boil it.", "For how long?", "Ten minutes.")


def test_edits_are_those_of_the_output_and_of_what_was_said_before_it() -> None:
    posts = [
        Post("1", "I have an egg.", "ann"),
        Post("2", "Boil it.", "bob"),
        Post("3", "For how long?", "ann"),
        Post("4", "Ten minutes.", "bob"),
    ]
    times = [datetime(2024, 5, day, tzinfo=UTC) for day in (5, 9, 7, 8)]
    edited = [replace(post, edited_at=time) for post, time in zip(posts, times, strict=True)]
    never, later = extract(*posts).records, extract(*edited).records
    assert [(r.edited_at, r.instruction_edited_at) for r in never] == [(None, None)] * 2
    assert [(r.edited_at, r.instruction_edited_at) for r in later] == [(times[1], times[0]), (times[3], times[1])]
    assert [r.record_id for r in never] == [r.record_id for r in later], "an edit makes no other record"


def test_comments_below_an_answer_take_turns() -> None:
    below = [
        Post("c1", "For how long?", "ann", reply_to="2"),
        Post("c2", "Nonsense.", "eve", reply_to="2"),
        Post("c3", "Ten minutes.", "bob", reply_to="2"),
        Post("c4", "Which egg is it?", "eve", reply_to="1"),
    ]
    result = extract(QUESTION, answer("2", "Boil it.", "bob", 1), *below)
    assert [(r.record_id, r.kind, r.output) for r in result.records] == [
        ("forum:q1#a2", "answer", "Boil it."),
        ("forum:q1#dc3", "dialogue", "Ten minutes."),
    ]
    assert {part for part, reason in result.rejects if reason == "not_an_answer"} == {"q1#c2", "q1#c4"}


def test_replies_to_replies_say_whom_they_mean() -> None:
    below = [
        Post("c1", "For how long?", "ann", reply_to="2"),
        Post("c2", "In what?", "ann", reply_to="2"),
        Post("c3", "Salted water.", "bob", reply_to="c2"),
        Post("c4", "I mean fresh water.", "bob", reply_to="2"),
        Post("c5", "Ten minutes.", "bob", reply_to="c1"),
        Post("c6", "Is twelve too much?", "ann", reply_to="c5"),
        Post("c7", "Not for a big one.", "eve", reply_to="c6"),
    ]
    result = extract(QUESTION, answer("2", "Boil it.", "bob", 1), *below)
    assert [(r.record_id, r.instruction, r.output) for r in result.records[1:]] == [
        ("forum:q1#dc3", "In what?", "Salted water."),
        ("forum:q1#dc7", "Is twelve too much?", "Not for a big one."),
    ]


def test_whom_the_asker_means_after_several_replies_is_unknown() -> None:
    posts = [
        Post("2", "Boil it.", "bob"),
        Post("3", "Fry it.", "eve"),
        Post("4", "How?", "ann"),
        Post("5", "In oil.", "eve"),
    ]
    result = extract(Post("1", "I have an egg.", "ann"), *posts)
    assert [r.record_id for r in result.records] == ["forum:q1#a2", "forum:q1#a3"]
    assert result.rejects == [("q1#5", "not_an_answer")]


def test_late_replies_to_nobody_in_particular_do_not_answer() -> None:
    posts = [Post(str(n), f"Reply {n}.", f"user{n}") for n in range(2, 8)]
    result = extract(Post("1", "I have an egg.", "ann"), *posts)
    assert [r.record_id for r in result.records] == ["forum:q1#a2", "forum:q1#a3", "forum:q1#a4"]


def test_an_asker_may_answer_where_people_vote() -> None:
    result = extract(QUESTION, answer("2", "I found out: water.", "ann", 4))
    assert [(r.record_id, r.output) for r in result.records] == [("forum:q1#a2", "I found out: water.")]


@pytest.mark.parametrize(
    ("posts", "reason"),
    [((), "no_posts"), ((QUESTION,), "no_answer"), ((QUESTION, answer("2", "Thanks!", "bob", 1)), "empty_answer")],
)
def test_a_thread_without_an_answer_is_a_reject(posts: tuple[Post, ...], reason: str) -> None:
    result = extract(*posts)
    assert not result.records and result.rejects[0][1] == reason


@pytest.mark.parametrize(
    "body", ["https://eggs.test/boiled", "[image]", " [Eggs](https://eggs.test) <https://a.test/b>\n"]
)
def test_a_link_is_asked_about_only_by_a_title_that_asks(body: str) -> None:
    replies = (Post("1", body, "ann"), Post("2", "I like them.", "bob"))
    assert extract(*replies, title="Ten ways with eggs").rejects == [("q1", "asks_nothing")]
    assert [record.output for record in extract(*replies).records] == ["I like them."]
    assert extract(Post("1", f"{body} burns", "ann"), replies[1], title="Ten ways with eggs").records


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("> I have an egg and a pan.\n\nUse water.", "Use water."),
        ("> I have an egg, and a\n> pan!\n\nUse water.", "Use water."),
        ("> an egg\n\nBoil it.", "> an egg\n\nBoil it."),
        ("> I have no pan.\n\nUse water.", "> I have no pan.\n\nUse water."),
        ("Use water.\n\n> I have an egg and a pan.", "Use water.\n\n> I have an egg and a pan."),
        ("> I have an egg and a pan.", "> I have an egg and a pan."),
    ],
)
def test_a_question_that_an_answer_repeats_first_goes(written: str, kept: str) -> None:
    assert [record.output for record in extract(QUESTION, answer("2", written, "bob", 1)).records] == [kept]


@pytest.mark.parametrize(
    ("votes", "accepted", "score"),
    [
        (0, False, 0),
        (1, False, 1),
        (2, False, 2),
        (5, False, 3),
        (100, False, 7),
        (5, True, 4),
        (0, True, 1),
        (-3, True, -1),
    ],
)
def test_scores_of_preferences(votes: int, accepted: bool, score: int) -> None:
    assert threads.vote_score(answer("2", "x", "bob", votes, accepted)) == score


def test_pairs_prefer_what_people_preferred() -> None:
    answers = [
        answer("2", "Water.", "bob", 5, True),
        answer("3", "Fire.", "eve", -1),
        answer("4", "Steam.", "dan", 0),
        answer("5", "Oil.", "kim", 0),
        answer("6", "Wind.", "lee", -4),
    ]
    pairs = extract(QUESTION, *answers).pairs
    assert [(p.pair_id, p.chosen_score, p.rejected_score) for p in pairs] == [
        ("forum:q1#a2~a3", 4, -1),
        ("forum:q1#a2~a6", 4, -1),
        ("forum:q1#a2~a4", 4, 0),
        ("forum:q1#a2~a5", 4, 0),
        ("forum:q1#a4~a3", 0, -1),
        ("forum:q1#a4~a6", 0, -1),
        ("forum:q1#a5~a3", 0, -1),
        ("forum:q1#a5~a6", 0, -1),
    ]
    assert (pairs[0].instruction, pairs[0].chosen, pairs[0].rejected) == ("How do I boil an egg?", "Water.", "Fire.")


def test_a_question_gives_at_most_ten_pairs() -> None:
    answers = [answer(str(n), f"Answer {n}.", f"user{n}", 2**n) for n in range(2, 12)]
    assert len(extract(QUESTION, *answers).pairs) == 10


def test_exchanges_are_taken_as_they_are() -> None:
    earlier = (Message("user", "Hi"), Message("assistant", "Hello", "Be polite.", "[{}]"))
    exchange = Exchange(
        "7", "", "Name a fruit.", "Apple.", "N/A", earlier, "Stone.", system="Be kind.", tools="[]", reasoning="A?",
        rejected_reasoning="S?",
    )  # fmt: skip
    result = exchanges.extract(exchange, ORIGIN)
    record, pair = result.records[0], result.pairs[0]
    assert (record.record_id, record.kind, record.instruction, record.input) == (
        "forum:q1#7",
        "exchange",
        "Name a fruit.",
        "",
    )
    assert list(record.history) == [message("user", "Hi"), message("assistant", "Hello", "Be polite.", "[{}]")]
    assert pair.history == record.history and pair.rejected_reasoning == "S?"
    for one in (record, pair):
        assert (one.system, one.tools, one.reasoning) == ("Be kind.", "[]", "A?")
    assert (pair.chosen, pair.rejected, pair.chosen_score, pair.rejected_score) == ("Apple.", "Stone.", 1, 0)


def test_an_answer_may_be_a_call_of_a_tool_and_its_pair_is_told() -> None:
    calls = '[{"type": "function", "function": {"name": "oven", "arguments": {}}}]'
    exchange = Exchange("7", "", "Bake.", "", rejected="No.", tool_calls=calls)
    result = exchanges.extract(exchange, ORIGIN)
    (record,) = result.records
    assert (record.output, record.tool_calls) == (calls, calls)
    assert result.pairs == [] and result.rejects == [("7", "pair_of_tool_calls")]
    (spoken,) = exchanges.extract(replace(exchange, output="At once.", rejected=""), ORIGIN).records
    assert (spoken.output, spoken.tool_calls) == ("At once.", calls)


def test_what_joins_a_text_without_a_licence_has_none() -> None:
    assert licences(["MIT", "", "MIT"]) == ""


@pytest.mark.parametrize(
    ("asked", "answered", "stated"),
    [
        ("CC-BY-SA-3.0", "CC-BY-SA-4.0", "CC-BY-SA-3.0 AND CC-BY-SA-4.0"),
        ("CC-BY-SA-4.0", "CC-BY-SA-3.0", "CC-BY-SA-3.0 AND CC-BY-SA-4.0"),
        ("CC-BY-SA-4.0", "CC-BY-SA-4.0", "CC-BY-SA-4.0"),
        ("", "MIT", "CC-BY-4.0 AND MIT"),
    ],
)
def test_a_record_of_texts_under_two_licences_states_both(asked: str, answered: str, stated: str) -> None:
    posts = replace(QUESTION, licence=asked), replace(answer("2", "Boil it for ten minutes.", "bob"), licence=answered)
    worse = replace(answer("3", "Fry it for ten minutes.", "eve", score=1), licence=asked)
    made = extract(replace(posts[0], score=None), replace(posts[1], score=9), worse)
    assert {record.output: record.licence for record in made.records}[posts[1].markdown] == stated
    assert made.pairs[0].licence == stated


@pytest.mark.parametrize(
    ("title", "body", "reads"),
    [
        ("Re: What did you grind?", "Some of this sounds like rye.", False),
        ("Re: What did you grind?", "Was it rye?", True),
        ("Rye or wheat", "> Rye is better.\n\nIt is not, and never was.", False),
        ("Rye or wheat", "> Rye is better.\n\nIs it so?", True),
        ("Why is rye better?", "> Rye is better.\n\nSo says the book.", True),
        ("Rye or wheat", "Rye is better.", True),
    ],
)
def test_a_thread_that_begins_with_a_reply_asks_nothing(title: str, body: str, reads: bool) -> None:
    posts = (Post("1", body, "ann"), Post("2", "Grind a handful of it, and look at the colour.", "bo"))
    found = threads.extract(Thread("k", "https://mill.test/k", title, posts), ORIGIN)
    assert bool(found.records) is reads
    assert reads or found.rejects == [("k", "asks_nothing")]
