"""A dump as threads: joined, attributed, licensed, and nothing lost in silence."""

import json
from collections import Counter
from pathlib import Path

import py7zr
import pytest

from connectors.stackexchange import StackExchange
from connectors.stackexchange.thread import licence_of, tags
from schemas.document import Reject, Thread
from schemas.page import Page
from tests.connectors.recorded import OFFLINE

DATA = Path(__file__).parent / "stackexchange"


def source(path: Path = DATA, **settings: object) -> StackExchange:
    return StackExchange(name="se", path=path, site="stack.example", **settings)


def fetched(path: Path = DATA) -> list[Page | Reject]:
    return list(source(path).fetch(OFFLINE, None))


def pages(path: Path = DATA) -> dict[str, Page]:
    return {item.key: item for item in fetched(path) if isinstance(item, Page)}


def parsed(key: str, **settings: object) -> list[Thread | Reject]:
    return list(source(**settings).parse(pages()[key]))  # type: ignore[arg-type]


def thread(key: str, **settings: object) -> Thread:
    (found,) = (item for item in parsed(key, **settings) if isinstance(item, Thread))
    return found


def test_every_row_is_in_a_page_or_a_reject() -> None:
    assert list(pages()) == ["q1", "q4", "q5", "q8"]
    assert {(item.key, item.reason) for item in fetched() if isinstance(item, Reject)} == {
        ("p7", "not_a_question"),
        ("a10", "orphan_answer"),
        ("Posts.xml:11", "missing_id"),
        ("a6", "orphan_answer"),
        ("c22", "orphan_comment"),
        ("q5", "duplicate_id"),
    }


USER_8 = "user 8 (https://stack.example/users/8)"  # the dump has no name of that number


def test_answers_are_joined_with_authors_scores_and_licences() -> None:
    question, accepted, other = thread("q1").posts
    assert (question.post_id, question.reply_to, question.author, question.score) == ("1", "", USER_8, 9)
    assert (accepted.post_id, accepted.reply_to, accepted.author, accepted.score) == ("2", "1", "Ines", 10)
    assert (accepted.accepted, other.accepted, other.author) == (True, False, "A guest")
    assert (accepted.licence, other.licence) == ("CC-BY-SA-2.5", "CC-BY-SA-3.0")
    assert accepted.url == "https://stack.example/a/2"
    assert accepted.created_at and accepted.created_at.isoformat() == "2010-05-01T10:00:00+00:00"
    assert accepted.edited_at and accepted.edited_at.isoformat() == "2010-05-02T10:00:00+00:00"
    assert (question.edited_at, other.edited_at) == (None, None), "never, and before it was written"


def test_markdown_keeps_code_and_mathematics() -> None:
    accepted = thread("q1").posts[1].markdown
    assert "```\nnames = sorted(names)\n\nfor name in names:\n    print(name)\n```" in accepted
    assert "`sorted`" in accepted
    question = thread("q4").posts[0].markdown
    assert "$a_1 < b_1$" in question
    assert "\\le b_1?$$" in question
    assert "> Think of equality." in question


@pytest.mark.parametrize(
    ("body", "markdown"),
    [
        (r"<p>$f\colon \{0,1\}^n$ &amp; $$a_1 \\ b &lt; c$$</p>", r"$f\colon \{0,1\}^n$ & $$a_1 \\ b < c$$"),
        (r"<p>\begin{cases} 1 \\ 0 \end{cases}</p>", r"\begin{cases} 1 \\ 0 \end{cases}"),
        ("<p><code>$a_1</code> and <code>b$</code> TeX0TeX</p>", "`$a_1` and `b$` TeX0TeX"),
        (
            "<blockquote><p>Let</p><p>\\begin{align} a \\\\\n&amp;= b \\end{align}</p></blockquote>"
            "<ul><li>$$\nc$$</li></ul>",
            "> Let\n>\n> \\begin{align} a \\\\\n> &= b \\end{align}\n\n- $$\n  c$$",
        ),
        ("<p>$5 for *one*, $10 for TeX</p>", "$5 for *one*, $10 for TeX"),
        (
            "<p>See</p><p><a href='https://i.example/a.png'><img src='https://i.example/a.png'></a></p>",
            "See\n\n[image]",
        ),
    ],
)
def test_formulas_stay_as_they_are_and_pictures_leave_a_mark(body: str, markdown: str) -> None:
    assert asked(body) == markdown


@pytest.mark.parametrize(
    "banner",
    [
        "<blockquote><strong>Possible Duplicate:</strong><br><a href='/q/1'>Old</a></blockquote>",
        "<blockquote>\n  <p><strong>Possible Duplicates:</strong><br>\n  <a href='/q/1'>A</a><br></p>\n</blockquote>",
        "<blockquote><p><b>Posible duplicado:</b> <a href='/q/1'>Viejo</a></p></blockquote>",
        "<blockquote><p><strong>Возможный дубликат:</strong></p></blockquote>",
    ],
)
def test_an_old_banner_of_a_duplicate_is_no_text(banner: str) -> None:
    assert asked(f"{banner}<p>How?</p>") == "How?"


def test_a_quotation_about_duplicates_stays() -> None:
    assert asked("<blockquote><p>Possible duplicate keys</p></blockquote><p>Why?</p>").startswith(
        "> Possible duplicate"
    )
    later = "<p>I saw</p><blockquote><p><strong>Possible Duplicate:</strong> x</p></blockquote>"
    assert "> **Possible Duplicate:** x" in asked(later)


def asked(body: str) -> str:
    question = {"question": {"Id": "1", "Body": body}}
    page = Page("se", "q1", "https://stack.example/questions/1", json.dumps(question).encode())
    (found,) = source().parse(page)
    assert isinstance(found, Thread)
    return found.posts[0].markdown


def test_what_little_is_known_is_enough() -> None:
    found = thread("q5")
    assert found.title.startswith("A question of which little is known")
    assert (found.posts[0].score, found.posts[0].created_at, found.licence) == (None, None, "")


def test_posts_without_text_are_rejects() -> None:
    assert [(item.key, item.reason) for item in parsed("q4") if isinstance(item, Reject)] == [("q4/a9", "empty_post")]
    assert [item.reason for item in parsed("q8") if isinstance(item, Reject)] == ["empty_question"]


def test_comments_only_when_asked_for() -> None:
    assert not [post for post in thread("q1").posts if post.post_id.startswith("c")]
    comment = thread("q1", comments=True).posts[-1]
    assert (comment.post_id, comment.reply_to, comment.author, comment.score) == ("c21", "2", "Ines", None)


def test_a_page_holds_its_links() -> None:
    (link,) = json.loads(pages()["q4"].body)["links"]
    assert (link["RelatedPostId"], link["LinkTypeId"]) == ("1", "3")


@pytest.mark.parametrize(
    ("row", "licence"),
    [
        ({"ContentLicense": "CC BY-SA 2.5"}, "CC-BY-SA-2.5"),
        ({"ContentLicense": "CC BY-SA 4.0", "CreationDate": "2009-01-01T00:00:00"}, "CC-BY-SA-4.0"),
        ({"CreationDate": "2011-04-07T23:59:59"}, "CC-BY-SA-2.5"),
        ({"CreationDate": "2011-04-08T00:00:00"}, "CC-BY-SA-3.0"),
        ({"CreationDate": "2018-05-01T23:59:59"}, "CC-BY-SA-3.0"),
        ({"CreationDate": "2018-05-02T00:00:00"}, "CC-BY-SA-4.0"),
        ({"ContentLicense": "All rights reserved", "CreationDate": "yesterday"}, ""),
        ({}, ""),
    ],
)
def test_licence_by_statement_then_by_day(row: dict[str, str], licence: str) -> None:
    assert licence_of(row) == licence


@pytest.mark.parametrize("text", ["<c#><node.js>", "|c#|node.js|"])
def test_tags_in_both_forms(text: str) -> None:
    assert tags({"Tags": text}) == ("c#", "node.js")


def test_a_cut_dump_gives_what_came_before(tmp_path: Path) -> None:
    body = (DATA / "Posts.xml").read_bytes()
    (tmp_path / "Posts.xml").write_bytes(body[: body.index(b'<row Id="7"') + 9])
    rejects = [item for item in fetched(tmp_path) if isinstance(item, Reject)]
    assert [item.reason for item in rejects] == ["truncated", "orphan_answer"]
    assert list(pages(tmp_path)) == ["q1", "q4", "q5"]


def test_order_and_place_of_rows_do_not_matter(tmp_path: Path) -> None:
    head, *rows, end = (DATA / "Posts.xml").read_text().split("\n  ")
    last, end = end.split("\n", 1)
    kept = [row for row in [*rows, last] if 'Title="The number is taken"' not in row]
    (tmp_path / "Posts.xml").write_text("\n".join([head, *reversed(kept), end]))
    for name in ("Users.xml", "Comments.xml", "PostLinks.xml"):
        (tmp_path / name).write_bytes((DATA / name).read_bytes())
    assert pages(tmp_path) == pages()


@pytest.mark.parametrize("one_for_each", [False, True])
def test_archives_are_the_same_as_what_is_in_them(tmp_path: Path, one_for_each: bool) -> None:
    for name in ("Comments.xml", "PostLinks.xml", "Posts.xml", "Users.xml"):
        path = tmp_path / (f"stack.example-{name[:-4]}.7z" if one_for_each else "stack.example.7z")
        with py7zr.SevenZipFile(path, "a" if path.exists() else "w") as file:
            file.write(DATA / name, name)
    assert pages(tmp_path) == pages()
    if not one_for_each:
        assert pages(tmp_path / "stack.example.7z") == pages()


def test_a_broken_archive_is_a_reject(tmp_path: Path) -> None:
    (tmp_path / "a.7z").write_bytes(b"no archive")
    assert [(item.key, item.reason) for item in fetched(tmp_path)] == [("a.7z", "truncated")]  # type: ignore[union-attr]


def test_closed_questions_are_marked() -> None:
    assert thread("q4").tags[-1] == "[duplicate]"
    question = {"question": {"Id": "1", "Body": "Why?", "Tags": "|ovens|", "ClosedDate": "2024-01-01T00:00:00"}}
    (found,) = source().parse(Page("se", "q1", "https://stack.example/questions/1", json.dumps(question).encode()))
    assert isinstance(found, Thread)
    assert found.tags == ("ovens", "[closed]")


def test_a_folder_without_posts_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="set `path`"):
        source(tmp_path).files()


def test_the_whole_quantum_computing_dump(shared_data: Path) -> None:
    dump = source(shared_data / "forums" / "stackexchange-quantumcomputing")
    items = list(dump.fetch(OFFLINE, None))
    found = [json.loads(item.body) for item in items if isinstance(item, Page)]
    assert len(found) == 612
    assert sum(len(body["answers"]) for body in found) == 1060
    accepted = [
        {answer["Id"] for answer in body["answers"]} & {body["question"].get("AcceptedAnswerId")} for body in found
    ]
    assert sum(map(len, accepted)) == 389
    assert sum(link["LinkTypeId"] == "3" for body in found for link in body["links"]) == 11, (
        "3 of 14 link posts that are gone"
    )
    rejects = Counter(item.reason for item in items if isinstance(item, Reject))
    # Badges, Tags and Votes are not read
    assert rejects == {"not_a_question": 314, "orphan_link": 21, "ignored_file": 3}
    closed = Counter(tag for item in items if isinstance(item, Page) for tag in marks(dump, item))
    assert closed == {"[duplicate]": 10, "[closed]": 20}


def marks(dump: StackExchange, page: Page) -> list[str]:
    (found,) = (item for item in dump.parse(page) if isinstance(item, Thread))
    return [tag for tag in found.tags if tag.startswith("[")]
