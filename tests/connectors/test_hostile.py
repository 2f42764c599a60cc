"""What means harm gives documents or a reject with a reason, from every connector, and costs its neighbours nothing.

Here in small, where nothing may take long; `tests/soak` has it in large, where workers are killed.
"""

import re
from collections.abc import Iterator
from functools import cache

import pytest

from connectors.base import Connector
from pipelines.normalise.parse import PageResult, parse_page
from pipelines.normalise.stage import MEMORY, Chunk, parse_chunk
from pipelines.workers.pool import map_ordered
from schemas.page import Page
from tests.connectors import hostile
from tests.connectors.test_conformance import SOURCES

LENGTH = 300
REASON = re.compile("[a-z][a-z0-9_]*")


def work() -> Iterator[tuple[Connector, Chunk]]:
    """For each connector the hostile pages between two good ones."""
    for number, (name, source) in enumerate(SOURCES.items()):
        made, good = source.make(), good_page(name)
        bad = (page for case, page in hostile.pages(good, LENGTH) if not case.endswith("whole"))
        yield made, Chunk(number, (good, *bad, good))


@cache
def good_page(name: str) -> Page:
    """The smallest of which something can be made."""
    source = SOURCES[name]
    pages = sorted(source.pages(), key=lambda page: len(page.body))
    return next(page for page in pages if parse_page(source.make(), page).documents_used)


@pytest.fixture(scope="module")
def parsed() -> dict[str, list[PageResult]]:
    """What every connector's chunk gave, in workers as the stage has them."""
    results = map_ordered(parse_chunk, work(), workers=2, deadline=100.0, memory=MEMORY)
    found = {}
    for name, (_, result) in zip(SOURCES, results, strict=True):
        assert not isinstance(result, BaseException), f"{name}: {result!r}"
        found[name] = result
    return found


@pytest.mark.parametrize("name", SOURCES)
def test_every_page_gives_something_or_a_reason(parsed: dict[str, list[PageResult]], name: str) -> None:
    for page in parsed[name]:
        assert page.records or page.pairs or page.rejects
        assert all(REASON.fullmatch(row["reason"]) for row in page.rejects)


@pytest.mark.parametrize("name", SOURCES)
def test_neighbours_are_as_they_would_be_alone(parsed: dict[str, list[PageResult]], name: str) -> None:
    alone = parse_page(SOURCES[name].make(), good_page(name))
    assert alone.documents_used
    assert parsed[name][0] == alone == parsed[name][-1]


def test_the_harm_is_as_large_as_it_says() -> None:
    sizes = {name: len(text) for name, text in hostile.texts(50_000).items()}
    assert len(sizes) > 100 and all(30_000 < size < 110_000 for size in sizes.values()), sizes
    assert all(
        len(body) > 30_000 or name in ("nothing", "not numbers", "wrong kinds", "outside")
        for name, body in hostile.bodies(50_000).items()
    )
    assert hostile.texts(999) == hostile.texts(999)


def test_a_text_is_put_where_somebody_wrote() -> None:
    page = Page("s", "k", "https://x/", b'{"title": "T", "posts": [{"html": "<p>The longest text of it.</p>"}]}')
    assert b'"title": "T"' in hostile.graft(page, "<b>", whole=True).body
    assert hostile.graft(page, "<b>", whole=True).body.count(b"longest") == 0
    assert b"<p><b>The longest" in hostile.graft(page, "<b>", whole=False).body
