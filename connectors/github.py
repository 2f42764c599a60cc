"""GitHub: issues and discussions with their comments, over the REST API or from exported JSON.

What the API calls an issue may be a pull request; what it lists are both. A page keeps only what was said.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar, Literal
from urllib.parse import urlencode

import re2
from pydantic import Field, model_validator

from connectors.base import Kind, LocalPath, Settings, Web
from connectors.reading.local import files_at, ignored, is_named
from connectors.reading.mail import without_reply
from connectors.reading.rows import read
from connectors.reading.stored_json import answered, load
from connectors.reading.threads import build_thread, detach_orphans
from connectors.reading.times import parse_time
from schemas.document import Document, Post, Reject
from schemas.page import Page

PER_PAGE = 100  # the most that the API gives
_ISSUE = ("number", "title", "body", "created_at", "updated_at", "html_url", "answer_chosen_at")
_COMMENT = ("id", "body", "created_at", "html_url", "is_answer", "parent_id")
_SUFFIXES = (".json", ".jsonl", ".ndjson")
_TEMPLATE_NOTE = re2.compile(r"(?s)<!--.*?-->")
_EMPTY_HEADING = re2.compile(r"(?m)^#{1,6} [^\n]+\n+_No response_[ \t]*(?:\n|\z)")
_IMAGE = re2.compile(r"(?i)<img\b[^>]*>")
_PICTURE_TAG = re2.compile(r"(?i)</?(?:p|div|center|details|summary|picture|source|br|b|i|em|strong|span|a)\b[^>\n]*>")
_FENCE = re2.compile(r"^(?:\s*>)*\s*(?:(```+)[^`]*|(~~~+).*)$")
_INDENTED = re2.compile(r"(?:^|\n[ \t]*\n)(?:(?: {4}|\t)[^\n]*(?:\n|$))+")
_ITEM = re2.compile(r"^\s*(?:[-*+]|\d{1,9}[.)])\s")
_TICKS = re2.compile(r"`+")


class GitHub(Settings):
    """Issues and discussions of one repository, each with its comments; thumbs up are the score.

    Live: everything of `repo` by its last change, later only what changed since. From `path`: JSON or JSON Lines,
    packed or not, or a folder of them. Each holds an issue, a discussion or a list of these, with their comments under
    `comments` or `comments_data` (or, in a list of comments beside them, by `issue_url`). Bots are left out.
    """

    states_licence: ClassVar[bool] = False
    connector: Literal["github"] = "github"
    repo: str = Field("", pattern=r"^$|^[\w.-]+/[\w.-]+$", description="owner/name.")
    api: str = Field("https://api.github.com", pattern=r"^https?://", description="Another one for GitHub Enterprise.")
    discussions: bool = Field(False, description="Discussions instead of issues.")
    pull_requests: bool = Field(False, description="Pull requests too, with their comments.")
    max_pages: int = Field(1_000, ge=1, description="The most listings of a hundred that are asked for.")
    path: LocalPath | None = Field(None, description="Exported JSON to read instead: a file or a folder.")

    @model_validator(mode="after")
    def _one_place(self) -> "GitHub":
        if bool(self.path) == bool(self.repo):
            raise ValueError("set either `repo`, for the API, or `path`, for exported JSON")
        return self

    @property
    def kind(self) -> Kind:
        return "forum"

    def files(self) -> tuple[Path, ...]:
        return files_at(self.path, self.name, "path", lambda file: is_named(file, _SUFFIXES))

    def fetch(self, web: Web, cursor: str | None) -> Iterator[Page | Reject]:
        return self._saved() if self.path else self._live(web, cursor or "")

    def parse(self, page: Page) -> Iterator[Document | Reject]:
        yield from thread(page, self.licence)

    def _live(self, web: Web, cursor: str) -> Iterator[Page | Reject]:
        what = "discussions" if self.discussions else "issues"
        listing_url = f"{self.api.rstrip('/')}/repos/{self.repo}/{what}"
        asked = {"state": "all", "sort": "updated", "direction": "desc", "since": _since(cursor)}
        seen: set[int] = set()
        # Newest first: what changes meanwhile moves to the front, where the next run's `since` finds it
        for issue in self._all(web, listing_url, {name: value for name, value in asked.items() if value}):
            if isinstance(issue, Reject):
                yield issue
            elif not _is_issue(issue):
                yield Reject(str(issue.get("id", ""))[:40] or listing_url, "not_an_issue")
            elif self._wanted(issue) and issue["number"] not in seen:
                seen.add(issue["number"])
                version = str(issue.get("updated_at") or "")
                count = issue.get("comments")
                listed = self._all(web, f"{listing_url}/{issue['number']}/comments", {}, version) if count else iter(())
                yield self._with(issue, list(listed))

    def _all(
        self, web: Web, listing_url: str, asked: dict[str, str], version: str = ""
    ) -> Iterator[dict[str, Any] | Reject]:
        """Every entry of a listing, page by page until a short one."""
        for number in range(1, self.max_pages + 1):
            url = f"{listing_url}?{urlencode({**asked, 'per_page': PER_PAGE, 'page': number})}"
            _, found = answered(web, url, version, list)
            if isinstance(found, Reject):
                yield found
                return
            yield from (entry for entry in found if isinstance(entry, dict))
            if len(found) < PER_PAGE:
                return
        yield Reject(listing_url, "max_pages", f"`max_pages` of {self.max_pages} ended the walk")

    def _with(self, issue: dict[str, Any], comments: list[dict[str, Any] | Reject]) -> Page | Reject:
        """An issue whose comments cannot all be had is none: half a thread would teach half an answer."""
        missing = next((entry for entry in comments if isinstance(entry, Reject)), None)
        if missing:
            return Reject(str(issue["number"]), missing.reason, f"comments: {missing.detail}")
        return self._page(issue, [entry for entry in comments if isinstance(entry, dict)])

    def _saved(self) -> Iterator[Page | Reject]:
        yield from ignored(self.path, self.files())
        seen: set[str] = set()
        apart = _comments_apart(self.files())
        for file in self.files():
            entries = _entries(file)
            if not entries:
                yield Reject(file.name, "malformed_json", "neither an issue nor comments")
            for entry in entries:
                item = self._exported(entry, apart)
                if isinstance(item, Page) and item.key in seen:
                    item = Reject(item.key, "duplicate_id", "the first one was kept")
                seen.add(item.key if item else "")
                yield from (item,) if item else ()

    def _exported(self, entry: dict[str, Any], apart: dict[str, list[dict[str, Any]]]) -> Page | Reject | None:
        if not _is_issue(entry):
            return None if _is_comment(entry) else Reject(str(entry.get("id", ""))[:40], "not_an_issue")
        if not self._wanted(entry):
            return Reject(str(entry["number"]), "pull_request")
        within: list[Any] = next(
            (entry[name] for name in ("comments", "comments_data") if isinstance(entry.get(name), list)), []
        )
        comments = [comment for comment in within if isinstance(comment, dict)]
        return self._page(entry, comments or apart.get(str(entry.get("url")), []))

    def _wanted(self, issue: dict[str, Any]) -> bool:
        return self.pull_requests or not issue.get("pull_request")

    def _page(self, issue: dict[str, Any], comments: list[dict[str, Any]]) -> Page:
        kept_fields = {
            **_kept_fields(issue, _ISSUE),
            "labels": _labels(issue),
            "comments": [_kept_fields(each, _COMMENT) for each in comments],
        }
        body = json.dumps(kept_fields, ensure_ascii=False, sort_keys=True).encode("utf-8", "replace")
        url = str(issue.get("html_url") or f"https://github.com/{self.repo}/issues/{issue['number']}")
        prefix = f"{_repo(issue)}/" if self.path else ""
        return Page(self.name, f"{prefix}{issue['number']}", url, body, "application/json", licence=self.licence)


def thread(page: Page, licence: str = "") -> Iterator[Document | Reject]:
    """The issue in `page` with its comments by people, and a reject for each other one."""
    issue = load(page.body)
    if not _is_issue(issue) or not isinstance(issue.get("comments"), list):
        yield Reject(page.key, "malformed_json", "not an issue with its comments")
        return
    if issue.get("bot"):
        yield Reject(page.key, "bot", "opened by a bot")
        return
    stated = page.licence or licence
    tags = tuple(label for label in issue.get("labels") or () if isinstance(label, str))
    posts = detach_orphans(_posts(issue, page, stated))
    yield from build_thread(page.key, page.url, " ".join(issue["title"].split()), posts, tags, stated)


def _posts(issue: dict[str, Any], page: Page, licence: str) -> Iterator[Post | Reject]:
    """An issue without text is asked by its title."""
    first = _post(issue, "0", page.url, licence)
    yield first if first.markdown else _post({**issue, "body": issue["title"]}, "0", page.url, licence)
    for number, comment in enumerate(issue["comments"], 1):
        if not _is_comment(comment):
            yield Reject(f"{page.key}/{number}", "malformed_comment", "no id or no text")
        elif comment.get("bot"):
            yield Reject(f"{page.key}/{comment['id']}", "bot")
        else:
            yield _post(comment, str(comment["id"]), page.url, licence)


def _post(entry: dict[str, Any], post_id: str, url: str, licence: str) -> Post:
    likes = entry.get("likes")
    return Post(
        post_id=post_id,
        markdown=markdown(str(entry.get("body") or "")),
        author=str(entry.get("author") or ""),
        created_at=parse_time(entry.get("created_at")),
        score=likes if isinstance(likes, int) else None,
        accepted=entry.get("is_answer") is True,
        reply_to=str(entry.get("parent_id") or ""),
        url=str(entry.get("html_url") or url),
        licence=licence,
    )


def markdown(body: str) -> str:
    """As written, without the notes of an issue template, fields that nobody filled in, pictures in HTML, and the mail
    that a reply by mail quotes."""
    runs: list[tuple[bool, list[str]]] = [(False, [])]
    fence = ""
    for line in without_reply(body.replace("\r\n", "\n").replace("\r", "\n")).split("\n"):
        found = _FENCE.match(line)
        mark = (found[1] or found[2]) if found else ""
        if mark and not fence:
            fence = mark
            runs.append((True, [line]))
            continue
        runs[-1][1].append(line)
        if fence and mark.startswith(fence) and line.strip(" \t>") == mark:
            fence = ""
            runs.append((False, []))
    if fence:
        runs[-1][1].append(fence)
    return "\n".join("\n".join(lines) if code else _prose("\n".join(lines)) for code, lines in runs).strip()


def _prose(text: str) -> str:
    """Code within it, indented or between backticks, stays as it is."""
    shown = _code_in(text)
    text = _TEMPLATE_NOTE.sub(
        lambda note: note[0] if any(begin <= note.start() < end for begin, end in shown) else "", text
    )
    parts = []
    start = 0
    for begin, end in _code_in(text):
        parts += [_PICTURE_TAG.sub("", _IMAGE.sub("", text[start:begin])), text[begin:end]]
        start = end
    parts.append(_PICTURE_TAG.sub("", _IMAGE.sub("", text[start:])))
    return _EMPTY_HEADING.sub("", "".join(parts))


def _code_in(text: str) -> list[tuple[int, int]]:
    """Where code begins and ends, in order, no two of these overlapping."""
    found = [block.span() for block in _INDENTED.finditer(text) if not _in_a_list(text[: block.start()])]
    ticks = [mark.span() for mark in _TICKS.finditer(text)]
    closing = {end - begin: at for at, (begin, end) in enumerate(ticks)}  # the last run of each length
    at = 0
    while at < len(ticks):
        length = ticks[at][1] - ticks[at][0]
        stop = at
        if closing[length] > at:
            stop = next(after for after in range(at + 1, len(ticks)) if ticks[after][1] - ticks[after][0] == length)
            found.append((ticks[at][0], ticks[stop][1]))
        at = stop + 1
    return _apart(sorted(found))


def _in_a_list(above: str) -> bool:
    """Whether what is indented below `above` is part of a list's item."""
    lines = (line for line in reversed(above.split("\n")) if line.strip() and not line.startswith("    "))
    return bool(_ITEM.match(next(lines, "")))


def _apart(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    kept: list[tuple[int, int]] = []
    for begin, end in spans:
        if not kept or begin >= kept[-1][1]:
            kept.append((begin, end))
    return kept


def _since(cursor: str) -> str:
    when = parse_time(cursor)
    return when.strftime("%Y-%m-%dT%H:%M:%SZ") if when else ""


def _entries(file: Path) -> list[dict[str, Any]]:
    return [entry for entry in read(file) if isinstance(entry, dict)]


def _comments_apart(files: tuple[Path, ...]) -> dict[str, list[dict[str, Any]]]:
    """Comments of lists of their own, by the address of their issue."""
    apart: dict[str, list[dict[str, Any]]] = {}
    for file in files:
        for entry in _entries(file):
            if not _is_issue(entry) and _is_comment(entry) and entry.get("issue_url"):
                apart.setdefault(str(entry["issue_url"]), []).append(entry)
    return apart


def _is_issue(issue: Any) -> bool:
    number = issue.get("number") if isinstance(issue, dict) else None
    return isinstance(number, int) and isinstance(issue.get("title"), str) and bool(issue["title"].strip())


def _is_comment(comment: Any) -> bool:
    return (
        isinstance(comment, dict) and isinstance(comment.get("id"), int | str) and isinstance(comment.get("body"), str)
    )


def _kept_fields(entry: dict[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    user = entry.get("user") if isinstance(entry.get("user"), dict) else {}
    login = str(user.get("login") or "") if user else ""
    kept_fields = {name: entry[name] for name in names if entry.get(name) not in (None, "", False)}
    kept_fields.update({"author": login} if login and login != "ghost" else {})
    kept_fields.update({"bot": True} if login.endswith("[bot]") or (user or {}).get("type") == "Bot" else {})
    reactions = entry.get("reactions")
    likes = reactions.get("+1") if isinstance(reactions, dict) else None
    kept_fields.update({"likes": likes} if isinstance(likes, int) else {})
    return kept_fields | ({"body": ""} if "body" in names and "body" not in kept_fields else {})


def _labels(issue: dict[str, Any]) -> list[str]:
    labels = issue.get("labels") if isinstance(issue.get("labels"), list) else []
    names = (label.get("name") if isinstance(label, dict) else label for label in labels or [])
    return [name for name in names if isinstance(name, str) and name]


def _repo(issue: dict[str, Any]) -> str:
    """owner/name from the addresses of an exported issue."""
    address = str(issue.get("repository_url") or "").partition("/repos/")[2]
    return address or "/".join(str(issue.get("html_url") or "").split("/")[3:5]) or "repo"
