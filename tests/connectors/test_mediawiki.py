"""Wikitext to Markdown, dumps and the API."""

from collections import Counter
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest
from pydantic import ValidationError

from connectors.base import SIGN_IN_HELPS
from connectors.mediawiki import MediaWiki
from connectors.mediawiki.wikitext import render_sections
from connectors.web.transport import HTTPResponse
from schemas.document import Article, Reject
from schemas.hole import hole
from schemas.page import Page
from tests.connectors.recorded import OFFLINE, FakeClock, RecordedTransport, fetch, json_page, page, recorded_web
from tests.connectors.wiki import API, WITH_TEMPLATES, OldWikiAPI, WikiAPI, wiki

DUMP = Path(__file__).parent / "mediawiki" / "wiki.xml"


def dump(path: Path = DUMP) -> MediaWiki:
    return MediaWiki(name="wiki", dump=path, licence="CC-BY-SA-4.0")


def pages(source: MediaWiki) -> dict[str, Page]:
    return {item.key: item for item in source.fetch(OFFLINE, None) if isinstance(item, Page)}


def article(key: str) -> Article:
    found = [item for item in dump().parse(pages(dump())[key]) if isinstance(item, Article)]
    return found[0]


def test_the_newest_revision_of_each_article() -> None:
    found = pages(dump())
    assert list(found) == ["3", "4", "5", "7"]
    assert found["3"].url == "https://wiki.example/wiki/Hand_plane"
    assert found["7"].url.endswith("/%E5%88%A8%E5%AD%90")
    assert b"An older text" not in found["3"].body


def test_an_article_by_sections() -> None:
    assert article("3").edited_at == article("3").created_at is not None, "of all revisions only the newest is known"
    lead, parts, sizes, use = article("3").sections
    assert lead.path == ()
    assert lead.markdown == "A **hand plane** (x) is a tool for shaping wood. It is 25 to 40 cm long."
    assert parts.path == ("Parts",)
    assert parts.markdown == "- *Iron*: the blade\n  - its edge\n- Body of Holz\n\n1. First\n2. Second".replace(
        "\n\n", "\n"
    )
    assert sizes.path == ("Parts", "Sizes")
    assert sizes.markdown == "| Number | Length |\n| --- | --- |\n| 4 | short |\n| 5 | short |"
    assert use.markdown == (
        "```python\ndef plane(board):\n    return board  # '''not''' bold\n```\n\n"
        "Water is H₂O and $a^2$ is a square.\n\n> Measure twice."
    )


def test_what_is_no_article_says_why() -> None:
    reasons = {
        key: [item.reason for item in dump().parse(page) if isinstance(item, Reject)]
        for key, page in pages(dump()).items()
    }
    assert reasons == {"3": ["navigation"], "4": ["redirect"], "5": ["disambiguation"], "7": ["navigation"]}


def test_chinese_is_read_like_english() -> None:
    (lead,) = article("7").sections
    assert lead.markdown == "**刨子**是一種工具。"


@pytest.mark.parametrize(
    ("wikitext", "markdown"),
    [
        ("'''''both''''' ''it'' '''bold'''", "***both*** *it* **bold**"),
        (
            "[[Target|shown]] [[plain]]s [https://x.example site] [https://x.example]",
            "shown plains [site](https://x.example)",
        ),
        ("[[File:A.png|thumb|cap [[x]]]]text[[Category:A]][[de:Text]]", "text"),
        ("a<ref name=x>no</ref><ref name=x /> b<!-- no -->", "a b"),
        ("{{sfn|x}}text ({{citation needed}}; born 1900)", "text (born 1900)"),
        ("{{frac|1|2}} {{nowrap|a b}} {{as of|2010|3}} {{US$|5}}", "1/2 a b As of March 2010 US$5"),
        ("; Term : what it means", "**Term : what it means**"),
        (": indented", "indented"),
        ("# a\n## b\n# c", "1. a\n   1. b\n2. c"),
        (" code ''x''\n  more", "```\ncode x\n more\n```"),
        ("<nowiki>'''x'''</nowiki> &amp; &lt;b&gt;", "'''x''' & <b>"),
        ("<code>a ''b'' {{=}}</code>", "`a b =`"),
        ("<code><nowiki><ref name=x></nowiki></code> or <code>&lt;b&gt;</code>", "`<ref name=x>` or `<b>`"),
        ("x<sup>2</sup> x<sub>max</sub> 10<sup>−3</sup>", "x² x_(max) 10⁻³"),
        ("<math display=block>a\n b</math>", "$$\na b\n$$"),
        ("before\n{| class=wikitable\n| never closed\n|-\n| b", f"before\n\n{hole('table', 'not closed')}"),
        (
            "{|\n|+ Size of ''buns''\n! A !! B\n|-\n| 1 || +2\n|}",
            "Size of buns\n\n| A | B |\n| --- | --- |\n| 1 | +2 |",
        ),
        ("{|\n|+ style='x' | Size\n|-\n| A || B\n|-\n| 1 || 2\n|}", "Size\n\n| A | B |\n| --- | --- |\n| 1 | 2 |"),
        ("{| class='infobox'\n| a || b\n|-\n| c || d\n|}after", "after"),
        ("__NOTOC__text", "text"),
        ("<blockquote>One.\n\nTwo.</blockquote>", "> One.\n>\n> Two."),
        ("<pre>\n  a\n&lt;b&gt;\n</pre>", "```\n  a\n<b>\n```"),
    ],
)
def test_wikitext(wikitext: str, markdown: str) -> None:
    assert [part.markdown for part in render_sections(wikitext)] == [markdown]


LIVE = MediaWiki(name="wiki", api=API)


def texts_asked(site: RecordedTransport) -> int:
    return sum("revids" in url for url in site.asked)


def test_the_api_is_walked_to_its_end_and_asked_again_when_busy() -> None:
    site = wiki()
    items = fetch(LIVE, site)
    assert [item.key for item in items] == ["11", "12", "13"]
    assert isinstance(items[1], Reject) and items[1].reason == "redirect"
    found = [item for item in items if isinstance(item, Page)]
    assert {page.licence for page in found} == {"CC-BY-SA-4.0"}
    assert found[0].url == "https://wiki.example/wiki/Page_11"
    assert texts_asked(site) == 2, "the second attempt must reach the wiki, and not be served the first one's answer"


def test_a_wiki_that_stays_busy_is_a_reject_and_the_next_run_asks_it_again(tmp_path: Path) -> None:
    site = wiki(WikiAPI(busy=4))
    with recorded_web(site, tmp_path / "web.sqlite") as web:
        first = list(LIVE.fetch(web, None))
        assert web.missed
    assert [(item.key, getattr(item, "reason", "")) for item in first] == [
        *(("11", "api_error"), ("12", "api_error"), ("13", "api_error")),
    ]
    assert texts_asked(site) == 4
    with recorded_web(site, tmp_path / "web.sqlite") as web:
        assert [item.key for item in LIVE.fetch(web, None) if isinstance(item, Page)] == ["11", "13"]
        assert not web.missed
    assert texts_asked(site) == 5


def test_a_busy_wiki_is_left_alone_for_as_long_as_it_says() -> None:
    clock = FakeClock()
    items = fetch(LIVE, wiki(WikiAPI(code="maxlag", headers={"retry-after": "7"})), clock=clock)
    assert sum(isinstance(item, Page) for item in items) == 2
    assert clock.slept == 7


def test_what_a_wiki_will_never_answer_is_asked_once() -> None:
    site = wiki(WikiAPI(busy=9, code="readapidenied"))
    details = [item.detail for item in fetch(LIVE, site) if isinstance(item, Reject)]
    assert details == [f"readapidenied: {SIGN_IN_HELPS}"] * 3 and texts_asked(site) == 1


def test_texts_once_had_are_served_from_the_cache(tmp_path: Path) -> None:
    site = wiki()
    first, again = (fetch(LIVE, site, store=tmp_path / "web.sqlite") for _ in range(2))
    assert first == again and texts_asked(site) == 2


def test_templates_that_pages_use_are_asked_for_once() -> None:
    site = wiki(WikiAPI(busy=0, texts={11: WITH_TEMPLATES, 13: "Again {{tooth|5}}, in a page of its own."}))
    found = {item.key: item for item in fetch(LIVE, site) if isinstance(item, Page)}
    first, second = (next(LIVE.parse(found[key])) for key in ("11", "13"))
    assert isinstance(first, Article) and isinstance(second, Article)
    assert first.sections[0].markdown == f"A four-toothed saw {hole('template', 'unheard')} cuts *x*."
    assert second.sections[0].markdown == "Again four-toothed, in a page of its own."
    asked = [dict(parse_qsl(urlsplit(url).query))["titles"] for url in site.asked if "titles=" in url]
    assert asked == ["Template:Cite web|Template:Tooth|Template:Unheard", "Template:Numeral", "Template:Number word"]


def test_templates_that_a_wiki_does_not_tell_leave_holes() -> None:
    api = WikiAPI(busy=0, texts={11: "A {{tooth|of=4}} saw.", 13: "Nothing."})

    def without(url: str) -> HTTPResponse:
        return json_page({"error": {"code": "readapidenied"}}) if "titles=" in url else api(url)

    found = {item.key: item for item in fetch(LIVE, RecordedTransport(otherwise=without)) if isinstance(item, Page)}
    (first,) = LIVE.parse(found["11"])
    assert isinstance(first, Article) and first.sections[0].markdown == f"A {hole('template', 'tooth')} saw."


def test_an_old_wiki_says_the_same() -> None:
    assert fetch(LIVE, wiki(OldWikiAPI())) == fetch(LIVE, wiki())


@pytest.mark.parametrize(
    ("answer", "reason", "requests"),
    [
        (json_page({}, 404), "http_404", 1),
        (json_page({}, 403), "http_403", 1),
        (page("<p>Down for maintenance"), "malformed_json", 4),
        (json_page({}, x_robots_tag="noai"), "opt_out", 1),
    ],
)
def test_a_wiki_that_does_not_answer_is_a_reject(answer: HTTPResponse, reason: str, requests: int) -> None:
    site = RecordedTransport(otherwise=lambda url: answer)
    items = fetch(LIVE, site)
    assert [(type(item), getattr(item, "reason", "")) for item in items] == [(Reject, reason)]
    assert len(site.asked) == requests


def test_pages_deleted_since_the_last_run_are_gone() -> None:
    items = fetch(LIVE, wiki(), "2024-01-01T00:00:00Z")
    assert isinstance(items[-1], Page)
    assert (items[-1].key, items[-1].status) == ("99", 404)


def test_settings_want_one_source() -> None:
    for settings in ({}, {"api": API, "dump": DUMP}):
        with pytest.raises(ValidationError, match="one of"):
            MediaWiki(name="wiki", **settings)


def test_a_cut_dump_gives_what_came_before(tmp_path: Path) -> None:
    cut = tmp_path / "wiki.xml"
    body = DUMP.read_bytes()
    cut.write_bytes(body[: body.index(b"<title>Planes") + 20])
    items = list(dump(cut).fetch(OFFLINE, None))
    assert [(item.key, getattr(item, "reason", "")) for item in items] == [("3", ""), ("wiki.xml", "truncated")]


def test_a_part_of_the_english_wikipedia(shared_data: Path) -> None:
    (path,) = (shared_data / "knowledge_bases" / "mediawiki").glob("*.bz2")
    source = MediaWiki(name="wiki", dump=path, namespaces=(0, 4))
    found = pages(source)
    assert len(found) == 206
    counts: Counter[str] = Counter()
    for stored in list(found.values())[:110]:
        for item in source.parse(stored):
            counts[item.reason if isinstance(item, Reject) else "article"] += 1
            if isinstance(item, Article):
                text = "\n".join(section.markdown for section in item.sections)
                assert not any(mark in text for mark in ("[[", "'''", "<ref", "{|", "{{cite"))
    assert set(counts) <= {"article", "navigation", "redirect", "disambiguation"}
    assert counts["article"] > 30
