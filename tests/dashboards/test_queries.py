"""Each of the dashboard's questions, asked of a real data folder."""

from pathlib import Path
from typing import Any

import pytest

from pipelines import catalog, storage
from tests.dashboards.conftest import DASHBOARDS, Milled

QUERIES = sorted((DASHBOARDS / "queries").glob("*.sql"))
ANY = {"source": "", "task": "", "language": "", "fate": "", "rule": "", "words": "", "low": None, "high": None}
ONE = {"ids": ["forum:q1#a101"], "cluster": "forum:q1#a101", "benchmark": "", "version": "v1", "test": ""}
PARAMETERS: dict[str, Any] = ANY | ONE | {"recipe": "small"}
MAY_BE_EMPTY = {
    *("families", "contaminated_in", "evaluated", "reasons", "lost_reasons", "failed", "refused", "lost_of"),
    "opted_out",
}


def ask(query: str, data: Path, signal: str = "output_words", **chosen: Any) -> list[tuple[Any, ...]]:
    text = (DASHBOARDS / "queries" / f"{query}.sql").read_text().replace("{signal}", signal)
    values = {name: value for name, value in (PARAMETERS | chosen).items() if f"${name}" in text}
    with catalog.connect(data) as con:
        return con.execute(text, values).fetchall()


@pytest.mark.parametrize("query", QUERIES, ids=lambda query: query.stem)
def test_each_query_asks_a_question_and_has_an_answer(query: Path, milled: Milled) -> None:
    question = query.read_text().splitlines()[0]
    assert question.startswith("-- ")
    assert question.endswith("?")
    assert ask(query.stem, milled[1], source="forum") or query.stem in MAY_BE_EMPTY


def test_the_funnel_counts_what_is_left_at_each_stage(milled: Milled) -> None:
    stages = ("pages", "records", "distinct", "kept")
    assert ask("funnel", milled[1]) == [("forum", stage, 6) for stage in stages]


@pytest.mark.parametrize(
    ("chosen", "number"),
    [
        ({}, 6),
        ({"words": "SIGN A TAG"}, 1),
        ({"source": "nosuch"}, 0),
        ({"fate": "kept"}, 6),
        ({"fate": "dropped"}, 0),
        ({"rule": "output_too_short"}, 0),
        ({"language": "en"}, 6),
        ({"low": 100_000}, 0),
        ({"low": 1, "high": 100_000}, 6),
    ],
    ids=str,
)
def test_filters_narrow_what_is_chosen(chosen: dict[str, Any], number: int, milled: Milled) -> None:
    assert len(ask("chosen", milled[1], **chosen)) == number


def test_the_state_of_a_folder_changes_with_its_latest_version(tmp_path: Path) -> None:
    """The link follows the manifest: who asked between the two has seen the version before."""
    versions = storage.folder(tmp_path, "curate", "small")
    for name in ("v1", "v2"):
        (versions / name).mkdir(parents=True)
    storage.point_latest(versions / "v1")
    before = catalog.state(str(tmp_path))
    assert before == catalog.state(str(tmp_path))
    storage.point_latest(versions / "v2")
    assert catalog.state(str(tmp_path)) != before
