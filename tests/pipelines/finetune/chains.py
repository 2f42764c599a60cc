"""Fine-tunes that are killed and go on, each run in a process of its own.

A run kills itself before the n-th call of a function, so that no clock decides where it ends. The processes are forked
from one that has only imported the libraries: importing them takes longer than training.
"""

import multiprocessing
import os
import shutil
import signal
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from pipelines import finetune, prefer, storage
from schemas.manifest import Manifest
from tests.pipelines.conftest import recipe, rows, write_snapshot
from tests.pipelines.prefer.pairing import pair, preferring

STEPS, PER_EPOCH = 9, 5
SETTINGS = {"max_steps": STEPS, "batch_tokens": 200, "gradient_accumulation": 2, "eval_records": 1}
SETTINGS |= {"evaluate_every": 2, "patience": 4}
ROWS = 30  # the last batch of an epoch has one example
PAIRS = 15
PREFERENCES = ("dpo", "kto", "reward", "rloo")
PLACES = {
    "step": "what a step has computed is lost",
    "weights": "the checkpoint has its weights, and no state of the optimiser",
    "torn": "the optimiser's state is half written",
    "list": "the checkpoint has all but its list of files",
    "drop": "the checkpoint is complete, the one that it replaces is half deleted",
    "save": "training has ended, and of the model there is a library's temporary file",
    "adopt": "some files of the model are in their place",
    "card": "all is there but the card",
}


@dataclass(frozen=True)
class Kill:
    """Where a run kills itself: before the n-th call, counted from 1, of what belongs to a place of PLACES."""

    place: str
    call: int = 1


def snapshot(data: Path) -> Path:
    """A data folder with a snapshot of ROWS rows and PAIRS pairs, in either of which PER_EPOCH steps are an epoch."""
    paired = [pair(number) for number in range(PAIRS)] + [pair(number, "validation") for number in (100, 101)]
    write_snapshot(data, rows(ROWS, "train"), rows(2, "validation", 100), pairs=paired)
    return data


def train(data: Path, model: Path, method: str) -> Manifest:
    """Train by a method of fine-tuning or one of PREFERENCES."""
    if method not in PREFERENCES:
        return finetune.run(recipe(model, method=method, **SETTINGS), data)
    together = ROWS // PER_EPOCH if method == "rloo" else 2
    shared = {"batch_tokens": SETTINGS["batch_tokens"], "gradient_accumulation": together}
    wanted = {"max_steps": STEPS, "learning_rate": 3e-3, "answer_tokens": 8, "answers": 2}
    return prefer.run(preferring(model, method, shared, **wanted), data)


def with_dropout(model: Path, folder: Path) -> Path:
    """A copy of a model whose attention drops a tenth, so that the state of random numbers decides the weights."""
    shutil.copytree(model, folder)
    config = folder / "config.json"
    assert '"attention_dropout": 0.0' in config.read_text()
    config.write_text(config.read_text().replace('"attention_dropout": 0.0', '"attention_dropout": 0.1'))
    return folder


def start(data: Path, model: Path, method: str, kill: Kill | None = None) -> BaseProcess:
    """Begin a run, or go on with one that was killed; every step writes a checkpoint."""
    context = multiprocessing.get_context("forkserver")
    # all that a run imports, or each of its processes would import it anew
    context.set_forkserver_preload([__name__, "matplotlib.figure", "pipelines.finetune.train", "pipelines.prefer.rloo"])
    process = context.Process(target=_run, args=(data, model, method, kill))
    process.start()
    return process


def chain(data: Path, model: Path, method: str, kills: Iterable[Kill]) -> Manifest:
    """The manifest of a model whose run was killed at each of `kills` in turn, and then went on to its end."""
    for kill in kills:
        killed(data, model, method, kill)
    process = start(data, model, method)
    process.join()
    assert process.exitcode == 0
    return finished(data, method)


def killed(data: Path, model: Path, method: str, kill: Kill) -> None:
    """Begin a run, or go on with one, and wait until it has killed itself."""
    process = start(data, model, method, kill)
    process.join()
    assert process.exitcode == -signal.SIGKILL, f"{kill} never came: {process.exitcode}"


def finished(data: Path, method: str) -> Manifest:
    """The manifest of the one model of a method; nothing but what it lists is in its folder."""
    name = f"tiny.{method}" if method in PREFERENCES else "tiny"
    (folder,) = (path for path in (data / "6_models" / name).iterdir() if not path.is_symlink())
    manifest = storage.read_manifest(folder)
    assert manifest
    files = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert files == {shard.path for shard in manifest.shards} | {storage.MANIFEST}
    return manifest


def _run(data: Path, model: Path, method: str, kill: Kill | None) -> None:
    from pipelines.finetune import checkpoints
    from pipelines.models import base

    base.require_train()
    checkpoints.EVERY = 0.0
    if kill:
        _prepare(kill, method)
    train(data, model, method)


def _prepare(kill: Kill, method: str) -> None:
    from pipelines.finetune import card, checkpoints, train
    from pipelines.prefer import card as preference_card
    from pipelines.storage import complete

    owners: dict[str, tuple[Any, str]] = {
        "step": (checkpoints.Checkpointing, "on_step_end"),
        "weights": (train.Saving, "_save_optimizer_and_scheduler"),
        "torn": (train.Saving, "_save_scaler"),
        "list": (complete, "write"),
        "drop": (complete, "remove"),
        "save": (train, "save"),
        "adopt": (storage.FolderBuilder, "adopt"),
        "card": (preference_card if method in PREFERENCES else card, "write"),
    }
    owner, name = owners[kill.place]
    setattr(owner, name, _deadly(getattr(owner, name), kill.call, LEFT.get(kill.place)))


def _deadly(function: Callable[..., Any], call: int, leave: Callable[..., object] | None) -> Callable[..., Any]:
    calls = 0

    def counted(*arguments: Any, **named: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == call:
            if leave:
                leave(*arguments)
            os.kill(os.getpid(), signal.SIGKILL)
        return function(*arguments, **named)

    return counted


def _tear(_: Any, checkpoint: str) -> None:
    path = Path(checkpoint) / "optimizer.pt"
    os.truncate(path, path.stat().st_size // 2)


def _delete_half(checkpoint: Path) -> None:
    (checkpoint / "complete.json").unlink()
    (checkpoint / "trainer_state.json").unlink()


def _write_temporary(model: Any, tokenizer: Any, name: str, folder: Path) -> None:
    folder.mkdir(parents=True)
    (folder / ".tmpAb12Cd").write_bytes(bytes(1_000))


# what a kill in the middle of a place leaves; it gets the arguments of the call
LEFT: dict[str, Callable[..., object]] = {"torn": _tear, "drop": _delete_half, "save": _write_temporary}
