"""The special tokens that a model and its tokenizer get, and on which all agree."""

from types import SimpleNamespace
from typing import Any

import pytest

from pipelines.models import prompt
from tests.pipelines.models.test_prompt_parts import CHAT, Letters


class Model:
    """What the functions for special tokens look at."""

    def __init__(self, rows: int, ends: Any = None) -> None:
        self.rows, self.resized = rows, list[int]()
        self.config = SimpleNamespace()
        self.generation_config = SimpleNamespace(eos_token_id=ends)

    def get_input_embeddings(self) -> SimpleNamespace:
        return SimpleNamespace(num_embeddings=self.rows)

    def resize_token_embeddings(self, rows: int) -> None:
        self.resized.append(rows)


class Vocabulary(Letters):
    def __init__(self, known: dict[str, int], eos: str | None) -> None:
        super().__init__("")
        self.known, self.eos_token = dict(known), eos

    def __len__(self) -> int:
        return len(self.known)

    def get_vocab(self) -> dict[str, int]:
        return dict(self.known)

    def add_special_tokens(self, told: dict[str, Any]) -> None:
        names = told.get("extra_special_tokens", []) or [told["eos_token"]]
        self.eos_token = told.get("eos_token", self.eos_token)
        self.extra_special_tokens = told.get("extra_special_tokens", self.extra_special_tokens)
        for name in names:
            self.known.setdefault(name, len(self.known))

    def convert_tokens_to_ids(self, names: list[str]) -> list[int]:
        return [self.known[name] for name in names]


BEFORE = {"<old>": 0, "<E>": 1, "a": 2}


def test_a_model_gets_the_markers_it_lacks_and_rows_for_them() -> None:
    model, tokenizer = Model(3), Vocabulary(BEFORE, "<E>")
    assert prompt.add_special_tokens(model, tokenizer) == [3, 4, 5]
    assert model.resized == [6] and tokenizer.chat_template == prompt.TEMPLATE
    assert tokenizer.extra_special_tokens == ["<old>", *prompt.MARKERS] and tokenizer.eos_token == "<E>"


def test_rows_that_are_there_already_are_used() -> None:
    for rows in (6, 99):
        model = Model(rows)
        prompt.add_special_tokens(model, Vocabulary(BEFORE, "<E>"))
        assert model.resized == []


def test_a_marker_that_is_known_is_not_new_and_an_end_may_be() -> None:
    tokenizer = Vocabulary(BEFORE | {prompt.INPUT: 3}, None)
    model = Model(4)
    assert prompt.add_special_tokens(model, tokenizer) == [4, 5, 6]
    assert tokenizer.eos_token == prompt.END and tokenizer.known[prompt.END] == 6 and model.resized == [7]


def test_a_model_with_a_template_is_left_alone() -> None:
    tokenizer = Vocabulary(BEFORE, None)
    tokenizer.chat_template = CHAT
    assert prompt.add_special_tokens(Model(0), tokenizer) == [] and tokenizer.known == BEFORE


@pytest.mark.parametrize(("ends", "settled"), [(None, [1]), (7, [1, 7]), ([7, 5], [1, 5, 7]), ([1], [1])])
def test_all_agree_on_where_a_text_ends(ends: Any, settled: list[int]) -> None:
    model, tokenizer = Model(9, ends), Letters(CHAT)
    tokenizer.bos_token_id, tokenizer.pad_token_id = 8, 9
    prompt.align_special_tokens(model, tokenizer)
    assert model.generation_config.eos_token_id == settled and model.config.eos_token_id == 1
    assert [model.config.pad_token_id, model.config.bos_token_id] == [9, 8]
    assert [model.generation_config.pad_token_id, model.generation_config.bos_token_id] == [9, 8]
    assert tokenizer.pad_token == "<E>"
    tokenizer.pad_token = "<P>"
    prompt.align_special_tokens(model, tokenizer)
    assert tokenizer.pad_token == "<P>"


def test_a_model_that_scores_has_no_settings_of_writing() -> None:
    model, tokenizer = Model(9, None), Letters(CHAT)
    model.generation_config = None  # type: ignore[assignment]
    tokenizer.bos_token_id, tokenizer.pad_token_id = 8, 9
    prompt.align_special_tokens(model, tokenizer)
    assert [model.config.pad_token_id, model.config.bos_token_id, model.config.eos_token_id] == [9, 8, 1]
