"""A cluster of Dask that somebody else has started, in another folder: its four workers are ordinary ones, one is
killed with -9 in the middle, and the shards are those of one process on this machine.

    python -m pytest --override-ini=addopts=--import-mode=importlib tests/soak/test_clusters.py     some minutes
"""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from pipelines import storage
from tests.conftest import GRISTMILL, environment
from tests.waiting import FAR, until

RECORDS, WORKERS = 10_000, 4
RECIPE = """
name = "set"
[shards]
rows = 500
[[sources]]
connector = "instructions"
name = "many"
path = "many.jsonl"
licence = "CC0-1.0"
"""
STAGES = "collect,normalise,annotate"


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A recipe of one file, and what one process makes of it in `data`."""
    lines = (
        {"instruction": f"What is {n} times {n + 1}, and why?", "output": f"It is {n * (n + 1)}. " + "Count on. " * 40}
        for n in range(RECORDS)
    )
    (tmp_path / "many.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    (tmp_path / "set.toml").write_text(RECIPE)
    gristmill(tmp_path, "run", "set.toml", "--stages", STAGES, "--workers", "1")
    return tmp_path


def gristmill(place: Path, *words: str) -> None:
    done = subprocess.run([*GRISTMILL, *words], cwd=place, env=environment(place), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def shards(data: Path) -> dict[str, object]:
    return {str(folder.relative_to(data)): manifest.shards for folder, manifest in storage.manifests(data)}


@contextmanager
def started(*words: str, cwd: Path, settings: Mapping[str, str] = {}) -> Iterator[psutil.Popen]:
    """A program, with these variables too, which ends with all that it has started."""
    cwd.mkdir(exist_ok=True)
    process = psutil.Popen(
        words, cwd=cwd, env=environment(cwd) | dict(settings), stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL
    )
    try:
        yield process
    finally:
        parts = process.children(recursive=True) if process.is_running() else []
        for part in (process, *parts):
            if part.is_running():
                part.kill()
        psutil.wait_procs([process, *parts], timeout=FAR)


@contextmanager
def dask(place: Path) -> Iterator[str]:
    file = place / "scheduler.json"
    serve = (sys.executable, "-m", "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0")
    work = (sys.executable, "-m", "distributed.cli.dask_worker", "--scheduler-file", str(file), "--no-dashboard")
    with started(*serve, "--no-dashboard", "--scheduler-file", str(file), cwd=place / "scheduler"):
        until(file.exists, "the scheduler's file")
        address = until(lambda: json.loads(file.read_text() or "{}"), "its address")["address"]
        with started(*work, "--nworkers", str(WORKERS), "--nthreads", "1", cwd=place / "workers"):
            yield address


def at_work() -> list[psutil.Process]:
    """The processes of Dask's workers, which are spawned, below this one."""
    below = psutil.Process().children(recursive=True)
    return [process for process in below if "from multiprocessing.spawn" in " ".join(process.cmdline())]


def kill_one_in_the_middle(data: Path) -> None:
    """Once some shards of signals are there, and not all."""
    until(lambda: list(data.glob("3_signals/.many.*/signals-*")), "a shard of signals", every=0.01)
    until(at_work, "a worker that does shards")[0].kill()
    assert not (data / "3_signals/many").exists()


@pytest.mark.parametrize("kill", [False, True], ids=["left alone", "one killed"])
def test_a_dask_cluster_leaves_the_same_bytes(place: Path, kill: bool) -> None:
    pytest.importorskip("distributed", reason="gristmill[dask] is not installed")
    with dask(place) as address:
        words = [*GRISTMILL, "run", "set.toml", "--stages", STAGES, "--engine", "dask", "--address", address]
        run = subprocess.Popen([*words, "--data", "there"], cwd=place, env=environment(place))
        if kill:
            kill_one_in_the_middle(place / "there")
        assert run.wait(FAR) == 0
    assert shards(place / "there") == shards(place / "data")
