"""200 records that do not belong are planted in a real source: how surely they are told, and how few are chosen.

Chunks of logs, checksums, menus and filler text, each kind alike in itself; German and French; coffee.
"""

import random
import shutil
import string
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pytest

from connectors.base import Connector
from connectors.markdown import Markdown
from connectors.mediawiki import MediaWiki
from connectors.stackexchange import StackExchange
from connectors.website import Website
from pipelines import catalog, dedupe
from pipelines.curate import diversity
from pipelines.models import distil, embeddings
from pipelines.normalise.parse import parse_page
from schemas.page import Page
from tests.pipelines import corpus

Row = dict[str, Any]
MEASURED = """
SELECT record_id, pair_outlier, pair_embedding FROM clusters JOIN signals USING (record_id)
WHERE pair_outlier IS NOT NULL ORDER BY ALL
"""
DUMP = "knowledge_bases/mediawiki/enwiki-latest-pages-articles1.xml-p000000010p000030302-shortened.bz2"
HOSTS: dict[str, tuple[Connector, float, float]] = {  # least AUC, least share of the 200 among the 200 farthest
    "quantum": (StackExchange(name="quantum", path="forums/stackexchange-quantumcomputing", site="q.test"), 0.98, 0.84),
    "python": (Website(name="python", folder="tutorials/python-docs", base_url="https://p.test/"), 0.91, 0.67),
    "encyclopaedia": (MediaWiki(name="wiki", dump=DUMP), 0.74, 0.44),
}  # fmt: skip
MOST_STRAYS = 1.5  # among the chosen, times their share in the source
COFFEE = StackExchange(name="coffee", path="forums/stackexchange-coffee", site="coffee.test")
TONGUES = tuple(Markdown(name=name, folder="tutorials/djangogirls", only=(name,)) for name in ("de", "fr"))
FILLER = """
lorem ipsum dolor sit amet consectetur adipiscing elit sed do eiusmod tempor incididunt ut labore et dolore magna aliqua
enim ad minim veniam quis nostrud exercitation ullamco laboris nisi ex ea commodo consequat
"""
MENU = """Home;Next;Previous;Index;Search;Log in;Register;Privacy policy;Terms of service;Contact us;Back to top;
Subscribe to our newsletter;Cookie settings;Accept all;Skip to main content;Members;Latest posts;Mark all as read;
Print this page;All rights reserved;RSS;Careers;Press;Cart;Wishlist;Follow us;Language: English"""
EVENTS = ("connection reset by peer", "accepted request", "timeout after 30s", "heartbeat ok", "GET /health 200")


def of(pick: random.Random, letters: str, count: int) -> str:
    return "".join(pick.choice(letters) for _ in range(count))


JUNK: dict[str, Callable[[random.Random], str]] = {
    "filler": lambda pick: " ".join(pick.choice(FILLER.split()) for _ in range(pick.randint(20, 150))),
    "menu": lambda pick: "\n".join(f"- {pick.choice(MENU.split(';')).strip()}" for _ in range(pick.randint(10, 40))),
    "log": lambda pick: "\n".join(
        f"2021-03-{pick.randint(10, 28)} {pick.randint(10, 23)}:{pick.randint(10, 59)} [node-{pick.randint(1, 9)}] "
        f"{pick.choice(EVENTS)} pid={pick.randint(100, 99_999)}"
        for _ in range(pick.randint(5, 30))
    ),
    "checksums": lambda pick: "\n".join(
        f"{of(pick, 'abcdef' + string.digits, 40)}  part-{pick.randint(1, 99)}.tar.gz"
        for _ in range(pick.randint(5, 30))
    ),
    "attachment": lambda pick: "\n".join(of(pick, string.ascii_letters + string.digits, 76) for _ in range(9)),
}


def records(connector: Connector, data: Path) -> list[Row]:
    where = next(name for name in ("folder", "path", "dump") if getattr(connector, name, None))
    connector = connector.model_copy(update={where: data / getattr(connector, where)})
    pages = [page for page in connector.fetch(None, None) if isinstance(page, Page)]  # type: ignore[arg-type]
    return [row for page in pages for row in parse_page(connector, page).records]


def strays(data: Path, source: str) -> list[Row]:
    """20 of each kind of junk, 20 of each tongue, 60 about coffee; as records of the source, each a page of its own."""
    pick = random.Random(1)
    texts = [("What should I know about this page?", make(pick)) for make in JUNK.values() for _ in range(20)]
    for connector, count in ((TONGUES[0], 20), (TONGUES[1], 20), (COFFEE, 60)):
        found = [row for row in records(connector, data) if len(row["output"]) > 300]
        texts += [(row["instruction"], row["output"]) for row in pick.sample(found, count)]
    return [corpus.record(f"{source}:stray{k}#1", *text) for k, text in enumerate(texts)]


@pytest.fixture(scope="module", params=["multilingual", "english"])
def model(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    if cure := distil.missing_packages(request.param):
        pytest.skip(cure)
    data = tmp_path_factory.mktemp(request.param)
    embeddings.folder_of(request.param, data)
    return request.param, data


class Planted(NamedTuple):
    """Of each record that was measured: whether it was planted, its pair_outlier, its embedding."""

    stray: np.ndarray
    far: np.ndarray
    vectors: np.ndarray


@pytest.fixture(scope="module", params=HOSTS)
def planted(
    request: pytest.FixtureRequest, model: tuple[str, Path], shared_data: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[str, Planted]:
    connector, data = HOSTS[request.param][0], tmp_path_factory.mktemp("planted")
    shutil.copytree(model[1] / "6_models", data / "6_models")
    mill = corpus.recipe(connector.name, annotate={"embedding": model[0]}, dedupe={"semantic": 0.95})
    corpus.write(data, mill, [*records(connector, shared_data), *strays(shared_data, connector.name)])
    dedupe.run(mill, data, workers=2)
    with catalog.connect(data) as con:
        known = con.sql(MEASURED).to_arrow_table().to_pylist()
    return request.param, Planted(
        np.array([":stray" in row["record_id"] for row in known]),
        np.array([row["pair_outlier"] for row in known]),
        np.array([row["pair_embedding"] for row in known], np.float32),
    )


def auc(values: np.ndarray, stray: np.ndarray) -> float:
    """The chance that a stray has the higher value."""
    return float(
        (values[stray][:, None] > values[~stray]).mean() + (values[stray][:, None] == values[~stray]).mean() / 2
    )


def test_strays_are_farthest(planted: tuple[str, Planted]) -> None:
    host, (stray, far, vectors) = planted
    similar = vectors @ vectors.T
    np.fill_diagonal(similar, -1)
    neighbours = auc(1 - np.sort(similar, axis=1)[:, -10:].mean(axis=1), stray)
    among = float(stray[np.argsort(-far, kind="stable")[: stray.sum()]].mean())
    print(f"\n{host}: {stray.sum()} of {stray.size} planted; AUC {auc(far, stray):.3f}", end=", ")
    print(f"{among:.3f} of as many farthest; AUC by ten neighbours {neighbours:.3f}")
    assert stray.sum() >= 195 and auc(far, stray) >= HOSTS[host][1] and among >= HOSTS[host][2]


@pytest.mark.parametrize("share", [0.05, 0.1, 0.3])
def test_the_chosen_stand_for_the_source_and_not_for_the_strays(planted: tuple[str, Planted], share: float) -> None:
    host, (stray, _, vectors) = planted
    size = int(share * stray.size)
    points = diversity.quantise(pa.FixedSizeListArray.from_arrays(pa.array(vectors.ravel()), vectors.shape[1]))
    ways = {
        "facility location": diversity.facility_location(points, np.ones(len(points), np.int64), 0, size)[0],
        "chance": np.isin(np.arange(stray.size), np.random.default_rng(1).permutation(stray.size)[:size]),
    }
    covered = {name: float((vectors[~stray] @ vectors[chosen].T).max(axis=1).mean()) for name, chosen in ways.items()}
    strays = {name: float(stray[chosen].mean() / stray.mean()) for name, chosen in ways.items()}
    print(
        f"\n{host}, {size}: ",
        ", ".join(f"{name} covers {covered[name]:.3f}, strays × {strays[name]:.2f}" for name in ways),
    )
    assert covered["facility location"] > covered["chance"] and strays["facility location"] <= MOST_STRAYS
