"""The stage: shard for shard, the same bytes however it is run."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines import annotate, catalog, storage
from pipelines.recipe import RecipeError
from schemas.record import RECORD
from schemas.signal import Signal
from tests.pipelines import corpus
from tests.pipelines.damage import damaged

MILL = corpus.recipe("forum")


def write_records(data: Path, shards: int = 3, rows: int = 5, salt: str = "") -> None:
    about: dict[str, Any] = {
        "stage": "normalise",
        "name": "forum",
        "version": 1,
        "params": {"salt": salt},
        "inputs": {},
    }
    with storage.building(storage.folder(data, "normalise", "forum"), **about) as made:
        for shard in range(shards):
            records = [
                corpus.record(
                    f"forum:{shard}-{row}#1", f"How is flour {row} made?", f"By milling grain {shard}. {salt}"
                )
                for row in range(rows)
            ]
            made.table(f"records-{shard:05}.parquet", pa.Table.from_pylist(records, schema=RECORD), RECORD)


def hashes(data: Path) -> dict[str, str]:
    manifest = storage.read_manifest(storage.folder(data, "annotate", "forum"))
    assert manifest
    return {shard.path: shard.sha256 for shard in manifest.shards}


def test_each_shard_of_records_gives_a_shard_of_signals_row_for_row(tmp_path: Path) -> None:
    write_records(tmp_path)
    manifest = annotate.run(MILL, "forum", tmp_path)
    assert [shard.path for shard in manifest.shards] == [f"signals-{shard:05}.parquet" for shard in range(3)]
    assert manifest.counts == {"records": 15, "values": 15 * len(annotate.SIGNALS)}
    for shard in range(3):
        records = pq.read_table(storage.folder(tmp_path, "normalise", "forum") / f"records-{shard:05}.parquet")
        signals = pq.read_table(storage.folder(tmp_path, "annotate", "forum") / f"signals-{shard:05}.parquet")
        assert signals["record_id"].to_pylist() == records["record_id"].to_pylist()
        assert signals.schema.equals(annotate.schema_of(annotate.SIGNALS))


def test_two_workers_write_the_bytes_of_one(tmp_path: Path) -> None:
    for workers in (1, 2):
        write_records(tmp_path / str(workers))
        annotate.run(MILL, "forum", tmp_path / str(workers), workers=workers)
    assert hashes(tmp_path / "1") == hashes(tmp_path / "2")


def test_batches_do_not_show(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_records(tmp_path / "whole")
    write_records(tmp_path / "split")
    annotate.run(MILL, "forum", tmp_path / "whole")
    monkeypatch.setattr(annotate, "BATCH_ROWS", 2)
    annotate.run(MILL, "forum", tmp_path / "split")
    assert hashes(tmp_path / "whole") == hashes(tmp_path / "split")


def test_nothing_is_measured_twice_until_records_or_signals_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    measured: list[str] = []
    real = annotate.measure_shard

    def spy(*told: Any) -> Any:
        measured.append(told[-1].path)
        return real(*told)

    monkeypatch.setattr(annotate, "measure_shard", spy)
    write_records(tmp_path, shards=1)
    first = annotate.run(MILL, "forum", tmp_path)
    assert annotate.run(MILL, "forum", tmp_path) == first
    assert len(measured) == 1
    write_records(tmp_path, shards=1, salt="Anew.")
    assert annotate.run(MILL, "forum", tmp_path).key != first.key
    monkeypatch.setattr(annotate, "SIGNALS", annotate.SIGNALS[:-1])
    annotate.run(MILL, "forum", tmp_path)
    assert len(measured) == 3


def test_one_more_shard_costs_one_shard_and_gives_the_bytes_of_a_run_from_scratch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_records(tmp_path / "grown", shards=2)
    annotate.run(MILL, "forum", tmp_path / "grown")
    for data in ("grown", "scratch"):
        write_records(tmp_path / data, shards=3, salt="")
    measured: list[str] = []
    real = annotate.measure_shard
    monkeypatch.setattr(annotate, "measure_shard", lambda *told: (measured.append(told[-1].path), real(*told))[1])
    grown = annotate.run(MILL, "forum", tmp_path / "grown")
    assert measured == ["records-00002.parquet"]
    assert annotate.run(MILL, "forum", tmp_path / "scratch") == grown
    assert hashes(tmp_path / "grown") == hashes(tmp_path / "scratch")
    assert not damaged(tmp_path / "grown")


def test_the_sample_calls_every_kernel_that_a_shard_calls(tmp_path: Path) -> None:
    """What it leaves out would be compiled in worker processes, by each of them and without a word."""
    write_records(tmp_path)
    code = f"""
import sys
from pathlib import Path
from pipelines import annotate
from pipelines.recipe import Recipe

def kernels():
    modules = [module for name, module in sorted(sys.modules.items()) if name.startswith("pipelines.")]
    functions = [thing for module in modules for thing in vars(module).values() if hasattr(thing, "py_func")]
    return {{(function.__module__, function.__name__): list(function.signatures) for function in functions}}

annotate._measure_sample()
before = kernels()
annotate.run(Recipe.model_validate({MILL.model_dump(mode="json")!r}), "forum", Path({str(tmp_path)!r}))
after = kernels()
print(sum(map(len, before.values())) > 10, {{name for name in after if after[name] != before.get(name)}})
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.stdout.strip(), done.returncode) == ("True set()", 0), done.stderr


def test_without_records_the_error_names_the_cure(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="gristmill stage normalise mill"):
        annotate.run(MILL, "forum", tmp_path)
    with pytest.raises(RecipeError, match="no source called 'form'"):
        annotate.run(MILL, "form", tmp_path)


def test_records_of_an_earlier_release_are_seen_and_named_with_the_cure(tmp_path: Path) -> None:
    write_records(tmp_path, 1)
    folder = storage.folder(tmp_path, "normalise", "forum")
    manifest, table = storage.read_manifest(folder), pq.read_table(folder / "records-00000.parquet")
    assert manifest
    with storage.rewriting(folder, manifest) as made:
        older = table.drop_columns(["edited_at"])
        made.table("records-00000.parquet", older, older.schema)
    with pytest.raises(RecipeError, match=r"records-00000.*run `gristmill stage normalise mill` first"):
        annotate.run(MILL, "forum", tmp_path)
    with catalog.connect(tmp_path) as con:
        assert con.sql("SELECT count(*), count(edited_at) FROM records").fetchall() == [(5, 0)]


def test_a_signal_is_an_expression_or_a_function_and_may_share_one() -> None:
    def both(table: pa.Table) -> pa.Array:
        return pa.StructArray.from_arrays([pa.array([1]), pa.array([2])], ["output_b", "output_a"])

    signals = (
        Signal("output_a", pa.int32(), both, ""),
        Signal("output_c", pa.int64(), "length(output_prose)", ""),
        Signal("output_b", pa.float32(), both, ""),
    )
    table = pa.Table.from_pylist([corpus.record("forum:1#1", "?", "grain\n```\ncode\n```")], schema=RECORD)
    measured = annotate.measure(table, signals)
    assert measured.to_pylist() == [{"record_id": "forum:1#1", "output_a": 2, "output_c": 7, "output_b": 1.0}]
