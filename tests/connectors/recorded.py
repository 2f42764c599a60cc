"""The polite client over recorded responses: robots rules, cache, statuses and redirects are as in life, and nobody
sleeps."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlsplit

from connectors.base import Connector, Response
from connectors.web import LIMITS, PoliteWeb, normalise_url, open_web
from connectors.web.transport import WITH_BODY, WITH_WORDS, HTTPResponse, TransportError
from schemas.document import Reject
from schemas.page import Page
from tests.connectors.web.site import RESERVATIONS, ROBOTS

START = 1_700_000_000.0  # seconds since the epoch, when every recorded crawl begins
DAY = 86_400.0
Recorded = HTTPResponse | TransportError


def page(body: str | bytes, status: int = 200, **headers: str) -> HTTPResponse:
    """A response of HTML; `x_robots_tag="noai"` becomes a header."""
    data = body.encode() if isinstance(body, str) else body
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    shown = status in WITH_BODY or status in WITH_WORDS
    return HTTPResponse(status, {"content-type": "text/html", **named}, data if shown else b"")


def json_page(value: Any, status: int = 200, **headers: str) -> HTTPResponse:
    return page(json.dumps(value), status, content_type="application/json", **headers)


def redirect(to: str, status: int = 301) -> HTTPResponse:
    return page("", status, location=to)


def missing(url: str) -> Recorded:
    return page("", 404)


@dataclass
class RecordedTransport:
    """A `Transport` of recorded responses by URL: one, or several that are given in turn, of which the last is
    repeated. `otherwise` makes up those that are not recorded. `requests` lists what was asked for."""

    responses: dict[str, Recorded | list[Recorded]] = field(default_factory=dict)
    otherwise: Callable[[str], Recorded] = missing
    requests: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.responses = {normalise_url(url): response for url, response in self.responses.items()}

    def get(self, url: str, headers: dict[str, str], max_bytes: int = 0) -> HTTPResponse:
        self.requests.append(url)
        found = self._next(url)
        if isinstance(found, TransportError):
            raise found
        tag = found.headers.get("etag")
        return HTTPResponse(304, found.headers, b"") if tag and headers.get("If-None-Match") == tag else found

    @property
    def asked(self) -> list[str]:
        """The requests without those for the files that say what may be asked for."""
        return [url for url in self.requests if urlsplit(url).path not in (ROBOTS, RESERVATIONS)]

    def _next(self, url: str) -> Recorded:
        if url not in self.responses:
            return missing(url) if urlsplit(url).path in (ROBOTS, RESERVATIONS) else self.otherwise(url)
        recorded = self.responses[url]
        if not isinstance(recorded, list):
            return recorded
        return recorded.pop(0) if len(recorded) > 1 else recorded[0]


@dataclass
class FakeClock:
    """A clock that whoever sleeps sets forward."""

    time: float = START
    slept: float = 0.0

    def now(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.time += seconds
        self.slept += seconds


@contextmanager
def recorded_web(
    transport: RecordedTransport | None = None, store: Path | None = None, **settings: Any
) -> Iterator[PoliteWeb]:
    """The real client over `transport`, with its cache at `store`, or with one of its own."""
    limits = replace(LIMITS, backoff=0)
    with TemporaryDirectory() as folder:
        place = store or Path(folder) / "web.sqlite"
        given = {"source": "s", "delay": 0, "limits": limits, "clock": FakeClock(), **settings}
        with open_web(place, transport=transport or RecordedTransport(), **given) as web:
            yield web


def fetch(
    source: Connector,
    transport: RecordedTransport | None = None,
    cursor: str | None = None,
    store: Path | None = None,
    **settings: Any,
) -> list[Page | Reject]:
    """What one crawl of `source` gives."""
    with recorded_web(transport, store, **settings) as web:
        return list(source.fetch(web, cursor))


class Offline:
    """The web of a source of local files: whoever asks it fails the test."""

    def get(self, url: str, *, version: str = "") -> Response:
        raise AssertionError(f"a source of local files asked for {url}")

    def render(self, url: str) -> Response:
        raise AssertionError(f"a source of local files rendered {url}")

    def discard(self, response: Response) -> None:
        raise AssertionError("a source of local files discarded a response")

    def expect(self, items: int) -> None: ...

    def pause(self, url: str, until: datetime) -> None:
        raise AssertionError(f"a source of local files paused {url}")


OFFLINE = Offline()
