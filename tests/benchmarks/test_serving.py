"""Tokens per second of the server's decoder: one text at a time and eight at once, beside transformers' own batches.

The model has the sizes of SmolLM2-135M and random weights; no text ends before its last token.
"""

import threading
import time
from pathlib import Path
from typing import Any

import pytest

from pipelines.serve.choice import GenerationRequest
from pipelines.serve.decoder import Decoder, Job
from pipelines.serve.engine import Engine
from tests.pipelines.conftest import chat_model as chat_model

TOKENS, ROUNDS = 48, 3
PROMPTS = [tuple(range(start, start + 40)) for start in range(10, 18)]


@pytest.fixture(scope="module")
def engine(chat_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Engine:
    from transformers import AutoTokenizer, LlamaConfig, LlamaForCausalLM

    folder = tmp_path_factory.mktemp("model")
    sizes: dict[str, Any] = {
        "hidden_size": 576,
        "intermediate_size": 1536,
        "num_hidden_layers": 30,
        "vocab_size": 49_152,
    }
    heads = {"num_attention_heads": 9, "num_key_value_heads": 3}
    tokenizer = AutoTokenizer.from_pretrained(chat_model)
    config = LlamaConfig(**sizes, **heads, max_position_embeddings=2048, eos_token_id=tokenizer.eos_token_id)
    LlamaForCausalLM(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return Engine.load(folder)


def served(engine: Engine, at_once: int) -> float:
    """Tokens per second where so many clients ask, each again as soon as it has its answer."""
    decoder = Decoder(engine)
    never = tuple((token, -100.0) for token in engine.end_token_ids)

    def client(number: int) -> None:
        for prompt in PROMPTS[number::at_once]:
            ended = threading.Event()
            request = GenerationRequest((prompt,), TOKENS, temperature=0, logit_bias=never)
            decoder.submit(Job(request, lambda _: None, lambda _: ended.set(), threading.Event()))  # noqa: B023
            ended.wait()

    threads = [threading.Thread(target=client, args=(number,)) for number in range(at_once)]
    start = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return len(PROMPTS) * TOKENS / (time.perf_counter() - start)


def by_transformers(engine: Engine, at_once: int) -> float:
    import torch

    start = time.perf_counter()
    for first in range(0, len(PROMPTS), at_once):
        ids = torch.tensor(PROMPTS[first : first + at_once])
        engine.model.generate(ids, do_sample=False, max_new_tokens=TOKENS, min_new_tokens=TOKENS, pad_token_id=0)
    return len(PROMPTS) * TOKENS / (time.perf_counter() - start)


def test_eight_at_once_are_faster_than_one_and_one_is_no_slower(engine: Engine) -> None:
    rounds = [
        (served(engine, 1), served(engine, 8), by_transformers(engine, 1), by_transformers(engine, 8))
        for _ in range(ROUNDS)
    ]
    one, eight, their_one, their_eight = (sorted(column)[ROUNDS // 2] for column in zip(*rounds, strict=True))
    print(f"\ntokens/s: one {one:.1f}, eight {eight:.1f}; transformers one {their_one:.1f}, eight {their_eight:.1f}")
    assert eight >= 2.5 * one
    assert one >= 0.95 * their_one
    assert eight >= 0.85 * their_eight  # which has all eight from the beginning, and need not let any join
