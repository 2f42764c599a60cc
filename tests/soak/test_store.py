"""All six stages in a bucket of a real S3 server: the model at their end is the one that a disk gives."""

from pathlib import Path

from pipelines import storage
from pipelines.flows.stages import STAGES
from pipelines.recipe import load
from pipelines.storage import filesystem
from tests.pipelines.conftest import CHAT, make_model, recipe
from tests.pipelines.damage import damaged
from tests.pipelines.milling import dump, go, recipe_file


def test_a_whole_run_ends_in_the_same_model(bucket: str, tmp_path: Path) -> None:
    baking = recipe(make_model(tmp_path / "base", CHAT), max_steps=4, max_length=200).finetune
    small = load(recipe_file(tmp_path, forum=dump(tmp_path / "dump"))).model_copy(update={"finetune": baking})
    there, here = filesystem.resolve(f"{bucket}/baked"), tmp_path / "data"
    assert [one.failed for data in (there, here) for one in go(small, data, STAGES)] == [""] * 12
    models = [
        storage.read_manifest(storage.latest(storage.folder(data, "finetune", "small"))) for data in (there, here)
    ]
    assert models[0] and models[0] == models[1]
    assert not damaged(there)
