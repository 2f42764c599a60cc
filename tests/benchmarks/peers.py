"""Peers measured in the same run: each in a process of its own, so that it may live in another environment.

`PEERS_PYTHON` names the Python that has them (default: this one). A peer that is not installed there is skipped.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

PREFIX = """
import json, sys, time
texts = json.load(open(sys.argv[1]))
"""
SUFFIX = """
work(texts[:50])
best = 1e9
for _ in range(int(sys.argv[2])):
    start = time.process_time()
    work(texts)
    best = min(best, time.process_time() - start)
print(len(texts) / best)
"""


def texts_per_second(code: str, texts: list[str], repeat: int = 2) -> float:
    """Run `code`, which defines `work(texts)`, on one core; texts per second of its best run."""
    python = os.environ.get("PEERS_PYTHON", sys.executable)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "texts.json"
        file.write_text(json.dumps(texts))
        one_core = {"OMP_NUM_THREADS": "1", "RAYON_NUM_THREADS": "1", "POLARS_MAX_THREADS": "1", "DO_NOT_TRACK": "1"}
        run = subprocess.run(
            [python, "-c", PREFIX + code + SUFFIX, str(file), str(repeat)],
            capture_output=True,
            text=True,
            env=os.environ | one_core,
            preexec_fn=_one_core,
        )
    if run.returncode and "ModuleNotFoundError" in run.stderr:
        pytest.skip(f"{run.stderr.strip().splitlines()[-1]}; PEERS_PYTHON may name a Python that has it")
    assert run.returncode == 0, run.stderr
    return float(run.stdout.strip().splitlines()[-1])


def _one_core() -> None:
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})


def report(what: str, ours: float, theirs: float) -> float:
    print(f"\n{what}: {ours:,.0f} texts/s, peer {theirs:,.0f}, ratio {ours / theirs:.1f}")
    return ours / theirs
