"""A record about bread among servers is told, whatever its copies and its neighbours say."""

import random
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from tests.pipelines.dedupe.test_clusters import Row, answer, clusters, read
from tests.pipelines.signals.static_model import MEANINGS, write_model

pytest.importorskip("model2vec")
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
ASKED = {"annotate": {"embedding": "english"}, "dedupe": {"semantic": 0.999}}
SERVERS, BREAD = (MEANINGS[1].split(), MEANINGS[2].split())


def about(words: list[str], seed: int) -> str:
    """Eight words, each text with numbers of its own, so that none is a duplicate of another in meaning."""
    pick = random.Random(seed)
    return " ".join(pick.choice([*words, "the", "install"]) for _ in range(8)) + f" {seed}"


def measured(data: Path, records: list[Row], workers: int = 1, **settings: Any) -> dict[str, float | None]:
    write_model(data)
    clusters(data, records, workers, **(settings or ASKED))
    return {row["record_id"]: row["pair_outlier"] for row in read(data, "clusters")}


def servers(count: int, source: str = "forum") -> list[Row]:
    return [answer(k, about(SERVERS, k), "how", source) for k in range(count)]


def farthest(told: dict[str, float | None], count: int = 1) -> set[str]:
    known = {name: value for name, value in told.items() if value is not None}
    return set(sorted(known, key=lambda name: -known[name])[:count])


def test_what_is_about_something_else_is_farthest(tmp_path: Path) -> None:
    told = measured(tmp_path, [*servers(20), answer("bread", about(BREAD, 99), "how")])
    assert farthest(told) == {"forum:bread#a1"}


def test_a_clump_of_what_does_not_belong_is_far_though_its_members_have_neighbours(tmp_path: Path) -> None:
    clump = [answer(f"b{k}", about(BREAD, 100 + k), "how") for k in range(6)]
    assert farthest(measured(tmp_path, [*servers(30), *clump]), 6) == {row["record_id"] for row in clump}


def test_copies_of_a_banner_do_not_become_what_the_source_is_about(tmp_path: Path) -> None:
    copies = [answer(f"b{k}", "bread loaf bun toast bread", "how") for k in range(60)]
    told = measured(tmp_path, [*servers(20), *copies])
    assert farthest(told, 60) == {row["record_id"] for row in copies}


def test_each_source_has_a_centre_of_its_own(tmp_path: Path) -> None:
    bakery = [answer(k, about(BREAD, 50 + k), "how", "bakery") for k in range(20)]
    strays = [answer("x", about(BREAD, 98), "how"), answer("x", about(SERVERS, 99), "how", "bakery")]
    told = measured(tmp_path, [*servers(20), *bakery, *strays])
    assert farthest(told, 2) == {"forum:x#a1", "bakery:x#a1"}


def test_it_is_the_cosine_with_the_sum_of_all_others(tmp_path: Path) -> None:
    records = servers(3)
    told = measured(tmp_path, records)
    signals = pq.read_table(next((tmp_path / "3_signals" / "forum").glob("signals-*.parquet")))
    known = dict(zip(signals["record_id"].to_pylist(), signals["pair_embedding"].to_pylist(), strict=True))
    one, *others = (np.array(known[row["record_id"]], np.float64) for row in records)
    rest = np.sum(others, axis=0)
    cosine = one @ rest / np.linalg.norm(one) / np.linalg.norm(rest)
    assert told[records[0]["record_id"]] == pytest.approx(1 - cosine, abs=1e-3)


def test_nothing_is_said_of_what_is_alone_or_has_no_embedding(tmp_path: Path) -> None:
    chinese = answer("zh", "安装服务器软件并在电脑上运行程序", "怎么做")
    told = measured(tmp_path, [*servers(5), chinese, answer(1, about(BREAD, 1), "how", "bakery")])
    assert told["forum:zh#a1"] is None and told["bakery:1#a1"] is None
    assert sum(value is not None for value in told.values()) == 5


def test_it_is_not_measured_unless_the_recipe_asks(tmp_path: Path) -> None:
    assert set(measured(tmp_path, servers(5), dedupe={"threshold": 0.8}).values()) == {None}


def test_order_and_workers_change_no_byte(tmp_path: Path) -> None:
    records = [*servers(40), *(answer(f"b{k}", about(BREAD, k % 3), "how") for k in range(9))]
    for name, rows, workers in (("a", records, 1), ("b", random.Random(3).sample(records, len(records)), 2)):
        measured(tmp_path / name, rows, workers)
    one, other = (tmp_path / name / "4_clusters" / "mill" / "clusters-00000.parquet" for name in "ab")
    assert one.read_bytes() == other.read_bytes()
