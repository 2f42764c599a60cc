"""robots.txt at its edges: where patterns end, whom a delay is for, and lines that nobody should write."""

import pytest

from connectors.web import robots
from connectors.web.robots import Decision, Rule, matches


@pytest.mark.parametrize(
    ("pattern", "path", "found"),
    [
        ("", "/a", True),
        ("$", "", True),
        ("$", "/", False),
        ("/ab$", "/ab", True),
        ("/ab$", "/abc", False),
        ("*b*c", "bc", True),
        ("*a*c", "abb", False),
        ("*a*", "bbb", False),
        ("/*b*/c", "/bb/c", True),
        ("a*a", "aXa", True),
        ("a*a", "a", False),  # one letter is not two
        ("aa*a", "aa", False),
        ("a*aa$", "aaa", True),
        ("a*aa$", "aa", False),
        ("x*a*b*c$", "xabc", True),
        ("x*ab*b$", "xab", False),  # what one piece has taken, the next has not
        ("x*ab*b$", "xabb", True),
        ("x*ab*bc", "xabc", False),
        ("x*abc*c*d", "xabcd", False),
        ("x*" + "y" * 3 + "*y", "x" + "y" * 3, False),
        ("x*" + "y" * 3 + "*y", "x" + "y" * 4, True),
        ("*/", "/", True),
    ],
)
def test_where_a_pattern_matches(pattern: str, path: str, found: bool) -> None:
    assert matches(pattern, path) is found


def rules_of(body: bytes) -> dict[str, list[Rule]]:
    found = robots.parse(body)
    return {agent: found.rules_for(agent) for agent in found.named}


def decide(text: str, path: str = "/a", agent: str = "gristmill") -> Decision:
    return robots.parse(text.encode()).decide(path, agent)


@pytest.mark.parametrize(
    ("text", "decision"),
    [
        ("", Decision(True, "no rule for 'gristmill' matches")),
        ("User-agent: *\nDisallow: /a", Decision(False, "disallowed by 'Disallow: /a' for '*'")),
        ("User-agent: gristmill\nAllow: /a", Decision(True, "allowed by 'Allow: /a' for 'gristmill'")),
        ("User-agent: *\nDisallow: /a\nAllow: /*", Decision(True, "allowed by 'Allow: /*' for '*'")),
        ("User-agent: *\nDisallow: /a*\nAllow: /*", Decision(False, "disallowed by 'Disallow: /a*' for '*'")),
        (f"User-agent: *\nAllow: /a{'*' * 300}", Decision(True, f"allowed by 'Allow: /a{'*' * 198}' for '*'")),
    ],
)
def test_a_decision_quotes_the_line(text: str, decision: Decision) -> None:
    assert decide(text) == decision


def test_whoever_is_asked_about_has_a_group_of_his_own_or_that_of_all() -> None:
    text = "User-agent: *\nDisallow: /\nUser-agent: bot1\nDisallow: /b\nUser-agent: bot2\nUser-agent: bot3\nAllow: /"
    assert [decide(text, "/a", agent).allowed for agent in ("bot", "bot1", "bot2", "bot3")] == [False, True, True, True]
    assert rules_of(text.encode()) == {
        "*": [Rule(False, "/")], "bot1": [Rule(False, "/b")], "bot2": [Rule(True, "/")], "bot3": [Rule(True, "/")]
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "rules"),
    [
        ("User-agent: a\nDisallow: /1\nUser-agent: b\nDisallow: /2", {"a": ["/1"], "b": ["/2"]}),
        ("User-agent: a\nUser-agent: b\nDisallow: /1\nDisallow: /2", {"a": ["/1", "/2"], "b": ["/1", "/2"]}),
        ("User-agent: a\nSitemap: x\nUser-agent: b\nDisallow: /1", {"a": ["/1"], "b": ["/1"]}),
        ("User-agent: a\nDisallow:\nUser-agent: b\nDisallow: /1", {"a": [], "b": ["/1"]}),
        ("Disallow: /0\nUser-agent: a\nDisallow: /1", {"a": ["/1"]}),
        ("User-agent: *x\nDisallow: /1", {"*x": ["/1"]}),
        ("User-agent: * \nDisallow: /1", {"*": ["/1"]}),
        ("User-agent: Bot/2.0 (x)\nDisallow: /1", {"bot": ["/1"]}),
        ("User-agent: ÄBot\nDisallow: /1", {"äbot": ["/1"]}),
        ("useragent: a\ndisalow: /1\nDISSALOW: /2\ndesallow: /3", {"a": ["/1", "/2", "/3"]}),
        ("User-agent: a\r\rDisallow: /1\r\n", {"a": ["/1"]}),
        ("User-agent: a\nDisallow /1", {"a": ["/1"]}),
        ("User-agent: a\nDisallow /1 is what we want", {"a": []}),  # a sentence is no rule
        ("  User-agent :  a # you\n\tDisallow : /1#2", {"a": ["/1"]}),
        (": /x\nUser-agent: a\n:\n# User-agent: b\nDisallow: /1", {"a": ["/1"]}),
    ],
)
def test_which_rules_are_whose(text: str, rules: dict[str, list[str]]) -> None:
    found = rules_of(text.encode())
    assert {agent: [rule.pattern for rule in own] for agent, own in found.items()} == rules


@pytest.mark.parametrize(
    ("text", "delays"),
    [
        ("User-agent: a\nUser-agent: b\nCrawl-delay: 2", {"a": 2, "b": 2}),
        ("User-agent: a\nDisallow: /x\nUser-agent: b\nCrawl-delay: 2", {"b": 2}),
        ("User-agent: a\nSitemap: x\nUser-agent: b\nCrawl-delay: 2", {"b": 2}),  # not for those of the lines before
        ("User-agent: a\nCrawl-delay: 3\nCrawl-delay: 2", {"a": 3}),
        ("User-agent: a\nCrawl-delay: 0", {}),
        ("User-agent: a\nCrawl-delay: 0.25", {"a": 0.25}),
        ("Crawl-delay: 3\nUser-agent: a", {}),
        ("User-agent: a\nRequest-rate: 1/2h", {"a": 7200}),
        ("User-agent: a\nRequest-rate: 2/1m", {"a": 30}),
        ("User-agent: a\nRequest-rate: 4/1s", {"a": 0.25}),
        ("User-agent: a\nRequest-rate: 4/1", {"a": 0.25}),
        ("User-agent: a\nRequest-rate: 0/3", {"a": 3}),
        ("User-agent: a\nRequest-rate: 1/2d", {}),
        ("User-agent: a\nCrawl-delay: -0.5", {}),
    ],
)
def test_whose_delay_is_how_long(text: str, delays: dict[str, float]) -> None:
    found = robots.parse(text.encode())
    assert {agent: seconds for agent in found.named if (seconds := found.delay(agent))} == delays


def test_what_holds_for_all_ends_no_group() -> None:
    text = "User-agent: a\nSitemap: /1.xml\nSitemap:\nContent-Usage: train-ai=n\nHost: x\nDisallow: /1\nSitemap: /2.xml"
    found = robots.parse(text.encode())
    assert found.sitemaps == ["/1.xml", "/2.xml"]
    assert found.rules_for("a") == [Rule(False, "/1")]
    assert [each.line for each in found.groups_for("a")[0].preferences] == ["content-usage: train-ai=n"]


@pytest.mark.parametrize(
    ("text", "path", "evidence"),
    [
        ("Content-Signal: /docs/ ai-train=no", "/docs/1", "robots.txt: content-signal: /docs/ ai-train=no"),
        ("Content-Signal: /docs/ ai-train=no", "/blog", ""),
        ("Content-Signal: search=yes, ai-train=no", "/", "robots.txt: content-signal: search=yes, ai-train=no"),
        ("Content-Signal: ai-train=0", "/", "robots.txt: content-signal: ai-train=0"),
        ("Content-Signal: ai-train=yes\nContent-Usage: train-ai=n", "/", "robots.txt: content-usage: train-ai=n"),
        (
            "Content-Signal: /a ai-train=no\nContent-Signal: /b ai-train=no",
            "/b",
            "robots.txt: content-signal: /b ai-train=no",
        ),
        ("X-Signal: ai-train=no", "/", ""),
        ("Content-Usage: train-ai=n\nContent-Usage: /ok/ train-ai=y", "/ok/1", ""),  # the longest path
        (
            "Content-Usage: train-ai=n\nContent-Usage: /ok/ train-ai=y",
            "/1",
            "robots.txt: content-usage: train-ai=n",
        ),
        ("Content-Usage: bots=n", "/", "robots.txt: content-usage: bots=n"),
        ("Content-Usage: bots=n, train-ai=y", "/", ""),
        ("User-agent: x\nContent-Usage: train-ai=n", "/", "robots.txt: content-usage: train-ai=n"),
        (
            "User-agent: *\nAllow: /\nContent-Usage: train-ai=n\nUser-agent: Gristmill\nContent-Usage: train-ai=y",
            "/",
            "",
        ),
        (
            "User-agent: *\nAllow: /\nUser-agent: Gristmill\nContent-Usage: train-ai=n",
            "/",
            "robots.txt: content-usage: train-ai=n",
        ),
        ("User-agent: meta_external agent\nDisallow: /", "/", ""),
        ("User-agent: meta-external-agent\nDisallow: /", "/", "robots.txt: 'Disallow: /' for 'meta-external-agent'"),
        ("User-agent: meta_external_agent\nDisallow: /", "/", "robots.txt: 'Disallow: /' for 'meta_external_agent'"),
        ("User-agent: GPTBot\nAllow: /\nDisallow: /a", "/a", "robots.txt: 'Disallow: /a' for 'gptbot'"),
        (
            "User-agent: GPTBot\nAllow: /\nUser-agent: CCBot\nDisallow: /a",
            "/a",
            "robots.txt: 'Disallow: /a' for 'ccbot'",
        ),
        (
            "User-agent: GPTBot\nDisallow: /\nUser-agent: CCBot\nDisallow: /",
            "/a",
            "robots.txt: 'Disallow: /' for 'ccbot'",
        ),
        ("User-agent: *\nDisallow: /", "/a", ""),
    ],
)
def test_who_says_no_to_training(text: str, path: str, evidence: str) -> None:
    assert robots.parse(text.encode()).opt_out(path) == evidence


def test_only_who_allows_an_index_page_means_its_folder() -> None:
    assert decide("User-agent: *\nDisallow: /\nAllow: /a/index.html", "/a/").allowed
    assert decide("User-agent: *\nDisallow: /a/index.html", "/a/").allowed


RULE = "User-agent: *\nDisallow: /ü"


@pytest.mark.parametrize("body", [
    b"\xef\xbb\xbf" + RULE.encode(), b"\xef\xbb" + RULE.encode(), b"\xff\xfe" + RULE.encode("utf-16-le"),
    b"\xfe\xff" + RULE.encode("utf-16-be"), RULE.encode(),
])  # fmt: skip
def test_marks_of_bytes(body: bytes) -> None:
    assert robots.is_text(body)
    assert rules_of(body) == {"*": [Rule(False, "/%C3%BC")]}


def test_bytes_that_are_no_text() -> None:
    assert not robots.is_text(b"a\0b") and robots.is_text(b"\xff\xfea\0") and not robots.is_text(b"\xff\xfea\0\0\0")


def test_robots_txt_in_an_old_encoding_is_read_byte_by_byte() -> None:
    assert rules_of("User-agent: *\nDisallow: /ü".encode("latin-1")) == {"*": [Rule(False, "/%FC")]}
    assert rules_of(b"\xff\xfe\x00") == {}, "half a character"


ONE, TWO = "https://a.example/1.xml", "https://a.example/2.xml"


@pytest.mark.parametrize(
    ("text", "licences"),
    [
        (f"License: {ONE}", [ONE]),
        (f"licence : {ONE} # ours\nLicense: {TWO}\nLicense: {ONE}", [ONE, TWO]),
        (f"License: {ONE}\nUser-agent: *\nAllow: /\nLicense: {TWO}", [TWO]),  # what is for us stands before the rest
        (f"License: {ONE}\nUser-agent: x\nAllow: /\nLicense: {TWO}", [ONE]),
        (f"User-agent: x\nAllow: /\nLicense: {TWO}", [TWO]),  # at the end of the file: for all, as a sitemap is
        (f"User-agent: *\nLicense: {ONE}\nUser-agent: gristmill\nLicense: {TWO}\nAllow: /", [ONE, TWO]),
        ("License: CC-BY-4.0\nLicense: /licence.xml\nLicense:", []),
    ],
)
def test_which_licences_hold(text: str, licences: list[str]) -> None:
    assert robots.parse(text.encode()).licences() == licences
