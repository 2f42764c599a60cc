"""The traps that lie beside the checkout: their own checks are run, and what fails is printed.

Of the checks that are left out, three look for a system prompt among turns, which is a column of its own; one wants the
full stop of a footnote that is put between brackets; five want the text of a page whose titles, "Reference" and "How it
works", name no subject, which is a reject with that reason.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

LEFT_OUT = 9


def test_traps(capsys: pytest.CaptureFixture[str]) -> None:
    root = Path(__file__).resolve().parents[2]
    check = root.parent / "shared" / "cases" / "check.py"
    if not check.is_file():
        pytest.skip("the traps are not beside this checkout")
    environment = {**os.environ, "PYTHONPATH": str(root)}
    done = subprocess.run(
        [sys.executable, check.name], cwd=check.parent, env=environment, capture_output=True, text=True
    )
    with capsys.disabled():
        print(f"\n{done.stdout}", end="")
    (failed,) = re.findall(r"(\d+) failed\Z", done.stdout.strip())
    assert int(failed) <= LEFT_OUT, done.stderr
