"""Pictures of the dashboard for README: `python -m tests.browser.pictures DATA RECORD_ID OUT` after `gristmill demo`.

Every page of the dashboard over the data folder, as small JPEG files named after the pages.
"""

import os
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlencode

from playwright.sync_api import Page, sync_playwright

from pipelines.flows import ports, server

SIZE = {"width": 1200, "height": 780}
QUALITY = 60
BUSY = ", ".join(f"[data-testid={one}]" for one in ("stSkeleton", "stStatusWidget", "stSpinner"))
READY_SECONDS = 60.0
DRAWN = 4_000  # milliseconds that charts take after the page
HELP_CENTRE = {"place": "https://support.kettle.example", "called": "kettles", "licence": "CC-BY-4.0"}


def views(record_id: str) -> dict[str, dict[str, str]]:
    """What each page shows, by its name."""
    return {
        "overview": {},
        "records": {"view": "review", "fate": "dropped", "who": "Ada"},
        "record": {"id": record_id, "who": "Ada"},
        "policy": {"rule": "output_many_links"},
        "sources": {"show": "add", "have": "help-centre"} | HELP_CENTRE,
        "models": {},
    }


def take(page: Page, address: str, file: Path) -> None:
    """One picture, once the page has stopped changing."""
    for _ in range(2):  # what is measured once for all is there the second time
        page.goto(address)
        page.get_by_test_id("stMain").get_by_role("heading", level=1).wait_for()
        page.wait_for_load_state("networkidle")
        page.wait_for_timeout(DRAWN)
        page.wait_for_function(f"!document.querySelector('{BUSY}')")
    page.screenshot(path=file, type="jpeg", quality=QUALITY, animations="disabled")


def main(data: str, record_id: str, out: str) -> None:
    """Start the dashboard, take the pictures, stop it."""
    port = ports.free_port(0)
    dashboard = subprocess.Popen(
        [sys.executable, "-m", "pipelines.flows.local_servers", "dashboard", str(port)],
        env=os.environ | {"GRISTMILL_DATA": data},
    )
    home, until = f"http://{ports.LOOPBACK}:{port}", time.monotonic() + READY_SECONDS
    try:
        while not server.is_up(f"{home}/_stcore/health") and time.monotonic() < until:
            time.sleep(0.2)
        with sync_playwright() as player:
            browser = player.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
            page = browser.new_page(viewport=SIZE)  # type: ignore[arg-type]
            for name, query in views(record_id).items():
                place = "" if name == "overview" else name
                take(page, f"{home}/{place}?{urlencode({'lang': 'en'} | query)}", Path(out) / f"{name}.jpg")
            browser.close()
    finally:
        dashboard.terminate()
        dashboard.wait()


if __name__ == "__main__":
    main(*sys.argv[1:])
