"""Embeddings by a small model of the same make; the real one is distilled in tests/accuracy/test_semantic.py."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines import annotate
from pipelines.models import embeddings
from pipelines.recipe import RecipeError
from pipelines.signals import embedding
from tests.pipelines import corpus
from tests.pipelines.signals.static_model import write_model

pytest.importorskip("model2vec")
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


ENGLISH = {"annotate": {"embedding": "english"}}


def embedded(folder: Path, *outputs: str) -> list[Any]:
    table = pa.table({"instruction": [""] * len(outputs), "input": [""] * len(outputs), "output": list(outputs)})
    made = embedding.pair_embedding(folder, table)
    assert made.type == embedding.EMBEDDING
    return [None if row is None else np.array(row, np.float32) for row in made.to_pylist()]


def test_texts_that_mean_the_same_lie_close(tmp_path: Path) -> None:
    one, same, other = embedded(write_model(tmp_path), "install the server", "setup a machine", "a loaf on the river")
    assert np.linalg.norm(one) == pytest.approx(1, abs=1e-3)
    assert one @ same > 0.9
    assert one @ other < 0.7


def test_what_the_model_does_not_know_has_no_embedding(tmp_path: Path) -> None:
    chinese = "安装服务器 the server"
    assert embedded(write_model(tmp_path), chinese, "", "!!!", "install the server, 安装")[:3] == [None, None, None]


def test_batches_change_no_bit(tmp_path: Path) -> None:
    folder = write_model(tmp_path)
    texts = ["install the server", "a loaf of bread " * 900, "river"]
    together = embedded(folder, *texts)
    for text, row in zip(texts, together, strict=True):
        assert np.array_equal(embedded(folder, text)[0], row)


def test_annotate_writes_the_column_when_the_recipe_asks(tmp_path: Path) -> None:
    write_model(tmp_path)
    rows = [corpus.record("forum:1#a1", "install the server", "put the host on")]
    for settings, there in (({}, False), (ENGLISH, True)):
        corpus.write(tmp_path, corpus.recipe("forum", **settings), rows)
        made = pq.read_table(tmp_path / "3_signals" / "forum" / "signals-00000.parquet")
        assert ("pair_embedding" in made.column_names) == there
    assert made.schema.field("pair_embedding").type == pa.list_(pa.float16(), 256)


def test_the_extra_that_lacks_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embeddings, "find_spec", lambda _: None)
    with pytest.raises(RecipeError, match=r"gristmill\[semantic\]"):
        annotate.select_signals(corpus.recipe("forum", **ENGLISH), tmp_path)


def test_a_failed_distillation_tells_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embeddings.sys, "executable", "false")
    with pytest.raises(RecipeError, match="distilling failed"):
        embedding.signals("multilingual", tmp_path)


def test_numbers_are_told_apart_in_their_order() -> None:
    texts = ["add 2 and 31", "Add 2, 31.", "add 31 and 2", "add 2 and 32", "no number", "v2 x86"]
    table = pa.table({"instruction": texts, "input": [""] * 6, "output": ["end"] * 6})
    made = embedding.pair_numbers(table).to_pylist()
    assert made[0] == made[1] and made[4] == made[5] == 0
    assert len(set(made)) == 4
