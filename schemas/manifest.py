"""What a finished folder says about itself. Written last: a folder without one is not there."""

import json
from hashlib import sha256
from typing import Any

from pydantic import BaseModel, ConfigDict


def digest(value: Any) -> str:
    """SHA-256 of the canonical JSON of `value`."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=str)
    return sha256(text.encode()).hexdigest()


class ListDigest:
    """`digest` of a list of strings that is never held: there may be more of them than fit into memory."""

    def __init__(self) -> None:
        self._hash, self._between = sha256(b"["), b""

    def add(self, value: str) -> None:
        self._hash.update(self._between + json.dumps(value, ensure_ascii=False).encode())
        self._between = b","

    def hexdigest(self) -> str:
        whole = self._hash.copy()
        whole.update(b"]")
        return whole.hexdigest()


class Shard(BaseModel):
    """One file of the folder. `rows` is 0 for what is not a table."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    path: str
    rows: int
    bytes: int
    sha256: str


class Manifest(BaseModel):
    """No times and no hosts: those are in the run log, so that the same input gives the same bytes.

    `key` decides whether the stage must run; `fingerprint` is what later stages depend on. They differ
    for pages, whose fetch times change the shards but not what was said.
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
