"""Compiled kernels are those of the sources that are there."""

import os
import subprocess
import sys
from pathlib import Path

from pipelines.workers import kernels

ROOT = Path(kernels.__file__).parents[2]
CALLER = "from numba import njit\nfrom callee import grind\n\n@njit(cache=True)\ndef mill(x):\n    return grind(x)\n"
CALLEE = "from numba import njit\n\n@njit(cache=True)\ndef grind(x):\n    return x + {}\n"
CALL = (
    "import os, sys; from pathlib import Path; from pipelines.workers import kernels;"
    "os.environ.pop('NUMBA_CACHE_DIR', None);"
    "kernels.keep_apart(Path('.')); sys.path.insert(0, '.'); import caller; print(caller.mill(1))"
)


def called(folder: Path) -> str:
    env = {name: value for name, value in os.environ.items() if name != "NUMBA_CACHE_DIR"} | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", CALL], cwd=folder, env=env, capture_output=True, text=True)
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


def test_other_sources_and_a_setting_of_the_user_move_nothing(tmp_path: Path) -> None:
    (tmp_path / "callee.py").write_text(CALLEE.format(1))
    folder = kernels.keep_apart(tmp_path)
    (tmp_path / "other.py").write_text("GRAIN = 'rye'\n")
    assert kernels.keep_apart(tmp_path) == folder
    assert os.environ["NUMBA_CACHE_DIR"] != str(folder)


def test_the_folder_is_chosen_when_numba_is_imported_and_not_before() -> None:
    code = "import os, pipelines; print(os.environ.get('NUMBA_CACHE_DIR')); import numba; print(numba.config.CACHE_DIR)"
    env = {name: value for name, value in os.environ.items() if name != "NUMBA_CACHE_DIR"} | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True)
    before, after = done.stdout.splitlines()
    assert before == "None"
    assert Path(after).parent == ROOT / "pipelines" / "__pycache__" / "kernels"
