"""Which command makes a folder anew."""

from pathlib import Path

import pytest

from pipelines.storage.layout import command_for


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
    assert command_for(Path(path)) == command
