"""The latest snapshot exported from the dashboard: as `gristmill export` writes it, and packed for a download."""

import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import cast, get_args

from pipelines import storage
from pipelines.publish import export, trainers
from pipelines.publish.export import FORMATS, Format, Snapshot, Split
from pipelines.publish.trainers import TRAINERS
from pipelines.storage import checked
from pipelines.storage.exported import replacing
from pipelines.storage.layout import EXPORTS

WAYS: tuple[str, ...] = (*TRAINERS, *FORMATS)  # by a trainer's name all that it reads, by a format's a file per split


def folder(recipe: str, way: str, data: Path) -> Path:
    """Where the export of the latest snapshot lies, or would lie."""
    version = storage.latest(storage.folder(data, "curate", recipe)).name
    return checked.folder(data, EXPORTS) / f"{recipe}-{version}-{way}"


def command(recipe: str, way: str) -> str:
    """What does the same in a shell."""
    return f"gristmill export {recipe} {f'out --for {way}' if way in TRAINERS else f'train.jsonl --format {way}'}"


def packed(out: Path) -> Path:
    """The archive of an export, which is there once all of it is written."""
    return out.with_name(f"{out.name}.zip")


def write(recipe: str, way: str, data: Path) -> dict[str, int]:
    """Write the latest snapshot for one of WAYS, and pack it; returns the lines of each file.

    Raises: WrongInput, OSError, RecipeError where there is no snapshot.
    """
    out = folder(recipe, way, data)
    out.mkdir(parents=True, exist_ok=True)
    lines = trainers.write(recipe, data, way, out) if way in TRAINERS else _splits(recipe, way, data, out)
    Snapshot(recipe, data).log_export(way, str(packed(out)))  # before it appears: `forget` could not name it else
    _pack(out, [file for file in out.rglob("*") if file.is_file()])
    return lines


def note_download(recipe: str, way: str, data: Path, who: str) -> None:
    """That a copy went to somebody's machine, where `forget` can only name it."""
    Snapshot(recipe, data).log_export(way, f"a download by {who}" if who else "a download")


def _splits(recipe: str, way: str, data: Path, out: Path) -> dict[str, int]:
    names: Iterable[Split] = get_args(Split)
    paths = {split: out / f"{split}.jsonl" for split in names}
    lines = {path: export.export_file(recipe, data, cast(Format, way), path, split) for split, path in paths.items()}
    return {path.name: number for path, number in lines.items()}


def _pack(out: Path, files: Iterable[Path]) -> None:
    with replacing(packed(out)) as part, zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(files):
            archive.write(file, file.relative_to(out.parent))
