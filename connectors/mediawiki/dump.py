"""Pages of a MediaWiki XML dump: https://www.mediawiki.org/wiki/Help:Export#Export_format"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from connectors.mediawiki.revision import UNSPOKEN, USERS, Revision, address
from connectors.reading.xml_dump import BrokenDump, elements
from schemas.document import Reject


def from_dump(path: Path, namespaces: tuple[int, ...]) -> Iterator[Revision | Reject]:
    """The newest revision of every page in `namespaces`; others are left out, as the settings say."""
    main_page, names = "", {"dropped": list[str](), "users": list[str]()}
    newest: dict[str, Any] = {}
    try:
        for number, element in enumerate(elements(path, "siteinfo", "revision", "page")):
            match _name(element):
                case "siteinfo":
                    main_page = _text(element, "base")
                    names = {"dropped": _spaces(element, UNSPOKEN), "users": _spaces(element, USERS)}
                case "revision":
                    newest = max(newest, _revision(element), key=lambda revision: revision.get("timestamp", ""))
                case _:
                    yield from _page(element, newest | names, main_page, namespaces, number)
                    newest = {}
    except BrokenDump as broken:
        yield Reject(path.name, broken.reason, broken.detail)


def _page(
    element: Any, newest: dict[str, Any], main_page: str, namespaces: tuple[int, ...], number: int
) -> Iterator[Revision | Reject]:
    title, key, space = _text(element, "title"), _text(element, "id"), _text(element, "ns") or "0"
    if space not in map(str, namespaces):
        return
    if not title or not key:
        yield Reject(key or f"page:{number}", "missing_id", "a page without title or number")
    elif "wikitext" not in newest:
        yield Reject(key, "no_revision", "the dump holds no text of it")
    else:
        target = next((child.get("title", "") for child in element if _name(child) == "redirect"), "")
        body = {"title": title, "ns": int(space), "redirect": target, **newest}
        yield Revision(key, address(main_page, title), body)


def _revision(element: Any) -> dict[str, Any]:
    contributor = next((child for child in element if _name(child) == "contributor"), None)
    return {
        "revid": _text(element, "id"),
        "timestamp": _text(element, "timestamp"),
        "contributor": _text(contributor, "username") if contributor is not None else "",
        "model": _text(element, "model") or "wikitext",
        "wikitext": _text(element, "text"),
    }


def _spaces(siteinfo: Any, numbers: tuple[int, ...]) -> list[str]:
    """What the wiki calls these namespaces."""
    spaces = (child for child in siteinfo.iter() if _name(child) == "namespace")
    return sorted(space.text for space in spaces if space.text and space.get("key") in map(str, numbers))


def _name(element: Any) -> str:
    return str(element.tag).rpartition("}")[2]


def _text(element: Any, name: str) -> str:
    return next((child.text or "" for child in element if _name(child) == name), "")
