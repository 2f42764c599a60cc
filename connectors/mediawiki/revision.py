"""The newest revision of a wiki's page, from wherever it came."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import quote

from schemas.page import EPOCH


@dataclass(frozen=True, slots=True)
class Revision:
    """`body` has title, ns, revid, timestamp, contributor, redirect (target or ""), model, dropped (the wiki's own
    names for files and categories), users (those for the pages of its users), wikitext, and, where a dump
    holds them, templates: the sources of those that it uses. `key` is the number of
    the page, which a move does not change."""

    key: str
    url: str
    body: dict[str, Any] = field(default_factory=dict)
    licence: str = ""
    status: int = 200
    fetched_at: datetime = EPOCH
    robots: str = ""


# namespaces whose links show or sort a page and are no part of its text: files and categories
UNSPOKEN = (6, 14)
# those of users and of their talk pages, which signatures link to
USERS = (2, 3)


def address(main_page: str, title: str) -> str:
    """A page's address, from that of the main page; "" stays ""."""
    base, slash, _ = main_page.rpartition("/")
    return base + slash + quote(title.replace(" ", "_"), safe="/:(),!'*;@") if slash else ""
