"""Talk pages as threads: who said what, when, and to whom."""

# ruff: noqa: E501

import bz2
from datetime import UTC, datetime
from pathlib import Path

import pytest

from connectors.mediawiki import MediaWiki
from connectors.mediawiki.signatures import Signature, Signatures
from schemas.document import Post, Reject, Thread
from schemas.page import Page
from tests.connectors.recorded import OFFLINE

DUMP = Path(__file__).parent / "mediawiki" / "talk.xml"


def found(path: Path = DUMP) -> dict[str, Thread | Reject]:
    source = MediaWiki(name="wiki", dump=path, namespaces=(1, 4))
    pages = (page for page in source.fetch(OFFLINE, None) if isinstance(page, Page))
    return {item.key: item for page in pages for item in source.parse(page) if isinstance(item, Thread | Reject)}


def thread(key: str) -> Thread:
    item = found()[key]
    assert isinstance(item, Thread)
    return item


def test_each_section_is_a_thread_or_says_why_not() -> None:
    reasons = {key: getattr(item, "reason", "") for key, item in found().items()}
    assert reasons == {
        "41/How_do_I_stop_chatter?": "",
        "41/External_links_modified": "bot",
        "41/Notes": "unsigned",
        "41/Notes~2": "",
        "42/刨刀怎么磨？": "",
        "43/lead": "no_heading",
        "43/Which_saw_for_dovetails?": "",
        "44": "empty_talk",
    }


def said(post: Post) -> tuple[str, str, str]:
    return (post.post_id, post.author, post.reply_to)


def test_comments_have_their_author_and_what_they_reply_to() -> None:
    posts = thread("41/How_do_I_stop_chatter?").posts
    assert [said(post) for post in posts] == [
        ("1", "Ines K", ""),
        ("2", "Bo", "1"),
        ("3", "Ines K", "2"),
        ("4", "Ann", "1"),
        ("5", "", "4"),
        ("6", "Bo", "5"),
        ("7", "", "6"),
    ]
    assert posts[1].created_at == datetime(2020, 1, 5, 13, 0, tzinfo=UTC)
    assert posts[5].created_at == datetime(2020, 1, 7, 10, 0, tzinfo=UTC)


def test_comments_are_markdown_without_indent_and_signature() -> None:
    posts = thread("41/How_do_I_stop_chatter?").posts
    assert posts[0].markdown == (
        "The plane skips over the board and leaves ripples. I have tried\n\n- a sharper iron\n- wax on the sole\n\n"
        "What else is there?"
    )
    assert posts[1].markdown == (
        "Set the cap iron closer to the edge:\n\n- half a millimetre for rough work\n- less for figured wood\n\n"
        "That usually cures it."
    )
    assert [post.markdown for post in posts[2:]] == [
        "It did, thank you!",
        "and tighten the frog.",
        "Where is the frog?",
        "Under the iron.",
        "As he said at 10:00, 7 January 2020 (UTC), it is under the iron",
    ]


def test_code_in_a_reply_keeps_its_lines() -> None:
    assert thread("43/Which_saw_for_dovetails?").posts[2].markdown == (
        "Then count them:\n\n```python\n# teeth per inch\nfor saw in saws:\n    print(saw)\n```\n\nThat is all."
    )


def test_a_thread_says_which_article_it_is_about() -> None:
    about = thread("41/How_do_I_stop_chatter?")
    assert (about.title, about.tags) == ("Hand plane: How do I stop chatter?", ("Hand plane",))
    assert about.url == "https://wiki.example/wiki/Talk:Hand_plane"
    desk = thread("43/Which_saw_for_dovetails?")
    assert (desk.title, desk.tags) == ("Which saw for dovetails?", ())


def test_a_template_around_several_comments_leaves_its_text(tmp_path: Path) -> None:
    text = (
        DUMP.read_text()
        .replace("The plane skips", "{{hidden|header=more|content=The plane skips")
        .replace("usually cures it.", "usually cures it.}}")
    )
    (tmp_path / "dump").write_text(text)
    item = found(tmp_path / "dump")["41/How_do_I_stop_chatter?"]
    assert isinstance(item, Thread)
    assert item.posts[1].markdown.endswith("That usually cures it.")
    assert not any(mark in post.markdown for post in item.posts for mark in ("{{", "}}"))


def test_a_closed_discussion_is_read_without_its_box() -> None:
    assert [post.markdown for post in thread("41/Notes~2").posts] == ["Is it a plane?"]


def test_chinese_is_read_like_english() -> None:
    first, second = thread("42/刨刀怎么磨？").posts
    assert (first.markdown, first.author) == ("新买的刨刀要先磨哪一面？", "小明")
    assert (second.markdown, second.author, second.reply_to) == ("先磨平背面，再磨刃口。", "老王", "1")
    assert second.created_at == datetime(2020, 1, 5, 13, 0, tzinfo=UTC)


def test_a_page_elsewhere_is_for_talk_when_it_is_signed_like_one(tmp_path: Path) -> None:
    talk, desk = DUMP.read_text().split("<title>Workshop:Help desk")
    (tmp_path / "dump").write_text(talk + "<title>Workshop:Help desk" + desk.replace(" 9 January 2020 (UTC)", ""))
    assert "43/Which_saw_for_dovetails?" in found()
    assert "43/Which_saw_for_dovetails?" not in found(tmp_path / "dump")


@pytest.mark.parametrize(
    "body",
    [
        DUMP.read_text().encode("utf-16"),
        bz2.compress(DUMP.read_bytes()[:1500]) + bz2.compress(DUMP.read_bytes()[1500:]),
    ],
    ids=["utf-16", "multistream"],
)
def test_dumps_of_any_make(tmp_path: Path, body: bytes) -> None:
    (tmp_path / "dump").write_bytes(body)
    assert found(tmp_path / "dump") == found()


NOON = datetime(2020, 7, 5, 12, 34, tzinfo=UTC)


@pytest.mark.parametrize(
    ("line", "before", "author", "when"),
    [
        ("ok --[[User:Jo T|Jo]] ([[User talk:Jo T|talk]]) 12:34, 5 July 2020 (UTC)", "ok", "Jo T", NOON),
        ("ok [[User:Jo_T]] 12:34, Jul 5, 2020 (UTC)", "ok", "Jo T", NOON),
        ("ja -- [[Benutzer:Max|M]] ([[Benutzer Diskussion:Max|D]]) 14:34, 5. Jul. 2020 (CEST)", "ja", "Max", NOON),
        ("oui.--[[Utilisateur:Léa|L]] ([[Discussion utilisateur:Léa|d]]) 5 juillet 2020 à 14:34 (CEST)", "oui.", "Léa", NOON),
        ("sí [[Usuario:Ana|Ana]] ([[Usuario discusión:Ana|d]]) 12:34 5 jul 2020 (UTC)", "sí", "Ana", NOON),
        ("sì [[Utente:Ugo|Ugo]] ([[Discussioni utente:Ugo|msg]]) 14:34, 5 lug 2020 (CEST)", "sì", "Ugo", NOON),
        ("sim [[Usuário:Zé|Zé]] 12h34min de 5 de julho de 2020 (UTC)", "sim", "Zé", NOON),
        ("ja [[Gebruiker:Piet|Piet]] 5 jul 2020 14:34 (CEST)", "ja", "Piet", NOON),
        ("tak [[Wikipedysta:Ola|Ola]] ([[Dyskusja wikipedysty:Ola|d]]) 14:34, 5 lip 2020 (CEST)", "tak", "Ola", NOON),
        ("ja [[Användare:Eva|Eva]] 5 juli 2020 kl. 14.34 (CEST)", "ja", "Eva", NOON),
        ("да [[Участник:Иван|И]] ([[Обсуждение участника:Иван|обс.]]) 12:34, 5 июля 2020 (UTC)", "да", "Иван", NOON),
        ("はい。--[[利用者:太郎|太郎]]（[[利用者‐会話:太郎|会話]]） 2020年7月5日 (日) 12:34 (UTC)", "はい。", "太郎", NOON),
        ("네. [[사용자:철수|철수]] ([[사용자토론:철수|토론]]) 2020년 7월 5일 (일) 21:34 (KST)", "네.", "철수", NOON),
        ("<b>ok</b> [[User:A|<span style='color:red'>A</span>]]<sup>[[User talk:A|t]]</sup> 12:34, 5 Jul 2020 (UTC)</small>", "<b>ok</b>", "A", NOON),
        ("see [[User:Other]], he knows. [[User:Me|Me]] 12:34, 5 July 2020 (UTC)", "see [[User:Other]], he knows.", "Me", NOON),
        ("ok [[Special:Contributions/2001:db8::1|2001:db8::1]] 12:34, 5 July 2020 (UTC)", "ok", "", NOON),
        ("ok 12:34, 5 July 2020 (UTC)", "ok", "", NOON),
        ("ok - Dank ([[User talk:Dank|push to talk]]) 12:34, 5 July 2020 (UTC)", "ok", "Dank", NOON),
        ("ok {{unsigned2|12:34, 5 July 2020|Jo T}}", "ok", "Jo T", NOON),
        ('ok Jo 12:34, 5 July 2020 (UTC) <small><span class="autosigned">— Preceding [[W:S|unsigned]] comment added by [[User:Jo T|Jo]] ([[User talk:Jo T|talk]] • [[Special:Contributions/Jo T|c]]) </span></small><!-- by a robot -->', "ok Jo", "Jo T", NOON),
        ('ok <small><span class="autosigned">—&nbsp;Preceding [[W:S|unsigned]] comment added by [[User:Jo T|Jo]] ([[User talk:Jo T|talk]]) 12:34, 5 July 2020 (UTC)</span></small>\u200e', "ok", "Jo T", NOON),
        ("ok {{unsignedIP|192.0.2.1}}", "ok", "", None),
        ("ok [[User:A|A]] 12:34, 45 July 2020 (UTC)", "ok", "A", None),
    ],
)  # fmt: skip
def test_signatures(line: str, before: str, author: str, when: datetime | None) -> None:
    assert Signatures().read(line) == Signature(before, author, when)


def test_many_marks_of_robots_are_one() -> None:
    line = "ok " + '<span class="autosigned">x</span>' * 3000
    assert Signatures().read(line) == Signature("ok", "", None)


@pytest.mark.parametrize("line", ["", "no date", "At 12:34, 5 July 2020 (UTC) he said so.", "12:34, 5 July 2020"])
def test_what_is_no_signature(line: str) -> None:
    assert Signatures().read(line) is None
