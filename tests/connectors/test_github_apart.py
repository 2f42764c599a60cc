"""Comments of an export in files of their own: each goes to its issue, and no issue is longer than memory."""

import json
from pathlib import Path

from connectors.github import GitHub
from connectors.reading.spill import MOST
from schemas.document import Reject
from schemas.page import Page
from tests.connectors.recorded import OFFLINE

ISSUES = [{"number": number, "title": f"T{number}", "url": f"https://api.example/{number}"} for number in (1, 2, 3)]


def comment(number: int, issue: str, body: str) -> dict[str, object]:
    return {"id": number, "body": body, "issue_url": f"https://api.example/{issue}"}


def fetched(folder: Path, comments: list[dict[str, object]]) -> list[Page | Reject]:
    (folder / "issues.json").write_text(json.dumps(ISSUES))
    (folder / "comments.json").write_text(json.dumps(comments))
    return list(GitHub(name="s", path=folder).fetch(OFFLINE, None))


def test_comments_apart_go_to_their_issue_in_their_order(tmp_path: Path) -> None:
    found = fetched(
        tmp_path, [comment(1, "3", "a"), comment(2, "1", "b"), comment(3, "3", "c"), comment(4, "\ud800", "d")]
    )
    said = [[each["body"] for each in json.loads(page.body)["comments"]] for page in found if isinstance(page, Page)]
    assert said == [["b"], [], ["a", "c"]]


def test_an_issue_with_more_comments_than_memory_holds_is_told(tmp_path: Path) -> None:
    long = "x" * (MOST // 4)
    found = fetched(tmp_path, [comment(1, "1", "a"), *(comment(number, "2", long) for number in range(2, 7))])
    assert [item.key if isinstance(item, Page) else item.reason for item in found] == ["repo/1", "too_large", "repo/3"]


def test_comments_whose_issue_is_not_there_are_told_with_their_number(tmp_path: Path) -> None:
    pull = {"id": 7, "body": "g", "pull_request_url": "https://api.example/9"}
    found = fetched(
        tmp_path, [comment(1, "8", "a"), comment(2, "1", "b"), comment(3, "8", "c"), pull, {**pull, "id": 8}]
    )
    assert [(item.key, item.reason, item.detail) for item in found if isinstance(item, Reject)] == [
        ("comments.json", "no_issue", "2 comments do not name their issue"),
        ("https://api.example/8", "no_issue", "2 comments on it, and it is not in the export"),
    ]


def test_comments_of_a_pull_request_that_is_not_wanted_are_not_told_twice(tmp_path: Path) -> None:
    (tmp_path / "issues.json").write_text(json.dumps([{**ISSUES[0], "pull_request": {"url": "p"}}]))
    (tmp_path / "comments.json").write_text(json.dumps([comment(1, "1", "a")]))
    found = list(GitHub(name="s", path=tmp_path).fetch(OFFLINE, None))
    assert [(item.key, item.reason) for item in found if isinstance(item, Reject)] == [("1", "pull_request")]
