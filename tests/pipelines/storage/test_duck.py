"""What DuckDB reads is the file that is named, whatever signs are in its path."""

from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.storage import duck

SCHEMA = pa.schema([("name", pa.string())])
NAMES = ("it's", "ab", "a*b", "a?b", "a[b]", "[a]*?", "{a}", "面 包")


def write(folder: Path) -> Path:
    folder.mkdir()
    pq.write_table(pa.table({"name": [folder.name]}, SCHEMA), folder / "one.parquet")
    return folder / "one.parquet"


@pytest.mark.parametrize("name", NAMES)
def test_a_path_is_a_path_and_no_pattern(name: str, tmp_path: Path) -> None:
    files = {other: write(tmp_path / other) for other in NAMES}
    (row,) = duckdb.sql(f"FROM {duck.parquet([files[name]], SCHEMA)}").fetchall()
    assert row == (name, str(files[name]))


def test_a_scratch_folder_may_have_a_quote_in_its_path(tmp_path: Path) -> None:
    with duck.spilling_duckdb(tmp_path / "it's" / "small", 1) as (con, scratch):
        assert con.sql("SELECT current_setting('temp_directory')").fetchall() == [(f"{scratch}/spill",)]
