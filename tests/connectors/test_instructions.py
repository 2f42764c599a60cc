"""Instruction sets: every shape, and a malformed part that costs only itself."""

import gzip
import json
import lzma
from collections import Counter
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from connectors.instructions import Instructions
from connectors.reading.packed import zstd
from connectors.reading.rows import Malformed, read
from schemas.document import Exchange, Message, Reject
from schemas.page import Page
from tests.connectors.recorded import OFFLINE

HERE = Path(__file__).parent / "instructions"


def everything(path: Path) -> tuple[list[Exchange], list[Reject]]:
    source = Instructions(name="set", path=path, licence="MIT")
    fetched = list(source.fetch(OFFLINE, None))
    found = [item for page in fetched if isinstance(page, Page) for item in source.parse(page)]
    rejects = [item for item in (*fetched, *found) if isinstance(item, Reject)]
    return [item for item in found if isinstance(item, Exchange)], rejects


def test_every_shape_is_recognised() -> None:
    found, rejects = everything(HERE)
    by_ask = {(one.instruction, one.input): one for one in found}
    assert by_ask["Name three cereals.", ""].output == "Wheat, rye and oats."
    assert by_ask["把下面的句子翻译成英文。", "面包在烤箱里。"].licence == "MIT"
    assert by_ask["Is it in rice?", ""].history == (
        Message("user", "What is gluten?"),
        Message("assistant", "A protein of wheat."),
    )
    assert by_ask["Is rye a cereal?", ""].score == -1
    assert by_ask["Is rye a cereal?", ""].system == "Answer in one word."
    assert by_ask["Why does bread rise?", ""].rejected == "Because of the heat."
    assert by_ask["How long does dough rest?", ""].output == "Until it has grown by half."
    assert by_ask["How long does dough rest?", ""].rejected == "An hour."
    assert by_ask["How do I see that?", ""].history[1].content == "Until it has grown by half."
    assert by_ask["Classify the grain.", "basmati"].output == "rice"
    assert Counter(reject.reason for reject in rejects) == {
        "malformed_array": 1,
        "malformed_json": 1,
        "no_instruction": 1,
        "malformed_tool_call": 1,
    }


@pytest.mark.parametrize(
    ("text", "good", "bad"),
    [
        ('[{"a": 1}, {"a": 2},]', 2, "malformed_array"),
        ('[{"a": "x } y"}, {"a": }, {"a": 3}]', 2, "malformed_json"),
        ('[{"a": "quote \\" and {"}, {"a": 2}', 2, "malformed_array"),
        ('[{"a": 1}, {"a": "cut o', 1, "truncated"),
        ("no json at all", 0, "truncated"),
    ],
)
def test_a_broken_array_gives_what_is_whole(tmp_path: Path, text: str, good: int, bad: str) -> None:
    file = tmp_path / "broken.json"
    file.write_text(text)
    rows = list(read(file))
    assert sum(isinstance(row, dict) for row in rows) == good
    assert bad in {row.reason for row in rows if isinstance(row, Malformed)}


def test_parquet_and_pages(tmp_path: Path) -> None:
    rows = [{"instruction": f"Say {n}.", "input": "", "output": str(n)} for n in range(1_201)]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "many.parquet")
    (tmp_path / "torn.parquet").write_bytes(b"PAR1 and nothing more")
    found, rejects = everything(tmp_path)
    assert len(found) == 1_201
    assert len({one.key for one in found}) == 1_201
    assert [reject.reason for reject in rejects] == ["malformed_parquet"]


def test_alpaca_of_old(shared_data: Path) -> None:
    found, rejects = everything(shared_data / "instructions" / "alpaca-en-zh")
    assert len(found) == 82_520
    reasons = Counter(reject.reason for reject in rejects if not reject.reason.startswith("ignored_"))
    assert reasons == {"no_output": 39, "no_instruction": 1, "empty_turn": 1, "malformed_array": 1}


def test_a_folder_is_read_whatever_its_files_are_packed_in_and_the_rest_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl.gz").write_bytes(gzip.compress(b'{"instruction": "One?", "output": "1"}\n'))
    (tmp_path / "b.csv").write_text('\ufeffinstruction,output\n"Two,\ntoo?","a ""2"""\n,\nThree?,3,3\nFour?\n')
    (tmp_path / "c.tsv").write_text("instruction\tinput\toutput\nFive?\t\t5, five\n")
    (tmp_path / "d.json.zst").write_bytes(zstd.compress(b'[{"instruction": "Six?", "output": "6"}]'))
    (tmp_path / "e.csv.xz").write_bytes(lzma.compress(b"instruction;output\nSeven?;7\n"))
    for name in ("f.arrow", "README.md", ".gitattributes"):
        (tmp_path / name).write_text("x")
    found, rejects = everything(tmp_path)
    assert {one.instruction: one.output for one in found} == {
        "One?": "1",
        "Two,\ntoo?": 'a "2"',
        "Five?": "5, five",
        "Six?": "6",
        "Seven?": "7",
    }
    assert sorted((reject.key, reject.reason) for reject in rejects) == [
        ("b.csv/00000000/1", "no_output"),
        ("b.csv/line 5", "malformed_csv"),
        ("f.arrow", "ignored_file"),
        (tmp_path.name, "ignored_companions"),
    ]


def test_a_field_of_a_table_that_never_ends_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectors.reading.rows._LONGEST_LINE", 100)
    (tmp_path / "a.csv").write_text('instruction,output\nOne?,"' + "long\n" * 100)
    assert "malformed_csv" in {row.reason for row in read(tmp_path / "a.csv") if isinstance(row, Malformed)}


def read_rows(tmp_path: Path, *rows: dict[str, object]) -> list[Exchange | Reject]:
    (tmp_path / "rows.jsonl").write_text("\n".join(map(json.dumps, rows)))
    found, rejects = everything(tmp_path)
    return [*found, *rejects]


ASK, SAY = {"role": "user", "content": "Why?"}, {"role": "assistant", "content": "So."}
NO = {"role": "assistant", "content": "No."}


@pytest.mark.parametrize(
    "row",
    [
        {"prompt": "Why?", "chosen": "So.", "rejected": "No."},
        {"prompt": [ASK], "chosen": [SAY], "rejected": [NO]},
        {"chosen": [ASK, SAY], "rejected": [ASK, NO]},
        {"prompt": "Why?", "messages": [ASK, SAY], "chosen": [ASK, SAY], "rejected": [ASK, NO]},
        {"chosen": "\n\nHuman: Why?\n\nAssistant: So.", "rejected": "\n\nHuman: Why?\n\nAssistant: No."},
        {"chosen": "Why? So.", "rejected": "Why? No."},
        {"input": {"messages": [ASK]}, "preferred_output": [SAY], "non_preferred_output": [NO]},
        {"conversations": [{"from": "human", "value": "Why?"}], "chosen": SAY, "rejected": NO},
        {"prompt": "Why?", "response_a": "No.", "response_b": "So.", "preference": "b"},
        {"prompt": "Why?", "response_0": "So.", "response_1": "No.", "better_response_id": 0},
    ],
)
def test_every_form_of_a_preference_is_one_pair(row: dict[str, object], tmp_path: Path) -> None:
    (found,) = read_rows(tmp_path, row)
    assert isinstance(found, Exchange)
    assert (found.instruction, found.output, found.rejected) == ("Why?", "So.", "No.")


@pytest.mark.parametrize(
    "row",
    [
        {"messages": [{"role": "developer", "content": "Be."}, ASK, SAY]},
        {"system": "Be.", "messages": json.dumps([ASK, SAY])},
        {"system_prompt": "Be.", "question": "Why?", "response": "So."},
        {"system": "Be.", "conversation": [{"human": "Why?", "assistant": "So."}]},
        {"system": "Be.", "items": [{"from": "human", "value": "Why?"}, {"from": "bard", "value": "So."}]},
        {"system": "Be.", "prompt": [ASK], "completion": [SAY]},
        {"system": "Be.", "messages": [{"role": "user", "content": [{"type": "text", "text": "Why?"}]}, SAY]},
    ],
)
def test_a_system_prompt_is_kept_apart(row: dict[str, object], tmp_path: Path) -> None:
    (found,) = read_rows(tmp_path, row)
    assert isinstance(found, Exchange)
    assert (found.system, found.instruction, found.input, found.output) == ("Be.", "Why?", "", "So.")


@pytest.mark.parametrize(
    ("row", "reason", "detail"),
    [
        ({"messages": [ASK, {"role": "judge", "content": "Well."}]}, "unknown_role", "judge"),
        ({"messages": [ASK, {"role": "assistant", "content": ""}, ASK, SAY]}, "empty_turn", "of the role assistant"),
        ({"messages": [{"role": "user", "content": [{"type": "image_url"}]}, SAY]}, "unreadable_content", "image_url"),
        ({"instruction": "Why?", "output": ["So.", "No."]}, "several_outputs", "2 answers"),
    ],
)
def test_what_cannot_be_read_is_told(row: dict[str, object], reason: str, detail: str, tmp_path: Path) -> None:
    (found,) = read_rows(tmp_path, row)
    assert isinstance(found, Reject) and found.reason == reason and detail in found.detail


def test_tools_calls_and_thoughts(tmp_path: Path) -> None:
    call = {"from": "function_call", "value": '{"name": "oven", "arguments": {"heat": 200}}'}
    asked = {"from": "human", "value": "Bake."}
    done = {"from": "gpt", "value": "<think>hot</think>\nDone."}
    tools = '[{"type": "function", "function": {"name": "oven"}}]'
    seen = {"from": "observation", "value": "ok"}
    whole, calling = read_rows(
        tmp_path,
        {"conversations": [asked, call, seen, done], "tools": tools},
        {"conversations": [asked, call], "tools": tools},
    )
    made = '[{"type": "function", "function": {"name": "oven", "arguments": {"heat": 200}}}]'
    assert isinstance(whole, Exchange) and isinstance(calling, Exchange)
    assert whole.history == (Message("user", "Bake."), Message("assistant", "", "", made), Message("tool", "ok"))
    assert (whole.instruction, whole.output, whole.reasoning, whole.tools) == ("Bake.", "Done.", "hot", tools)
    assert (calling.output, calling.tool_calls, calling.history) == ("", made, ())


def test_context_lists_and_bytes(tmp_path: Path) -> None:
    dolly, listed = read_rows(
        tmp_path,
        {"instruction": "Why?", "context": "Rain.", "response": "So."},
        {"instruction": "Why?", "input": ["one", "two"], "output": "So."},
    )
    assert isinstance(dolly, Exchange) and isinstance(listed, Exchange)
    assert (dolly.input, listed.input) == ("Rain.", "one\ntwo")
    folder = tmp_path / "binary"
    folder.mkdir()
    rows = [{"instruction": b"Why?", "output": "é.".encode()}, {"instruction": b"Why?", "output": b"\xff"}]
    pq.write_table(pa.Table.from_pylist(rows), folder / "a.parquet")
    (text,), (told,) = everything(folder)
    assert (text.instruction, text.output) == ("Why?", "é.")
    assert (told.reason, told.detail) == ("binary_column", "output")


def test_turns_that_nobody_has_answered_are_told(tmp_path: Path) -> None:
    more = {"role": "user", "content": "And then?"}
    found, told = read_rows(tmp_path, {"messages": [ASK, SAY, more]})
    assert isinstance(found, Exchange) and (found.instruction, found.output) == ("Why?", "So.")
    assert isinstance(told, Reject) and (told.reason, told.detail) == ("unanswered_turns", "1 after the last answer")
    assert [type(one) for one in read_rows(tmp_path, {"messages": [ASK, SAY]})] == [Exchange]
