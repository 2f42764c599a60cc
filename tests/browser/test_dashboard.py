"""The dashboard in a browser: each page in both languages, both themes, wide and narrow; and review by keys."""

import json
import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import shoot
from tests.conftest import Mill
from tests.waiting import until

RECORD = "forum:q1%23a101"
TITLES = {
    "overview": ("small", "small"),
    "sources": ("Sources", "数据源"),
    "records": ("Records", "记录"),
    "record": ("One record", "单条记录"),
    "policy": ("Policy", "策略"),
    "map": ("Map", "地图"),
    "duplicates": ("Duplicates", "重复"),
    "contamination": ("Contamination", "污染"),
    "snapshots": ("Snapshots", "快照"),
    "models": ("Models", "模型"),
    "sql": ("Questions in SQL", "用 SQL 查询"),
}
LOOKS = {"wide": (1400, 900, "light", "en"), "narrow": (390, 844, "dark", "zh")}


pytestmark = pytest.mark.usefixtures("curated")


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("name", TITLES)
def test_each_page_fits_and_speaks_the_language(name: str, look: str, mill: Mill, page: Page) -> None:
    width, height, theme, language = LOOKS[look]
    page.set_viewport_size({"width": width, "height": height})
    page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
    page.goto(f"{mill.dashboard}/{name}?lang={language}&id={RECORD}")
    title = TITLES[name][language == "zh"]
    expect(page.get_by_role("heading", name=title, exact=True, level=1)).to_be_visible()
    expect(page.get_by_test_id("stSkeleton")).to_have_count(0)
    expect(page.get_by_test_id("stException")).to_have_count(0)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    shoot(page, f"{name}-{look}")


@pytest.mark.parametrize("moved", ["moves", "is drawn anew"])
def test_a_press_counts_where_it_began(moved: str, mill: Mill, page: Page) -> None:
    """Between press and release a page may move its buttons, or put new ones in their place."""
    page.set_viewport_size({"width": 1400, "height": 900})
    page.goto(f"{mill.dashboard}/records?lang=en&view=review&who=Ada")
    button = page.locator(".st-key-note button")
    expect(button).to_be_visible()
    expect(page.locator('[data-testid="stApp"][data-test-script-state="notRunning"]')).to_be_visible()
    button.hover()
    page.mouse.down()
    button.evaluate(
        "(part) => { part.style.position = 'relative'; part.style.top = '300px' }"
        if moved == "moves"
        else "(part) => { const other = part.cloneNode(true); window.pressed = 0; other.style.marginTop = '300px';"
        " other.onclick = () => { window.pressed++ }; part.replaceWith(other) }"
    )
    page.mouse.up()
    if moved == "moves":
        expect(page.get_by_role("textbox", name="Note")).to_be_visible()
        page.get_by_role("button", name="Cancel").click()
    else:
        assert page.evaluate("window.pressed") == 1


def save(page: Page) -> None:
    """Click until the form is gone: a page that is drawn anew between the place and the click takes no notice of it."""
    button = page.get_by_role("button", name="Save")
    expect(button).to_be_visible()

    def saved() -> bool:
        if button.is_visible():
            button.click()
        return button.is_hidden()

    until(saved, "the form to be gone", every=3)


def test_records_are_reviewed_by_keys(mill: Mill, page: Page) -> None:
    page.set_viewport_size({"width": 1400, "height": 900})
    page.goto(f"{mill.dashboard}/records?lang=en&view=review&who=Ada")

    def at(place: str) -> None:
        expect(page.get_by_text(re.compile(rf"^{place} of \d+$"))).to_be_visible()

    for place, key in (("1", "j"), ("2", "k"), ("1", "a"), ("2", "r")):
        at(place)
        page.keyboard.press(key)
    at("3")
    page.keyboard.press("n")
    page.get_by_role("textbox", name="Note").fill("are such answers rare?")  # a and r are letters here
    save(page)
    expect(page.get_by_text("are such answers rare?")).to_be_visible()
    page.keyboard.press("e")
    page.get_by_role("textbox", name="Answer").fill("A better answer.")
    save(page)
    at("4")
    page.keyboard.press("k")
    at("3")
    page.keyboard.press("u")
    expect(page.get_by_text("taken back")).to_be_visible()
    said = [json.loads(line) for line in (mill.folder / "data" / "decisions.jsonl").read_text().splitlines()]
    assert [row["decision"] for row in said] == ["accept", "reject", "note", "edit", "undo"]
    assert {row["who"] for row in said} == {"Ada"}
    (mill.folder / "data" / "decisions.jsonl").unlink()


def test_a_rule_on_the_overview_leads_to_its_records(mill: Mill, page: Page) -> None:
    page.goto(f"{mill.dashboard}/?lang=en")
    page.get_by_role("link", name=re.compile(r"^forum: \d+ of 40 kept$")).click()
    expect(page.get_by_role("heading", name="Records", exact=True)).to_be_visible()
    expect(page.get_by_text("40 records")).to_be_visible()
    assert "source=forum" in page.url
