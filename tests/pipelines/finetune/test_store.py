"""A whole run that ends in a model in a bucket of a real S3 server, and the real client against what serves it."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import openai
import pytest

from pipelines import place, storage
from pipelines.recipe import FinetuneSettings, Recipe, RecipeError, load
from pipelines.run import STAGES, Outcome
from tests.pipelines.finetune.conftest import recipe
from tests.pipelines.finetune.test_serve import running
from tests.pipelines.milling import dump, go, recipe_file


@pytest.fixture(scope="module")
def settings(chat_model: Path) -> FinetuneSettings:
    return recipe(chat_model, max_steps=4, max_length=200).finetune


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory, settings: FinetuneSettings) -> Recipe:
    folder = tmp_path_factory.mktemp("small")
    return load(recipe_file(folder, forum=dump(folder / "dump"))).model_copy(update={"finetune": settings})


@pytest.fixture(scope="module")
def data(bucket: str, small: Recipe) -> Path:
    data = place.at(f"{bucket}/baked")
    assert [one.failed for one in go(small, data, STAGES)] == [""] * 6
    return data


def test_a_run_ends_in_a_model_that_lies_in_the_bucket_and_is_the_one_of_a_disk(
    data: Path, small: Recipe, milled: tuple[Recipe, Path, list[Outcome]], tmp_path: Path
) -> None:
    shutil.copytree(milled[1], tmp_path, symlinks=True, dirs_exist_ok=True)
    go(small, tmp_path, ["finetune"])
    folder = storage.latest(storage.folder(data, "finetune", "small"))
    there, here = storage.read_manifest(folder), storage.read_manifest(tmp_path / "6_models/small/v1")
    assert there and here and there.counts["trained"] > 0
    assert {"model.safetensors", "adapter/adapter_model.safetensors"} <= {shard.path for shard in there.shards}
    assert there == here
    assert not list(storage.damaged(data))
    assert not [path for path in place.nearby(folder.parent).rglob("*") if path.is_file()]


def test_a_second_run_trains_nothing(data: Path, small: Recipe) -> None:
    assert go(small, data, ["finetune"])[0].skipped


@pytest.fixture(scope="module")
def client(data: Path) -> Iterator[openai.OpenAI]:
    from pipelines.finetune import serve

    folder = serve.find_model("small", data)
    assert folder == serve.find_model(f"{data}/6_models/small/latest", Path("data"))
    for url in running(serve.create_app(folder, name="small")):
        yield openai.OpenAI(base_url=f"{url}/v1", api_key="any", max_retries=0, timeout=30)


def test_what_serves_it_answers(client: openai.OpenAI, data: Path) -> None:
    assert [model.id for model in client.models.list()] == ["small/v1"]
    made = client.chat.completions.create(
        model="small", messages=[{"role": "user", "content": "How can I sign a tag?"}], max_tokens=8, temperature=0
    )
    assert made.usage and 1 <= made.usage.completion_tokens <= 8
    assert not list(place.cache().glob(".folder.*"))


def test_what_cannot_be_served_is_told(data: Path) -> None:
    from pipelines.finetune import serve

    with pytest.raises(RecipeError, match="models here: small"):
        serve.find_model("other", data)
    foreign = data / "foreign"
    (foreign / "config.json").write_text(json.dumps({}))
    with pytest.raises(FileNotFoundError, match=r"has no manifest\.json .* copy the folder to a disk"):
        serve.create_app(serve.find_model(str(foreign), data))
