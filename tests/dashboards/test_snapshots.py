"""The page of snapshots: the card, two versions compared, files compared with their hashes."""

from pathlib import Path

import pytest

from pipelines.flows import steps
from pipelines.flows.steps import Step
from tests.dashboards.conftest import Milled, OpenPage

DECIDED = '{"record_id": "forum:q1#a101", "decision": "reject", "who": "Ada"}\n'


@pytest.fixture
def two(milled: Milled, data: Path) -> Path:
    """A second snapshot, without a record that somebody rejected."""
    (data / "decisions.jsonl").write_text(DECIDED)
    steps.run_step(milled[0], Step("curate", "small"), data)
    return data


def test_the_card_is_shown_in_the_readers_language(two: Path, open_page: OpenPage) -> None:
    for language, words in (("en", "From pages to records"), ("zh", "从页面到记录")):
        drawn = open_page("snapshots", lang=language)
        shown = " ".join(part.value for part in drawn.get("html"))
        assert words in shown and "pretty_name" not in shown and "signals" not in shown
        assert drawn.get("image")


def test_two_versions_are_compared(two: Path, open_page: OpenPage) -> None:
    drawn = open_page("snapshots", **{"with": "v1"})
    assert [metric.value for metric in drawn.metric] == ["5", "0", "1", "0"]
    (row,) = drawn.dataframe[0].value.to_dict("records")
    assert (row["Rule"], row["Went, and break it in v2"]) == ("decision", 1)
    assert "forum:q1#a101" in str(drawn.get("page_link")[0].proto).replace("\\", "")


def test_files_are_compared_with_their_hashes(two: Path, open_page: OpenPage) -> None:
    drawn = open_page("snapshots")
    button = next(each for each in drawn.button if "hashes" in each.label)
    assert "are what was written" in button.click().run().success[0].value
    shard = next((two / "5_curated/small/v2").glob("train-*.parquet"))
    shard.write_bytes(shard.read_bytes()[:-1] + b"?")
    button = next(each for each in drawn.button if "hashes" in each.label)
    assert shard.name in button.click().run().error[0].value.replace("\\", "")


def test_a_version_that_is_not_there_is_the_latest(two: Path, open_page: OpenPage) -> None:
    shown = {box.label: box.value for box in open_page("snapshots", version="v9").selectbox}
    assert shown["Version"] == "v2"
