"""A process made ready to be forked for many small commands."""

import gc
import multiprocessing
import sys
from dataclasses import replace
from typing import Any

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
        _compare_little()
    gc.freeze()  # what is loaded is not looked through anew in each fork


def _ask_little() -> None:
    """An evaluation of a few prompts of each test, in answers of two tokens, writes in all places all the same."""
    from pipelines.evaluate import written

    few = written.prompts()[::7]
    written.prompts = lambda: few  # type: ignore[assignment]
    written.ANSWER_TOKENS = dict.fromkeys(written.ANSWER_TOKENS, 2)


def _compare_little() -> None:
    """An ablation of two arms makes all the kinds of changes that one of four makes."""
    from pipelines.ablate import arms

    choose = arms.choose

    def two(*asked: Any) -> arms.Arms:
        found = choose(*asked)
        return replace(found, arms={name: found.arms[name] for name in (arms.RAW, arms.CURATED)})

    arms.choose = two
