"""Training takes no more memory for a million examples than for a thousand."""

import multiprocessing
import random
import sys
from collections.abc import Iterator
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from pipelines.models.prompt import Example
from tests.pipelines.conftest import CHAT, make_model, recipe

GROWTH = 200_000_000  # bytes
STEPS = 30
FEW, MANY = 1_000, 1_000_000


def examples(count: int) -> Iterator[Example]:
    draw = random.Random(1)
    for _ in range(count):
        length = draw.randint(20, 120)
        yield Example([draw.randint(3, 250)] * length, length // 2)


def train(count: int, model: Path, folder: Path, out: Connection) -> None:
    """Write so many examples and train for some steps; send the most memory that was resident, in bytes."""
    import resource

    from pipelines.finetune import stored
    from pipelines.finetune import train as training
    from pipelines.models import base

    base.require_train()
    settings = recipe(model, max_steps=STEPS, batch_tokens=1_024).finetune
    loaded, tokenizer, new = base.load_with_special_tokens(settings, folder)
    stored.write(examples(count), folder / "examples")
    where = training.Where("tiny", folder / "checkpoints", folder / "reports")
    training.train(loaded, tokenizer, stored.Stored(folder / "examples"), new, settings, where)
    out.send(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)


@pytest.mark.skipif(sys.platform != "linux", reason="the unit of what the system tells")
@pytest.mark.timeout(3_600)
def test_memory_does_not_grow_with_the_examples(tmp_path: Path) -> None:
    model = make_model(tmp_path / "model", CHAT)
    context, most = multiprocessing.get_context("spawn"), {}
    for count in (FEW, MANY):
        folder, (reader, writer) = tmp_path / str(count), context.Pipe(duplex=False)
        folder.mkdir()
        process = context.Process(target=train, args=(count, model, folder, writer))
        process.start()
        most[count] = reader.recv()
        process.join()
    print(f"\nbytes: {most}")
    assert most[MANY] - most[FEW] <= GROWTH
