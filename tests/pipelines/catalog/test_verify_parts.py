"""What `verify` says of each damaged file: which it is, what is wrong, the cure, and what it counts."""

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from connectors.web.store import Store
from pipelines import storage, suppression
from pipelines.catalog import verify as verifying
from pipelines.catalog.verify import seal_all, verify
from pipelines.collect import WEB_CURE
from pipelines.curate import decisions, votes
from pipelines.models import head
from pipelines.storage import complete, logs
from schemas.seal import seal_values, unseal
from tests.pipelines.storage.test_integrity import rot
from tests.pipelines.storage.test_storage import IDENTITY, SCHEMA, build, table

SAME = "the same command makes the shard again"
LINE = "remove the line; the others count without it"


def told(data: Path) -> list[tuple[str, str, str]]:
    """Path below `data`, fault and cure of each."""
    return [(one.path.replace(f"{data}/", ""), one.fault, one.cure) for one in verify(data).faults]


def unfinished(data: Path, shards: int = 1) -> Path:
    """What an interrupted run leaves of a source: shards, and a note of each. Returns the folder."""
    with pytest.raises(KeyboardInterrupt), storage.building(data / "2_records" / "src", **IDENTITY) as made:
        for number in range(shards):
            made.table(f"records-{number:05d}.parquet", table(0, 10), SCHEMA, {"records": 10})
        raise KeyboardInterrupt
    (work,) = (data / "2_records").glob(".src.*")
    return work


def listed(folder: Path) -> Path:
    folder.mkdir(parents=True)
    (folder / "weights").write_bytes(b"12345678")
    complete.write(folder, step=4)
    return folder


def test_an_empty_folder_has_nothing_to_verify(tmp_path: Path) -> None:
    report = verify(tmp_path)
    assert (report.faults, report.files, report.not_hashed) == ([], 0, {})


def test_every_file_is_counted_once(tmp_path: Path) -> None:
    build(tmp_path / "2_records" / "forum")  # three shards and their manifest
    unfinished(tmp_path)
    for name in (logs.RUNS, logs.EXPORTS):
        logs.append(tmp_path / name, {"n": 1})
    for name in (decisions.FILE, votes.FILE):
        (tmp_path / name).write_text(seal_values({"n": 1}) + "\n")
    listed(tmp_path / "6_models" / ".base" / "smollm2")
    with closing(Store(tmp_path / verifying.WEB_STORE)):
        pass
    report = verify(tmp_path)
    assert (report.faults, report.files, report.not_hashed) == ([], 4 + 1 + 2 + 2 + 1 + 1, {})


@pytest.mark.parametrize(
    ("harm", "path", "fault", "cure"),
    [
        (rot, "{work}/.records-00000.parquet.done", "changed", SAME),
        (lambda note: note.write_text("{}"), "{work}/.records-00000.parquet.done", "changed", SAME),
        (lambda note: note.write_text(seal_values({"shard": {"path": 1}})), "{work}/.records-00000.parquet.done",
         "changed", SAME),
        (lambda note: (note.parent / "records-00000.parquet").unlink(), "{work}/records-00000.parquet", "missing",
         "remove {data}/{work}; the same command makes it again"),
        (lambda note: rot(note.parent / "records-00000.parquet"), "{work}/records-00000.parquet", "changed",
         "remove {data}/{work}; the same command makes it again"),
    ],
)  # fmt: skip
def test_what_an_interrupted_run_has_left(
    harm: Callable[[Path], object], path: str, fault: str, cure: str, tmp_path: Path
) -> None:
    work = unfinished(tmp_path)
    (note,) = work.glob(".*.done")
    harm(note)
    names = {"work": work.relative_to(tmp_path).as_posix(), "data": tmp_path}
    assert told(tmp_path) == [(path.format(**names), fault, cure.format(**names))]


def test_a_damaged_manifest_hides_no_other_file(tmp_path: Path) -> None:
    for name in ("a", "b"):
        build(tmp_path / "2_records" / name)
    rot(tmp_path / "2_records" / "a" / storage.MANIFEST)
    (tmp_path / "2_records" / "b" / "records-00001.parquet").unlink()
    assert [(path, cure.partition("--source ")[2][0]) for path, _, cure in told(tmp_path)] == [
        ("2_records/a/manifest.json", "a"),
        ("2_records/b/records-00001.parquet", "b"),
    ]


def test_the_suppression_list_is_whole_or_told(tmp_path: Path) -> None:
    empty = suppression.Tombstones("salt")
    suppression.add(tmp_path, empty, [empty.new_author(name, "") for name in ("Kim", "Lee")])
    path = tmp_path / suppression.FILE
    whole = path.read_bytes()
    assert (verify(tmp_path).files, not verify(tmp_path).not_hashed, told(tmp_path)) == (1, True, [])
    path.write_bytes(b"\n".join(whole.split(b"\n")[:-2]) + b"\n")
    ((where, _, cure),) = told(tmp_path)
    assert where.startswith(suppression.FILE) and cure and not verify(tmp_path).not_hashed
    old = [{k: v for k, v in unseal(line)[0].items() if k != "tombstones"} for line in whole.splitlines()]
    path.write_text("".join(f"{json.dumps(row)}\n" for row in old))
    assert not told(tmp_path) and verify(tmp_path).not_hashed == {str(path): 1}
    seal_all(tmp_path)
    assert not verify(tmp_path).not_hashed and len(suppression.load(tmp_path).tombstones) == 2


def test_a_damaged_note_hides_no_other(tmp_path: Path) -> None:
    work = unfinished(tmp_path, shards=3)
    first, _, last = sorted(work.glob(".*.done"))
    rot(first)
    (work / "records-00002.parquet").unlink()
    assert [path.rpartition("/")[2] for path, _, _ in told(tmp_path)] == [first.name, "records-00002.parquet"]
    assert last.exists() and verify(tmp_path).files == 3


@pytest.mark.parametrize("name", [logs.RUNS, logs.EXPORTS])
def test_a_line_of_a_log(name: str, tmp_path: Path) -> None:
    for number in range(3):
        logs.append(tmp_path / name, {"n": number})
    (tmp_path / name).write_bytes((tmp_path / name).read_bytes().replace(b'"n": 1', b'"n": 5') + b'{"n": 7}\n')
    assert told(tmp_path) == [(f"{name}:2", "changed", LINE)]
    assert verify(tmp_path).not_hashed == {str(tmp_path / name): 1}


@pytest.mark.parametrize(
    ("name", "cure"),
    [(decisions.FILE, "decide again, and remove the line"), (votes.FILE, "vote again, and remove the line")],
)
def test_a_line_of_what_people_said(name: str, cure: str, tmp_path: Path) -> None:
    lines = [seal_values({"n": 0}), seal_values({"n": 1}).replace("1", "2", 1), '{"n": 2}', '{"n": 3}']
    (tmp_path / name).write_text("\n".join(lines))
    assert told(tmp_path) == [(f"{name}:2", "changed", cure)]
    assert verify(tmp_path).not_hashed == {str(tmp_path / name): 2}
    (tmp_path / name).write_text("\n".join([lines[0], *lines[2:]]))
    seal_all(tmp_path)
    assert not told(tmp_path) and not verify(tmp_path).not_hashed


def test_checkpoints_converted_models_and_heads_have_cures_of_their_own(tmp_path: Path) -> None:
    models = tmp_path / "6_models"
    checkpoint = listed(models / "mill" / ".v1.0123" / ".checkpoints" / "checkpoint-4")
    base, learnt = listed(models / ".base" / "smollm2"), listed(models / head.FOLDER / "quality")
    assert not told(tmp_path)
    for folder in (checkpoint, base, learnt):
        rot(folder / "weights")
    places = {folder: (folder / "weights").relative_to(tmp_path).as_posix() for folder in (checkpoint, base, learnt)}
    without = "remove {folder}; the same command goes on without it"
    assert sorted(told(tmp_path)) == sorted(
        [
            (places[checkpoint], "changed", without.format(folder=checkpoint)),
            (places[base], "changed", without.format(folder=base)),
            (places[learnt], "changed", "run `gristmill learn quality` again"),
        ]
    )


def test_what_has_no_list_is_not_hashed_but_a_checkpoint_that_is_being_written(tmp_path: Path) -> None:
    models = tmp_path / "6_models"
    folders = [models / ".base" / "smollm2", models / head.FOLDER / "quality"]
    for folder in (*folders, models / "mill" / ".v1.0123" / ".checkpoints" / "checkpoint-4"):
        (listed(folder) / complete.FILE).unlink()
    assert not told(tmp_path) and verify(tmp_path).not_hashed == dict.fromkeys(map(str, folders), 1)
    seal_all(tmp_path)
    assert not verify(tmp_path).not_hashed and verify(tmp_path).files == 3


@pytest.mark.parametrize(("made", "stage"), [("5_curated", "curate"), ("6_models", "finetune")])
def test_a_link_that_points_to_no_version(made: str, stage: str, tmp_path: Path) -> None:
    build(tmp_path / made / "mill" / "v1")
    (tmp_path / made / "other" / "v1").mkdir(parents=True)
    assert told(tmp_path) == [(f"{made}/mill/latest", "points to no version", f"`gristmill stage {stage} mill`")]
    storage.point_latest(tmp_path / made / "mill" / "v1")
    assert not told(tmp_path)


def test_a_web_store_that_is_no_database_is_told_and_one_that_is_held_is_not_damaged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / verifying.WEB_STORE
    path.parent.mkdir()
    path.write_bytes(b"no database at all" * 100)
    assert [(where, cure) for where, _, cure in told(tmp_path)] == [(str(verifying.WEB_STORE), str(WEB_CURE))]

    def held(_: Path) -> object:
        error = sqlite3.OperationalError("database is locked")
        error.sqlite_errorcode = sqlite3.SQLITE_BUSY
        raise error

    monkeypatch.setattr(verifying, "opened", held)
    with pytest.raises(sqlite3.OperationalError, match="locked"):
        verify(tmp_path)
