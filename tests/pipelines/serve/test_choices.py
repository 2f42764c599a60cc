"""What a client may ask of a completion besides its text, over the real server: tokens, the best of several, bias."""

from pathlib import Path
from typing import Any

import openai
import pytest

from pipelines.recipe import RecipeError
from tests.pipelines.serve.served import PROMPT, complete, http, model, running
from tests.waiting import FAR


def test_penalties_count_what_was_written_but_not_the_prompt(data: Path) -> None:
    import torch

    from pipelines.serve.choice import Choice, GenerationRequest

    request = GenerationRequest(((0, 1),), 9, temperature=0, presence_penalty=0.5, frequency_penalty=0.25)
    choice = Choice(model(data).engine, request, 0)
    level = torch.tensor([0.1, 0.3, 0.2, 0.9, 0.0])
    written = [choice.add(level) and choice.last for _ in range(4)]
    assert written == [3, 1, 2, 3]  # .9; then 3 stands at .15, later at .15 - .25 and so on
    assert choice.counts is not None and choice.counts.tolist() == [0, 1, 1, 2, 0]


def test_a_bias_is_added_to_the_logit_of_its_token(client: openai.OpenAI, data: Path) -> None:
    engine = model(data).engine
    tokens = complete(client, logprobs=0, max_tokens=4).choices[0].logprobs.tokens
    banned = str([engine.token_text(number) for number in range(engine.vocabulary_size)].index(tokens[0]))
    assert (
        complete(client, logprobs=0, max_tokens=4, logit_bias={banned: -100}).choices[0].logprobs.tokens[0] != tokens[0]
    )
    forced = complete(client, logprobs=0, max_tokens=3, logit_bias={banned: 100}).choices[0].logprobs.tokens
    assert forced == [tokens[0]] * 3


@pytest.mark.parametrize("n", [1, 2])
def test_the_likeliest_of_several_are_returned(client: openai.OpenAI, n: int) -> None:
    settings: dict[str, Any] = {"temperature": 1.5, "seed": 3, "logprobs": 0, "max_tokens": 6}
    written = complete(client, n=5, **settings).choices
    means = {choice.text: sum(choice.logprobs.token_logprobs) / len(choice.logprobs.tokens) for choice in written}
    best = complete(client, n=n, best_of=5, **settings)
    assert [choice.text for choice in best.choices] == sorted(means, key=lambda text: means[text], reverse=True)[:n]
    silent = complete(client, n=n, best_of=5, **settings | {"logprobs": None})
    assert [choice.text for choice in silent.choices] == [choice.text for choice in best.choices]
    assert all(choice.logprobs is None for choice in silent.choices)
    assert best.usage.completion_tokens == sum(len(choice.logprobs.tokens) for choice in written)


def test_probabilities_of_prompt_and_completion_are_told(client: openai.OpenAI) -> None:
    choice = complete(client, echo=True, logprobs=2, max_tokens=5).choices[0]
    told = choice.logprobs
    assert "".join(told.tokens).startswith(PROMPT) and told.text_offset[:2] == [0, len(told.tokens[0])]
    assert told.token_logprobs[0] is None and told.top_logprobs[0] is None
    assert all(value <= 0 for value in told.token_logprobs[1:])
    assert [max(top.values()) for top in told.top_logprobs[-5:]] == pytest.approx(told.token_logprobs[-5:])
    streamed = list(complete(client, echo=True, logprobs=2, max_tokens=5, stream=True))
    tokens = [token for chunk in streamed for part in chunk.choices for token in part.logprobs.tokens]
    assert tokens == told.tokens
    assert complete(client, echo=True, logprobs=1, max_tokens=0).choices[0].logprobs.tokens == told.tokens[:-5]


def test_a_chat_tells_probabilities_in_its_own_shape(client: openai.OpenAI) -> None:
    asked: Any = [{"role": "user", "content": "How do I keep a branch?"}]
    settings: dict[str, Any] = {"model": "tiny", "temperature": 0, "max_tokens": 4}
    told = client.chat.completions.create(messages=asked, logprobs=True, top_logprobs=3, **settings).choices[0].logprobs
    plain = complete(client, logprobs=3, max_tokens=4).choices[0].logprobs
    assert told and told.content
    assert [each.token for each in told.content] == plain.tokens
    assert [each.top_logprobs[0].logprob for each in told.content] == pytest.approx(plain.token_logprobs)
    assert bytes(told.content[0].bytes or []).decode() == plain.tokens[0]


def test_an_engine_is_a_model_by_its_older_name(url: str, client: openai.OpenAI) -> None:
    body = {"prompt": PROMPT, "temperature": 0, "max_tokens": 24}
    text = complete(client).choices[0].text
    for path, more in (("/v1/engines/tiny/v1/completions", {}), ("/v1/completions", {"engine": "tiny"})):
        assert http.post(url + path, json=body | more).json()["choices"][0]["text"] == text
    assert http.post(f"{url}/v1/engines/other/completions", json=body).status_code == 404
    assert http.post(f"{url}/v1/engines/tiny/completions", json=body | {"n": 0}).json()["error"]["param"] == "n"
    assert [each["id"] for each in http.get(f"{url}/v1/engines").json()["data"]] == ["tiny/v1"]


def test_settings_of_other_servers_are_ignored_and_named(url: str) -> None:
    body = {"model": "tiny", "prompt": "a", "max_tokens": 1, "top_k": 5, "grammar": "x", "größe\n": 1, "min_p": None}
    reply = http.post(f"{url}/v1/completions", json=body)
    assert reply.status_code == 200
    assert reply.headers["x-ignored-settings"] == r"grammar, 'gr\xf6\xdfe\n', top_k"


def test_an_answer_in_a_chat_is_bounded_where_none_is_asked(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from pipelines.serve import completions

    monkeypatch.setattr(completions, "MAX_ANSWER", 2)
    body = {"model": "tiny", "messages": [{"role": "user", "content": "How do I keep a branch?"}]}
    reply = http.post(f"{url}/v1/chat/completions", json=body).json()
    assert reply["usage"]["completion_tokens"] == 2 and reply["choices"][0]["finish_reason"] == "length"


def test_a_model_and_its_base_answer_side_by_side(data: Path, client: openai.OpenAI, chat_model: Path) -> None:
    from pipelines.serve.app import create_app
    from pipelines.serve.loading import find_model, load_beside

    folder = find_model("tiny", data)
    for url in running(create_app(model(data), load_beside("base", folder, data))):
        both = openai.OpenAI(base_url=f"{url}/v1", api_key="any", max_retries=0, timeout=FAR)
        assert [each.id for each in both.models.list()] == ["tiny/v1", "base"]
        tuned, base = (complete(both, model=name).choices[0].text for name in ("tiny", "base"))
        assert tuned == complete(client).choices[0].text != base
        assert complete(both, model=chat_model.name).choices[0].text == base
        with pytest.raises(openai.NotFoundError, match="this server has 'tiny/v1', 'base'"):
            complete(both, model="other")


def test_the_base_of_a_model_that_others_trained_is_not_known(data: Path, chat_model: Path) -> None:
    from pipelines.serve.loading import load_beside

    with pytest.raises(RecipeError, match="no manifest says what it was trained from"):
        load_beside("base", chat_model, data)
