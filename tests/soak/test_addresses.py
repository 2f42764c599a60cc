"""Addresses that nobody was given by a page: every parameter of every page with values at and beyond every edge.

A link is all that a stranger needs to open such a page: it may say that something is wrong, but nothing may be raised,
and nothing written.
"""

import os
import random
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.runtime.state import QueryParamsProxy
from streamlit.testing.v1 import AppTest

from tests.dashboards.conftest import DASHBOARDS
from tests.soak import payloads
from tests.soak.test_scripts import CHOICES, PAGES
from tests.waiting import FAR

pytestmark = pytest.mark.timeout(0)
NUMBERS = (
    "0", "-1", "1", "1e3", "-0.0", "0.5", "1e308", "-1e308", "1e400", "nan", "inf", "-inf", "9223372036854775807",
    "9223372036854775808", "-9223372036854775809", "4294967296", "1_000", "0x10", "١٢", "1e-400",
)  # fmt: skip
TEXTS = (
    "\0", "a\0b", "x" * 300, "x" * 7_000, "é" * 200, "/" * 300, "..", "../..", ".", "/", "//", "~", "~nobody", "/proc",
    "/dev/zero", "/dev/stdin", "/proc/self/environ", "/proc/self/fd", "/etc/shadow", "\\\\host\\share",
    "http://", "http://[", "http://[::1", "http://a.b:99999/", "http://a b/", "https://.", "http://\0/", "file:///etc",
    "'", '"', "%", "%00", "{", "{}", "{0.__class__}", "[[sources]]", '"""', "\r\n[web]\r\n", "\u202e", "\ufeff",
    "-1,1,-1,1", "1e400,0,0,1", "nan,0,0,0", "1,0,1,0", ",,,", "1,2,3,4,5", "list", "add", "review", "chat",
)  # fmt: skip
VALUES = (*NUMBERS, *TEXTS)
KINDS = ("set.", "line.")  # of names: one for each setting of a connector, and for each line of a rule


@pytest.fixture(scope="module")
def loop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A link that leads to itself."""
    made = tmp_path_factory.mktemp("loop") / "loop.json"
    made.symlink_to(made)
    return made


@pytest.fixture(scope="module")
def ids(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[str]]:
    folder = tmp_path_factory.mktemp("addresses")
    made = payloads.make(folder / "data", folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRISTMILL_DATA", str(folder / "data"))
        yield made


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The names that pages look for in their address."""
    names, get = set[str](), QueryParamsProxy.__getitem__

    def record(address: QueryParamsProxy, name: str) -> str:
        names.add(name)
        return get(address, name)

    monkeypatch.setattr(QueryParamsProxy, "__getitem__", record)
    return names


def queries(ids: list[str], loop: Path, page: str) -> Iterator[dict[str, str]]:
    """One value everywhere, without and with what opens the part of the page that reads it; then each by itself."""
    values, draw = (*VALUES, str(loop)), random.Random(page)
    parts = {"sources": [{"show": "add"}], "models": [{"part": "chat"}, {"part": "new"}]}
    parts |= {"record": [{"id": ids[0]}], "records": [{"view": "review"}]}
    parts |= {"policy": [{"policy": "snapshot", "rule": "measured"}]}
    opened = [{"recipe": "mill"}, *({"recipe": "mill"} | part for part in parts.get(page, []))]
    opens = opened[-1]
    for value in values:
        yield from (dict.fromkeys(CHOICES, value) | more for more in opened)
    if page == "sources":
        yield from (opens | {"place": "/tmp", name: "x" * 300} for name in ("fresh", "called", "from", "licence"))
    yield from (opens | {"place": "/tmp", name: draw.choice(values)} for name in CHOICES if name not in opens)


@pytest.mark.parametrize("page", PAGES)
def test_no_address_raises(page: str, ids: list[str], loop: Path, read: set[str]) -> None:
    faults, tried, began, before = list[str](), 0, time.monotonic(), files()
    for query in queries(ids, loop, page):
        app = AppTest.from_file(str(DASHBOARDS / "app.py"), default_timeout=FAR)
        app.query_params.update({"lang": "en"} | query)
        app.switch_page(f"screens/{page or 'overview'}.py").run()
        tried += 1
        faults += [
            f"{ {name: value[:20] for name, value in query.items()} }: {one.message[:200]}" for one in app.exception
        ]
    print(f"\n{page or 'overview'}: {tried} addresses in {time.monotonic() - began:.0f} s, {len(faults)} raised")
    assert not faults, "\n".join(faults)
    assert files() == before
    unknown = {name for name in read if name not in CHOICES and not name.startswith(KINDS)}
    assert len(read) > 3 and not unknown, f"{unknown} is read and was not tried"


def files() -> dict[Path, tuple[int, int]]:
    """Size and time of everything in the data folder."""
    every = Path(os.environ["GRISTMILL_DATA"]).rglob("*")
    return {path: (path.lstat().st_size, path.lstat().st_mtime_ns) for path in every}
