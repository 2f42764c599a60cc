"""What benchmarks in a browser share."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import STAGES, chromium_page
from tests.conftest import SMALL, Mill, serving
from tests.waiting import FAR

PACKAGES = '["rich", "typer", "httpx", "pydantic"]'
DOCSTRINGS = f'[[sources]]\nconnector = "python_docs"\nname = "library"\npackages = {PACKAGES}\n'


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mill]:
    """A running `gristmill up` over some hundred records."""
    with serving(tmp_path_factory.mktemp("large"), SMALL + DOCSTRINGS, {}) as mill:
        assert mill.gristmill("run", "small.toml", "--stages", STAGES).returncode == 0
        yield mill


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    expect.set_options(timeout=1000 * FAR)
    with chromium_page() as page:
        yield page
