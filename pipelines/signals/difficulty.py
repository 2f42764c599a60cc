"""How hard an answer is for a language model, and how much its question helps: when a recipe asks.

    output_perplexity   of the answer by itself, exp of the mean loss of its tokens
    pair_difficulty     perplexity of the answer after its question / by itself: instruction-following difficulty

At 1 and above the question does not help, and the answer may not belong to it; the highest below 1 teach most.
Li et al. 2023 (Cherry LLM), Li et al. 2024 (Superfiltering), who keep the highest 5 to 15 % below 1. Measured only for
recipes with `annotate.difficulty`, which names the model: the packaged one reads about 400 tokens a second on one core,
and reads each answer twice.
"""

from functools import partial
from pathlib import Path

import pyarrow as pa

from schemas.signal import OPTIONAL, Signal

_SOURCE = "Superfiltering (Li et al. 2024): the first 1,024 tokens"


def signals(model: str, data: Path) -> tuple[Signal, ...]:
    """Both, of one pass. Raises RecipeError with the cure where the model, or what it needs, is missing."""
    from pipelines.models import difficulty

    version = int(difficulty.fingerprint(model, data)[:8], 16)
    measure = partial(_measured, model, data)
    return tuple(Signal(field.name, field.type, measure, _SOURCE, version) for field in OPTIONAL)


def _measured(model: str, data: Path, table: pa.Table) -> pa.Array:
    from pipelines.models import difficulty

    rows = table.select(["instruction", "input", "output", "history"]).to_pylist()
    found = difficulty.perplexities(rows, model, data)
    alone = pa.array([one.alone for one in found], pa.float32())
    ratio = pa.array([one.ratio for one in found], pa.float32())
    return pa.StructArray.from_arrays([alone, ratio], OPTIONAL.names)
