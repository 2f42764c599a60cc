"""What people asked to be forgotten, as salted hashes: enough to know it when it comes back, and no more.

    url     an address, and all below it       author   a name, at one source or everywhere
    record  a record_id                        part     the post, section or exchange that a record was made from
    text    a record's pair_hash: the same text under another address

An address is matched at its joints: `x.org/t/12` covers `x.org/t/12/3` and `x.org/t/12#p4`, and not `x.org/t/123`.
"""

import json
import secrets
import unicodedata
from dataclasses import asdict, dataclass
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pipelines import storage
from schemas.manifest import digest

FILE = "forgotten.jsonl"
Kind = Literal["url", "author", "record", "part", "text"]


class BadRequest(Exception):
    """Nothing that can be forgotten; the message says why."""


class UnreadableSource(Exception):
    """A source whose pages cannot be parsed any more; the message says why."""


@dataclass(frozen=True)
class Tombstone:
    """`hash` of a kind and its value. `length` of an address in characters, `within` the hash of its host or of the
    page of a part; `source` "" means everywhere. `models` were trained on what was erased."""

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
        return self.kind, self.source, self.hash


@dataclass(frozen=True)
class Tombstones:
    """The list of a data folder. Every question is answered without knowing what was forgotten."""

    salt: str = ""
    tombstones: tuple[Tombstone, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.tombstones)

    @property
    def fingerprint(self) -> str:
        return digest(sorted([*stone.identity, stone.length] for stone in self.tombstones))

    def hash(self, kind: str, value: str) -> str:
        return sha256(f"{self.salt}\n{kind}\n{value}".encode()).hexdigest()

    @cached_property
    def _lengths(self) -> tuple[int, ...]:
        return tuple(sorted({stone.length for stone in self.tombstones if stone.kind == "url"}))

    @cached_property
    def _within(self) -> frozenset[str]:
        return frozenset(stone.within for stone in self.tombstones if stone.within)

    def _has(self, kind: str, value: str, source: str = "") -> bool:
        hashed = self.hash(kind, value)
        return ("", hashed) in self._of(kind) or (source, hashed) in self._of(kind)

    def _of(self, kind: str) -> frozenset[tuple[str, str]]:
        return self._by_kind.get(kind, frozenset())

    @cached_property
    def _by_kind(self) -> dict[str, frozenset[tuple[str, str]]]:
        kinds = {stone.kind for stone in self.tombstones}
        return {
            kind: frozenset(stone.identity[1:] for stone in self.tombstones if stone.kind == kind) for kind in kinds
        }

    def url(self, url: str | None) -> bool:
        if not url or not self._lengths:
            return False
        told = address(url)
        heads = [told[:length] for length in self._lengths if _is_joint(told, length)]
        return any(self._has("url", head) for head in heads)

    def author(self, source: str, name: str | None) -> bool:
        return bool(name) and bool(self._of("author")) and self._has("author", folded_name(name or ""), source)

    def record(self, record_id: str) -> bool:
        return bool(self._of("record")) and self._has("record", record_id)

    def part(self, page_id: str, document: str, part: str) -> bool:
        return bool(self._of("part")) and self._has("part", "\n".join([page_id, document, part]))

    def text(self, pair_hash: str) -> bool:
        return bool(self._of("text")) and self._has("text", pair_hash)

    def concern(self, source: str, page_id: str, url: str) -> bool:
        """Whether any of them may be about this page: then it has to be read."""
        authors = any(where in ("", source) for where, _ in self._of("author"))
        return authors or self.hash("page", page_id) in self._within or self.hash("host", host(url)) in self._within

    def with_new(self, tombstones: list[Tombstone]) -> "Tombstones":
        return Tombstones(self.salt, (*self.tombstones, *tombstones))

    @cached_property
    def of_pages(self) -> "Tombstones":
        """Those that tell a page or a part of it: what workers need, and there may be many texts."""
        return self.only([stone for stone in self.tombstones if stone.kind != "text"])

    def only(self, tombstones: list[Tombstone]) -> "Tombstones":
        return Tombstones(self.salt, tuple(tombstones))

    def new_url(self, url: str) -> Tombstone:
        told = address(url)
        return Tombstone("url", self.hash("url", told), len(told), self.hash("host", host(url)))

    def new_author(self, name: str, source: str) -> Tombstone:
        return Tombstone("author", self.hash("author", folded_name(name)), source=source)

    def new_part(self, page_id: str, document: str, part: str) -> Tombstone:
        hashed = self.hash("part", "\n".join([page_id, document, part]))
        return Tombstone("part", hashed, within=self.hash("page", page_id))


NO_TOMBSTONES = Tombstones()


def address(url: str) -> str:
    """One spelling: no scheme, host in small letters, no slash at the end."""
    parts = urlsplit(url.strip())
    rest = url.strip().split("//", 1)[1][len(parts.netloc) :] if parts.netloc else url.strip()
    return (parts.netloc.lower() + rest).rstrip("/")


def host(url: str) -> str:
    return address(url).split("/", 1)[0]


def folded_name(name: str) -> str:
    """One spelling of a name: compatibility form, case and white space folded."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def _is_joint(told: str, length: int) -> bool:
    return len(told) == length or (len(told) > length and (told[length] in "/?#&" or told[length - 1] in "?=#&"))


def load(data: Path) -> Tombstones:
    """The list of `data`; a new one has a salt of its own, kept once something is entered."""
    try:
        head, *lines = (data / FILE).read_text().splitlines()
    except FileNotFoundError:
        return Tombstones(secrets.token_hex(16))
    rows = [json.loads(line) for line in lines]
    tombstones = tuple(Tombstone(**row | {"models": tuple(row["models"])}) for row in rows)
    return Tombstones(json.loads(head)["salt"], tombstones)


def enter(data: Path, known: Tombstones, tombstones: list[Tombstone]) -> None:
    """Add to the list on disk; one that is there already is told of more models."""
    found = {stone.identity: stone for stone in known.tombstones}
    for stone in tombstones:
        before = found.get(stone.identity, stone)
        models = tuple(sorted({*before.models, *stone.models}))
        found[stone.identity] = Tombstone(**asdict(before) | {"models": models})
    lines = [json.dumps({"salt": known.salt}), *(json.dumps(asdict(stone)) for stone in found.values())]
    storage.write_text(data / FILE, "\n".join(lines) + "\n")
