"""Which records say the same: the rows of `4_clusters`."""

import pyarrow as pa

# cluster_id: the smallest record_id among duplicates of each other; alone, a record is its own cluster.
# group_id: the smallest record_id among records that must share a split: clusters joined by common pages.
# pair_outlier: how far the pair is in meaning from all else in its source, 0 to 2; null where recipe.dedupe.semantic
# is not set or the pair has no embedding (pipelines/dedupe/outliers.py).
CLUSTER = pa.schema(
    [
        ("record_id", pa.string()),
        ("cluster_id", pa.string()),
        ("group_id", pa.string()),
        ("cluster_size", pa.int32()),
        ("pair_outlier", pa.float32()),
    ]
)

# Verified duplicates. `method` is exact, near (similarity: the true Jaccard of the shingle sets), or semantic (the
# cosine of the embeddings).
EDGE = pa.schema(
    [
        ("record_id", pa.string()),
        ("duplicate_id", pa.string()),
        ("method", pa.string()),
        ("similarity", pa.float32()),
    ]
)

# What was compared, so that the next run need not: pairs by the first 64 bits of their keys' hashes, one < other, and
# their similarity, 0 below the threshold.
COMPARED = pa.schema([("one", pa.uint64()), ("other", pa.uint64()), ("similarity", pa.float64())])
