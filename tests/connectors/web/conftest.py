"""A server under the tests' control, and the client pointed at it."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from connectors.web import LIMITS, PoliteWeb, open_web
from tests.connectors.web.site import Site

Browse = Callable[..., AbstractContextManager[PoliteWeb]]

# The same client on a faster clock; on a hasty one where it is to run out of patience.
QUICK = replace(LIMITS, connect=5, idle=5, total=10, floor_after=5, backoff=0.02, longest_wait=5, adaptive=2)
HASTY = replace(QUICK, idle=0.25, total=0.8, floor_after=0.3)


@pytest.fixture
def site() -> Iterator[Site]:
    with Site() as served:
        yield served


@pytest.fixture
def browse(tmp_path: Path) -> Browse:
    """`browse(delay=…, limits=…)`: a client for loopback, over one cache per test."""
    hosts = ("127.0.0.1", "localhost")
    return partial(open_web, tmp_path / "web.sqlite", source="s", delay=0, allow_private=hosts, limits=QUICK)
