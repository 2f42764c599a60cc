"""Pages of a space export: entities.xml, a dump of Confluence's database of any version, in its archive or beside it.

Objects stand in any order and a page's text is an object of its own, so that an export is read twice: once for what
is known of each page, once for the texts. Neither is ever held whole.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from connectors.confluence.archive import ENTITIES, opened
from connectors.confluence.content import Content, named, syntax_of
from connectors.confluence.storage import unescaped
from connectors.reading.xml_dump import TOO_LONG, BrokenDump, elements_of, is_cut
from schemas.document import Reject

KINDS = ("Page", "BlogPost")
_DEEPEST = 50
_STANDING = ("", "current")


@dataclass
class _Index:
    """What an export says of its pages. Keys are the numbers of its objects as text."""

    pages: dict[str, dict[str, str]] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)  # page → reason
    cut: list[str] = field(default_factory=list)  # what is not a page and too large
    spaces: dict[str, str] = field(default_factory=dict)  # → key
    users: dict[str, str] = field(default_factory=dict)  # key → user name
    people: dict[str, str] = field(default_factory=dict)  # user name → name
    labels: dict[str, str] = field(default_factory=dict)
    labelled: dict[str, list[str]] = field(default_factory=dict)  # page → labels


def from_exports(paths: tuple[Path, ...], spaces: tuple[str, ...]) -> Iterator[tuple[str, Content] | Reject]:
    """The newest version of every page of these exports of one wiki, in their order; others with a reason."""
    indexes = [(path, _index(path)) for path in paths]
    newest: dict[str, int] = {}
    for _, (index, _) in indexes:
        for key, page in index.pages.items():
            newest[key] = max(newest.get(key, 0), _number(page.get("version")))
    given: set[str] = set()
    for path, (index, broken) in indexes:
        yield from (Reject(key, reason) for key, reason in index.left_out.items())
        yield from (Reject(name, "too_large", TOO_LONG) for name in index.cut)
        for item in _texts(path, index, newest, given):
            if isinstance(item, Reject) or not spaces or item[1].space in spaces:
                yield item
        if broken:
            yield Reject(path.name, broken.reason, broken.detail)


def _index(path: Path) -> tuple[_Index, BrokenDump | None]:
    index = _Index()
    try:
        for element in _objects(path):
            _note(index, element)
    except BrokenDump as broken:
        return index, broken
    return index, None


def _objects(path: Path) -> Iterator[Any]:
    with opened(path, ENTITIES) as file:
        yield from elements_of(file, path.name, "object")


def _note(index: _Index, element: Any) -> None:
    key, properties = _key(element), _properties(element)
    if is_cut(element) and element.get("class") != "BodyContent":
        _note_cut(index, element, key)
        return
    match element.get("class"):
        case "Page" | "BlogPost":
            reason = _left_out(properties)
            if reason:
                index.left_out[key] = reason
            else:
                index.pages[key] = {name: properties[name] for name in _KEPT if properties.get(name)}
        case "Space":
            index.spaces[key] = properties.get("key", "")
        case "ConfluenceUserImpl":
            index.users[key] = properties.get("name", "")
        case "InternalUser":
            index.people[properties.get("name", "")] = properties.get("displayName", "")
        case "Label":
            index.labels[key] = properties.get("name", "") if properties.get("namespace", "global") == "global" else ""
        case "Labelling":
            index.labelled.setdefault(properties.get("content", ""), []).append(properties.get("label", ""))


def _note_cut(index: _Index, element: Any, key: str) -> None:
    if key and element.get("class") in KINDS:
        index.left_out[key] = "too_large"
    else:
        index.cut.append(f"{element.get('class')}:{key}")


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


def _texts(
    path: Path, index: _Index, newest: dict[str, int], given: set[str]
) -> Iterator[tuple[str, Content] | Reject]:
    try:
        for element in _objects(path):
            if element.get("class") != "BodyContent":
                continue
            properties = _properties(element)
            key, page = properties.get("content", ""), index.pages.get(properties.get("content", ""))
            if is_cut(element):
                given.add(key)
                yield Reject(key or f"BodyContent:{_key(element)}", "too_large", TOO_LONG)
            elif page is None:
                yield from _orphan(element, key, index)
            elif key in given or _number(page.get("version")) < newest[key]:
                yield Reject(key, "duplicate_id", "another text of this page was kept")
            else:
                given.add(key)
                yield key, _content(index, key, page, properties)
    except BrokenDump:
        pass  # met before, when the export was read the first time
    yield from (Reject(key, "no_body", "the export holds no text of it") for key in index.pages if key not in given)


def _orphan(element: Any, key: str, index: _Index) -> Iterator[Reject]:
    """The text of a page that is not here. Those of comments and descriptions are no pages."""
    owner = next((child.get("class") for child in element if child.get("name") == "content"), "")
    if owner in KINDS and key not in index.left_out:
        yield Reject(key, "no_page", "the export holds its text alone")


def _content(index: _Index, key: str, page: dict[str, str], properties: dict[str, str]) -> Content:
    body = properties.get("body", "")
    syntax = syntax_of(body, properties.get("bodyType", ""))
    user = index.users.get(page.get("creator", ""), page.get("creatorName", ""))
    labels = (index.labels.get(label, "") for label in index.labelled.get(key, ()))
    version = _number(page.get("version"))
    return Content(
        title=page["title"],
        space=index.spaces.get(page.get("space", ""), ""),
        version=version,
        created_at=page.get("creationDate", ""),
        edited_at=page.get("lastModificationDate", "") if version > 1 else "",
        author=named(index.people.get(user, "") or user),
        labels=tuple(sorted({label for label in labels if label})),
        ancestors=_ancestors(index, page),
        syntax=syntax,
        body=unescaped(body) if syntax == "storage" else body,
    )


def _ancestors(index: _Index, page: dict[str, str]) -> tuple[str, ...]:
    above: list[str] = []
    while len(above) < _DEEPEST and page.get("parent", "") in index.pages:
        page = index.pages[page["parent"]]
        above.append(page["title"])
    return tuple(reversed(above))


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
