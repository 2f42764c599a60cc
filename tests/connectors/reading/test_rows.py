"""Rows of files of any length, in any encoding and any state, in little memory."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from connectors.github import GitHub
from connectors.instructions import Instructions
from connectors.reading import json_rows
from connectors.reading.malformed import Malformed
from connectors.reading.rows import read
from schemas.document import Reject
from schemas.page import Page
from tests.connectors.recorded import OFFLINE

BROKEN = ("file", "malformed_array")
ROW = '{"instruction": "Wie heißt 面包 auf Deutsch, und wer hat es gebacken?", "output": "Es heißt Brot, sagt Bo."}'
ZH = '{"instruction": "面包应该怎样烘烤，需要多长时间？", "output": "先和面，然后让面团休息八个小时，最后放进烤箱。"}'


def found(folder: Path, name: str, body: str | bytes) -> list[Any]:
    (folder / name).write_bytes(body if isinstance(body, bytes) else body.encode())
    return list(read(folder / name))


def told(rows: list[Any]) -> list[tuple[str, str]]:
    return [(row.position, row.reason) for row in rows if isinstance(row, Malformed)]


@pytest.mark.parametrize("grown", [1, 7, 1 << 16])
@pytest.mark.parametrize(
    ("text", "values", "faults"),
    [
        ('[{"a": 1}, 2, "]", [3], 45, null]', [{"a": 1}, 2, "]", [3], 45, None], []),
        ("[]", [], []),
        ("[ ] ", [], []),
        ('[{"a": 1}] x', [{"a": 1}], [("after element 0", "truncated")]),
        ('[{"a": 1}][{"b": 2}]', [{"a": 1}, {"b": 2}], [BROKEN]),
        ('[{"a": 1},]', [{"a": 1}], [BROKEN]),
        ('[{"a": 1} {"b": "}"}', [{"a": 1}, {"b": "}"}], [BROKEN]),
        ('[{"a": 1}, {"b" 2}, {"c": 3}]', [{"a": 1}, {"c": 3}], [("element 1", "malformed_json"), BROKEN]),
        ('[{"a": 1}, {"b": 2', [{"a": 1}], [("after element 0", "truncated")]),
        ('[{"a": 1}, x, {"c": 3}]', [{"a": 1}, {"c": 3}], [("before element 1", "malformed_json"), BROKEN]),
        ('{\n"a": 1}', [{"a": 1}], []),
        ('{\n"a": 1}\n{\n"b": 2}', [{"a": 1}, {"b": 2}], [BROKEN]),
        ("[", [], [BROKEN]),
    ],
)  # fmt: skip
def test_arrays_in_any_state_are_read_piece_by_piece(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, grown: int, text: str, values: list[Any], faults: list[Any]
) -> None:
    monkeypatch.setattr(json_rows, "CHUNK", grown)
    got = found(tmp_path, "a.json", text)
    assert [row for row in got if not isinstance(row, Malformed)] == values
    assert told(got) == faults


def test_a_row_may_be_only_so_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_rows, "LONGEST", 50)
    monkeypatch.setattr(json_rows, "CHUNK", 8)
    text = json.dumps([{"a": 1}, {"b": "x" * 200}, {"c": 3}])
    got = found(tmp_path, "a.json", text)
    assert {"a": 1} in got and {"c": 3} in got and "too_large" in dict(told(got)).values()


@pytest.mark.parametrize("encoding", ["gb18030", "utf-16", "utf-8-sig", "utf-8"])
def test_the_beginning_shows_the_encoding(tmp_path: Path, encoding: str) -> None:
    text = ZH if encoding == "gb18030" else ROW
    row = json.loads(text)
    assert found(tmp_path, "a.jsonl", f"{text}\n{text}".encode(encoding)) == [row, row]
    assert found(tmp_path, "a.json", f"[{text}]".encode(encoding)) == [row]
    table = "instruction,output\n" + ",".join(f'"{value}"' for value in row.values())
    assert found(tmp_path, "a.csv", table.encode(encoding)) == [row]


def test_pages_are_full_by_rows_or_by_size_and_rejects_come_between(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("connectors.instructions.PAGE_CHARACTERS", 2 * len(ROW))
    (tmp_path / "a.jsonl").write_text("\n".join([ROW, "{", ROW, ROW]))
    (tmp_path / "b.jsonl").write_text("\n")
    items = list(Instructions(name="s", path=tmp_path).fetch(OFFLINE, None))
    assert [(item.key, len(item.body.split(b"\n"))) for item in items if isinstance(item, Page)] == [
        ("a.jsonl/00000000", 2),
        ("a.jsonl/00000002", 1),
    ]
    assert [(item.key, item.reason) for item in items if isinstance(item, Reject)] == [
        ("a.jsonl/line 2", "malformed_json"),
        ("b.jsonl", "empty_file"),
    ]


def test_what_is_malformed_in_an_export_of_github_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"number": 1, "title": "Bread"}\n{"number": \n5\n')
    items = list(GitHub(name="s", path=tmp_path).fetch(OFFLINE, None))
    assert [(item.key, getattr(item, "reason", "")) for item in items] == [
        ("repo/1", ""), ("a.jsonl/line 2", "malformed_json"), ("a.jsonl", "not_an_issue"),
    ]  # fmt: skip


def test_no_line_is_read_further_than_a_row_may_be_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_rows, "LONGEST", 100)
    monkeypatch.setattr("connectors.reading.rows._LONGEST_LINE", 100)
    packed = gzip.compress(b"x\n" + b"a" * 1000)
    assert [len(row["x"]) for row in found(tmp_path, "a.csv.gz", packed)] == [100] * 10
    assert len(told(found(tmp_path, "a.jsonl.gz", packed))) == 11
