"""JSON-LD and microdata of real and specification pages, against what extruct's authors wrote down for them."""

import json
from pathlib import Path
from typing import Any

import pytest

from connectors import html
from connectors.html.microdata import microdata
from connectors.html.schema_org import blocks

FLOOR = 0.97  # of the properties that the files expect


def pairs(folder: Path, ending: str) -> list[tuple[Path, Any]]:
    found = [(path.with_suffix(".html"), path) for path in sorted(folder.rglob(f"*{ending}"))]
    return [(page, json.loads(path.read_bytes())) for page, path in found if page.exists()]


def tree(page: Path) -> html.tree.HtmlElement:
    return html.parse(html.decode(page.read_bytes()))


def facts(said: Any, path: str = "") -> set[tuple[str, str]]:
    """Every value with the names on the way to it; lists in any order. Blanks and bases of addresses do not count."""
    if isinstance(said, list):
        return {fact for each in said for fact in facts(each, path)}
    if not isinstance(said, dict):
        return {(path, "".join(str(said).split()).rpartition("/")[2].removeprefix("progress-report"))}
    if list(said) == ["items"]:
        return facts(said["items"], path)
    inner = {key: each for key, each in said.items() if key not in ("properties", "value", "id")}
    inner |= said.get("properties") or {}
    own = {fact for key, each in inner.items() if key != "type" for fact in facts(each, f"{path}/{key.lstrip('@')}")}
    own |= facts(said["id"], f"{path}/id") if "id" in said else set()
    return own | (facts(inner["type"], f"{path}/type") if "type" in inner else set())


def share(found: Any, wanted: Any) -> float:
    true, got = facts(wanted), facts(found)
    return 2 * len(true & got) / (len(true) + len(got)) if true or got else 1.0


def test_json_ld(shared_data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = pairs(shared_data / "labelled" / "structured-data", ".jsonld")
    scores = {page.name: share(blocks(tree(page)), wanted) for page, wanted in files}
    report("JSON-LD", scores, capsys)


def test_microdata(shared_data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = shared_data / "labelled" / "structured-data" / "tests" / "samples"
    folders = [root / name for name in ("schema.org", "w3c", "websites")]
    files = [pair for folder in folders for pair in pairs(folder, ".json") if isinstance(pair[1], list)]
    report("microdata", {page.name: share(microdata(tree(page)), wanted) for page, wanted in files}, capsys)


def report(kind: str, scores: dict[str, float], capsys: pytest.CaptureFixture[str]) -> None:
    mean = sum(scores.values()) / len(scores)
    with capsys.disabled():
        print(
            f"\n{kind}: {len(scores)} pages, F1 of the facts {mean:.4f}", {n: s for n, s in scores.items() if s < 0.99}
        )
    assert len(scores) > 5
    assert mean >= FLOOR
