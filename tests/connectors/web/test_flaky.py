"""A site where much goes wrong: every good page once, every bad one a dead letter with its cause."""

import itertools
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

from connectors.web import open_web
from connectors.website import Website
from schemas.document import Reject
from schemas.page import Page
from tests.connectors.web.conftest import QUICK
from tests.connectors.web.flaky import DELAY, TEXT, Plan, flaky
from tests.connectors.web.site import Site

LIMITS = replace(QUICK, idle=6, total=8, floor_after=7, retries=1)  # long for a good answer, short for what never ends


def crawl(plan: Plan, store: Path, budget: int) -> tuple[list[Page], dict[str, str], dict[str, str]]:
    """(pages, rejects by path, dead letters by path) of one crawl of the whole site."""
    source = Website(name="flaky", start=plan.site.url("/"))
    with open_web(
        store, source="flaky", delay=DELAY, allow_private=("127.0.0.1",), pages_per_host=budget, limits=LIMITS
    ) as web:
        found = list(source.fetch(web, None))
        letters = web.store.db.execute("SELECT url, reason FROM dead_letters").fetchall()
    rejects = {urlsplit(item.key).path: item.reason for item in found if isinstance(item, Reject)}
    pages = [item for item in found if isinstance(item, Page)]
    return pages, rejects, {urlsplit(url).path: reason for url, reason in letters}


def judge(plan: Plan, pages: list[Page], rejects: dict[str, str]) -> None:
    """Every good page once and with its words, every bad one rejected for its cause."""
    source = Website(name="flaky", start=plan.site.url("/"))
    keys = [page.key for page in pages]
    assert len(set(keys)) == len(keys)
    good = {f"/{page.key}": page for page in pages if page.key.startswith("good/")}
    assert good.keys() == plan.good.keys()
    for page in good.values():
        (article,) = source.parse(page)
        assert not isinstance(article, Reject) and TEXT in article.sections[0].markdown
    assert {path: reason for path, reason in rejects.items() if path in plan.bad} == plan.bad


def judge_manners(plan: Plan) -> None:
    """By the server's own log: nothing asked for more often than it had to be, one at a time, never too soon."""
    paths = plan.site.paths()
    assert {path: paths.count(path) for path in plan.good} == plan.good
    assert not any(path.startswith("/private") for path in paths)
    log = sorted(plan.site.log, key=lambda arrival: arrival.began)
    assert all(later.began - earlier.answered >= DELAY for earlier, later in itertools.pairwise(log))


def test_a_flaky_site(site: Site, tmp_path: Path) -> None:
    plan = flaky(site, seed=4, count=24, waits=1)
    pages, rejects, letters = crawl(plan, tmp_path / "web.sqlite", budget=60)
    judge(plan, pages, rejects)
    judge_manners(plan)
    # a redirect's hops are visited well: what is wrong is where they lead, and that is said in the reject
    assert letters and letters.items() <= plan.bad.items()
    calendar = [page for page in pages if page.key.startswith("calendar/")]
    assert calendar and rejects[f"/calendar/{len(calendar) + 1}"] == "host_budget", "a trap ends with the budget"
