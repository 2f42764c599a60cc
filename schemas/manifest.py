"""The manifest of a finished folder. It is written last: a folder without a manifest is not finished."""

import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from pydantic import BaseModel, ConfigDict


def digest(value: Any) -> str:
    """SHA-256 of the canonical JSON of `value`."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=str)
    return sha256(text.encode()).hexdigest()


def by_reason(counts: Mapping[str, int], counter: str) -> dict[str, int]:
    """The counts of a manifest called `<counter>:<reason>`, by reason, the commonest first."""
    start = f"{counter}:"
    found = [(name.removeprefix(start), count) for name, count in counts.items() if name.startswith(start) and count]
    return dict(sorted(found, key=lambda one: (-one[1], one[0])))


class ListDigest:
    """`digest` of a list of strings that is never in memory as a whole."""

    def __init__(self) -> None:
        self._hash, self._separator = sha256(b"["), b""

    def add(self, value: str) -> None:
        """Append a string to the list."""
        self._hash.update(self._separator + json.dumps(value, ensure_ascii=False).encode())
        self._separator = b","

    def hexdigest(self) -> str:
        """The digest of all strings so far. More can be added afterwards."""
        closed = self._hash.copy()
        closed.update(b"]")
        return closed.hexdigest()


class Shard(BaseModel):
    """One file of the folder. `bytes` is its size; `rows` is 0 where it is not a table."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    path: str
    rows: int
    bytes: int
    sha256: str


class Manifest(BaseModel):
    """The content of manifest.json. The same input gives the same bytes, so times and hosts are in the run log only.

    `key` decides whether the stage must run. `fingerprint` is what later stages depend on. For pages it leaves out the
    times of fetching, which change the shards but not the content. `cursor` tells collect where its next run begins.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    stage: str
    name: str
    version: int
    key: str
    params: dict[str, Any]
    inputs: dict[str, str]
    shards: tuple[Shard, ...]
    counts: dict[str, int]
    fingerprint: str
    cursor: str = ""

    def tables(self, prefix: str) -> list[str]:
        """Names of the Parquet shards that begin with `prefix`, in order."""
        return [s.path for s in self.shards if s.path.startswith(f"{prefix}-") and s.path.endswith(".parquet")]
