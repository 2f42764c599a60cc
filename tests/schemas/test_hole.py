"""What could not be read leaves one fixed mark, and is counted by kind and name."""

from collections import Counter
from dataclasses import replace

import pytest

from pipelines.normalise.holes import mark_document
from pipelines.normalise.parse import parse_page
from schemas.document import Article, Post, Section, Thread
from schemas.hole import MARK, hole, kinds_in, mark_holes
from schemas.page import Page

Counts = Counter[tuple[str, str]]


@pytest.mark.parametrize(
    ("written", "marked", "counted"),
    [
        ("plain", "plain", {}),
        (f"a {hole('template', 'convert')} b", f"a {MARK} b", {("template", "convert"): 1}),
        (hole("role") * 2, MARK * 2, {("role", ""): 2}),
        (f"a {MARK} b", "a ⟦\\?⟧ b", {}),
        (f"{MARK}{hole('formula', 'x' * 200)}", f"⟦\\?⟧{MARK}", {("formula", "x" * 60): 1}),
        (hole("include", "a\ufdd0b\nc"), MARK, {("include", "a b c"): 1}),
        ("a broken \ufdd0 mark", "a broken  mark", {}),
    ],
)
def test_holes_become_the_mark_and_a_mark_of_the_source_is_escaped(
    written: str, marked: str, counted: dict[tuple[str, str], int]
) -> None:
    counts: Counts = Counter()
    assert mark_holes(written, counts) == marked
    assert counts == counted


def test_every_text_of_a_document_is_looked_at() -> None:
    post = Post("1", f"How {hole('template', 'x')}?", author="Ann")
    thread = Thread("t", "http://a.test/t", f"T {hole('macro')}", (post, replace(post, post_id="2")), tags=("a",))
    marked, counts = mark_document(thread)
    assert [one.markdown for one in marked.posts] == [f"How {MARK}?"] * 2 and marked.title == f"T {MARK}"
    assert counts == {("template", "x"): 2, ("macro", ""): 1}
    untouched = Article("a", "u", "t", (Section((), "text"),))
    assert mark_document(untouched)[0] is untouched
    assert kinds_in(thread.title) == [("macro", "")]


class Dish:
    """A connector whose pages are one article each."""

    name, licence, kind = "dish", "MIT", "tutorial"

    def parse(self, page: Page) -> list[Article]:
        return [Article(page.key, page.url, "How to grind rye", (Section((), page.body.decode()),))]


def test_the_page_tells_each_hole_by_kind_and_name() -> None:
    gap = hole("template", "time")
    text = f"Grind the rye {gap} and sift it, then grind it again {gap} as fine as it gets."
    result = parse_page(Dish(), Page("dish", "1", "http://a.test/1", text.encode(), "text/markdown"))  # type: ignore[arg-type]
    assert result.holes == {"template": 2}
    told = [row for row in result.rejects if row["level"] == "hole"]
    assert [(row["reason"], row["detail"]) for row in told] == [("template", "time ×2")]
    assert result.records[0]["output"].count(MARK) == 2
