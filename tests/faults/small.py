"""A process made ready to be forked for many small commands."""

import multiprocessing
import sys

from pipelines import annotate, collect, curate, storage
from pipelines.workers import pool


def turn_down() -> None:
    """Let a small corpus fill several shards, load what takes long, and fork workers from what is loaded."""
    collect.SHARD_PAGES = 3
    curate.SHARD_ROWS = 2
    storage.ROW_GROUP = 2
    pool.CONTEXT = multiprocessing.get_context("fork")  # type: ignore[assignment]
    annotate._measure_sample()
    if "pipelines.finetune.checkpoints" in sys.modules:
        sys.modules["pipelines.finetune.checkpoints"].EVERY = 0.0  # type: ignore[attr-defined]
        _ask_little()


def _ask_little() -> None:
    """An evaluation of a few prompts of each test, in answers of two tokens, writes in all places all the same."""
    from pipelines.evaluate import written

    few = written.prompts()[::7]
    written.prompts = lambda: few  # type: ignore[assignment]
    written.ANSWER_TOKENS = dict.fromkeys(written.ANSWER_TOKENS, 2)
