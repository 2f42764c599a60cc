"""RLOO (Ahmadian et al. 2024): the model answers questions, a reward model scores the answers, and those that are
better than the other answers to the same question become likelier. InstructGPT's third step, without a value model.

Questions are those of the snapshot's training records. Each step takes as many as `finetune.gradient_accumulation`.
"""

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from datasets import Dataset
from torch.utils.data import DataLoader, Sampler
from trl import RLOOConfig, RLOOTrainer

from pipelines.finetune import HELD_OUT, TRAIN, examples, gain
from pipelines.finetune.checkpoints import Checkpoint
from pipelines.finetune.stored import Stored
from pipelines.finetune.train import Saving, Where, arguments, callbacks, load_checkpoint, to_its_end
from pipelines.messages import Message, tr
from pipelines.models import base, reward
from pipelines.prefer.learning import Learnt, load
from pipelines.prefer.train import Learner, adapter
from pipelines.recipe import FinetuneSettings, PreferenceSettings, RecipeError
from pipelines.storage import read_manifest, shard_cache
from pipelines.workers.progress import track

if TYPE_CHECKING:
    from pipelines.prefer import Work

LEAST_QUESTION = 16  # tokens
MIN_GAIN = 0.05  # of the reward, whose scale is that of log-odds: less is not worth the name

log = logging.getLogger("gristmill")


def learn(work: "Work", where: Where, folder: Path, judge: Path) -> Learnt:
    """Train on the answers to the snapshot's questions, by the reward model of `judge`."""
    with shard_cache.local_copy_of(judge, read_manifest(judge)) as local:
        judging, _ = reward.load(local)
    learner = load(work, work.settings)
    settings = _settings(work, learner.model)
    stored, counts = examples.training(_questions(work, TRAIN), learner.tokenizer, settings, folder)
    held_out = examples.held_out(_questions(work, HELD_OUT), learner.tokenizer, settings)
    log.info(
        tr("prefer: {questions} questions, {held_out} held out", questions=counts["trained"], held_out=len(held_out))
    )
    asked = [one.example.ids[: one.example.answer_start] for one in held_out]
    rewards = _Rewards(judging, settings.batch_tokens)
    before = rewards.of_answers(learner, asked, work, "answers before")
    checkpoint = _train(work, learner, stored, settings, where, rewards)
    del learner  # two of them need not fit into memory
    after = load(work, work.settings)
    after = Learner(load_checkpoint(after.model, settings, checkpoint), after.tokenizer, [])
    answered = rewards.of_answers(after, asked, work, "answers after")
    ids = [one.row["record_id"] for one in held_out]
    found = {"pairs": 0, "questions": len(ids), **(_compared(ids, before, answered) if ids else {})}
    return Learnt(after.model, after.tokenizer, checkpoint, counts, found)


def _questions(work: "Work", *splits: str) -> Iterator[dict[str, Any]]:
    """The rows of some splits without their answers."""
    return (row | {"output": "", "reasoning": "", "tool_calls": ""} for row in work.snapshot.rows(*splits))


def _settings(work: "Work", model: Any) -> FinetuneSettings:
    """Question and answer together fit into the model; held-out questions are as many as pairs would be.

    Raises: RecipeError when the answers leave no room for questions.
    """
    settings = base.within_context(work.settings, model)
    room = settings.max_length - work.wanted.answer_tokens
    if room < LEAST_QUESTION:
        raise RecipeError(
            "preference.answer_tokens: {tokens} of {max_length} tokens leave no room for a question; lower it, or "
            "raise finetune.max_length",
            tokens=work.wanted.answer_tokens,
            max_length=settings.max_length,
        )
    return settings.model_copy(update={"max_length": room, "eval_records": work.wanted.eval_pairs})


@dataclass(frozen=True)
class _Rewards:
    """What a reward model says of answers."""

    judge: Any
    batch_tokens: int

    def of_ids(self, prompts: Sequence[list[int]], completion_ids: Sequence[list[int]], **_: Any) -> Any:
        """The scores of answers, as TRL asks for them: both are token ids."""
        both = [[*prompt, *answer] for prompt, answer in zip(prompts, completion_ids, strict=True)]
        return reward.scores(self.judge, both, self.batch_tokens)

    def of_answers(self, learner: Learner, asked: Sequence[list[int]], work: "Work", what: str) -> list[float]:
        """The mean score of answers to each question, drawn by chance as in training, the same ones on every call."""
        found = []
        torch.manual_seed(work.settings.seed)
        for prompt in track(asked, f"prefer: {what}", len(asked)):
            said = _answers(learner, prompt, work.wanted)
            found.append(float(np.mean(self.of_ids([prompt] * len(said), said))))
        return found


def _answers(learner: Learner, prompt: list[int], wanted: PreferenceSettings) -> list[list[int]]:
    """Token ids of answers to a question, each up to its end."""
    model, tokenizer = learner.model.eval(), learner.tokenizer
    ids = torch.tensor([prompt] * wanted.answers, device=model.device)
    drawn = {"do_sample": True, "temperature": 1.0, "top_p": 1.0, "top_k": 0, "pad_token_id": tokenizer.pad_token_id}
    with torch.inference_mode():
        said = model.generate(ids, attention_mask=torch.ones_like(ids), max_new_tokens=wanted.answer_tokens, **drawn)
    ends = model.generation_config.eos_token_id
    ends = ends if isinstance(ends, list) else [ends]
    return [_up_to(ends, answer[len(prompt) :].tolist()) for answer in said]


def _up_to(ends: Sequence[int], answer: list[int]) -> list[int]:
    """As TRL cuts what is trained on: with the first token that ends a text."""
    return answer[: next((place for place, token in enumerate(answer) if token in ends), len(answer)) + 1]


def _compared(ids: Sequence[str], before: Sequence[float], after: Sequence[float]) -> dict[str, Any]:
    """The mean rewards, and by how much they rose with an interval over pages."""
    rise = gain.measure(ids, [(value, 1) for value in after], [(value, 1) for value in before])
    return {"before": round(float(np.mean(before)), 4), "after": round(float(np.mean(after)), 4), "gain": rise}


def _train(
    work: "Work", learner: Learner, stored: Stored, settings: FinetuneSettings, where: Where, rewards: _Rewards
) -> Checkpoint:
    questions = Questions(len(stored.lengths), settings.gradient_accumulation, work.wanted.answers, settings.seed)
    data = Dataset.from_dict({"number": range(len(stored.lengths))}).with_transform(_Prompts(stored))
    told = arguments(settings, len(questions), where) | {"gradient_accumulation_steps": 1}

    def trainer(last: Checkpoint | None) -> Saving:
        made = _RLOO(
            model=learner.model,
            reward_funcs=[rewards.of_ids],
            args=RLOOConfig(
                **told,
                per_device_train_batch_size=settings.gradient_accumulation * work.wanted.answers,
                num_generations=work.wanted.answers,
                max_completion_length=work.wanted.answer_tokens,
                beta=work.wanted.beta,
            ),
            train_dataset=data,
            processing_class=learner.tokenizer,
            peft_config=adapter(learner, settings),
            callbacks=callbacks(settings, where, last),
        )
        made.questions = questions
        return made

    return to_its_end(trainer, settings, where)


@dataclass(frozen=True)
class _Prompts:
    """The questions of a file of examples, by number, as token ids."""

    stored: Stored

    def __call__(self, asked: dict[str, Sequence[int]]) -> dict[str, list[list[int]]]:
        found = [self.stored.tokens(number) for number in asked["number"]]
        return {"prompt": [ids[:start] for ids, (start, *_) in found]}


class Questions(Sampler[list[int]]):
    """Lists of the numbers of questions, each as often as it is answered. They depend on seed and epoch alone."""

    def __init__(self, count: int, together: int, answers: int, seed: int) -> None:
        self.count, self.together, self.answers, self.seed, self.epoch = count, together, answers, seed, 0

    def set_epoch(self, epoch: int) -> None:
        """Called by the trainer before each epoch, also before one that it begins in the middle."""
        self.epoch = epoch

    def __len__(self) -> int:
        return max(1, self.count // self.together)

    def __iter__(self) -> Iterator[list[int]]:
        order = np.random.default_rng([self.seed, self.epoch]).permutation(self.count)
        order = np.resize(order, max(self.together, self.count))  # fewer questions than a step takes come again
        for start in range(0, len(self) * self.together, self.together):
            yield np.repeat(order[start : start + self.together], self.answers).tolist()


class _RLOO(Saving, RLOOTrainer):
    """Takes prompts that are tokens already, in an order of their own."""

    questions: Questions

    def get_train_dataloader(self) -> Any:
        asked: Any = self.train_dataset
        loader = DataLoader(asked, batch_sampler=self.questions, collate_fn=self.data_collator)
        return self.accelerator.prepare(loader)

    def _tokenize_prompts(self, prompts: list[list[int]]) -> tuple[list[list[int]], None, dict[str, Any]]:
        return prompts, None, {}


def is_learnt(numbers: Mapping[str, Any]) -> bool:
    """Whether a model's `metrics.json` shows that the reward rose on held-out questions."""
    found = numbers["held_out"].get("gain")
    return bool(found and found["mean"] >= MIN_GAIN and found["low"] is not None and found["low"] > 0)


def sentence(numbers: Mapping[str, Any]) -> Message:
    """What training changed, of a model's `metrics.json`."""
    held_out = numbers["held_out"]
    if not held_out["questions"]:
        return Message("Nothing was measured: the snapshot holds out no question")
    found, says = held_out["gain"], Message("Whether the reward rose cannot be told")
    if is_learnt(numbers):
        says = Message("The model has learnt to write what its reward model likes")
    elif found["high"] is not None and found["high"] < 0:
        says = Message("Training made the model worse")
    return Message(
        "{outcome}: over {questions} held-out questions the mean reward was {before:.3f} before training and "
        "{after:.3f} after it ({interval}); it is the judge that the model was trained with, and people may think "
        "otherwise",
        outcome=says,
        questions=held_out["questions"],
        before=held_out["before"],
        after=held_out["after"],
        interval=_interval(found),
    )


def _interval(found: Mapping[str, Any]) -> Message:
    if found["low"] is None:
        return Message("{pages} pages are too few for an interval", pages=found["pages"])
    return Message("95 % interval of the rise {low:.3f} to {high:.3f}", low=found["low"], high=found["high"])
