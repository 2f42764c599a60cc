"""Paraphrases by a small model of five meanings: joined when the recipe asks, kept apart by their numbers."""

import math
import random
from pathlib import Path
from typing import Any

import pytest

from pipelines.dedupe import semantic_duplicates
from tests.pipelines.dedupe.test_clusters import answer, clusters, read
from tests.pipelines.signals.static_model import MEANINGS, write_model

pytest.importorskip("model2vec")
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
ONE = "install the server on a machine"
SAME = "setup a computer on the host"
OTHER = "a loaf on the river"


def asked(cosine: float, **more: Any) -> dict[str, Any]:
    return {"annotate": {"embedding": "english"}, "dedupe": {"semantic": cosine} | more}


def found(data: Path, *outputs: str, **settings: Any) -> dict[str, set[str]]:
    write_model(data)
    return clusters(data, [answer(k, text, "how") for k, text in enumerate(outputs)], **settings)


def test_what_means_the_same_is_one_cluster_and_the_edge_tells_how(tmp_path: Path) -> None:
    assert found(tmp_path, ONE, SAME, OTHER, **asked(0.9)) == {"forum:0#a1": {"forum:0#a1", "forum:1#a1"}}
    (edge,) = read(tmp_path, "edges")
    assert edge["method"] == "semantic" and 0.9 <= edge["similarity"] < 1


def test_it_is_off_unless_the_recipe_sets_it(tmp_path: Path) -> None:
    assert found(tmp_path, ONE, SAME) == {}


def test_other_numbers_are_another_thing(tmp_path: Path) -> None:
    assert found(tmp_path / "a", f"{ONE} 2", f"{SAME} 3", **asked(0.9)) == {}
    assert len(found(tmp_path / "b", f"{ONE} 2", f"{SAME} 2", **asked(0.9))) == 1


def test_chinese_is_left_to_minhash(tmp_path: Path) -> None:
    assert found(tmp_path, "安装服务器软件 the server", "在电脑上安装程序 the server", **asked(0.5)) == {}


@pytest.mark.parametrize("seed", [1, 2])
def test_order_and_workers_change_no_byte(seed: int, tmp_path: Path) -> None:
    pick = random.Random(5)
    said = [" ".join(pick.choice(pick.choice(MEANINGS).split()) for _ in range(4)) for _ in range(60)]
    records = [answer(k, text, "how") for k, text in enumerate(said)]
    shuffled = random.Random(seed).sample(records, len(records))
    for name, rows, workers in (("a", records, 1), ("b", shuffled, 2)):
        write_model(tmp_path / name)
        assert clusters(tmp_path / name, rows, workers, **asked(0.95))
    for table in ("clusters", "edges"):
        one, other = (tmp_path / data / "4_clusters" / "mill" / f"{table}-00000.parquet" for data in "ab")
        assert one.read_bytes() == other.read_bytes()


@pytest.mark.parametrize("cosine", [0.8, 0.9, 0.95, 0.99])
def test_tables_miss_a_pair_at_the_threshold_once_in_ten_thousand_at_most(cosine: float) -> None:
    tables, planes = semantic_duplicates.choose_tables(cosine)
    assert tables <= semantic_duplicates.MAX_TABLES
    assert (1 - (1 - math.acos(cosine) / math.pi) ** planes) ** tables <= 1.01e-4
