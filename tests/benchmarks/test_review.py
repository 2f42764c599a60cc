"""A review of a hundred records by keys: the seconds that a person waits; reading comes on top."""

import re
import time

from playwright.sync_api import Page, expect

from tests.conftest import Mill

REVIEWED = 100


def place(page: Page, at: int) -> None:
    expect(page.get_by_text(re.compile(rf"^{at} of [\d,]+$"))).to_be_visible()


def test_a_hundred_records_are_reviewed_by_keys(large: Mill, page: Page) -> None:
    page.goto(f"{large.dashboard}/records?lang=en&view=review&order=random&who=Ada")
    place(page, 1)
    begun = time.perf_counter()
    for number in range(1, REVIEWED + 1):
        page.keyboard.press("r" if number % 3 == 0 else "a")
        place(page, number + 1)
    seconds = time.perf_counter() - begun
    print(f"\n{REVIEWED} records reviewed by {REVIEWED} keys: {seconds / REVIEWED:.2f} s of waiting a record")
    said = (large.folder / "data" / "decisions.jsonl").read_text().splitlines()
    assert len(said) == REVIEWED
    assert seconds < REVIEWED
