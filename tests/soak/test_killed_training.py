"""Fine-tunes that are killed wherever a run can be, again and again, against the bytes of unbroken ones.

Each chain has attention dropout, two batches a step, batches grouped by length and two epochs.
"""

import random
import time
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest

from schemas.manifest import Manifest
from tests.pipelines.conftest import CHAT, make_model
from tests.pipelines.finetune.chains import PLACES, PREFERENCES, STEPS, Kill, chain, snapshot, start, with_dropout
from tests.waiting import until

METHODS = ("full", "lora", *PREFERENCES)
CHAINS = 30  # five of each method
KILLS = 4  # of each chain


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("models")
    # without a chat template LoRA trains new tokens too
    plain = {method: make_model(folder / f"plain-{method}", CHAT if method == "full" else None) for method in METHODS}
    return {method: with_dropout(plain[method], folder / method) for method in METHODS}


@pytest.fixture(scope="module")
def wholes(models: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Manifest]:
    folder = tmp_path_factory.mktemp("wholes")
    return {method: chain(snapshot(folder / method), models[method], method, []) for method in METHODS}


@pytest.mark.timeout(6 * 3600)
@pytest.mark.parametrize("method", METHODS)
def test_killed_at_each_step_and_in_each_place(
    method: str, models: dict[str, Path], wholes: dict[str, Manifest], tmp_path: Path
) -> None:
    """Before each step's checkpoint, between the parts of one of the second epoch, and while the model is saved."""
    kills = [Kill("step", step) for step in range(2, STEPS + 1)]
    kills += [Kill(place, 6) for place in ("weights", "torn", "list")]
    kills += [Kill("drop", 3), Kill("save"), Kill("adopt", 3), Kill("card")]
    assert {kill.place for kill in kills} == set(PLACES)
    differ = []
    for number, kill in enumerate(kills):
        data = snapshot(tmp_path / str(number))
        differ += [] if chain(data, models[method], method, [kill]) == wholes[method] else [kill]
    print(f"\n{method}: {len(kills)} runs killed once, {len(differ)} end in other bytes")
    assert not differ


@pytest.mark.timeout(6 * 3600)
@pytest.mark.parametrize("number", range(CHAINS))
def test_killed_at_random(number: int, models: dict[str, Path], wholes: dict[str, Manifest], tmp_path: Path) -> None:
    """From outside, KILLS times in each chain: where a kill meets the run differs, the bytes at its end do not."""
    draw, method = random.Random(number), METHODS[number % len(METHODS)]
    data, met = snapshot(tmp_path), []
    for target in sorted(draw.randint(0, STEPS) for _ in range(KILLS)):
        process = start(data, models[method], method)
        kill_after(process, data, target, draw.random() / 10)  # a step takes about as long
        met.append(listed_step(data) if process.exitcode else "end")
    assert chain(data, models[method], method, []) == wholes[method]
    print(f"\n{method}: killed after the steps {met}, then the same bytes")


def kill_after(process: BaseProcess, data: Path, step: int, seconds: float) -> None:
    """Kill a run some time after the checkpoint of a step is complete, unless it has ended."""
    until(lambda: process.exitcode is not None or listed_step(data) >= step, f"step {step}", every=0.002)
    time.sleep(seconds)
    process.kill()
    process.join()


def listed_step(data: Path) -> int:
    """The step of the newest complete checkpoint; 0 where there is none."""
    lists = data.glob("6_models/tiny*/.v1.*/.checkpoints/checkpoint-*/complete.json")
    return max((int(path.parent.name.rpartition("-")[2]) for path in lists), default=0)
