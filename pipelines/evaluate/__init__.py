"""Evaluate: a recipe's latest model, its base and the version before it → `7_evaluations/<recipe>/<version>/`.

    losses       each record of the split `test`, which nothing else reads
    pairs        held-out pairs: whether the chosen answer is likelier
    prompts      written for Gristmill: instructions that a program checks, code that is run, dangerous requests and
                 what looks like them; those that the snapshot teaches are not asked
    judge        answers to held-out questions, judged by another model, where one is named: <version>-judged/

What is left: a table with a row for each of these and each model, the numbers in results.json, and a section of the
model's card. torch is imported where it is used.
"""

import json
import logging
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pipelines import finetune, storage
from pipelines.evaluate import cards, compared, contamination, judging, parts, report, sandbox, summary, work, written
from pipelines.evaluate.compared import Compared
from pipelines.evaluate.judge import Judge
from pipelines.evaluate.report import JUDGED
from pipelines.evaluate.work import Work
from pipelines.evaluate.written import Prompt
from pipelines.finetune import TEST, TRAIN, Snapshot
from pipelines.messages import tr
from pipelines.models import base
from pipelines.recipe import Recipe
from pipelines.storage import filesystem

VERSION = 1
STAGE = "evaluate"
RECORDS = 1_000  # measured at most, of records and of pairs: an interval hardly narrows beyond
CONTAMINATED = "contaminated.json"

log = logging.getLogger("gristmill")


def run(recipe: Recipe, data: Path, records: int = RECORDS, judge: Judge | None = None) -> Path:
    """Evaluate the latest model of a recipe on its latest snapshot. Returns the folder of what was measured.

    The same models and snapshot are evaluated once. After a kill the same command goes on. The caller holds the lock.

    Raises: RecipeError when the extra `train`, a model or a snapshot is missing; Damaged; WorkFailed when the judge
    cannot be asked.
    """
    base.require_train()
    found, snapshot = compared.find(recipe, data), finetune.latest_snapshot(recipe, data)
    folder = storage.folder(data, STAGE, recipe.name) / found.folder.name
    about = _about(recipe, found, snapshot, {"records": records, "prompts": written.fingerprint()})
    if storage.finished(folder, **about) is None:
        with storage.building(folder, **about) as builder:
            _evaluate(found, snapshot, records, builder)
    if judge:
        _judge(recipe, found, snapshot, judge, folder)
    report.write(found, folder)
    return folder


def discard(recipe: Recipe, data: Path) -> None:
    """Throw away what was measured of the latest model, and what a judge said, finished or not."""
    folder = storage.folder(data, STAGE, recipe.name) / compared.find(recipe, data).folder.name
    for made in (folder, folder.with_name(f"{folder.name}{JUDGED}")):
        for stale in (*made.parent.glob(f".{made.name}.*"), made):
            filesystem.remove_folder(stale)


def _judge(recipe: Recipe, found: Compared, snapshot: Snapshot, judge: Judge, folder: Path) -> None:
    judged, about = folder.with_name(f"{folder.name}{JUDGED}"), _about(recipe, found, snapshot, {"judge": judge.model})
    if storage.finished(judged, **about) is None:
        with storage.building(judged, **about) as builder:
            judging.judge_answers(found, snapshot, judge, builder)


def _about(recipe: Recipe, found: Compared, snapshot: Snapshot, params: Mapping[str, Any]) -> dict[str, Any]:
    inputs = found.fingerprints() | {"curated": snapshot.manifest.fingerprint}
    return {"stage": STAGE, "name": recipe.name, "version": VERSION, "params": dict(params), "inputs": inputs}


def _evaluate(found: Compared, snapshot: Snapshot, records: int, builder: storage.FolderBuilder) -> None:
    taught = _contaminated(snapshot, builder)
    asked = [one for one in written.prompts() if one.name not in taught and (one.test != "code" or _may_run())]
    ids, unknown = compared.seen(found, snapshot)
    if not builder.has(parts.TABLE):
        works = list(_works(snapshot, asked, ids, records))
        parts.publish(builder, work.measured(found, works, builder))
    seen = sum(row["record_id"] in ids for row in snapshot.rows(TEST)) if ids else 0
    told: dict[str, Any] = {"seen": seen, "snapshots_gone": unknown, "sandbox": _may_run()}
    told |= {"asked": len(asked), "contaminated": taught, **summary.of(parts.rows(builder))}
    builder.text(cards.RESULTS, cards.as_json(_names(found, snapshot) | told))
    parts.clear(builder)


def _may_run() -> bool:
    if not (confined := sandbox.is_there()):
        log.warning(tr("evaluate: this machine does not confine programs (seccomp): code that models write is not run"))
    return confined


def _contaminated(snapshot: Snapshot, builder: storage.FolderBuilder) -> dict[str, float]:
    """The prompts that stand in the training rows. They are looked for before a model is loaded."""
    if not builder.has(CONTAMINATED):
        taught = contamination.find(written.prompts(), snapshot.rows(TRAIN))
        builder.text(CONTAMINATED, json.dumps(taught, indent=1) + "\n")
    found: dict[str, float] = json.loads((builder.folder / CONTAMINATED).read_text())
    if found:
        log.warning(
            tr("evaluate: {names}: the snapshot teaches these prompts; they are not asked", names=", ".join(found))
        )
    return found


def _works(snapshot: Snapshot, asked: list[Prompt], ids: set[str], records: int) -> Iterator[Work]:
    yield from work.losses(snapshot, ids, records)
    yield from work.pairs(snapshot, records)
    yield from work.prompts(asked)


def _names(found: Compared, snapshot: Snapshot) -> dict[str, Any]:
    return {
        "model": f"{found.manifest.name}/{found.folder.name}",
        "base_model": base.published_name(found.settings.model),
        "previous": found.earlier[0].name if found.earlier else "",
        "snapshot": snapshot.describe(),
    }
