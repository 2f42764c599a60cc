"""Reading robots.txt: RFC 9309, the wild, and those who say no to training."""

from pathlib import Path

import pytest

from connectors.web import robots
from connectors.web.url import normalise_url, target

MORE = "User-agent: gristmill\nDisallow: /c"
JUNK = (b"", b"\0" * 99, b"\xff\xfe\xfd", b":::\n:\n" * 99, b"User-agent:\nDisallow:\n", b"a" * 600_000)


def decide(text: str, path: str, agent: str = "gristmill") -> bool:
    return robots.parse(text.encode()).decide(target(normalise_url(f"http://x{path}")), agent).allowed


@pytest.mark.parametrize(
    ("pattern", "path", "matches"),
    [
        ("/", "/anything", True),
        ("/fish", "/fish.html", True),
        ("/fish", "/Fish.asp", False),
        ("/fish", "/catfish", False),
        ("/fish*", "/fishheads/yummy.html", True),
        ("/fish/", "/fish", False),
        ("/fish/", "/fish/salmon.htm", True),
        ("/*.php", "/folder/any.php.file.html", True),
        ("/*.php", "/windows.PHP", False),
        ("/*.php$", "/filename.php", True),
        ("/*.php$", "/filename.php?parameters", False),
        ("/*.php$", "/filename.php5", False),
        ("/fish*.php", "/fishheads/catfish.php?parameters", True),
        ("/fish*.php", "/Fish.PHP", False),
        ("/a*b*c$", "/axxbxxc", True),
        ("/a*b*c$", "/axxbxx", False),
        ("/a*b*b$", "/ab", False),
        ("/$", "/", True),
        ("/$", "/a", False),
        ("*", "/", True),
        ("/a$b", "/a$b", True),
        ("/**********************a", "/" + "b" * 2000, False),
        ("*$", "/a", True),
        ("/*?", "/a?b=1", True),
        ("/*?", "/a", False),
    ],
)
def test_patterns(pattern: str, path: str, matches: bool) -> None:
    assert robots.matches(pattern, path) is matches
    assert decide(f"User-agent: *\nDisallow: {pattern}", path) is not matches


@pytest.mark.parametrize(
    ("text", "path", "allowed"),
    [
        ("", "/a", True),
        ("Disallow: /", "/a", True),  # a rule of no group
        ("user-agent: *\ndisallow: /", "/a", False),
        ("USER-AGENT: *\nDISALLOW:/", "/a", False),
        ("User-agent: *\nDisallow:", "/a", True),
        ("User-agent: *\nDisallow: /a\nAllow: /a", "/a", True),  # a tie allows
        ("User-agent: *\nDisallow: /a\nAllow: /a", "/ab", True),
        ("User-agent: *\nAllow: /p\nDisallow: /", "/page", True),  # the longest wins
        ("User-agent: *\nAllow: /folder\nDisallow: /folder/x", "/folder/x", False),
        ("User-agent: *\nAllow: /page\nDisallow: /*.htm", "/page.htm", False),
        ("User-agent: *\nAllow: /$\nDisallow: /", "/", True),
        ("User-agent: *\nAllow: /$\nDisallow: /", "/page.htm", False),
        ("User-agent: *\nDisallow: /\nUser-agent: Gristmill\nDisallow: /b", "/a", True),
        ("User-agent: *\nDisallow: /\nUser-agent: Gristmill/0.1 (x)\nDisallow: /b", "/b", False),
        ("User-agent: *\nDisallow: /\nUser-agent: gristmill-news\nDisallow:", "/a", False),
        ("User-agent: gristmill\nUser-agent: other\nDisallow: /a", "/a", False),
        ("User-agent: gristmill\nDisallow: /a\n\nUser-agent: x\nDisallow: /b\n\n" + MORE, "/c", False),
        ("User-agent: gristmill\nDisallow: /a\n\nUser-agent: x\nDisallow: /b\n\n" + MORE, "/b", True),
        ("User-agent: *\nSitemap: /s\nUser-agent: x\nDisallow: /a", "/a", False),
        ("User-agent: *\nCrawl-delay: 3\nUser-agent: x\nDisallow: /a", "/a", False),
        ("User-agent: *\n\n\n\nDisallow: /a", "/a", False),  # empty lines end nothing
        ("User-agent: * # all\nDisallow: /a # here", "/a", False),
        ("User-agent: *\r\nDisallow: /a\r\n", "/a", False),
        ("User-agent: *\rDisallow: /a", "/a", False),
        ("\ufeffUser-agent: *\nDisallow: /a", "/a", False),
        ("User agent: *\nDissallow: /a", "/a", False),
        ("User-agent *\nDisallow /a", "/a", False),
        ("User-agent: *\nDisallow: /你好", "/%E4%BD%A0%E5%A5%BD", False),
        ("User-agent: *\nDisallow: /%e4%bd%a0", "/你好", False),
        ("User-agent: *\nDisallow: /%62%61%7A", "/baz", False),
        ("User-agent: *\nDisallow: /a%3Cd", "/a%3cd", False),
        ("User-agent: *\nDisallow: /a%2Fb", "/a/b", True),
        ("User-agent: *\nDisallow: /a/b", "/x/../a/b", False),
        ("<html><body>Not found</body></html>", "/a", True),
    ],
)  # fmt: skip
def test_groups_and_rules(text: str, path: str, allowed: bool) -> None:
    assert decide(text, path) is allowed


@pytest.mark.parametrize(
    ("text", "delay"),
    [
        ("User-agent: *\nCrawl-delay: 7", 7),
        ("User-agent: *\nCrawl-delay: 0.5\nDisallow:", 0.5),
        ("User-agent: gristmill\nDisallow:\nUser-agent: *\nCrawl-delay: 7", 0),
        ("User-agent: gristmill\nCrawl-delay: 2\nUser-agent: *\nCrawl-delay: 7", 2),
        ("User-agent: *\nCrawl-delay: soon", 0),
        ("User-agent: *\nRequest-rate: 1/5 # slowly", 5),
        ("User-agent: *\nRequest-rate: 5/1m 0200-2259\nRequest-rate: 20/1m", 12),
        ("User-agent: *\nRequest-rate: 8/1s\nCrawl-delay: 2", 2),
        ("User-agent: *\nRequest-rate: 0/5", 5),
        ("User-agent: *\nRequest-rate: often", 0),
        ("User-agent: *\nCrawl-delay: -1", 0),
        ("User-agent: *\nCrawl-delay: nan", 0),
    ],
)
def test_crawl_delay(text: str, delay: float) -> None:
    assert robots.parse(text.encode()).delay() == delay


@pytest.mark.parametrize(
    ("text", "path", "evidence"),
    [
        ("User-agent: GPTBot\nDisallow: /", "/a", "robots.txt: 'Disallow: /' for 'gptbot'"),
        ("User-agent: gptbot/1.1\nUser-agent: CCBot\nDisallow: /", "/a", "robots.txt: 'Disallow: /' for 'ccbot'"),
        ("User-agent: Google-Extended\nDisallow: /a", "/a/1", "robots.txt: 'Disallow: /a' for 'google-extended'"),
        ("User-agent: Google-Extended\nDisallow: /docs", "/blog", ""),
        ("User-agent: Meta-ExternalAgent\nDisallow: /\nAllow: /open", "/open/1", ""),
        ("User-agent: Googlebot\nDisallow: /", "/a", ""),  # a search engine: nobody's training
        ("User-agent: *\nContent-Signal: ai-train=no\nAllow: /", "/a", "robots.txt: content-signal: ai-train=no"),
        ("Content-Signal: ai-train=yes", "/a", ""),
        ("Content-Usage: /art train-ai=n", "/art/1", "robots.txt: content-usage: /art train-ai=n"),
        ("Content-Usage: /art train-ai=n", "/text", ""),
    ],
)  # fmt: skip
def test_opt_out_of_training(text: str, path: str, evidence: str) -> None:
    assert robots.parse(text.encode()).opt_out(path) == evidence


@pytest.mark.parametrize(
    "junk", [b"", b"\0" * 99, b"\xff\xfe\xfd", b":::\n:\n" * 99, b"User-agent:\nDisallow:\n", b"a" * 600_000]
)
def test_nothing_raises(junk: bytes) -> None:
    robots.parse(junk).decide("/")


@pytest.mark.parametrize(
    ("name", "agent", "path", "allowed"),
    [
        ("rfc9309-example-simple-robots", "gristmill", "/a/b.gif", False),
        ("rfc9309-example-simple-robots", "gristmill", "/publications/", True),
        ("rfc9309-example-simple-robots", "foobot", "/example/page.html", True),
        ("rfc9309-example-simple-robots", "foobot", "/else", False),
        ("rfc9309-example-simple-robots", "barbot", "/example/page.html", False),
        ("rfc9309-example-simple-robots", "quxbot", "/example/page.html", True),
        ("rfc9309-example-longest-match-robots", "foobot", "/example/page/", True),
        ("rfc9309-example-longest-match-robots", "foobot", "/example/page/disallowed.gif", False),
        ("rfc9309-example-rule-group-merging", "examplebot", "/baz", False),
        ("rfc9309-example-rule-group-merging", "bazbot", "/foo", True),
        ("crawl-delay-group-merging", "mybot", "/private/", False),
        ("crawl-delay-group-merging", "mybot", "/login/", True),
        ("crawl-delay-group-merging", "yourbot", "/login/", False),
        ("extensions-group-merging", "mybot", "/private/", False),
        ("extensions-group-merging", "gristmill", "/", False),
        ("extensions-group-merging", "gristmill", "/llms.txt", True),
        ("directive-typos-robots", "bot1", "/desallow/", False),
        ("directive-typos-robots", "bot1", "/dissalow/", False),
        ("directive-typos-robots", "bot2", "/useragent/", False),
        ("format-errors-robots", "bot1", "/whitespace-before-colon/", False),
        ("format-errors-robots", "bot1", "/no-colon/", False),
        ("format-errors-robots", "bot2", "/no-colon-useragent/", False),
        ("format-errors-robots", "bot3", "/whitespace-before-colon", True),
        ("format-errors-robots", "bot3", "/other", False),
        ("merge-rules", "wget", "/foo/bar", True),
        ("merge-rules", "wget", "/tmp/bar", False),
        ("precedence-of-rules", "testy", "/foo/bar", True),
        ("precedence-of-rules", "testy", "/foo/bez", False),
        ("robots-with-utf16le-bom", "gristmill", "/profile", False),
        ("robots-with-utf16be-bom", "gristmill", "/profile", False),
        ("robots-with-utf8-bom", "gristmill", "/profile", False),
        ("malformed-path", "gristmill", "/wiki/Wikipedia_talk:Mediation_Committee/", False),
        ("malformed-path", "gristmill", "/wiki/Wikipedia", True),
        ("wildcards", "gristmill", "/gp/cart/x", False),
        ("twitter.com-robots", "gristmill", "/a?b", False),
    ],
)
def test_labelled_files(shared_data: Path, name: str, agent: str, path: str, allowed: bool) -> None:
    folder = shared_data / "labelled" / "robots-sitemaps" / "robots"
    file = next(iter(sorted(folder.glob(f"{name}*.txt"))))
    assert robots.parse(file.read_bytes()).decide(path, agent).allowed is allowed


@pytest.mark.parametrize(
    ("name", "agent", "delay", "sitemaps"),
    [
        ("astore.amazon.com-robots", "gristmill", 5, 0),
        ("dos-line-endings", "gristmill", 1, 0),
        ("extended-standard-robots", "bot2", 15, 0),
        ("extended-standard-robots", "bot3", 12, 0),
        ("extension-robots", "mybot", 6, 1),
        ("many-user-agents", "gristmill", 0, 0),
        ("relative-sitemap-robots", "gristmill", 0, 1),
        ("sitemap-robots-dedup", "gristmill", 0, 2),
        ("sitemap-robots.", "gristmill", 0, 2),
        ("www.flot.com-robots", "gristmill", 0, 1),
    ],
)
def test_delays_and_sitemaps_of_labelled_files(
    shared_data: Path, name: str, agent: str, delay: float, sitemaps: int
) -> None:
    folder = shared_data / "labelled" / "robots-sitemaps" / "robots"
    read = robots.parse(next(iter(sorted(folder.glob(f"{name}*")))).read_bytes())
    assert (read.delay(agent), len(read.sitemaps)) == (delay, sitemaps)
