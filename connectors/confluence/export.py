"""Pages of a space export: entities.xml, a dump of Confluence's database of any version, in its archive or beside it.

Objects stand in any order and a page's text is an object of its own, so that an export is read twice: once for what
is known of each page, which goes to disk, once for the texts. Neither is ever held whole.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from connectors.confluence.archive import ENTITIES, opened
from connectors.confluence.content import Content, named, syntax_of
from connectors.confluence.index import Index, indexes
from connectors.confluence.storage import unescaped
from connectors.reading.xml_dump import TOO_LONG, BrokenDump, elements_of, is_cut
from schemas.document import Reject

KINDS = ("Page", "BlogPost")
_STANDING = ("", "current")


def from_exports(paths: tuple[Path, ...], spaces: tuple[str, ...]) -> Iterator[tuple[str, Content] | Reject]:
    """The newest version of every page of these exports of one wiki, in their order; others with a reason."""
    with indexes(len(paths)) as empty:
        read = [(path, index, _fill(index, path)) for path, index in zip(paths, empty, strict=True)]
        for path, index, broken in read:
            found = _texts(path, index)
            yield from _left_over(index)
            yield from (item for item in found if isinstance(item, Reject) or not spaces or item[1].space in spaces)
            if broken:
                yield Reject(path.name, broken.reason, broken.detail)


def _left_over(index: Index) -> Iterator[Reject]:
    yield from (Reject(key, reason) for key, reason in index.left_out())
    yield from (Reject(name, "too_large", TOO_LONG) for (name,) in index.cut())


def _fill(index: Index, path: Path) -> BrokenDump | None:
    try:
        for element in _objects(path):
            _note(index, element)
    except BrokenDump as broken:
        return broken
    return None


def _objects(path: Path) -> Iterator[Any]:
    with opened(path, ENTITIES) as file:
        yield from elements_of(file, path.name, "object")


def _note(index: Index, element: Any) -> None:
    key, properties = _key(element), _properties(element)
    if is_cut(element) and element.get("class") != "BodyContent":
        _note_cut(index, element, key)
        return
    match element.get("class"):
        case "Page" | "BlogPost":
            reason = _left_out(properties)
            if reason:
                index.leave_out(key, reason)
            else:
                kept = {name: properties[name] for name in _KEPT if properties.get(name)}
                index.add_page(key, kept, _number(kept.get("version")))
        case "Space":
            index.add_name("space", key, properties.get("key", ""))
        case "ConfluenceUserImpl":
            index.add_name("user", key, properties.get("name", ""))
        case "InternalUser":
            index.add_name("person", properties.get("name", ""), properties.get("displayName", ""))
        case "Label":
            is_global = properties.get("namespace", "global") == "global"
            index.add_name("label", key, properties.get("name", "") if is_global else "")
        case "Labelling":
            index.add_label(properties.get("content", ""), properties.get("label", ""))


def _note_cut(index: Index, element: Any, key: str) -> None:
    if key and element.get("class") in KINDS:
        index.leave_out(key, "too_large")
    else:
        index.add_cut(f"{element.get('class')}:{key}")


_KEPT = ("title", "space", "parent", "version", "creationDate", "lastModificationDate", "creator", "creatorName")


def _left_out(properties: dict[str, str]) -> str:
    """Why a page is none to read: an earlier version of another one, a draft, in the trash, put away."""
    status = properties.get("contentStatus", "")
    if status not in _STANDING:
        return {"deleted": "trash", "trashed": "trash", "draft": "draft", "archived": "archived"}.get(
            status, "not_current"
        )
    if properties.get("originalVersion") or properties.get("originalVersionId"):
        return "historical"
    return "" if properties.get("title") else "no_title"


def _texts(path: Path, index: Index) -> Iterator[tuple[str, Content] | Reject]:
    try:
        for element in _objects(path):
            if element.get("class") == "BodyContent":
                yield from _text(element, index)
    except BrokenDump:
        pass  # met before, when the export was read the first time
    yield from (Reject(key, "no_body", "the export holds no text of it") for (key,) in index.without_text())


def _text(element: Any, index: Index) -> Iterator[tuple[str, Content] | Reject]:
    properties = _properties(element)
    key = properties.get("content", "")
    page = index.page(key)
    if is_cut(element):
        index.give(key)
        yield Reject(key or f"BodyContent:{_key(element)}", "too_large", TOO_LONG)
    elif page is None:
        yield from _orphan(element, key, index)
    elif index.is_given(key) or _number(page.get("version")) < index.newest(key):
        yield Reject(key, "duplicate_id", "another text of this page was kept")
    else:
        index.give(key)
        yield key, _content(index, key, page, properties)


def _orphan(element: Any, key: str, index: Index) -> Iterator[Reject]:
    """The text of a page that is not here. Those of comments and descriptions are no pages."""
    owner = next((child.get("class") for child in element if child.get("name") == "content"), "")
    if owner in KINDS and not index.is_left_out(key):
        yield Reject(key, "no_page", "the export holds its text alone")


def _content(index: Index, key: str, page: dict[str, str], properties: dict[str, str]) -> Content:
    body = properties.get("body", "")
    syntax = syntax_of(body, properties.get("bodyType", ""))
    creator = page.get("creator", "")
    user = index.name("user", creator) or page.get("creatorName", "")
    version = _number(page.get("version"))
    return Content(
        title=page["title"],
        space=index.name("space", page.get("space", "")),
        version=version,
        created_at=page.get("creationDate", ""),
        edited_at=page.get("lastModificationDate", "") if version > 1 else "",
        author=named(index.name("person", user) or user),
        labels=index.labels(key),
        ancestors=index.ancestors(page),
        syntax=syntax,
        body=unescaped(body) if syntax == "storage" else body,
    )


def _key(element: Any) -> str:
    return next((str(child.text or "").strip() for child in element if child.tag == "id"), "")


def _properties(element: Any) -> dict[str, str]:
    """By name: text, or the number of the object that is meant."""
    found: dict[str, str] = {}
    for child in element:
        if child.tag == "property":
            inner = next((part.text for part in child if part.tag == "id"), None)
            found[child.get("name", "")] = (inner if inner is not None else child.text or "").strip()
    return found


def _number(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 10 else 0
