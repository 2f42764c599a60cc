"""The best of several completions by a reward model: found beside the model that writes, named, or left out."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openai
import pytest

from pipelines import finetune, prefer
from pipelines.recipe import RecipeError
from pipelines.serve.loading import find_judge, find_model, load_beside, load_judge, load_model
from tests.pipelines.conftest import recipe, rows, write_snapshot
from tests.pipelines.prefer.pairing import folder_of, pair, preferring
from tests.pipelines.serve.served import PROMPT, complete, running
from tests.waiting import FAR

SETTINGS: dict[str, Any] = {"temperature": 1.2, "seed": 3, "max_tokens": 8}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory, chat_model: Path) -> Path:
    """A model that begins its answers in several ways, and a reward model that likes some of them."""
    folder = tmp_path_factory.mktemp("judged")
    made = [pair(number) for number in range(24)] + [pair(number, "validation") for number in range(100, 112)]
    write_snapshot(folder, rows(60, "train"), rows(4, "validation", 100), pairs=made)
    finetune.run(recipe(chat_model, method="full", max_steps=60, learning_rate=5e-3), folder)
    prefer.run(preferring(chat_model, "reward", max_steps=20), folder)
    return folder


@pytest.fixture(scope="module")
def judge(data: Path) -> Any:
    found = find_judge("", find_model("tiny", data), data)
    assert found == folder_of(data, "reward")
    return load_judge(found)


@pytest.fixture(scope="module")
def client(data: Path, judge: Any) -> Iterator[openai.OpenAI]:
    from dataclasses import replace

    from pipelines.serve.app import create_app

    model = replace(load_model(find_model("tiny", data), "tiny"), judge=judge)
    for url in running(create_app(model)):
        yield openai.OpenAI(base_url=f"{url}/v1", api_key="any", max_retries=0, timeout=FAR)


@pytest.mark.parametrize("n", [1, 3])
@pytest.mark.parametrize("prompt", [PROMPT, "How do I keep a branch?"])
def test_the_best_by_the_reward_model_come_back_and_the_response_says_so(
    client: openai.OpenAI, judge: Any, n: int, prompt: str
) -> None:
    written = complete(client, prompt=prompt, n=6, **SETTINGS)
    assert "ranked_by" not in written.model_extra
    scores = judge.scores(prompt, [(one.text, one.finish_reason == "stop") for one in written.choices])
    ordered = sorted(zip(scores, [one.text for one in written.choices], strict=True), key=lambda one: -one[0])
    best = complete(client, prompt=prompt, n=n, best_of=6, **SETTINGS)
    assert [one.text for one in best.choices] == [text for _, text in ordered[:n]]
    assert [one.model_extra["reward"] for one in best.choices] == pytest.approx([s for s, _ in ordered[:n]], abs=1e-3)
    assert best.model_extra["ranked_by"] == "tiny.reward/v1"
    assert all(one.logprobs is None for one in best.choices)


def test_each_prompt_of_a_request_has_its_best(client: openai.OpenAI) -> None:
    both = complete(client, prompt=[PROMPT, "How do I boil an egg?"], n=1, best_of=4, echo=True, **SETTINGS)
    assert [one.text.startswith(prompt) for one, prompt in zip(both.choices, (PROMPT, "How do I boil"), strict=True)]
    assert all(isinstance(one.model_extra["reward"], float) for one in both.choices)


def test_what_is_liked_is_preferred_however_a_prompt_is_written(judge: Any) -> None:
    for prompt in (PROMPT, "How do I keep a branch?"):
        good, bad = judge.scores(prompt, [("First keep a branch.", True), ("At last keep a branch.", True)])
        assert good > bad
    (longer,) = judge.scores("word " * 2_000, [("First keep a branch.", True)])  # than its context
    assert isinstance(longer, float)


def test_without_one_likelihood_ranks_and_says_so(data: Path) -> None:
    from pipelines.serve.app import create_app

    for url in running(create_app(load_model(find_model("tiny", data), "tiny"))):
        client = openai.OpenAI(base_url=f"{url}/v1", api_key="any", max_retries=0, timeout=FAR)
        best = complete(client, n=1, best_of=3, **SETTINGS)
        assert best.model_extra["ranked_by"] == "likelihood"
        assert "reward" not in best.choices[0].model_extra


def test_a_reward_model_is_found_by_recipe_by_folder_or_not_at_all(data: Path, tmp_path: Path) -> None:
    tuned, reward = find_model("tiny", data), folder_of(data, "reward")
    for name in ("", "tiny", "tiny.reward", str(reward)):
        assert find_judge(name, tuned, data) == reward, name
    assert find_judge("none", tuned, data) is None
    with pytest.raises(RecipeError, match=r"--reward .*: writes texts and does not score them"):
        find_judge(str(tuned), tuned, data)
    with pytest.raises(RecipeError, match=r"nobody\.reward: not a model folder.*models here: tiny, tiny\.reward"):
        find_judge("nobody", tuned, data)
    alone = tmp_path / "alone" / "v1"
    alone.parent.mkdir()
    alone.symlink_to(tuned)
    assert find_judge("", alone, tmp_path) is None  # nothing stands beside it there


def test_one_that_has_learnt_nothing_is_not_taken_unasked(
    tmp_path: Path, chat_model: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Its ranking would be worse than that by likelihood."""
    write_snapshot(tmp_path, rows(12, "train"), [], pairs=[pair(number) for number in range(8)])
    finetune.run(recipe(chat_model, max_steps=1), tmp_path)
    prefer.run(preferring(chat_model, "reward", max_steps=1), tmp_path)
    tuned = find_model("tiny", tmp_path)
    assert find_judge("", tuned, tmp_path) is None
    assert "has not learnt what people prefer" in caplog.text
    assert find_judge("tiny", tuned, tmp_path) == folder_of(tmp_path, "reward")


def test_a_reward_model_is_not_asked_to_write(data: Path) -> None:
    with pytest.raises(RecipeError, match="a reward model, which scores texts and writes none"):
        load_model(find_model("tiny.reward", data))


def test_beside_a_model_of_preferences_stands_what_it_began_with(data: Path, chat_model: Path) -> None:
    prefer.run(preferring(chat_model, "dpo", max_steps=1), data)
    folder = find_model("tiny.dpo", data)
    assert load_model(folder, "tiny.dpo").names[:2] == ["tiny.dpo/v1", "tiny.dpo"]
    assert find_judge("", folder, data) == folder_of(data, "reward")
    assert load_beside("base", folder, data).names[:2] == ["tiny/v1", "tiny"]
