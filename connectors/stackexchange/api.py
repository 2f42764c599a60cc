"""Questions with their answers over the API: https://api.stackexchange.com/docs

What it gives is brought into the form of a dump's rows. It counts what a guest asks in a day: when nothing is left, and
whenever an answer says so, the client leaves the site alone until then, and a later run goes on from there.
"""

import html
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from connectors.base import Web, WebError
from connectors.reading.stored_json import ask, instead, integer, load
from connectors.reading.times import parse_time
from schemas.document import Reject

VERSION = "2.3"
PER_PAGE = 100  # the most that it gives
DEEPEST = 25  # pages that it shows to whom has no key
# https://api.stackexchange.com/docs/filters: beyond `default`, what a thread is made of
_FIELDS = (
    *("question.body", "question.answers", "question.comments", "question.content_license", "question.closed_details"),
    *("answer.body", "answer.comments", "answer.content_license", "comment.body_markdown", "comment.content_license"),
)


def live(web: Web, api: str, asked: dict[str, str], cursor: str) -> Iterator[dict[str, Any] | Reject]:
    """Threads as a dump has them, by their last activity, down to `cursor`; `asked` is site, key and filter."""
    stated = {name: value for name, value in asked.items() if value}
    if "filter" not in stated:
        made = _filter(web, api, stated)
        if isinstance(made, Reject):
            yield made
            return
        stated["filter"] = made
    seen: set[int] = set()
    for answer in _answers(web, f"{api}/{VERSION}/questions", stated | _since(cursor)):
        if isinstance(answer, Reject):
            yield answer
            return
        for item in _items(answer):
            number = integer(item.get("question_id"))
            if number is None:
                yield Reject("questions", "missing_id", "a question without a number")
            elif number not in seen:
                seen.add(number)
                yield _as_dump_rows(item)


def total(web: Web, api: str, site: str, key: str) -> int | None:
    """How many questions the site has: https://api.stackexchange.com/docs/filters, the built-in `total`."""
    stated = {"site": site, "filter": "total"} | ({"key": key} if key else {})
    found = ask(web, f"{api}/{VERSION}/questions?{urlencode(stated)}")
    return integer(found.get("total")) if isinstance(found, dict) else None


def _filter(web: Web, api: str, stated: dict[str, str]) -> str | Reject:
    wanted = {"include": ";".join(_FIELDS), "base": "default", "unsafe": "false"}
    wanted |= {"key": stated["key"]} if "key" in stated else {}
    made = _ask(web, f"{api}/{VERSION}/filters/create?{urlencode(wanted)}")
    if isinstance(made, Reject):
        return made
    name = next((item.get("filter") for item in _items(made)), None)
    return name if isinstance(name, str) and name else Reject("filters", "malformed_json", "no filter was made")


def _since(cursor: str) -> dict[str, str]:
    return {"min": str(int(datetime.fromisoformat(cursor).timestamp()))} if cursor else {}


def _answers(web: Web, listing_url: str, stated: dict[str, str]) -> Iterator[dict[str, Any] | Reject]:
    """All pages. Where they are not shown deeper, the walk begins anew below the last activity that was seen."""
    page, below = 1, dict[str, Any]()
    while True:
        asked = {**stated, "order": "desc", "sort": "activity", "pagesize": PER_PAGE, **below, "page": page}
        answer = _ask(web, f"{listing_url}?{urlencode(asked)}")
        yield answer
        items = [] if isinstance(answer, Reject) else _items(answer)
        if isinstance(answer, Reject) or not answer.get("has_more") or not items:
            return
        page += 1
        last = {"max": items[-1].get("last_activity_date")}
        if page > DEEPEST and last == below:
            yield Reject("questions", "not_listed", f"more than {DEEPEST * PER_PAGE} questions of one moment")
            return
        page, below = (1, last) if page > DEEPEST else (page, below)


def _ask(web: Web, url: str) -> dict[str, Any] | Reject:
    try:
        answer = web.get(url)
    except WebError as error:
        return Reject(_nameable(url), error.reason, error.detail)
    if answer.opt_out:
        return Reject(_nameable(url), "opt_out", answer.opt_out)
    if answer.status != 200:
        return Reject(_nameable(url), f"http_{answer.status}")
    found = load(answer.body)
    if not isinstance(found, dict) or not isinstance(found.get("items"), list):
        web.discard(answer)
        return Reject(_nameable(url), "malformed_json", instead(answer))
    web.pause(url, _free(found, answer.fetched_at))
    return found


def _nameable(url: str) -> str:
    """Without the key."""
    return url.partition("?")[0]


def _free(answer: dict[str, Any], at: datetime) -> datetime:
    """When the site may be asked again: after its `backoff`, or when the day is over if nothing of it is left.

    Some say that the day ends at midnight UTC, some that it began with one's first question: a day later both are over.
    """
    if answer.get("quota_remaining") == 0:
        return at + timedelta(days=1)
    backoff = answer.get("backoff")
    return at + timedelta(seconds=backoff if isinstance(backoff, int | float) and 0 < backoff < 86_400 else 0)


def _items(answer: dict[str, Any]) -> list[dict[str, Any]]:
    items = answer.get("items")
    return [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []


def _as_dump_rows(item: dict[str, Any]) -> dict[str, Any]:
    answers = _items({"items": item.get("answers")})
    comments = [comment for post in (item, *answers) for comment in _items({"items": post.get("comments")})]
    return {
        "question": _question(item),
        "answers": [_post(answer, "answer_id") for answer in answers],
        "comments": [_comment(comment) for comment in comments],
        "links": _links(item),
    }


def _question(item: dict[str, Any]) -> dict[str, str]:
    tags = item.get("tags")
    found = {
        "Title": _plain(item.get("title")),
        "Tags": "".join(f"|{tag}" for tag in tags if isinstance(tag, str)) if isinstance(tags, list) else "",
        "AcceptedAnswerId": str(item.get("accepted_answer_id") or ""),
        "ClosedDate": _as_in_a_dump(item.get("closed_date")),
    }
    return _post(item, "question_id") | {name: value for name, value in found.items() if value}


def _post(item: dict[str, Any], number: str) -> dict[str, str]:
    """A post that has lost its HTML to a filter of one's own has Markdown at best, which says the same to a reader."""
    found = {
        "Id": str(item.get(number) or ""),
        "Body": item["body"] if isinstance(item.get("body"), str) else _plain(item.get("body_markdown")),
        "Score": str(integer(item.get("score")) if "score" in item else ""),
        "LastEditDate": _as_in_a_dump(item.get("last_edit_date")),
        **_provenance(item),
    }
    return {name: value for name, value in found.items() if value}


def _comment(item: dict[str, Any]) -> dict[str, str]:
    found = {
        "Id": str(item.get("comment_id") or ""),
        "PostId": str(item.get("post_id") or ""),
        "Text": _plain(item.get("body_markdown")),
        **_provenance(item),
    }
    return {name: value for name, value in found.items() if value}


def _provenance(item: dict[str, Any]) -> dict[str, str]:
    owner = item.get("owner")
    licence = item.get("content_license")
    return {
        "CreationDate": _as_in_a_dump(item.get("creation_date")),
        "Owner": _plain(owner.get("display_name")) if isinstance(owner, dict) else "",
        "ContentLicense": licence if isinstance(licence, str) else "",
    }


def _links(item: dict[str, Any]) -> list[dict[str, str]]:
    """The questions that this one repeats, as PostLinks.xml tells them."""
    details = item.get("closed_details")
    originals = details.get("original_questions") if isinstance(details, dict) else None
    numbers = [str(original.get("question_id")) for original in _items({"items": originals})]
    return [{"Id": number, "RelatedPostId": number, "LinkTypeId": "3"} for number in numbers]


def _as_in_a_dump(stated: Any) -> str:
    """A time as dumps write it, "" for none."""
    time = parse_time(stated)
    return time.replace(tzinfo=None).isoformat() if time else ""


def _plain(value: Any) -> str:
    """A safe filter, which is the usual kind, escapes what is not HTML by itself."""
    return html.unescape(value) if isinstance(value, str) else ""
