"""Which folder below data/ is whose."""

from pathlib import Path

FOLDERS = {
    "collect": "1_pages",
    "normalise": "2_records",
    "annotate": "3_signals",
    "dedupe": "4_clusters",
    "curate": "5_curated",
    "finetune": "6_models",
    "evaluate": "7_evaluations",
}
BY_SOURCE = ("collect", "normalise", "annotate")
LATEST = "latest"
ABLATION = "ablation-"  # before the version of the snapshot that it is of; `evaluate` names what it leaves by the model


def folder(data: Path, stage: str, name: str) -> Path:
    """The output folder of `stage` for `name`, which is a source or a recipe."""
    return data / FOLDERS[stage] / name


def command_for(path: Path) -> str:
    """The command that makes the finished folder of a file anew; "" for a file that no stage has made."""
    stages = {made: stage for stage, made in FOLDERS.items()}
    at = next((place for place, part in enumerate(path.parts[:-2]) if part in stages), -1)
    if at < 0:
        return ""
    stage, name = stages[path.parts[at]], path.parts[at + 1]
    if stage == "evaluate":
        return f"gristmill {'ablate' if path.parts[at + 2].startswith(ABLATION) else stage} {name} --again"
    what = f"RECIPE --source {name}" if stage in BY_SOURCE else name
    return f"gristmill stage {stage} {what} --again"
