"""Which folder below data/ is whose."""

from pathlib import Path

FOLDERS = {
    "collect": "1_pages",
    "normalise": "2_records",
    "annotate": "3_signals",
    "dedupe": "4_clusters",
    "curate": "5_curated",
    "finetune": "6_models",
    "prefer": "6_models",
    "evaluate": "7_evaluations",
}
BY_SOURCE = ("collect", "normalise", "annotate")
OF_MODELS = ("finetune", "prefer")  # one folder has all models: <recipe>, and <recipe>.<method> of what learnt pairs
REWARD = ".reward"  # behind a recipe's name, as the versions of its reward model are called
LATEST = "latest"
EXPORTS = "exports"  # in the data folder, or the working one where data is in a store
UPLOADS = "uploads"  # what people have brought by the dashboard
ABLATION = "ablation-"  # before the version of the snapshot that it is of; `evaluate` names what it leaves by the model


def folder(data: Path, stage: str, name: str) -> Path:
    """The output folder of `stage` for `name`, which is a source, a recipe, or a recipe and a method of `prefer`."""
    return data / FOLDERS[stage] / name


def versions(folder: Path) -> list[Path]:
    """The folders `v1`, `v2` … of a recipe, finished or not, the earliest first."""
    found = (path for path in folder.glob("v[0-9]*") if path.name[1:].isdigit())
    return sorted(found, key=version_number)


def version_number(folder: Path) -> int:
    """The number in the name of a version."""
    return int(folder.name[1:])


def next_version(folder: Path) -> Path:
    """Where the version after all others goes."""
    return folder / f"v{max(map(version_number, versions(folder)), default=0) + 1}"


def command_for(path: Path) -> str:
    """The command that makes the finished folder of a file anew; "" for a file that no stage has made."""
    at = next((place for place, part in enumerate(path.parts[:-2]) if part in FOLDERS.values()), -1)
    if at < 0:
        return ""
    name, _, method = path.parts[at + 1].partition(".")
    stage = "prefer" if method else next(stage for stage, made in FOLDERS.items() if made == path.parts[at])
    if stage == "evaluate":
        return f"gristmill {'ablate' if path.parts[at + 2].startswith(ABLATION) else stage} {name} --again"
    what = f"RECIPE --source {name}" if stage in BY_SOURCE else name
    return f"gristmill stage {stage} {what} --again"
