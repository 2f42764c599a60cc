"""The stages, in the order of the numbered folders they fill.

collect → 1_pages, normalise → 2_records, annotate → 3_signals, dedupe → 4_clusters,
curate → 5_curated, finetune → 6_models. Stages never import each other: they meet on disk.
"""

from pathlib import Path

from pipelines.workers import kernels

kernels.use_kernel_cache_on_import(Path(__file__).parent)
