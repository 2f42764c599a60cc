"""A record's life, kept, dropped and duplicate; the snapshot in other formats; another policy tried."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from pipelines import catalog, curate, dedupe
from pipelines.catalog.explain import UnknownRecord, explain, show
from pipelines.curate import policy
from pipelines.curate.what_if import RuleEffect, try_policy
from pipelines.publish.export import FORMATS, Format, export
from pipelines.recipe import RecipeError
from tests.pipelines import corpus
from tests.pipelines.turns import said

LONG = (
    "Open the lid, take out the filter, wash it under warm water, let it dry for an hour and put it back in its place."
)
SAID = said("My kettle is slow.", "Descale it.")
RECORDS = [
    corpus.record("forum:1#a1", "How do I clean the kettle?", LONG, input="It is old."),
    corpus.record("forum:2#a1", "How do I clean the kettle?", LONG, input="It is old.", score=1),
    corpus.record("forum:3#a1", "How do I clean the pump?", "No.", score=-4),
    corpus.record(
        "forum:4#d1", "And the hose?", "Rinse the hose twice with clear water and hang it up to dry.", history=SAID
    ),
]
PAIR = {
    **{name: RECORDS[0][name] for name in ("page_id", "source", "source_kind", "url", "title", "licence", "author")},
    **{"pair_id": "forum:1#p1", "instruction": "How do I clean the kettle?", "input": "It is old."},
    **{"chosen": LONG, "rejected": "Buy a new one.", "chosen_score": 5, "rejected_score": 0},
}  # fmt: skip


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("explain")
    (folder / "mine.toml").write_text(
        'validation_percent = 0\ntest_percent = 0\n[[rules]]\nname = "short"\ndrop_if = "output_words < 3"\n'
        'why = "Says nothing."\n[[rules]]\nname = "disliked"\ndrop_if = "score < 0"\nwhy = "Readers disagreed."\n'
    )
    mill = corpus.recipe("forum", policy=str(folder / "mine.toml"))
    corpus.write(folder, mill, RECORDS, [PAIR])
    dedupe.run(mill, folder)
    curate.run(mill, folder)
    return folder


def screen(record_id: str, data: Path) -> str:
    console = Console(file=io.StringIO(), width=120)
    show(explain(record_id, data), console)
    return console.file.getvalue()  # type: ignore[attr-defined, no-any-return]


@pytest.mark.parametrize(
    ("record_id", "told"),
    [
        ("forum:1#a1", ["How do I clean the kettle?", "kept, in train", "https://forum.example/1", "output_words"]),
        ("forum:2#a1", ["dropped", "duplicate", "forum:1#a1 was kept instead", "exact", "cluster_size = 2"]),
        ("forum:3#a1", ["dropped", "output_words = 1", "Says nothing.", "score = -4", "Readers disagreed."]),
        ("forum:4#d1", ["My kettle is slow.", "Descale it.", "kept, in train"]),
    ],
)
def test_the_life_of_a_record_on_one_screen(record_id: str, told: list[str], data: Path) -> None:
    shown = screen(record_id, data)
    assert [word for word in told if word not in shown] == []


def test_a_life_is_json(data: Path) -> None:
    life = json.loads(json.dumps(explain("forum:3#a1", data), default=str))
    assert life["verdicts"][0]["reasons"][0] == {
        "rule": "short",
        "measured": {"output_words": 1},
        "why": "Says nothing.",
    }
    assert "pair_minhash" not in life["signals"]


def test_markup_in_scraped_text_is_shown_as_it_is(tmp_path: Path) -> None:
    mill = corpus.recipe("forum")
    corpus.write(tmp_path, mill, [corpus.record("forum:1#a1", "What is [bold]x[/nope]?", "[red]It[/] is.")])
    assert "What is [bold]x[/nope]?" in screen("forum:1#a1", tmp_path)


def test_an_unknown_record_suggests_the_nearest(data: Path) -> None:
    with pytest.raises(UnknownRecord, match="did you mean 'forum:3#a1'"):
        explain("forum:3a1", data)


def test_an_empty_folder_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(UnknownRecord, match="run a recipe first"):
        explain("forum:1#a1", tmp_path)


EXPORTED: dict[Format, dict[str, Any]] = {
    "alpaca": {
        "instruction": "And the hose?",
        "input": "",
        "output": RECORDS[3]["output"],
        "history": [["My kettle is slow.", "Descale it."]],
    },
    "sharegpt": {
        "conversations": [
            {"from": "human", "value": "My kettle is slow."},
            {"from": "gpt", "value": "Descale it."},
            {"from": "human", "value": "And the hose?"},
            {"from": "gpt", "value": RECORDS[3]["output"]},
        ]
    },
    "messages": {
        "messages": [
            {"role": "user", "content": "My kettle is slow."},
            {"role": "assistant", "content": "Descale it."},
            {"role": "user", "content": "And the hose?"},
            {"role": "assistant", "content": RECORDS[3]["output"]},
        ]
    },
    "prompt-completion": {
        "prompt": [
            {"role": "user", "content": "My kettle is slow."},
            {"role": "assistant", "content": "Descale it."},
            {"role": "user", "content": "And the hose?"},
        ],
        "completion": [{"role": "assistant", "content": RECORDS[3]["output"]}],
    },
    "dpo": {
        "prompt": [{"role": "user", "content": "How do I clean the kettle?\nIt is old."}],
        "chosen": [{"role": "assistant", "content": LONG}],
        "rejected": [{"role": "assistant", "content": "Buy a new one."}],
    },
    "kto": {
        "prompt": [{"role": "user", "content": "How do I clean the kettle?\nIt is old."}],
        "completion": [{"role": "assistant", "content": "Buy a new one."}],
        "label": False,
    },
    "openai": {
        "messages": [
            {"role": "user", "content": "My kettle is slow."},
            {"role": "assistant", "content": "Descale it.", "weight": 0},
            {"role": "user", "content": "And the hose?"},
            {"role": "assistant", "content": RECORDS[3]["output"]},
        ]
    },
    "openai-dpo": {
        "input": {"messages": [{"role": "user", "content": "How do I clean the kettle?\nIt is old."}]},
        "preferred_output": [{"role": "assistant", "content": LONG}],
        "non_preferred_output": [{"role": "assistant", "content": "Buy a new one."}],
    },
}


@pytest.mark.parametrize("kind", FORMATS)
def test_a_snapshot_in_the_format_of_another_trainer(kind: Format, data: Path) -> None:
    out = io.StringIO()
    of_pairs = kind in ("dpo", "kto", "openai-dpo")
    with catalog.connect(data) as con:
        split = con.sql("SELECT split FROM curated_pairs").fetchall()[0][0] if of_pairs else "train"
    count = export("mill", data, kind, out, split)
    lines = [json.loads(line) for line in out.getvalue().splitlines()]
    assert count == len(lines) == (1 if kind in ("dpo", "openai-dpo") else 2)
    assert lines[-1] == EXPORTED[kind]


def test_what_a_format_cannot_hold_is_counted(
    data: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(FORMATS, "alpaca", lambda row: iter(()))
    assert export("mill", data, "alpaca", io.StringIO()) == 0
    records = export("mill", data, "messages", io.StringIO())
    assert records and f"alpaca cannot hold {records} records" in caplog.text
    assert "messages cannot" not in caplog.text


def test_export_without_a_snapshot_says_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="gristmill run mill"):
        export("mill", tmp_path, "alpaca", io.StringIO())


def test_another_policy_tried(data: Path) -> None:
    effect = try_policy(policy.load(data / "mine.toml"), catalog.connect(data), data)
    assert (effect.recipe, effect.records, effect.kept) == ("mill", 4, 2)
    assert set(effect.rules) == {
        RuleEffect("short", broken=1, marginal=0),
        RuleEffect("disliked", broken=1, marginal=0),
        RuleEffect("duplicate", broken=1, marginal=1),
    }


def test_trying_before_dedupe_says_so(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="up to dedupe"):
        try_policy(policy.load("default"), catalog.connect(tmp_path), tmp_path)
