"""Documents without what was forgotten, a part at a time, and pages that are kept as such documents."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import pytest

from pipelines.suppression import Tombstone, Tombstones, documents
from pipelines.suppression.documents import (
    MEDIA_TYPE,
    StripResult,
    section_part,
    strings,
    strip_document,
    strip_page,
    strip_pages,
)
from schemas.document import Article, Document, Exchange, Post, Reject, Section, Thread
from schemas.page import Page

EMPTY = Tombstones("salt")
PAGE = Page("s", "1", "https://x.org/t/1", b"[]", media_type="text/html", etag="e", last_modified="m")
POSTS = (
    Post("q", "It leaks.", "Cy", url="https://x.org/t/1#q"),
    Post("a1", "Warm the left valve for ten minutes.", "Ada", url="https://x.org/t/1#a1"),
    Post("a2", "> Warm the left valve for ten minutes.\n\nNo, @Ada.", "Bob", url="https://x.org/t/1#a2"),
)
THREAD = Thread("1", "https://x.org/t/1", "Pump", POSTS)
SECTIONS = (Section((), "Lead.", ""), Section(("One",), "First.", "one"), Section(("Two",), "Second.", "two"))
ARTICLE = Article("1", "https://x.org/t/1", "How", SECTIONS, steps=("Do.",), author="Ada")
EXCHANGE = Exchange("1", "https://x.org/t/1", "Ask?", "Say.", author="Ada")


def of(*tombstones: Tombstone) -> Tombstones:
    return EMPTY.with_new(list(tombstones))


ADA, ELSEWHERE = EMPTY.new_author("Ada", ""), EMPTY.new_author("Ada", "elsewhere")
GONE = Reject("1", "forgotten")


def test_a_post_goes_with_what_others_quote_of_it() -> None:
    left = strip_document(THREAD, PAGE, of(ADA))
    assert left == replace(THREAD, posts=(POSTS[0], replace(POSTS[2], markdown="\nNo, @….")))
    assert strip_document(THREAD, PAGE, of(ELSEWHERE)) is THREAD
    assert strip_document(Reject("1", "empty"), PAGE, of(ADA)) == Reject("1", "empty")


@pytest.mark.parametrize(
    "tombstone", [EMPTY.new_url("https://x.org/t/1#a2"), EMPTY.new_part("s:1", "1", "a2"), EMPTY.new_author("bob", "s")]
)
def test_a_post_is_known_by_author_address_or_part(tombstone: Tombstone) -> None:
    left = strip_document(THREAD, PAGE, of(tombstone))
    assert isinstance(left, Thread) and [post.post_id for post in left.posts] == ["q", "a1"]


@pytest.mark.parametrize(
    "tombstone",
    [
        EMPTY.new_author("Cy", ""),
        EMPTY.new_part("s:1", "1", "q"),
        EMPTY.new_part("s:1", "1", ""),
        EMPTY.new_url("https://x.org/t"),
    ],
)
def test_a_thread_goes_with_its_question_as_a_whole_or_with_its_address(tombstone: Tombstone) -> None:
    assert strip_document(THREAD, PAGE, of(tombstone)) == GONE


def test_without_its_author_a_post_known_by_its_address_leaves_the_names_of_others() -> None:
    left = strip_document(THREAD, PAGE, of(EMPTY.new_url("https://x.org/t/1#a1")))
    assert isinstance(left, Thread) and left.posts[1].markdown == "\nNo, @Ada."


def test_an_empty_line_is_nobodys_words() -> None:
    posts = (POSTS[0], replace(POSTS[1], markdown="One line."), replace(POSTS[2], markdown="> Two\n>\n> lines"))
    left = strip_document(replace(THREAD, posts=posts), PAGE, of(ADA))
    assert isinstance(left, Thread) and left.posts[1].markdown == "> Two\n>\n> lines"


@pytest.mark.parametrize("document", [ARTICLE, EXCHANGE])
def test_what_one_author_wrote_goes_with_the_author(document: Document) -> None:
    assert strip_document(document, PAGE, of(ADA)) == GONE
    assert strip_document(document, PAGE, of(ELSEWHERE)) is document
    assert strip_document(document, PAGE, of(EMPTY.new_part("s:1", "1", "other"))) is document


def test_an_article_loses_a_section_or_its_steps() -> None:
    by_anchor = strip_document(ARTICLE, PAGE, of(EMPTY.new_url("https://x.org/t/1#one")))
    by_part = strip_document(ARTICLE, PAGE, of(EMPTY.new_part("s:1", "1", section_part(SECTIONS[1]))))
    assert by_anchor == by_part == replace(ARTICLE, sections=(SECTIONS[0], SECTIONS[2]))
    steps = EMPTY.new_part("s:1", "1", "steps")
    assert strip_document(ARTICLE, PAGE, of(steps)) == replace(ARTICLE, steps=())
    bare = replace(ARTICLE, sections=SECTIONS[1:2], url="")
    anchor = EMPTY.new_url("https://x.org/t/1#one")
    assert strip_document(bare, PAGE, of(anchor)) == replace(bare, sections=())
    assert strip_document(bare, PAGE, of(anchor, steps)) == GONE
    assert strip_document(replace(bare, sections=SECTIONS[:1]), PAGE, of(anchor)) == replace(
        bare, sections=SECTIONS[:1]
    )
    assert section_part(SECTIONS[1]) == "section\none\nOne"


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (b'{"a": ["x", {"b": "y"}], "c": 1}', {"x", "y"}),
        (b"<p title='Tom &amp; Co' x=\"q\">Ada</p>", {"Tom & Co", "q", "Ada"}),
        (b"[" * 100_000, set()),
        (b"\xff>Ada<", {"Ada"}),
        (b">" + b"a" * 80 + b"<>" + b"b" * 81 + b"<", {"a" * 80}),
    ],
)
def test_strings(body: bytes, found: set[str]) -> None:
    assert set(strings(body)) == found


LONG = "the left valve sticks in winter"
QUOTES: list[tuple[str, set[str], list[str], str]] = [
    ("> said\nmore", {"said"}, [], "more"),
    ("said", {"said"}, [], "said"),
    ("   >> said", {"said"}, [], ""),
    ("    > said", {"said"}, [], "    > said"),  # code
    ("> the left valve sticks", {LONG}, [], ""),  # part of what was said, and long enough to be told
    ("> the left valve", {LONG}, [], "> the left valve"),
    ("> " + "x" * 20, {"x" * 21}, [], "> " + "x" * 20),
    ("> " + "x" * 21, {"x" * 22}, [], ""),
    ("> ADA  wrote:\nno", set(), ["Ada"], "no"),
    ("Ada wrote", set(), ["Ada"], "Ada wrote"),
    ("@Ada, Adamant", set(), ["Ada"], "@…, Adamant"),
    ("Maria and Marias", set(), ["Maria"], "… and Marias"),
    ("Mari and @Mari", set(), ["Mari"], "Mari and @…"),
    ("小机械 says", set(), ["小机械"], "… says"),
    ("小机 says", set(), ["小机"], "小机 says"),
    ("A.b+c x", set(), ["A.b+c"], "… x"),
    ("one\n\ntwo", set(), [], "one\n\ntwo"),
]


@pytest.mark.parametrize(("markdown", "said", "names", "left"), QUOTES)
def test_quotations(markdown: str, said: set[str], names: list[str], left: str) -> None:
    assert documents.remove_quotes(markdown, said, names) == left


@dataclass(frozen=True)
class Fixed:
    """A connector that finds the same in every page."""

    found: tuple[Document | Reject, ...] = (THREAD,)
    fails: bool = False

    def parse(self, page: Page) -> Iterator[Document | Reject]:
        if self.fails:
            raise ValueError("not a page")
        yield from self.found


def strip(found: tuple[Document | Reject, ...], tombstones: Tombstones, page: Page = PAGE) -> StripResult:
    return strip_page(Fixed(found), page, tombstones)  # type: ignore[arg-type]


def test_a_page_is_kept_as_documents_that_are_read_as_they_were() -> None:
    made = datetime(2024, 3, 5, tzinfo=UTC)
    posts = (replace(POSTS[0], created_at=made), *POSTS[1:])
    found = strip((replace(THREAD, posts=posts), Reject("2", "empty", "why")), of(ADA))
    assert found.changed and isinstance(found.item, Page)
    item = found.item
    assert (item.media_type, item.etag, item.last_modified, item.key) == (MEDIA_TYPE, "", "", "1")
    thread, reject = documents.parse(Fixed(fails=True), item)  # type: ignore[arg-type]
    assert isinstance(thread, Thread) and thread.posts[0].created_at == made and len(thread.posts) == 2
    assert reject == Reject("2", "empty", "why")
    assert "…" in item.body.decode(), "as it is written"
    again = strip((), of(ADA), item)
    assert again == StripResult(item, False), "it is kept as it is"
    assert [one["kind"] for one in json.loads(item.body)] == ["Thread", "Reject"]


def test_a_page_of_which_nothing_is_left_goes_and_one_without_the_forgotten_stays() -> None:
    assert strip((THREAD,), of(EMPTY.new_author("Cy", ""))) == StripResult(None, True)
    assert strip((THREAD,), of(EMPTY.new_author("Eve", ""))) == StripResult(PAGE, False)
    assert strip((), of(ADA)) == StripResult(PAGE, False)
    named = replace(PAGE, body=b'["Ada"]')
    assert strip((), of(ADA), named) == StripResult(
        replace(named, body=b"[]", media_type=MEDIA_TYPE, etag="", last_modified=""), True
    )
    longest = replace(PAGE, body=json.dumps(["x" * 80]).encode())
    assert strip((), of(EMPTY.new_author("x" * 80, "")), longest).changed
    longer = replace(PAGE, body=json.dumps(["x" * 81]).encode())
    assert not strip((), of(EMPTY.new_author("x" * 81, "")), longer).changed


@pytest.mark.parametrize(("status", "concerned"), [(200, True), (404, False), (410, False)])
def test_a_page_that_is_gone_has_nothing_to_read(status: int, concerned: bool) -> None:
    assert documents.needs_parsing(replace(PAGE, status=status), of(ADA)) is concerned
    assert documents.needs_parsing(PAGE, of(ELSEWHERE)) is False


def stripped(
    connector: Any, items: list[Page | Reject], tombstones: Tombstones
) -> tuple[list[Page | Reject], set[str]]:
    left_out: set[str] = set()
    asked = iter([(f"asked {at}",) for at in range(len(items))])
    found = list(strip_pages(connector, items, tombstones, lambda: next(asked), left_out))
    return found, left_out


def test_what_is_fetched_is_stripped_and_its_addresses_are_noted() -> None:
    other = replace(PAGE, key="2", url="https://y.org/2")
    items: list[Page | Reject] = [
        PAGE,
        other,
        Reject("https://y.org/2", "http_500"),
        Reject("x", "forgotten"),
        Reject("x", "empty"),
    ]
    found, left_out = stripped(Fixed(), items, of(EMPTY.new_url("https://y.org")))
    assert found == [PAGE, Reject("x", "empty")]
    assert left_out == {"asked 1"}


def test_a_page_that_may_be_concerned_and_cannot_be_parsed_is_a_reject() -> None:
    found, left_out = stripped(Fixed(fails=True), [PAGE], of(ADA))
    assert found == [Reject("1", "parse_failed")] and left_out == {"asked 0"}
    found, left_out = stripped(Fixed(fails=True), [PAGE], of(ELSEWHERE))
    assert found == [PAGE] and left_out == set(), "nobody has to read it"


def test_a_page_with_forgotten_words_comes_home_without_them() -> None:
    found, left_out = stripped(Fixed(), [PAGE], of(ADA))
    assert isinstance(found[0], Page) and found[0].media_type == MEDIA_TYPE and left_out == {"asked 0"}
