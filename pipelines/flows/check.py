"""`gristmill check`: whether a recipe can be run, looked at before an hour of collecting, and what a run would do."""

import importlib.util
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from connectors.base import Connector, WebError
from connectors.web import open_web
from pipelines import storage, suppression
from pipelines.collect import sign_in
from pipelines.curate import decisions, policy
from pipelines.flows import nothing_kept, steps
from pipelines.flows.stages import STAGES, Stage
from pipelines.recipe import Recipe, load
from pipelines.storage import filesystem, pages

LOW_DISK = 2 << 30  # bytes: the packaged model unpacked, its fine-tuned copy, and room to spill
Level = Literal["ok", "note", "warn", "error"]


@dataclass(frozen=True)
class Finding:
    """`error`: a run would fail. `warn`: nothing of a source would be kept, or its terms stand against training.
    `note`: perhaps not as meant."""

    level: Level
    what: str
    says: str


def check(path: str, data: Path) -> list[Finding]:
    """Raises RecipeError or PolicyError for words that cannot be read; all else is a finding."""
    recipe = load(path)
    rules = policy.load(recipe.policy)
    findings = [
        Finding("ok", "settings", f"{len(recipe.sources)} sources, policy {recipe.policy} of {len(rules.rules)} rules")
    ]
    for name in recipe.source_names():
        source = recipe.source(name)
        findings += [*_reached(source, recipe), *_licence(source, rules), *_agreed(source)]
    findings += [Finding("warn", lost.source, f"last time {lost.says}") for lost in nothing_kept.find(recipe, data)]
    for rule, key in policy.unmeasured(rules, recipe).items():
        findings.append(Finding("note", f"rule {rule}", f"does nothing: what it looks at wants `{key}`"))
    findings += [*_decisions_and_benchmarks(recipe, data), *_training(), *_disk(data)]
    return findings + [_plan(recipe, stage, data) for stage in STAGES]


def _reached(source: Connector, recipe: Recipe) -> Iterator[Finding]:
    """A connector of local files must find them; one of the web must be let in at each of its addresses."""
    try:
        files = source.files()
        missing = [file for file in files if not file.exists()]
    except OSError as error:
        yield Finding("error", source.name, f"cannot be read: {error}")
        return
    if missing:
        yield Finding("error", source.name, f"no such file: {missing[0]}")
    elif files:
        size = sum(file.stat().st_size for file in files)
        yield Finding("ok", source.name, f"{len(files)} local files, {size / 1e6:,.1f} MB")
    for address in _addresses(source) if not files else ():
        yield _asked(source.name, address, recipe)


def _addresses(source: Any) -> list[str]:
    values = [value for value in source.model_dump(mode="json").values() if value]
    listed = [one for value in values for one in (value if isinstance(value, list) else [value])]
    return [one for one in listed if isinstance(one, str) and one.startswith(("http://", "https://"))]


def _asked(name: str, address: str, recipe: Recipe) -> Finding:
    """One polite request, robots first, through a client whose cache is thrown away."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            guest = {"sign_in": sign_in(), "licence": recipe.source(name).licence, **recipe.web.model_dump()}
            with open_web(Path(folder) / "web.sqlite", source=name, **guest) as web:
                answer = web.get(address)
        except WebError as error:
            return Finding("error", name, f"cannot be had: {error}")
    level: Level = "ok" if answer.status < 400 else "error"
    return Finding(level, name, f"{address} answers {answer.status}, {len(answer.body):,} bytes")


def _licence(source: Connector, rules: policy.Policy) -> Iterator[Finding]:
    if source.licence:
        return
    if not source.states_licence and any(rule.name == "licence_unknown" for rule in rules.rules):
        says = f"no `licence` set, and {source.connector} states none: the policy will drop every record; set it"
        yield Finding("warn", source.name, says)
    else:
        yield Finding("note", source.name, "no `licence` set: what states none itself is held back by the policy")


def _agreed(source: Connector) -> Iterator[Finding]:
    if source.agreed:
        yield Finding("warn", source.name, source.agreed)


def _decisions_and_benchmarks(recipe: Recipe, data: Path) -> Iterator[Finding]:
    """What people decided and which benchmarks are kept out. Raises RecipeError where a file cannot be read."""
    from pipelines.curate import benchmarks  # which brings the compiled kernels

    for file in recipe.decontaminate.benchmarks:
        count = sum(1 for _ in benchmarks.items(file)) if benchmarks.fingerprint(file) else 0
        yield Finding("ok", "decontaminate", f"{benchmarks.name_of(file)}: {count:,} items")
    if by_hand := decisions.load_decisions(recipe, data):
        yield Finding("ok", "decisions", f"{len(by_hand):,} by hand")
    if tombstones := suppression.load(data).tombstones:
        yield Finding("ok", "forgotten", f"{len(tombstones):,} things are not fetched, made or published")


def _training() -> Iterator[Finding]:
    if importlib.util.find_spec("trl") is None:
        yield Finding("note", "finetune", "not installed; pip install 'gristmill[train]', or leave the stage out")


def _disk(data: Path) -> Iterator[Finding]:
    near = filesystem.local_folder(data).absolute()
    nearest = next(folder for folder in (near, *near.parents) if folder.exists())
    free = shutil.disk_usage(nearest).free
    says = f"{free / 1e9:,.1f} GB free at {nearest}"
    yield Finding("ok", "disk", says) if free > LOW_DISK else Finding("note", "disk", f"only {says}")


def _plan(recipe: Recipe, stage: Stage, data: Path) -> Finding:
    """By what stands on disk. Whether it is up to date, each stage decides when it runs, by its key."""
    names = [step.name for step in steps.steps(recipe, stage)]
    done = [name for name in names if _stands(stage, name, data)]
    new = [name for name in names if name not in done]
    parts = [f"make {', '.join(new)}"] if new else []
    if done:
        verb = "fetch what changed in" if stage == "collect" else "make again, if what it depends on has changed,"
        parts.append(f"{verb} {', '.join(done)}")
    return Finding("ok", stage, f"would {'; '.join(parts)}")


def _stands(stage: Stage, name: str, data: Path) -> bool:
    if stage == "collect":
        return bool(pages.batches(data, name))
    folder = storage.folder(data, stage, name)
    return any(storage.read_manifest(made) for made in (folder, storage.latest(folder)))
