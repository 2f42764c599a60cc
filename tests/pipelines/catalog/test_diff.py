"""Two snapshots compared: what came, went and changed, and which rules did it."""

import io
import json
from pathlib import Path

import pytest
from rich.console import Console

from pipelines import curate, dedupe
from pipelines.catalog.diff import RuleChange, diff, show
from pipelines.recipe import Recipe, RecipeError
from pipelines.storage.integrity import Damaged
from tests.pipelines import corpus
from tests.pipelines.commands import Gristmill

RULE = '[[rules]]\nname = "{}"\ndrop_if = "{}"\nwhy = "-"\n'
SHORT, LONG, DISLIKED = "output_words < 4", "output_words > 8", "score < 0"
WORDS = "Rinse the hose twice with clear water"
BEFORE = {
    "forum:1#a1": (WORDS, 5),
    "forum:2#a1": ("Open the lid and look.", -3),
    "forum:3#a1": ("No, never.", 5),
    "forum:4#a1": ("Wipe the outside with a wet cloth.", 5),
    "forum:5#a1": (f"{WORDS} before you hang it up to dry.", 5),
}
AFTER = {
    "forum:1#a1": (f"{WORDS}.", 5),
    "forum:2#a1": ("Open the lid and look.", -3),
    "forum:3#a1": ("No, never.", 5),
    "forum:5#a1": (f"{WORDS} before you hang it up to dry.", 5),
    "forum:6#a1": ("Pour vinegar into the tank first.", 5),
}


def publish(data: Path, records: dict[str, tuple[str, int]], **rules: str) -> Recipe:
    file = data.parent / "mine.toml"
    told = "".join(RULE.format(name, sql) for name, sql in rules.items())
    file.write_text(f"validation_percent = 0\ntest_percent = 0\n{told}")
    mill = corpus.recipe("forum", policy=str(file))
    made = [corpus.record(name, f"What about {name}?", text, score=score) for name, (text, score) in records.items()]
    corpus.write(data, mill, made)
    dedupe.run(mill, data)
    curate.run(mill, data)
    return mill


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    data = tmp_path_factory.mktemp("diff") / "data"
    publish(data, BEFORE, short=SHORT, disliked=DISLIKED)
    publish(data, AFTER, short=SHORT, long=LONG)
    return data


def test_what_came_went_and_changed(data: Path) -> None:
    found = diff("mill", data)
    assert (found.before, found.after, found.kept) == ("v1", "v2", (3, 3))
    assert (found.came, found.new) == (("forum:2#a1", "forum:6#a1"), ("forum:6#a1",))
    assert (found.went, found.gone) == (("forum:4#a1", "forum:5#a1"), ("forum:4#a1",))
    assert found.changed == {"forum:1#a1": ("output",)}
    assert found.rules == (RuleChange("disliked", 0, 1, "removed"), RuleChange("long", 1, 0, "added"))


def test_the_other_way_round(data: Path) -> None:
    there, back = diff("mill", data, "v1", "v2"), diff("mill", data, "v2", "v1")
    assert (back.came, back.went, back.new, back.gone) == (there.went, there.came, there.gone, there.new)
    assert {(one.rule, one.came, one.went) for one in back.rules} == {
        (one.rule, one.went, one.came) for one in there.rules
    }


def test_a_version_and_itself_differ_in_nothing(data: Path) -> None:
    found = diff("mill", data, "v1", "v1")
    assert not (found.came or found.went or found.changed or found.rules)


def test_the_screen_names_numbers_rules_and_records(data: Path) -> None:
    console = Console(file=io.StringIO(), width=100)
    show(diff("mill", data), console)
    said = console.file.getvalue()  # type: ignore[attr-defined]
    for words in ("3 → 3", "1 were not there before", "output 1", "disliked", "removed", "explain 'forum:5#a1'"):
        assert words in said


def test_the_command_gives_json(data: Path, gristmill: Gristmill) -> None:
    printed = gristmill("diff", "mill", "v1", "v2", "--data", data, "--json")
    assert json.loads(printed.out)["changed"] == {"forum:1#a1": ["output"]}


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("mill", "v3"), "no snapshot v3"),
        (("other",), "no snapshot here"),
        (("mill", "v1", "latest"), "no snapshot latest"),
    ],
)
def test_what_is_not_there_is_said(words: tuple[str, ...], told: str, data: Path, gristmill: Gristmill) -> None:
    printed = gristmill("diff", *words, "--data", data)
    assert (printed.code, told in printed.err) == (2, True)


def test_one_snapshot_has_nothing_beside_it(tmp_path: Path) -> None:
    publish(tmp_path / "data", BEFORE, short=SHORT)
    with pytest.raises(RecipeError, match="v1 is its only snapshot"):
        diff("mill", tmp_path / "data")


def test_a_damaged_snapshot_is_not_compared(tmp_path: Path) -> None:
    publish(tmp_path / "data", BEFORE, short=SHORT)
    publish(tmp_path / "data", AFTER, short=SHORT)
    shard = next((tmp_path / "data/5_curated/mill/v1").glob("verdicts-*.parquet"))
    shard.write_bytes(shard.read_bytes()[:-30] + bytes(30))
    with pytest.raises(Damaged):
        diff("mill", tmp_path / "data")
