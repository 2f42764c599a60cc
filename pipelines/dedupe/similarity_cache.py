"""Cache of verified pair similarities: a later run compares new records with old ones and reads no old text again.

A pair is identified by the first 64 bits of the hashes of both keys. A record that was moved or renamed is therefore
found, and an edited one is not. A pair that is not in the cache is compared. The clusters are the same, byte for byte,
with and without the cache.
"""

import logging
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numba import njit
from numpy.typing import NDArray

from pipelines import storage
from pipelines.messages import tr
from pipelines.storage import filesystem, integrity
from schemas.cluster import COMPARED
from schemas.manifest import Manifest

MAX_CACHED_PER_MEMBER = 16  # pairs of one bucket member that are cached; the rest of a hot bucket is compared again

log = logging.getLogger("gristmill")


class SimilarityCache(NamedTuple):
    """Pairs one[k] < other[k] (key hashes), sorted by both, and similarity[k]: 0 where it is below the threshold.

    All arrays have the shape [pairs].
    """

    one: NDArray[np.uint64]
    other: NDArray[np.uint64]
    similarity: NDArray[np.float64]

    @classmethod
    def empty(cls) -> "SimilarityCache":
        """Return a cache without pairs."""
        return cls(np.empty(0, np.uint64), np.empty(0, np.uint64), np.empty(0, np.float64))


def load(folder: Path, manifest: Manifest | None, version: int, params: dict[str, object]) -> SimilarityCache:
    """Return the cache that the last run left in `folder`; empty if it had another version or other settings.

    It decides nothing, so one that is damaged is left out.
    """
    if manifest is None or (manifest.version, manifest.params) != (version, params):
        return SimilarityCache.empty()
    listed = storage.tables(folder, manifest, "compared")
    if faults := [f"{path}: {fault}" for path, shard in listed if (fault := integrity.fault_of(path, shard))]:
        log.warning(tr("{fault}; all pairs are compared again", fault=faults[0]))
        return SimilarityCache.empty()
    shards = [filesystem.open_parquet(path).read() for path, _ in listed]
    # Numba compiles a second kernel for read-only arrays, so the columns are copied.
    return SimilarityCache(*map(np.array, pa.concat_tables(shards).columns)) if shards else SimilarityCache.empty()


def merge(caches: list[SimilarityCache]) -> SimilarityCache:
    """Return one sorted cache with each pair once; the first similarity of a pair wins."""
    one, other, similarity = (np.concatenate(column) for column in zip(*caches, strict=True))
    order = np.lexsort((other, one))
    one, other = one[order], other[order]
    new = np.append(True, (np.diff(one) != 0) | (np.diff(other) != 0))[: one.size]
    return SimilarityCache(one[new], other[new], similarity[order][new])


def write(builder: storage.FolderBuilder, cache: SimilarityCache) -> None:
    """Write the cache as the shard `compared-00000.parquet` of the folder that is being built."""
    builder.table("compared-00000.parquet", pa.table(cache._asdict(), COMPARED), COMPARED)


@njit(cache=True)
def lookup(cache: SimilarityCache, left: np.uint64, right: np.uint64) -> float:
    """Return the similarity of two key hashes by binary search, or -1 if the pair is not in the cache."""
    one, other = min(left, right), max(left, right)
    low, high = 0, cache.one.size
    while low < high:
        middle = (low + high) // 2
        at = cache.one[middle]
        if at < one or (at == one and cache.other[middle] < other):
            low = middle + 1
        else:
            high = middle
    hit = low < cache.one.size and cache.one[low] == one and cache.other[low] == other
    return cache.similarity[low] if hit else -1.0
