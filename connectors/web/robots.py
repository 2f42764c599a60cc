"""robots.txt as RFC 9309 has it, and what it says to those who train models.

Longest match wins, ties allow, `*` and a final `$` are the only special characters. Where files in the
wild stray from the RFC (misspelt `Disallow`, a missing colon), they are read as their author meant.
"""

import codecs
from collections.abc import Iterator
from dataclasses import dataclass, field

import re2

from connectors.web.url import escape

AGENT = "gristmill"

# Product tokens whose refusal is a refusal to be trained on, without hyphens and in lower case
# (after the public lists of such crawlers; only those that collect for training, not those that search).
TRAINERS = frozenset(
    (
        "ai2bot",
        "ai2botdolma",
        "amazonbot",
        "anthropicai",
        "applebotextended",
        "bytespider",
        "ccbot",
        "claudebot",
        "claudeweb",
        "cohereai",
        "coheretrainingdatacrawler",
        "diffbot",
        "facebookbot",
        "googleextended",
        "gptbot",
        "icctawler",
        "img2dataset",
        "kangaroobot",
        "laionhuggingfaceprocessor",
        "metaexternalagent",
        "omgili",
        "omgilibot",
        "pangubot",
        "sbintuitionsbot",
        "timpibot",
        "webzioextended",
    )
)

_DISALLOW = frozenset(("disallow", "dissallow", "dissalow", "disalow", "diasllow", "disallaw", "desallow"))
_AGENT_LINE = frozenset(("user-agent", "useragent", "user agent"))
# The RFC knows no digits here; names in the wild do, and bot1 is not bot2.
_TOKEN = re2.compile(r"^[A-Za-z0-9_-]+")
# Pages per time, as in 5/1m 0200-0600; the hours for which it is meant are not told apart
_RATE = re2.compile(r"^(\d{1,6})\s*/\s*(\d{1,6})\s*([smh]?)(?:\s|$)")
_UNITS = {"s": 1, "m": 60, "h": 3600}
_SIGNAL = re2.compile(r"(?i)\b(?:ai-train|train-ai)\s*=\s*(?:no?|0)\b")


@dataclass(frozen=True, slots=True)
class Rule:
    allow: bool
    pattern: str

    def __str__(self) -> str:
        return f"{'Allow' if self.allow else 'Disallow'}: {self.pattern}"


@dataclass(frozen=True, slots=True)
class Decision:
    allowed: bool
    rule: str  # the line that decided, or that none did


@dataclass
class Robots:
    """The rules and delays by product token in lower case (`*`: everyone), and what holds for all."""

    rules: dict[str, list[Rule]] = field(default_factory=dict)
    delays: dict[str, float] = field(default_factory=dict)
    sitemaps: list[str] = field(default_factory=list)
    signals: list[str] = field(default_factory=list)

    def decide(self, target: str, agent: str = AGENT) -> Decision:
        """May `agent` fetch this path and query? With the line that decided."""
        group = self._group(agent)
        rule = _longest(self.rules.get(group, []), escape(target))
        if rule is None:
            return Decision(True, f"no rule for {agent!r} matches")
        verb = "allowed" if rule.allow else "disallowed"
        return Decision(rule.allow, f"{verb} by '{rule}' for {group!r}")

    def opt_out(self, target: str) -> str:
        """The line that keeps this path from model training, or ""."""
        path = escape(target)
        for signal in self.signals:
            if _signal_covers(signal, path):
                return f"robots.txt: {signal}"
        for agent in sorted(self.rules):
            rule = _longest(self.rules[agent], path) if _letters(agent) in TRAINERS else None
            if rule and not rule.allow:
                return f"robots.txt: '{rule}' for {agent!r}"
        return ""

    def delay(self, agent: str = AGENT) -> float:
        """Seconds that `agent` should leave between requests; 0 when nothing is asked."""
        return self.delays.get(self._group(agent), 0.0)

    def _group(self, agent: str) -> str:
        return agent if agent in self.rules else "*"


def parse(body: bytes) -> Robots:
    """Read a robots.txt; nothing in it raises. Bytes that are no text give no rules: ask `is_text` first."""
    robots = Robots()
    agents: list[str] = []  # of the group being read
    named: list[str] = []  # those on the lines just above, whom a delay is for
    ruled = before_agent = False
    for key, value in _lines(_text(body)):
        if key in _AGENT_LINE:
            named = [*named, _agent(value)] if before_agent else [_agent(value)]
            agents = named if ruled else [*agents, _agent(value)]
            robots.rules.setdefault(named[-1], [])
            ruled = False
        elif key == "allow" or key in _DISALLOW:
            _add(robots, agents, Rule(key == "allow", escape(value)))
            ruled = True
        else:
            _note(robots, named, key, value)
        before_agent = key in _AGENT_LINE
    return robots


def _note(robots: Robots, agents: list[str], key: str, value: str) -> None:
    """Lines that are no rules: they end no group."""
    if key == "crawl-delay":
        _set_delay(robots, agents, value)
    elif key == "request-rate" and (rate := _RATE.match(value)):
        _set_delay(robots, agents, str(int(rate[2]) * _UNITS[rate[3] or "s"] / max(int(rate[1]), 1)))
    elif key == "sitemap" and value:
        robots.sitemaps.append(value)
    elif key in ("content-signal", "content-usage") and _SIGNAL.search(value):
        robots.signals.append(f"{key}: {value}")


def is_text(body: bytes) -> bool:
    return "\0" not in _text(body)


def matches(pattern: str, path: str) -> bool:
    """Whether `pattern` matches a prefix of `path`, or all of it when it ends in `$`. Both escaped."""
    whole = pattern.endswith("$")
    head, *pieces = pattern.removesuffix("$").split("*")
    if not path.startswith(head):
        return False
    at = len(head)
    if not pieces:
        return not whole or at == len(path)
    for piece in pieces[:-1]:
        found = path.find(piece, at)
        if found < 0:
            return False
        at = found + len(piece)
    if whole:
        return path.endswith(pieces[-1]) and len(path) - len(pieces[-1]) >= at
    return path.find(pieces[-1], at) >= 0


def _longest(rules: list[Rule], path: str) -> Rule | None:
    matching = [rule for rule in rules if matches(rule.pattern, path)]
    return max(matching, key=lambda rule: (len(rule.pattern), rule.allow), default=None)


def _text(body: bytes) -> str:
    for mark, encoding in (
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
    ):
        if body.startswith(mark):
            return body.removeprefix(mark).decode(encoding, "replace")
    return body.decode("utf-8", "surrogateescape")


def _lines(text: str) -> Iterator[tuple[str, str]]:
    """(directive in lower case, value) of each line that has both; a lost colon is found again."""
    for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n"):
        stated = line.partition("#")[0].strip(" \t\ufeff")
        key, colon, value = stated.partition(":")
        if not colon:
            key, _, value = stated.partition(" ")
            value = "" if " " in value.strip() else value
        if key.strip():
            yield key.strip().lower(), value.strip()


def _agent(value: str) -> str:
    if value.startswith("*") and not value[1:].strip():
        return "*"
    token = _TOKEN.match(value)
    return token.group().lower() if token else value.lower()


def _add(robots: Robots, agents: list[str], rule: Rule) -> None:
    if rule.pattern:
        for agent in agents:
            robots.rules[agent].append(rule)


def _set_delay(robots: Robots, agents: list[str], value: str) -> None:
    try:
        seconds = float(value)
    except ValueError:
        return
    if seconds >= 0:
        for agent in agents:
            robots.delays[agent] = max(seconds, robots.delays.get(agent, 0.0))


def _letters(agent: str) -> str:
    return agent.replace("-", "").replace("_", "").replace(" ", "")


def _signal_covers(signal: str, path: str) -> bool:
    """`Content-Signal: /docs/ ai-train=no` is for a path; without one it is for the whole site."""
    scope = signal.partition(":")[2].split()[0]
    return not scope.startswith("/") or matches(escape(scope), path)
