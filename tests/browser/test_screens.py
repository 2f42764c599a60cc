"""What a user sees of Prefect in a browser, under one `gristmill up`."""

import re

from playwright.sync_api import Page, expect

from pipelines.flows.definitions import FLOWS
from tests.browser.conftest import ask, shoot
from tests.conftest import Mill


def test_deployments_are_ready_and_scheduled(mill: Mill, page: Page) -> None:
    page.goto(f"{mill.ui}/v2/deployments")
    expect(page.get_by_text(f"{len(FLOWS)} Deployments")).to_be_visible()
    # Prefect's page writes the schedule out, or counts it where it finds too little room as it is drawn
    expect(page.get_by_text(re.compile("At 04:00 AM|1 schedules"))).to_be_visible()
    shoot(page, "deployments")


def test_a_run_started_from_the_form_shows_its_funnel(mill: Mill, page: Page, run_page: str) -> None:
    page.goto(run_page)
    expect(page.get_by_text("Completed").first).to_be_visible()
    shoot(page, "run")
    page.get_by_role("tab", name="Artifacts").click()
    expect(page.get_by_text("funnel-small").first).to_be_visible()
    shoot(page, "artifacts")
    # by its id: on a busy machine a click on the card led past the page that lists the artifact's versions
    wanted = {"flow_run_id": {"any_": [run_page.rsplit("/", 1)[1]]}, "key": {"any_": ["funnel-small"]}}
    (artifact,) = ask(f"{mill.api}/artifacts/filter", {"artifacts": wanted})
    page.goto(f"{mill.ui}/v2/artifacts/artifact/{artifact['id']}")
    expect(page.get_by_text("normalise").first).to_be_visible()
    shoot(page, "funnel")


def test_the_servers_policy_keeps_pages_from_other_hosts_alone(
    mill: Mill, page: Page, run_page: str, refusals: list[str]
) -> None:
    """Prefect's graph is drawn by shaders; the dashboard's key for rejecting is a module that is made in the page."""
    page.goto(run_page)
    expect(page.locator("canvas").first).to_be_visible()
    page.goto(f"{mill.dashboard}/?lang=en")
    expect(page.get_by_test_id("stVegaLiteChart").locator("canvas, svg").first).to_be_visible()
    page.goto(f"{mill.dashboard}/records?lang=en&view=review")
    page.get_by_role("button", name="Reject").wait_for()
    page.keyboard.press("r")
    expect(page.get_by_text("Say who you are first")).to_be_visible()
    print(*refusals, sep="\n")
    # Prefect asks for settings, Streamlit for the icon of a tab, and has a script in its page for search engines
    expected = ("amplitude.com", "fonts.gstatic.com", "Executing inline script")
    assert not [said for said in refusals if not any(each in said for each in expected)]
