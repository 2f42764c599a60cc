"""150 flipped bits in each kind of file: `verify` finds them, and no command makes anything of them without a word.

A bit of SQLite's that says nothing (free space, a counter) is missed and changes nothing: counted, and shown as such.
"""

import os
import shutil
from pathlib import Path

import pytest

from pipelines.flows.steps import Outcome
from pipelines.recipe import Recipe
from tests.pipelines import rot

pytestmark = pytest.mark.timeout(0)  # half an hour on two idle cores
FLIPS = int(os.environ.get("FLIPS", "150"))
COLUMNS = ("found", "missed", "unused", "refused", "told", "asked again", "same", "silent")


def test_flipped_bits(milled: tuple[Recipe, Path, list[Outcome]], tmp_path: Path) -> None:
    recipe, made, _ = milled
    data = tmp_path / "data"
    shutil.copytree(made, data, symlinks=True)
    rot.furnish(data)
    print(f"\n{'kind':40}", *(f"{name:>11}" for name in (*COLUMNS, "traceback")))
    worst: list[str] = []
    for kind in rot.kinds(recipe, data):
        counts, bad = rot.try_flips(kind, data, tmp_path / "copy", FLIPS, seed=7)
        others = sum(number for name, number in counts.items() if name not in COLUMNS)
        print(f"{kind.name:40}", *(f"{counts[name]:11}" for name in COLUMNS), f"{others:11}", flush=True)
        worst += [line for line in bad if "sqlite" not in line or not line.endswith("missed")]
    assert not worst, "\n".join(worst)
