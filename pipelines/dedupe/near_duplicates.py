"""Near duplicates: MinHash, bands and buckets give candidate pairs, and true Jaccard verifies them.

sign      signatures and their band hashes, shard by shard → files of the scratch folder
bucket    records that share a bucket with another are candidates; few are
filter    which candidates have a pair with similar signatures that is not in the similarity cache
shingle   the texts of these alone are read
verify    bucket by bucket, by true Jaccard or from the cache
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipelines.dedupe import bands, shard_reader, shingle_sets, similarity_cache
from pipelines.dedupe.bands import Bands
from pipelines.dedupe.shingle_sets import ShingleFile
from pipelines.dedupe.similarity_cache import SimilarityCache
from pipelines.dedupe.union_find import Indices, component_labels
from pipelines.dedupe.verify import BucketMembers, Comparison, Edges, Thresholds, join_near, mark_uncached
from pipelines.recipe import DedupeSettings
from pipelines.signals.exact import CONTEXT, KEYS, contexts
from pipelines.signals.minhash import PERMUTATIONS, key_text, signatures
from pipelines.storage import filesystem
from pipelines.workers.progress import track


@dataclass(frozen=True)
class Workspace:
    """What a search for duplicates works with.

    con: a connection with the tables of sql.py. scratch: a folder to spill to. records, signals: the shards, row by
    row the same. workers: threads.
    """

    con: duckdb.DuckDBPyConnection
    scratch: Path
    records: tuple[Path, ...]
    signals: tuple[Path, ...]
    workers: int


@dataclass(frozen=True)
class RowKeys:
    """Per row n through all shards: its rank by record_id, the first rank with an equal key, 64 bits of the key's hash.

    All arrays have the shape [rows].
    """

    rank: Indices
    same_key: Indices
    key_hash: NDArray[np.uint64]


@dataclass(frozen=True)
class Candidates:
    """Records that share a bucket with another, in the order of rank: row, rank, key hash, signature's low bytes.

    All arrays have the shape [candidates]; low_bytes is uint8[candidates, PERMUTATIONS].
    """

    rows: Indices
    ranks: Indices
    key_hashes: NDArray[np.uint64]
    low_bytes: NDArray[np.uint8]

    def select(self, members: Indices) -> BucketMembers:
        """Return the candidates with these numbers, in this order."""
        return BucketMembers(members, self.ranks[members], self.key_hashes[members], self.low_bytes[members])


def find_near_duplicates(
    workspace: Workspace, settings: DedupeSettings, keys: RowKeys, parent: Indices, cache: SimilarityCache
) -> tuple[Edges, SimilarityCache]:
    """Join near duplicates in `parent`, a union-find over ranks.

    Returns the verified edges, and the cache for the next run: every pair that was compared or looked up in `cache`.
    """
    chosen = bands.choose_bands(settings.threshold)
    thresholds = Thresholds(settings.threshold, bands.min_equal_values(settings.threshold))
    candidates = _find_candidates(workspace, chosen, keys, settings.key)
    uncached = _find_uncached(workspace, chosen, candidates, cache, thresholds)
    shingles = _read_shingles(workspace, candidates, uncached, settings.key)
    edges, compared = [Edges.empty()], [SimilarityCache.empty()]
    buckets = bands.read_buckets(workspace.scratch, chosen, lambda: component_labels(parent)[candidates.ranks])
    for members, starts in track(buckets, "dedupe"):
        comparison = Comparison(candidates.select(members), shingles.read(members), cache, thresholds)
        new_edges, new_pairs = join_near(parent, starts, comparison)
        edges.append(new_edges)
        compared.append(new_pairs)
    return Edges(*(np.concatenate(column) for column in zip(*edges, strict=True))), similarity_cache.merge(compared)


def _find_candidates(workspace: Workspace, chosen: Bands, keys: RowKeys, key: str) -> Candidates:
    written = bands.write_signatures(_hash_shards(workspace, chosen, keys, key), workspace.scratch, chosen)
    shared = bands.find_candidates(workspace.scratch, chosen, written.size, workspace.workers)
    positions = np.flatnonzero(shared)
    positions = positions[np.argsort(keys.rank[written[positions]])]
    rows = written[positions]
    low_bytes = bands.write_buckets(workspace.scratch, chosen, positions, workspace.workers)
    return Candidates(rows, keys.rank[rows], keys.key_hash[rows], low_bytes)


def _find_uncached(
    workspace: Workspace, chosen: Bands, candidates: Candidates, cache: SimilarityCache, thresholds: Thresholds
) -> Indices:
    """Return the numbers of the candidates whose texts have to be read."""
    joined, uncached = np.arange(candidates.ranks.size), np.zeros(candidates.ranks.size, np.bool_)

    def labels() -> Indices:
        return np.where(uncached, -1, component_labels(joined))

    for members, starts in bands.read_buckets(workspace.scratch, chosen, labels):
        mark_uncached(joined, starts, candidates.select(members), cache, thresholds, uncached)
    return np.flatnonzero(uncached)


def _read_shingles(workspace: Workspace, candidates: Candidates, wanted: Indices, key: str) -> ShingleFile:
    wanted = wanted[np.argsort(candidates.rows[wanted])]
    batches = shingle_sets.read_rows(workspace.records, candidates.rows[wanted], key, workspace.workers)
    return shingle_sets.write(batches, wanted, candidates.rows.size, workspace.scratch / "shingles")


def _hash_shards(workspace: Workspace, chosen: Bands, keys: RowKeys, key: str) -> Iterator[bands.SignatureBatch]:
    """Yield signatures: those of pairs as annotate measured them, those of other keys computed here.

    Of records with equal keys only the first in rank is signed.
    """
    paths = workspace.signals if key == "pair" else workspace.records
    is_first = keys.rank == keys.same_key

    def read(shard: tuple[Path, int]) -> Iterator[bands.SignatureBatch]:
        path, first = shard
        context = {"pair": ["pair_context"], "instruction": CONTEXT}.get(key, [])
        columns = [*(["pair_minhash"] if key == "pair" else KEYS[key]), *context]
        with filesystem.open_parquet(path) as file:
            for batch in file.iter_batches(shard_reader.BATCH_ROWS, columns=columns):
                rows = np.arange(first, first + batch.num_rows)
                values, valid = _decode(batch) if key == "pair" else signatures(key_text(pa.table(batch), key))
                valid &= is_first[rows]
                signed = bands.hash_bands(rows[valid], values[valid], chosen)
                signed.band_hashes[:] ^= _contexts(batch, key)[valid]
                yield signed
                first += batch.num_rows

    shards = zip(paths, shard_reader.first_rows(paths), strict=False)
    yield from shard_reader.read_in_order(read, shards, workspace.workers)


def _contexts(batch: pa.RecordBatch, key: str) -> NDArray[np.uint64]:
    """Return uint64[n]: records of two contexts share no bucket. An answer alone has none."""
    if key == "output":
        return np.zeros(batch.num_rows, np.uint64)
    return contexts(pa.table(batch)) if key == "instruction" else batch["pair_context"].to_numpy()


def _decode(batch: pa.RecordBatch) -> tuple[NDArray[np.uint32], NDArray[np.bool_]]:
    """Return the signatures of the first column, uint32[n, PERMUTATIONS], and bool[n]: where there is one."""
    column = batch.column(0).fill_null(b"\0" * 4 * PERMUTATIONS)
    values = np.frombuffer(column.buffers()[1], np.uint32)[column.offset * PERMUTATIONS :]
    return values.reshape(-1, PERMUTATIONS)[: len(column)], batch.column(0).is_valid().to_numpy(zero_copy_only=False)
