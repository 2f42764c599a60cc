"""A tiny model that has been trained twice, and its evaluation. Answers are short: what they say is not tested."""

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest

from pipelines import evaluate, finetune, storage
from pipelines.evaluate import written
from schemas.verdict import PUBLISHED_PAIR
from tests.pipelines.conftest import recipe, rows, write_snapshot


@pytest.fixture(scope="session", autouse=True)
def short_answers() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(written, "ANSWER_TOKENS", dict.fromkeys(written.ANSWER_TOKENS, 6))
        yield


def add_pairs(data: Path, count: int = 12) -> None:
    """Pairs of all splits beside the snapshot of `write_snapshot`."""
    folder = storage.folder(data, "curate", "tiny") / "v1"
    manifest = storage.read_manifest(folder)
    assert manifest
    blank = dict.fromkeys(PUBLISHED_PAIR.names)
    texts = [
        {"instruction": f"How {n}?", "input": "", "chosen": f"First sort a list, {n} times."} for n in range(count)
    ]
    about = [{"pair_id": f"test:{n}#1>2", "source": "test", "split": ("test", "train")[n % 2]} for n in range(count)]
    made = [
        blank | one | two | {"rejected": "No idea. " * (n % 3 + 1)}
        for n, (one, two) in enumerate(zip(texts, about, strict=True))
    ]
    with storage.rewriting(folder, manifest) as builder:
        table = pa.Table.from_pylist(made, schema=PUBLISHED_PAIR)
        builder.table("pairs-00000-of-00001.parquet", table, PUBLISHED_PAIR)


def held_out_rows(count: int = 20) -> list[dict[str, object]]:
    return [row | {"record_id": f"held:{row['record_id']}"} for row in rows(count, "test", 300)]


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory, chat_model: Path) -> Path:
    """A data folder with a snapshot and two versions of a model, the second trained for longer."""
    data = tmp_path_factory.mktemp("trained")
    write_snapshot(data, rows(40, "train"), rows(12, "validation", 100), held_out_rows())
    add_pairs(data)
    for steps in (2, 30):
        finetune.run(recipe(chat_model, max_steps=steps), data)
    return data


@pytest.fixture(scope="session")
def evaluated(trained: Path, chat_model: Path) -> Path:
    """The folder of its evaluation."""
    return evaluate.run(recipe(chat_model, max_steps=30), trained)
