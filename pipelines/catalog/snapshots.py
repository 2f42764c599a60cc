"""A recipe's snapshots: which there are, where they lie, and whether their files are what was written."""

from pathlib import Path

from pipelines import storage
from pipelines.recipe import RecipeError
from pipelines.storage import integrity, layout

SPLITS = ("train", "validation", "test")
BENCHMARK = "benchmarks/"  # before a benchmark's name, among the inputs of a snapshot


def versions(recipe: str, data: Path) -> list[str]:
    """The recipe's snapshots, the earliest first. Raises RecipeError where there is none."""
    folder = storage.folder(data, "curate", recipe)
    found = [path.name for path in layout.versions(folder) if storage.read_manifest(path)]
    if not found:
        raise RecipeError("{folder}: no snapshot here; run `gristmill run RECIPE` first", folder=folder)
    return found


def latest(recipe: str, data: Path) -> str:
    """The version that other stages read, which need not be the last that was made."""
    return storage.latest(storage.folder(data, "curate", recipe)).name


def sizes(recipe: str, data: Path) -> dict[str, int]:
    """How many records each split of the latest snapshot has; {} where there is none."""
    manifest = storage.read_manifest(storage.latest(storage.folder(data, "curate", recipe)))
    return {split: manifest.counts.get(split, 0) for split in SPLITS} if manifest else {}


def folder_of(recipe: str, version: str, data: Path) -> Path:
    """Where a snapshot lies, or would lie."""
    return storage.folder(data, "curate", recipe) / version


def benchmarks(recipe: str, data: Path) -> list[str]:
    """The names of the benchmarks that the latest snapshot's records were compared with; [] where with none."""
    manifest = storage.read_manifest(storage.latest(storage.folder(data, "curate", recipe)))
    named = sorted(manifest.inputs) if manifest else []
    return [name.removeprefix(BENCHMARK) for name in named if name.startswith(BENCHMARK)]


def faults(folder: Path) -> list[tuple[Path, str]]:
    """The files of a snapshot that differ from their hashes, each with `missing` or `changed`."""
    manifest = storage.read_manifest(folder)
    return list(integrity.faults((folder / shard.path, shard) for shard in manifest.shards)) if manifest else []
