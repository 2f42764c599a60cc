"""Training through TRL, from the last complete checkpoint if there is one.

A checkpoint is complete when its list of files is there: that is written last, after everything else is on the disk.
What is published is always read back from the final checkpoint, so that a killed run and an unbroken one agree.
Which examples a step takes depends on seed and epoch alone, so that a run that goes on takes the same ones.
"""

import json
import logging
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from datasets import Dataset
from peft import LoraConfig, PeftModel
from transformers import AutoModelForCausalLM, PrinterCallback, TrainerCallback
from transformers.trainer_pt_utils import LengthGroupedSampler
from trl import SFTConfig, SFTTrainer

from pipelines.messages import Message, tr
from pipelines.models.losses import autocast_dtype
from pipelines.models.prompt import Example
from pipelines.recipe import FinetuneSettings
from pipelines.storage import complete, filesystem
from pipelines.storage.integrity import Damaged
from pipelines.workers.progress import ProgressState, track

ADAPTER = "adapter"
CHECKPOINT_EVERY = 60.0  # seconds
CHECKPOINTS_KEPT = 2  # the newest, and the one before it for the case that the newest rots
WARMUP = 0.1  # share of the steps; DEITA's recipe, and where LoRA's first steps are largest
TIMED_WARMUP = 3  # steps, where `max_seconds` ends training
IGNORED_LABEL = -100  # what the loss of transformers skips

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
        return [(entry["step"], entry["loss"]) for entry in self._state()["log_history"] if "loss" in entry]

    def planned_steps(self) -> int:
        """The steps that settings and examples ask for, done or not."""
        return int(self._state()["max_steps"])

    def _state(self) -> dict[str, Any]:
        state: dict[str, Any] = json.loads((self.path / "trainer_state.json").read_text())
        return state


def train(
    model: Any,
    tokenizer: Any,
    examples: Sequence[Example],
    new_token_ids: list[int],
    settings: FinetuneSettings,
    folder: Path,
) -> Checkpoint:
    """Train `model` on the answers of `examples`. Returns the final checkpoint, which lies below `folder`.

    Under LoRA the embeddings of `new_token_ids` are trained too.

    Raises: RuntimeError when training ends without a final checkpoint.
    """
    last = last_complete(folder)
    if last and last.finished:
        return last
    trainer = _Trainer(
        model=model,
        args=_arguments(settings, len(examples), folder),
        train_dataset=_dataset(examples),
        processing_class=tokenizer,
        peft_config=_lora(model, new_token_ids, settings) if settings.method == "lora" else None,
        callbacks=[_Checkpointing(settings, folder, last.seconds if last else 0.0)],
    )
    if last:
        log.info(tr("finetune: going on from step {step}", step=last.step))
    trainer.remove_callback(PrinterCallback)  # it prints a line per step
    trainer.train(resume_from_checkpoint=str(last.path) if last else None)
    final = last_complete(folder)
    if final is None or not final.finished:
        raise RuntimeError(Message("{folder}: training ended without a final checkpoint", folder=folder))
    return final


def load_checkpoint(base_model: Any, settings: FinetuneSettings, checkpoint: Checkpoint) -> Any:
    """The model as it was trained. Under LoRA it is `base_model` with the adapter, not yet merged."""
    if settings.method == "lora":
        return PeftModel.from_pretrained(base_model, str(checkpoint.path))
    return AutoModelForCausalLM.from_pretrained(checkpoint.path, dtype=torch.float32, local_files_only=True)


def save(model: Any, tokenizer: Any, base_name: str, folder: Path) -> None:
    """Write model and tokenizer to `folder`, the weights as safetensors.

    Under LoRA the model is merged, and the adapter lies beside it, with `base_name` as the name of its base model.
    """
    if isinstance(model, PeftModel):
        config: Any = model.peft_config["default"]
        config.base_model_name_or_path = base_name
        config.target_modules = sorted(config.target_modules)  # a set: its order changes from run to run
        model.save_pretrained(str(folder / ADAPTER), save_embedding_layers=False)
        (folder / ADAPTER / "README.md").unlink(missing_ok=True)
        model = model.merge_and_unload()
    # without do_sample, servers built on generate() ignore a temperature
    model.generation_config.update(do_sample=True, temperature=0.7, top_p=0.95)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


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
        log.warning(
            tr("finetune: {path}: damaged ({what}); this checkpoint is left out", path=error.path, what=error.what)
        )
        return None
    if found and not found[1]:  # it has no hashes, and took the examples in another order
        log.warning(tr("finetune: {path}: written by an earlier release; this checkpoint is left out", path=path))
        return None
    return found[0] if found else None


def _by_step(folder: Path) -> list[Path]:
    """The checkpoints below `folder`, complete or not, the newest last. Clocks are set back; steps only rise."""
    return sorted(folder.glob("checkpoint-*"), key=lambda path: int(path.name.rpartition("-")[2]))


def _arguments(settings: FinetuneSettings, examples: int, folder: Path) -> SFTConfig:
    cuda = torch.cuda.is_available()
    return SFTConfig(
        output_dir=str(folder),
        per_device_train_batch_size=settings.batch_size,
        gradient_accumulation_steps=settings.gradient_accumulation,
        num_train_epochs=settings.epochs,
        max_steps=settings.max_steps,
        learning_rate=settings.learning_rate,
        # where time ends training, the last step is not known beforehand
        warmup_steps=TIMED_WARMUP if settings.max_seconds else WARMUP,
        lr_scheduler_type="constant_with_warmup" if settings.max_seconds else "linear",
        train_sampling_strategy="group_by_length",  # with the order of _Trainer
        seed=settings.seed,
        bf16=autocast_dtype() == torch.bfloat16,
        use_cpu=not cuda,
        activation_checkpointing=cuda,
        dataloader_pin_memory=cuda,
        logging_steps=1,
        save_strategy="no",  # _Checkpointing decides when
        save_total_limit=None,  # nor what is dropped, which the library decides by times
        max_length=None,
        dataset_kwargs={"skip_prepare_dataset": True},
        report_to="none",
        disable_tqdm=True,  # _Checkpointing shows how far it is
    )


def _dataset(examples: Sequence[Example]) -> Dataset:
    ids = [example.ids for example in examples]
    labels = [[IGNORED_LABEL] * example.answer_start + example.ids[example.answer_start :] for example in examples]
    return Dataset.from_dict({"input_ids": ids, "labels": labels})


def _lora(model: Any, new_token_ids: list[int], settings: FinetuneSettings) -> LoraConfig:
    """All linear layers, and the embeddings of the new tokens only."""
    name = next(name for name, module in model.named_modules() if module is model.get_input_embeddings())
    return LoraConfig(
        task_type="CAUSAL_LM",
        r=settings.lora_rank,
        lora_alpha=2 * settings.lora_rank,
        target_modules="all-linear",
        trainable_token_indices={name.rpartition(".")[2]: new_token_ids} if new_token_ids else None,
    )


class _Trainer(SFTTrainer):
    """Trains on the same batches, whether or not it was interrupted."""

    def _save_checkpoint(self, model: Any, trial: Any) -> None:
        with filesystem.written_by_library(Path(str(self.args.output_dir))):
            super()._save_checkpoint(model, trial)  # type: ignore[no-untyped-call]

    def _get_train_sampler(self, train_dataset: Dataset | None = None) -> LengthGroupedSampler:
        dataset: Any = self.train_dataset if train_dataset is None else train_dataset
        lengths = [len(ids) for ids in dataset["input_ids"]]
        return _ByLength(self.args.train_batch_size * self.args.gradient_accumulation_steps, lengths, self.args.seed)


class _ByLength(LengthGroupedSampler):
    """Groups examples of like length, in an order that depends on seed and epoch alone.

    That of transformers draws from torch's global generator when an epoch begins. A run that goes on in a later epoch
    has that generator in the state of the first one, and would train on other batches.
    """

    def __init__(self, group_size: int, lengths: list[int], seed: int) -> None:
        super().__init__(group_size, lengths=lengths, generator=torch.Generator())
        self.seed = seed

    def set_epoch(self, epoch: int) -> None:
        """Called by the trainer before each epoch, also before one that it begins in the middle."""
        self.generator.manual_seed(self.seed + epoch)


class _Checkpointing(TrainerCallback):
    """Decides when to save and when to stop, marks checkpoints complete, and shows progress."""

    def __init__(self, settings: FinetuneSettings, folder: Path, seconds_before: float) -> None:
        """`seconds_before` is what the run took up to the checkpoint that it goes on from."""
        self.max_seconds, self.folder, self.seconds_before = settings.max_seconds, folder, seconds_before
        self.finished, self.loss = False, ""

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        self.started = self.saved = time.monotonic()
        left = range(state.global_step, state.max_steps)
        total = None if self.max_seconds else len(left)  # time may end it before
        self.steps = track(left, "finetune: train", state=lambda: ProgressState(total, self.loss))
        next(self.steps, None)

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        now = time.monotonic()
        out_of_time = bool(self.max_seconds) and self._seconds(now) >= self.max_seconds
        self.finished = out_of_time or state.global_step >= state.max_steps
        control.should_training_stop = self.finished
        control.should_save = self.finished or now - self.saved >= CHECKPOINT_EVERY
        next(self.steps, None)

    def on_log(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        last = state.log_history[-1]
        self.loss = tr("loss {loss:.3f}", loss=last["loss"]) if "loss" in last else self.loss

    def on_train_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        self.steps.close()
        if state.log_history:
            steps = {"step": state.global_step, "steps": state.max_steps}
            log.info(tr("finetune: {step} of {steps} steps, {loss}", loss=self.loss, **steps))

    def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        path = self.folder / f"checkpoint-{state.global_step}"
        for file in sorted(path.iterdir()):
            filesystem.sync_file(file)
        now = time.monotonic()
        checkpoint = Checkpoint(path, state.global_step, self._seconds(now), self.finished)
        fields = {key: value for key, value in asdict(checkpoint).items() if key != "path"}
        complete.write(path, **fields)
        filesystem.sync_folder(self.folder)
        for older in _by_step(self.folder)[:-CHECKPOINTS_KEPT]:
            complete.remove(older)
        self.saved = now

    def _seconds(self, now: float) -> float:
        return self.seconds_before + now - self.started
