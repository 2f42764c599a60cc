"""Comments of an export in files of their own: each goes to its issue, and no issue is longer than memory."""

import json
from pathlib import Path

from connectors.github import GitHub, apart
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
    long = "x" * (apart.MOST // 4)
    found = fetched(tmp_path, [comment(1, "1", "a"), *(comment(number, "2", long) for number in range(2, 7))])
    assert [item.key if isinstance(item, Page) else item.reason for item in found] == ["repo/1", "too_large", "repo/3"]
