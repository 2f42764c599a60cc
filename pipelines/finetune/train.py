"""Training through TRL, from the last complete checkpoint if there is one.

What is published is always read back from the final checkpoint, so that a killed run and an unbroken one agree.
Which examples a step takes depends on seed and epoch alone, so that a run that goes on takes the same ones.
"""

import logging
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from datasets import Dataset
from peft import LoraConfig, PeftModel
from torch.utils.data import DataLoader
from transformers import AutoModelForCausalLM, PrinterCallback, Trainer, TrainerCallback
from trl import SFTConfig, SFTTrainer

from pipelines.finetune import checkpoints, reports
from pipelines.finetune.batches import StepBatches, TokenBatches
from pipelines.finetune.checkpoints import Checkpoint
from pipelines.finetune.evaluate import EncodedRow, mean_loss
from pipelines.finetune.stored import Stored
from pipelines.messages import Message, tr
from pipelines.models import base
from pipelines.models.losses import autocast_dtype
from pipelines.models.prompt import with_system
from pipelines.recipe import FinetuneSettings
from pipelines.storage import filesystem

ADAPTER = "adapter"
WARMUP = 0.1  # share of the steps; DEITA's recipe, and where LoRA's first steps are largest
TIMED_WARMUP = 3  # steps, where `max_seconds` ends training
POINTS = 1_000  # of the loss curve at most: their number must not grow with the examples

log = logging.getLogger("gristmill")


@dataclass(frozen=True)
class Where:
    """What a run is called, where its checkpoints lie, and where TensorBoard finds its numbers.

    Its `batches`, where they are not to be as many examples as `batch_tokens` hold.
    """

    name: str
    checkpoints: Path
    reports: Path
    stage: str = "finetune"
    batches: StepBatches | None = None


def train(
    model: Any,
    tokenizer: Any,
    examples: Stored,
    new_token_ids: list[int],
    settings: FinetuneSettings,
    where: Where,
    held_out: Sequence[EncodedRow] = (),
) -> Checkpoint:
    """Train `model` on the answers of `examples`. Returns the checkpoint that is the result.

    Under LoRA the embeddings of `new_token_ids` are trained too. The loss of `held_out` is measured in between.

    Raises: RuntimeError when training ends without a final checkpoint.
    """

    def trainer(last: Checkpoint | None) -> _Trainer:
        made = _trainer(model, tokenizer, examples, new_token_ids, settings, where, last)
        made.held_out = held_out
        return made

    return to_its_end(trainer, settings, where)


def to_its_end(trainer: Callable[[Checkpoint | None], Trainer], settings: FinetuneSettings, where: Where) -> Checkpoint:
    """Make a trainer for the last complete checkpoint, if any, and train. Returns the checkpoint that is the result.

    Raises: RuntimeError when training ends without a final checkpoint.
    """
    last = checkpoints.last_complete(where.checkpoints)
    if not (last and last.finished):
        made = trainer(last)
        made.remove_callback(PrinterCallback)  # it prints a line per step
        if last:
            log.info(tr("{stage}: going on from step {step}", stage=where.stage, step=last.step))
        made.train(resume_from_checkpoint=str(last.path) if last else None)
    result = checkpoints.published(where.checkpoints, settings)
    if result is None or not (result.finished or settings.patience):
        raise RuntimeError(Message("{folder}: training ended without a final checkpoint", folder=where.checkpoints))
    return result


def callbacks(settings: FinetuneSettings, where: Where, last: Checkpoint | None) -> list[TrainerCallback]:
    """Checkpoints and progress, and what reports the numbers."""
    deciding = checkpoints.Checkpointing(settings, where.checkpoints, last.seconds if last else 0.0, where.stage)
    return [deciding, *reports.callbacks(settings, where.reports, last.step if last else 0)]


def _trainer(
    model: Any,
    tokenizer: Any,
    examples: Stored,
    new_token_ids: list[int],
    settings: FinetuneSettings,
    where: Where,
    last: Checkpoint | None,
) -> "_Trainer":
    batches = where.batches or TokenBatches(examples.lengths, settings.batch_tokens, settings.seed)
    unprepared: dict[str, Any] = {"max_length": None, "dataset_kwargs": {"skip_prepare_dataset": True}}
    trainer = _Trainer(
        model=model,
        args=SFTConfig(**arguments(settings, len(batches), where), **unprepared),
        train_dataset=dataset(examples),
        processing_class=tokenizer,
        peft_config=lora(model, new_token_ids, settings) if settings.method == "lora" else None,
        callbacks=callbacks(settings, where, last),
    )
    trainer.batches = batches
    return trainer


def load_checkpoint(
    base_model: Any, settings: FinetuneSettings, checkpoint: Checkpoint, kind: Any = AutoModelForCausalLM
) -> Any:
    """The model as it was trained. Under LoRA it is `base_model` with the adapter, not yet merged."""
    if settings.method == "lora":
        return PeftModel.from_pretrained(base_model, str(checkpoint.path))
    return kind.from_pretrained(checkpoint.path, dtype=torch.float32, local_files_only=True)


def save(model: Any, tokenizer: Any, settings: FinetuneSettings, folder: Path) -> None:
    """Write model and tokenizer to `folder`, the weights as safetensors.

    Under LoRA the model is merged, and the adapter lies beside it. The chat template has the recipe's system prompt.
    """
    if isinstance(model, PeftModel):
        config: Any = model.peft_config["default"]
        config.base_model_name_or_path = base.published_name(settings.model)
        config.target_modules = sorted(config.target_modules)  # a set: its order changes from run to run
        model.save_pretrained(str(folder / ADAPTER), save_embedding_layers=False)
        (folder / ADAPTER / "README.md").unlink(missing_ok=True)
        model = model.merge_and_unload()
    if getattr(model, "generation_config", None):  # one that scores has none
        # without do_sample, servers built on generate() ignore a temperature
        model.generation_config.update(do_sample=True, temperature=0.7, top_p=0.95)
    model.save_pretrained(folder)
    tokenizer.chat_template = with_system(tokenizer.chat_template, settings.system)
    tokenizer.save_pretrained(folder)


def arguments(settings: FinetuneSettings, batches: int, where: Where) -> dict[str, Any]:
    """What every trainer of TRL is told, where an epoch has so many batches."""
    return dict(
        output_dir=str(where.checkpoints),
        run_name=where.name,
        project="gristmill",
        trackio_space_id=None,  # on this machine
        gradient_accumulation_steps=settings.gradient_accumulation,
        num_train_epochs=settings.epochs,
        max_steps=settings.max_steps,
        learning_rate=settings.learning_rate,
        # where time ends training, the last step is not known beforehand
        warmup_steps=TIMED_WARMUP if settings.max_seconds else WARMUP,
        lr_scheduler_type="constant_with_warmup" if settings.max_seconds else "linear",
        seed=settings.seed,
        bf16=autocast_dtype() == torch.bfloat16,
        use_cpu=not torch.cuda.is_available(),
        activation_checkpointing=False,  # but for long examples: see Repeatable
        accelerator_config={"even_batches": False},  # several GPUs take the batches of TokenBatches in turn
        logging_steps=math.ceil(_steps(settings, batches) / POINTS),
        save_strategy="no",  # Checkpointing decides when
        save_total_limit=None,  # nor what is dropped, which the library decides by times
        report_to="none",  # reports.py has them
        disable_tqdm=True,  # Checkpointing shows how far it is
    )


def _steps(settings: FinetuneSettings, batches: int) -> int:
    """The optimiser steps that are planned."""
    by_epochs = math.ceil(settings.epochs * math.ceil(batches / settings.gradient_accumulation))
    return settings.max_steps if settings.max_steps > 0 else by_epochs


def dataset(examples: Stored) -> Dataset:
    """The numbers of the examples, each of which is read when it is asked for."""
    return Dataset.from_dict({"number": range(len(examples.lengths))}).with_transform(examples)


def lora(model: Any, new_token_ids: list[int], settings: FinetuneSettings, task: str = "CAUSAL_LM") -> LoraConfig:
    """All linear layers, and the embeddings of the new tokens only."""
    name = next(name for name, module in model.named_modules() if module is model.get_input_embeddings())
    return LoraConfig(
        task_type=task,
        r=settings.lora_rank,
        lora_alpha=2 * settings.lora_rank,
        target_modules="all-linear",
        trainable_token_indices={name.rpartition(".")[2]: new_token_ids} if new_token_ids else None,
    )


class Saving(Trainer):
    """What a trainer of TRL lacks: where a checkpoint cannot be written, the error says which folder it is."""

    def _save_checkpoint(self, model: Any, trial: Any) -> None:
        with filesystem.written_by_library(Path(str(self.args.output_dir))):
            super()._save_checkpoint(model, trial)


class Repeatable(Saving):
    """It takes the same batches, whether or not it was interrupted."""

    batches: TokenBatches | StepBatches

    def training_step(self, model: Any, inputs: Any, *more: Any, **named: Any) -> Any:
        """An example longer than a batch is computed twice instead of kept, so that memory is that of a batch."""
        trained: Any = self.model
        if inputs["input_ids"].numel() > self.batches.tokens:
            trained.activation_checkpointing_enable({"use_reentrant": False})
        else:
            trained.activation_checkpointing_disable()
        return super().training_step(model, inputs, *more, **named)

    def get_train_dataloader(self) -> Any:
        examples: Any = self.train_dataset
        loader = DataLoader(examples, batch_sampler=self.batches, collate_fn=self.data_collator)
        return self.accelerator.prepare(loader)


class _Trainer(Repeatable, SFTTrainer):
    held_out: Sequence[EncodedRow]

    def evaluate(self, *_: Any, **__: Any) -> dict[str, float]:
        """The held-out loss, as the card has it: every token of an answer counts the same."""
        found = {"eval_loss": mean_loss(self.model, self.held_out, self.batches.tokens)}
        self.log(found)
        self.control = self.callback_handler.on_evaluate(self.args, self.state, self.control, found)
        return found
