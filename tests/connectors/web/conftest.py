"""A server under the tests' control, and the client pointed at it."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from connectors.web import LIMITS, PoliteWeb, open_web
from tests.connectors.web.site import Site
from tests.waiting import FAR

Browse = Callable[..., AbstractContextManager[PoliteWeb]]

# The same client with short rests, and with more patience than any machine needs. A hasty one is only for what shall
# not be had: on a busy machine it has no patience for a good answer either.
QUICK = replace(
    LIMITS,
    connect=FAR,
    idle=FAR,
    total=FAR,
    floor_after=FAR,
    backoff=0.02,
    longest_wait=FAR,
    adaptive=2,
    adaptive_cap=FAR,
)
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
