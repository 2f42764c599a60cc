"""The page of snapshots: the card, two versions compared, files compared with their hashes."""

import json
import zipfile
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

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


def press(page: AppTest, label: str) -> AppTest:
    next(each for each in page.button if each.label == label).click().run()
    assert not page.exception, page.exception[0].value
    return page


def test_it_is_written_for_a_trainer_and_brought(two: Path, open_page: OpenPage) -> None:
    page = press(open_page("snapshots", **{"for": "trl"}), "Write it for trl")
    said = [text.value.replace("\\", "") for text in page.markdown]
    train = two / "exports/small-v2-trl/sft/train.jsonl"
    assert f"**sft/train.jsonl**: {len(train.read_text().splitlines())} lines" in said
    with zipfile.ZipFile(two / "exports/small-v2-trl.zip") as packed:
        assert packed.read("small-v2-trl/sft/train.jsonl") == train.read_bytes()
        assert "small-v2-trl/sft.yaml" in packed.namelist()
    outs = [json.loads(line)["out"] for line in (two / "exports.jsonl").read_text().splitlines()]
    assert outs == [str(train.parents[1]), f"{train.parents[1]}.zip"]
    assert any(each.proto.label.startswith("Download it") for each in page.get("download_button"))


def test_a_format_has_a_file_for_each_split_and_what_is_not_there_is_said(two: Path, open_page: OpenPage) -> None:
    page = press(open_page("snapshots", **{"for": "openai-dpo"}), "Write it for openai-dpo")
    assert "nothing of that kind" in page.warning[0].value
    assert [file.name for file in sorted((two / "exports/small-v2-openai-dpo").iterdir())] == [
        "test.jsonl",
        "train.jsonl",
        "validation.jsonl",
    ]


def test_what_cannot_be_written_is_told(two: Path, open_page: OpenPage) -> None:
    page = open_page("snapshots", **{"for": "trl"})
    (two / "exports").write_text("in the way")
    assert "exports" in press(page, "Write it for trl").error[0].value


def test_a_version_that_is_not_there_is_the_latest(two: Path, open_page: OpenPage) -> None:
    shown = {box.label: box.value for box in open_page("snapshots", version="v9").selectbox}
    assert shown["Version"] == "v2"
