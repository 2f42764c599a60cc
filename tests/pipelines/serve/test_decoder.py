"""Many texts at once, against transformers' own generation of each alone; and probabilities against its logits."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pipelines.serve.choice import Delta, GenerationRequest
from pipelines.serve.decoder import MAX_ROWS, Decoder, Job
from pipelines.serve.engine import Batch, Engine
from tests.waiting import FAR

PROMPTS = ("How do I keep a branch?", "a", "怎样磨面粉？" * 5, "Plant a tree. " * 9)


@pytest.fixture(scope="module")
def engine(chat_model: Path) -> Engine:
    return Engine.load(chat_model)


class Client:
    """What came back of a request."""

    def __init__(self, request: GenerationRequest) -> None:
        self.deltas: list[Delta] = []
        self.result: int | Exception | None = None
        self.ended, self.cancelled = threading.Event(), threading.Event()
        self.job = Job(request, self.deltas.append, self._end, self.cancelled)

    def _end(self, result: int | Exception) -> None:
        self.result = result
        self.ended.set()

    def text(self, choice: int = 0) -> str:
        assert self.ended.wait(FAR)
        return "".join(delta.text for delta in self.deltas if delta.choice == choice)


def ask(engine: Engine, text: str, tokens: int = 12, **settings: Any) -> GenerationRequest:
    return GenerationRequest((engine.encode(text),) * settings.pop("n", 1), tokens, **({"temperature": 0} | settings))


def run(decoder: Decoder, *requests: GenerationRequest) -> list[Client]:
    clients = [Client(request) for request in requests]
    for client in clients:
        decoder.submit(client.job)
    assert all(client.ended.wait(FAR) for client in clients)
    return clients


def alone(engine: Engine, text: str, tokens: int) -> str:
    """What transformers itself writes, greedily."""
    import torch

    ids = torch.tensor([engine.encode(text)])
    settings: dict[str, Any] = {
        "do_sample": False,
        "max_new_tokens": tokens,
        "eos_token_id": sorted(engine.end_token_ids),
    }
    said = engine.model.generate(ids, pad_token_id=min(engine.end_token_ids), **settings)
    whole, prompt = (engine.tokenizer.decode(each, skip_special_tokens=True) for each in (said[0], ids[0]))
    return str(whole).removeprefix(str(prompt)).rstrip("\ufffd")


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """How many rows each step had."""
    rows: list[int] = []
    step = Batch.step

    def counted(batch: Batch, tokens: Any) -> Any:
        rows.append(len(tokens))
        return step(batch, tokens)

    monkeypatch.setattr(Batch, "step", counted)
    yield rows


def test_together_they_write_what_each_writes_alone(engine: Engine, steps: list[int]) -> None:
    lengths = (12, 30, 5, 21)
    clients = run(Decoder(engine), *(ask(engine, text, size) for text, size in zip(PROMPTS, lengths, strict=True)))
    for client, text, size in zip(clients, PROMPTS, lengths, strict=True):
        assert client.text() == alone(engine, text, size)
        assert isinstance(client.result, int) and client.result <= size
    assert max(steps) > 1


def test_requests_join_between_two_tokens(engine: Engine, steps: list[int]) -> None:
    decoder, first = Decoder(engine), Client(ask(engine, PROMPTS[0], 60, logit_bias=_no_end(engine)))
    second = Client(ask(engine, PROMPTS[1], 4, logit_bias=_no_end(engine)))
    emit = first.job.emit
    begun = threading.Event()

    def emit_and_begin(delta: Delta) -> None:
        emit(delta)
        if not begun.is_set():  # while the first is being written
            begun.set()
            decoder.submit(second.job)

    first.job.emit = emit_and_begin
    decoder.submit(first.job)
    assert first.ended.wait(FAR) and second.ended.wait(FAR)
    assert (first.result, second.result) == (60, 4)
    assert len(steps) == 59 and sorted(set(steps)) == [1, 2] and steps.count(2) == 3


def _no_end(engine: Engine) -> tuple[tuple[int, float], ...]:
    return tuple((token, -100.0) for token in engine.end_token_ids)


def test_rows_are_bounded_and_requests_begin_in_order(engine: Engine, steps: list[int]) -> None:
    settings: dict[str, Any] = {"logit_bias": _no_end(engine)}
    sizes = (MAX_ROWS - 2, 4, 1)  # the second has to wait, and the third does not pass it
    clients = run(Decoder(engine), *(ask(engine, "a", 6, n=size, **settings) for size in sizes))
    assert max(steps) <= MAX_ROWS
    assert [client.result for client in clients] == [6 * size for size in sizes]
    assert steps[:5] == [MAX_ROWS - 2] * 5


def test_a_seed_gives_the_same_beside_others(engine: Engine) -> None:
    request = ask(engine, PROMPTS[0], 20, temperature=0.8, top_p=0.9, seed=7, n=2)
    decoder = Decoder(engine)
    (first,) = run(decoder, request)
    second, *_ = run(decoder, request, ask(engine, PROMPTS[2], 20, temperature=1.0), ask(engine, PROMPTS[3], 9))
    assert [first.text(n) for n in range(2)] == [second.text(n) for n in range(2)]


def test_one_that_leaves_makes_room_and_the_others_go_on(engine: Engine) -> None:
    decoder = Decoder(engine)
    leaving, staying = Client(ask(engine, "a", 200, logit_bias=_no_end(engine))), Client(ask(engine, PROMPTS[0], 15))
    emit = leaving.job.emit
    leaving.job.emit = lambda delta: (emit(delta), leaving.cancelled.set())[0]
    for client in (leaving, staying):
        decoder.submit(client.job)
    assert leaving.ended.wait(FAR)
    assert isinstance(leaving.result, int) and leaving.result < 200
    assert staying.text() == alone(engine, PROMPTS[0], 15)


def test_what_fails_ends_with_its_error_and_the_next_request_runs(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    decoder = Decoder(engine)
    with monkeypatch.context() as broken:
        broken.setattr(Batch, "step", lambda *_: (_ for _ in ()).throw(MemoryError("too little")))
        failed = run(decoder, ask(engine, "a"), ask(engine, PROMPTS[0]))
    assert all(isinstance(client.result, MemoryError) for client in failed)
    (after,) = run(decoder, ask(engine, PROMPTS[0]))
    assert after.text() == alone(engine, PROMPTS[0], 12)


def test_models_whose_layers_have_a_window_are_not_joined(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    joined: list[int] = []
    monkeypatch.setattr(Batch, "can_be_joined", lambda self: self.rows == 0)
    join = Batch.join
    monkeypatch.setattr(Batch, "join", lambda self, other: (joined.append(self.rows), join(self, other))[1])
    decoder, clients = Decoder(engine), [Client(ask(engine, text, 8, n=2)) for text in PROMPTS]
    emit = clients[0].job.emit

    def emit_and_submit(delta: Delta) -> None:
        emit(delta)
        while others:
            decoder.submit(others.pop().job)

    others, clients[0].job.emit = clients[:0:-1], emit_and_submit
    decoder.submit(clients[0].job)
    assert [client.text(1) for client in clients] == [alone(engine, text, 8) for text in PROMPTS]
    assert set(joined) == {0} and len(joined) > 1


def test_what_fails_together_is_tried_alone(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    read = Batch.read

    def limited(batch: Batch, prompts: Any) -> Any:
        if len(prompts) > 1 or tuple(prompts[0]) == engine.encode("a"):
            raise MemoryError("too little")
        return read(batch, prompts)

    monkeypatch.setattr(Batch, "read", limited)
    decoder = Decoder(engine)
    with decoder.lock:  # so that all wait when it begins
        decoder.is_working = True
    requests = [ask(engine, text, 6) for text in ("How do I sort a list?", "a", "How do I open a file?")]
    clients = [Client(request) for request in requests]
    for client in clients:
        decoder.submit(client.job)
    decoder.pool.submit(decoder._work)
    assert clients[0].text() == alone(engine, "How do I sort a list?", 6)
    assert clients[2].text() == alone(engine, "How do I open a file?", 6)
    assert clients[1].ended.wait(FAR) and isinstance(clients[1].result, MemoryError)


def test_probabilities_are_the_models(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    from pipelines.serve import engine as module

    monkeypatch.setattr(module, "PROMPT_CHUNK", 3)
    request = ask(
        engine, PROMPTS[3], 3, logprobs=2, prompt_logprobs=True, logit_bias=_no_end(engine), presence_penalty=1
    )
    (client,) = run(Decoder(engine), request)
    tokens = [token for delta in client.deltas for token in delta.tokens]
    ids = [*request.prompts[0], *(int(each) for each in _written(engine, tokens, len(request.prompts[0])))]
    with torch.inference_mode():
        likely = engine.model(torch.tensor([ids])).logits[0].float().log_softmax(1)
    assert tokens[0] == (engine.token_text(ids[0]), None, ())
    for place, token in enumerate(tokens[1:], start=1):
        assert token.text == engine.token_text(ids[place])
        assert token.logprob == pytest.approx(float(likely[place - 1, ids[place]]), abs=1e-4)
        assert token.top[0][1] == pytest.approx(float(likely[place - 1].max()), abs=1e-4)
        assert len(token.top) == 2


def _written(engine: Engine, tokens: Any, start: int) -> list[int]:
    names = {engine.token_text(number): number for number in range(engine.vocabulary_size)}
    return [names[token.text] for token in tokens[start:]]
