"""The tree's own rules: who may import whom, and how big things may grow."""

import ast
import os
import re
from pathlib import Path

import pytest

from tests.documents import blocks, read, tables
from tests.rooms import ROOT, circles, graph, imports, name_of, room_of, sources

STAGES = ("collect", "normalise", "annotate", "dedupe", "curate", "publish", "finetune", "prefer", "serve")
# a room may import what stands on a line above its own, and nothing on its own line
ORDER = (
    ("schemas", "messages"),
    ("errors", "temporary"),
    ("connectors",),
    ("recipe",),
    ("workers",),
    ("storage",),
    ("suppression", "models"),
    ("signals",),
    STAGES,
    ("evaluate",),
    ("catalog",),
    ("forget", "ablate"),
    ("flows",),
    ("cli",),
)
LINE = {room: number for number, rooms in enumerate(ORDER) for room in rooms}
ALLOWED = {
    ("curate", "publish"),
    ("prefer", "finetune"),
}  # publish is curate's hand, prefer goes on where finetune ends
DASHBOARDS_READ = {"catalog", "curate", "flows", "messages", "errors"}
SHARED_BY_CONNECTORS = {"base", "html", "reading", "web"}
# what only some rooms may import: the libraries, and where
KEPT_APART = {
    "Prefect is the coat": (("prefect", "prefect_dask", "prefect_ray"), ("pipelines.flows",)),
    "torch is slow to import": (
        ("torch", "transformers", "trl", "peft"),
        ("pipelines.models", "pipelines.finetune", "pipelines.prefer", "pipelines.serve"),
    ),
    "the network is the polite client's": (
        ("httpx", "httpcore", "requests", "aiohttp", "urllib3", "h11", "socket", "urllib.request", "http.client"),
        # flows ask the Prefect server that they started; serve only listens; a judge is asked at the address given
        (
            "connectors.web",
            "pipelines.flows",
            "pipelines.serve.server",
            "pipelines.serve.connections",
            "pipelines.evaluate.judge",
        ),
    ),
}
BLOCKS = (ast.If, ast.For, ast.While, ast.With, ast.Try, ast.AsyncFor, ast.AsyncWith)
SOURCES = sources()


def within(module: str, rooms: tuple[str, ...]) -> bool:
    return any(module == room or module.startswith(f"{room}.") for room in rooms)


def may_import(room: str, used: str) -> bool:
    if room == "dashboards":
        return used in DASHBOARDS_READ | {"schemas", room}
    return used == room or (room, used) in ALLOWED or LINE.get(used, len(ORDER)) < LINE.get(room, -1)


def forbidden(me: str, used: str) -> str:
    """The rule that an import breaks, or ""."""
    room, other = room_of(me), room_of(used)
    if other and other != "pipelines" and room != "pipelines" and not may_import(room, other):
        return f"{room} may not import {other}"
    if room == other == "connectors" and not may_share(me, used):
        return "connectors know no other connector"
    return next(
        (why for why, (names, where) in KEPT_APART.items() if within(used, names) and not within(me, where)), ""
    )


def may_share(me: str, used: str) -> bool:
    """Whether one module of `connectors` may import another: its own parts, what all share, or, from the list, all."""
    mine, other = (module.split(".")[1:2] for module in (me, used))
    return not mine or mine == other or not other or other[0] in SHARED_BY_CONNECTORS or not is_connector(other[0])


def is_connector(name: str) -> bool:
    return (ROOT / "connectors" / name).is_dir() or (ROOT / "connectors" / f"{name}.py").exists()


def test_imports_go_one_way() -> None:
    found = [(name_of(path), used) for path in SOURCES for used in imports(path)]
    assert not {f"{me} imports {used}: {rule}" for me, used in found if (rule := forbidden(me, used))}


def test_no_two_rooms_import_each_other() -> None:
    assert not circles(graph())
    assert circles({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}}) == {"a", "b", "c"}


@pytest.mark.parametrize(
    ("me", "used"),
    [
        ("pipelines.curate.sql", "pipelines.dedupe.bands"),
        ("pipelines.storage.duck", "pipelines.catalog"),
        ("pipelines.signals.difficulty", "pipelines.finetune.evaluate"),
        ("pipelines.models.base", "pipelines.suppression"),
        ("pipelines.publish.card", "pipelines.curate.policy"),
        ("schemas.page", "connectors.base"),
        ("connectors.github", "connectors.discourse"),
        ("connectors.web.client", "connectors.forum.crawl"),
        ("connectors.github", "pipelines.recipe"),
        ("dashboards.app", "pipelines.storage"),
        ("pipelines.catalog", "prefect"),
        ("pipelines.signals.text", "torch"),
        ("connectors.github", "h11"),
        ("pipelines.catalog.status", "urllib.request"),
    ],
)
def test_the_rules_can_fail(me: str, used: str) -> None:
    assert forbidden(me, used)


def test_contributing_states_the_order_and_who_may_import_what() -> None:
    text = read("CONTRIBUTING.md")
    (order,) = [block for block in blocks(text, "") if block.startswith("schemas ")]
    assert [set(line.split()) for line in order.splitlines()] == [set(rooms) for rooms in ORDER]
    (libraries,) = [rows for rows in tables(text) if rows[0][0].startswith("`prefect`")]
    stated = [set(re.findall("`([^`]+)`", where)) for _, where in libraries]
    assert stated == [set(where) for _, where in KEPT_APART.values()]
    words = " ".join(text.split())
    assert all(f"`{room}`" in words.split("`dashboards` may import")[1].split(".")[0] for room in DASHBOARDS_READ)
    assert all(f"`connectors.{room}`" in words for room in SHARED_BY_CONNECTORS)


def depth(node: ast.AST) -> int:
    deepest = 0
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            continue
        is_elif = isinstance(node, ast.If) and isinstance(child, ast.If) and node.orelse == [child]
        deepest = max(deepest, depth(child) + (isinstance(child, BLOCKS) and not is_elif))
    return deepest


def outgrown(text: str) -> set[str]:
    """What of a module is too long or nested too deeply."""
    functions = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    found = {f"{node.name} is too long" for node in functions if (node.end_lineno or 0) - node.lineno >= 40}
    found |= {f"{node.name} is nested too deeply" for node in functions if depth(node) > 3}
    return found | ({"the file is too long"} if text.count("\n") > 400 else set())


def test_nothing_outgrows_the_reader() -> None:
    assert not {f"{name_of(path)}: {what}" for path in SOURCES for what in outgrown(path.read_text())}
    nested = "def f():\n for a in b:\n  for c in d:\n   for e in f:\n    if g: h()\n"
    assert outgrown(nested) == {"f is nested too deeply"}
    assert outgrown("def f():\n" + " a()\n" * 40) == {"f is too long"}
    assert outgrown("a()\n" * 401) == {"the file is too long"}


def test_only_storage_writes_under_data() -> None:
    writers = {"write_text", "write_bytes", "mkdir", "rmtree", "unlink"}
    # libraries write models, and a server keeps what it is given
    stages = [
        path for path in SOURCES if room_of(name_of(path)) in set(STAGES) - {"finetune", "prefer", "serve", "publish"}
    ]
    for path in stages:
        calls = {
            node.func.attr
            for node in ast.walk(ast.parse(path.read_text()))
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
        }
        assert not calls & writers, f"{name_of(path)} writes by itself: {calls & writers}"


# what a test may wait for by a number of its own: the wait is what is tested, or nothing is decided by it
SHORT_WAITS = {
    "tests/pipelines/flows/test_steps.py: entered.wait(0.3)",
    "tests/browser/conftest.py: page.wait_for_timeout(1500)",
}
WAITS = {"wait", "join", "communicate", "settimeout", "wait_for_timeout", "set_default_timeout"}


def short_waits(text: str) -> set[str]:
    """The calls in `text` that give up after a number of seconds written there; `timeout(0)` is none."""
    calls = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call)]
    found = set()
    for call in calls:
        name = call.func.attr if isinstance(call.func, ast.Attribute) else ""
        limits = [word.value for word in call.keywords if word.arg in ("timeout", "default_timeout")]
        limits += call.args[:1] if name in WAITS else []
        if any(isinstance(limit, ast.Constant) and isinstance(limit.value, int | float) for limit in limits):
            found.add(ast.unparse(call))
    return found


def test_no_test_is_decided_by_a_clock() -> None:
    """A machine that is busy with other things takes ten times as long: see tests/waiting.py."""
    parts = ("connectors", "dashboards", "pipelines", "browser")
    files = [*ROOT.glob("tests/*.py"), *(path for part in parts for path in (ROOT / "tests" / part).rglob("*.py"))]
    found = {f"{path.relative_to(ROOT)}: {call}" for path in files for call in short_waits(path.read_text())}
    assert found == SHORT_WAITS
    assert not [
        path for path in files if re.search(r"mark\.timeout\(", path.read_text()) and path.name != Path(__file__).name
    ]
    assert short_waits("one.wait(30), urlopen(url, timeout=5)") == {"one.wait(30)", "urlopen(url, timeout=5)"}


def test_a_files_tests_go_to_one_worker(request: pytest.FixtureRequest) -> None:
    """Or each worker starts the servers and mills the corpora of all files: twice the time, and nobody would see it."""
    if "PYTEST_XDIST_WORKER" not in os.environ:
        pytest.skip("one process has all tests")
    assert request.node.nodeid.endswith(f"@{Path(__file__)}")
