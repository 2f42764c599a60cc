"""The tree's own rules: who may import whom, and how big things may grow."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("schemas", "connectors", "pipelines", "dashboards")
STAGES = ("collect", "normalise", "annotate", "dedupe", "curate", "finetune")
SOURCES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
BLOCKS = (ast.If, ast.For, ast.While, ast.With, ast.Try, ast.AsyncFor, ast.AsyncWith)


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT).with_suffix("")).replace("/", ".").removesuffix(".__init__")


def imports(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {f"{node.module}.{alias.name}" for alias in node.names} | {node.module}
    return found


def stage_of(module: str) -> str:
    parts = module.split(".")
    return parts[1] if len(parts) > 1 and parts[0] == "pipelines" and parts[1] in STAGES else ""


def forbidden(path: Path) -> list[str]:
    """What a file imports and must not, with the rule."""
    me, stage = name_of(path), stage_of(name_of(path))
    top = me.split(".")[0]
    wrong = []
    for used in imports(path):
        first = used.split(".")[0]
        rules = {
            "schemas import nothing of ours": top == "schemas" and first in PACKAGES[1:],
            "connectors import schemas only": top == "connectors" and first in ("pipelines", "dashboards"),
            "dashboards read through the catalog": top == "dashboards"
            and first == "pipelines"
            and not used.startswith("pipelines.catalog")
            and used != "pipelines",
            "stages meet on disk": bool(stage) and stage_of(used) not in ("", stage),
            "signals are leaves": me.startswith("pipelines.signals") and used.startswith("connectors"),
            "only flows.py imports Prefect": first in ("prefect", "prefect_dask", "prefect_ray")
            and me != "pipelines.flows",
            "torch stays in finetune": first in ("torch", "transformers", "trl", "peft") and stage != "finetune",
            "the network stays in connectors/web": first in ("httpx", "httpcore", "requests", "aiohttp")
            and not me.startswith("connectors.web"),
        }
        wrong += [f"{me} imports {used}: {rule}" for rule, broken in rules.items() if broken]
    return wrong


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_imports_go_one_way(path: Path) -> None:
    assert not forbidden(path)


def test_the_rules_can_fail(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bad = tmp_path / "pipelines" / "curate.py"
    bad.parent.mkdir()
    bad.write_text("import torch\nimport httpx\nimport prefect\nfrom pipelines.dedupe import run\n")
    monkeypatch.setitem(globals(), "ROOT", tmp_path)
    assert len({wrong.split(": ")[1] for wrong in forbidden(bad)}) == 4


def depth(node: ast.AST) -> int:
    deepest = 0
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            continue
        is_elif = isinstance(node, ast.If) and isinstance(child, ast.If) and node.orelse == [child]
        deepest = max(deepest, depth(child) + (isinstance(child, BLOCKS) and not is_elif))
    return deepest


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_nothing_outgrows_the_reader(path: Path) -> None:
    text = path.read_text()
    assert text.count("\n") <= 400
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert (node.end_lineno or 0) - node.lineno < 40, f"{node.name} is too long"
            assert depth(node) <= 3, f"{node.name} is nested too deeply"


def test_only_storage_writes_under_data() -> None:
    writers = {"write_text", "write_bytes", "mkdir", "rmtree", "unlink"}
    stages = [path for path in SOURCES if stage_of(name_of(path)) and stage_of(name_of(path)) != "finetune"]
    for path in stages:
        calls = {
            node.func.attr
            for node in ast.walk(ast.parse(path.read_text()))
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
        }
        assert not calls & writers, f"{name_of(path)} writes by itself: {calls & writers}"
