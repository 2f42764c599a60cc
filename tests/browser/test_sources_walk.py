"""A walk without a shell: from "we have a help centre" to the records that are kept; files are brought; the map."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from pipelines.recipe import load
from tests.browser.conftest import shoot
from tests.conftest import Mill
from tests.connectors.web.site import Site
from tests.help_centre import ARTICLES, help_centre
from tests.pipelines.catalog.test_meaning import SAID
from tests.pipelines.milling import go
from tests.pipelines.signals.static_model import write_multilingual
from tests.waiting import FAR, until

MEANT = """
name = "meant"
annotate.embedding = "multilingual"
[[sources]]
connector = "instructions"
name = "meant-pairs"
path = "{folder}/meant.jsonl"
licence = "CC0-1.0"
"""


@pytest.fixture
def site() -> Iterator[Site]:
    with help_centre() as served:
        yield served


def write(page: Page, label: str, words: str) -> None:
    field = page.get_by_role("textbox", name=label, exact=True)
    field.fill(words)
    field.press("Tab")


def test_a_help_centre_becomes_records(mill: Mill, page: Page, site: Site) -> None:
    page.set_viewport_size({"width": 1400, "height": 1800})
    page.goto(f"{mill.dashboard}/sources?lang=en&show=add&who=Ada&delay=0")
    page.get_by_text("a help centre", exact=True).click()
    write(page, "Where it is", site.url())
    write(page, "Its name", "kettles")
    write(page, "Its licence", "CC-BY-4.0")
    page.get_by_role("button", name="Check it").click()
    expect(page.get_by_text(f"list 127.0.0.1:{site.port} under allow_private")).to_be_visible()
    expect(page.get_by_role("button", name="Write it and run it")).to_have_count(0)
    shoot(page, "sources-refused")
    page.get_by_text("How it is asked", exact=True).click()
    write(page, "allow_private", f"127.0.0.1:{site.port}")
    page.get_by_role("button", name="Check it").click()
    page.get_by_role("button", name="Write it and run it").click()
    expect(page.get_by_text(re.compile(r"collect kettles: (running|done)"))).to_be_visible()
    shoot(page, "sources-running")
    done = f"The run is done: the latest snapshot of kettles keeps {len(ARTICLES)} records."
    expect(page.get_by_text(done)).to_be_visible(timeout=1000 * FAR)
    shoot(page, "sources-done")
    page.get_by_role("link", name="The records that it keeps").click()
    expect(page.get_by_text(f"{len(ARTICLES)} records", exact=True)).to_be_visible()
    expect(page.get_by_text("Fill the kettle to the upper mark").first).to_be_visible()
    assert load(mill.folder / "data" / "recipes" / "kettles.toml").source("kettles").licence == "CC-BY-4.0"


def test_files_are_brought_and_kept(mill: Mill, page: Page, tmp_path: Path) -> None:
    (tmp_path / "hose.md").write_text("# Rinse the hose\n\nRinse it twice with clear water before you hang it up.\n")
    page.goto(f"{mill.dashboard}/sources?lang=en&show=add&have=upload")
    page.locator("input[type=file]").set_input_files(tmp_path / "hose.md")
    page.get_by_role("button", name="Upload these 1 files").click()
    expect(page.get_by_role("textbox", name="Where it is")).to_have_value(str(mill.folder / "data/uploads/hose"))
    kept = mill.folder / "data" / "uploads" / "hose" / "hose.md"
    assert kept.read_text() == (tmp_path / "hose.md").read_text()
    shoot(page, "sources-brought")


def test_a_folder_is_brought_with_what_is_in_it(mill: Mill, page: Page, tmp_path: Path) -> None:
    for name in ("guide/one.md", "guide/parts/two.md", "guide/.git/config"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(f"# {name}\n\nRinse it twice with clear water before you hang it up.\n")
    page.goto(f"{mill.dashboard}/sources?lang=en&show=add&have=upload&bring=folder")
    page.locator("input[type=file]").set_input_files(tmp_path / "guide")
    page.get_by_role("button", name=re.compile("^Upload these . files")).click()
    expect(page.get_by_text(re.compile("2 files lie in"))).to_be_visible()
    home = mill.folder / "data" / "uploads" / "guide"
    assert sorted(str(path.relative_to(home)) for path in home.rglob("*.md")) == ["one.md", "parts/two.md"]
    assert not list(home.rglob("config"))


def test_an_area_of_the_map_leads_to_its_records(mill: Mill, page: Page) -> None:
    (mill.folder / "meant.toml").write_text(MEANT.format(folder=mill.folder))
    pairs = [json.dumps({"instruction": "how", "output": said}) for said in SAID.values()]
    (mill.folder / "meant.jsonl").write_text("\n".join(pairs))
    write_multilingual(mill.folder / "data")
    go(load(mill.folder / "meant.toml"), mill.folder / "data")
    page.goto(f"{mill.dashboard}/map?lang=en&recipe=meant")
    chart = page.get_by_test_id("stVegaLiteChart").locator("canvas, svg").first
    expect(chart).to_be_visible()

    def dragged() -> bool:
        """A chart that is drawn anew under the mouse takes no notice of it."""
        place = chart.bounding_box()
        assert place
        page.mouse.move(place["x"] + 60, place["y"] + 40)
        page.mouse.down()
        page.mouse.move(place["x"] + place["width"] - 60, place["y"] + 420, steps=8)
        page.mouse.up()
        page.wait_for_load_state("networkidle")
        return "area=" in page.url

    until(dragged, "an area in the address", every=1)
    # the area grows while the mouse moves, and the link is that of a former one for a moment: open it as a reader would
    page.goto(page.url)
    link = page.get_by_role("link", name=re.compile(r"^All \d+ records in it$"))
    expect(link).to_be_visible()
    number = re.findall(r"\d+", link.inner_text())[0]
    shoot(page, "map-area")
    link.click()
    expect(page.get_by_text("Only records in an area of the map")).to_be_visible()
    expect(page.get_by_text(f"{number} records", exact=True)).to_be_visible()
