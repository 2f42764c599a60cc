"""Clusters of duplicate records: the rows of `4_clusters`."""

import pyarrow as pa

# cluster_id: the smallest record_id of a set of duplicates. A record without duplicates is a cluster of its own.
# group_id: the smallest record_id of the records that must share a split, which are clusters joined by common pages.
# pair_outlier: the distance in meaning of instruction and output from the rest of the source, 0 to 2. It is null where
# recipe.dedupe.semantic is not set or there is no embedding (pipelines/dedupe/outliers.py).
CLUSTER = pa.schema(
    [
        ("record_id", pa.string()),
        ("cluster_id", pa.string()),
        ("group_id", pa.string()),
        ("cluster_size", pa.int32()),
        ("pair_outlier", pa.float32()),
    ]
)

# Verified duplicates. `method` is exact, near or semantic. For near, `similarity` is the exact Jaccard index of the
# shingle sets; for semantic, the cosine of the embeddings.
EDGE = pa.schema(
    [
        ("record_id", pa.string()),
        ("duplicate_id", pa.string()),
        ("method", pa.string()),
        ("similarity", pa.float32()),
    ]
)

# Comparisons that the next run need not repeat. `one` < `other` are the first 64 bits of the hashes of two texts;
# `similarity` is 0 where it is below the threshold.
COMPARED = pa.schema([("one", pa.uint64()), ("other", pa.uint64()), ("similarity", pa.float64())])
