"""Perplexity and difficulty by a tiny model: what a question adds to its answer, and what cannot be measured."""

import math
from pathlib import Path

import pytest
import torch

from pipelines import annotate, catalog
from pipelines.curate import measured, policy
from pipelines.models import base, difficulty
from pipelines.models.prompt import encode_text
from pipelines.recipe import AnnotateSettings
from tests.pipelines.annotate.test_annotate import MILL, write_records


def row(instruction: str, output: str) -> dict[str, object]:
    return {"instruction": instruction, "input": "", "output": output, "history": [], "system": "", "tools": ""}


ROWS = [row("How do I boil an egg?", "First boil an egg, then wait."), row("怎样煮鸡蛋？", "先煮水，再放鸡蛋。")]


def test_the_numbers_are_those_of_the_model(plain_model: Path, tmp_path: Path) -> None:
    """Of the answer alone: exp of the mean loss of its tokens but the first, which nothing precedes."""
    found = difficulty.perplexities(ROWS, str(plain_model), tmp_path)
    model, tokenizer = base.load(str(plain_model), tmp_path)
    ids = torch.tensor([encode_text(str(ROWS[0]["output"]), tokenizer)])
    with torch.inference_mode():
        expected = math.exp(float(model.eval()(input_ids=ids, labels=ids).loss))
    assert found[0].alone == pytest.approx(expected, rel=0.02)
    assert all(one.ratio is not None and one.ratio > 0 for one in found)


def test_a_neighbour_changes_nothing(plain_model: Path, tmp_path: Path) -> None:
    together = difficulty.perplexities(ROWS, str(plain_model), tmp_path)
    apart = [difficulty.perplexities([one], str(plain_model), tmp_path)[0] for one in ROWS]
    assert together == apart


def test_what_cannot_be_told_is_null(plain_model: Path, tmp_path: Path) -> None:
    long = "word " * difficulty.MAX_TOKENS
    empty, filled = difficulty.perplexities([row("Why?", ""), row(long, "Because so.")], str(plain_model), tmp_path)
    assert empty == (None, None)
    assert filled.alone is not None and filled.ratio is None


def test_annotate_measures_it_when_the_recipe_asks(plain_model: Path, tmp_path: Path) -> None:
    write_records(tmp_path, shards=1, rows=2)
    asked = MILL.model_copy(update={"annotate": AnnotateSettings(difficulty=str(plain_model))})
    made = annotate.run(asked, "forum", tmp_path)
    assert annotate.run(asked, "forum", tmp_path) == made
    with catalog.connect(tmp_path) as con:
        assert con.sql("SELECT count(pair_difficulty), count(output_perplexity) FROM signals").fetchall() == [(2, 2)]
    annotate.run(MILL, "forum", tmp_path)
    with catalog.connect(tmp_path) as con:
        assert con.sql("SELECT count(*), count(pair_difficulty) FROM signals").fetchall() == [(2, 0)]


def test_a_rule_that_looks_at_what_is_not_measured_is_told() -> None:
    rule = policy.Rule(name="no_help", drop_if="pair_difficulty >= 1", why="The question does not help.")
    rules = policy.Policy(rules=(rule,))
    assert measured.unmeasured(rules, MILL) == {"no_help": "annotate.difficulty"}
    asked = MILL.model_copy(update={"annotate": AnnotateSettings(difficulty="smollm2")})
    assert measured.unmeasured(rules, asked) == {}
