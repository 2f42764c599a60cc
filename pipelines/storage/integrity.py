"""Whether files are what was written: shards by the hashes of their manifest, before anything is made of them.

Rot changes neither size nor time of a file, so nothing is remembered from one stage to the next: each hashes what it
reads. Parquet's own checksums do not suffice, as DuckDB does not check them.
"""

import os
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from hashlib import file_digest, sha256
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.errors import WorkFailed
from pipelines.messages import Message
from pipelines.storage import filesystem
from pipelines.storage.layout import command_for
from schemas.manifest import Shard

THREADS = min(4, os.cpu_count() or 1)  # hashing leaves Python's lock to others


class Damaged(WorkFailed):
    """A file is not what was written. The message is one line: file, what, cure."""

    def __init__(self, path: Path, what: str, cure: str = "") -> None:
        Exception.__init__(self, path, what, cure)  # as they are, so that a worker can send the error
        self.path, self.what, self.cure = path, what, cure or cure_of(path)

    def __str__(self) -> str:
        return Message("{path}: damaged ({what}); {cure}", path=self.path, what=self.what, cure=self.cure)


def cure_of(path: Path) -> Message:
    """What to do about a damaged file."""
    if command := command_for(path):
        return Message("`{command}` makes it anew", command=command)
    return Message("copy {folder} anew from where it came", folder=path.parent)


def sha256_of(path: Path) -> str:
    """The hash of a file, which may be in an object store."""
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


def fault_of(path: Path, shard: Shard) -> str:
    """`missing` or `changed`; "" for a file that is what its manifest says."""
    try:
        return "" if sha256_of(path) == shard.sha256 else Message("changed")
    except FileNotFoundError:
        return Message("missing")


def check(shards: Iterable[tuple[Path, Shard]]) -> None:
    """Compare files with their hashes. Raises: Damaged, which names the first that differs."""
    for path, fault in faults(shards):
        raise Damaged(path, fault)


def faults(shards: Iterable[tuple[Path, Shard]]) -> Iterator[tuple[Path, str]]:
    """The files that differ from their hashes, each with `missing` or `changed`, in order."""
    listed = list(shards)
    with ThreadPoolExecutor(THREADS) as pool:
        found = pool.map(lambda one: fault_of(*one), listed)
        yield from ((path, fault) for (path, _), fault in zip(listed, found, strict=True) if fault)


def open_checked(path: Path, shard: Shard) -> pq.ParquetFile:
    """A Parquet shard that is what its manifest says. One in a store comes into memory, so that it is read once.

    Raises: Damaged.
    """
    if filesystem.is_local(path):
        check([(path, shard)])
        return filesystem.open_parquet(path)
    content = filesystem.read_object(path)
    if sha256(content).hexdigest() != shard.sha256:
        raise Damaged(path, Message("changed"))
    return pq.ParquetFile(pa.BufferReader(content), page_checksum_verification=True)
