"""A folder of an earlier release: what reads it works or says what to do, and it is made anew from its pages."""

import json
import shutil
from pathlib import Path

import pytest

from pipelines import annotate, catalog, curate, dedupe, finetune, storage, suppression
from pipelines.catalog import explain, losses, screen, shell, status
from pipelines.flows.stages import OF_DATA
from pipelines.publish.export import export_file
from pipelines.recipe import Recipe, RecipeError, load
from pipelines.suppression import Tombstone
from tests.dashboards.test_queries import QUERIES, ask
from tests.pipelines.commands import Gristmill
from tests.pipelines.damage import damaged
from tests.pipelines.flows.earlier import make_earlier
from tests.pipelines.milling import dump, go

BAKE = [
    {"from": "human", "value": "What flour do I take for a dark bread that keeps for a week?"},
    {"from": "gpt", "value": "Take rye, and a sour dough with it, since rye alone does not rise."},
    {"from": "human", "value": "And how long does it bake in an oven that is hot already?"},
    {"from": "gpt", "value": "An hour at two hundred degrees, and ten minutes more when the oven is turned off."},
]
KEEP = {
    "instruction": "Tell me how to keep a sour dough alive over the summer.",
    "output": "Feed it every week with as much flour as water, and keep it in the fridge between two bakings.",
    "rejected": "Throw it away and buy another one in autumn.",
}
Old = tuple[Recipe, Path]


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> Old:
    """Milled, with a decision, and made a folder of an earlier release; the sources are no longer there."""
    folder = tmp_path_factory.mktemp("old")
    dump(folder / "dump")
    rows = [{"system": "You bake.", "conversations": BAKE}, KEEP]
    (folder / "set.jsonl").write_text("\n".join(map(json.dumps, rows)))
    (folder / "small.toml").write_text(
        f'name = "small"\n[[sources]]\nconnector = "stackexchange"\nname = "forum"\npath = "{folder / "dump"}"\n'
        'site = "forum.example"\n[[sources]]\nconnector = "instructions"\nname = "set"\n'
        f'path = "{folder / "set.jsonl"}"\nlicence = "MIT"\n'
    )
    recipe, data = load(folder / "small.toml"), folder / "data"
    go(recipe, data)
    (data / "decisions.jsonl").write_text(json.dumps({"record_id": "forum:q1#a101", "decision": "reject"}) + "\n")
    make_earlier(data)
    assert not damaged(data)
    return recipe, data


def test_what_reads_it_works(old: Old) -> None:
    _, data = old
    with catalog.connect(data) as con:
        ids = [row["record_id"] for row in shell.ask(con, "SELECT record_id FROM records").to_pylist()]
        for view in ("records", "pairs", "signals", "verdicts", "curated", "curated_pairs", "dropped"):
            shell.ask(con, f"SELECT * FROM {view}")
    for record_id in ids:
        explain.show(explain.explain(record_id, data), screen.wide_console())
    assert len(status.funnel(data)) == 8 and len(losses.losses(data)) == 2
    for query in QUERIES:
        ask(query.stem, data)


def test_the_turns_of_then_are_shown(old: Old, gristmill: Gristmill) -> None:
    with catalog.connect(old[1]) as con:
        (row,) = shell.ask(con, "SELECT record_id FROM records WHERE len(history) > 0").to_pylist()
    said = gristmill("explain", row["record_id"], "--data", old[1]).out
    assert "rye alone does not rise" in said and "None" not in said


def test_what_cannot_read_it_says_what_to_do(old: Old, tmp_path: Path) -> None:
    recipe, data = old
    tries = {
        "gristmill stage normalise small": lambda: annotate.run(recipe, "set", data),
        "gristmill stage annotate small": lambda: dedupe.run(recipe, data),
        "gristmill run small --stages normalise": lambda: curate.run(recipe, data),
        "gristmill run small` for a new one": lambda: export_file("small", data, "messages", tmp_path / "out.jsonl"),
    }
    for cure, attempt in tries.items():
        with pytest.raises(RecipeError, match="another release") as told:
            attempt()
        assert cure in str(told.value)


def test_finetuning_on_it_says_what_to_do(old: Old) -> None:
    pytest.importorskip("trl")
    with pytest.raises(RecipeError, match=r"another release.*gristmill run small"):
        finetune.run(*old)


def test_it_is_made_anew_from_its_pages_and_keeps_what_was_decided(old: Old, tmp_path: Path) -> None:
    recipe, data = old[0], tmp_path / "data"
    shutil.copytree(old[1], data, symlinks=True)
    with catalog.connect(data) as con:
        (row,) = shell.ask(con, "SELECT pair_hash FROM signals WHERE record_id = 'forum:q3#a103'").to_pylist()
    current = suppression.load(data)
    gone = {"record": "forum:q2#a102", "text": row["pair_hash"]}
    suppression.add(data, current, [Tombstone(kind, current.hash(kind, value)) for kind, value in gone.items()])
    pages = {path: path.read_bytes() for path in (data / "1_pages").rglob("*.parquet")}
    before = {path: path.read_bytes() for path in (data / "5_curated" / "small" / "v1").iterdir()}
    go(recipe, data, OF_DATA[1:])
    assert pages == {path: path.read_bytes() for path in (data / "1_pages").rglob("*.parquet")}
    assert before == {path: path.read_bytes() for path in (data / "5_curated" / "small" / "v1").iterdir()}
    assert storage.latest(data / "5_curated" / "small").name == "v2"
    with catalog.connect(data) as con:
        kept = {row["record_id"]: row for row in shell.ask(con, "SELECT * FROM curated").to_pylist()}
        assert len(shell.ask(con, "SELECT * FROM verdicts WHERE decision = 'reject' AND NOT kept")) == 1
        ids = {row["record_id"] for row in shell.ask(con, "SELECT record_id FROM records").to_pylist()}
    assert "forum:q1#a101" in ids - set(kept) and "forum:q2#a102" not in ids | set(kept)
    assert "forum:q3#a103" not in kept and "forum:q4#a104" in kept
    (talk,) = [row for row in kept.values() if row["history"]]
    assert talk["system"] == "You bake."
    assert [turn["role"] for turn in talk["history"]] == ["user", "assistant"]
    assert export_file("small", data, "messages", tmp_path / "out.jsonl") > 0
