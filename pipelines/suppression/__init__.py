"""The suppression list: what must not come back, as tombstones with salted hashes that do not tell what it was.

    url     an address, and everything below it    author   a name, at one source or everywhere
    record  a record_id                            part     the post, section or exchange that a record was made from
    text    a record's pair_hash: the same text under another address

An address covers others at its boundaries: `x.org/t/12` covers `x.org/t/12/3` and `x.org/t/12#p4`, but not
`x.org/t/123`.
"""

import secrets
import unicodedata
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal

from connectors.web.url import authority
from pipelines import storage
from pipelines.errors import WorkFailed, WrongInput
from pipelines.messages import Message
from pipelines.storage.integrity import Damaged
from schemas.manifest import digest
from schemas.seal import read_lines, write_lines

FILE = "forgotten.jsonl"
CURE = Message("nothing is fetched, made or published until you have put back a copy of this file from a backup")
Kind = Literal["url", "author", "record", "part", "text"]


class BadRequest(WrongInput):
    """A request to forget that cannot be carried out; the message says why."""


class UnreadableSource(WorkFailed):
    """The pages of a source cannot be parsed any more; the message says why."""


@dataclass(frozen=True)
class Tombstone:
    """One entry of the list. `hash` is that of kind and value.

    `length` is that of an address, in characters. `within` is the hash of the host of an address, or of the page of a
    part. `source` "" means every source. `models` are those that were trained on what was erased.
    """

    kind: Kind
    hash: str
    length: int = 0
    within: str = ""
    source: str = ""
    reason: str = ""
    when: str = ""
    models: tuple[str, ...] = ()

    @property
    def identity(self) -> tuple[str, str, str]:
        """What the tombstone stands for: two with the same identity are one."""
        return self.kind, self.source, self.hash


@dataclass(frozen=True)
class Tombstones:
    """The suppression list of a data folder."""

    salt: str = ""
    tombstones: tuple[Tombstone, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.tombstones)

    @property
    def fingerprint(self) -> str:
        """Changes when the list does; reasons, dates and models do not count."""
        return digest(sorted([*tombstone.identity, tombstone.length] for tombstone in self.tombstones))

    def hash(self, kind: str, value: str) -> str:
        """Salted SHA-256 of a kind and its value."""
        return sha256(f"{self.salt}\n{kind}\n{value}".encode()).hexdigest()

    @cached_property
    def _lengths(self) -> tuple[int, ...]:
        return tuple(sorted({tombstone.length for tombstone in self.tombstones if tombstone.kind == "url"}))

    @cached_property
    def _within(self) -> frozenset[str]:
        return frozenset(tombstone.within for tombstone in self.tombstones if tombstone.within)

    def _has(self, kind: str, value: str, source: str = "") -> bool:
        hashed = self.hash(kind, value)
        return ("", hashed) in self._of(kind) or (source, hashed) in self._of(kind)

    def _of(self, kind: str) -> frozenset[tuple[str, str]]:
        return self._by_kind.get(kind, frozenset())

    @cached_property
    def _by_kind(self) -> dict[str, frozenset[tuple[str, str]]]:
        kinds = {tombstone.kind for tombstone in self.tombstones}
        return {
            kind: frozenset(tombstone.identity[1:] for tombstone in self.tombstones if tombstone.kind == kind)
            for kind in kinds
        }

    def has_url(self, url: str | None) -> bool:
        """Whether the address, or one that it lies below, is in the list."""
        if not url or not self._lengths:
            return False
        normalised = normalise_url(url)
        prefixes = [normalised[:length] for length in self._lengths if _is_boundary(normalised, length)]
        return any(self._has("url", prefix) for prefix in prefixes)

    def has_author(self, source: str, name: str | None) -> bool:
        """Whether the author is in the list, for this source or for all."""
        return bool(name) and bool(self._of("author")) and self._has("author", normalise_name(name or ""), source)

    def has_record(self, record_id: str) -> bool:
        """Whether the record is in the list."""
        return bool(self._of("record")) and self._has("record", record_id)

    def has_part(self, page_id: str, document: str, part: str) -> bool:
        """Whether a part of a document is in the list; the part "" is the whole document."""
        return bool(self._of("part")) and self._has("part", "\n".join([page_id, document, part]))

    def has_text(self, pair_hash: str) -> bool:
        """Whether the text with this pair_hash is in the list."""
        return bool(self._of("text")) and self._has("text", pair_hash)

    def may_affect(self, source: str, page_id: str, url: str) -> bool:
        """Whether a tombstone may concern this page, so that the page has to be parsed."""
        authors = any(where in ("", source) for where, _ in self._of("author"))
        return authors or self.hash("page", page_id) in self._within or self.hash("host", host(url)) in self._within

    def with_new(self, tombstones: list[Tombstone]) -> "Tombstones":
        """This list with more tombstones."""
        return Tombstones(self.salt, (*self.tombstones, *tombstones))

    @cached_property
    def for_pages(self) -> "Tombstones":
        """The tombstones that can concern a page. Those of texts, of which there may be many, are left out."""
        return self.only([tombstone for tombstone in self.tombstones if tombstone.kind != "text"])

    def only(self, tombstones: list[Tombstone]) -> "Tombstones":
        """A list with the same salt and only these tombstones."""
        return Tombstones(self.salt, tuple(tombstones))

    def new_url(self, url: str) -> Tombstone:
        """The tombstone of an address."""
        normalised = normalise_url(url)
        return Tombstone("url", self.hash("url", normalised), len(normalised), self.hash("host", host(url)))

    def new_author(self, name: str, source: str) -> Tombstone:
        """The tombstone of an author; the source "" means every source."""
        return Tombstone("author", self.hash("author", normalise_name(name)), source=source)

    def new_part(self, page_id: str, document: str, part: str) -> Tombstone:
        """The tombstone of a part of a document."""
        hashed = self.hash("part", "\n".join([page_id, document, part]))
        return Tombstone("part", hashed, within=self.hash("page", page_id))


NO_TOMBSTONES = Tombstones()


def normalise_url(url: str) -> str:
    """An address without scheme and final slash, its host in lower case; what is no address as it stands."""
    named = authority(url.strip())
    rest = url.strip().split("//", 1)[1][len(named) :] if named else url.strip()
    return (named.lower() + rest).rstrip("/")


def host(url: str) -> str:
    """The host of an address, in lower case."""
    return normalise_url(url).split("/", 1)[0]


def normalise_name(name: str) -> str:
    """A name in Unicode's compatibility form, with case and white space folded."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def _is_boundary(url: str, length: int) -> bool:
    """Whether the first `length` characters of a normalised address are an address that covers it."""
    return len(url) == length or (len(url) > length and (url[length] in "/?#&" or url[length - 1] in "?=#&"))


def load(data: Path) -> Tombstones:
    """The list of `data`. A new list has a random salt, which is kept when the first tombstone is added.

    Raises: Damaged where any line is not what was written, or one is missing. Nothing is fetched, made or published
    without the whole list, since nobody knows what the line forbade. Lists of earlier releases have no hashes.
    """
    try:
        content = (data / FILE).read_bytes()
    except FileNotFoundError:
        return Tombstones(secrets.token_hex(16))
    head, *rows = _read(data / FILE, content)
    try:
        missing = head.get("tombstones", len(rows)) - len(rows)
        tombstones = tuple(Tombstone(**row | {"models": tuple(row["models"])}) for row in rows)
        salt = head["salt"]
    except (KeyError, TypeError) as error:
        raise Damaged(data / FILE, Message("not a list that was written here"), CURE) from error
    if missing:
        says = Message("{number} lines missing") if missing > 0 else Message("{number} lines too many")
        raise Damaged(data / FILE, Message(says.template, number=abs(missing)), CURE)
    return Tombstones(salt, tombstones)


def _read(path: Path, content: bytes) -> Iterator[dict[str, Any]]:
    """The lines of the list; where the first is sealed, all are. Raises: Damaged."""
    if not content.strip():
        raise Damaged(path, Message("empty"), CURE)
    sealed = False
    for line in read_lines(content):
        if line.value is None or (sealed and not line.sealed):
            raise Damaged(path.with_name(f"{path.name}:{line.number}"), Message("changed since it was written"), CURE)
        sealed = line.sealed
        yield line.value


def add(data: Path, current: Tombstones, tombstones: list[Tombstone]) -> None:
    """Write the `current` list with new tombstones. One that is there already gets the models of the new one."""
    merged = {tombstone.identity: tombstone for tombstone in current.tombstones}
    for tombstone in tombstones:
        first = merged.get(tombstone.identity, tombstone)
        models = tuple(sorted({*first.models, *tombstone.models}))
        merged[tombstone.identity] = replace(first, models=models)
    head = {"salt": current.salt, "tombstones": len(merged)}
    storage.write_text(data / FILE, write_lines([head, *map(asdict, merged.values())]))
