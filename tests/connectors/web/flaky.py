"""A site where much goes wrong, drawn from a seed; it says of each address what shall come of it."""

import gzip
import random
from dataclasses import dataclass, field
from hashlib import sha256

from tests.connectors.web.site import (
    ROBOTS,
    Reply,
    Site,
    answer,
    drip,
    endless,
    redirect,
    reset,
    silent,
    slow_headers,
)

TEXT = (
    "Grinding turns grain into flour; it needs a clean stone, some patience and a steady hand. "
    "石磨把谷物磨成面粉，这需要一块干净的石头、一点耐心和一双稳定的手。我们在这里说的都是大家知道的事，不会的人也可以学。"
)
DELAY = 0.02
# What goes away when asked again, and what never does, with the cause that its dead letter gives.
PASSING: tuple[Reply, ...] = (
    reset,
    b"",
    answer(503),
    answer(500),
    answer(429),
    answer(200, "cut", content_length="5000"),
    answer(200, "longer than it says", content_length="5"),
    answer(200, gzip.compress(b"half" * 999)[:-20], content_encoding="gzip"),
)
LASTING: tuple[tuple[Reply, str], ...] = (
    (reset, "connection_failed"),
    (answer(503), "http_503"),
    (answer(403), "http_403"),
    (answer(200, "cut", content_length="5000"), "broken_answer"),
    (answer(200, "longer than it says", content_length="5"), "broken_answer"),
    (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n", "broken_answer"),
    (answer(200, b"no gzip", content_encoding="gzip"), "bad_encoding"),
    (answer(200, gzip.compress(bytes(30_000_000)), content_encoding="gzip"), "too_large"),
    (endless, "too_large"),
    (redirect("http://169.254.169.254/latest/meta-data/"), "refused_address"),
    (redirect("file:///etc/passwd"), "bad_redirect"),
    (redirect("/private/"), "robots"),
)
# What keeps the client waiting, passing or lasting.
WAITS: tuple[tuple[Reply, str], ...] = (
    (silent, "timeout"),
    (drip, "timeout"),
    (slow_headers, "timeout"),
    (answer(429, retry_after="1"), "http_429"),
)
CHARSETS = (("utf-8", "utf-8"), ("utf-8", "gb2312"), ("gb18030", "utf-8"), ("utf-8", "iso-8859-1"), ("utf-16", "big5"))


@dataclass
class Plan:
    """`good` addresses and how often each will be asked for; `bad` ones and their causes; `trap`: the way to a
    calendar without an end. All are paths."""

    site: Site
    good: dict[str, int] = field(default_factory=dict)
    bad: dict[str, str] = field(default_factory=dict)
    trap: str = "/calendar/1"

    def __post_init__(self) -> None:
        self.site.otherwise = self._calendar

    def _calendar(self, path: str) -> Reply:
        """Every month leads to the next, under the session of this visit."""
        *_, month = path.rpartition("/")
        if not path.startswith("/calendar/") or not month.isdecimal():
            return answer(404)
        return page(f"Month {month}", f"/calendar/{int(month) + 1}?PHPSESSID={sha256(month.encode()).hexdigest()}")


def flaky(site: Site, seed: int, count: int, waits: int) -> Plan:
    """`count` good pages, of which a third fail at first, and half as many that are bad for ever; `waits` of either
    keep the client waiting."""
    chance = random.Random(seed)
    plan = Plan(site)
    for number in range(count):
        path = f"/good/{number}"
        faults = [chance.choice(PASSING)] if chance.random() < 0.35 else []
        faults = [chance.choice(WAITS)[0]] if number < waits else faults
        said, claimed = chance.choice(CHARSETS)
        site.pages[path] = [*faults, page(f"Page {number}", said=said, claimed=claimed)]
        plan.good[path] = len(faults) + 1
        if number % 2:
            choices = WAITS if number < 2 * waits else LASTING
            plan.bad[f"/bad/{number}"] = _bad(site, f"/bad/{number}", choices, chance)
    pairs = zip(plan.good, [*plan.bad, *plan.bad], strict=False)  # a good one now and then: five in a row are the end
    site.pages["/"] = page("Index", *dict.fromkeys(path for pair in pairs for path in pair), plan.trap)
    site.pages[ROBOTS] = answer(200, f"User-agent: *\nDisallow: /private/\nCrawl-delay: {DELAY}")
    return plan


def page(title: str, *links: str, said: str = "utf-8", claimed: str = "utf-8") -> bytes:
    listed = "".join(f'<li><a href="{link}">{link}</a></li>' for link in links)
    html = f"<html><head><title>{title}</title></head><body><main><h1>{title}</h1><p>{TEXT}</p><ul>{listed}</ul></main>"
    return answer(200, html.encode(said), content_type=f"text/html; charset={claimed}")


def _bad(site: Site, path: str, choices: tuple[tuple[Reply, str], ...], chance: random.Random) -> str:
    if choices is LASTING and chance.random() < 0.15:
        site.pages |= {path: redirect(f"{path}/a"), f"{path}/a": redirect(path)}
        return "redirect_loop"
    reply, cause = chance.choice(choices)
    site.pages[path] = reply
    return cause
