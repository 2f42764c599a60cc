"""`verify` names every kind of damage, goes on after each, and takes what has no hash only on request."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from connectors.web.store import Store
from pipelines import storage, suppression
from pipelines.catalog.verify import verify
from pipelines.flows import steps
from pipelines.flows.steps import Step
from pipelines.models import head
from pipelines.storage import logs
from pipelines.storage.integrity import Damaged
from schemas.seal import unseal
from tests.pipelines import rot
from tests.pipelines.commands import Gristmill
from tests.pipelines.storage.test_integrity import rot as flip
from tests.pipelines.test_cli import Milled


@pytest.fixture
def data(milled: Milled, tmp_path: Path) -> Path:
    shutil.copytree(milled[1], tmp_path / "data", symlinks=True)
    rot.furnish(tmp_path / "data")
    return tmp_path / "data"


def unsealed(path: Path, keep: Callable[[dict[str, object]], object] = lambda values: values) -> None:
    """A file as an earlier release wrote it."""
    lines = path.read_bytes().split(b"\n") if path.suffix == ".jsonl" else [path.read_bytes()]
    path.write_text("\n".join(json.dumps(keep(unseal(line)[0])) if line.strip() else "" for line in lines))


def test_every_kind_of_damage_is_named_at_once(data: Path) -> None:
    assert not verify(data).faults and not verify(data).not_hashed
    damaged = [
        next(data.glob("2_records/forum/manifest.json")),
        next(data.glob("3_signals/forum/signals-*.parquet")),
        next(data.glob("6_models/small/v1/model.safetensors")),
        next(data.glob("6_models/.base/smollm2/model.safetensors")),
        next(data.glob("6_models/.heads/quality/head.json")),
        next(data.glob("6_models/small/.v2.*/.checkpoints/*/model.safetensors")),
        *(data / name for name in (logs.RUNS, logs.EXPORTS, "decisions.jsonl", suppression.FILE)),
    ]
    for path in damaged:
        flip(path)
    (data / "5_curated" / "small" / "latest").unlink()
    (data / "5_curated" / "small" / "latest").symlink_to("w1")
    found = {fault.path.rpartition(":")[0] if ".jsonl:" in fault.path else fault.path for fault in verify(data).faults}
    assert found == {*map(str, damaged), str(data / "5_curated" / "small" / "latest")}


def test_what_earlier_releases_wrote_is_told_and_taken_on_request(data: Path, gristmill: Gristmill) -> None:
    manifests = [path for path in storage.manifest_paths(data)]
    for path in (*manifests, data / logs.RUNS, data / "decisions.jsonl"):
        unsealed(path)
    lines = (data / suppression.FILE).read_bytes().split(b"\n")
    old = [{k: v for k, v in unseal(line)[0].items() if k != "tombstones"} for line in lines if line.strip()]
    (data / suppression.FILE).write_text("".join(json.dumps(row) + "\n" for row in old))
    for listed in (".base/smollm2", ".heads/quality"):
        (data / "6_models" / listed / "complete.json").unlink()
    store = Store(data / "1_pages" / "web.sqlite")
    store.db.execute("UPDATE visits SET seal = ''")
    store.close()
    report = verify(data)
    assert not report.faults and len(report.not_hashed) == len(manifests) + 6
    printed = gristmill("verify", "--data", data)
    assert printed.code == 0 and printed.out.count("not hashed") == len(report.not_hashed)
    assert gristmill("verify", "--seal", "--data", data).code == 0
    assert not verify(data).not_hashed and len(suppression.load(data).tombstones) == 3
    assert head.may_have_learnt(data / "6_models" / ".heads" / "quality", []), "nobody has told what it was learnt from"


def test_without_the_whole_list_nothing_is_made(data: Path, milled: Milled) -> None:
    path = data / suppression.FILE
    whole = path.read_bytes()
    for rotten in (whole[:-2] + b"?\n", b"\n".join(whole.split(b"\n")[:-2]) + b"\n", b"", b"{}\n"):
        path.write_bytes(rotten)
        with pytest.raises(Damaged, match="nothing is fetched, made or published"):
            suppression.load(data)
    for stage, name in (("collect", "forum"), ("normalise", "forum"), ("curate", "small")):
        outcome = steps.run_step(milled[0], Step(stage, name), data, again=True)  # type: ignore[arg-type]
        assert "forgotten.jsonl" in outcome.failed and "\n" not in outcome.failed
    assert any(data.glob("1_pages/forum/*")), "again threw away what nobody may make anew"


def test_again_cures_what_a_stage_refuses(data: Path, milled: Milled) -> None:
    (data / suppression.FILE).unlink()
    (data / "decisions.jsonl").unlink()
    shard = next(data.glob("2_records/forum/records-*.parquet"))
    before = shard.read_bytes()
    flip(shard)
    shutil.rmtree(data / "3_signals")
    assert "--source forum --again" in steps.run_step(milled[0], Step("annotate", "forum"), data).failed
    assert not steps.run_step(milled[0], Step("normalise", "forum"), data, again=True).failed
    assert shard.read_bytes() == before
    assert not steps.run_step(milled[0], Step("annotate", "forum"), data).failed


def test_sql_compares_on_request(data: Path, gristmill: Gristmill) -> None:
    words = ("sql", "SELECT 1 AS one", "--data", data)
    assert gristmill(*words, "--verify").code == 0
    flip(next(data.glob("2_records/forum/records-*.parquet")), at=-1)
    assert "gristmill verify" in gristmill(*words).err, "here the footer is hit; elsewhere it is not seen"
    printed = gristmill(*words, "--verify")
    assert printed.code == 1 and "damaged (changed)" in printed.err


def test_a_torn_run_log_breaks_no_command(data: Path, gristmill: Gristmill) -> None:
    with (data / logs.RUNS).open("ab") as log:
        log.write(b'{"stage": "cur')
    assert gristmill("status", "--data", data).code == 0
    assert gristmill("sql", "FROM runs", "--data", data).code == 0
    with (data / logs.RUNS).open("ab") as log:
        log.write(b'\n{"stage": "curate", "skipped": "no", "seconds": []}\n')
    assert gristmill("status", "--data", data).code == 0
    assert gristmill("sql", "FROM runs", "--data", data).code == 0


def test_a_damaged_manifest_is_one_line_in_every_command(data: Path, gristmill: Gristmill) -> None:
    flip(next(data.glob("5_curated/small/v1/manifest.json")))
    commands = (
        ("status",),
        ("sql", "SELECT 1"),
        ("explain", "forum:q1#a101"),
        ("export", "small", data.parent / "out.jsonl"),
    )
    for words in commands:
        printed = gristmill(*words, "--data", data)
        assert printed.code == 1 and "`gristmill stage curate small --again` makes it anew" in printed.err
        assert printed.err.count("\n") == 1
