"""A snapshot that is like a target file: what was taken, why, and where that is told."""

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from pipelines import catalog, curate, dedupe
from pipelines.catalog.explain import explain
from pipelines.curate import policy
from pipelines.curate.policy import PolicyError
from pipelines.curate.what_if import try_policy
from pipelines.recipe import Recipe
from schemas.manifest import Manifest
from tests.pipelines import corpus
from tests.pipelines.signals.static_model import write_multilingual

TEXTS = ("install the server", "setup a host", "bread loaf bun", "toast the bread", "river stream", "a creek, a brook")
POLICY = """
[[rules]]
name = "never"
drop_if = "false"
why = "-"
[mixture]
like = "target.jsonl"
max_records = 3
"""


@pytest.fixture
def mill(tmp_path: Path) -> Recipe:
    """Six records in three meanings, and a target in Chinese for two of them."""
    write_multilingual(tmp_path)
    (tmp_path / "like.toml").write_text(POLICY)
    (tmp_path / "target.jsonl").write_text('{"instruction": "安装服务器"}\n{"output": "面包馒头"}\n')
    made = corpus.recipe(annotate={"embedding": "multilingual"}, policy=str(tmp_path / "like.toml"))
    corpus.write(tmp_path, made, [corpus.record(f"forum:{at}#a1", "how", text) for at, text in enumerate(TEXTS)])
    dedupe.run(made, tmp_path)
    return made


def rows(data: Path, name: str) -> list[dict[str, object]]:
    (file,) = (data / "5_curated" / "mill" / "latest").glob(f"{name}-*.parquet")
    table: list[dict[str, object]] = pq.read_table(file).to_pylist()
    return table


def test_what_is_like_the_target_is_kept_and_all_of_it_is_told(mill: Recipe, tmp_path: Path) -> None:
    manifest: Manifest = curate.run(mill, tmp_path)
    verdicts = {row["record_id"]: row for row in rows(tmp_path, "verdicts")}
    kept = {name for name, row in verdicts.items() if row["kept"]}
    assert len(kept) == 3 and kept < {f"forum:{at}#a1" for at in range(4)}
    assert verdicts["forum:0#a1"]["target"] == "target.jsonl:1" and verdicts["forum:2#a1"]["target"] == "target.jsonl:2"
    assert {row["reasons"][0]["rule"] for row in verdicts.values() if not row["kept"]} == {"unlike"}
    card = (tmp_path / "5_curated" / "mill" / "latest" / "README.md").read_text()
    assert "3 of 6 records that had passed" in card and "| `target.jsonl:1` | " in card
    assert str(tmp_path) not in manifest.model_dump_json() and "like/target.jsonl" in manifest.inputs
    (told,) = explain("forum:5#a1", tmp_path)["verdicts"]
    assert told["reasons"][0]["measured"]["target"] == told["target"]
    with catalog.connect(tmp_path) as con:
        assert try_policy(policy.load(mill.policy), con, tmp_path, "mill").kept == 3


def test_another_target_is_another_snapshot(mill: Recipe, tmp_path: Path) -> None:
    curate.run(mill, tmp_path)
    (tmp_path / "target.jsonl").write_text('{"text": "河流"}\n')
    curate.run(mill, tmp_path)
    assert {row["record_id"] for row in rows(tmp_path, "verdicts") if row["kept"]} > {"forum:4#a1", "forum:5#a1"}


def test_an_embedding_that_is_gone_is_told(mill: Recipe, tmp_path: Path) -> None:
    (tmp_path / "6_models" / ".base" / "use-static").rename(tmp_path / "elsewhere")
    with pytest.raises(PolicyError, match=r"the embedding that measured forum is gone; run `gristmill stage annotate`"):
        curate.run(mill, tmp_path)
