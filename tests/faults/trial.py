"""One command on a disk that fails once, and the same command again: what is wrong about either."""

import re
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pipelines import recipe, storage
from pipelines.catalog.verify import verify
from pipelines.curate import decisions
from pipelines.storage import lease, settling
from pipelines.storage.integrity import Damaged, sha256_of
from schemas.manifest import digest
from tests.faults import kinds
from tests.faults.disk import Disk, Ended
from tests.faults.jobs import JOBS, Job, begin, copy_of

# when and where a run took place: they differ from run to run, and `verify` reads them
OF_THE_RUN = re.compile(r"data/(\.lock|runs\.jsonl|exports\.jsonl|1_pages/web\..*)")
CURE = "give the same command again"
Files = dict[str, str]


@dataclass(frozen=True)
class Undisturbed:
    """A job before and after a run in `place` that nothing disturbed; `changes` are those of the run.

    All runs are in the same place, as a source's settings hold the path of its files.
    """

    job: Job
    before: Path
    after: Path
    place: Path
    changes: tuple[str, ...]


def prepared(disk: Disk, name: str, folder: Path, jobs: Mapping[str, Job] = JOBS) -> Undisturbed:
    """Run the jobs before one, and then the job. What each leaves in `folder` is kept for the jobs after it."""
    job, before, after, place = jobs[name], folder / f"{name}, before", folder / name, folder / "place"
    if job.after:
        if not (folder / job.after).exists():
            prepared(disk, job.after, folder, jobs)
        copy_of(folder / job.after, before)
    else:
        shutil.rmtree(before, ignore_errors=True)
        begin(before)
    job.prepare(before)
    copy_of(before, place)
    ended = disk.run(job.words, place)
    assert not ended.code, f"{name}: {ended.err}"
    assert not (new := kinds.unlisted(ended, place)), f"DECISIONS does not say what `forget` does with {new}"
    copy_of(place, after)
    return Undisturbed(job, before, after, place, ended.changes)


def faults(disk: Disk, whole: Undisturbed, kind: str, at: int) -> list[str]:
    """What is wrong when change number `at` fails; nothing, if all is well. After a kill, so does what goes on then."""
    place, words = copy_of(whole.before, whole.place), whole.job.words
    wrong = [*_said(disk.run(words, place, kind, at), kind), *_seen(whole)]
    if kind == "killed":
        wrong += [*_said(disk.run(words, place, kind, at), kind), *_seen(whole)]
    again = disk.run(words, place)
    wrong += [f"the same command again: {again.code} {again.err}"] if again.code else []
    return [f"{kind} at {at}, {whole.changes[at - 1]}: {one}" for one in (*wrong, *_differ(whole))]


def _said(ended: Ended, kind: str) -> Iterator[str]:
    """A command that failed says so in one line, with the file and the cure. It may do without what it lost."""
    if kind == "killed":
        if ended.code not in (-9, 0):
            yield f"exit code {ended.code}: {ended.err}"
        return
    if ended.code == 0:
        return
    lines = [line for line in ended.err.splitlines() if line.startswith("error: ")]
    if ended.code != 1 or len(lines) != 1 or "Traceback" in ended.err:
        yield f"exit code {ended.code}: {ended.err}"
    elif CURE not in lines[0] or not re.search(r"\b(data|out)\b", lines[0]):
        yield f"no file or no cure: {lines[0]}"


def _seen(whole: Undisturbed) -> Iterator[str]:
    """What a reader finds who comes after the fault is the old or the new, and whole."""
    data = whole.place / "data"
    lease.settle_unless_busy(data)
    old, new = (standing(folder) for folder in (whole.before, whole.after))
    try:
        now = standing(whole.place)
    except (Damaged, recipe.RecipeError) as error:
        yield f"seen: {error}"
        return
    strange = [path for path in now if now[path] not in (old.get(path), new.get(path))]
    yield from (f"seen: {path} is neither old nor new" for path in strange)
    if not whole.job.throws_away:
        yield from (f"seen: {path} is gone" for path in old if path in new and path not in now)
        yield from (f"seen: {fault.path} {fault.fault}" for fault in verify(data).faults)
        yield from _behind(data)


def _behind(data: Path) -> Iterator[str]:
    for versions in data.glob("[56]_*/[!.]*"):
        finished = sorted(path.parent.name for path in versions.glob(f"v*/{storage.MANIFEST}"))
        if finished and storage.latest(versions).name != finished[-1]:
            yield f"seen: {finished[-1]} stands while latest says {storage.latest(versions).name}"


def standing(place: Path) -> Files:
    """The fingerprint and counts of each finished folder, by path, and the decisions that count, whenever made."""
    data = place / "data"
    counted = decisions.load_decisions(recipe.load(place / "small.toml"), data)
    decided = {"decisions": decisions.fingerprint(one.model_copy(update={"when": ""}) for one in counted)}
    return decided | {
        folder.relative_to(place).as_posix(): f"{made.key} {made.fingerprint} {made.counts}"
        for folder, made in storage.manifests(data)
    }


def _differ(whole: Undisturbed) -> Iterator[str]:
    wanted, found = contents(whole.after, whole.job.timed), contents(whole.place, whole.job.timed)
    yield from (f"after it {path} is left over" for path in sorted(found.keys() - wanted.keys()))
    yield from (f"after it {path} is missing" for path in sorted(wanted.keys() - found.keys()))
    yield from (
        f"after it {path} has other bytes" for path in sorted(wanted) if found.get(path, wanted[path]) != wanted[path]
    )
    yield from (f"after it {fault.path}: {fault.fault}" for fault in verify(whole.place / "data").faults)
    if settling.unsettled(whole.place / "data"):
        yield "after it something is left to settle"


def contents(place: Path, timed: bool) -> Files:
    """A hash of every file and link, hidden ones too. Of what is `timed`: what its manifests say beside the shards."""
    files = {path.relative_to(place).as_posix(): path for path in sorted(place.rglob("*")) if not path.is_dir()}
    found = {name: path for name, path in files.items() if not OF_THE_RUN.fullmatch(name)}
    return {name: "" if timed else _hash(path) for name, path in found.items()} | standing(place)


def _hash(path: Path) -> str:
    if path.name == storage.MANIFEST and (manifest := storage.read_manifest(path.parent)):
        return digest(manifest.model_dump(exclude={"cursor"}))  # which is the time of a crawl
    return f"→ {path.readlink()}" if path.is_symlink() else sha256_of(path)
