"""Optional signals: what the models that a recipe names in `annotate.models` say of each record.

They are models that classify texts or tag words, or heads over other signals that `gristmill learn` wrote. The former
are as slow as their models are, and are measured again only where the records or the model have changed.
"""

from collections.abc import Sequence
from functools import partial
from typing import Any

import pyarrow as pa

from pipelines.models import head
from pipelines.recipe import ClassifierSettings
from schemas.signal import Signal


def signals(models: Sequence[ClassifierSettings], measured: Sequence[Signal]) -> tuple[Signal, ...]:
    """One signal for each model, which is loaded, so that a missing one is reported early. Heads read `measured`.

    Raises:
        RecipeError: a model, its label, or a package that it needs, is missing; the message names the cure.
    """
    return tuple(_of_head(one, measured) if head.is_head(one.model) else _signal(one) for one in models)


def told(models: Sequence[ClassifierSettings]) -> dict[str, Any]:
    """What a manifest keeps of them, for cards: {"models": [[signal, model, label, licence]]}; {} without any."""
    if not models:
        return {}
    names = [(one, _kind(one).published_name(one), _kind(one).licence(one)) for one in models]
    return {"models": [[one.column, name, one.label, licence] for one, name, licence in names]}


def _kind(settings: ClassifierSettings) -> Any:
    from pipelines.models import classifier

    return head if head.is_head(settings.model) else classifier


def _of_head(settings: ClassifierSettings, measured: Sequence[Signal]) -> Signal:
    version = int(head.fingerprint(settings, measured)[:8], 16)
    source = head.published_name(settings)
    return Signal(settings.column, pa.float32(), partial(_weigh, settings), source, version, head.reads(settings))


def _weigh(settings: ClassifierSettings, table: pa.Table) -> pa.Array:
    return pa.array(head.scores(settings, table), pa.float32())


def _signal(settings: ClassifierSettings) -> Signal:
    from pipelines.models import classifier

    version = int(classifier.fingerprint(settings)[:8], 16)
    source = " ".join(filter(None, (classifier.published_name(settings), settings.label)))
    return Signal(settings.column, pa.float32(), partial(_measure, settings), source, version)


def _measure(settings: ClassifierSettings, table: pa.Table) -> pa.Array:
    from pipelines.models import classifier

    fields = ("instruction", "input", "output") if settings.text == "pair" else (settings.text,)
    rows = table.select(list(fields)).to_pylist()
    texts = ["\n\n".join(filter(None, (row[name].strip() for name in fields))) for row in rows]
    return pa.array(classifier.scores(texts, settings), pa.float32())
