"""Learning from pairs, from the model before to numbers of the model after."""

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from transformers import AutoModelForSequenceClassification

from pipelines.finetune.checkpoints import Checkpoint
from pipelines.finetune.train import Where, load_checkpoint
from pipelines.messages import tr
from pipelines.models import base
from pipelines.prefer import measure, pairs
from pipelines.prefer.train import Learner, kind_of, train
from pipelines.recipe import FinetuneSettings

if TYPE_CHECKING:
    from pipelines.prefer import Work

log = logging.getLogger("gristmill")


@dataclass(frozen=True)
class Learnt:
    """The model as it was trained, and what there is to say of it."""

    model: Any
    tokenizer: Any
    checkpoint: Checkpoint
    counts: dict[str, int]
    held_out: dict[str, Any]


def learn(work: "Work", where: Where, folder: Path) -> Learnt:
    """Train on the snapshot's pairs, which are kept as tokens in `folder`."""
    settings, tokenizer, before = _before(work)
    stored, numbers, counts = pairs.training(work.recipe, work.snapshot, tokenizer, settings, folder)
    held_out = pairs.held_out(work.snapshot, tokenizer, settings, work.wanted.eval_pairs)
    told = {"pairs": counts["trained"], "held_out": len(held_out)}
    log.info(tr("prefer: {pairs} pairs, {held_out} held out", **told))
    listed = measure.examples(held_out)
    likely = measure.log_probabilities(before, listed, settings.batch_tokens, "likelihood before")
    del before  # two of them need not fit into memory
    learner = load(work, settings)
    checkpoint = train(learner, stored, numbers, settings, work.wanted, where)
    del learner
    after = load(work, settings)
    model = load_checkpoint(after.model, settings, checkpoint, kind_of(work.wanted.method))
    read = np.array([len(one.ids) - one.answer_start for one in listed])
    margins = {"after": _after(work, model, listed, likely, settings), "before": measure.margin(likely / read)}
    found = measure.compare(held_out, margins) if held_out else {"pairs": 0}
    return Learnt(model, after.tokenizer, checkpoint, counts, found)


def _before(work: "Work") -> tuple[FinetuneSettings, Any, Any]:
    model, tokenizer, _ = base.load_with_special_tokens(work.settings, work.data)
    return base.within_context(work.settings, model), tokenizer, model


def load(work: "Work", settings: FinetuneSettings) -> Learner:
    """The model before, ready to be trained. Every call gives the same weights."""
    if work.wanted.method == "reward":
        model, tokenizer, new = base.load_with_special_tokens(settings, work.data, AutoModelForSequenceClassification)
        _know_nothing(model)
        return Learner(model, tokenizer, new)
    model, tokenizer, new = base.load_with_special_tokens(settings, work.data)
    full = settings.method == "full"
    return Learner(model, tokenizer, new, base.load_with_special_tokens(settings, work.data)[0] if full else None)


def _know_nothing(model: Any) -> None:
    """Let a reward model begin with a head of zeros: one of random numbers has opinions, which few steps do not change.

    Drawn with a deviation of 0.02, they are larger than what a hundred steps at a rate of 1e-4 add to them.
    """
    *_, head = (one for one in model.modules() if isinstance(one, torch.nn.Linear) and one.out_features == 1)
    torch.nn.init.zeros_(head.weight)


def _after(
    work: "Work", model: Any, listed: list[Any], likely: np.ndarray, settings: FinetuneSettings
) -> measure.Margins:
    """A reward model's scores, or the implicit reward of DPO and KTO: by how much likelier an answer has become."""
    if work.wanted.method == "reward":
        return measure.margin(measure.scores(model, listed, settings.batch_tokens))
    after = measure.log_probabilities(model, listed, settings.batch_tokens, "likelihood after")
    return measure.margin(work.wanted.beta * (after - likely))
