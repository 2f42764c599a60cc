"""Articles and community posts of a help centre, live and saved."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from pydantic import ValidationError

from connectors.reading import stored_json
from connectors.reading.spill import MOST
from connectors.web.transport import HTTPResponse
from connectors.zendesk import Zendesk
from schemas.document import Article, Reject, Thread
from schemas.hole import hole
from schemas.page import Page
from tests.connectors.recorded import OFFLINE, RecordedTransport, fetch, json_page, redirect

FOLDER = Path(__file__).parent / "zendesk"
URL = "https://kettle.example"


def saved(folder: Path = FOLDER, **settings: Any) -> Zendesk:
    return Zendesk(name="kettles", url=URL, folder=folder, licence="CC-BY-4.0", **settings)


def told(items: list[Page | Reject]) -> list[tuple[str, str]]:
    return [(item.key, getattr(item, "reason", "")) for item in items]


def document(connector: Zendesk, key: str, site: RecordedTransport | None = None) -> Any:
    items = fetch(connector, site) if site else connector.fetch(OFFLINE, None)
    page = next(item for item in items if isinstance(item, Page) and item.key == key)
    (found,) = connector.parse(page)
    return found


def test_saved_articles_and_posts_and_why_others_are_left_out() -> None:
    assert told(list(saved().fetch(OFFLINE, None))) == [
        *(("a501", ""), ("a501", "other_locale"), ("a502", "draft"), ("a503", "outdated"), ("p701", "")),
        ("comments", "no_post"),
    ]
    assert told(list(saved(parts=("posts",)).fetch(OFFLINE, None))) == [("p701", ""), ("comments", "no_post")]


def test_an_article() -> None:
    found = document(saved(), "a501")
    assert isinstance(found, Article)
    assert (found.title, found.author, found.tags) == ("Installation", "Jo Tinker", ("start",))
    assert found.context == ("Products", "Kettle Server", "Getting started")
    assert found.created_at and found.created_at.year == 2023
    assert found.edited_at and found.edited_at.isoformat() == "2023-05-01T08:00:00+00:00", "votes update it too"
    lead, trouble = found.sections
    assert lead.markdown == "Put the base on a dry table & plug it in."
    assert trouble.path == ("If it does not start",)
    assert trouble.markdown == (
        "- Check the plug.\n- Run `kettle --check`:\n\n```bash\nkettle --check\nkettle --boil\n```"
    )


@pytest.mark.parametrize(
    ("body", "markdown"),
    [
        ("<p>Ask {{dc.brand}} first.</p>", f"Ask {hole('placeholder', 'dc.brand')} first."),
        (
            "<p>Ask <b>{{ help_center_name }}</b>{{dc.end}}</p>",
            f"Ask **{hole('placeholder', 'help_center_name')}**{hole('placeholder', 'dc.end')}",
        ),
        ("<p>Type <code>{{dc.brand}}</code> or {{ticket.id}}.</p>", "Type `{{dc.brand}}` or {{ticket.id}}."),
        ("<pre>{{dc.brand}}</pre>", "```\n{{dc.brand}}\n```"),
        ('<iframe src="https://player.example/7"></iframe>', hole("embed", "player.example")),
    ],
)
def test_what_the_site_fills_in_leaves_a_hole(tmp_path: Path, body: str, markdown: str) -> None:
    saved_articles = json.loads((FOLDER / "articles.json").read_text())
    for entry in saved_articles["articles"]:
        entry["body"] = body
    (tmp_path / "articles.json").write_text(json.dumps(saved_articles))
    found = document(saved(tmp_path), "a501")
    assert [section.markdown for section in found.sections] == [markdown]


def test_an_article_in_another_language() -> None:
    found = document(saved(locale="zh-cn"), "a501")
    assert (found.title, found.sections[0].markdown) == ("安装", "把底座放在干燥的桌面上，然后接通电源。")


def test_a_post_with_its_comments_in_their_order() -> None:
    found = document(saved(), "p701")
    assert isinstance(found, Thread)
    assert (found.title, found.tags) == ("Why is it so loud?", ("Care",))
    assert [(post.post_id, post.score, post.accepted, post.author) for post in found.posts] == [
        *(("0", 7, False, ""), ("801", -1, False, ""), ("802", 5, True, "Jo Tinker")),
    ]
    assert found.posts[2].markdown.endswith("1. Fill it.\n2. Boil it.")


def test_what_is_no_help_centre_says_so_and_harms_nothing(tmp_path: Path) -> None:
    for path in FOLDER.glob("*.json"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "notes.json").write_text('{"articles": 3}')
    (tmp_path / "broken.json").write_text('{"articles": [')
    (tmp_path / "again.json").write_text(
        json.dumps({"article": {"id": 501, "locale": "en-us", "title": "New", "body": "x", "updated_at": "2024"}})
    )
    items = list(saved(tmp_path).fetch(OFFLINE, None))
    assert {("notes.json", "not_help_center"), ("broken.json", "not_help_center"), ("a501", "duplicate_id")} <= set(
        told(items)
    )
    assert document(saved(tmp_path), "a501").title == "New"


def help_centre(url: str) -> HTTPResponse:
    """Articles by cursor, posts by number, and comments of the one post that has some."""
    if "/comments.json" in url:
        return json_page(json.loads((FOLDER / "comments.json").read_text()))
    if "/posts.json" in url:
        post = json.loads((FOLDER / "post.json").read_text())
        return json_page({"posts": [post, {"id": 702, "title": "Quiet", "details": "<p>It is.</p>"}]})
    first = "after" not in url
    listed = json.loads((FOLDER / "articles.json").read_text())
    entries = listed["articles"][:1] if first else [*listed["articles"][:1], {**listed["articles"][3], "id": 504}]
    more = {"has_more": first, "after_cursor": "x"}
    links = {"next": f"{URL}/api/v2/help_center/en-us/articles.json?page[after]=x"}
    return json_page({**listed, "articles": entries, "meta": more, "links": links})


def live(**settings: Any) -> Zendesk:
    return Zendesk(**{"name": "kettles", "url": URL, **settings})


def test_a_live_help_centre_is_walked_to_its_end() -> None:
    site = RecordedTransport(otherwise=help_centre)
    assert told(fetch(live(url=f"{URL}/"), site)) == [("a501", ""), ("a504", ""), ("p701", ""), ("p702", "")]
    assert parse_qs(urlsplit(site.asked[0]).query)["page[size]"] == ["100"]
    assert document(live(), "a501", site).context == ("Products", "Kettle Server", "Getting started")


def test_comments_of_a_post_that_has_not_changed_are_not_asked_for_again(tmp_path: Path) -> None:
    site = RecordedTransport(otherwise=help_centre)
    first, again = (fetch(live(parts=("posts",)), site, store=tmp_path / "web.sqlite") for _ in range(2))
    assert first == again
    asked = [urlsplit(url).path.rpartition("/")[2] for url in site.asked]
    assert asked == ["posts.json", "comments.json", "posts.json"]


def test_later_the_walk_ends_where_nothing_has_changed() -> None:
    site = RecordedTransport(otherwise=help_centre)
    assert told(fetch(live(parts=("articles",)), site, "2024-01-01T00:00:00+00:00")) == [("a501", "")]
    assert len(site.asked) == 1


def test_the_next_answer_is_never_asked_of_another_server() -> None:
    place = f"{URL}/api/v2/help_center/en-us/articles.json"
    answer = json_page({"articles": [], "next_page": "https://elsewhere.example/api"})
    site = RecordedTransport(otherwise=lambda url: answer)
    (reject,) = fetch(live(parts=("articles",)), site)
    assert isinstance(reject, Reject) and reject.reason == "other_server" and "elsewhere" in reject.detail
    assert [url.partition("?")[0] for url in site.asked] == [place]


def test_a_help_centre_that_moved_to_https_is_walked_to_its_end() -> None:
    """Its listings go on under https, whatever the recipe says."""
    plain = URL.replace("https:", "http:")

    def moved(url: str) -> HTTPResponse:
        return help_centre(url) if url.startswith("https:") else redirect(url.replace("http:", "https:"))

    found = fetch(live(url=plain, parts=("articles",)), RecordedTransport(otherwise=moved))
    assert told(found) == [("a501", ""), ("a504", "")]


def test_a_post_whose_comments_cannot_be_had_is_none() -> None:
    def silent(url: str) -> HTTPResponse:
        return json_page({}, 403) if "/comments" in url else help_centre(url)

    items = fetch(live(parts=("posts",)), RecordedTransport(otherwise=silent))
    assert told(items) == [("p701", "http_403"), ("p702", "")]


def test_real_objects(shared_data: Path) -> None:
    folder = shared_data / "knowledge_bases" / "zendesk" / "specification"
    connector = saved(folder)
    pages = {item.key: item for item in connector.fetch(OFFLINE, None) if isinstance(item, Page)}
    assert set(pages) == {"a115001833611", "p115001114911"}
    (found,) = connector.parse(pages["a115001833611"])
    assert isinstance(found, Article)
    assert [section.path for section in found.sections][:2] == [(), ("Q&A template:",)]


def test_settings_say_what_is_wrong() -> None:
    for settings in ({"url": "kettle.example"}, {"locale": "English"}, {"parts": ()}):
        with pytest.raises(ValidationError):
            Zendesk(name="kettles", **{"url": URL, **settings})


@pytest.mark.parametrize("wrong", [{}, [], {"id": 1}, "x", 1.5, None])
def test_numbers_that_are_none_lead_nowhere(tmp_path: Path, wrong: Any) -> None:
    text = "<p>A kettle whistles when the water boils.</p>"
    article = {"id": 1, "title": "Whistle", "body": text, "author_id": wrong, "section_id": wrong}
    post = {"id": 2, "title": "Why?", "details": text, "topic_id": wrong, "author_id": wrong}
    comment = {"id": 3, "body": text, "post_id": wrong, "source_type": "Post", "source_id": wrong}
    section = {"id": 4, "name": "Kettles", "parent_section_id": wrong, "category_id": wrong}
    objects = {"articles": [article], "posts": [post], "comments": [comment], "sections": [section]}
    (tmp_path / "saved.json").write_text(json.dumps(objects))
    assert told(list(saved(tmp_path).fetch(OFFLINE, None))) == [("a1", ""), ("p2", ""), ("comments", "no_post")]


def test_a_list_is_read_object_by_object_and_what_belongs_to_nothing_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    api = f"{URL}/api/v2/community"
    posts = [{"id": number, "title": f"T{number}", "url": f"{api}/posts/{number}.json"} for number in (1, 2)]
    said = [(7, 1, "b", "2024"), (8, 9, "c", "2023"), (9, 1, "a", "2023"), (7, 1, "B", "2025"), (10, 9, "d", "2023")]
    comments = [
        {"id": number, "post_id": post, "body": body, "created_at": "2024" if number == 7 else "2023",
         "updated_at": changed, "url": f"{api}/posts/{post}/comments/{number}.json"}
        for number, post, body, changed in said
    ]  # fmt: skip
    (tmp_path / "objects.json").write_text(f" {json.dumps([*comments, *posts])[:-1]}, {{broken]")
    monkeypatch.setattr(stored_json, "LARGEST", 100)
    items = list(saved(tmp_path).fetch(OFFLINE, None))
    assert told(items) == [
        *(("objects.json/after element 6", "truncated"), ("c7", "duplicate_id"), ("p1", ""), ("p2", "")),
        ("p9", "no_post"),
    ]
    assert [post["body"] for post in json.loads(items[2].body)["posts"]] == ["", "a", "B"]
    assert items[4].detail == "2 comments on a post that is not here"


def test_a_post_with_more_comments_than_memory_holds_is_told(tmp_path: Path) -> None:
    post = {"id": 1, "title": "T"}
    for number in range(5):
        comment = {"id": number, "post_id": 1, "body": "x" * (MOST // 4)}
        (tmp_path / f"{number}.json").write_text(json.dumps({"posts": [post], "comments": [comment]}))
    assert ("p1", "too_large") in told(list(saved(tmp_path).fetch(OFFLINE, None)))
