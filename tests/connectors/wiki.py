"""A small wiki as its API answers, for a ReplayWeb."""

from typing import Any
from urllib.parse import parse_qsl, urlsplit

from connectors.base import Response
from tests.connectors.replay import ReplayWeb, json_answer

API = "https://wiki.example/api.php"
SITE = {
    "query": {
        "general": {"base": "https://wiki.example/wiki/Main_Page"},
        "rightsinfo": {"url": "https://creativecommons.org/licenses/by-sa/4.0/", "text": "CC BY-SA"},
        "namespaces": {"6": {"name": "Bild"}, "14": {"name": "Kategorie"}},
    }
}
TEXTS = {11: "'''Saws''' cut wood.\n\n== Kinds ==\nMany.", 12: "#REDIRECT [[Saw]]", 13: "A '''vice''' holds things."}


class WikiWeb(ReplayWeb):
    """Answers like api.php: two titles in a listing, then `continue`; the first try of each text is busy."""

    def get(self, url: str, *, version: str = "") -> Response:
        again = any(url == asked for asked, _ in self.asked)
        self.asked.append((url, version))
        params = dict(parse_qsl(urlsplit(url).query))
        return json_answer(url, self._answer(params, again))

    def _answer(self, params: dict[str, str], again: bool) -> dict[str, Any]:
        if params.get("meta") == "siteinfo":
            return SITE
        if params.get("generator") == "allpages":
            numbers = [13] if "gapcontinue" in params else [11, 12]
            more = {} if "gapcontinue" in params else {"continue": {"gapcontinue": "Vice", "continue": "gapcontinue||"}}
            return {"query": {"pages": [_listed(number) for number in numbers]}} | more
        if params.get("list") == "logevents":
            return {"query": {"logevents": [{"action": "delete", "ns": 0, "title": "Gone", "logpage": 99}]}}
        if not again:
            return {"error": {"code": "internal_api_error_DBQueryError"}}
        return {"query": {"pages": [_page(int(number) - 100) for number in params["revids"].split("|")]}}


def _listed(number: int) -> dict[str, Any]:
    return {"pageid": number, "ns": 0, "title": f"Page {number}", "lastrevid": number + 100, "redirect": number == 12}


def _page(number: int) -> dict[str, Any]:
    slot = {"contentmodel": "wikitext", "content": TEXTS[number]}
    revision = {"revid": number + 100, "timestamp": "2024-01-01T00:00:00Z", "user": "Ines", "slots": {"main": slot}}
    return {"pageid": number, "ns": 0, "title": f"Page {number}", "revisions": [revision]}


class OldWikiWeb(WikiWeb):
    """The same wiki before MediaWiki 1.25: no `formatversion`, so pages by number, marks as "", texts under "*"."""

    def _answer(self, params: dict[str, str], again: bool) -> dict[str, Any]:
        answer = super()._answer(params, again)
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
