"""The dashboard's pages without a browser, over a small data folder that was really made."""

import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from pipelines import curate, dedupe
from pipelines.flows.steps import Outcome
from pipelines.recipe import Recipe
from tests.pipelines import corpus
from tests.waiting import FAR

DASHBOARDS = Path(__file__).resolve().parents[2] / "dashboards"
Milled = tuple[Recipe, Path, list[Outcome]]
OpenPage = Callable[..., AppTest]


@pytest.fixture(autouse=True)
def main_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    """AppTest puts the app in the place of `__main__`, which every worker process would then import."""
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])


@pytest.fixture
def data(milled: Milled, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the data folder that a test may write to; the dashboard shows it."""
    folder = tmp_path / "data"
    shutil.copytree(milled[1], folder, symlinks=True)
    monkeypatch.setenv("GRISTMILL_DATA", str(folder))
    return folder


def curated(mill: Recipe, folder: Path, records: list[dict[str, Any]]) -> Path:
    """A data folder with these records, compared and judged."""
    corpus.write(folder, mill, records)
    dedupe.run(mill, folder)
    curate.run(mill, folder)
    return folder


@pytest.fixture
def open_page(data: Path) -> OpenPage:
    """The page of a name, as an address with this query opens it."""

    def opened(name: str, **query: str) -> AppTest:
        app = AppTest.from_file(str(DASHBOARDS / "app.py"), default_timeout=FAR)
        app.query_params.update({"lang": "en"} | query)
        app.switch_page(f"screens/{name}.py").run()
        assert not app.exception, app.exception[0].value
        return app

    return opened
