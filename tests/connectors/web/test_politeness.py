"""One request per host at a time, never sooner than asked, also after a restart."""

import itertools
import sqlite3
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from connectors.base import WebError
from tests.connectors.web.conftest import QUICK, Browse
from tests.connectors.web.site import Site, Slow, answer
from tests.waiting import FAR

OK = answer(200, "fine")
CRAWL = """
import sys
from pathlib import Path
from urllib.parse import urlsplit
from connectors.web import open_web
store, source, delay, *urls = sys.argv[1:]
with open_web(Path(store), source=source, delay=float(delay), allow_private=("127.0.0.1",)) as web:
    for url in urls:
        web.get(url)
"""


def crawl(folder: Path, source: str, delay: float, urls: list[str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", CRAWL, str(folder / "web.sqlite"), source, str(delay), *urls])


def gaps(site: Site) -> list[float]:
    """Seconds from one answer to the next request, at the least; below zero where two were in flight."""
    log = sorted(site.log, key=lambda arrival: arrival.began)
    return [later.began - earlier.answered for earlier, later in itertools.pairwise(log)]


def test_the_delay_is_kept(site: Site, browse: Browse) -> None:
    site.pages = {f"/{n}": OK for n in range(3)}
    with browse(delay=0.2) as web:
        for path in site.pages:
            web.get(site.url(path))
    assert len(site.log) == 5 and min(gaps(site)) >= 0.2


def test_crawl_delay_is_kept(site: Site, browse: Browse) -> None:
    site.pages = {"/robots.txt": answer(200, "User-agent: *\nCrawl-delay: 0.3"), "/a": OK, "/b": OK}
    with browse() as web:
        web.get(site.url("/a"))
        web.get(site.url("/b"))
    assert len(site.log) == 4 and min(gaps(site)) >= 0.3


def test_a_slow_site_is_asked_less_often(site: Site, browse: Browse) -> None:
    site.pages = {"/slow": Slow(0.2, OK), "/b": OK}
    with browse(delay=0.01) as web:
        web.get(site.url("/slow"))
        web.get(site.url("/b"))
    assert gaps(site)[-1] >= 0.4  # twice as long as it took, in these tests


@pytest.mark.parametrize("processes", [2])
def test_one_request_in_flight_across_processes(site: Site, tmp_path: Path, processes: int) -> None:
    site.pages = {f"/{p}/{n}": Slow(0.05, OK) for p in range(processes) for n in range(3)}
    started = [
        crawl(tmp_path, f"s{p}", 0.1, [site.url(f"/{p}/{n}") for n in range(3)]) for p in range(processes)
    ]  # fmt: skip
    assert [process.wait(FAR) for process in started] == [0] * processes
    assert len(site.paths()) == 3 * processes
    assert min(gaps(site)) >= 0.1


def test_retry_after(site: Site, browse: Browse) -> None:
    site.pages["/a"] = [answer(503, retry_after="1"), OK]
    with browse() as web:
        assert web.get(site.url("/a")).status == 200
    assert gaps(site)[-1] >= 1


@pytest.mark.parametrize("stated", ["0", "-5", "soon", "1e3", "Wed, 01 Jan 1997 00:00:00 GMT"])
def test_a_retry_after_that_asks_for_nothing(site: Site, browse: Browse, stated: str) -> None:
    """Waited for, any of them would be longer than this run waits."""
    site.pages["/a"] = [answer(503, retry_after=stated), OK]
    with browse(limits=replace(QUICK, longest_wait=0.5, adaptive=0)) as web:
        assert web.get(site.url("/a")).status == 200


def test_retry_after_outlives_the_run(site: Site, browse: Browse) -> None:
    """A host that wants more time than a run waits is left alone, now and by the next run."""
    site.pages = {"/a": [answer(429, retry_after="2"), OK], "/b": OK}
    hasty = replace(QUICK, longest_wait=0.5, adaptive=0)
    for path in ("/a", "/b", "/a"):
        with pytest.raises(WebError, match="host_paused"), browse(limits=hasty) as web:
            web.get(site.url(path))
    assert site.paths() == ["/a"]
    with browse() as web:
        assert web.get(site.url("/a")).body == b"fine"
    assert gaps(site)[-1] >= 2


@pytest.mark.parametrize("status", [400, 403, 429, 503])
def test_a_refusal_is_read_for_how_long_it_lasts(site: Site, browse: Browse, status: int) -> None:
    """Stack Exchange writes it into a 400, GitHub that there is a limit into a 403; 16 KiB of it are read."""
    words = "too many requests from this IP, more requests available in 1 seconds".ljust(100_000)
    site.pages["/a"] = [answer(status, words), OK]
    with browse() as web:
        assert web.get(site.url("/a")).status == 200
    assert gaps(site)[-1] >= 1


@pytest.mark.parametrize(("status", "reason"), [(400, "http_400"), (403, "http_403")])
def test_a_refusal_without_such_words_is_not_asked_again(site: Site, browse: Browse, status: int, reason: str) -> None:
    site.pages["/a"] = answer(status, "Log in.", content_encoding="gzip")  # which it is not
    with browse() as web, pytest.raises(WebError, match=reason):
        web.get(site.url("/a"))
    assert site.paths() == ["/a"] and web.missed is (status == 403)


@pytest.mark.parametrize("answered", [True, False])
def test_a_crawl_that_met_a_limit_goes_on_another_day(site: Site, browse: Browse, answered: bool) -> None:
    """One of a host that has never answered ends: it would be open for ever, and its source never asked anew."""
    site.pages = {"/a": OK if answered else answer(404), "/b": [answer(403, retry_after="3600"), OK]}
    hasty = replace(QUICK, longest_wait=0.5, adaptive=0)
    for _ in range(2):
        with browse(limits=hasty) as web:
            if answered:
                assert web.get(site.url("/a")).status == 200
            with pytest.raises(WebError, match="host_paused"):
                web.get(site.url("/b"))
        assert web.paused is answered and web.missed
    assert site.paths() == (["/a"] if answered else []) + ["/b"]
    with sqlite3.connect(web.store.path) as later:
        later.execute("DELETE FROM hosts")
    with browse() as web:
        assert web.get(site.url("/b")).status == 200
    assert not web.paused


def test_an_absurd_retry_after_is_capped(site: Site, browse: Browse) -> None:
    site.pages["/a"] = [answer(503, retry_after="9" * 40), OK]
    with browse(limits=replace(QUICK, retry_after_cap=0.3)) as web:
        assert web.get(site.url("/a")).status == 200


def test_five_failures_in_a_row_pause_a_host(site: Site, browse: Browse) -> None:
    site.pages = {f"/{n}": answer(500) for n in range(9)}
    reasons = []
    with browse(limits=replace(QUICK, retries=0)) as web:
        for number in range(9):
            with pytest.raises(WebError) as error:
                web.get(site.url(f"/{number}"))
            reasons.append(error.value.reason)
    assert reasons == ["http_500"] * 5 + ["host_paused"] * 4
    assert len(site.paths()) == 5


def test_an_answer_ends_the_count_of_failures(site: Site, browse: Browse) -> None:
    site.pages = {f"/{n}": OK if n % 4 == 3 else answer(500) for n in range(12)}
    with browse(limits=replace(QUICK, retries=0)) as web:
        for number in range(12):
            if number % 4 == 3:
                assert web.get(site.url(f"/{number}")).status == 200
                continue
            with pytest.raises(WebError, match="http_500"):
                web.get(site.url(f"/{number}"))


def test_killed_again_and_again_nothing_is_fetched_twice(site: Site, tmp_path: Path) -> None:
    """kill -9 anywhere, run again: each URL is asked for once, missing and dead ones too, and never too soon."""
    names = [f"/{n}" for n in range(40)]
    site.pages = {name: OK for name in names} | {"/3": answer(404), "/9": answer(302, location="/0")}
    urls = [site.url(name) for name in names]
    in_flight = set()
    for seen in (4, 20):
        process = crawl(tmp_path, "s", 0.02, urls)
        while len(site.log) < seen and process.poll() is None:
            time.sleep(0.002)
        process.kill()
        process.wait()
        in_flight.add(site.log[-1].path)
    assert crawl(tmp_path, "s", 0.02, urls).wait(FAR) == 0
    asked = site.paths()
    assert set(asked) == {urlsplit(url).path for url in urls}
    assert {path for path in asked if asked.count(path) > 1} <= in_flight, (
        "only an answer never read is asked for again"
    )
    assert min(gaps(site)) >= 0.02
