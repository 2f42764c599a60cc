"""Parquet: rows in bounded memory, and what is broken or too large costs its group of rows."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from connectors.reading import packed, parquet
from connectors.reading.malformed import Malformed

ROWS = [{"id": number, "said": [{"role": "user", "text": f"text {number}"}]} for number in range(3_000)]


def written(path: Path, groups: list[list[dict[str, Any]]], **settings: Any) -> Path:
    tables = [pa.Table.from_pylist(rows) for rows in groups]
    with pq.ParquetWriter(path, tables[0].schema, **settings) as file:
        for table in tables:
            file.write_table(table)
    return path


@pytest.mark.parametrize(
    "settings",
    [{}, {"data_page_version": "2.0", "compression": "zstd"}, {"use_dictionary": False}, {"compression": "none"},
     {"use_dictionary": False, "column_encoding": {"said.list.element.text": "DELTA_BYTE_ARRAY"}}],
)  # fmt: skip
def test_rows_of_all_groups_are_read_however_they_are_written(tmp_path: Path, settings: dict[str, Any]) -> None:
    assert list(parquet.rows(written(tmp_path / "a.parquet", [ROWS[:2_000], ROWS[2_000:]], **settings))) == ROWS


@pytest.mark.parametrize("use_dictionary", [True, False])
def test_a_value_that_is_too_long_costs_its_group(tmp_path: Path, use_dictionary: bool) -> None:
    groups = [[{"a": text}] for text in ("one", "x" * (parquet.MOST_OF_PAGE + 1), "three")]
    path = written(tmp_path / "a.parquet", groups, use_dictionary=use_dictionary, compression="zstd")
    first, lost, last = parquet.rows(path)
    assert (first, last) == ({"a": "one"}, {"a": "three"})
    assert isinstance(lost, Malformed) and (lost.position, lost.reason) == ("row group 1", "too_large")


@pytest.mark.parametrize("kind", [pa.string(), pa.dictionary(pa.int32(), pa.string())])
def test_a_value_that_is_stored_once_and_repeated_is_too_large(tmp_path: Path, kind: pa.DataType) -> None:
    path = tmp_path / "a.parquet"
    coded = pa.DictionaryArray.from_arrays(pa.array([0] * 100, pa.int32()), pa.array(["x" * (1 << 20)]))
    pq.write_table(pa.table({"a": coded.cast(kind)}), path)
    with pytest.raises(packed.TooLarge):
        list(parquet.rows(path))


def test_a_broken_group_costs_itself(tmp_path: Path) -> None:
    groups = [[{"a": f"{name} {number}"} for number in range(50)] for name in ("one", "two", "three")]
    path = written(tmp_path / "a.parquet", groups, use_dictionary=False)
    with pq.ParquetFile(path) as file:
        column = file.metadata.row_group(1).column(0)
    whole = bytearray(path.read_bytes())
    for damage in (column.data_page_offset, column.data_page_offset + column.total_compressed_size - 20):
        broken = whole[:damage] + b"\xff" * 12 + whole[damage + 12 :]
        path.write_bytes(broken)
        found = list(parquet.rows(path))
        assert [row for row in found if isinstance(row, dict)] == [*groups[0], *groups[2]]
        assert [(row.position, row.reason) for row in found if isinstance(row, Malformed)] == [
            ("row group 1", "malformed_parquet")
        ]
