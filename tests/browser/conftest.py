"""A browser, and a run that was started in it: what the tests of Prefect's pages and of the dashboard share."""

import json
import os
import shutil
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from pipelines.recipe import load
from tests.conftest import Mill
from tests.pipelines.milling import go
from tests.waiting import FAR, until

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
STAGES = "collect,normalise,annotate,dedupe,curate"
SCREENSHOTS = os.environ.get("GRISTMILL_SCREENSHOTS", "")  # a folder, to look at them


@pytest.fixture(scope="session")
def refusals() -> list[str]:
    """What browsers have said of things that the servers' policy kept a page from."""
    return []


@contextmanager
def chromium_page(**options: Any) -> Iterator[Page]:
    """A page of a browser of its own; the test is skipped where there is no Chromium."""
    chromium = shutil.which("chromium")
    if not chromium:
        pytest.skip("no chromium here; apt-get install chromium")
    with sync_playwright() as player:
        browser = player.chromium.launch(executable_path=chromium, args=FLAGS)
        page = browser.new_page(viewport={"width": 1300, "height": 1000}, **options)
        page.set_default_timeout(1000 * FAR)
        yield page
        browser.close()


@pytest.fixture(scope="module")  # no longer: Playwright runs once in a thread, and connectors render pages with it
def page(refusals: list[str]) -> Iterator[Page]:
    expect.set_options(timeout=1000 * FAR)
    with chromium_page() as page:
        page.on("console", lambda said: refusals.append(said.text) if "Content Security Policy" in said.text else None)
        yield page


def shoot(page: Page, name: str) -> None:
    if SCREENSHOTS:
        page.wait_for_timeout(1_500)
        page.screenshot(path=Path(SCREENSHOTS) / f"{name}.png", full_page=True)


def ask(url: str, body: dict[str, Any] | None = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=FAR) as answer:
        return json.load(answer)


def submit(page: Page, started: Callable[[], list[dict[str, Any]]]) -> None:
    """A form that Prefect draws anew under a click takes no notice of it: click again until there is a run."""
    button = page.get_by_role("button", name="Submit")

    def clicked() -> list[dict[str, Any]]:
        if not started() and button.is_visible():
            button.click()
        return started()

    until(clicked, "a run", every=3)


@pytest.fixture(scope="module")
def curated(mill: Mill) -> Path:
    """The data folder of the mill with a snapshot of its recipe, made here: a command takes longer to begin."""
    go(load(mill.folder / "small.toml"), mill.folder / "data")
    return mill.folder / "data"


@pytest.fixture(scope="module")
def run_page(mill: Mill, page: Page) -> str:
    """The page of a run that was started from the form, once it has ended."""
    deployment = ask(f"{mill.api}/deployments/name/mill/small:%20whole%20road")
    page.goto(f"{mill.ui}/v2/deployments/deployment/{deployment['id']}/run")
    expect(page.get_by_text("Which stages to run")).to_be_visible()
    expect(page.get_by_text("Processes of the stages that compute")).to_be_visible()
    page.get_by_role("button", name="finetune").or_(page.get_by_text("finetune", exact=True)).first.wait_for()
    shoot(page, "form")
    page.get_by_text("finetune", exact=True).first.locator("..").locator("button, svg").last.click()
    created = {"deployments": {"id": {"any_": [deployment["id"]]}}, "sort": "EXPECTED_START_TIME_ASC"}

    def started() -> list[dict[str, Any]]:
        return [run for run in ask(f"{mill.api}/flow_runs/filter", created) if not run["auto_scheduled"]]

    def ended() -> dict[str, Any]:
        last = started()[-1]
        return last if last["state_type"] in ("COMPLETED", "FAILED", "CRASHED") else {}

    submit(page, started)
    run = until(ended, "the end of the run", every=0.25)
    assert run["state_type"] == "COMPLETED"
    assert "finetune" not in run["parameters"]["stages"]
    return f"{mill.ui}/v2/runs/flow-run/{run['id']}"
