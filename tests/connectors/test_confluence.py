"""Exports of Confluence of any age, whole and broken; its two markups; its API."""

import json
import zipfile
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from pydantic import ValidationError

from connectors import html
from connectors.confluence import Confluence, storage, wiki_markup
from connectors.web.transport import HTTPResponse
from schemas.document import Article, Reject
from schemas.hole import hole
from schemas.page import Page
from tests.connectors.recorded import OFFLINE, RecordedTransport, fetch, json_page, redirect

EXPORT = Path(__file__).parent / "confluence" / "entities.xml"
WIKI = "https://wiki.example/confluence"


def source(path: Path = EXPORT, **settings: object) -> Confluence:
    return Confluence(name="kettles", url=WIKI, path=path, licence="CC-BY-4.0", **settings)  # type: ignore[arg-type]


def fetched(path: Path = EXPORT, **settings: object) -> list[tuple[str, str]]:
    return [(item.key, getattr(item, "reason", "")) for item in source(path, **settings).fetch(OFFLINE, None)]


def articles(connector: Confluence, site: RecordedTransport | None = None) -> dict[str, Article | Reject]:
    items = fetch(connector, site) if site else connector.fetch(OFFLINE, None)
    pages = (page for page in items if isinstance(page, Page))
    return {item.key: item for page in pages for item in connector.parse(page) if isinstance(item, Article | Reject)}


LEFT_OUT = [("102", "historical"), ("103", "draft"), ("104", "trash")]
WHOLE = [*LEFT_OUT, ("101", ""), ("100", ""), ("105", ""), ("106", ""), ("108", "no_page"), ("109", "no_body")]


def test_current_pages_are_read_and_all_others_have_a_reason() -> None:
    assert fetched() == WHOLE


def test_a_page_with_its_macros() -> None:
    found = articles(source())["101"]
    assert isinstance(found, Article)
    assert (found.title, found.author, found.tags, found.context) == (
        "Descaling",
        "Jo Tinker",
        ("care",),
        ("Kettle Works",),
    )
    assert found.created_at and found.created_at.isoformat() == "2024-01-02T09:30:00.500000+00:00"
    assert found.edited_at and found.edited_at.isoformat() == "2024-02-02T09:30:00.500000+00:00"
    assert found.url == f"{WIKI}/pages/viewpage.action?pageId=101"
    lead, use = found.sections
    assert lead.markdown == (
        "Descale the kettle once a month, or the élément burns out. You need Citric acid and an hour."
    )
    assert use.path == ("With citric acid",)
    assert use.markdown == (
        "1. Fill the kettle to the mark.\n2. Add two spoons of acid.\n\n"
        "> **Warning**\n>\n> Never mix it with bleach.\n\n"
        '```python\nif hours < 1 & wet:\n    print("&nbsp;")\n```'
    )


def test_a_page_older_than_confluence_4() -> None:
    found = articles(source())["105"]
    assert isinstance(found, Article)
    (section,) = found.sections
    assert (section.path, found.author) == (("Before you begin",), "ines")
    assert section.markdown == (
        "Put the base on a **dry** and level table, as [the leaflet](https://kettle.example/leaflet) says."
        " Ask if in doubt.\n\n1. Plug in the base\n2. Rinse the kettle\n   1. twice\n\n"
        "```bash\nkettle --check [all]\n```\n\n| Model | Volume |\n| --- | --- |\n| K1 | 1.7 l |"
    )


def test_chinese_is_read_like_english_and_an_address_is_no_name() -> None:
    found = articles(source())["106"]
    assert isinstance(found, Article)
    assert "> **说明**\n>\n> 用白醋代替柠檬酸也可以" in found.sections[0].markdown
    assert found.author == ""


def test_the_page_that_a_new_space_begins_with_is_no_article() -> None:
    found = articles(source())["100"]
    assert isinstance(found, Reject) and found.reason == "template"


def test_of_a_page_in_two_exports_the_newest_version_is_kept(tmp_path: Path) -> None:
    text = EXPORT.read_text()
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "entities.xml").write_text(text.replace(">3</property>", ">2</property>"))
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "entities.xml").write_text(text.replace("once a month", "every week"))
    found = fetched(tmp_path)
    assert Counter(reason for _, reason in found)["duplicate_id"] == 4
    assert len({key for key, reason in found if not reason}) == 4
    page = articles(source(tmp_path))["101"]
    assert isinstance(page, Article) and "every week" in page.sections[0].markdown


def test_only_some_spaces() -> None:
    assert [key for key, reason in fetched(spaces=("XX",)) if not reason] == []
    assert [key for key, reason in fetched(spaces=("KW",)) if not reason] == ["101", "100", "105", "106"]


def zipped(path: Path, body: bytes, packing: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", packing) as archive:
        archive.writestr("attachments/101/1/1", b"PK\x03\x04 no archive" * 20)
        archive.writestr("../../entities.xml", b"<not-this-one>")
        archive.writestr("entities.xml", body)
        archive.writestr("exportDescriptor.properties", b"spaceKey=KW")
    return path


@pytest.mark.parametrize("packing", [zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED])
def test_an_archive_is_read_where_it_lies(tmp_path: Path, packing: int) -> None:
    path = zipped(tmp_path / "export.zip", EXPORT.read_bytes(), packing)
    assert fetched(path) == WHOLE
    assert [file.name for file in tmp_path.iterdir()] == ["export.zip"]


@pytest.mark.parametrize("packing", [zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED])
def test_a_cut_archive_gives_what_came_before(tmp_path: Path, packing: int) -> None:
    body = EXPORT.read_bytes()
    filler = b"".join(b"<object class='Filler'><id>%d</id></object>\n" % number for number in range(30_000))
    path = zipped(
        tmp_path / "export.zip", body.replace(b"</hibernate-generic>", filler + b"</hibernate-generic>"), packing
    )
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 2 // 3])
    assert fetched(path) == [*WHOLE, ("export.zip", "truncated")]


def test_a_file_that_is_cut_gives_what_came_before(tmp_path: Path) -> None:
    cut = tmp_path / "entities.xml"
    body = EXPORT.read_text()
    cut.write_text(body[: body.index("Put the base")])
    assert fetched(cut) == [*LEFT_OUT, ("101", ""), ("100", ""), ("105", "no_body"), ("entities.xml", "truncated")]


def test_a_bomb_meets_its_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectors.reading.packed.SMALL", 1 << 16)
    path = zipped(tmp_path / "export.zip", b"<x>" + b"<object class='Page'><id>1</id></object>" * 50_000 + b"</x>")
    assert fetched(path)[-1] == ("export.zip", "too_large")


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b'<!DOCTYPE x [<!ENTITY e "boom">]><x><object class="Page"/></x>', "entities_refused"),
        (b"<x><object></x>", "malformed_xml"),
        (b"", "truncated"),
    ],
)
def test_what_is_no_export_says_why(tmp_path: Path, body: bytes, reason: str) -> None:
    assert fetched(zipped(tmp_path / "export.zip", body)) == [("export.zip", reason)]


def test_an_archive_without_pages_says_so(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "photos.zip", "w") as archive:
        archive.writestr("kettle.png", b"png")
    assert fetched(tmp_path) == [("photos.zip", "no_entities")]


def test_an_html_export(tmp_path: Path) -> None:
    text = "Descale the kettle once a month, or its element burns out sooner than you would like it to."
    page = f"""<html><head><title>Kettle Works : Descaling</title></head><body>
      <h1 id="title-heading"><span id="title-text"> Kettle Works : Descaling </span></h1>
      <div class="page-metadata">Created by <span class="author"> Jo Tinker</span>, last modified by
      <span class="editor"> Al on Sea</span> on Jan 05, 2015</div>
      <div id="main-content" class="wiki-content group"><p>{text}</p>
      <div class="code panel"><pre data-syntaxhighlighter-params="brush: bash; gui: false">kettle --check</pre></div>
      </div><div id="footer">Document generated by Confluence</div></body></html>"""
    with zipfile.ZipFile(tmp_path / "export.zip", "w") as archive:
        archive.writestr("KW/index.html", page)
        archive.writestr("KW/Descaling_101.html", page)
        archive.writestr("KW/attachments/101/7.html", page)
    assert fetched(tmp_path) == [("101", "")]
    found = articles(source(tmp_path))["101"]
    assert isinstance(found, Article)
    assert (found.title, found.author) == ("Descaling", "Jo Tinker")
    assert found.edited_at == datetime(2015, 1, 5, tzinfo=UTC)
    assert found.sections[0].markdown == f"{text}\n\n```bash\nkettle --check\n```"


def markdown(fragment: str) -> str:
    return html.to_markdown(html.parse(f"<div>{fragment}</div>")).strip()


MACRO = '<ac:structured-macro ac:name="{0}">{1}</ac:structured-macro>'
TEXT = "<ac:plain-text-body><![CDATA[{0}]]></ac:plain-text-body>"
RICH = "<ac:rich-text-body><p>{0}</p></ac:rich-text-body>"
PARAMETER = '<ac:parameter ac:name="{0}">{1}</ac:parameter>'
ADDRESS, FILE = '<ri:url ri:value="https://v.example/1"/>', '<ri:attachment ri:filename="a.pdf"/>'


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (MACRO.format("noformat", TEXT.format("a  <b>")), "```\na  <b>\n```"),
        (MACRO.format("code", TEXT.format("x]]]]><![CDATA[>y")), "```\nx]]>y\n```"),
        (MACRO.format("markdown", TEXT.format("a *b*\n\n```sh\nls <x>\n```")), "a *b*\n\n```bash\nls <x>\n```"),
        (MACRO.format("plantuml", TEXT.format("A -> B")), "```plantuml\nA -> B\n```"),
        (
            MACRO.format("expand", '<ac:parameter ac:name="title">More</ac:parameter>' + RICH.format("x")),
            "**More**\n\nx",
        ),
        (MACRO.format("excerpt", RICH.format("kept")), "kept"),
        (MACRO.format("children", ""), ""),
        ("<p>so " + MACRO.format("status", '<ac:parameter ac:name="title">DONE</ac:parameter>') + "</p>", "so DONE"),
        ("<p>so " + MACRO.format("mathinline", TEXT.format("a<b")) + "</p>", "so $a<b$"),
        (
            "<p>so " + MACRO.format("mathinline", PARAMETER.format("body", "--uriencoded--a%5E2")) + "</p>",
            "so $a^2$",
        ),
        ("<p>see " + MACRO.format("widget", PARAMETER.format("url", ADDRESS)) + "</p>", "see https://v.example/1"),
        ("<p>see " + MACRO.format("view-file", PARAMETER.format("name", FILE)) + "</p>", "see a.pdf"),
        ("<p>see " + MACRO.format("jira", PARAMETER.format("key", "KW-1")) + "</p>", "see KW-1"),
        ("<p>see " + MACRO.format("jira", PARAMETER.format("jqlQuery", "x")) + "</p>", f"see {hole('macro', 'jira')}"),
        ("<p>see " + MACRO.format("kettles", PARAMETER.format("of", "x")) + "</p>", f"see {hole('macro', 'kettles')}"),
        (MACRO.format("kettles", RICH.format("kept")), "kept"),
        (MACRO.format("poll", ""), hole("macro", "poll")),
        (MACRO.format("convertedtoblock", "") + MACRO.format("toc", ""), ""),
        (
            MACRO.format("include", PARAMETER.format("", '<ac:link><ri:page ri:content-title="B"/></ac:link>')),
            hole("include", "B"),
        ),
        (MACRO.format("html-include", ""), hole("include", "html-include")),
        ('<p>a <ac:link><ri:user ri:userkey="1"/></ac:link>b</p>', "a b"),
        (
            '<p><ac:link><ri:page ri:content-title="A"/><ac:plain-text-link-body><![CDATA[x & y]]>'
            "</ac:plain-text-link-body></ac:link></p>",
            "x & y",
        ),
        ("<p>R&D, a &lt; b &copy; &#8364; &unknown;</p>", "R&D, a < b © € &unknown;"),
        (
            "<ac:task-list><ac:task><ac:task-id>1</ac:task-id><ac:task-status>complete</ac:task-status>"
            "<ac:task-body>rinse</ac:task-body></ac:task></ac:task-list>",
            "- [x] rinse",
        ),
        ("<ul><li>a</li><li><ul><li>b</li></ul></li></ul>", "- a\n- b"),
        ("<p>never closed <b>bold", "never closed **bold**"),
        ('<p>on <time datetime="2024-01-02" /></p>', "on 2024-01-02"),
        (
            "<ac:adf-extension><ac:adf-node><ac:adf-content>twice</ac:adf-content></ac:adf-node>"
            "<ac:adf-fallback><p>once</p></ac:adf-fallback></ac:adf-extension>",
            "once",
        ),
    ],
)
def test_storage_format(body: str, expected: str) -> None:
    assert markdown(storage.to_html(body)) == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("*bold* _it_ {{a *b*}} 2*3*4 snake_case_name", "**bold** *it* `a *b*` 2*3*4 snake_case_name"),
        (
            "[Site|https://x.example/a_b] [Page] [~jo] !a.png! \\[no link\\]",
            "[Site](https://x.example/a_b) Page [no link]",
        ),
        ("* a\n** b\n*# c\n* d", "- a\n  - b\n  1. c\n- d"),
        ("{info:title=Mind}\nhot\n{info}\n{tip}\ncold\n{tip}", "> **Mind**\n>\n> hot\n\n> **Tip**\n>\n> cold"),
        ("|a|[b|c]|\n|d|e\nf|", "| a | b |\n| --- | --- |\n| d | e<br>f |"),
        ("{noformat}\n{code} <b>\n{noformat}", "```\n{code} <b>\n```"),
        ("bq. said\n----\n{toc}after", "> said\n\nafter"),
        ("a <script> b", "a <script> b"),
        ("see {jira:KW-1} {status:title=DONE} {viewpdf:name=a.pdf}", "see KW-1 DONE a.pdf"),
        ("see {roadmap:a=1} and {roadmap:a=2}", f"see {hole('macro', 'roadmap')} and {hole('macro', 'roadmap')}"),
        ("{kettles:a=1}kept{kettles}{children}", "kept"),
        ("{include:Page B}", hole("include", "Page B")),
    ],
)
def test_wiki_markup(body: str, expected: str) -> None:
    assert markdown(wiki_markup.to_html(body)) == expected


def live_wiki(url: str) -> HTTPResponse:
    """Two pages in two answers, and a blog post; links to what follows leave out the wiki's own path."""
    asked = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
    if "search" in url:
        return json_page({"results": [entry("9", "page")], "_links": {}})
    if asked["type"] == "blogpost":
        return json_page({"results": [entry("3", "blogpost"), {"id": "4", "title": "No text", "type": "page"}]})
    more = {} if "start" in asked else {"next": "/rest/api/content?type=page&start=1", "context": "/confluence"}
    return json_page({"results": [entry("2" if "start" in asked else "1", "page")], "_links": more})


def entry(key: str, kind: str) -> dict[str, object]:
    return {
        "id": key,
        "type": kind,
        "status": "current",
        "title": f"Page {key}",
        "space": {"key": "KW"},
        "version": {"number": 3, "when": "2024-02-02T09:30:00.000Z"},
        "history": {"createdBy": {"displayName": "Jo Tinker"}, "createdDate": "2024-01-02T09:30:00.000Z"},
        "ancestors": [{"title": "Kettle Works Home"}],
        "metadata": {"labels": {"results": [{"prefix": "global", "name": "care"}]}},
        "body": {"storage": {"value": f"<p>{'Descale the kettle once a month. ' * 4}</p>"}},
    }


def live(**settings: Any) -> Confluence:
    return Confluence(**{"name": "kettles", "url": WIKI, **settings})


def told(items: list[Page | Reject]) -> list[tuple[str, str]]:
    return [(item.key, getattr(item, "reason", "")) for item in items]


def test_a_live_wiki_is_listed_to_its_end() -> None:
    site = RecordedTransport(otherwise=live_wiki)
    kettles = live(spaces=("KW",))
    assert told(fetch(kettles, site)) == [("1", ""), ("2", ""), ("3", ""), ("4", "no_body")]
    assert site.asked[1] == f"{WIKI}/rest/api/content?type=page&start=1"
    assert "spaceKey=KW" in site.asked[0]
    found = articles(kettles, site)["1"]
    assert isinstance(found, Article)
    assert (found.author, found.tags, found.context) == ("Jo Tinker", ("care",), ("Kettle Works",))
    assert found.edited_at == datetime(2024, 2, 2, 9, 30, tzinfo=UTC)


def test_later_only_what_was_modified_is_asked_for() -> None:
    site = RecordedTransport(otherwise=live_wiki)
    assert told(fetch(live(spaces=("KW",)), site, "2024-03-02T12:00:00+00:00")) == [("9", "")]
    query = parse_qs(urlsplit(site.asked[0]).query)["cql"][0]
    assert query == (
        'type in (page,blogpost) and lastmodified >= "2024-03-01 12:00" and space in ("KW") order by created'
    )


def test_a_wiki_without_listings_is_searched() -> None:
    def cloud(url: str) -> HTTPResponse:
        return json_page({}, 410) if "/content?" in url else live_wiki(url)

    assert told(fetch(live(), RecordedTransport(otherwise=cloud))) == [("9", "")]


def test_a_listing_that_goes_on_under_https_is_read_and_one_of_another_server_told() -> None:
    def listing(follow: str) -> RecordedTransport:
        links = {"next": follow, "context": "/confluence"}

        def answer(url: str) -> HTTPResponse:
            if url.startswith("http:"):
                return redirect(url.replace("http:", "https:"))
            first = "type=page" in url and "start" not in url
            return json_page({"results": [entry("1", "page")], "_links": links}) if first else live_wiki(url)

        return RecordedTransport(otherwise=answer)

    plain = live(url=WIKI.replace("https:", "http:"))
    found = fetch(plain, listing(f"{WIKI}/rest/api/content?type=page&start=1"))
    assert told(found) == [("1", ""), ("2", ""), ("3", ""), ("4", "no_body")]
    away = listing("https://elsewhere.example/rest/api/content?start=1")
    assert [reason for _, reason in told(fetch(plain, away))] == ["", "other_server", "", "no_body"]
    assert not any("elsewhere" in url for url in away.asked)


def test_a_wiki_that_does_not_answer_is_a_reject() -> None:
    items = fetch(live(), RecordedTransport(otherwise=lambda url: json_page({}, 403)))
    assert [reason for _, reason in told(items)] == ["http_403", "http_403"]


def test_recorded_answers_of_a_real_wiki(shared_data: Path) -> None:
    """Answers that another client asked for: a listing without texts, and one page with its text."""
    folder = shared_data / "forums" / "api-fixtures" / "confluence"
    listing = json.loads((folder / "confluence_contents.json").read_text())
    page = json.loads((folder / "confluence_content_1_v3.json").read_text())
    in_turn = iter([{**listing, "_links": {}}, {"results": [{**page, "id": "7"}]}])
    site = RecordedTransport(otherwise=lambda url: json_page(next(in_turn)))
    assert told(fetch(live(), site)) == [("1", "no_body"), ("2", "no_body"), ("7", "")]


def test_real_exports_of_many_versions(shared_data: Path) -> None:
    folder = shared_data / "knowledge_bases" / "confluence-exports"
    connector = source(folder)
    items = list(connector.fetch(OFFLINE, None))
    reasons = Counter(item.reason for item in items if isinstance(item, Reject))
    assert sum(isinstance(item, Page) for item in items) >= 75
    assert not {"truncated", "malformed_xml", "too_large", "unreadable_archive"} & set(reasons)
    for page in (item for item in items if isinstance(item, Page)):
        for found in connector.parse(page):
            text = "\n".join(part.markdown for part in found.sections) if isinstance(found, Article) else ""
            assert not any(mark in text for mark in ("<ac:", "<ri:", "CDATA", "&nbsp;"))


def test_settings_say_what_is_wrong() -> None:
    for settings in ({"url": "wiki.example"}, {"spaces": ('KW" or "',)}):
        with pytest.raises(ValidationError):
            Confluence(name="kettles", **{"url": WIKI, **settings})  # type: ignore[arg-type]
