"""Folders appear whole or not at all, and equal keys mean equal bytes."""

import multiprocessing
import os
import random
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines import storage
from pipelines.storage import filesystem
from tests.pipelines.damage import damaged

SCHEMA = pa.schema([("n", pa.int64()), ("text", pa.string())])
IDENTITY = {"stage": "normalise", "name": "src", "version": 1, "params": {"a": 1}, "inputs": {"in": "f"}}


def table(start: int, rows: int) -> pa.Table:
    return pa.table({"n": range(start, start + rows), "text": [f"row {n}" for n in range(start, start + rows)]}, SCHEMA)


def build(folder: Path, shards: int = 3) -> None:
    with storage.building(folder, **IDENTITY) as made:
        for number in range(shards):
            made.table(f"records-{number:05d}.parquet", table(number * 10, 10), SCHEMA, {"records": 10})


def test_manifest_counts_and_hashes_what_is_there(tmp_path: Path) -> None:
    folder = tmp_path / "2_records" / "src"
    build(folder)
    manifest = storage.read_manifest(folder)
    assert manifest is not None
    assert manifest.counts == {"records": 30}
    assert [shard.rows for shard in manifest.shards] == [10, 10, 10]
    assert storage.finished(folder, **IDENTITY) == manifest
    assert storage.finished(folder, **{**IDENTITY, "params": {"a": 2}}) is None
    assert not damaged(tmp_path)


def test_one_flipped_bit_is_found(tmp_path: Path) -> None:
    folder = tmp_path / "2_records" / "src"
    build(folder)
    victim = folder / "records-00001.parquet"
    body = bytearray(victim.read_bytes())
    body[len(body) // 2] ^= 1
    victim.write_bytes(body)
    (folder / "records-00002.parquet").unlink()
    assert damaged(tmp_path) == [
        ("records-00001.parquet", "changed"),
        ("records-00002.parquet", "missing"),
    ]


def test_bytes_do_not_depend_on_how_rows_arrive(tmp_path: Path) -> None:
    rows = table(0, 40_000)
    whole = storage.write_table(tmp_path / "a.parquet", rows, SCHEMA)
    dribble = storage.write_table(tmp_path / "b.parquet", rows.to_batches(max_chunksize=777), SCHEMA)
    assert whole.sha256 == dribble.sha256
    assert pq.read_table(tmp_path / "a.parquet").equals(rows)


def test_an_error_leaves_the_old_folder(tmp_path: Path) -> None:
    folder = tmp_path / "src"
    build(folder)
    before = storage.read_manifest(folder)
    with pytest.raises(RuntimeError), storage.building(folder, **{**IDENTITY, "version": 2}) as made:
        made.table("records-00000.parquet", table(0, 1), SCHEMA)
        raise RuntimeError
    assert storage.read_manifest(folder) == before


def dying(folder: Path, steps: int) -> None:
    """Builds the folder, and kills its process before the step after `steps` of those that change the disk."""
    left = steps

    def counted(step: Callable[..., Any]) -> Callable[..., Any]:
        def wrapped(*args: Any, **kwargs: Any) -> Any:
            nonlocal left
            left -= 1
            if left < 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return step(*args, **kwargs)

        return wrapped

    for module, name in ((filesystem, "sync_folder"), (filesystem, "rename"), (storage, "write_file")):
        setattr(module, name, counted(getattr(module, name)))
    build(folder)


def run_and_kill(folder: Path, steps: int) -> int | None:
    """In a process forked from one that has imported this and begun no thread."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
    process = context.Process(target=dying, args=(folder, steps))
    process.start()
    process.join()
    return process.exitcode


def test_killed_anywhere_the_same_command_gives_the_same_bytes(tmp_path: Path) -> None:
    build(tmp_path / "whole")
    golden, codes = storage.read_manifest(tmp_path / "whole"), set[int | None]()
    for step in sorted(random.Random(1).sample(range(40), 8)):
        folder = tmp_path / f"killed{step}"
        codes.add(run_and_kill(folder, step))
        manifest = storage.read_manifest(folder)
        assert manifest is None or manifest == golden
        build(folder)
        assert storage.read_manifest(folder) == golden
        assert [p.name for p in tmp_path.glob(f".killed{step}*")] == []
    assert codes == {-signal.SIGKILL, 0}


def test_latest_moves_in_one_step(tmp_path: Path) -> None:
    for version in ("v1", "v2"):
        (tmp_path / version).mkdir()
        storage.point_latest(tmp_path / version)
        assert (tmp_path / "latest").resolve().name == version
