"""What DuckDB reads is the file that is named, whatever signs are in its path."""

from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.storage import duck
from pipelines.temporary import NAME

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


def test_what_does_not_fit_into_memory_goes_where_temporary_files_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, temporary = tmp_path / "here", tmp_path / "temporary"
    for folder in (here, temporary):
        folder.mkdir()
    monkeypatch.chdir(here)
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    with duck.open_duckdb(here, memory="16MB") as con:
        duck.lock(con, here)
        con.execute("CREATE TEMP TABLE much AS SELECT hash(range) AS one FROM range(4_000_000)")
        assert [file for file in temporary.rglob("*") if file.is_file()]
        (own,) = temporary.iterdir()
        assert own.name.startswith(NAME), "so that the next command finds it if this process is killed"
    assert not [*own.iterdir(), *here.iterdir()]
