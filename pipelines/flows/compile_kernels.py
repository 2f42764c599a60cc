"""`python -m pipelines.flows.compile_kernels`: compile all kernels at installation (see `make kernels`).

The stages run once over the bundled forum, in a temporary folder. So the first run of a user has nothing to compile.
"""

import json
import logging
import tempfile
from pathlib import Path

from pipelines import annotate, collect, curate, dedupe, normalise
from pipelines.flows.demo import SAMPLES
from pipelines.recipe import Recipe
from pipelines.workers import kernels


def compile_kernels() -> None:
    """Call every kernel of annotate, dedupe and curate; it takes some seconds when they are compiled already."""
    with tempfile.TemporaryDirectory() as name:
        data = Path(name)
        recipe = _recipe(data / "benchmark.jsonl")
        for stage in (collect, normalise, annotate):
            stage.run(recipe, "forum", data)
        dedupe.run(recipe, data)
        with kernels.announced():
            curate.run(recipe, data)


def _recipe(benchmark: Path) -> Recipe:
    """Return a recipe over the bundled forum; it searches for one item of a benchmark, which is written here.

    The low threshold gives the few records candidate pairs, or their kernels would not be called.
    """
    benchmark.write_text(json.dumps({"question": " ".join(f"word{number}" for number in range(30))}))
    source = {"connector": "stackexchange", "name": "forum", "path": str(SAMPLES / "forum"), "site": "forum.example"}
    decontaminate = {"benchmarks": [str(benchmark)]}
    settings = {"dedupe": {"threshold": 0.3}, "decontaminate": decontaminate}
    return Recipe.model_validate({"name": "kernels", "sources": [source], **settings})


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    compile_kernels()
