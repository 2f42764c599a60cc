"""A crawl killed with -9 again and again: by the server's own log it asks for nothing twice and never too soon, and
what it brings home is what an undisturbed one brings."""

import itertools
import os
import random
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from pipelines.storage import pages
from tests.conftest import GRISTMILL, environment
from tests.connectors.web.site import RESERVATIONS, ROBOTS, Arrival, Site, Tagged, answer, redirect

PAGES, KILLS, DELAY = 60, 10, 0.15
TEXT = "Grinding turns grain into flour; it needs a clean stone, some patience and a steady hand."


@dataclass(frozen=True)
class Crawl:
    """`gristmill stage collect` over a recipe for one site, into a data folder of its own."""

    folder: Path
    name: str

    def start(self) -> subprocess.Popen[bytes]:
        words = ("stage", "collect", "site.toml", "--data", self.name)
        return subprocess.Popen(
            [*GRISTMILL, *words], cwd=self.folder, env=environment(self.folder), start_new_session=True
        )

    def finish(self) -> None:
        assert self.start().wait() == 0

    def standing(self) -> dict[str, bytes]:
        """The hash of each page that stands, by key."""
        latest = pages.load_latest_content(self.folder / self.name, "site")
        return dict(latest._db.execute("SELECT key, hash FROM content").fetchall())

    def batches(self) -> list[list[str]]:
        """The keys of each batch."""
        found = sorted((self.folder / self.name / "1_pages" / "site").glob("[0-9]*"))
        return [pq.read_table(batch, columns=["key"])["key"].to_pylist() for batch in map(shards, found)]


def shards(batch: Path) -> Path:
    (only,) = batch.glob("pages-*.parquet")
    return only


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """An index, sixty pages that lead from one to the next, one of them moved, one gone."""
    with Site() as served:
        numbered = {f"/page/{number}": page(number) for number in range(PAGES)}
        index = "".join(f'<a href="{path}">{path}</a> ' for path in numbered)
        served.pages = {"/": Tagged(f"<title>Index</title><main><p>{TEXT}</p>{index}</main>".encode()), **numbered}
        served.pages |= {"/page/7": redirect("/page/8", 301), "/page/9": answer(404)}
        served.pages[ROBOTS] = answer(200, f"User-agent: *\nCrawl-delay: {DELAY}")
        (tmp_path / "site.toml").write_text(
            f'name = "site"\n[web]\ndelay = 0.05\nallow_private = ["127.0.0.1"]\n'
            f'[[sources]]\nconnector = "website"\nname = "site"\nstart = "{served.url()}"\nlicence = "CC0-1.0"\n'
        )
        yield served


def page(number: int, more: str = "") -> Tagged:
    following = f'<a href="/page/{(number + 1) % PAGES}">next</a>'
    return Tagged(
        f"<title>Page {number}</title><main><h1>Page {number}</h1><p>{TEXT}{more}</p>{following}</main>".encode()
    )


def kill(crawl: Crawl, site: Site, chance: random.Random) -> Arrival:
    """Let the crawl ask at least once, kill it at a random moment; what it asked for last."""
    before = len(site.log)
    process = crawl.start()
    while len(site.log) == before and process.poll() is None:
        time.sleep(0.005)
    time.sleep(chance.uniform(0, 0.7))
    assert process.poll() is None, "it was done before it could be killed"
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    return site.log[-1]


@pytest.mark.timeout(6 * 3600)
def test_killed_ten_times(site: Site, tmp_path: Path) -> None:
    calm, killed = Crawl(tmp_path, "calm"), Crawl(tmp_path, "killed")
    calm.finish()
    site.log.clear()
    chance = random.Random(3)
    in_flight = [kill(killed, site, chance).path for _ in range(KILLS)]
    killed.finish()
    paths = [arrival.path for arrival in site.log]
    twice = {path for path in paths if paths.count(path) > 1}
    print(f"\n{KILLS} kills, {len(paths)} requests, {len(set(paths))} addresses, asked for twice: {sorted(twice)}")
    assert twice <= set(in_flight), "only what was being answered at a kill is asked for again"
    assert all(later.began - earlier.answered >= DELAY for earlier, later in itertools.pairwise(ordered(site)[1:]))
    assert killed.standing() == calm.standing()
    assert len(killed.standing()) == PAGES - 1 + 1  # all but the moved one, and the index

    site.log.clear()
    site.pages |= {f"/page/{number}": page(number, " And more.") for number in (3, 30, 59)}
    killed.finish()
    assert sorted(killed.batches()[1]) == ["page/3", "page/30", "page/59"]
    asked = [arrival for arrival in site.log if arrival.path not in (ROBOTS, RESERVATIONS, "/llms.txt")]
    assert len({arrival.path for arrival in asked}) == len(asked) == PAGES + 1
    unconditional = [arrival.path for arrival in asked if "if-none-match" not in arrival.headers]
    assert unconditional == ["/page/7", "/page/9"], "what moved or went has nothing to be compared with"


def ordered(site: Site) -> list[Arrival]:
    return sorted(site.log, key=lambda arrival: arrival.began)
