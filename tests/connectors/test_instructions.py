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
from connectors.reading.malformed import Malformed
from connectors.reading.packed import zstd
from connectors.reading.rows import read
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
    assert len(found) == 82_521
    reasons = Counter(reject.reason for reject in rejects if not reject.reason.startswith("ignored_"))
    assert reasons == {"no_output": 39, "no_instruction": 1, "malformed_array": 1}


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


NAMES = "instruction,output\n"


@pytest.mark.parametrize(
    ("text", "asked", "told"),
    [
        (f'{NAMES}A?,"1\nB?,2\nC?,3\n', ["B?", "C?"], ["line 2"]),  # never closed: plain rows behind it are read
        (f'{NAMES}A?,"1\nB?,2\n"C?","3"\nD?,4\n', ["B?", "C?", "D?"], ["line 2"]),  # the next quote shows it
        (f'{NAMES}A?,"1\nb, c, d\nB?,"2"\n', ["B?"], ["line 2"]),  # what lies between is no row
        (f'{NAMES}A?,"so" and so\nB?,2\n', ["B?"], ["line 2"]),
        (f'{NAMES}A?,"1\n\nlines, of ""one""\nfield"\nB?,2\n', ["A?", "B?"], []),
        (f'{NAMES}A?,1\nB?,"cut off', ["A?"], ["line 3"]),
        ('instruction\toutput\n"A"? one\t1\nB?\tthe "2"\n', ['"A"? one', "B?"], []),
    ],
)
def test_a_quote_that_is_not_closed_costs_its_row_and_is_told(
    text: str, asked: list[str], told: list[str], tmp_path: Path
) -> None:
    (tmp_path / "a.csv").write_text(text)
    rows = list(read(tmp_path / "a.csv"))
    assert [row["instruction"] for row in rows if isinstance(row, dict)] == asked
    assert [row.position for row in rows if isinstance(row, Malformed)] == told


def test_a_field_of_a_table_that_never_ends_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectors.reading.rows._LONGEST_LINE", 100)
    (tmp_path / "a.csv").write_text('instruction,output\nOne?,"' + "long\n" * 100)
    (told, *_) = [row for row in read(tmp_path / "a.csv") if isinstance(row, Malformed)]
    assert told.reason == "misquoted" and "with the" in told.detail


def test_a_line_that_is_cut_costs_itself_and_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text(
        '{"instruction": "A?", "output": "1"}\n{"instruction": "B?", "outp\n{"instruction": '
        '"C?", "output": "3"}\n{"instruction": "D?"'
    )
    rows = list(read(tmp_path / "a.jsonl"))
    assert [row["instruction"] for row in rows if isinstance(row, dict)] == ["A?", "C?"]
    assert [row.position for row in rows if isinstance(row, Malformed)] == ["line 2", "line 4"]


def read_rows(tmp_path: Path, *rows: dict[str, object]) -> list[Exchange | Reject]:
    """What the rows hold, and what of them is lost; columns that are not read are left out."""
    (tmp_path / "rows.jsonl").write_text("\n".join(map(json.dumps, rows)))
    found, rejects = everything(tmp_path)
    return [*found, *(reject for reject in rejects if reject.level == "document")]


ASK, SAY = {"role": "user", "content": "Why?"}, {"role": "assistant", "content": "So."}
ASKED, SAID = {"from": "human", "value": "Why?"}, {"from": "gpt", "value": "So."}
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
        {"system": "Be.", "items": [{"from": "human", "value": "Why?"}, {"from": "Model-7B", "value": "So."}]},
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
        ({"items": [ASKED, {"from": "a", "value": "So."}, {"from": "b", "value": "No."}]},
         "unknown_role", "a"),
        ({"items": [ASKED, SAID, {"from": "b", "value": "No."}]},
         "unknown_role", "b"),
        ({"messages": [ASK, {"role": "assistant", "content": ""}, ASK, SAY]}, "empty_turn", "of the role assistant"),
        ({"messages": [{"role": "user", "content": [{"type": "image_url"}]}, SAY]}, "unreadable_content", "image_url"),
        ({"instruction": "Why?", "output": ["So.", "No."]}, "several_outputs", "2 answers"),
    ],
)  # fmt: skip
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


@pytest.mark.parametrize("column", ["tools", "functions"])
def test_tools_are_as_the_api_has_them(column: str, tmp_path: Path) -> None:
    bare, as_text, wrapped = read_rows(
        tmp_path,
        {"messages": [ASK, SAY], column: [{"name": "oven"}]},
        {"messages": [ASK, SAY], column: '[{"name": "oven"}]'},
        {"messages": [ASK, SAY], column: [{"type": "function", "function": {"name": "oven"}}]},
    )
    for found in (bare, as_text, wrapped):
        assert isinstance(found, Exchange)
        assert found.tools == '[{"type": "function", "function": {"name": "oven"}}]'


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


@pytest.mark.parametrize(
    "text", ['{"customer": {"name": "Ann"}, "order": 7}', '[{"role": "admin"}, {"role": "user"}]', '{"user": "ann"}']
)
def test_an_answer_in_json_is_no_conversation(text: str, tmp_path: Path) -> None:
    (found,) = read_rows(tmp_path, {"instruction": "Give me JSON.", "output": text})
    assert isinstance(found, Exchange) and found.output == text


@pytest.mark.parametrize(
    ("said", "output"),
    [
        ("\n\n    x = 1\n    y = 2\n", "    x = 1\n    y = 2"),
        ("<think>\nso\n</think>\n\n    x = 1", "    x = 1"),
        ("  - a\n  - b", "  - a\n  - b"),
        (" Paris", "Paris"),
    ],
)
def test_the_indentation_of_a_first_line_stays_where_it_means_something(said: str, output: str, tmp_path: Path) -> None:
    single, spoken = read_rows(
        tmp_path,
        {"instruction": "Why?", "output": said},
        {"messages": [ASK, {"role": "assistant", "content": said}]},
    )
    assert isinstance(single, Exchange) and isinstance(spoken, Exchange)
    assert (single.output, spoken.output) == (output, output)


@pytest.mark.parametrize(
    ("said", "reasoning"),
    [
        ("<think>hot</think>Done.", "hot"),
        ("It is hot.\n</think>\n\nDone.", "It is hot."),
        ("Close it with `</think>`, always.", ""),
        ("```\nso\n</think>\n```\nis its end.", ""),
    ],
)
def test_a_thought_is_told_from_an_answer_about_its_marks(said: str, reasoning: str, tmp_path: Path) -> None:
    (found,) = read_rows(tmp_path, {"instruction": "Why?", "output": said})
    assert isinstance(found, Exchange)
    assert (found.reasoning, found.output) == ((reasoning, "Done.") if reasoning else ("", said))


def test_numbers_results_and_calls_in_other_clothes(tmp_path: Path) -> None:
    calls = '<tool_call>\n[{"name": "a", "arguments": {}}, {"name": "b", "arguments": {}}]\n</tool_call>'
    asked, made = {"from": "human", "value": "Bake."}, {"from": "gpt", "value": f"I look.\n{calls}"}
    seen = {"from": "tool", "value": "<tool_response>\n1\n</tool_response>\n<tool_response>\n2\n</tool_response>"}
    number, spoken, looked = read_rows(
        tmp_path,
        {"question": "6 times 7?", "answer": 42},
        {"conversations": [asked, made, seen, {"from": "gpt", "value": "Done."}]},
        {"messages": [ASK, {**SAY, "tool_calls": [{"name": "a"}]}, {"role": "tool", "content": {"heat": 1}}, SAY]},
    )
    assert isinstance(number, Exchange) and isinstance(spoken, Exchange) and isinstance(looked, Exchange)
    assert number.output == "42"
    assert [(one.role, one.content) for one in spoken.history[1:]] == [
        ("assistant", "I look."),
        ("tool", "1"),
        ("tool", "2"),
    ]
    assert spoken.history[1].tool_calls.count('"name"') == 2
    assert looked.history[-1] == Message("tool", '{"heat": 1}')


@pytest.mark.parametrize(
    ("row", "reason", "kept"),
    [
        (
            {"instruction": "Why?", "output": "So.", "history": [["Who?", "He."], ["When?", ""]]},
            "unreadable_history",
            0,
        ),
        (
            {"prompt": [ASK], "chosen": [SAY], "rejected": [{**NO, "tool_calls": [{"name": "a"}]}]},
            "pair_of_tool_calls",
            1,
        ),
    ],
)
def test_a_part_that_is_left_out_is_told(row: dict[str, object], reason: str, kept: int, tmp_path: Path) -> None:
    *found, told = read_rows(tmp_path, row)
    assert isinstance(told, Reject) and (told.reason, len(found)) == (reason, kept)


def test_columns_that_are_not_read_are_told_and_cost_nothing(tmp_path: Path) -> None:
    rows = [
        {"instruction": f"{n}?", "output": "So.", "category": "a", "answer": "Other." if n else ""} for n in range(3)
    ]
    (tmp_path / "rows.jsonl").write_text("\n".join(map(json.dumps, rows)))
    found, rejects = everything(tmp_path)
    assert len(found) == 3
    assert {(one.reason, one.level) for one in rejects} == {("unused_column", "column")}
    assert [(one.key, one.detail) for one in rejects] == [
        ("category", "3 of 3 rows; used are instruction, output"),
        ("answer", "2 of 3 rows; used are instruction, output"),
    ]


def test_names_of_a_mapping_are_no_columns(tmp_path: Path) -> None:
    rows = [{"instruction": "Why?", "output": "So.", f"id{n}": n} for n in range(30)]
    (tmp_path / "rows.jsonl").write_text("\n".join(map(json.dumps, rows)))
    _, (told,) = everything(tmp_path)
    assert (told.key, told.detail.split(";")[0]) == ("(rare ones)", "30 of 30 rows")
