"""The result of dedupe, and its tables in `4_clusters`, in the order of record_id."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipelines.dedupe import sql
from pipelines.dedupe.union_find import Indices
from pipelines.dedupe.verify import Edges
from schemas.cluster import CLUSTER, EDGE


@dataclass(frozen=True)
class Clustering:
    """Per rank: the first rank of its cluster, the first rank of its group, its distance from its source (NaN: null).

    All arrays have the shape [records]. `edges` are by method: exact, near, semantic.
    """

    cluster: Indices
    group: Indices
    outlier: NDArray[np.float32]
    edges: Mapping[str, Edges]


def cluster_rows(record_ids: pa.Array, clustering: Clustering) -> Iterator[pa.RecordBatch]:
    """Yield the rows of the table `clusters`; `record_ids` are by rank."""
    size = np.bincount(clustering.cluster, minlength=len(record_ids)).astype(np.int32)
    for start in range(0, len(record_ids), sql.BATCH_ROWS):
        span = slice(start, start + sql.BATCH_ROWS)
        columns = [
            record_ids[span],
            record_ids.take(clustering.cluster[span]),
            record_ids.take(clustering.group[span]),
            size[clustering.cluster[span]],
            pa.array(clustering.outlier[span], from_pandas=True),  # NaN is null
        ]
        yield pa.table(columns, CLUSTER.names).cast(CLUSTER).combine_chunks().to_batches()[0]


def edge_table(record_ids: pa.Array, clustering: Clustering) -> pa.Table:
    """Return the table `edges`, in the order of first, second, method; `record_ids` are by rank."""
    first, second, similarity = (np.concatenate(column) for column in zip(*clustering.edges.values(), strict=True))
    methods = sorted(clustering.edges)
    numbers, sizes = zip(*((methods.index(name), e.first.size) for name, e in clustering.edges.items()), strict=True)
    method = np.repeat(numbers, sizes)
    order = np.lexsort((method, second, first))
    columns = [
        record_ids.take(first[order]),
        record_ids.take(second[order]),
        pa.array(methods).take(method[order]),
        similarity[order],
    ]
    return pa.table(columns, EDGE.names).cast(EDGE)


def counts(clustering: Clustering) -> dict[str, int]:
    """Return the counts for the manifest: records, clusters, groups, and the edges of each method."""
    ranks = np.arange(clustering.cluster.size)
    edges = {method: clustering.edges.get(method, Edges.empty()).first.size for method in ("exact", "near", "semantic")}
    return {
        "records": ranks.size,
        "clusters": int((clustering.cluster == ranks).sum()),
        "groups": int((clustering.group == ranks).sum()),
    } | {f"{method}_duplicates": number for method, number in edges.items()}
