"""The map of records: the same each time, by the directions that hold most, and an area of it is of all records."""

from pathlib import Path

import numpy as np
import pytest

from pipelines import catalog, curate, dedupe
from pipelines.catalog import meaning
from tests.pipelines import corpus
from tests.pipelines.signals.static_model import write_multilingual

SAID = {  # all that the small model knows words for
    "bread": "put the bread on a bun",
    "toast": "toast the loaf on the bread",
    "bun": "a loaf a bun the bun",
    "setup": "install the server on a host",
    "name": "setup a computer the host",
    "port": "add the machine on the computer",
}
KITCHEN = {"forum:bread#a", "forum:toast#a", "forum:bun#a"}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("meaning")
    write_multilingual(folder)
    mill = corpus.recipe("forum", annotate={"embedding": "multilingual"})
    records = [corpus.record(f"forum:{name}#a", "how", said) for name, said in SAID.items()]
    corpus.write(folder, mill, records)
    dedupe.run(mill, folder)
    curate.run(mill, folder)
    return folder


def test_what_is_alike_lies_together_and_an_area_finds_it(data: Path) -> None:
    with catalog.connect(data) as con:
        drawn = meaning.draw(con, "mill")
        assert drawn and drawn.records == len(SAID) == len(drawn.ids) and 0.4 < drawn.share < 1
        again = meaning.draw(con, "mill")
        assert again and again.ids == drawn.ids and np.array_equal(again.places, drawn.places)
        across = dict(zip(drawn.ids, drawn.places[:, 0], strict=True))
        side = sorted(across, key=across.__getitem__)
        assert KITCHEN in ({*side[:3]}, {*side[3:]})
        edge = (across[side[2]] + across[side[3]]) / 2
        left, right = (meaning.within(con, "mill", drawn, (a, b, -9, 9)) for a, b in ((-9, edge), (edge, 9)))
        assert (left, right) == (sorted(side[:3]), sorted(side[3:]))
        assert meaning.within(con, "mill", drawn, (9, -9, -9, 9)) == []


def test_an_area_holds_records_that_are_no_dots(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(meaning, "_IDS", meaning._IDS.replace(f"LIMIT {meaning.MOST}", "LIMIT 4"))
    with catalog.connect(data) as con:
        drawn = meaning.draw(con, "mill")
        assert drawn and (len(drawn.ids), drawn.records) == (4, 6)
        assert len(meaning.within(con, "mill", drawn, (-9, 9, -9, 9))) == 6


def test_the_axes_are_those_of_the_most_variance_and_never_mirrored() -> None:
    pick = np.random.default_rng(1)
    points = pick.normal(size=(200, 5)) * [1, 9, 0.1, 4, 0.1]
    axes, share = meaning.principal(points - points.mean(axis=0))
    assert [np.abs(axis).argmax() for axis in axes] == [1, 3] and (axes.max(axis=1) > 0.99).all() and share > 0.95
    assert np.allclose(meaning.principal(points[::-1] - points.mean(axis=0))[0], axes)
    assert meaning.principal(np.zeros((3, 5)))[1] == 1.0


def test_without_embeddings_there_is_no_map(milled: tuple[object, Path, object]) -> None:
    with catalog.connect(milled[1]) as con:
        assert meaning.draw(con, "small") is None
