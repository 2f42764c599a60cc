"""A small wiki as its API answers."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from connectors.web.transport import HTTPResponse
from tests.connectors.recorded import RecordedTransport, json_page

API = "https://wiki.example/api.php"
SITE = {
    "query": {
        "general": {"base": "https://wiki.example/wiki/Main_Page"},
        "rightsinfo": {"url": "https://creativecommons.org/licenses/by-sa/4.0/", "text": "CC BY-SA"},
        "namespaces": {"6": {"name": "Bild"}, "14": {"name": "Kategorie"}},
    }
}
TEXTS = {11: "'''Saws''' cut wood.\n\n== Kinds ==\nMany.", 12: "#REDIRECT [[Saw]]", 13: "A '''vice''' holds things."}
# a page that uses templates, and their sources
WITH_TEMPLATES = "A {{tooth|4}} saw {{unheard|of=1}} cuts {{cite web|title=x}}."
TEMPLATES = {
    "Tooth": "{{numeral|{{{1}}}}}-toothed",
    "Numeral": "#REDIRECT [[Template:Number word]]",
    "Number word": "four",
}


@dataclass
class WikiAPI:
    """Answers like api.php: two titles in a listing, then `continue`. The first `busy` requests for a text are told,
    with status 200, that the wiki is busy; `code` says how."""

    busy: int = 1
    texts: dict[int, str] = field(default_factory=lambda: TEXTS)
    code: str = "internal_api_error_DBQueryError"
    headers: dict[str, str] = field(default_factory=dict)
    asked: Counter[str] = field(default_factory=Counter)

    def __call__(self, url: str) -> HTTPResponse:
        self.asked[url] += 1
        answer = self.answer(dict(parse_qsl(urlsplit(url).query)), self.asked[url])
        return json_page(answer, **self.headers if "error" in answer else {})

    def answer(self, params: dict[str, str], attempt: int) -> dict[str, Any]:
        if params.get("meta") == "siteinfo":
            return SITE
        if params.get("generator") == "allpages":
            numbers = [13] if "gapcontinue" in params else [11, 12]
            more = {} if "gapcontinue" in params else {"continue": {"gapcontinue": "Vice", "continue": "gapcontinue||"}}
            return {"query": {"pages": [_listed(number) for number in numbers]}} | more
        if params.get("list") == "logevents":
            return {"query": {"logevents": [{"action": "delete", "ns": 0, "title": "Gone", "logpage": 99}]}}
        if "titles" in params:
            return {"query": {"pages": [_template(title) for title in params["titles"].split("|")]}}
        if attempt <= self.busy:
            return {"error": {"code": self.code}}
        return {"query": {"pages": [_page(int(number) - 100, self.texts) for number in params["revids"].split("|")]}}


def _listed(number: int) -> dict[str, Any]:
    return {"pageid": number, "ns": 0, "title": f"Page {number}", "lastrevid": number + 100, "redirect": number == 12}


def _template(title: str) -> dict[str, Any]:
    text = TEMPLATES.get(title.partition(":")[2])
    if text is None:
        return {"ns": 10, "title": title, "missing": True}
    slot = {"contentmodel": "wikitext", "content": text}
    return {"pageid": 900, "ns": 10, "title": title, "revisions": [{"slots": {"main": slot}}]}


def _page(number: int, texts: dict[int, str]) -> dict[str, Any]:
    slot = {"contentmodel": "wikitext", "content": texts[number]}
    revision = {"revid": number + 100, "timestamp": "2024-01-01T00:00:00Z", "user": "Ines", "slots": {"main": slot}}
    return {"pageid": number, "ns": 0, "title": f"Page {number}", "revisions": [revision]}


class OldWikiAPI(WikiAPI):
    """The same wiki before MediaWiki 1.25: no `formatversion`, so pages by number, marks as "", texts under "*"."""

    def answer(self, params: dict[str, str], attempt: int) -> dict[str, Any]:
        answer = super().answer(params, attempt)
        pages = answer.get("query", {}).get("pages")
        if params.get("meta") == "siteinfo":
            spaces = {number: {"*": space["name"]} for number, space in SITE["query"]["namespaces"].items()}
            return {"query": {**answer["query"], "namespaces": spaces}}
        return {**answer, "query": {"pages": {str(page["pageid"]): _old(page) for page in pages}}} if pages else answer


def _old(page: dict[str, Any]) -> dict[str, Any]:
    old = {name: "" if value is True else value for name, value in page.items() if value is not False}
    for revision in old.get("revisions", ()):
        slot = revision.pop("slots")["main"]
        revision.update({"contentmodel": slot["contentmodel"], "*": slot["content"]})
    return old


def wiki(api: WikiAPI | None = None) -> RecordedTransport:
    """A transport to that wiki."""
    return RecordedTransport(otherwise=api or WikiAPI())
