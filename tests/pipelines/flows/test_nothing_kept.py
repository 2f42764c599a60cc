"""Sources of which nothing is kept are named, with cause and cure, and their losses are told everywhere."""

import json
import logging
import re
from pathlib import Path

import pytest

from pipelines import catalog, storage
from pipelines.catalog import losses
from pipelines.flows import nothing_kept
from pipelines.flows.check import check
from pipelines.flows.steps import RunFailed
from pipelines.recipe import Recipe, load
from tests.pipelines.commands import Gristmill
from tests.pipelines.milling import dump, go

RECIPE = """name = "small"
[web]
delay = 0
allow_private = ["127.0.0.1:9"]
[[sources]]
connector = "stackexchange"
name = "forum"
path = "dump"
site = "forum.example"
[[sources]]
connector = "instructions"
name = "unlicensed"
path = "asked.jsonl"
[[sources]]
connector = "website"
name = "thin"
folder = "thin"
base_url = "https://thin.example/"
licence = "CC0-1.0"
[[sources]]
connector = "website"
name = "dead"
start = "http://127.0.0.1:9/"
licence = "CC0-1.0"
"""
ASKED = [
    ("How do I rename a branch?", "Use git branch -m with the old name and the new name, then push the new one."),
    ("How do I undo a commit?", "Use git reset --soft with the commit before it, which keeps what you have changed."),
]
Lost = tuple[Recipe, Path, str]


@pytest.fixture(scope="module")
def lost(tmp_path_factory: pytest.TempPathFactory) -> Lost:
    """A good source, one without a licence, one whose pages are all rejected and one whose site is dead, all run.

    The text is what the run has logged.
    """
    folder = tmp_path_factory.mktemp("lost")
    dump(folder / "dump")
    rows = [json.dumps({"instruction": asked, "output": said}) for asked, said in ASKED]
    (folder / "asked.jsonl").write_text("\n".join(rows))
    (folder / "thin").mkdir()
    for number in range(3):
        (folder / "thin" / f"{number}.html").write_text("<html><body><nav>Menu</nav></body></html>")
    (folder / "small.toml").write_text(RECIPE)
    recipe, told = load(folder / "small.toml"), list[str]()
    handler = logging.Handler()
    handler.emit = lambda record: told.append(record.getMessage())  # type: ignore[method-assign]
    nothing_kept.log.addHandler(handler)
    try:
        with pytest.raises(RunFailed, match=r"^collect dead: source dead: nothing could be had: .*robots_unreachable"):
            go(recipe, folder / "data")
    finally:
        nothing_kept.log.removeHandler(handler)
    return recipe, folder, "\n".join(told)


SAYS = {
    "unlicensed": "0 of 2 records kept; 2 broke licence_unknown: state `licence` in the recipe, if you know it",
    "dead": "no page was collected; 1 failed with robots_unreachable: `gristmill check` asks its addresses",
    "thin": "0 records of 3 pages; 3 were rejected as no_main_content: "
    "`gristmill sql \"FROM rejects WHERE source = 'thin'\"` lists them",
}


def test_a_run_ends_with_a_line_for_each(lost: Lost) -> None:
    *_, first, second, third = lost[2].splitlines()
    assert [first, second, third] == [f"warning: {source}: {SAYS[source]}" for source in sorted(SAYS)]


def test_curate_says_it_too(lost: Lost, gristmill: Gristmill) -> None:
    said = gristmill("stage", "curate", lost[1] / "small.toml", "--data", lost[1] / "data")
    assert said.code == 0
    assert [line for line in said.err.splitlines() if line.startswith("warning")] == [
        f"warning: {source}: {SAYS[source]}" for source in sorted(SAYS)
    ]


def test_check_says_what_happened_last_time_and_what_states_no_licence(lost: Lost, tmp_path: Path) -> None:
    file = str(lost[1] / "small.toml")
    warned = [(one.what, one.says) for one in check(file, lost[1] / "data") if one.level == "warn"]
    assert warned == [
        ("unlicensed", "no `licence` set, and instructions states none: the policy will drop every record; set it"),
        *((source, f"last time {SAYS[source]}") for source in sorted(SAYS)),
    ]
    assert not list(nothing_kept.find(lost[0], tmp_path / "new"))


def test_what_curate_has_not_seen_yet_is_not_judged(lost: Lost) -> None:
    recipe, folder, _ = lost
    manifest = folder / "data" / "2_records" / "unlicensed" / storage.MANIFEST
    before = manifest.read_text()
    made = storage.read_manifest(manifest.parent)
    assert made
    try:
        manifest.write_text(made.model_copy(update={"fingerprint": "another"}).model_dump_json())
        assert [one.source for one in nothing_kept.find(recipe, folder / "data")] == ["dead", "thin"]
    finally:
        manifest.write_text(before)


@pytest.mark.parametrize(
    ("broken", "told"),
    [
        ({"too_short": 3, "licence_unknown": 3}, "3 broke licence_unknown: state `licence` in the recipe"),
        ({"too_short": 4, "licence_unknown": 3}, "4 broke too_short: `gristmill try default --recipe small` shows"),
    ],
)
def test_the_commonest_reason_is_named_and_of_two_the_one_with_a_cure(
    lost: Lost, broken: dict[str, int], told: str
) -> None:
    recipe, folder, _ = lost
    latest = storage.latest(folder / "data" / "5_curated" / "small") / storage.MANIFEST
    before = latest.read_text()
    made = storage.read_manifest(latest.parent)
    assert made
    counts = {"source_records:unlicensed": 4} | {f"source_broken:unlicensed:{rule}": n for rule, n in broken.items()}
    try:
        latest.write_text(made.model_copy(update={"counts": counts}).model_dump_json())
        says = {one.source: one.says for one in nothing_kept.find(recipe, folder / "data")}
    finally:
        latest.write_text(before)
    assert says["unlicensed"].startswith(f"0 of 4 records kept; {told}")


def test_losses_are_told_by_source(lost: Lost) -> None:
    told = {row.source: row for row in losses.losses(lost[1] / "data")}
    assert list(told) == ["dead", "forum", "thin", "unlicensed"]
    assert told["dead"].not_collected == {"robots_unreachable": 1}
    assert (told["forum"].pages, told["forum"].documents, told["forum"].posts, told["forum"].records) == (6, 6, 12, 6)
    assert told["thin"].pages_rejected == told["thin"].documents_rejected == {"no_main_content": 3}
    assert [row.source for row in losses.losses(lost[1] / "data", ["thin", "small"])] == ["thin"]


def test_status_tells_them_in_80_columns_and_all_of_them_as_json(
    lost: Lost, gristmill: Gristmill, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipelines.catalog.screen.WITHOUT_TERMINAL", 80)
    out = gristmill("status", "--data", lost[1] / "data").out
    assert max(map(len, out.splitlines())) <= 80
    assert re.search(r"forum +│ +6 │ +6 │ +12 │ +6 │ ·", out)
    assert re.search(r"thin +│ +3 │ +3 │ +· │ +· │ 3 pages: no_main_content 3", out)
    rows = json.loads(gristmill("status", "--data", lost[1] / "data", "--json").out)
    counts = {(row["stage"], row["name"]): row["counts"] for row in rows}
    assert counts["collect", "dead"]["rejected:robots_unreachable"] == 1
    assert counts["normalise", "thin"]["rejected:no_main_content"] == 3
    assert counts["curate", "small"]["source_kept:forum"] == 6


def test_the_view_of_counts_has_every_manifest(lost: Lost) -> None:
    with catalog.connect(lost[1] / "data") as con:
        rows = con.execute("SELECT name, reason, count FROM counts WHERE counter = 'rejected' ORDER BY ALL").fetchall()
        assert con.execute("SELECT DISTINCT stage FROM counts ORDER BY ALL").fetchall()[0] == ("annotate",)
    assert rows == [("dead", "robots_unreachable", 1), ("thin", "no_main_content", 3)]


def test_the_card_tells_them(lost: Lost) -> None:
    card = (lost[1] / "data" / "5_curated" / "small" / "latest" / "README.md").read_text()
    told = card.partition("## What was lost on the way")[2].partition("\n## ")[0]
    assert "| dead | 0 | 0 | 0 | 0 |" in told
    assert "| forum | 6 | 6 | 12 | 6 |" in told
    assert "| thin | pages | 3 | `no_main_content` 3 |" in told


def test_an_empty_folder_has_lost_nothing(tmp_path: Path) -> None:
    assert losses.losses(tmp_path) == []
    with catalog.connect(tmp_path) as con:
        assert con.execute("SELECT * FROM counts").fetchall() == []
