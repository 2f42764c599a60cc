"""Objects of a help centre in JSON files: answers of the API, one object, or a list of them."""

from pathlib import Path
from typing import Any

import re2

from connectors.reading.stored_json import load_file
from connectors.zendesk.entries import KIND_OF_LISTING, Entry, NameIndex, is_entry
from schemas.document import Reject

_LISTS = {**KIND_OF_LISTING, "articles": "article", "posts": "post", "comments": "comment"}
# The kind of a single object is in its own address
_KIND_IN_ADDRESS = re2.compile(r"/(articles|posts|comments|sections|categories|topics|users)/[^/]+$")


class SavedObjects:
    """What the files read so far hold. Of an object that is in several the latest is kept."""

    def __init__(self) -> None:
        self.names = NameIndex()
        self.doubled: list[str] = []
        self._entries: dict[tuple[str, int, str], Entry] = {}

    def read(self, path: Path) -> Reject | None:
        """Take in the objects of a file; the reject for it if there are none, or too many."""
        value = load_file(path)
        if isinstance(value, Reject):
            return value
        found = [pair for one in _values(value) for pair in _objects(one)]
        for kind, entry in found:
            if kind in KIND_OF_LISTING.values():
                self.names.add(kind, entry)
            else:
                self._keep(kind, entry)
        none = Reject(path.name, "not_help_center", "neither an answer of the API nor one of its objects")
        return None if found else none

    def entries(self, kind: str) -> list[Entry]:
        """All of this kind, by number and language."""
        listed = sorted(self._entries.items(), key=lambda item: item[0])
        return [entry for (other, *_), entry in listed if other == kind]

    def comments(self) -> dict[Any, list[Entry]]:
        """By the number of their post, in the order of their time."""
        by_post: dict[Any, list[Entry]] = {}
        for entry in sorted(self.entries("comment"), key=lambda entry: str(entry.get("created_at") or "")):
            by_post.setdefault(_post_of(entry), []).append(entry)
        return by_post

    def _keep(self, kind: str, entry: Entry) -> None:
        identity = (kind, entry["id"], str(entry.get("locale") or ""))  # a translation has the number of its original
        before = self._entries.get(identity)
        if before is not None:
            self.doubled.append(f"{kind[0]}{entry['id']}")
        if before is None or str(before.get("updated_at")) <= str(entry.get("updated_at")):
            self._entries[identity] = entry


def _values(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _objects(value: Any) -> list[tuple[str, Entry]]:
    if not isinstance(value, dict):
        return []
    found = [(kind, entry) for name, kind in _LISTS.items() for entry in _values(value.get(name))]
    found += [(kind, value[kind]) for kind in _LISTS.values() if kind in value]
    address = _KIND_IN_ADDRESS.search(str(value.get("url") or ""))
    return [pair for pair in found if is_entry(pair[1])] or (
        [(_LISTS[address[1]], value)] if address and is_entry(value) else []
    )


def _post_of(comment: Entry) -> Any:
    """Comments of articles are kept apart from those of posts by their source."""
    number = comment.get("post_id") or (comment.get("source_id") if comment.get("source_type") == "Post" else None)
    return number if isinstance(number, int) else None
