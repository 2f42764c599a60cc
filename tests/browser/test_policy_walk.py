"""A walk without a shell: a rule is chosen, its line moved, the policy saved and run, and the new snapshot obeys."""

import json
from pathlib import Path

from playwright.sync_api import Page, expect

from pipelines import storage
from pipelines.curate import bounds, policy
from tests.browser.conftest import shoot
from tests.conftest import Mill
from tests.waiting import FAR, until

RULE = "output_too_short"


def kept(page: Page) -> int:
    return int(page.get_by_test_id("stMetricValue").nth(2).inner_text().replace(",", ""))


def test_a_line_is_moved_saved_and_run(curated: Path, mill: Mill, page: Page) -> None:
    page.goto(f"{mill.dashboard}/policy?lang=en&who=Ada")
    expect(page.get_by_test_id("stMetricValue").nth(2)).to_be_visible()
    before = kept(page)
    chosen = page.get_by_role("button", name=RULE, exact=True)
    page.get_by_text("rules drop nothing").click()
    chosen.first.click()
    page.get_by_role("spinbutton").nth(1).fill("39")
    page.get_by_role("spinbutton").nth(1).press("Enter")
    until(lambda: kept(page) < before, "fewer survivors", every=0.25)
    expect(page.get_by_role("slider").nth(1)).to_have_value("39")
    page.get_by_role("slider").nth(1).press("ArrowRight")
    expect(page.get_by_role("spinbutton").nth(1)).to_have_value("40")
    until(lambda: f"line.{RULE}.1=40" in page.url, "the line in the address", every=0.25)
    shoot(page, "policy")
    page.get_by_role("textbox", name="A name for the changed policy").fill("mine")
    page.get_by_role("button", name="Save as a policy file").click()
    page.get_by_role("button", name="Run curate with it").click()
    after = kept(page)
    assert after < before
    expect(page.get_by_text(f"the latest snapshot of small keeps {after} records")).to_be_visible(timeout=1000 * FAR)
    shoot(page, "policy-run")
    check(curated, after)


def check(data: Path, after: int) -> None:
    """The file holds the line, and the latest snapshot was made by it."""
    saved = policy.load(data / "policies" / "mine.toml")
    rule = next(rule for rule in saved.rules if rule.name == RULE)
    assert (data / "policies" / "mine.toml").read_text().splitlines()[1] == 'extends = "default"'
    assert bounds.find(rule.drop_if)[1].number == 40
    made = storage.read_manifest(storage.latest(data / "5_curated" / "small"))
    assert made
    told = json.loads(saved.model_dump_json())
    assert told["mixture"].pop("like") is None
    assert made.params["policy"] == told
    assert made.counts["kept"] == after
