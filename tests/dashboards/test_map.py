"""The page of the map, and the records of an area of it."""

from pathlib import Path

import pytest

from dashboards import ask
from pipelines import curate, dedupe
from tests.dashboards.conftest import OpenPage
from tests.dashboards.test_chinese import charts
from tests.pipelines import corpus
from tests.pipelines.catalog.test_meaning import KITCHEN, SAID
from tests.pipelines.signals.static_model import write_multilingual


@pytest.fixture
def meant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Records with embeddings, one of them dropped."""
    folder = tmp_path / "meant"
    write_multilingual(folder)
    (tmp_path / "mine.toml").write_text(
        '[[rules]]\nname = "soup"\ndrop_if = "contains(output, \'toast\')"\nwhy = "-"\n'
    )
    mill = corpus.recipe("forum", annotate={"embedding": "multilingual"}, policy=str(tmp_path / "mine.toml"))
    corpus.write(folder, mill, [corpus.record(f"forum:{name}#a", "how", said) for name, said in SAID.items()])
    dedupe.run(mill, folder)
    curate.run(mill, folder)
    monkeypatch.setenv("GRISTMILL_DATA", str(folder))
    return folder


def test_dots_are_coloured_and_an_area_leads_to_its_records(data: Path, meant: Path, open_page: OpenPage) -> None:
    page = open_page("map", by="rule")
    (chart,) = charts(page)
    assert chart["encoding"]["color"]["field"] == "colour" and len(chart["encoding"]["tooltip"]) == 4
    assert any("6 of 6" in one.value for one in page.markdown)
    drawn = ask.meaning_map("mill")
    assert drawn
    places = {name: place for name, place in zip(drawn.ids, drawn.places, strict=True) if name in KITCHEN}
    edges = [edge for axis in (0, 1) for edge in (f(p[axis] for p in places.values()) for f in (min, max))]
    box = f"{edges[0] - 0.01:.4f},{edges[1] + 0.01:.4f},-9,9"
    page = open_page("map", area=box)
    assert "All 3 records in it" in [link.proto.label for link in page.get("page_link")]
    listed = open_page("records", area=box)
    assert "3 records" in [caption.value for caption in listed.caption]
    assert "Only records in an area of the map; Clear all filters shows all." in [one.value for one in listed.caption]
    assert "2 records" in [caption.value for caption in open_page("records", area=box, fate="kept").caption]
    for wrong in ("<b>", "1,2,3", "nan,1,2,3", ""):
        assert "6 records" in [caption.value for caption in open_page("records", area=wrong).caption]


def test_without_embeddings_the_setting_is_told(open_page: OpenPage) -> None:
    page = open_page("map")
    assert "No records of this recipe have an embedding" in page.info[0].value
    assert page.code[0].value == '[annotate]\nembedding = "multilingual"'
