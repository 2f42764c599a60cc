"""DPO (Rafailov et al. 2023), KTO (Ethayarajh et al. 2024) and reward models (Ouyang et al. 2022) through TRL.

The trainers get pairs of tokens that are made already, and take the same ones whether or not they were interrupted.
Under LoRA the reference is the model with its adapter off; where all weights are trained it is loaded a second time.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from datasets import Dataset
from numpy.typing import NDArray
from transformers import AutoModelForCausalLM, AutoModelForSequenceClassification
from trl import DPOConfig, DPOTrainer, KTOConfig, KTOTrainer, RewardConfig, RewardTrainer
from trl.trainer.dpo_trainer import DataCollatorForPreference
from trl.trainer.kto_trainer import DataCollatorForUnpairedPreference
from trl.trainer.reward_trainer import DataCollatorForPreference as RewardCollator

from pipelines.finetune.batches import TokenBatches
from pipelines.finetune.checkpoints import Checkpoint
from pipelines.finetune.stored import Stored
from pipelines.finetune.train import Repeatable, Where, arguments, callbacks, lora, to_its_end
from pipelines.recipe import FinetuneSettings, PreferenceSettings

Row = dict[str, Any]


@dataclass(frozen=True)
class Learner:
    """What is trained: the model, its tokenizer, ids of new tokens, the reference where it is not the adapter off."""

    model: Any
    tokenizer: Any
    new_token_ids: list[int]
    reference: Any = None


@dataclass(frozen=True)
class StoredPairs:
    """The pairs of a file, by number: `prompt_ids`, `chosen_ids`, `rejected_ids`, each a list of token ids."""

    stored: Stored

    def __call__(self, asked: dict[str, Sequence[int]]) -> dict[str, list[list[int]]]:
        found: dict[str, list[list[int]]] = {"prompt_ids": [], "chosen_ids": [], "rejected_ids": []}
        for number in asked["number"]:
            for at, name in enumerate(("chosen_ids", "rejected_ids")):
                ids, (start, *_) = self.stored.tokens(2 * number + at)
                found[name].append(ids[start:])
            found["prompt_ids"].append(ids[:start])
        return found

    def lengths(self, numbers: NDArray[Any]) -> NDArray[Any]:
        """Tokens of both answers with their prompts, each padded to the longer one."""
        tokens = self.stored.lengths
        return np.asarray(2 * np.maximum(tokens[::2], tokens[1::2])[numbers])


def train(
    learner: Learner,
    stored: Stored,
    numbers: NDArray[Any],
    settings: FinetuneSettings,
    wanted: PreferenceSettings,
    where: Where,
) -> Checkpoint:
    """Train on the pairs of these numbers. Returns the checkpoint that is the result."""
    examples = StoredPairs(stored)
    batches = TokenBatches(examples.lengths(numbers), settings.batch_tokens, settings.seed)
    data = Dataset.from_dict({"number": numbers}).with_transform(examples)
    make = _MAKE[wanted.method]

    def trainer(last: Checkpoint | None) -> Repeatable:
        shared: dict[str, Any] = {
            "train_dataset": data,
            "processing_class": learner.tokenizer,
            "callbacks": callbacks(settings, where, last),
        }
        told = arguments(settings, len(batches), where) | {"max_length": None}
        made: Repeatable = make(learner, settings, wanted, told, shared)
        made.batches = batches
        return made

    return to_its_end(trainer, settings, where)


def kind_of(method: str) -> Any:
    """The class of transformers that loads what a method leaves."""
    return AutoModelForSequenceClassification if method == "reward" else AutoModelForCausalLM


def adapter(learner: Learner, settings: FinetuneSettings, task: str = "CAUSAL_LM") -> Any:
    """The LoRA configuration; None where all weights are trained."""
    return lora(learner.model, learner.new_token_ids, settings, task) if settings.method == "lora" else None


class _Prepared:
    """The pairs are tokens already: TRL would render them by the template, and let what people wrote be markup."""

    def _prepare_dataset(self, dataset: Dataset, *_: Any) -> Dataset:
        return dataset


class _DPO(_Prepared, Repeatable, DPOTrainer):
    pass


class _KTO(_Prepared, Repeatable, KTOTrainer):
    pass


class _Reward(_Prepared, Repeatable, RewardTrainer):
    pass


def _dpo(
    learner: Learner, settings: FinetuneSettings, wanted: PreferenceSettings, told: Row, shared: Row
) -> Repeatable:
    return _DPO(
        model=learner.model,
        ref_model=learner.reference,
        args=DPOConfig(**told, beta=wanted.beta),
        data_collator=DataCollatorForPreference(learner.tokenizer.pad_token_id),
        peft_config=adapter(learner, settings),
        **shared,
    )


def _kto(
    learner: Learner, settings: FinetuneSettings, wanted: PreferenceSettings, told: Row, shared: Row
) -> Repeatable:
    return _KTO(
        model=learner.model,
        ref_model=learner.reference,
        # the batches have a fixed order of their own, whatever TRL is told of it
        args=KTOConfig(**told, beta=wanted.beta, train_sampling_strategy="sequential"),
        data_collator=_Unpaired(DataCollatorForUnpairedPreference(learner.tokenizer.pad_token_id)),
        peft_config=adapter(learner, settings),
        **shared,
    )


def _reward(
    learner: Learner, settings: FinetuneSettings, wanted: PreferenceSettings, told: Row, shared: Row
) -> Repeatable:
    return _Reward(
        model=learner.model,
        args=RewardConfig(**told),
        data_collator=_Whole(RewardCollator(learner.tokenizer.pad_token_id)),
        peft_config=adapter(learner, settings, "SEQ_CLS"),
        **shared,
    )


_MAKE: dict[str, Callable[..., Repeatable]] = {"dpo": _dpo, "kto": _kto, "reward": _reward}


@dataclass(frozen=True)
class _Whole:
    """Pairs as a reward model reads them: each answer behind its prompt."""

    collate: Callable[[list[Row]], Row]

    def __call__(self, pairs: list[Row]) -> Row:
        names = ("chosen_ids", "rejected_ids")
        return self.collate([{name: pair["prompt_ids"] + pair[name] for name in names} for pair in pairs])


@dataclass(frozen=True)
class _Unpaired:
    """Pairs as KTO learns them: each answer alone, and with its prompt an answer to the question before, from which
    KTO estimates how far the model has moved. A pair that is a batch by itself has only its own other answer."""

    collate: Callable[[list[Row]], Row]

    def __call__(self, pairs: list[Row]) -> Row:
        answers = [(pair, name) for pair in pairs for name in ("chosen_ids", "rejected_ids")]
        moved = 2 if len(pairs) > 1 else 1
        others = answers[-moved:] + answers[:-moved]
        return self.collate(
            [
                {
                    "prompt_ids": pair["prompt_ids"],
                    "completion_ids": pair[name],
                    "KL_completion_ids": other[which],
                    "label": name == "chosen_ids",
                }
                for (pair, name), (other, which) in zip(answers, others, strict=True)
            ]
        )
