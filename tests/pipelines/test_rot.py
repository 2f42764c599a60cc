"""A sample of `make soak`: one flipped bit in each kind of file is found, and nothing is made of it."""

import shutil
from pathlib import Path

import pytest

from pipelines.flows.steps import Outcome
from pipelines.recipe import Recipe
from tests.pipelines import rot

FLIPS = 1
Milled = tuple[Recipe, Path, list[Outcome]]


@pytest.fixture(scope="module")
def furnished(milled: Milled, tmp_path_factory: pytest.TempPathFactory) -> tuple[Recipe, Path]:
    recipe, made, _ = milled
    data = tmp_path_factory.mktemp("rot") / "data"
    shutil.copytree(made, data, symlinks=True)
    rot.furnish(data)
    return recipe, data


def test_a_flipped_bit_is_found_and_nothing_is_made_of_it(furnished: tuple[Recipe, Path], tmp_path: Path) -> None:
    recipe, data = furnished
    assert not rot.verify(data).faults
    for kind in rot.kinds(recipe, data):
        counts, bad = rot.try_flips(kind, data, tmp_path / "copy", FLIPS, seed=1)
        assert not [line for line in bad if "sqlite" not in line], counts
        assert not [line for line in bad if not line.endswith("missed")], counts
