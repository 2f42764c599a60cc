"""What a person does without a shell, counted in clicks, keys and seconds: a review, and a line that is moved.

The seconds are those that the person waits; reading comes on top.
"""

import re
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from pipelines import catalog
from tests.browser.conftest import chromium_page
from tests.conftest import SMALL, Mill, serving
from tests.waiting import FAR

REVIEWED, BAD = 100, 20
RULE, COLUMN = "output_too_short", "output_words"
DOCSTRINGS = (
    '[[sources]]\nconnector = "python_docs"\nname = "library"\npackages = ["rich", "typer", "httpx", "pydantic"]\n'
)
STAGES = "collect,normalise,annotate,dedupe,curate"


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mill]:
    """A running `gristmill up` over some hundred records."""
    with serving(tmp_path_factory.mktemp("walk"), SMALL + DOCSTRINGS, {}) as mill:
        assert mill.gristmill("run", "small.toml", "--stages", STAGES).returncode == 0
        yield mill


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    expect.set_options(timeout=1000 * FAR)
    with chromium_page() as page:
        yield page


class Hand:
    """Clicks and types, and counts both."""

    def __init__(self, page: Page) -> None:
        self.page, self.counted, self.begun = page, Counter[str](), time.perf_counter()

    def click(self, target: Locator) -> None:
        target.click()
        self.counted["clicks"] += 1

    def choose(self, label: str, option: str) -> None:
        """By the first words of an option: a long list is drawn only in part."""
        box = self.page.get_by_role("combobox", name=label, exact=True)
        self.click(box)
        self.write(box, option)
        self.click(self.page.get_by_role("option", name=option, exact=True))

    def press(self, key: str) -> None:
        self.page.keyboard.press(key)
        self.counted["keys"] += 1

    def write(self, target: Locator, text: str) -> None:
        target.fill(text)
        self.counted["keys"] += len(text)

    def told(self) -> str:
        return f"{self.counted['clicks']} clicks, {self.counted['keys']} keys, {self.seconds():.1f} s of waiting"

    def seconds(self) -> float:
        return time.perf_counter() - self.begun


def place(page: Page, at: int) -> None:
    expect(page.get_by_text(re.compile(rf"^{at} of [\d,]+$"))).to_be_visible()


def test_a_hundred_records_are_reviewed_by_keys(large: Mill, page: Page) -> None:
    page.goto(f"{large.dashboard}/records?lang=en&view=review&order=random&who=Ada")
    place(page, 1)
    hand = Hand(page)
    for number in range(1, REVIEWED + 1):
        hand.press("r" if number % 3 == 0 else "a")
        place(page, number + 1)
    print(f"\n{REVIEWED} records reviewed: {hand.told()}, {hand.seconds() / REVIEWED:.2f} s a record")
    said = (large.folder / "data" / "decisions.jsonl").read_text().splitlines()
    (large.folder / "data" / "decisions.jsonl").unlink()
    assert len(said) == REVIEWED
    assert hand.seconds() < REVIEWED


def test_twenty_bad_records_are_gone_after_a_walk(large: Mill, page: Page) -> None:
    page.goto(f"{large.dashboard}/?lang=en")
    hand = Hand(page)
    hand.click(page.get_by_role("link", name="Records", exact=True))
    hand.click(page.get_by_text("Filters", exact=True))
    hand.choose("Order", "nearest to the line of a rule")
    hand.choose("The rule", RULE)
    hand.choose("Fate", "kept")
    hand.click(page.get_by_text("Review", exact=True))
    place(page, 1)
    shown = [read(hand, number) for number in range(1, BAD + 1)]
    line = longest(large.folder / "data", shown) + 1
    hand.click(page.get_by_role("link", name="Policy", exact=True))
    hand.click(page.get_by_text("rules drop nothing").first)
    hand.click(page.get_by_role("button", name=RULE, exact=True).first)
    other = page.get_by_role("spinbutton").nth(1)
    hand.write(other, str(line))
    hand.press("Enter")
    expect(page.get_by_role("slider").nth(1)).to_have_value(str(line))
    hand.write(page.get_by_role("textbox", name="A name for the changed policy"), "longer")
    hand.click(page.get_by_role("button", name="Save as a policy file"))
    hand.click(page.get_by_role("button", name="Run curate with it"))
    expect(page.get_by_text("the latest snapshot of small keeps")).to_be_visible()
    print(f"\n{BAD} bad records found and gone, {RULE} at {line}: {hand.told()}")
    with catalog.connect(large.folder / "data") as con:
        kept = con.execute("SELECT count(*) FROM verdicts WHERE kept AND record_id IN ?", [shown]).fetchall()
    assert kept == [(0,)]


def read(hand: Hand, number: int) -> str:
    """The id of the record that is shown; then the next one is."""
    place(hand.page, number)
    link = hand.page.get_by_role("link", name="Everything about it").get_attribute("href") or ""
    hand.press("j")
    return re.sub(r".*[?&]id=([^&]*).*", r"\1", link)


def longest(data: Path, shown: list[str]) -> int:
    with catalog.connect(data) as con:
        query = f"SELECT max({COLUMN}) FROM signals WHERE record_id IN ?"
        return int(con.execute(query, [shown]).fetchall()[0][0])
