"""Inputs that are made to fill memory, at their true size: each in a process of its own, its peak and time printed."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.soak.bombs import CASES

MOST = 1 << 10  # MiB of resident memory


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("name", CASES)
def test_harm_is_read_in_a_gibibyte_and_told(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "source"
    folder.mkdir()
    run = subprocess.run(
        [sys.executable, "-m", "tests.soak.bombs", name, str(folder)], capture_output=True, text=True, check=True
    )
    found = json.loads(run.stdout)
    print(f"\n{name}: {found}")
    assert found["peak"] < MOST
    assert not CASES[name].told or CASES[name].told in found["rejects"]
    assert set(CASES[name].pages) <= set(found["pages"])
