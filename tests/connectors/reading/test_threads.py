"""Posts → a thread, and what becomes of those that cannot be used."""

from connectors.reading.threads import build_thread, detach_orphans, without_orphans
from schemas.document import Post, Reject, Thread

ASKS = Post("1", "How does it turn?\n\nIt does not.")
ANSWERS = Post("2", "Open the gate.", reply_to="1")


def built(*posts: Post | Reject, title: str = "The wheel") -> list[Thread | Reject]:
    return list(build_thread("k", "https://mill.example/k", title, posts, ("mill",), "CC0-1.0"))


def test_a_whole_thread() -> None:
    whole = Thread("k", "https://mill.example/k", "The wheel", (ASKS, ANSWERS), ("mill",), "CC0-1.0")
    assert built(ASKS, ANSWERS) == [whole]


def test_what_cannot_be_used_costs_itself() -> None:
    *rejects, thread = built(ASKS, Reject("k/9", "bot"), Post("3", " \n"), ANSWERS, Post("2", "Once more."))
    assert rejects == [Reject("k/9", "bot"), Reject("k/3", "empty_post"), Reject("k/2", "duplicate_id")]
    assert isinstance(thread, Thread) and thread.posts == (ASKS, ANSWERS)


def test_without_its_question_there_is_one_reject() -> None:
    assert built(Post("1", ""), ANSWERS) == [Reject("k", "empty_question")]
    assert built(Reject("k/1", "deleted", "by its author"), ANSWERS) == [Reject("k", "deleted", "by its author")]
    assert built() == [Reject("k", "empty_question", "no posts")]


def test_a_thread_without_a_title_is_named_by_its_first_line() -> None:
    (thread,) = built(ASKS, title="")
    assert isinstance(thread, Thread) and thread.title == "How does it turn?"
    (thread,) = built(Post("1", "a" * 999), title="")
    assert isinstance(thread, Thread) and thread.title == "a" * 150


def test_replies_to_what_cannot_be_used_are_rejects() -> None:
    posts = [ASKS, Reject("k/2", "bot"), Post("3", "No!", reply_to="2"), Post("4", "", reply_to="2"), ANSWERS, ANSWERS]
    below = Post("5", "Quite.", reply_to="3")
    assert list(without_orphans("k", [*posts, below])) == [
        ASKS,
        Reject("k/2", "bot"),
        Reject("k/3", "reply_to_unusable"),
        *posts[3:],
        Reject("k/5", "reply_to_unusable"),
    ]


def test_replies_to_what_cannot_be_used_are_detached() -> None:
    posts = [
        ASKS,
        Post("3", ""),
        Post("4", "No!", "jo", reply_to="3", licence="CC0-1.0"),
        Post("5", "I.", reply_to="5"),
    ]
    found = detach_orphans([*posts, Reject("k/6", "bot"), ANSWERS])
    assert found[2] == Post("4", "No!", "jo", licence="CC0-1.0")
    assert found[3] == Post("5", "I.")
    assert found[4:] == [Reject("k/6", "bot"), ANSWERS]
