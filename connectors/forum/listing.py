"""Boards: the threads on them, and the page after this one."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

import re2
from lxml.html import HtmlElement

from connectors import html
from connectors.html.next_addresses import FURTHER, relation
from connectors.html.threads import address
from connectors.html.threads.dates import read_time
from connectors.html.threads.profiles import PROFILES, Profile, first, possible, select
from connectors.web.url import authority

_DIGITS = re2.compile(r"\d+")
_PEOPLE = re2.compile(r"(?i)user|member|profile|people|/u/|login|register|logout|search|tags?/|#comments")
_TITLE = range(6, 300)


@dataclass(frozen=True, slots=True)
class Listed:
    """A thread on a board. `version` changes when somebody posts, as far as the board shows it; "" when it does not."""

    url: str
    version: str = ""
    active: datetime | None = None


def next_page(root: HtmlElement, url: str, profile: Profile | None) -> str:
    """Address of the page after the one at `url`, of the same thread or board, as the engine's profile finds it or else
    as any site announces it; "" on the last."""
    stated = address.absolute(first(root, profile.next), _base(root, url)) if profile and profile.next else ""
    return stated if stated and relation(url, stated) == FURTHER else html.next_page(root, url)


def engine(root: HtmlElement, profiles: tuple[Profile, ...] = PROFILES) -> Profile | None:
    """The engine of a board: the profile that finds most threads on it."""
    counts = [(len(select(root, profile.topic)), profile) for profile in possible(root, profiles, "topic")]
    count, best = max(counts, key=lambda pair: pair[0], default=(0, None))
    return best if count else None


def topics(root: HtmlElement, url: str, pattern: str = "", profiles: tuple[Profile, ...] = PROFILES) -> list[Listed]:
    """The threads on a board, in its order, each once: by `pattern` (RE2) if there is one, by the engine's profile, or,
    on a board of unknown make, the links that are most alike and say most."""
    engine_profile = engine(root, profiles)
    if pattern:
        links = [link for link in root.xpath("//a[@href]") if re2.search(pattern, _to(link, root, url))]
    else:
        links = select(root, engine_profile.topic) if engine_profile else _alike(root, url)
    found: dict[str, Listed] = {}
    for link in links:
        to = address.whole(_to(link, root, url))
        if to and to != address.whole(url):
            found.setdefault(address.same(to), _with_activity(to, link, engine_profile))
    return list(found.values())


def _with_activity(to: str, link: HtmlElement, profile: Profile | None) -> Listed:
    row = _row(link, profile) if profile and profile.row else None
    if profile is None or row is None:
        return Listed(to)
    replies = first(row, profile.replies)
    stated = first(row, profile.active)
    active = read_time(stated) if stated else None
    version = f"{replies} {stated if active else ''}".strip()
    return Listed(to, version if active or any(map(str.isdigit, replies)) else "", active)


def _row(link: HtmlElement, profile: Profile) -> HtmlElement | None:
    rows = set(select(link.getroottree().getroot(), profile.row))
    return next((around for around in link.iterancestors() if around in rows), None)


def _alike(root: HtmlElement, url: str) -> list[HtmlElement]:
    groups: defaultdict[tuple[str, ...], list[HtmlElement]] = defaultdict(list)
    for link in root.xpath("//a[@href]"):
        to, text = _to(link, root, url), " ".join(link.text_content().split())
        if (
            len(text) in _TITLE
            and authority(to) == authority(url)
            and not _PEOPLE.search(to)
            and not link.xpath("ancestor::nav")
        ):
            around = [each.tag + (each.get("class") or "").partition(" ")[0] for each in list(link.iterancestors())[:3]]
            groups[(*around, _shape(to))].append(link)
    several = [links for links in groups.values() if len(links) > 1]
    return max(several, key=lambda links: sum(len(link.text_content()) for link in links), default=[])


def _shape(url: str) -> str:
    """The address without what differs between threads."""
    segments = urlsplit(url).path.strip("/").split("/")
    return "/".join([*segments[:1], str(len(segments))]) if len(segments) > 1 else _DIGITS.sub("0", segments[0])[:6]


def _to(link: HtmlElement, root: HtmlElement, url: str) -> str:
    return address.absolute(link.get("href") or "", _base(root, url))


def _base(root: HtmlElement, url: str) -> str:
    stated = next(iter(root.xpath("//base/@href")), "")
    return address.absolute(stated, url) or url
