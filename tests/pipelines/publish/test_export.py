"""What is exported and read again is what it was; what a format cannot hold is told and counted."""

import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.instructions import Instructions
from pipelines.normalise.parse import parse_page
from pipelines.publish import trainers
from pipelines.publish.export import FORMATS, Format, export_file
from pipelines.publish.trainers import TRAINERS, Job, Trainer
from pipelines.recipe import RecipeError
from schemas.page import Page
from tests.connectors.recorded import OFFLINE
from tests.pipelines.publish.conversations import LABELLED, PAIRS, RECORDS, Row, full_snapshot, pair, record

OF_RECORD = ("instruction", "input", "output", "history", "system", "tools", "reasoning", "tool_calls")
OF_PAIR = (
    "instruction",
    "input",
    "chosen",
    "rejected",
    "history",
    "system",
    "tools",
    "reasoning",
    "rejected_reasoning",
)
CALLING = {"call", "thought call", "spoken call", "results", "results and more"}
# format → the rows that have no place in it
WITHOUT: dict[str, set[str]] = {
    "alpaca": CALLING | {"late system"},
    "sharegpt": {"late system"},
    "axolotl dpo": {"pair of results"},
}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    full_snapshot(folder)
    return folder


def read_back(path: Path) -> tuple[list[Row], list[Row]]:
    """The records and pairs that a set gives, in order; nothing else may be lost."""
    source = Instructions(name="again", path=path, licence="MIT")
    pages = [page for page in source.fetch(OFFLINE, None) if isinstance(page, Page)]
    results = [parse_page(source, page) for page in pages]
    assert not [row for result in results for row in result.rejects if row["level"] != "column"]
    return [row for result in results for row in result.records], [row for result in results for row in result.pairs]


def joined(row: Row) -> Row:
    """The row as a format without a place for the input has it."""
    return row | {"instruction": "\n".join(part for part in (row["instruction"], row["input"]) if part), "input": ""}


def same(found: list[Row], wanted: list[Row], columns: tuple[str, ...]) -> None:
    assert [{name: row[name] for name in columns} for row in found] == [
        {name: row[name] for name in columns} for row in wanted
    ]


def records_in(kind: str) -> list[Row]:
    rows = [record(name, **values) for name, values in RECORDS.items() if name not in WITHOUT.get(kind, ())]
    rows.append(record("labelled", **LABELLED))
    return rows if kind == "alpaca" else [joined(row) for row in rows]


def pairs_in(kind: str) -> list[Row]:
    return [joined(pair(name, **values)) for name, values in PAIRS.items() if name not in WITHOUT.get(kind, ())]


def check(kind: Format, path: Path, name: str) -> None:
    """`path`, written as `kind`, holds what the snapshot does; `name` says what has no place in it."""
    records, pairs = read_back(path)
    if kind in ("dpo", "openai-dpo"):
        same(pairs, pairs_in(name), OF_PAIR)
    elif kind == "kto":
        same(records, list(answers_in(name)), (*OF_RECORD, "score"))
    else:
        same(records, records_in(name), OF_RECORD)


def answers_in(kind: str) -> Iterator[Row]:
    """What KTO has of a snapshot: the labelled record, and both answers of each pair."""
    yield record("labelled", **LABELLED)
    for row in pairs_in(kind):
        good = record(row["pair_id"], **{column: row[column] for column in OF_RECORD if column in row})
        yield good | {"output": row["chosen"], "score": 1}
        yield good | {"output": row["rejected"], "reasoning": row["rejected_reasoning"], "score": -1}


@pytest.mark.parametrize("kind", FORMATS)
def test_what_is_exported_is_read_again(kind: Format, data: Path, tmp_path: Path) -> None:
    export_file("tiny", data, kind, tmp_path / "out.jsonl")
    check(kind, tmp_path / "out.jsonl", kind)


@pytest.mark.parametrize(("trainer", "job"), [(trainer, job) for trainer, jobs in TRAINERS.items() for job in jobs])
def test_what_is_written_for_a_trainer_is_read_again(trainer: Trainer, job: Job, data: Path, tmp_path: Path) -> None:
    if (trainer, job) == ("axolotl", "kto"):
        pytest.skip("it holds single questions only: test_what_has_no_place_is_left_out_and_counted")
    trainers.write("tiny", data, trainer, tmp_path / "out")
    kind = TRAINERS[trainer][job].kind
    check(kind, tmp_path / "out" / job / "train.jsonl", "sharegpt" if kind == "sharegpt" else f"{trainer} {job}")


@pytest.mark.parametrize(
    ("kind", "left_out", "joined"), [("alpaca", 6, 0), ("sharegpt", 1, 1), ("messages", 0, 1), ("dpo", 0, 1)]
)
def test_what_has_no_place_is_counted(
    kind: Format, left_out: int, joined: int, data: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "gristmill")
    export_file("tiny", data, kind, tmp_path / "out.jsonl")
    assert (f"cannot hold {left_out} records" in caplog.text) == bool(left_out)
    assert (f"of {joined} records it stands below the instruction" in caplog.text) == bool(joined)


def test_the_snapshot_of_an_earlier_release_says_what_to_do(data: Path, tmp_path: Path) -> None:
    import pyarrow as pa

    from pipelines import storage

    folder = storage.folder(tmp_path / "data", "curate", "old") / "v1"
    folder.parent.mkdir(parents=True)
    old = pa.schema([("record_id", pa.string()), ("instruction", pa.string()), ("output", pa.string())])
    with storage.building(folder, stage="curate", name="old", version=1, params={}, inputs={}) as made:
        made.table("train-00000-of-00001.parquet", pa.Table.from_pylist([{"record_id": "1"}], schema=old), old)
    storage.point_latest(folder)
    with pytest.raises(RecipeError, match=r"another release.*gristmill run old"):
        export_file("old", tmp_path / "data", "messages", tmp_path / "out.jsonl")
    assert not (tmp_path / "out.jsonl").exists()


def test_lines_of_openai_have_ids_weights_and_arguments_as_strings(data: Path, tmp_path: Path) -> None:
    export_file("tiny", data, "openai", tmp_path / "out.jsonl")
    rows = [json.loads(line)["messages"] for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    said = [message for row in rows for message in row]
    made = [call for message in said for call in message.get("tool_calls", [])]
    assert made and all(isinstance(call["function"]["arguments"], str) and call["id"] for call in made)
    assert {message["tool_call_id"] for message in said if message["role"] == "tool"} == {"call_1", "call_2"}
    assert all("weight" not in row[-1] for row in rows)
    assert all(message["weight"] == 0 for row in rows for message in row[:-1] if message["role"] == "assistant")
