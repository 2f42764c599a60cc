"""Rows of files in any packing, cut off or not."""

import bz2
import gzip
import json
import lzma
from pathlib import Path
from typing import Any

import pytest

from connectors.reading import packed
from connectors.reading.malformed import Malformed
from connectors.reading.packed import zstd
from connectors.reading.rows import read

ROWS = [{"id": number, "text": f"线 {number}"} for number in range(40_000)]
LINES = "\n".join(json.dumps(row, ensure_ascii=False) for row in ROWS).encode()
LONG = {zstd.CompressionParameter.window_log: 29, zstd.CompressionParameter.enable_long_distance_matching: 1}
PACKED = {
    "plain": LINES,
    "bzip2": bz2.compress(LINES),
    "gzip": gzip.compress(LINES),
    "zstd": zstd.compress(LINES),
    "zstd --long=29": zstd.compress(LINES, options=LONG),
    "two frames": zstd.compress(LINES[: 1 << 16]) + zstd.compress(LINES[1 << 16 :]),
}


def rows(tmp_path: Path, name: str, body: bytes) -> list[Any]:
    path = tmp_path / name
    path.write_bytes(body)
    return list(read(path))


@pytest.mark.parametrize("body", PACKED.values(), ids=PACKED)
@pytest.mark.parametrize("name", ["RC_2005-12", "items.json"])
def test_lines_are_read_whatever_the_file_is_called(tmp_path: Path, name: str, body: bytes) -> None:
    assert rows(tmp_path, name, body) == ROWS


@pytest.mark.parametrize("name", ["gzip", "zstd"])
def test_a_cut_file_gives_its_rows_and_says_so(tmp_path: Path, name: str) -> None:
    found = rows(tmp_path, "dump", PACKED[name][: len(PACKED[name]) // 2])
    assert found[-1] == Malformed("file", "truncated", "EOFError")
    assert len(found) > 1_000 and found[:1_000] == ROWS[:1_000]


def test_one_value_is_its_elements(tmp_path: Path) -> None:
    pretty = json.dumps(ROWS[:3], indent=1).encode()
    assert rows(tmp_path, "array", zstd.compress(pretty)) == ROWS[:3]
    assert rows(tmp_path, "one.json", json.dumps(ROWS[0], indent=1).encode()) == ROWS[:1]


def test_what_is_not_packed_is_opened_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    with packed.opened(tmp_path / "empty") as file:
        assert file.read() == b""
    assert rows(tmp_path, "empty", b"") == []


@pytest.mark.parametrize("packing", [bz2.compress, gzip.compress, lzma.compress, zstd.compress])
@pytest.mark.parametrize("name", ["a.jsonl", "a.json", "a.csv"])
def test_a_bomb_is_left_where_it_is_too_large_for_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, packing: Any, name: str
) -> None:
    monkeypatch.setattr(packed, "SMALL", 1 << 20)
    found = rows(tmp_path, name, packing(b'{"a": 1}\n' + b" " * (8 << 20)))
    assert found[-1] == Malformed("file", "too_large", "TooLarge")
    assert name != "a.jsonl" or found[0] == {"a": 1}
