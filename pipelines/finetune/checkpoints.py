"""States of training on disk.

A checkpoint is complete when its list of files is there: that is written last, after everything else is on the disk.
"""

import json
import logging
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from transformers import TrainerCallback

from pipelines.messages import tr
from pipelines.recipe import FinetuneSettings
from pipelines.storage import complete, filesystem
from pipelines.storage.integrity import Damaged
from pipelines.workers.progress import ProgressState, track

EVERY = 60.0  # seconds
KEPT = 2  # the newest, and the one before it for the case that the newest rots

log = logging.getLogger("gristmill")


@dataclass(frozen=True)
class Checkpoint:
    """A state of training on disk: the optimiser steps so far, the seconds they took, and whether they were all."""

    path: Path
    step: int
    seconds: float
    finished: bool

    def losses(self) -> list[tuple[int, float]]:
        """(step, mean loss in nats per answer token) of every step so far."""
        return self.logged("loss")

    def logged(self, name: str) -> list[tuple[int, float]]:
        """(step, value) wherever the trainer has noted this value."""
        return [(entry["step"], entry[name]) for entry in self._state()["log_history"] if name in entry]

    def planned_steps(self) -> int:
        """The steps that settings and examples ask for, done or not."""
        return int(self._state()["max_steps"])

    def held_out(self) -> list[tuple[int, float]]:
        """(step, held-out loss) where it was measured."""
        return _held_out(self._state()["log_history"])

    def epochs(self) -> float:
        """How often the steps so far went through the examples."""
        return round(float(self._state()["epoch"]), 2)

    def _state(self) -> dict[str, Any]:
        state: dict[str, Any] = json.loads((self.path / "trainer_state.json").read_text())
        return state


def _held_out(history: list[dict[str, Any]]) -> list[tuple[int, float]]:
    return [(entry["step"], entry["eval_loss"]) for entry in history if "eval_loss" in entry]


def _best(losses: list[tuple[int, float]]) -> int:
    """The step of the lowest loss, the first of equal ones; 0 where none was measured."""
    return min(losses, key=lambda one: one[1], default=(0, 0.0))[0]


def published(folder: Path, settings: FinetuneSettings) -> Checkpoint | None:
    """The checkpoint whose weights are the result: with `patience` that of the lowest held-out loss, else the last."""
    last = last_complete(folder)
    if last and last.finished and settings.patience:
        best = _best(last.held_out())
        found = (Checkpoint(path, **values) for path in _by_step(folder) if (values := _values(path)))
        return next((one for one in found if one.step == best), last)
    return last


def last_complete(folder: Path) -> Checkpoint | None:
    """The newest complete checkpoint below `folder`.

    Those that a killed run left half done, that are damaged or that an earlier release wrote are removed.
    """
    whole = []
    for path in _by_step(folder):
        if values := _values(path):
            whole.append(Checkpoint(path, **values))
        else:
            complete.remove(path)
    return whole[-1] if whole else None


def _values(path: Path) -> dict[str, Any] | None:
    """What is listed of a checkpoint that training can go on from, else None; what is wrong is told."""
    try:
        found = complete.read(path)
    except Damaged as error:
        log.warning(tr("{path}: damaged ({what}); this checkpoint is left out", path=error.path, what=error.what))
        return None
    if found and not found[1]:  # it has no hashes, and took the examples in another order
        log.warning(tr("{path}: written by an earlier release; this checkpoint is left out", path=path))
        return None
    return found[0] if found else None


def _by_step(folder: Path) -> list[Path]:
    """The checkpoints below `folder`, complete or not, the newest last. Clocks are set back; steps only rise."""
    return sorted(folder.glob("checkpoint-*"), key=lambda path: int(path.name.rpartition("-")[2]))


class Checkpointing(TrainerCallback):
    """Decides when to save and when to stop, marks checkpoints complete, and shows progress."""

    def __init__(self, settings: FinetuneSettings, folder: Path, seconds_before: float, stage: str) -> None:
        """`seconds_before` is what the run took up to the checkpoint that it goes on from. `stage` is what is shown."""
        self.settings, self.folder, self.seconds_before, self.stage = settings, folder, seconds_before, stage
        self.finished, self.loss = False, ""

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        self.started = self.saved = time.monotonic()
        left = range(state.global_step, state.max_steps)
        total = None if self.settings.max_seconds else len(left)  # time may end it before
        self.steps = track(left, f"{self.stage}: train", state=lambda: ProgressState(total, self.loss))
        next(self.steps, None)

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        now = time.monotonic()
        out_of_time = bool(self.settings.max_seconds) and self._seconds(now) >= self.settings.max_seconds
        self.finished = out_of_time or state.global_step >= state.max_steps
        control.should_training_stop = self.finished
        control.should_log |= self.finished
        every = self.settings.evaluate_every
        control.should_evaluate = bool(every) and (self.finished or state.global_step % every == 0)
        control.should_save = self.finished or now - self.saved >= EVERY
        next(self.steps, None)

    def on_evaluate(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """The best so far is saved. What is known of losses is read from the state, which a checkpoint has."""
        losses = _held_out(state.log_history)
        best = _best(losses)
        if not self.settings.patience:
            return
        since = sum(step > best for step, _ in losses)
        self.finished |= since >= self.settings.patience
        control.should_training_stop |= self.finished
        control.should_save |= self.finished or best == state.global_step

    def on_log(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        last = state.log_history[-1]
        if "reward" in last:  # whose loss is about 0 at each step, whatever is learnt
            self.loss = tr("reward {reward:.3f}", reward=last["reward"])
        elif "loss" in last:
            self.loss = tr("loss {loss:.3f}", loss=last["loss"])
        if "eval_loss" in last:
            says = {"stage": self.stage, "loss": last["eval_loss"], "step": last["step"]}
            log.info(tr("{stage}: held-out loss {loss:.3f} after step {step}", **says))

    def on_train_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        self.steps.close()
        if state.log_history:
            steps = {"stage": self.stage, "step": state.global_step, "steps": state.max_steps}
            log.info(tr("{stage}: {step} of {steps} steps, {loss}", loss=self.loss, **steps))

    def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        path = self.folder / f"checkpoint-{state.global_step}"
        for file in sorted(path.iterdir()):
            filesystem.sync_file(file)
        now = time.monotonic()
        checkpoint = Checkpoint(path, state.global_step, self._seconds(now), self.finished)
        fields = {key: value for key, value in asdict(checkpoint).items() if key != "path"}
        complete.write(path, **fields)
        filesystem.sync_folder(self.folder)
        best = f"checkpoint-{_best(_held_out(state.log_history))}" if self.settings.patience else ""
        for older in _by_step(self.folder)[:-KEPT]:
            if older.name != best:
                complete.remove(older)
        self.saved = now

    def _seconds(self, now: float) -> float:
        return self.seconds_before + now - self.started
