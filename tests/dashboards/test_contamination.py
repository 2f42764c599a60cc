"""The page of contamination: benchmark items beside records, what they share marked, and a record rejected."""

import json
from pathlib import Path

import pytest

from dashboards.differences import shared
from pipelines import curate, dedupe
from pipelines.recipe import Recipe
from tests.dashboards.conftest import OpenPage
from tests.pipelines import corpus
from tests.pipelines.curate.test_decontaminate import CRATES

RECORDS = [
    corpus.record("forum:1#a1", "How much does the school pay?", f"Let us see. {CRATES} It pays 70 coins."),
    corpus.record("forum:2#a1", "What is in the tank?", "Vinegar and water, as much of the one as of the other."),
]


def mill(folder: Path, *benchmarks: Path) -> Recipe:
    policy = folder / "mine.toml"
    policy.write_text('[[rules]]\nname = "leaked"\ndrop_if = "contamination >= 0.8"\nwhy = "-"\n')
    return corpus.recipe("forum", policy=str(policy), decontaminate={"benchmarks": list(map(str, benchmarks))})


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder, recipe = tmp_path / "data", mill(tmp_path)
    corpus.write(folder, recipe, RECORDS)
    dedupe.run(recipe, folder)
    curate.run(recipe, folder)
    monkeypatch.setenv("GRISTMILL_DATA", str(folder))
    return folder


@pytest.fixture
def compared(data: Path) -> Path:
    """The same records, compared with two benchmarks, one of which none of them holds."""
    items = {"loaves": CRATES, "other": "A train of 12 wagons loses 3 wagons at every second stop; " * 3}
    for name, question in items.items():
        (data.parent / name).mkdir()
        row = {"id": f"{name} 1", "question": question, "answer": "70"}
        (data.parent / name / "test.jsonl").write_text(json.dumps(row) + "\n")
    files = [data.parent / name / "test.jsonl" for name in items]
    curate.run(mill(data.parent, *files), data)
    return data


def test_that_nothing_was_compared_is_said_with_the_cure(open_page: OpenPage) -> None:
    page = open_page("contamination")
    assert "Nothing was compared" in page.warning[0].value
    assert "benchmarks = [" in page.code[0].value and "--stages curate" in page.code[1].value
    assert not page.success


def test_an_item_stands_beside_its_record(compared: Path, open_page: OpenPage) -> None:
    page = open_page("contamination")
    assert page.selectbox(key="benchmark").options == ["any", "loaves/test (1)", "other/test (0)"]
    links = [str(link.proto.label).replace("\\", "") for link in page.get("page_link")]
    assert links == ["forum:1#a1"]
    left, right = (part.value for part in page.get("html"))
    assert all(f">{CRATES[:20]}" in text and text.count("<mark") == 1 for text in (left, right))
    assert any("Its answer is there too" in caption.value for caption in page.caption)


def test_a_benchmark_that_no_record_holds_says_so(compared: Path, open_page: OpenPage) -> None:
    page = open_page("contamination", benchmark="other/test")
    assert "no item stands" in page.success[0].value and not page.get("html")


def test_a_record_is_rejected_by_the_reviewers_own_function(compared: Path, open_page: OpenPage) -> None:
    page = open_page("contamination")
    page.button(key="reject 0").click().run()
    assert "Say who you are" in page.toast[0].value
    page = open_page("contamination", who="Ada")
    page.button(key="reject 0").click().run()
    said = json.loads((compared / "decisions.jsonl").read_text())
    assert (said["record_id"], said["decision"], said["who"]) == ("forum:1#a1", "reject", "Ada")
    assert any("Ada" in text.value and "rejected" in text.value for text in page.markdown)


@pytest.mark.parametrize(
    ("one", "other", "marks"),
    [
        ("It says: Rinse the hose twice, then rest.", "rinse **the** hose TWICE then", ["Rinse the hose twice, then"]),
        ("four words are few", "four words are few", []),
        ("他先把其中的三分之一给了弟弟", "其中的三分之二", ["其中的三分之"]),
        ("<b>a b c d e</b>", "a b c d e f", ["a b c d e"]),
    ],
)
def test_what_both_say_is_marked(one: str, other: str, marks: list[str]) -> None:
    left, right = shared(one, other)
    assert [part.partition(">")[2].partition("</mark>")[0] for part in left.split("<mark")[1:]] == marks
    assert right.count("<mark") == len(marks)
    assert "<b>" not in left
