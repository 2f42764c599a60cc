"""What dedupe has found, as the rows of `4_clusters`, in the order of record_id."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipelines.dedupe.components import Rows
from pipelines.dedupe.verify import Edges
from schemas.cluster import CLUSTER, EDGE

BATCH = 8_192


@dataclass(frozen=True)
class Found:
    """Of each rank: the first rank of its cluster and of its group, how far it lies from its source (NaN: unknown).

    `edges` are by method: exact, near, semantic.
    """

    cluster: Rows
    group: Rows
    outlier: NDArray[np.float32]
    edges: Mapping[str, Edges]


def clusters(ids: pa.Array, found: Found) -> Iterator[pa.RecordBatch]:
    """`ids` are record_ids by rank."""
    size = np.bincount(found.cluster, minlength=len(ids)).astype(np.int32)
    for start in range(0, len(ids), BATCH):
        here = slice(start, start + BATCH)
        columns = [
            ids[here],
            ids.take(found.cluster[here]),
            ids.take(found.group[here]),
            size[found.cluster[here]],
            pa.array(found.outlier[here], from_pandas=True),  # NaN is null
        ]
        yield pa.table(columns, CLUSTER.names).cast(CLUSTER).combine_chunks().to_batches()[0]


def edges(ids: pa.Array, found: Found) -> pa.Table:
    """In the order of first, second, method."""
    first, second, similarity = (np.concatenate(column) for column in zip(*found.edges.values(), strict=True))
    methods = sorted(found.edges)
    method = np.repeat([methods.index(name) for name in found.edges], [e.first.size for e in found.edges.values()])
    order = np.lexsort((method, second, first))
    columns = [
        ids.take(first[order]),
        ids.take(second[order]),
        pa.array(methods).take(method[order]),
        similarity[order],
    ]
    return pa.table(columns, EDGE.names).cast(EDGE)


def counts(found: Found) -> dict[str, int]:
    ranks = np.arange(found.cluster.size)
    told = {name: found.edges[name].first.size if name in found.edges else 0 for name in ("exact", "near", "semantic")}
    return {
        "records": ranks.size,
        "clusters": int((found.cluster == ranks).sum()),
        "groups": int((found.group == ranks).sum()),
    } | {f"{name}_duplicates": number for name, number in told.items()}
