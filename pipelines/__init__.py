"""The stages, in the order of the numbered folders they fill.

collect → 1_pages, normalise → 2_records, annotate → 3_signals, dedupe → 4_clusters,
curate → 5_curated, finetune and prefer → 6_models. Stages never import each other: they meet on disk. (But prefer goes
on where finetune ends, in its way, and may import it.)
"""

from pathlib import Path

from pipelines.workers import kernels

kernels.use_kernel_cache_on_import(Path(__file__).parent)
