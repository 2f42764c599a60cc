"""The hostile corpus in large, through the stage's own workers: killed where they must be, and nobody else is hurt."""

import time
from collections import Counter
from collections.abc import Iterator

import pytest

from pipelines.normalise import stage
from pipelines.normalise.parse import PageResult
from schemas.page import Page
from tests.connectors import hostile
from tests.connectors.test_conformance import SOURCES
from tests.connectors.test_hostile import REASON, good_page

# Bytes of each page: as many as the parser has to bear. Those of markup that is no HTML give up earlier.
LENGTHS = {
    "website": 5_000_000,
    "forum": 1_000_000,
    "markdown": 20_000,
    "mediawiki-dump": 10_000,
    "mediawiki-talk": 10_000,
    "mediawiki-api": 10_000,
}
USUAL = 100_000
GIVEN_UP = {"parse_timeout", "out_of_memory"}


@pytest.mark.timeout(6 * 3600)
@pytest.mark.parametrize("name", SOURCES)
def test_harm_costs_only_itself(name: str) -> None:
    """No worker lives longer than its five seconds, none needs more than its memory, none crashes."""
    good = good_page(name)
    (alone,) = stage.parse_chunk((SOURCES[name].make(), stage.Chunk(0, (good,))))
    began = time.monotonic()
    given = list(interleaved(good, LENGTHS.get(name, USUAL)))
    chunks = (stage.Chunk(0, part) for part in stage._chunks(page for _, page in given))
    found = [parsed for _, of_chunk in stage._parse(SOURCES[name].make(), chunks, 2) for parsed in of_chunk]
    assert len(found) == len(given)
    gave_up = Counter[str]()
    for (case, _), parsed in zip(given, found, strict=True):
        assert parsed == alone if case == "good" else says_something(parsed), case
        gave_up.update(row["reason"] for row in parsed.rejects if row["reason"] in GIVEN_UP)
    print(f"\n{name}: {len(given)} pages in {time.monotonic() - began:.0f} s, given up: {dict(gave_up)}")


def interleaved(good: Page, length: int) -> Iterator[tuple[str, Page]]:
    for number, case in enumerate(hostile.pages(good, length)):
        if number % 4 == 0:
            yield "good", good
        yield case


def says_something(parsed: PageResult) -> bool:
    reasons = {row["reason"] for row in parsed.rejects}
    assert "parse_crashed" not in reasons
    return bool(parsed.records or parsed.pairs or reasons) and all(REASON.fullmatch(reason) for reason in reasons)
