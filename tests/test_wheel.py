"""The wheel that is built of this tree has every file that the code opens."""

import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

from tests.rooms import ROOT

PACKAGES = ("connectors", "dashboards", "pipelines", "schemas")


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    folder = tmp_path_factory.mktemp("wheel")
    copy = folder / "tree"  # setuptools leaves what it builds beside what it builds from
    ours = [ROOT / name for name in (*PACKAGES, "pyproject.toml", "README.md", "LICENSE", "data/samples")]
    copy.mkdir()
    for path in ours:
        (copy / path.relative_to(ROOT)).parent.mkdir(exist_ok=True)
        subprocess.run(["cp", "-r", "--no-dereference", path, copy / path.relative_to(ROOT)], check=True)
    words = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "-w", folder, copy]
    subprocess.run(words, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert wheel.name == f"gristmill-{version}-py3-none-any.whl"
    with zipfile.ZipFile(wheel) as opened:
        return set(opened.namelist())


def tracked() -> set[str]:
    """The files of the packages, and the samples below the name that they have there."""
    listed = [path for name in PACKAGES for path in (ROOT / name).rglob("*") if path.is_file()]
    samples = [path for path in (ROOT / "data" / "samples").rglob("*") if path.is_file()]
    names = {str(path.relative_to(ROOT)) for path in listed}
    names |= {f"pipelines/{path.relative_to(ROOT / 'data')}" for path in samples}
    return {name for name in names if "__pycache__" not in name and not name.endswith(".po")}


def test_everything_of_the_packages_is_in_the_wheel(packed: set[str]) -> None:
    assert len(tracked()) > 300
    assert not tracked() - packed


def test_nothing_else_is(packed: set[str]) -> None:
    assert not {name for name in packed if Path(name).parts[0] not in PACKAGES and ".dist-info/" not in name}
