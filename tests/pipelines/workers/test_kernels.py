"""Compiled kernels are those of the sources that are there, and nobody waits for them without being told."""

import logging
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from numba import njit

from pipelines.workers import kernels

ROOT = Path(kernels.__file__).parents[2]
CALLER = "from numba import njit\nfrom callee import grind\n\n@njit(cache=True)\ndef mill(x):\n    return grind(x)\n"
CALLEE = "from numba import njit\n\n@njit(cache=True)\ndef grind(x):\n    return x + {}\n"
START = (
    "import logging, os, sys; from pathlib import Path; from pipelines.workers import kernels\n"
    "logging.basicConfig(level=logging.INFO, stream=sys.stdout, format='%(message)s')\n"
    "kernels.PACKAGE = Path('.'); os.environ.pop('NUMBA_CACHE_DIR', None); kernels.use_kernel_cache(Path('.'))\n"
    "sys.path.insert(0, '.'); import caller\n"
)
CALL = START + "print(caller.mill(1))"
ANNOUNCED = START + "with kernels.announced():\n    print(caller.mill(1))"
ONCE = START + "kernels.compile_once('mill', lambda: print(caller.mill(1)))"


def called(folder: Path, code: str = CALL) -> str:
    env = {name: value for name, value in os.environ.items() if name != "NUMBA_CACHE_DIR"} | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", code], cwd=folder, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_a_kernel_is_compiled_anew_when_what_it_calls_has_changed(tmp_path: Path) -> None:
    (tmp_path / "caller.py").write_text(CALLER)
    (tmp_path / "callee.py").write_text(CALLEE.format(1))
    assert called(tmp_path) == "2"
    (kept,) = (tmp_path / "__pycache__" / "kernels").glob("*")
    assert list(kept.rglob("*.nbi"))
    (tmp_path / "callee.py").write_text(CALLEE.format(2))
    assert called(tmp_path) == "3"
    assert not kept.exists()


@pytest.fixture
def package(tmp_path: Path) -> Path:
    (tmp_path / "caller.py").write_text(CALLER)
    (tmp_path / "callee.py").write_text(CALLEE.format(1))
    return tmp_path


def test_compiling_is_announced_before_it_begins_and_a_kernel_in_the_cache_is_not(package: Path) -> None:
    first, result, last = called(package, ANNOUNCED).splitlines()
    assert first.startswith("compiling kernels, once:") and result == "2"
    assert last.startswith("compiling kernels, once: 2 done in")
    assert called(package, ANNOUNCED) == "2"


def test_a_stage_calls_its_sample_once_for_each_state_of_its_sources(package: Path) -> None:
    assert called(package, ONCE).startswith("compiling kernels, once:")
    assert called(package, ONCE) == ""
    (package / "callee.py").write_text(CALLEE.format(2))
    first, result, _ = called(package, ONCE).splitlines()
    assert first.startswith("compiling kernels, once:") and result == "3"


def test_progress_is_logged_now_and_then(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setattr(kernels, "LOG_EVERY", 0)
    with caplog.at_level(logging.INFO, logger="gristmill"), kernels.announced():
        njit(lambda x: x + 1)(1)
        njit(lambda x: x + 2)(1)
    counts = [line.split(", once: ")[1].partition(" in ")[0] for line in caplog.messages[1:]]
    assert counts == ["1 done", "2 done", "2 done"]


def test_each_wait_for_a_line_is_twice_the_last(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    clock = iter(range(1000))  # a second for each look
    monkeypatch.setattr(kernels, "time", SimpleNamespace(monotonic=lambda: float(next(clock))))
    monkeypatch.setattr(kernels, "LOG_EVERY", 0.5)
    progress = kernels._Progress()
    with caplog.at_level(logging.INFO, logger="gristmill"):
        progress.started()
        for _ in range(22):
            progress.finished()
    assert [line.split()[-2] for line in caplog.messages[1:]] == ["1", "3", "6", "11", "20"]


def test_other_sources_and_a_setting_of_the_user_move_nothing(tmp_path: Path) -> None:
    (tmp_path / "callee.py").write_text(CALLEE.format(1))
    folder = kernels.use_kernel_cache(tmp_path)
    (tmp_path / "other.py").write_text("GRAIN = 'rye'\n")
    assert kernels.use_kernel_cache(tmp_path) == folder
    assert os.environ["NUMBA_CACHE_DIR"] != str(folder)


def test_the_folder_is_chosen_when_numba_is_imported_and_not_before() -> None:
    code = "import os, pipelines; print(os.environ.get('NUMBA_CACHE_DIR')); import numba; print(numba.config.CACHE_DIR)"
    env = {name: value for name, value in os.environ.items() if name != "NUMBA_CACHE_DIR"} | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True)
    before, after = done.stdout.splitlines()
    assert before == "None"
    assert Path(after).parent == ROOT / "pipelines" / "__pycache__" / "kernels"
