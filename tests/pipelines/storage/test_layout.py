"""Which command makes a folder anew."""

from pathlib import Path

import pytest

from pipelines.storage import layout


@pytest.mark.parametrize(
    ("path", "command"),
    [
        ("data/2_records/forum/records-0.parquet", "gristmill stage normalise RECIPE --source forum --again"),
        ("data/5_curated/demo/v1/manifest.json", "gristmill stage curate demo --again"),
        ("data/6_models/demo/v1/manifest.json", "gristmill stage finetune demo --again"),
        ("data/6_models/demo.reward/v1/adapter/model.safetensors", "gristmill stage prefer demo --again"),
        ("data/decisions.jsonl", ""),
    ],
)
def test_a_folder_names_its_command(path: str, command: str) -> None:
    assert layout.command_for(Path(path)) == command


def test_versions_are_counted_and_other_folders_are_none(tmp_path: Path) -> None:
    assert layout.next_version(tmp_path).name == "v1"
    for name in ("v2", "v10", "v9", "v2-copy", "latest"):
        (tmp_path / name).mkdir()
    assert [folder.name for folder in layout.versions(tmp_path)] == ["v2", "v9", "v10"]
    assert layout.next_version(tmp_path).name == "v11"
