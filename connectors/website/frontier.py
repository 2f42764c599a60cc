"""What of a site is still to be read, and what belongs to it."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import unquote, urljoin, urlsplit

import re2
from lxml.html import HtmlElement

from connectors import html
from connectors.html.threads.site import declares_posts
from connectors.web.url import bare, same_site
from schemas.document import Reject

# Limits of a crawl, after Nutch and Heritrix: deeper paths and repeated segments are traps
MOST_SEGMENTS = 20
MOST_REPEATS = 2
_NOT_PAGES = re2.compile(
    r"(?i)\.(?:css|js|json|xml|rss|atom|txt|md|pdf|epub|zip|gz|bz2|xz|tgz|tar|exe|dmg|png|jpe?g|gif|svg|webp|ico|mp[34]"
    r"|webm|ogg|woff2?|ttf|whl|deb|rpm)$"
)


@dataclass
class Frontier:
    """Addresses to visit, in the order in which they were found, each once. `prefixes` are without scheme and `www.`,
    as `bare` has them; so are the addresses in `seen`."""

    prefixes: list[str]
    exclude: tuple[str, ...]
    queue: deque[str] = field(default_factory=deque)
    seen: set[str] = field(default_factory=set)
    starts: set[str] = field(default_factory=set)  # those whose redirects may bring another folder
    later: dict[str, str] = field(default_factory=dict)  # pages of articles, and the first page of each
    twins: dict[str, str] = field(default_factory=dict)  # Markdown of pages, by `twins.shared_address`
    set_aside: dict[str, str] = field(default_factory=dict)  # pages that go on from another, and that one
    unread: list[Reject] = field(default_factory=list)  # what the last page of an article or thread announces

    def begin(self, starts: list[str], *, follow: bool) -> None:
        """Visit `starts` first, whatever is excluded."""
        for url in dict.fromkeys(starts):
            if bare(url) not in self.seen:
                self.seen.add(bare(url))
                self.queue.append(url)
        self.starts = set(starts) if follow else set()

    def follow_start(self, url: str, place: str) -> None:
        """Where a start was redirected within its site, the folder there counts as well. Never one around its own: a
        start that leads to the front page would become the whole site."""
        folder = bare(urljoin(place, "."))
        inside = url in self.starts and same_site(place, url) and not bare(url).startswith(folder)
        if inside and not self.is_below(place):
            self.prefixes.append(folder)

    def is_below(self, url: str) -> bool:
        """Whether a page at `url` belongs to the source."""
        return bool(url) and bare(url).startswith(tuple(self.prefixes))

    def key(self, url: str) -> str:
        """A page's key: its address below the first prefix, or all of its address without the scheme."""
        return unquote(bare(url).removeprefix(self.prefixes[0])) or "index"

    def note_unread(self, url: str, root: HtmlElement, *, reached: bool) -> None:
        """Keep in mind that an article or thread goes on after its last page that was read, at `url`."""
        further = "" if reached else html.next_page(root, url)
        said = html.unreachable_next(root, url) if reached else ""
        if further:
            self.unread.append(Reject(further, "most_pages", f"{html.MOST_PAGES} pages were read; this is the next"))
        elif said and declares_posts(root):
            detail = f"{said!r} is not a link: only a script would fetch it"
            self.unread.append(Reject(url, "unreachable_next_page", detail))

    def left_over(self) -> Iterator[Reject]:
        """What was found and is not in any page."""
        if self.queue:
            left = f"{len(self.queue)} addresses or more are left; `max_pages` sets how many are read"
            yield Reject(self.queue[0], "max_pages", left)
        yield from self.unread
        for url, first in self.set_aside.items():
            if url not in self.later:
                yield Reject(url, "no_first_page", f"it goes on from {first}, which does not lead to it or was not had")

    def add(self, urls: list[str]) -> None:
        """Visit these as well, those that are new and wanted."""
        for url in urls:
            if bare(url) not in self.seen and self._wants(url):
                self.seen.add(bare(url))
                self.queue.append(url)

    def _wants(self, url: str) -> bool:
        path = urlsplit(url).path
        segments = [part for part in path.split("/") if part]
        trap = len(segments) > MOST_SEGMENTS or any(segments.count(part) > MOST_REPEATS for part in segments)
        excluded = any(re2.search(pattern, url) for pattern in self.exclude)
        return self.is_below(url) and not trap and not excluded and not _NOT_PAGES.search(path)
