"""What comparing shards with their hashes costs: processor time of hashing over that of the whole stage."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipelines import annotate, curate, dedupe, normalise, storage
from pipelines.recipe import Recipe, load
from pipelines.storage import integrity
from tests.pipelines.milling import POSTS, ROW, go, recipe_file

QUESTIONS = 5_000
BAR = 0.05


@pytest.fixture(scope="module")
def forum(tmp_path_factory: pytest.TempPathFactory) -> tuple[Recipe, Path]:
    folder = tmp_path_factory.mktemp("integrity")
    (folder / "dump").mkdir()
    rows = "".join(ROW.format(q=n, a=1_000_000 + n, what=f"mend part {n * 7919 % 10_007}") for n in range(QUESTIONS))
    (folder / "dump" / "Posts.xml").write_text(POSTS.format(rows=rows))
    recipe = load(recipe_file(folder, forum=folder / "dump"))
    go(recipe, folder / "data")  # kernels are compiled, libraries loaded
    return recipe, folder / "data"


@pytest.mark.parametrize(
    ("stage", "of_source", "run"),
    [
        ("normalise", True, normalise.run),
        ("annotate", True, annotate.run),
        ("dedupe", False, dedupe.run),
        ("curate", False, curate.run),
    ],
)
def test_hashing_is_a_small_part_of_a_stage(
    stage: str, of_source: bool, run: Callable[..., Any], forum: tuple[Recipe, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe, data = forum
    spent: list[float] = []
    real = integrity.sha256_of

    def timed(path: Path) -> str:
        begun = time.thread_time()
        try:
            return real(path)
        finally:
            spent.append(time.thread_time() - begun)

    monkeypatch.setattr(integrity, "sha256_of", timed)
    made = storage.folder(data, stage, recipe.name if not of_source else "forum")
    storage.filesystem.remove_folder(storage.latest(made) if stage == "curate" else made)
    begun = time.process_time()
    run(recipe, *(["forum"] if of_source else []), data=data)
    whole = time.process_time() - begun
    print(f"\n{stage}: {sum(spent) * 1e3:.1f} ms of {whole * 1e3:.0f} ms hashing, {sum(spent) / whole:.2%}")
    assert spent and sum(spent) <= BAR * whole
