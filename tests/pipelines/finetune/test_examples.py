"""What of a row is trained on, at the very length, and what is counted of it."""

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipelines.finetune import examples
from pipelines.finetune.fitting import fit
from pipelines.models import prompt
from pipelines.recipe import FinetuneSettings, RecipeError
from tests.pipelines.turns import message, said

BLANK = dict.fromkeys(("input", "system", "tools", "reasoning", "tool_calls"), "")
CALLS = '[{"type": "function", "function": {"name": "bake", "arguments": {}}}]'


@pytest.fixture(scope="module")
def tokenizer(chat_model: Path) -> Any:
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(chat_model)


def row(name: str, output: str, **more: Any) -> dict[str, Any]:
    about = {"record_id": name, "task": "dialogue", "language": "en", "source": "forum"}
    return BLANK | about | {"instruction": "How?", "output": output, "history": []} | more


def settings(length: int, **more: Any) -> FinetuneSettings:
    return FinetuneSettings.model_validate({"model": "m", "max_length": max(16, length), "eval_records": 3} | more)


def size(one: dict[str, Any], tokenizer: Any) -> int:
    return len(prompt.encode(one, tokenizer).ids)


def answer(example: Any, tokenizer: Any) -> str:
    return str(tokenizer.decode(example.ids[example.answer_start :]))


LONG = "First keep a branch.\n\nThen sort a list.\n\n```py\nopen_a_file()\n\nwrite()\n```\n\nAt last boil an egg."


def test_what_fits_is_whole_and_one_token_less_is_cut_at_a_paragraph_without_an_end(tokenizer: Any) -> None:
    one = row("a", LONG)
    whole = fit(one, tokenizer, settings(size(one, tokenizer)))
    assert answer(whole.example, tokenizer) == LONG + "<|im_end|>" and not whole.is_cut
    less = fit(one, tokenizer, settings(size(one, tokenizer) - 1))
    assert answer(less.example, tokenizer) == LONG and less.is_cut, "all of it, but that it ends"
    assert less.learnt_tokens() == whole.learnt_tokens() - 1 and less.answer_tokens == whole.answer_tokens
    within_code = fit(one, tokenizer, settings(size(one | {"output": LONG[: LONG.index("write")]}, tokenizer)))
    assert answer(within_code.example, tokenizer) == LONG[: LONG.index("\n\n```")]


@pytest.mark.parametrize("length", [16, 24, 40, 60, 90])
def test_no_example_is_longer_than_asked_for(length: int, tokenizer: Any) -> None:
    rows = [row("a", LONG), row("b", LONG, history=said("q" * 20, "a" * 40)), row("c", "x " * 60, reasoning=LONG)]
    for one in rows:
        fitted = fit(one, tokenizer, settings(length))
        assert (fitted.example is None) == (fitted.reason is not None)
        assert fitted.example is None or len(fitted.example.ids) <= length
        assert fitted.example is None or fitted.learnt_tokens() > 0


def test_the_oldest_turns_go_first(tokenizer: Any) -> None:
    turns = [*said("the first question", "one " * 9), *said("the second question", "two " * 9)]
    one = row("a", LONG, history=turns)
    fitted = fit(one, tokenizer, settings(size(one, tokenizer) - 1))
    assert fitted.turns == 2 and not fitted.is_cut
    assert fitted.example == prompt.encode(one | {"history": turns[2:]}, tokenizer)
    shorter = fit(one, tokenizer, settings(size(one | {"history": []}, tokenizer)))
    assert shorter.turns == 4 and shorter.example == prompt.encode(one | {"history": []}, tokenizer)
    cut = fit(one, tokenizer, settings(size(one | {"history": []}, tokenizer) - 1))
    assert cut.turns == 4 and cut.is_cut


def test_what_the_answer_is_about_stays(tokenizer: Any) -> None:
    """The result of a tool, the call that it answers and the question of both."""
    waiting = [message("user", "How?"), message("assistant", "", "", CALLS), message("tool", "ok " * 5)]
    one = row("a", LONG, history=[*said("old", "x " * 30), *waiting])
    fitted = fit(one, tokenizer, settings(size(one, tokenizer) - 1))
    assert fitted.turns == 2 and fitted.example == prompt.encode(one | {"history": waiting}, tokenizer)
    cut = fit(one, tokenizer, settings(size(one | {"history": waiting}, tokenizer) - 1))
    assert cut.turns == 2 and cut.is_cut


@pytest.mark.parametrize(
    ("one", "length", "reason"),
    [
        (row("a", LONG, instruction="why " * 30), 40, "prompt"),
        (row("a", CALLS, tool_calls=CALLS), 20, "call"),
        (row("a", "x" * 400), 60, "answer"),
        (row("a", LONG, system="be " * 40), 40, "prompt"),
    ],
)
def test_what_cannot_be_cut_is_left_out_with_its_reason(
    one: dict[str, Any], length: int, reason: str, tokenizer: Any
) -> None:
    fitted = fit(one, tokenizer, settings(length))
    assert (fitted.reason, fitted.example) == (reason, None) and fitted.answer_tokens > 0


def test_what_the_recipe_would_rather_drop_and_what_the_template_refuses(tokenizer: Any) -> None:
    one = row("a", LONG)
    assert fit(one, tokenizer, settings(size(one, tokenizer) - 1, longer="drop")).reason == "longer"
    assert fit(one, tokenizer, settings(size(one, tokenizer), longer="drop")).reason is None
    kept, tokenizer.chat_template = tokenizer.chat_template, "{{ raise_exception('no') }}"
    refused = fit(one, tokenizer, settings(99))
    tokenizer.chat_template = kept
    assert refused.reason == "refused" and refused.answer_tokens == len(prompt.encode_text(LONG, tokenizer))


def test_reasoning_that_does_not_fit_is_cut_where_it_is_learnt(tokenizer: Any) -> None:
    one = row("a", "Yes.", reasoning=LONG)
    assert fit(one, tokenizer, settings(size(one, tokenizer) - 1)).example is not None, "it is not learnt here"
    kept, tokenizer.chat_template = tokenizer.chat_template, tokenizer.chat_template + "{# <think> #}"
    fitted = fit(one, tokenizer, settings(size(one, tokenizer) - 25))
    tokenizer.chat_template = kept
    text = answer(fitted.example, tokenizer)
    assert fitted.is_cut and text.startswith("<think>\nFirst") and "</think>" not in text


def test_the_recipes_system_prompt_is_for_records_without_one(tokenizer: Any) -> None:
    asked = settings(99, system="Be kind.")
    for own, first in (("", "Be kind."), ("Be brief.", "Be brief.")):
        fitted = fit(row("a", "Yes.", system=own), tokenizer, asked)
        assert tokenizer.decode(fitted.example.ids).startswith(f"<|im_start|>system\n{first}<|im_end|>")


def test_all_answers_are_learnt_and_counted_where_that_is_asked(tokenizer: Any) -> None:
    one = row("a", "Yes.", history=said("q", "Perhaps."))
    last, every = (fit(one, tokenizer, settings(99, learn=learn)) for learn in ("last", "all"))
    assert every.example.ids == last.example.ids
    texts = [tokenizer.decode(every.example.ids[start:end]) for start, end in every.example.learnt()]
    assert texts == ["Perhaps.<|im_end|>", "Yes.<|im_end|>"]
    assert last.answer_tokens == last.learnt_tokens() < every.answer_tokens == every.learnt_tokens()


ROWS = [
    row("a", "Yes."),
    row("b", LONG, source="answer_tokens"),
    row("c", "x" * 400, task=None),
    row("d", "No.", task="other"),
]


def test_the_file_holds_the_examples_in_their_order_and_the_counts_say_what_is_in_it(
    tmp_path: Path, tokenizer: Any
) -> None:
    asked = settings(40)
    made, counts = examples.training(ROWS, tokenizer, asked, tmp_path / "made")
    fitted = [fit(one, tokenizer, asked) for one in ROWS]
    expected = [one.example for one in fitted if one.example]
    assert made.lengths.tolist() == [len(example.ids) for example in expected] and len(expected) == 3
    batch = made({"number": [2, 0]})
    for example, ids, labels in zip((expected[2], expected[0]), batch["input_ids"], batch["labels"], strict=True):
        assert ids.tolist() == example.ids
        assert labels.tolist() == [-100] * example.answer_start + example.ids[example.answer_start :]
    rows = {"rows": 4, "trained": 3, "cut": 1, "history_cut": 0, "left_out:answer": 1}
    assert {name: counts[name] for name in rows} == rows
    assert counts["answer_tokens"] == sum(one.answer_tokens for one in fitted)
    assert counts["learnt_tokens"] == sum(one.learnt_tokens() for one in fitted)
    for task, own in (("dialogue", fitted[:2]), ("other", fitted[2:])):
        whole, learnt = sum(one.answer_tokens for one in own), sum(one.learnt_tokens() for one in own)
        assert examples.shares(counts, "task")[task] == (learnt, whole)
    assert set(examples.shares(counts, "source")) == {"forum", "answer_tokens"}


def test_examples_are_made_once_and_again_where_they_rotted(
    tmp_path: Path, tokenizer: Any, caplog: pytest.LogCaptureFixture
) -> None:
    made, counts = examples.training(ROWS, tokenizer, settings(40), tmp_path)
    content = made.path.read_bytes()
    assert examples.training([], tokenizer, settings(40), tmp_path)[1] == counts
    made.path.write_bytes(content[:-1])
    again, counted = examples.training(ROWS, tokenizer, settings(40), tmp_path)
    assert "the examples are made again" in caplog.text
    assert (again.path.read_bytes(), counted) == (content, counts)


def test_many_examples_are_read_wherever_they_lie(tmp_path: Path) -> None:
    import pickle

    from pipelines.finetune.stored import READ_TOGETHER, Stored, write

    made = [prompt.Example([number] * (1 + number % 5), 0, ((0, 1),)) for number in range(2 * READ_TOGETHER + 1)]
    write(made, tmp_path / "file")
    read = pickle.loads(pickle.dumps(Stored(tmp_path / "file")))
    assert read.lengths.tolist() == [len(example.ids) for example in made]
    for number in (0, READ_TOGETHER - 1, READ_TOGETHER, len(made) - 1):
        assert read({"number": [number]})["input_ids"][0].tolist() == made[number].ids
    write([], tmp_path / "none")
    assert Stored(tmp_path / "none").lengths.tolist() == [] and Stored(tmp_path / "none").lengths.dtype == np.int32


def test_where_nothing_fits_the_error_counts_and_names_the_cure(tmp_path: Path, tokenizer: Any) -> None:
    message = (
        r"^finetune.max_length: none of the snapshot's 1 training rows can be trained on "
        r"\(1 are longer than 16 tokens\); raise it, or collect more$"
    )
    with pytest.raises(RecipeError, match=message):
        examples.training([row("a", "x" * 400)], tokenizer, settings(16), tmp_path / "long")
    kept, tokenizer.chat_template = tokenizer.chat_template, "{{ raise_exception('no') }}"
    with pytest.raises(RecipeError, match=r"none of the snapshot's 3 training rows can be trained on \(0 are longer"):
        examples.training([row(name, "Yes.") for name in "abc"], tokenizer, settings(99), tmp_path / "refused")
    tokenizer.chat_template = "{% if messages[0]['role'] == 'system' %}{{ raise_exception('no') }}{% endif %}" + kept
    both = [row("a", "Yes.", system="Be kind."), row("b", "x" * 400)]
    with pytest.raises(RecipeError, match=r"the snapshot's 2 training rows can be trained on \(1 are longer"):
        examples.training(both, tokenizer, settings(16), tmp_path / "both")
    tokenizer.chat_template = kept


def test_examples_are_on_the_disk_before_their_list_says_that_they_are_whole(
    tmp_path: Path, tokenizer: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced, fsync = [], os.fsync

    def noted(descriptor: int) -> None:
        fsync(descriptor)
        synced.append(Path(f"/proc/self/fd/{descriptor}").readlink().name.strip(".").partition(".")[0])

    monkeypatch.setattr(os, "fsync", noted)
    examples.training(ROWS, tokenizer, settings(40), tmp_path / "made")
    assert synced[:2] == ["examples", "complete"]


def test_what_is_held_out_is_cut_alike_chosen_by_name_and_no_more_than_asked_for(tokenizer: Any) -> None:
    rows = [row("a", LONG), row("b", "x" * 400), *(row(name, "Yes.") for name in "cde"), row("f", "No.", task="other")]
    held = examples.held_out(rows, tokenizer, settings(40))
    assert len(held) == 3 and {one.row["record_id"] for one in held} <= {"a", "c", "d", "e", "f"}
    assert "f" in {one.row["record_id"] for one in held}, "every task has its turn"
    assert held == examples.held_out(rows[::-1], tokenizer, settings(40))
    assert examples.held_out([], tokenizer, settings(40)) == []
    (cut,) = examples.held_out(rows[:1], tokenizer, settings(40))
    assert cut.is_cut


@pytest.mark.parametrize(
    ("more", "prompt_tokens", "hard"),
    [
        ({}, 9, 0),
        ({}, 192, 0),
        ({}, 195, 3),
        ({"history": said("q", "a")}, 9, 9),
        ({"system": "Be."}, 9, 9),
        ({"tools": "[]"}, 9, 9),
    ],
)
def test_what_is_hard_to_read(more: dict[str, Any], prompt_tokens: int, hard: int) -> None:
    asked = prompt.Example([5] * (prompt_tokens + 1), prompt_tokens)
    assert examples._hard_to_read(examples.EncodedRow(row("a", "Yes.", **more), asked)) == hard


def test_what_is_answered_for_a_card_is_a_question_alone_where_there_are_enough(tokenizer: Any) -> None:
    many = examples.QUESTIONS + 4
    rows = [row(f"s{n}", "Yes.", system="Be.") for n in range(many)] + [row(f"a{n}", "Yes.") for n in range(many)]
    rows[-1]["language"] = "zh"
    asked = examples.questions(rows, tokenizer, settings(99))
    assert len(asked) == examples.QUESTIONS == 20 and all(one.row["record_id"].startswith("a") for one in asked)
    assert "zh" in {one.language for one in asked}, "every language has its turn"


def test_the_first_are_those_that_can_be_trained_on(tokenizer: Any) -> None:
    rows = [row("a", "x" * 400), *(row(name, "Yes.") for name in "bcde")]
    assert [one.row["record_id"] for one in examples.first(rows, tokenizer, settings(40))] == ["b", "c", "d"]
