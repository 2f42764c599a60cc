"""A model that is made in a bucket of a real S3 server, and the real client against what serves it from there."""

from collections.abc import Iterator
from pathlib import Path

import openai
import pytest

from pipelines import finetune, storage
from pipelines.recipe import Recipe, RecipeError
from pipelines.storage import filesystem
from tests.pipelines.conftest import recipe, rows, write_snapshot
from tests.pipelines.damage import damaged
from tests.pipelines.serve.served import running
from tests.waiting import FAR


@pytest.fixture(scope="module")
def asked(chat_model: Path) -> Recipe:
    return recipe(chat_model, max_steps=3)


@pytest.fixture(scope="module")
def data(bucket: str, asked: Recipe) -> Path:
    data = filesystem.resolve(f"{bucket}/models")
    write_snapshot(data, rows(12, "train"), rows(4, "validation", 100))
    finetune.run(asked, data)
    return data


def test_the_model_lies_in_the_bucket_and_is_the_one_of_a_disk(data: Path, asked: Recipe, tmp_path: Path) -> None:
    write_snapshot(tmp_path, rows(12, "train"), rows(4, "validation", 100))
    folder = storage.latest(storage.folder(data, "finetune", "tiny"))
    there = storage.read_manifest(folder)
    assert there == finetune.run(asked, tmp_path)
    assert there and {"model.safetensors", "adapter/adapter_model.safetensors"} <= {one.path for one in there.shards}
    assert not damaged(data)
    assert not [path for path in filesystem.local_folder(folder.parent).rglob("*") if path.is_file()]
    assert finetune.run(asked, data) == there
    assert [path.name for path in folder.parent.glob("v*")] == ["v1"]


@pytest.fixture(scope="module")
def client(data: Path) -> Iterator[openai.OpenAI]:
    from pipelines.serve.app import create_app
    from pipelines.serve.loading import find_model, load_model

    folder = find_model("tiny", data)
    assert folder == find_model(f"{data}/6_models/tiny/latest", Path("data"))
    for url in running(create_app(load_model(folder, "tiny"))):
        yield openai.OpenAI(base_url=f"{url}/v1", api_key="any", max_retries=0, timeout=FAR)


def test_what_serves_it_answers(client: openai.OpenAI) -> None:
    assert [model.id for model in client.models.list()] == ["tiny/v1"]
    completion = client.chat.completions.create(
        model="tiny", messages=[{"role": "user", "content": "How do I boil an egg?"}], max_tokens=8, temperature=0
    )
    assert completion.usage and 1 <= completion.usage.completion_tokens <= 8
    assert not list(filesystem.cache_folder().glob(".folder.*"))


def test_what_cannot_be_served_is_an_error_with_the_cure(data: Path) -> None:
    from pipelines.serve.loading import find_model, load_model

    with pytest.raises(RecipeError, match="models here: tiny"):
        find_model("other", data)
    (data / "foreign" / "config.json").write_text("{}")
    (data / "foreign" / "model.safetensors").write_bytes(b"")
    with pytest.raises(FileNotFoundError, match=r"has no manifest\.json .* copy the folder to a disk"):
        load_model(find_model(f"{data}/foreign", data))
