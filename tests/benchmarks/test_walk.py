"""Walks by a person without a shell: twenty bad records are found, a line is moved, saved and run, and they are gone;
and "we have a help centre", from an empty data folder to its records, a snapshot, a model that was trained on it, a
chat with it beside its base, and a blind vote.

Clicks, keys, characters and seconds are printed, with what is waited for in them; what a person reads comes on top.
"""

import json
import re
import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, TimeoutError, expect

from tests.browser.conftest import shoot
from tests.conftest import SMALL, Mill, serving
from tests.help_centre import ARTICLES, help_centre
from tests.waiting import FAR, until

RULE, LINE, BAD = "output_too_short", "40", 20  # a rule whose lines are all of words: the nearest are nearest to them
MOST_CLICKS = 24  # three of them for lists that closed
MOST_CLICKS_OF_A_SOURCE, MOST_CLICKS_TO_A_VOTE = 14, 26
ROUNDS = "10"  # of training over a handful of records
QUESTIONS = ("How do I descale the kettle?", "How do I clean the tray?", "How do I stop the alarm?")
LOOK = 3_000  # milliseconds until a person clicks again


class Hands:
    """What a person does on a page, counted."""

    def __init__(self, page: Page) -> None:
        self.page, self.clicks, self.keys, self.letters, self.begun = page, 0, 0, 0, time.perf_counter()

    def click(self, what: Locator) -> None:
        what.click()
        self.clicks += 1

    def press(self, key: str) -> None:
        self.page.keyboard.press(key)
        self.keys += 1

    def write(self, words: str) -> None:
        self.page.keyboard.type(words)
        self.letters += len(words)

    def choose(self, label: str, option: str, words: str = "") -> None:
        """Two clicks: the list and one of it, of a long one those with these words.

        A list that a draw has closed is opened again, as a person would, and counted.
        """
        listed = self.page.get_by_role("combobox", name=re.compile(rf"\b{label}$"))
        wanted = self.page.get_by_role("option", name=option, exact=True)

        def chosen() -> bool:
            self.click(listed)
            self.write(words)
            try:
                wanted.click(timeout=LOOK)
            except TimeoutError:
                return False
            self.clicks += 1
            return True

        until(chosen, option)

    def told(self, what: str) -> str:
        seconds = time.perf_counter() - self.begun
        return f"{what}: {self.clicks} clicks, {self.keys} keys, {self.letters} letters, {seconds:.1f} s"


def links(page: Page) -> list[str]:
    """The ids of the records of a list."""
    shown = page.get_by_test_id("stMain").get_by_role("link", name=re.compile(r"^(forum|library):"))
    return [name.strip() for name in shown.all_inner_texts()]


def found(hands: Hands, fate: str) -> list[str]:
    """The twenty that are nearest to the line of the rule, which differs by language, of those with this fate."""
    hands.click(hands.page.get_by_text("Filters", exact=True))
    hands.choose("Order", "nearest to the line of a rule")
    hands.choose("The rule", RULE, "too_short")
    hands.choose("Fate", fate)
    expect(hands.page.get_by_text("Filters: 3 in use")).to_be_visible()
    expect(hands.page.get_by_test_id("stStatusWidget")).to_have_count(0)
    until(lambda: len(links(hands.page)) == BAD, "twenty records", every=0.1)
    return links(hands.page)


def kept(page: Page) -> int:
    return int(page.get_by_test_id("stMetricValue").nth(2).inner_text().replace(",", ""))


def test_bad_records_are_gone_after_a_walk(large: Mill, page: Page) -> None:
    page.goto(f"{large.dashboard}/?lang=en")
    expect(page.get_by_role("heading", name="small", level=1)).to_be_visible()
    hands = Hands(page)
    hands.click(page.get_by_role("link", name="Records", exact=True))
    bad = found(hands, "kept")
    print(f"\n{hands.told('found')}")
    shoot(page, "walk-found")
    hands.click(page.get_by_role("link", name="Policy", exact=True))
    hands.click(page.get_by_role("button", name=RULE, exact=True))
    before = kept(page)
    hands.click(page.get_by_role("spinbutton").nth(1))  # of answers in English
    hands.press("Control+a")
    hands.write(LINE)
    hands.press("Enter")
    until(lambda: kept(page) <= before - BAD, "fewer survivors", every=0.05)
    print(hands.told("moved"))
    hands.click(page.get_by_role("textbox", name="A name for the changed policy"))
    hands.write("longer")
    hands.click(page.get_by_role("button", name="Save as a policy file"))
    hands.click(page.get_by_role("button", name="Run curate with it"))
    expect(page.get_by_text(re.compile(r"The run is done: the latest snapshot of small keeps \d+"))).to_be_visible()
    print(hands.told("saved and run"))
    hands.click(page.get_by_role("link", name="Records", exact=True))
    others = found(hands, "kept")
    print(hands.told("gone"))
    shoot(page, "walk-gone")
    answer = large.gristmill("sql", f"SELECT count(*) FROM verdicts WHERE NOT kept AND record_id IN {tuple(bad)}")
    assert str(BAD) in answer.stdout, bad
    assert not {*bad} & {*others}
    assert hands.clicks <= MOST_CLICKS


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mill]:
    """A running `gristmill up` over a data folder in which nothing is."""
    without_schedule = SMALL.partition("[schedule]")[0] + SMALL[SMALL.index("[[sources]]") :]
    with serving(tmp_path_factory.mktemp("empty"), without_schedule, {}) as mill:
        yield mill


def fill(hands: Hands, label: str, words: str) -> None:
    hands.click(hands.page.get_by_role("textbox", name=label, exact=True))
    hands.write(words)
    hands.press("Tab")


def train(hands: Hands) -> None:
    """From any page to a model."""
    page = hands.page
    hands.click(page.get_by_role("link", name="Models", exact=True))
    expect(page.get_by_text("These are few records")).to_be_visible()
    hands.click(page.get_by_role("spinbutton", name="Rounds through the records"))
    hands.write(ROUNDS)
    hands.press("Enter")
    expect(page).to_have_url(re.compile(f"epochs={ROUNDS}"))
    shoot(page, "walk-training")
    hands.click(page.get_by_role("button", name="Train a model"))
    expect(page.get_by_role("link", name="Chat with it, and with what it began with")).to_be_visible()


def vote(hands: Hands) -> None:
    """Questions until two answers can be told apart; a name; the vote."""
    page = hands.page
    hands.click(page.get_by_role("link", name="Chat with it, and with what it began with"))
    hands.click(page.get_by_role("button", name="Start the model"))
    better = page.get_by_role("button", name="is better", disabled=False)
    name = page.get_by_role("textbox", name="Your name, to vote")
    no_pair = page.get_by_text(re.compile("Both say the same|Both answers were cut off|These answers are no pair"))
    for question in QUESTIONS:
        hands.click(page.get_by_placeholder("Ask both"))
        hands.write(question)
        hands.press("Enter")
        expect(name.or_(no_pair).first).to_be_visible()
        if name.count():
            break
        hands.click(page.get_by_role("button", name="Begin anew"))
    print(hands.told("asked"))
    hands.click(name)
    hands.write("Ada")
    hands.press("Enter")
    shoot(page, "walk-chat")
    hands.click(better.first)
    expect(page.get_by_role("button", name="Take the vote back")).to_be_visible()


def test_a_help_centre_becomes_a_model_that_is_voted_on(empty: Mill, page: Page) -> None:
    """Its server is on loopback, which costs three clicks (a check that says so, and its cure); others cost none."""
    with help_centre() as site:
        page.goto(f"{empty.dashboard}/?lang=en")
        expect(page.get_by_role("link", name="Add a source here")).to_be_visible()
        hands = Hands(page)
        hands.click(page.get_by_role("link", name="Add a source here"))
        hands.click(page.get_by_text("a help centre", exact=True))
        fill(hands, "Where it is", site.url())
        fill(hands, "Its licence", "CC-BY-4.0")
        hands.click(page.get_by_role("button", name="Check it"))
        expect(page.get_by_text(f"list 127.0.0.1:{site.port} under allow_private")).to_be_visible()
        print(f"\n{hands.told('refused')}")
        hands.click(page.get_by_text("How it is asked", exact=True))
        fill(hands, "allow_private", f"127.0.0.1:{site.port}")
        hands.click(page.get_by_role("button", name="Check it"))
        expect(page.get_by_role("button", name="Write it and run it")).to_be_visible()
        print(hands.told("checked"))
        hands.click(page.get_by_role("button", name="Write it and run it"))
        done = page.get_by_text(re.compile(rf"The run is done: .* keeps {len(ARTICLES)} records"))
        expect(done).to_be_visible(timeout=1000 * FAR)
        print(hands.told("run"))
        hands.click(page.get_by_role("link", name="The records that it keeps"))
        expect(page.get_by_text(f"{len(ARTICLES)} records", exact=True)).to_be_visible()
        print(hands.told("seen"))
        shoot(page, "walk-help-centre")
    assert hands.clicks <= MOST_CLICKS_OF_A_SOURCE
    train(hands)
    print(hands.told("trained"))
    vote(hands)
    print(hands.told("voted"))
    shoot(page, "walk-voted")
    (said,) = map(json.loads, (empty.folder / "data" / "votes.jsonl").read_text().splitlines())
    assert said["who"] == "Ada" and said["messages"][0]["content"] in QUESTIONS
    assert hands.clicks <= MOST_CLICKS_TO_A_VOTE
