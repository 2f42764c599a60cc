"""Pages of a MediaWiki XML dump: https://www.mediawiki.org/wiki/Help:Export#Export_format"""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from connectors.mediawiki.revision import UNSPOKEN, USERS, Revision, address
from connectors.mediawiki.sources import Templates
from connectors.reading.xml_dump import TOO_LONG, BrokenDump, elements, is_cut
from schemas.document import Reject

_TEMPLATE = "10"  # the namespace of templates


def from_dump(path: Path, namespaces: tuple[int, ...]) -> Iterator[Revision | Reject]:
    """The newest revision of every page in `namespaces`; others are left out, as the settings say.

    The dump is read twice: first for the sources of its templates, which lie anywhere in it and are put on disk. Each
    page takes those with it that it uses.
    """
    with Templates() as templates:
        _gather(path, templates)
        try:
            for number, (element, newest, site) in enumerate(_pages(path)):
                yield from _page(element, newest, site, namespaces, (number, templates))
        except BrokenDump as broken:
            yield Reject(path.name, broken.reason, broken.detail)


def _gather(path: Path, templates: Templates) -> None:
    """Adds the templates of the dump; where it is broken is told when its pages are read."""
    with suppress(BrokenDump):
        for element, newest, _ in _pages(path):
            if _text(element, "ns") == _TEMPLATE and newest.get("wikitext") and "too_large" not in newest:
                templates.add(_text(element, "title").partition(":")[2], newest["wikitext"])


def _pages(path: Path) -> Iterator[tuple[Any, dict[str, Any], dict[str, Any]]]:
    """Each page without its revisions, the newest of these, and what the dump says of its site. Raises BrokenDump.

    What it says of its site comes as a page too where it is cut.
    """
    site: dict[str, Any] = {"main_page": "", "dropped": [], "users": []}
    newest: dict[str, Any] = {}
    for element in elements(path, "siteinfo", "revision", "page"):
        match _name(element):
            case "siteinfo" if is_cut(element):
                yield element, {}, site
            case "siteinfo":
                names = {"dropped": _spaces(element, UNSPOKEN), "users": _spaces(element, USERS)}
                site = {"main_page": _text(element, "base"), **names}
            case "revision":
                newest = max(newest, _revision(element), key=_age)
            case _:
                yield element, newest, site
                newest = {}


def _age(revision: dict[str, Any]) -> str:
    """What orders revisions. One that was cut before its time counts as the newest: nobody may take an older one."""
    return "~" if revision.get("too_large") and not revision["timestamp"] else str(revision.get("timestamp", ""))


def _page(
    element: Any,
    newest: dict[str, Any],
    site: dict[str, Any],
    namespaces: tuple[int, ...],
    place: tuple[int, Templates],
) -> Iterator[Revision | Reject]:
    number, templates = place
    title, key, space = _text(element, "title"), _text(element, "id"), _text(element, "ns") or "0"
    if is_cut(element) or (newest.get("too_large") and space in map(str, namespaces)):
        yield Reject(key or f"{_name(element)}:{number}", "too_large", f"{title}: {TOO_LONG}".removeprefix(": "))
        return
    if space not in map(str, namespaces):
        return
    if not title or not key:
        yield Reject(key or f"page:{number}", "missing_id", "a page without title or number")
    elif "wikitext" not in newest:
        yield Reject(key, "no_revision", "the dump holds no text of it")
    else:
        target = next((child.get("title", "") for child in element if _name(child) == "redirect"), "")
        names = {name: site[name] for name in ("dropped", "users")}
        body = {"title": title, "ns": int(space), "redirect": target, **newest, **names}
        sources = templates.used_by(newest["wikitext"])
        yield Revision(key, address(site["main_page"], title), body | ({"templates": sources} if sources else {}))


def _revision(element: Any) -> dict[str, Any]:
    contributor = next((child for child in element if _name(child) == "contributor"), None)
    return {
        "revid": _text(element, "id"),
        "timestamp": _text(element, "timestamp"),
        "contributor": _text(contributor, "username") if contributor is not None else "",
        "model": _text(element, "model") or "wikitext",
        "wikitext": _text(element, "text"),
    } | ({"too_large": True} if is_cut(element) else {})


def _spaces(siteinfo: Any, numbers: tuple[int, ...]) -> list[str]:
    """What the wiki calls these namespaces."""
    spaces = (child for child in siteinfo.iter() if _name(child) == "namespace")
    return sorted(space.text for space in spaces if space.text and space.get("key") in map(str, numbers))


def _name(element: Any) -> str:
    return str(element.tag).rpartition("}")[2]


def _text(element: Any, name: str) -> str:
    return next((child.text or "" for child in element if _name(child) == name), "")
