"""Optional signals: how hard an output is for a language model, and how much its instruction helps.

    output_perplexity   of the output by itself: exp of the mean loss of its tokens
    pair_difficulty     instruction-following difficulty: perplexity after the instruction / perplexity by itself

At 1 and above the instruction does not help, and the output may not belong to it; the highest values below 1 teach
most. Sources: Li et al. 2023 (Cherry LLM), Li et al. 2024 (Superfiltering), who keep the highest 5 to 15 % below 1. The
signals are measured only for recipes with `annotate.difficulty`, which names the model. The packaged model reads about
400 tokens a second on one core, and reads each output twice.
"""

from functools import partial
from pathlib import Path

import pyarrow as pa

from schemas.signal import OPTIONAL, Signal

_SOURCE = "Superfiltering (Li et al. 2024): the first 1,024 tokens"


def signals(model: str, data: Path) -> tuple[Signal, ...]:
    """Return both signals, which share one pass of `model`; `data` is the local data folder.

    Raises:
        RecipeError: the model, or a package that it needs, is missing; the message names the cure.
    """
    from pipelines.models import difficulty

    version = int(difficulty.fingerprint(model, data)[:8], 16)
    measure = partial(_measure, model, data)
    return tuple(Signal(field.name, field.type, measure, _SOURCE, version) for field in OPTIONAL)


def _measure(model: str, data: Path, table: pa.Table) -> pa.Array:
    from pipelines.models import difficulty

    rows = table.select(["instruction", "input", "output", "history", "system", "tools"]).to_pylist()
    found = difficulty.perplexities(rows, model, data)
    alone = pa.array([one.alone for one in found], pa.float32())
    ratio = pa.array([one.ratio for one in found], pa.float32())
    return pa.StructArray.from_arrays([alone, ratio], OPTIONAL.names)
