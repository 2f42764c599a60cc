"""What was compared, kept for the next run: the index by which new records meet old ones without reading the old again.

A pair is told by the first 64 bits of both keys' hashes, so that a record that was moved or renamed is found, and one
that was edited is not. What is not here is compared; so the clusters are the same with and without it, to the byte.
"""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numba import njit
from numpy.typing import NDArray

from pipelines import storage
from pipelines.storage import filesystem
from schemas.cluster import COMPARED
from schemas.manifest import Manifest

MOST = 16  # comparisons of one record that are kept in a band: crowds of the unlike are compared again


class Compared(NamedTuple):
    """`similarity` of the texts hashed to one[k] < other[k], in the order of both; 0 below the threshold."""

    one: NDArray[np.uint64]
    other: NDArray[np.uint64]
    similarity: NDArray[np.float64]

    @classmethod
    def none(cls) -> "Compared":
        return cls(np.empty(0, np.uint64), np.empty(0, np.uint64), np.empty(0, np.float64))


def of(folder: Path, manifest: Manifest | None, version: int, params: dict[str, object]) -> Compared:
    """What the last run of this version with these settings has left in `folder`."""
    if manifest is None or (manifest.version, manifest.params) != (version, params):
        return Compared.none()
    parts = [filesystem.open_parquet(folder / shard).read() for shard in manifest.tables("compared")]
    # copied, since a kernel is compiled anew for arrays that may not be written
    return Compared(*map(np.array, pa.concat_tables(parts).columns)) if parts else Compared.none()


def gathered(parts: list[Compared]) -> Compared:
    """All of them in order, each pair once."""
    one, other, similarity = (np.concatenate(column) for column in zip(*parts, strict=True))
    order = np.lexsort((other, one))
    one, other = one[order], other[order]
    new = np.append(True, (np.diff(one) != 0) | (np.diff(other) != 0))[: one.size]
    return Compared(one[new], other[new], similarity[order][new])


def write(made: storage.FolderBuilder, compared: Compared) -> None:
    made.table("compared-00000.parquet", pa.table(compared._asdict(), COMPARED), COMPARED)


@njit(cache=True)
def known(before: Compared, left: np.uint64, right: np.uint64) -> float:
    """The similarity of a pair, -1 where it was not compared."""
    one, other = min(left, right), max(left, right)
    low, high = 0, before.one.size
    while low < high:
        middle = (low + high) // 2
        here = before.one[middle]
        if here < one or (here == one and before.other[middle] < other):
            low = middle + 1
        else:
            high = middle
    found = low < before.one.size and before.one[low] == one and before.other[low] == other
    return before.similarity[low] if found else -1.0
