"""Requests to forget: twice about one snapshot, without changing anything, about nothing, and what was handed on."""

import json
import shutil
from pathlib import Path

import pytest

from pipelines import catalog, curate, forget, storage, suppression
from pipelines.curate import decisions
from pipelines.curate.decisions import Decision
from pipelines.forget import Request
from pipelines.publish.export import export_file
from pipelines.recipe import load
from pipelines.signals.privacy import redact_id
from pipelines.storage import exported, logs
from pipelines.storage.integrity import Damaged
from tests.pipelines.commands import Gristmill
from tests.pipelines.milling import go
from tests.pipelines.storage.test_integrity import rot
from tests.pipelines.test_cli import Milled

QUESTION = "https://forum.example/questions/{}"


@pytest.fixture
def data(milled: Milled, tmp_path: Path) -> Path:
    """A run, a model that was trained on its snapshot, and an export of it."""
    shutil.copytree(milled[1], tmp_path / "data", symlinks=True)
    data = tmp_path / "data"
    snapshot = storage.read_manifest(data / "5_curated" / "small" / "v1")
    assert snapshot
    inputs = {"curated": snapshot.fingerprint}
    about = {"stage": "finetune", "name": "small", "version": 1, "params": {}, "inputs": inputs}
    with storage.building(data / "6_models" / "small" / "v1", **about) as made:
        said = {"samples": [], "snapshot": {"recipe": "small", "version": "v1", "fingerprint": snapshot.fingerprint}}
        made.text("metrics.json", json.dumps(said))
    export_file("small", data, "messages", tmp_path / "out.jsonl")
    return data


def urls_in_snapshot(data: Path) -> list[str]:
    with catalog.connect(data) as con:
        return [url for (url,) in con.sql("SELECT DISTINCT url FROM curated ORDER BY ALL").fetchall()]


def test_a_second_request_names_the_model_and_the_export_again(data: Path, tmp_path: Path) -> None:
    first, second, *_ = urls_in_snapshot(data)
    for url in (first, second):
        report = forget.forget(Request(url=url.partition("#")[0]), data)
        assert report.snapshots == ["small v1"] and report.models == ["6_models/small/v1"]
        (place,) = report.exports
        assert place.startswith(f"{tmp_path / 'out.jsonl'} (messages of small v1, ")
        assert f"exported before, and out of reach: {place}; remove it there" in forget.report_lines(report)
    assert forget.forget(Request(url=first.partition("#")[0]), data).models == ["6_models/small/v1"], "the list knows"


def test_a_dry_run_says_what_would_go_and_changes_nothing(data: Path, gristmill: Gristmill) -> None:
    words = ("forget", "--url", QUESTION.format(1), "--data", data)
    before = {path: path.read_bytes() for path in data.rglob("*") if path.is_file() and path.suffix != ".lock"}
    planned = json.loads(gristmill(*words, "--dry-run", "--json").out)
    assert planned["erased"]["pages"] == 1 and planned["models"] == ["6_models/small/v1"]
    assert gristmill(*words, "--dry-run").out.startswith("would go: ")
    assert {path: path.read_bytes() for path in before} == before and not (data / suppression.FILE).exists()
    assert json.loads(gristmill(*words, "--json").out)["erased"] == planned["erased"]


def test_a_record_is_named_as_it_is_published(tmp_path: Path) -> None:
    """An id may hold an address, of which the published one has a hash."""
    (tmp_path / "docs" / "ann@mailbox.org").mkdir(parents=True)
    text = (
        "Mix strong white flour with water and salt, let it stand until it has doubled, and bake it until it is brown."
    )
    (tmp_path / "docs" / "ann@mailbox.org" / "bread.md").write_text(f"# Bread\n\n## How a loaf is baked\n\n{text}\n")
    where = 'connector = "markdown"\nname = "docs"\nfolder = "docs"\nlicence = "MIT"\n'
    (tmp_path / "bread.toml").write_text(f'name = "bread"\n[[sources]]\n{where}')
    data = tmp_path / "data"
    go(load(tmp_path / "bread.toml"), data, ["collect", "normalise"])
    with catalog.connect(data) as con:
        ((stored,),) = con.sql("SELECT record_id FROM records").fetchall()
    published = redact_id(stored)
    assert published != stored
    assert forget.forget(Request(record=published), data).erased["records"] == 1
    assert suppression.load(data).has_record(stored)


def test_what_is_found_nowhere_needs_a_yes(data: Path, gristmill: Gristmill) -> None:
    words = ("forget", "--author", "Nobdoy", "--data", data)
    printed = gristmill(*words)
    assert printed.code == 2 and "say --yes" in printed.err and not (data / suppression.FILE).exists()
    assert "would go: nothing" in gristmill(*words, "--dry-run").out and not (data / suppression.FILE).exists()
    assert gristmill(*words, "--yes").code == 0 and suppression.load(data).has_author("forum", "nobdoy")
    assert gristmill(*words).code == 0, "it is in the list"


def test_nothing_is_erased_where_something_searched_is_damaged(data: Path) -> None:
    rot(next(data.glob("2_records/forum/records-*.parquet")))
    with pytest.raises(Damaged, match=r"records-.*stage normalise RECIPE --source forum --again"):
        forget.forget(Request(url=QUESTION.format(1)), data)
    assert not (data / suppression.FILE).exists()


@pytest.mark.parametrize("name", ["mine.jsonl", "mine.csv"])
def test_decisions_in_a_file_that_the_recipe_names(name: str, data: Path, milled: Milled, tmp_path: Path) -> None:
    """Sealed lines go wherever they are; a person's own table stays, and is listed."""
    first, second = (f"forum:q{n}#a{100 + n}" for n in (1, 2))
    recipe = milled[0].model_copy(update={"decisions": tmp_path / name})
    (tmp_path / name).write_text("record_id,decision,output\n" if name.endswith("csv") else "")
    said = [Decision(record_id=one, decision="edit", output=f"Better: {one}", who="Kim") for one in (first, second)]
    decisions.append(recipe, data, said)
    planned = forget.prepare(Request(record=first), data).report
    report = forget.forget(Request(record=first), data)
    assert planned.decided_in == report.decided_in and planned.erased == report.erased
    left = [one.record_id for one in decisions.history(recipe, data)]
    if name.endswith("csv"):
        assert left == [first, second] and report.decided_in == [str(tmp_path / name)]
        told = f"decided about it, in a file of yours: {tmp_path / name}; remove it there"
        assert told in forget.report_lines(report)
        (tmp_path / name).write_text("no table of decisions\nx")
        assert forget.forget(Request(record=second), data).decided_in == [str(tmp_path / name)], "nobody can tell"
    else:
        assert left == [second] and report.erased["decisions"] == 1 and report.decided_in == []
        assert f"Better: {first}" not in (tmp_path / name).read_text()


def test_curate_notes_the_decisions_that_it_reads(data: Path, milled: Milled, tmp_path: Path) -> None:
    named = {"decisions": tmp_path / "mine.csv"}
    (tmp_path / "mine.csv").write_text("record_id,decision\nforum:q1#a101,reject\n")
    for _ in range(2):
        curate.run(milled[0].model_copy(update=named), data)
    noted = [entry["out"] for entry in logs.read(data / logs.EXPORTS) if entry["what"] == exported.DECISIONS]
    assert noted == [str(tmp_path / "mine.csv")]
