"""What every connector of the web must do, whatever its site answers: each request gives a page or a reject with a
reason, and no response that is of no use is kept."""

import re
from pathlib import Path

import pytest

from connectors.base import SIGN_IN_HELPS, Connector, may_pass
from connectors.confluence import Confluence
from connectors.discourse import Discourse
from connectors.forum import Forum
from connectors.github import GitHub
from connectors.hacker_news import HackerNews
from connectors.mediawiki import MediaWiki
from connectors.reddit import Reddit
from connectors.stackexchange import StackExchange
from connectors.web.transport import TransportError
from connectors.website import Website
from connectors.zendesk import Zendesk
from schemas.document import Reject
from tests.connectors.recorded import Recorded, RecordedTransport, fetch, json_page, page, recorded_web, redirect

URL = "https://site.example/docs/"
LIVE: dict[str, Connector] = {
    "confluence": Confluence(name="live", url=URL),
    "discourse": Discourse(name="live", url=URL),
    "forum": Forum(name="live", start=URL),
    "github": GitHub(name="live", repo="kettles/firmware"),
    "hacker_news": HackerNews(name="live"),
    "mediawiki": MediaWiki(name="live", api=f"{URL}api.php"),
    "reddit": Reddit(name="live", subreddits=("tea",)),
    "stackexchange": StackExchange(name="live", site="stack.example", filter="!f"),
    "website": Website(name="live", start=URL),
    "website-sitemap": Website(name="live", sitemap=f"{URL}sitemap.xml"),
    "zendesk": Zendesk(name="live", url=URL),
}
MORE = {"github-discussions": GitHub(name="live", repo="kettles/firmware", discussions=True)}
OF_JSON = sorted(LIVE.keys() - {"forum", "website", "website-sitemap"})
ANSWERS: dict[str, Recorded] = {
    "forbidden": page("", 403),
    "busy": page("", 503),
    "down": TransportError("timeout"),
    "kept from training": json_page({}, x_robots_tag="noai"),
    "elsewhere": redirect("https://elsewhere.example/login"),
    "round in circles": redirect("/docs/"),
    "a login page": page("<html><body><form>Log in</form></body></html>"),
    "nothing": page(""),
    "an archive": page(b"PK\3\4", content_type="application/zip"),
    "an object": json_page({}),
    "an error": json_page({"error": {"code": "busy"}}),
    "wrong kinds": json_page({"items": 3, "results": {}, "topic_list": [], "data": 1, "articles": "", "query": {}}),
}


@pytest.mark.parametrize(
    ("name", "answer"), [*((name, "forbidden") for name in LIVE), *((name, "a login page") for name in OF_JSON)]
)
def test_what_helps_is_told_where_a_site_may_ask_for_a_sign_in(name: str, answer: str) -> None:
    found = fetch(LIVE[name], RecordedTransport(otherwise=lambda url: ANSWERS[answer]))
    assert found
    assert all(SIGN_IN_HELPS in item.detail for item in found if isinstance(item, Reject))


@pytest.mark.parametrize("answer", ANSWERS)
@pytest.mark.parametrize("name", LIVE)
def test_whatever_was_fetched_yields_a_page_or_a_reject(name: str, answer: str) -> None:
    site = RecordedTransport(otherwise=lambda url: ANSWERS[answer])
    found = fetch(LIVE[name], site)
    assert site.asked and found
    assert all(re.fullmatch("[a-z][a-z0-9_]*", item.reason) for item in found if isinstance(item, Reject))


@pytest.mark.parametrize("answer", ["forbidden", "busy", "down"])
@pytest.mark.parametrize("name", LIVE)
def test_what_may_be_had_another_time_is_told_as_such(name: str, answer: str) -> None:
    """The client and the rejects both say so: by either the cursor of a source stays where it was."""
    site = RecordedTransport(otherwise=lambda url: ANSWERS[answer])
    with recorded_web(site) as web:
        found = list(LIVE[name].fetch(web, "2024-01-01T00:00:00+00:00"))
        assert web.missed
    assert any(may_pass(item.reason) for item in found if isinstance(item, Reject))


@pytest.mark.parametrize("name", OF_JSON)
def test_a_response_of_no_use_is_asked_for_again(name: str, tmp_path: Path) -> None:
    """By the next run, also where this one was broken off; and the run counts as one that has not seen everything."""
    site = RecordedTransport(otherwise=lambda url: page("<p>Down for maintenance", etag='"1"'))
    requests = []
    for _ in range(2):
        with recorded_web(site, tmp_path / "web.sqlite") as web:
            web.finish = lambda: None  # type: ignore[method-assign] # as if it were killed at its end
            assert all(isinstance(item, Reject) for item in LIVE[name].fetch(web, None))
            assert web.missed
        requests.append(len(site.asked))
    assert requests[1] == 2 * requests[0] > 0


def xml(text: str) -> Recorded:
    return page(text, content_type="application/xml")


def index(number: int) -> str:
    listed = "".join(f"<sitemap><loc>{URL}{at}.xml</loc></sitemap>" for at in range(number))
    return f"<sitemapindex>{listed}</sitemapindex>"


ABOUT = f"{URL}about.json"
SEARCH = f"{URL}rest/api/search?cql=type+in+%28page%2Cblogpost%29&limit=1"
GITHUB = "https://api.github.com"
LISTED = f"{GITHUB}/repos/kettles/firmware/discussions"
LAST = f'<{LISTED}?state=all&per_page=1&page=2>; rel="next", <{LISTED}?state=all&per_page=1&page=31>; rel="last"'
PLACES = (
    "<urlset>"
    + "".join(
        f"<url><loc>{place}</loc></url>" for place in (f"{URL}a", f"{URL}b", f"{URL}b#c", "https://site.example/shop")
    )
    + "</urlset>"
)
STATISTICS = f"{URL}api.php?action=query&format=json&formatversion=2&meta=siteinfo&siprop=statistics"
SIZES: dict[str, tuple[str, dict[str, Recorded], int | None]] = {
    "zendesk": (
        "zendesk",
        {
            f"{URL}api/v2/help_center/en-us/articles.json?per_page=1": json_page({"count": 1_240, "articles": []}),
            f"{URL}api/v2/community/posts.json?per_page=1": json_page({"count": "60", "posts": []}),
        },
        1_300,
    ),
    "discourse": ("discourse", {ABOUT: json_page({"about": {"stats": {"topics_count": 800}}})}, 800),
    "discourse, older": ("discourse", {ABOUT: json_page({"about": {"stats": {"topic_count": 800}}})}, 800),
    "discourse, silent": ("discourse", {ABOUT: json_page({"about": {"stats": {"topics_count": "many"}}})}, None),
    "stackexchange": (
        "stackexchange",
        {"https://api.stackexchange.com/2.3/questions?site=stack.example&filter=total": json_page({"total": 9_000})},
        9_000,
    ),
    "confluence": ("confluence", {SEARCH: json_page({"results": [{}], "totalSize": 410})}, 410),
    "github": (
        "github",
        {
            f"{GITHUB}/search/issues?q=repo%3Akettles%2Ffirmware+is%3Aissue&per_page=1": json_page(
                {"total_count": 73, "items": [{}]}
            )
        },
        73,
    ),
    "github, discussions": ("github-discussions", {f"{LISTED}?state=all&per_page=1": json_page([{}], link=LAST)}, 31),
    "github, one": ("github-discussions", {f"{LISTED}?state=all&per_page=1": json_page([{}])}, 1),
    "hacker_news": (
        "hacker_news",
        {"https://hacker-news.firebaseio.com/v0/askstories.json": json_page([*range(1, 300), 1, "x"])},
        200,
    ),
    "sitemap": ("website-sitemap", {f"{URL}sitemap.xml": xml(PLACES)}, 2),
    "sitemaps, few": (
        "website-sitemap",
        {f"{URL}sitemap.xml": xml(index(1)), f"{URL}0.xml": xml(PLACES)},
        2,
    ),
    "sitemaps, many": ("website-sitemap", {f"{URL}sitemap.xml": xml(index(4))}, None),
    "mediawiki": ("mediawiki", {STATISTICS: json_page({"query": {"statistics": {"articles": 5_000}}})}, 5_000),
}


@pytest.mark.parametrize("case", SIZES)
def test_a_site_that_tells_how_large_it_is_is_believed(case: str) -> None:
    name, responses, expected = SIZES[case]
    with recorded_web(RecordedTransport(responses)) as web:
        assert (LIVE | MORE)[name].expected(web) == expected


@pytest.mark.parametrize("answer", ANSWERS)
@pytest.mark.parametrize("name", LIVE)
def test_a_site_that_does_not_tell_how_large_it_is_stops_nothing(name: str, answer: str) -> None:
    with recorded_web(RecordedTransport(otherwise=lambda _: ANSWERS[answer])) as web:
        assert LIVE[name].expected(web) is None
