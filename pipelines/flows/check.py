"""`gristmill check`: whether a recipe can be run, looked at before an hour of collecting, and what a run would do."""

import importlib.util
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from connectors.base import Connector, WebError
from connectors.web import open_web
from pipelines import storage, suppression, temporary
from pipelines.collect import sign_in
from pipelines.curate import decisions, measured, policy
from pipelines.flows import nothing_kept, steps
from pipelines.flows.stages import STAGES, Stage
from pipelines.messages import Message, joined
from pipelines.recipe import Recipe, load
from pipelines.storage import filesystem, pages

LOW_DISK = 2 << 30  # bytes: the packaged model unpacked, its fine-tuned copy, and room to spill
Level = Literal["ok", "note", "warn", "error"]
LEVELS: dict[Level, str] = {
    "ok": Message("ok"),
    "note": Message("note"),
    "warn": Message("warn"),
    "error": Message("error"),
}  # as they are shown


@dataclass(frozen=True)
class Finding:
    """`error`: a run would fail. `warn`: nothing of a source would be kept, or its terms stand against training.
    `note`: perhaps not as meant."""

    level: Level
    what: str
    says: str  # a message, as `what` may be


def check(path: str, data: Path) -> list[Finding]:
    """Raises RecipeError or PolicyError for words that cannot be read; all else is a finding."""
    return look(load(path), data)


def look(recipe: Recipe, data: Path, stages: Sequence[Stage] = STAGES) -> list[Finding]:
    """The same for a recipe that need not be a file yet, and for a run of some stages."""
    rules = policy.load(recipe.policy)
    findings = [_settings(recipe, rules)]
    for name in recipe.source_names():
        source = recipe.source(name)
        findings += [*_reached(source, recipe), *_licence(source, rules), *_agreed(source)]
    findings += [
        Finding("warn", lost.source, Message("last time {says}", says=lost.says))
        for lost in nothing_kept.find(recipe, data)
    ]
    for rule, key in measured.unmeasured(rules, recipe).items():
        findings.append(_unmeasured(rule, key))
    findings += _decisions_and_benchmarks(recipe, data)
    findings += _training() if "finetune" in stages else ()
    findings += _disk(data)
    return findings + [_plan(recipe, stage, data) for stage in stages if steps.steps(recipe, stage)]


def _unmeasured(rule: str, key: str) -> Finding:
    if key == "annotate.models":
        says = Message("ends curate: what it looks at is measured by no model under `{key}`", key=key)
        return Finding("error", Message("rule {rule}", rule=rule), says)
    says = Message("does nothing: what it looks at wants `{key}`", key=key)
    return Finding("note", Message("rule {rule}", rule=rule), says)


def _settings(recipe: Recipe, rules: policy.Policy) -> Finding:
    numbers = {"sources": len(recipe.sources), "rules": len(rules.rules)}
    says = Message("{sources} sources, policy {policy} of {rules} rules", policy=recipe.policy, **numbers)
    return Finding("ok", Message("settings"), says)


def _reached(source: Connector, recipe: Recipe) -> Iterator[Finding]:
    """A connector of local files must find them; one of the web must be let in at each of its addresses."""
    try:
        files = source.files()
        missing = [file for file in files if not file.exists()]
    except OSError as error:
        yield Finding("error", source.name, Message("cannot be read: {error}", error=error))
        return
    if missing:
        yield Finding("error", source.name, Message("no such file: {file}", file=missing[0]))
    elif files:
        size = sum(file.stat().st_size for file in files)
        says = Message("{number} local files, {size:,.1f} MB", number=len(files), size=size / 1e6)
        yield Finding("ok", source.name, says)
    for address in _addresses(source) if not files else ():
        yield from _asked(source, address, recipe)


def _addresses(source: Any) -> list[str]:
    values = [value for value in source.model_dump(mode="json").values() if value]
    listed = [one for value in values for one in (value if isinstance(value, list) else [value])]
    return [one for one in listed if isinstance(one, str) and one.startswith(("http://", "https://"))]


def _asked(source: Connector, address: str, recipe: Recipe) -> Iterator[Finding]:
    """One polite request, robots first, through a client whose cache is thrown away; one or two more for the size."""
    name, expected = source.name, None
    with tempfile.TemporaryDirectory(dir=temporary.folder()) as folder:
        try:
            guest = {"sign_in": sign_in(), "licence": source.licence, **recipe.web.model_dump()}
            with open_web(Path(folder) / "web.sqlite", source=name, **guest) as web:
                answer = web.get(address)
                expected = source.expected(web) if answer.status < 400 else None
        except WebError as error:
            yield Finding("error", name, Message("cannot be had: {error}", error=error))
            return
    level: Level = "ok" if answer.status < 400 else "error"
    numbers = {"status": answer.status, "size": len(answer.body)}
    yield Finding(level, name, Message("{address} answers {status}, {size:,} bytes", address=address, **numbers))
    if expected is not None:
        yield Finding("ok", name, Message("the site says that it has {number:,} pages to read", number=expected))


def _licence(source: Connector, rules: policy.Policy) -> Iterator[Finding]:
    if source.licence:
        return
    if not source.states_licence and any(rule.name == "licence_unknown" for rule in rules.rules):
        says = Message(
            "no `licence` set, and {connector} states none: the policy will drop every record; set it",
            connector=source.connector,
        )
        yield Finding("warn", source.name, says)
    else:
        says = Message("no `licence` set: what states none itself is held back by the policy")
        yield Finding("note", source.name, says)


def _agreed(source: Connector) -> Iterator[Finding]:
    if source.agreed:
        yield Finding("warn", source.name, source.agreed)


def _decisions_and_benchmarks(recipe: Recipe, data: Path) -> Iterator[Finding]:
    """What people decided and which benchmarks are kept out. Raises RecipeError where a file cannot be read."""
    from pipelines.curate import benchmarks  # which brings the compiled kernels

    for file in recipe.decontaminate.benchmarks:
        count = sum(1 for _ in benchmarks.items(file)) if benchmarks.fingerprint(file) else 0
        says = Message("{benchmark}: {number:,} items", benchmark=benchmarks.name_of(file), number=count)
        yield Finding("ok", "decontaminate", says)
    if by_hand := decisions.load_decisions(recipe, data):
        yield Finding("ok", Message("decisions"), Message("{number:,} by hand", number=len(by_hand)))
    if tombstones := suppression.load(data).tombstones:
        says = Message("{number:,} things are not fetched, made or published", number=len(tombstones))
        yield Finding("ok", Message("forgotten"), says)


def _training() -> Iterator[Finding]:
    if importlib.util.find_spec("trl") is None:
        says = Message("not installed; pip install 'gristmill[train]', or leave the stage out")
        yield Finding("note", "finetune", says)


def _disk(data: Path) -> Iterator[Finding]:
    near = filesystem.local_folder(data).absolute()
    nearest = next(folder for folder in (near, *near.parents) if folder.exists())
    free = shutil.disk_usage(nearest).free
    says = Message("{size:,.1f} GB free at {folder}", size=free / 1e9, folder=nearest)
    enough = free > LOW_DISK
    yield Finding("ok" if enough else "note", Message("disk"), says if enough else Message("only {says}", says=says))


def _plan(recipe: Recipe, stage: Stage, data: Path) -> Finding:
    """By what stands on disk. Whether it is up to date, each stage decides when it runs, by its key."""
    names = [step.name for step in steps.steps(recipe, stage)]
    done = [name for name in names if _stands(stage, name, data)]
    new = [name for name in names if name not in done]
    parts = [Message("make {names}", names=", ".join(new))] if new else []
    if done and stage == "collect":
        parts.append(Message("fetch what changed in {names}", names=", ".join(done)))
    elif done:
        parts.append(Message("make again, if what it depends on has changed, {names}", names=", ".join(done)))
    return Finding("ok", stage, Message("would {parts}", parts=joined("; ", parts)))


def _stands(stage: Stage, name: str, data: Path) -> bool:
    if stage == "collect":
        return bool(pages.batches(data, name))
    folder = storage.folder(data, stage, name)
    return any(storage.read_manifest(made) for made in (folder, storage.latest(folder)))
