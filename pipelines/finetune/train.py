"""Training through TRL, from the last complete checkpoint if there is one.

A checkpoint is complete when its marker is there: it is written last, after everything else is on the disk. What
is published is always read back from the finished checkpoint, so that a killed run and an unbroken one agree.
"""

import json
import logging
import shutil
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from datasets import Dataset
from peft import LoraConfig, PeftModel
from transformers import AutoModelForCausalLM, PrinterCallback, TrainerCallback
from trl import SFTConfig, SFTTrainer

from pipelines import storage
from pipelines.models.losses import precision
from pipelines.models.prompt import Example
from pipelines.recipe import FinetuneSettings
from pipelines.storage import filesystem
from pipelines.workers.progress import LOG_EVERY

MARKER = "complete.json"
ADAPTER = "adapter"
CHECKPOINT_EVERY = 60.0  # seconds
WARMUP = 0.1  # share of the steps; DEITA's recipe, and where LoRA's first steps are largest
CLOCKED_WARMUP = 3  # steps
LABEL_IGNORED = -100

log = logging.getLogger("gristmill")


@dataclass(frozen=True)
class Checkpoint:
    """Where training stood: optimiser steps done, seconds spent on them, and whether that was all."""

    path: Path
    step: int
    seconds: float
    finished: bool

    def losses(self) -> list[tuple[int, float]]:
        """(step, mean loss per answer token) of every step so far."""
        state = json.loads((self.path / "trainer_state.json").read_text())
        return [(entry["step"], entry["loss"]) for entry in state["log_history"] if "loss" in entry]


def train(
    model: Any, tokenizer: Any, examples: Sequence[Example], new: list[int], settings: FinetuneSettings, folder: Path
) -> Checkpoint:
    """Train `model` on the answers; returns the finished checkpoint below `folder`.

    `new` are ids whose embedding rows are trained under LoRA too.
    """
    last = last_complete(folder)
    if last and last.finished:
        return last
    watch = _Watch(settings, folder, last.seconds if last else 0.0)
    trainer = SFTTrainer(
        model=model,
        args=_arguments(settings, len(examples), folder),
        train_dataset=_dataset(examples),
        processing_class=tokenizer,
        peft_config=_lora(model, new, settings) if settings.method == "lora" else None,
        callbacks=[watch],
    )
    trainer.remove_callback(PrinterCallback)  # a line per step: _Watch says enough
    trainer.train(resume_from_checkpoint=str(last.path) if last else None)
    finished = last_complete(folder)
    if finished is None or not finished.finished:
        raise RuntimeError(f"{folder}: training ended without a finished checkpoint")
    return finished


def trained(base: Any, settings: FinetuneSettings, checkpoint: Checkpoint) -> Any:
    """The model as the checkpoint has it; under LoRA the adapter is still apart from the base."""
    if settings.method == "lora":
        return PeftModel.from_pretrained(base, str(checkpoint.path))
    return AutoModelForCausalLM.from_pretrained(checkpoint.path, dtype=torch.float32, local_files_only=True)


def save(model: Any, tokenizer: Any, base_name: str, folder: Path) -> None:
    """The whole model as safetensors; under LoRA merged, with the adapter beside it."""
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
    """The newest checkpoint with a marker; what a killed run left without one is removed."""
    complete = []
    for path in folder.glob("checkpoint-*"):
        if (path / MARKER).exists():
            complete.append(Checkpoint(path, **json.loads((path / MARKER).read_text())))
        else:
            shutil.rmtree(path)
    return max(complete, key=lambda checkpoint: checkpoint.step, default=None)


def _arguments(settings: FinetuneSettings, examples: int, folder: Path) -> SFTConfig:
    cuda = torch.cuda.is_available()
    return SFTConfig(
        output_dir=str(folder),
        per_device_train_batch_size=settings.batch_size,
        gradient_accumulation_steps=settings.gradient_accumulation,
        num_train_epochs=settings.epochs,
        max_steps=settings.max_steps,
        learning_rate=settings.learning_rate,
        # where the clock ends training, the last step is not known beforehand
        warmup_steps=CLOCKED_WARMUP if settings.max_seconds else WARMUP,
        lr_scheduler_type="constant_with_warmup" if settings.max_seconds else "linear",
        train_sampling_strategy="group_by_length",
        seed=settings.seed,
        bf16=precision() == torch.bfloat16,
        use_cpu=not cuda,
        activation_checkpointing=cuda,
        dataloader_pin_memory=cuda,
        logging_steps=1,
        save_strategy="no",  # _Watch says when
        save_total_limit=2,  # one complete while the next is written
        max_length=None,
        dataset_kwargs={"skip_prepare_dataset": True},
        report_to="none",
        disable_tqdm=not sys.stderr.isatty(),
    )


def _dataset(examples: Sequence[Example]) -> Dataset:
    ids = [example.ids for example in examples]
    labels = [[LABEL_IGNORED] * example.start + example.ids[example.start :] for example in examples]
    return Dataset.from_dict({"input_ids": ids, "labels": labels})


def _lora(model: Any, new: list[int], settings: FinetuneSettings) -> LoraConfig:
    """All linear layers; of the embeddings only the markers' rows."""
    name = next(name for name, module in model.named_modules() if module is model.get_input_embeddings())
    return LoraConfig(
        task_type="CAUSAL_LM",
        r=settings.lora_rank,
        lora_alpha=2 * settings.lora_rank,
        target_modules="all-linear",
        trainable_token_indices={name.rpartition(".")[2]: new} if new else None,
    )


class _Watch(TrainerCallback):
    """Says when to stop and when to save, marks checkpoints complete, and tells how far training has come."""

    def __init__(self, settings: FinetuneSettings, folder: Path, spent: float) -> None:
        self.limit, self.folder, self.spent = settings.max_seconds, folder, spent
        self.finished = False

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        self.began = self.saved = self.spoke = time.monotonic()

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        now = time.monotonic()
        out_of_time = bool(self.limit) and self.spent + now - self.began >= self.limit
        self.finished = out_of_time or state.global_step >= state.max_steps
        control.should_training_stop = self.finished
        control.should_save = self.finished or now - self.saved >= CHECKPOINT_EVERY

    def on_log(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        now, last = time.monotonic(), state.log_history[-1]
        if "loss" in last and (now - self.spoke > LOG_EVERY or self.finished):
            self.spoke = now
            log.info("finetune: step %d of %d, loss %.3f", state.global_step, state.max_steps, last["loss"])

    def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        path = self.folder / f"checkpoint-{state.global_step}"
        for file in sorted(path.iterdir()):
            filesystem.sync_file(file)
        now = time.monotonic()
        reached = Checkpoint(path, state.global_step, self.spent + now - self.began, self.finished)
        marker = {key: value for key, value in asdict(reached).items() if key != "path"}
        storage.write_text(path / MARKER, json.dumps(marker))
        self.saved = now
