"""GitHub: issues and discussions with their comments, over the REST API or from exported JSON.

What the API calls an issue may be a pull request; what it lists are both. A page keeps only what was said.
"""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar, Literal
from urllib.parse import urlencode

from pydantic import Field, model_validator

from connectors.base import Kind, LocalPath, Settings, Web
from connectors.github.apart import Apart, comments_apart
from connectors.github.live import Bulk, Listings, comments_by_issue
from connectors.github.text import markdown
from connectors.reading.local import files_at, ignored, is_named
from connectors.reading.malformed import Malformed
from connectors.reading.rows import read
from connectors.reading.spill import TooMany
from connectors.reading.stored_json import integer, load
from connectors.reading.threads import build_thread, detach_orphans
from connectors.reading.times import parse_time
from pipelines.messages import Message
from schemas.document import Document, Post, Reject
from schemas.page import Page

_ISSUE = ("number", "title", "body", "created_at", "updated_at", "html_url", "answer_chosen_at")
_COMMENT = ("id", "body", "created_at", "html_url", "is_answer", "parent_id")
_SUFFIXES = (".json", ".jsonl", ".ndjson")


class GitHub(Settings):
    """Issues and discussions of one repository, each with its comments; thumbs up are the score.

    Live: everything of `repo` by its last change, later only what changed since; on the first run the comments of all
    issues at once. GITHUB_TOKEN in the environment lets it ask more often. From `path`: JSON or JSON Lines, packed or
    not, or a folder of them. Each holds an issue, a discussion or a list of these, with their comments under `comments`
    or `comments_data` (or, in a list of comments beside them, by `issue_url`). Bots are left out.
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
            raise ValueError(Message("set either `repo`, for the API, or `path`, for exported JSON"))
        return self

    @property
    def kind(self) -> Kind:
        return "forum"

    def files(self) -> tuple[Path, ...]:
        return files_at(self.path, self.name, "path", lambda file: is_named(file, _SUFFIXES))

    def expected(self, web: Web) -> int | None:
        """Issues are counted by a search, since a listing of them holds pull requests too."""
        api, listings = self.api.rstrip("/"), Listings(web, self.max_pages)
        if self.path:
            return None
        if self.discussions or self.pull_requests:
            kind = "discussions" if self.discussions else "issues"
            return listings.count(f"{api}/repos/{self.repo}/{kind}", {"state": "all"})
        asked = urlencode({"q": f"repo:{self.repo} is:issue", "per_page": 1})
        found = listings.one(f"{api}/search/issues?{asked}")
        return integer(found.get("total_count")) if isinstance(found, dict) else None

    def fetch(self, web: Web, cursor: str | None) -> Iterator[Page | Reject]:
        return self._saved() if self.path else self._live(web, cursor or "")

    def parse(self, page: Page) -> Iterator[Document | Reject]:
        yield from thread(page, self.licence)

    def _live(self, web: Web, cursor: str) -> Iterator[Page | Reject]:
        repository = f"{self.api.rstrip('/')}/repos/{self.repo}"
        listings = Listings(web, self.max_pages)
        if refusal := self._refusal(listings.one(repository)):
            yield replace(refusal, key=repository)
            return
        in_bulk = not cursor and not self.discussions  # a later run asks for few of them
        with comments_by_issue(listings, repository if in_bulk else "") as bulk:
            yield from self._walk(
                listings, f"{repository}/{'discussions' if self.discussions else 'issues'}", cursor, bulk
            )

    def _refusal(self, repository: dict[str, Any] | Reject) -> Reject | None:
        """What a token opens and the public does not see is read only where the recipe states a licence."""
        if isinstance(repository, Reject):
            private = "there is none, or it is private and GITHUB_TOKEN does not open it"
            return replace(repository, detail=private) if repository.reason == "http_404" else repository
        if repository.get("private") is not False and not self.licence:
            return Reject("", "no_licence", "the repository is not public; set `licence` on the source to read it")
        return None

    def _walk(self, listings: Listings, listing_url: str, cursor: str, bulk: Bulk) -> Iterator[Page | Reject]:
        asked = {"state": "all", "sort": "updated", "direction": "desc", "since": _since(cursor)}
        seen: set[int] = set()
        # Newest first: what changes meanwhile moves to the front, where the next run's `since` finds it
        for issue in listings.all(listing_url, {name: value for name, value in asked.items() if value}):
            if isinstance(issue, Reject):
                yield issue
            elif not _is_issue(issue):
                yield Reject(str(issue.get("id", ""))[:40] or listing_url, "not_an_issue")
            elif self._wanted(issue) and issue["number"] not in seen:
                seen.add(issue["number"])
                yield self._with(issue, _comments(listings, f"{listing_url}/{issue['number']}/comments", issue, bulk))

    def _with(self, issue: dict[str, Any], comments: list[dict[str, Any] | Reject]) -> Page | Reject:
        """An issue whose comments cannot all be had is none: half a thread would teach half an answer."""
        missing = next((entry for entry in comments if isinstance(entry, Reject)), None)
        if missing:
            return Reject(str(issue["number"]), missing.reason, f"comments: {missing.detail}")
        return self._page(issue, [entry for entry in comments if isinstance(entry, dict)])

    def _saved(self) -> Iterator[Page | Reject]:
        yield from ignored(self.path, self.files())
        with comments_apart(_comments_apart(self.files())) as apart:
            yield from self._read(apart)
            for issue, count in apart.left_over():
                yield Reject(issue[-200:], "no_issue", f"{count} comments on it, and it is not in the export")

    def _read(self, apart: Apart) -> Iterator[Page | Reject]:
        seen: set[str] = set()
        for file in self.files():
            entry, nameless = None, 0
            for entry in read(file):
                nameless += _is_comment(entry) and not _is_issue(entry) and not entry.get("issue_url")
                item = self._exported(entry, apart, file.name)
                if isinstance(item, Page) and item.key in seen:
                    item = Reject(item.key, "duplicate_id", "the first one was kept")
                seen.add(item.key if item else "")
                yield from (item,) if item else ()
            if entry is None:
                yield Reject(file.name, "empty_file")
            if nameless:
                yield Reject(file.name, "no_issue", f"{nameless} comments do not name their issue")

    def _exported(self, entry: Any, apart: Apart, place: str) -> Page | Reject | None:
        """What an entry of the file `place` is; None for a comment, which goes with its issue."""
        if isinstance(entry, Malformed):
            return Reject(f"{place}/{entry.position}", entry.reason, entry.detail)
        if not _is_issue(entry):
            name = str(entry.get("id") or place)[:40] if isinstance(entry, dict) else place
            return None if _is_comment(entry) else Reject(name, "not_an_issue")
        address = str(entry.get("url"))
        apart.note(address)
        if not self._wanted(entry):
            return Reject(str(entry["number"]), "pull_request")
        within: list[Any] = next(
            (entry[name] for name in ("comments", "comments_data") if isinstance(entry.get(name), list)), []
        )
        comments = [comment for comment in within if isinstance(comment, dict)]
        try:
            return self._page(entry, comments or apart.of_issue(address))
        except TooMany as error:
            return Reject(str(entry["number"]), "too_large", str(error))

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


def _comments(listings: Listings, url: str, issue: dict[str, Any], bulk: Bulk) -> list[dict[str, Any] | Reject]:
    """All comments of an issue, from the bulk where they are all there."""
    count = issue.get("comments")
    had = bulk(issue["number"]) if count else []
    if len(had) == count or not count:
        return list(had)
    return list(listings.all(url, {}, str(issue.get("updated_at") or "")))


def _since(cursor: str) -> str:
    when = parse_time(cursor)
    return when.strftime("%Y-%m-%dT%H:%M:%SZ") if when else ""


def _comments_apart(files: tuple[Path, ...]) -> Iterator[dict[str, Any]]:
    """Comments of lists of their own, which name the address of their issue."""
    for file in files:
        for entry in read(file):
            if not _is_issue(entry) and _is_comment(entry) and entry.get("issue_url"):
                yield entry


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
