"""robots.txt as RFC 9309 has it, and what it says to those who train models.

Longest match wins, ties allow, `*` and a final `$` are the only special characters. Where files in the
wild stray from the RFC (misspelt `Disallow`, a missing colon), they are read as their author meant.
"""

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from connectors.web.preferences import PREFERENCES, refuses_training
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
_LICENCE = frozenset(("license", "licence"))
# The RFC knows no digits here; names in the wild do, and bot1 is not bot2.
_TOKEN = re.compile(r"[A-Za-z0-9_-]+")  # not re2, which takes five times as long for so little text
# Pages per time, as in 5/1m 0200-0600; the hours for which it is meant are not told apart
_RATE = re.compile(r"([0-9]{1,6})\s*/\s*([0-9]{1,6})\s*([smh]?)(?:\s|$)")
_UNITS = {"s": 1, "m": 60, "h": 3600}
_NO_UTF8 = re.compile("[\udc80-\udcff]+")  # how Python decodes bytes that are no UTF-8
_INDEX = "/index.html"
_QUOTED = 200  # characters of a line that are quoted as evidence


class Rule(NamedTuple):
    """One `Allow` or `Disallow` line. A tuple: a file may hold 50,000."""

    allow: bool
    pattern: str

    def __str__(self) -> str:
        return f"{'Allow' if self.allow else 'Disallow'}: {self.pattern[:_QUOTED]}"


@dataclass(frozen=True, slots=True)
class Decision:
    allowed: bool
    rule: str  # the line that decided, or that none did


@dataclass(frozen=True, slots=True)
class Preference:
    """A `Content-Usage` or `Content-Signal` line about training. `path`: for which paths, "" for all."""

    line: str
    path: str
    refuses: bool


@dataclass(slots=True, eq=False)
class Group:
    """What stands below some `User-agent` lines. One for all of them: a file may name thousands."""

    rules: list[Rule] = field(default_factory=list)
    preferences: list[Preference] = field(default_factory=list)
    licences: list[str] = field(default_factory=list)
    ruled: bool = False  # had a rule, even an empty one: the next `User-agent` line begins another group


@dataclass(slots=True, eq=False)
class Pace:
    """Seconds between requests, for those on the `User-agent` lines just above."""

    seconds: float = 0.0


@dataclass
class Robots:
    """Groups and paces by product token in lower case (`*`: everyone), and what stands outside of all groups."""

    named: dict[str, list[tuple[Group, Pace]]] = field(default_factory=dict)
    outside: Group = field(default_factory=Group)
    sitemaps: list[str] = field(default_factory=list)
    stating: list[Group] = field(default_factory=list)  # those that hold preferences or licences
    trainers: list[str] = field(default_factory=list)

    def decide(self, target: str, agent: str = AGENT) -> Decision:
        """May `agent` fetch this path and query? With the line that decided."""
        group = self._group(agent)
        rule = _longest(self.rules_for(group), escape(target))
        if rule is None:
            return Decision(True, f"no rule for {agent!r} matches")
        verb = "allowed" if rule.allow else "disallowed"
        return Decision(rule.allow, f"{verb} by '{rule}' for {group!r}")

    def rules_for(self, agent: str) -> list[Rule]:
        """The rules below the lines that name `agent`, in the order of the file."""
        return [rule for group in self.groups_for(agent) for rule in group.rules]

    def groups_for(self, agent: str) -> list[Group]:
        """The groups below the lines that name `agent`, each once."""
        return list({id(group): group for group, _ in self.named.get(agent, ())}.values())

    def opt_out(self, target: str) -> str:
        """The line that keeps this path from model training, or "". What is stated for us by name stands before what
        is stated for others."""
        path = escape(target)
        for group in self.groups_for(AGENT) if self._names_us() else self.stating:
            preference = _strictest(group.preferences, path)
            if preference and preference.refuses:
                return f"robots.txt: {preference.line}"
        for agent in sorted(self.trainers):
            rule = _longest(self.rules_for(agent), path)
            if rule and not rule.allow:
                return f"robots.txt: '{rule}' for {agent!r}"
        return ""

    def _names_us(self) -> bool:
        return any(group.preferences for group in self.groups_for(AGENT))

    def licences(self) -> list[str]:
        """Addresses of the licence documents that hold for us: those of our group, else those outside of all groups,
        else any, since many a file has its last lines for everyone below whatever group is the last."""
        own = [address for group in self.groups_for(self._group(AGENT)) for address in group.licences]
        stated = own or self.outside.licences or [address for group in self.stating for address in group.licences]
        return list(dict.fromkeys(stated))

    def delay(self, agent: str = AGENT) -> float:
        """Seconds that `agent` should leave between requests; 0 when nothing is asked."""
        return max((pace.seconds for _, pace in self.named.get(self._group(agent), ())), default=0.0)

    def _group(self, agent: str) -> str:
        return agent if agent in self.named else "*"


def parse(body: bytes) -> Robots:
    """Read a robots.txt; nothing in it raises. Bytes that are no text give no rules: ask `is_text` first.

    Linear in the length of the file: agents of a group share its rules and do not have copies.
    """
    robots = Robots()
    group, pace = robots.outside, Pace()
    before_agent = False  # the line before named an agent
    for key, value in _lines(_text(body)):
        if key in _AGENT_LINE:
            if group is robots.outside or group.ruled:
                group = Group()
            pace = pace if before_agent else Pace()
            _name(robots, _agent(value), group, pace)
        elif key == "allow" or key in _DISALLOW:
            _add(robots, group, Rule(key == "allow", escape(value)))
        else:
            _note(robots, group, pace, key, value)
        before_agent = key in _AGENT_LINE
    return robots


def _name(robots: Robots, agent: str, group: Group, pace: Pace) -> None:
    """`agent` is one of those whom `group` and `pace` are for."""
    known = robots.named.get(agent)
    if known is None:
        robots.named[agent] = [(group, pace)]
        if _letters(agent) in TRAINERS:
            robots.trainers.append(agent)
    elif known[-1] != (group, pace):
        known.append((group, pace))


def _note(robots: Robots, group: Group, pace: Pace, key: str, value: str) -> None:
    """Lines that are no rules: they end no group."""
    if key == "crawl-delay":
        _set_pace(pace, value)
    elif key == "request-rate" and (rate := _RATE.match(value)):
        _set_pace(pace, str(int(rate[2]) * _UNITS[rate[3] or "s"] / max(int(rate[1]), 1)))
    elif key == "sitemap" and value:
        robots.sitemaps.append(value)
    elif key in _LICENCE and value.startswith(("http://", "https://")):
        group.licences.append(value)
        _add_stating(robots, group)
    elif key in PREFERENCES and (preference := _preference(key, value)):
        group.preferences.append(preference)
        _add_stating(robots, group)


def _add_stating(robots: Robots, group: Group) -> None:
    if not robots.stating or robots.stating[-1] is not group:
        robots.stating.append(group)


def _preference(key: str, value: str) -> Preference | None:
    """`Content-Usage: /docs/ train-ai=n` is for a path; without one it is for the whole site."""
    path, _, stated = value.partition(" ") if value.startswith("/") else ("", "", value)
    refuses = refuses_training(stated)
    return None if refuses is None else Preference(f"{key}: {value}"[:_QUOTED], escape(path), refuses)


def is_text(body: bytes) -> bool:
    return "\0" not in _text(body)


def matches(pattern: str, path: str) -> bool:
    """Whether `pattern` matches a prefix of `path`, or all of it when it ends in `$`. Both escaped."""
    if "*" not in pattern and not pattern.endswith("$"):
        return path.startswith(pattern)  # the most by far
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
    matching = [rule for rule in rules if matches(rule.pattern, path) or _is_index(rule, path)]
    return max(matching, key=lambda rule: (len(rule.pattern), rule.allow), default=None)


def _is_index(rule: Rule, path: str) -> bool:
    """Who allows a folder's index.html allows the folder's own address, at which servers show it."""
    named = rule.allow and path.endswith("/") and rule.pattern.endswith(_INDEX)
    return named and matches(f"{rule.pattern.removesuffix(_INDEX)}/$", path)


def _strictest(preferences: list[Preference], path: str) -> Preference | None:
    """Of those for the longest path that holds `path` one that refuses, if one does."""
    found = [each for each in preferences if matches(each.path, path)]
    return max(found, key=lambda each: (len(each.path), each.refuses), default=None)


def _text(body: bytes) -> str:
    """A byte that is no UTF-8 is as if it were escaped (%FC); only a blank of old encodings is one."""
    for mark, encoding in ((codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be")):
        if body.startswith(mark):
            return body.removeprefix(mark).decode(encoding, "replace")
    for size in (3, 2, 1):  # or what is left of it
        body = body.removeprefix(codecs.BOM_UTF8[:size])
    text = body.decode("utf-8", "surrogateescape")
    return _NO_UTF8.sub(_escaped, text.replace("\ufeff", ""))  # a mark in the middle is of a file that was put in


def _escaped(found: re.Match[str]) -> str:
    return ("%" + found[0].encode("utf-8", "surrogateescape").hex("%").upper()).replace("%A0", " ")


def _lines(text: str) -> Iterator[tuple[str, str]]:
    """(directive in lower case, value) of each line that has both; a lost colon is found again."""
    for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n"):
        stated = line.partition("#")[0].strip(" \t")
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


def _add(robots: Robots, group: Group, rule: Rule) -> None:
    group.ruled = True
    if rule.pattern and group is not robots.outside:
        group.rules.append(rule)


def _set_pace(pace: Pace, value: str) -> None:
    try:
        seconds = float(value)
    except ValueError:
        return
    if seconds >= 0:
        pace.seconds = max(seconds, pace.seconds)


def _letters(agent: str) -> str:
    return agent.replace("-", "").replace("_", "").replace(" ", "")
