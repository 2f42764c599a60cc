"""What each status of robots.txt means, at its bounds, and how long each answer of a site is kept."""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from connectors.base import WebError
from connectors.web import LIMITS, permission
from connectors.web.fetcher import Outcome
from connectors.web.permission import RESERVATIONS, ROBOTS, Permission
from connectors.web.store import SiteFile, Store
from connectors.web.transport import HTTPResponse
from tests.connectors.recorded import START, FakeClock

SITE, PAGE = "https://x.org", "https://x.org/page"
FORBID = b"User-agent: *\nDisallow: /page\n"


@dataclass
class FakeRateLimiter:
    """Notes for how long no host may be asked."""

    extended: list[tuple[str, float]] = field(default_factory=list)

    def extend_delay(self, host: str, seconds: float) -> None:
        self.extended.append((host, seconds))


@dataclass
class FakeFetcher:
    """A fetcher with prepared responses by address; every other address is missing."""

    responses: dict[str, Any]
    asked: list[tuple[str, float, int]] = field(default_factory=list)
    rate_limiter: FakeRateLimiter = field(default_factory=FakeRateLimiter)

    def fetch(self, url: str, headers: dict[str, str], crawl_delay: float = 0, max_bytes: int = 0) -> Outcome:
        self.asked.append((url, crawl_delay, max_bytes))
        told = self.responses.get(url, 404)
        if isinstance(told, Outcome):
            return told
        status, body, headers = told if isinstance(told, tuple) else (told, b"", {})
        return Outcome(HTTPResponse(status, headers, body))


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "web.sqlite")


def asking(
    store: Store, responses: dict[str, Any], clock: FakeClock | None = None, **limits: Any
) -> tuple[Permission, FakeFetcher]:
    fetcher = FakeFetcher({f"{SITE}{path}" if path.startswith("/") else path: told for path, told in responses.items()})
    return Permission(store, replace(LIMITS, **limits), fetcher, clock or FakeClock()), fetcher  # type: ignore[arg-type]


def verdict(store: Store, robots: Any, **limits: Any) -> str:
    try:
        return asking(store, {ROBOTS: robots}, **limits)[0].check(PAGE)
    except WebError as error:
        return f"{error.reason}: {error.detail}"


NO_RULE = "no rule for 'gristmill' matches"
FORBIDDEN = "robots: disallowed by 'Disallow: /page' for '*'"


@pytest.mark.parametrize(
    ("status", "told"),
    [
        (200, FORBIDDEN),
        (201, FORBIDDEN),
        (299, FORBIDDEN),
        (300, "robots_unreachable: robots.txt: it cannot be had: it answers 300"),
        (399, "robots_unreachable: robots.txt: it cannot be had: it answers 399"),
        (400, "no robots.txt (400)"),
        (401, "robots: robots.txt is closed (401)"),
        (402, "no robots.txt (402)"),
        (403, "robots: robots.txt is closed (403)"),
        (404, "no robots.txt (404)"),
        (428, "no robots.txt (428)"),
        (429, "robots_unreachable: robots.txt: it cannot be had: it answers 429"),
        (430, "no robots.txt (430)"),
        (499, "no robots.txt (499)"),
        (500, "robots_unreachable: robots.txt: it cannot be had: it answers 500"),
        (199, "robots_unreachable: robots.txt: it cannot be had: it answers 199"),
    ],
)
def test_statuses(store: Store, status: int, told: str) -> None:
    assert verdict(store, (status, FORBID, {})) == told


def test_other_ways_to_fail(store: Store) -> None:
    told = verdict(store, Outcome(None, "timeout", "after 20 s"))
    assert told == "robots_unreachable: robots.txt: it cannot be had: timeout after 20 s"


def test_bytes_are_not_rules(store: Store) -> None:
    assert verdict(store, (200, b"GIF\0", {})) == "robots_unreachable: robots.txt: it cannot be had: it is not text"


def test_a_private_address_is_told_as_such_only_where_it_was_asked_for(store: Store, tmp_path: Path) -> None:
    refused = Outcome(None, "refused_address", "10.0.0.1")
    assert verdict(store, refused) == "refused_address: 10.0.0.1"
    away, fetcher = asking(
        Store(tmp_path / "b.sqlite"),
        {ROBOTS: (301, b"", {"location": "http://10.0.0.1/r"}), "http://10.0.0.1/r": refused},
    )
    with pytest.raises(WebError, match="robots_unreachable") as error:
        away.check(PAGE)
    assert error.value.detail == "robots.txt: it cannot be had: refused_address 10.0.0.1" and len(fetcher.asked) == 2


def test_redirects_are_followed_up_to_their_number(store: Store, tmp_path: Path) -> None:
    steps = {f"/{n}": (302, b"", {"location": f"/{n + 1}"}) for n in range(9)} | {
        ROBOTS: (301, b"", {"location": "/0"})
    }
    enough, fetcher = asking(store, steps | {"/2": (200, FORBID, {})}, robots_redirects=3)
    with pytest.raises(WebError, match="robots"):
        enough.check(PAGE)
    assert [url.removeprefix(SITE) for url, _, _ in fetcher.asked] == [ROBOTS, "/0", "/1", "/2"]
    too_far, fetcher = asking(Store(tmp_path / "b.sqlite"), steps, robots_redirects=3)
    with pytest.raises(WebError) as error:
        too_far.check(PAGE)
    assert error.value.detail == "robots.txt: it cannot be had: more than 3 redirects" and len(fetcher.asked) == 4


def test_a_redirect_to_nowhere(store: Store) -> None:
    assert verdict(store, (301, b"", {"location": "mailto:x"})).startswith(
        "robots_unreachable: robots.txt: it cannot be had: it redirects to "
    )


@pytest.mark.parametrize(("bytes_", "told"), [(29, FORBIDDEN), (30, NO_RULE), (31, FORBIDDEN)])
def test_a_rule_cut_in_half_is_no_rule(store: Store, bytes_: int, told: str) -> None:
    """30 bytes may come; a file of just as many may have been cut off after them, so its last line is no rule."""
    body = b"User-agent: *\nDisallow: /pageX"[:30]
    assert len(body) == 30
    body = {29: body[:29], 30: body[:29] + b"\r", 31: FORBID}[bytes_]
    assert verdict(store, (200, body, {}), robots_bytes=30 if bytes_ < 31 else 99) == told


def test_what_stands_before_the_cut_holds(store: Store) -> None:
    body = FORBID + b"Disallow: /another"
    assert verdict(store, (200, body, {}), robots_bytes=len(body)) == FORBIDDEN


def test_what_is_asked_for_and_how_much(store: Store) -> None:
    asked, fetcher = asking(store, {ROBOTS: (200, b"User-agent: *\nCrawl-delay: 7\n", {})}, robots_bytes=1000)
    assert asked.check(PAGE) == NO_RULE
    assert fetcher.asked == [(f"{SITE}{ROBOTS}", 0.0, 1000), (f"{SITE}{RESERVATIONS}", 7.0, 1000)]
    assert fetcher.rate_limiter.extended == [("x.org", 7.0)], "the host of the file, once its delay is known"
    assert asked.delay(PAGE) == 7.0 and asked.delay("https://other.org/") == 0.0
    asked.check(PAGE)
    assert len(fetcher.asked) == 2


def test_a_delay_has_a_bound_and_stands_in_robots_txt_alone(store: Store, tmp_path: Path) -> None:
    slow = (200, b"User-agent: *\nCrawl-delay: 7\n", {})
    capped, _ = asking(store, {ROBOTS: slow}, crawl_delay_cap=5)
    capped.check(PAGE)
    assert capped.delay(PAGE) == 5
    elsewhere, fetcher = asking(Store(tmp_path / "b.sqlite"), {RESERVATIONS: slow, ROBOTS: 404})
    elsewhere.check(PAGE)
    assert elsewhere.delay(PAGE) == 0 and fetcher.rate_limiter.extended == []


def test_without_rules_nobody_has_to_rest(store: Store) -> None:
    store.save_site_file(f"{SITE}{ROBOTS}", SiteFile(404, b"User-agent: *\nCrawl-delay: 7\n", "", START))
    assert asking(store, {})[0].delay(PAGE) == 0


@pytest.mark.parametrize(
    ("file", "robots", "asked_again"),
    [
        (ROBOTS, 200, 100), (ROBOTS, 404, 100), (ROBOTS, 500, 10), (RESERVATIONS, 500, 100), (RESERVATIONS, 404, 100)
    ],
)  # fmt: skip
def test_how_long_a_file_is_kept(store: Store, file: str, robots: int, asked_again: float) -> None:
    clock = FakeClock()
    asked, fetcher = asking(store, {file: (robots, b"", {})}, clock, robots_age=100, robots_retry=10)
    for seconds, times in ((0, 1), (asked_again - 1, 1), (1, 2)):
        clock.time += seconds
        asked.site_file(f"{SITE}{file}")
        assert len(fetcher.asked) == times, seconds


def test_rules_are_read_anew_when_the_file_is(store: Store) -> None:
    clock = FakeClock()
    asked, fetcher = asking(store, {ROBOTS: (200, b"", {})}, clock, robots_age=100)
    assert asked.check(PAGE) == NO_RULE
    fetcher.responses[f"{SITE}{ROBOTS}"] = (200, FORBID, {})
    clock.time += 100
    with pytest.raises(WebError, match="robots"):
        asked.check(PAGE)


RESERVED = (200, b'[{"location": "/page", "tdm-reservation": 1}]', {})


@pytest.mark.parametrize(
    ("robots", "reservations", "reserved"),
    [
        (404, RESERVED, True),
        ((200, b"", {}), RESERVED, True),
        ((200, b"User-agent: *\nDisallow: /.well-known/", {}), RESERVED, False),
        (404, (201, RESERVED[1], {}), True),
        (404, (404, RESERVED[1], {}), False),
        (404, (500, RESERVED[1], {}), False),
        (404, (200, b'[{"location": "/other", "tdm-reservation": 1}]', {}), False),
    ],
)
def test_reservations(store: Store, robots: Any, reservations: Any, reserved: bool) -> None:
    asked, _ = asking(store, {ROBOTS: robots, RESERVATIONS: reservations})
    if not reserved:
        assert asked.check(PAGE)
        return
    with pytest.raises(WebError) as error:
        asked.check(PAGE)
    assert (error.value.reason, error.value.detail) == ("opt_out", "tdmrep.json: tdm-reservation 1 for /page")


def test_a_training_crawlers_rule_keeps_us_out(store: Store) -> None:
    told = verdict(store, (200, b"User-agent: GPTBot\nDisallow: /page\n", {}))
    assert told == "opt_out: robots.txt: 'Disallow: /page' for 'gptbot'"


def test_a_file_is_parsed_once(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    parsed, parse = list[bytes](), permission.robots.parse
    monkeypatch.setattr(permission.robots, "parse", lambda body: parsed.append(body) or parse(body))
    asked, _ = asking(store, {ROBOTS: (200, b"User-agent: *\nDisallow: /x\n", {})})
    for page in (PAGE, f"{SITE}/other"):
        asked.check(page)
    assert parsed == [b"User-agent: *\nDisallow: /x\n"]


LICENCE = f"{SITE}/l.xml"
NAMED = (200, f"License: {LICENCE}\n".encode(), {})
REFUSES, ALLOWS = (
    b'<rsl xmlns="https://rslstandard.org/rsl"><content url="/"><license>' + stated + b"</license></content></rsl>"
    for stated in (b'<prohibits type="usage">ai-train</prohibits>', b'<permits type="usage">all</permits>')
)


def test_a_licence_is_read_once_and_anew_when_its_file_is(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    read, original, clock = list[bytes](), permission.rsl.read, FakeClock()
    monkeypatch.setattr(permission.rsl, "read", lambda body: read.append(body) or original(body))
    asked, fetcher = asking(store, {ROBOTS: NAMED, LICENCE: (200, ALLOWS, {})}, clock, robots_age=100)
    assert asked.check(PAGE) == asked.check(f"{SITE}/other") == NO_RULE
    assert read == [ALLOWS]
    fetcher.responses[LICENCE] = (200, REFUSES, {})
    clock.time += 100
    for _ in range(2):
        with pytest.raises(WebError) as error:
            asked.check(PAGE)
        assert error.value.reason == "opt_out" and error.value.detail.startswith(f"robots.txt: {LICENCE}: RSL:")
    assert read == [ALLOWS, REFUSES]


@pytest.mark.parametrize(
    ("licence", "told"),
    [
        (404, NO_RULE),
        (500, f"terms_unreachable: {LICENCE}: it cannot be had: it answers 500"),
        (Outcome(None, "refused_address", "10.0.0.1"), f"terms_unreachable: {LICENCE}: 10.0.0.1"),
    ],
)
def test_a_licence_that_cannot_be_had(store: Store, licence: Any, told: str) -> None:
    try:
        found = asking(store, {ROBOTS: NAMED, LICENCE: licence})[0].check(PAGE)
    except WebError as error:
        found = f"{error.reason}: {error.detail}"
    assert found == told


def test_so_many_licences_are_read_and_no_more(store: Store) -> None:
    lines = "".join(f"License: {SITE}/{number}.xml\n" for number in range(permission.MOST_LICENCES + 2))
    asked, fetcher = asking(store, {ROBOTS: (200, f"License: http://[\n{lines}".encode(), {})})
    assert asked.check(PAGE) == NO_RULE
    assert [url for url, _, _ in fetcher.asked[2:]] == [f"{SITE}/{n}.xml" for n in range(permission.MOST_LICENCES - 1)]
