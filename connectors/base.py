"""What a connector promises.

A connector is a frozen pydantic model whose fields are its settings; the class docstring documents them.
It knows one kind of site, and nothing of Prefect, records or where results are stored.

A connector imports this module and three shared rooms, and no other connector:

* `connectors.html`: bytes and HTML → Markdown; `html.page` reads a page of any site as a thread or an article,
  `html.threads` finds the posts on a page;
* `connectors.reading`: dumps, archives and saved answers as streams; `reading.times` parses times, `reading.threads`
  builds a thread from posts;
* `connectors.web`: the polite client and what it is made of. `fetch` is given a client; it makes none.

The shared rooms import no connector. `tests/test_architecture.py` checks both.

The contract of the two methods:

* `fetch` does IO and no thinking: it yields self-contained pages. It fetches through `web` only, which keeps
  robots rules, delays, retries, caching and limits; it never sleeps, retries or opens a socket itself.
  A connector of local files reads them here and lists them in `files()`.
* `parse` thinks and does no IO: the same page gives the same documents, in the same order, on any machine.
  It never raises on bad input: whatever cannot be used becomes a `Reject` with a reason, and every page gives
  at least one document or reject.
"""

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal, Protocol

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationInfo

from pipelines.messages import Message
from schemas.document import Document, Reject
from schemas.page import EPOCH, Page

Kind = Literal["forum", "tutorial", "knowledge_base", "instructions"]


def _beside_recipe(path: Path, info: ValidationInfo) -> Path:
    base = (info.context or {}).get("base")
    # not by `resolve`, which raises where links lead in a circle: that is for the connector to say, as of any path
    place = Path(os.path.realpath(base / path)) if base else path
    if _is_special(place):
        raise ValueError(Message("a pipe, a socket or a device; name a file or a folder"))
    return place


def _is_special(place: Path) -> bool:
    """Not a file and not a folder, and there: what nobody can open, whoever reads it says."""
    try:
        mode = place.stat().st_mode
    except (OSError, ValueError):
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))


# A relative path in a recipe counts from the recipe's own folder. A pipe would be waited for, a device never ends.
LocalPath = Annotated[Path, AfterValidator(_beside_recipe)]


# The address of a page, with its scheme.
Address = Annotated[str, Field(pattern=r"^https?://")]


@dataclass(frozen=True, slots=True)
class Response:
    """What a site answered. `url` is where redirects ended; `headers` has lower-case names."""

    url: str
    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)
    media_type: str = ""
    fetched_at: datetime = EPOCH
    robots: str = ""
    opt_out: str = ""


class Web(Protocol):
    """The polite client of `connectors/web`."""

    def get(self, url: str, *, version: str = "") -> Response:
        """Fetch `url`, or serve it from the cache when the site says it has not changed.

        With `version` (a revision number, a last-activity time) a cached answer of the same version is served
        without asking. Raises `WebError` when there will be no answer; its `reason` is a snake_case word.
        """
        ...

    def render(self, url: str) -> Response:
        """The page at `url` as HTML once its scripts have run in a browser, whose requests are made by this client.

        Raises `WebError` as `get` does; `no_browser` where none is installed.
        """
        ...

    def expect(self, items: int) -> None:
        """Say how many pages and rejects `fetch` will yield, as far as it knows by now; shown as progress."""
        ...

    def discard(self, response: Response) -> None:
        """This response is of no use: an error inside a 200, or half an answer. It is forgotten, so that the next `get`
        of its address asks the site again, in this run or a later one.
        """
        ...

    def pause(self, url: str, until: datetime) -> None:
        """The site said in an answer that it wants to be left alone until then; also a later run keeps to it.

        If that is longer than a run waits, further requests raise WebError, and the next run goes on from here.
        """
        ...


# statuses of a site in trouble, some of them those of the networks before it (520 to 530)
BUSY = (408, 425, 429, 500, 502, 503, 504, 507, 509, *range(520, 528), 529, 530)
# reasons of a WebError that may not hold at another time
PASSING = frozenset(
    (
        *("no_such_host", "timeout", "broken_answer", "connection_failed", "host_paused", "host_budget"),
        *("robots_unreachable", "terms_unreachable", "bad_certificate", "script_timeout"),
    )
)
# statuses that speak of the request or of the page, and not of the moment
_LASTING = (400, 404, 405, 406, 410, 411, 413, 414, 415, 416, 417, 422, 431, 451, 501, 505)


def may_pass(reason: str) -> bool:
    """Whether what failed for this reason may be had another time.

    All statuses are of that kind but those that speak of the page: a limit is told as 403 without a word by some sites,
    and a token that has run out as 401. Who takes such an answer for the last word loses what is behind it for ever.
    """
    status = reason.removeprefix("http_")
    if status != reason and status.isdecimal():
        return int(status) >= 400 and int(status) not in _LASTING
    return reason in PASSING


SIGN_IN = "GRISTMILL_SIGN_IN"  # the variable with the headers of sites that ask for a sign-in
# What helps, for the details of rejects: where a page shows nothing to strangers, and nothing without scripts
SIGN_IN_HELPS = (
    f"if it asks for a sign-in, put a line `https://host Cookie: …` (or another header) into {SIGN_IN}, and set"
    " `licence` on the source"
)
RENDER_HELPS = (
    "its text comes only when a browser runs its scripts, as `render = true` on a `website` or a `forum` lets one do"
)


class WebError(Exception):
    """A URL that cannot be had: robots, opt-out, refused address, too large, dead after retries."""

    def __init__(self, url: str, reason: str, detail: str = "") -> None:
        super().__init__(f"{url}: {reason} {detail}".rstrip())
        self.url, self.reason, self.detail = url, reason, detail


class Settings(BaseModel):
    """What every source may set. No behaviour lives here."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]*$", description="Unique within a data folder; names its folders.")
    title: str = Field("", pattern=r"^[^\r\n]*$", description="What people call it, in any script; only shown.")
    licence: str = Field("", description="SPDX id for pages that do not state one. Empty: unknown, held back.")

    @property
    def states_licence(self) -> bool:
        """False where the site, its export or its data never say under which licence a text stands."""
        return True

    def expected(self, web: Web) -> int | None:
        """How many pages the site says that it has, asked with a request or two; None where it does not tell."""
        return None

    @property
    def agreed(self) -> str:
        """What somebody had to agree to who was given the data in this way, if it stands against training; "" if not.
        Shown as a warning: whom it binds is not for a program to say."""
        return ""


class Connector(Protocol):
    """See the module's docstring."""

    @property
    def connector(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def licence(self) -> str: ...
    @property
    def states_licence(self) -> bool: ...
    @property
    def agreed(self) -> str: ...
    @property
    def kind(self) -> Kind: ...

    def expected(self, web: Web) -> int | None:
        """How many pages a live site says that it has, for `check`; `Settings` answers None, which is not known."""
        ...

    def files(self) -> tuple[Path, ...]:
        """Local files that `fetch` reads; () for a connector of the web."""
        ...

    def fetch(self, web: Web, cursor: str | None) -> Iterator[Page | Reject]:
        """Yield the source's pages in a stable order; whoever calls drops those that have not changed.

        `cursor` is when the last complete run began (ISO 8601, UTC), None on the first: a site that can tell
        what changed since then need not be walked again. A page that is gone is yielded with its status,
        404 or 410; what cannot be had is a Reject.
        """
        ...

    def parse(self, page: Page) -> Iterator[Document | Reject]: ...
