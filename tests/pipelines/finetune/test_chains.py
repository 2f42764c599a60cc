"""A run that is killed and goes on ends in the same bytes. The long chains are in tests/soak."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from pipelines import finetune
from pipelines.storage import complete
from schemas.manifest import Manifest
from tests.pipelines.conftest import recipe
from tests.pipelines.finetune.chains import Kill, finished, killed, snapshot, train, with_dropout

# An epoch ends with step 5, training with step 9. Each is killed in another place of the second epoch.
KILLS = {
    "full": (Kill("torn", 4), Kill("step", 5)),  # goes on from step 3, then from 6, as 7 is damaged
    "lora": (Kill("step", 6), Kill("list", 2), Kill("save")),  # from 5, from 6, then from 8, as 9 is damaged
    # they write, list and read checkpoints by the same code, and differ in what they learn
    "dpo": (Kill("step", 6), Kill("save")),
    "kto": (Kill("step", 6),),
    "reward": (Kill("save"),),
    "rloo": (Kill("step", 9 + 6), Kill("save")),  # the reward model has its nine steps before
}


@dataclass(frozen=True)
class Whole:
    """An unbroken run of a method, which writes its last checkpoint only."""

    method: str
    model: Path
    manifest: Manifest


@pytest.fixture(scope="module", params=list(KILLS))
def whole(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, chat_model: Path, plain_model: Path
) -> Whole:
    folder = tmp_path_factory.mktemp(request.param)
    # without a chat template there are new tokens, which LoRA trains too
    model = with_dropout(plain_model if request.param == "lora" else chat_model, folder / "model")
    data = snapshot(folder / "data")
    train(data, model, request.param)
    return Whole(request.param, model, finished(data, request.param))


def test_killed_runs_end_in_the_bytes_of_an_unbroken_one(
    whole: Whole, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """And so where the newest checkpoint has rotted, which costs its step."""
    snapshot(tmp_path)
    for kill in KILLS[whole.method]:
        killed(tmp_path, whole.model, whole.method, kill)
    _, newest = sorted(tmp_path.glob("6_models/*/.v1.*/.checkpoints/checkpoint-*"))
    (weights,) = newest.glob("*model.safetensors")
    flip(weights)
    train(tmp_path, whole.model, whole.method)
    assert f"{weights}: damaged (changed); this checkpoint is left out" in caplog.text
    assert finished(tmp_path, whole.method) == whole.manifest


def flip(path: Path) -> None:
    """Another last bit of the file's middle byte."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def checkpoint(folder: Path, step: int) -> Path:
    path = folder / f"checkpoint-{step}"
    path.mkdir()
    for name in ("model.safetensors", "optimizer.pt", "rng_state.pth", "trainer_state.json"):
        (path / name).write_text(f"{name} of step {step}")
    return path


@pytest.fixture
def three(tmp_path: Path) -> list[Path]:
    """Complete checkpoints of the steps 4, 8 and 12."""
    paths = [checkpoint(tmp_path, step) for step in (4, 8, 12)]
    for path, step in zip(paths, (4, 8, 12), strict=True):
        complete.write(path, step=step, seconds=1.0, finished=False)
    return paths


def last_step(folder: Path) -> int:
    from pipelines.finetune.checkpoints import last_complete

    last = last_complete(folder)
    return last.step if last else 0


def test_the_newest_by_step_is_taken(three: list[Path], tmp_path: Path) -> None:
    assert last_step(tmp_path) == 12
    assert all(path.is_dir() for path in three)


@pytest.mark.parametrize(
    "name", ["model.safetensors", "optimizer.pt", "rng_state.pth", "trainer_state.json", complete.FILE]
)
def test_no_file_of_a_checkpoint_rots_in_silence(
    name: str, three: list[Path], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    flip(three[2] / name)
    assert last_step(tmp_path) == 8
    assert f"{three[2] / name}: damaged" in caplog.text
    assert not three[2].exists()


def test_an_incomplete_checkpoint_is_removed_without_a_word(
    three: list[Path], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (three[2] / complete.FILE).unlink()
    assert last_step(tmp_path) == 8
    assert not three[2].exists()
    assert not caplog.text


def test_a_checkpoint_of_an_earlier_release_is_left_out(
    three: list[Path], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (three[2] / complete.FILE).write_text('{"step": 12, "seconds": 1.0, "finished": false}')
    assert last_step(tmp_path) == 8
    assert f"{three[2]}: written by an earlier release" in caplog.text


def test_a_damaged_model_is_not_trained_on(tmp_path: Path, chat_model: Path) -> None:
    from pipelines.models import base
    from pipelines.storage.integrity import Damaged

    data = snapshot(tmp_path)
    finetune.run(recipe(chat_model, max_steps=1, eval_records=1), data)
    (model,) = data.glob("6_models/tiny/v1")
    base.load(str(model), data)
    flip(model / "adapter" / "adapter_model.safetensors")
    with pytest.raises(Damaged, match=r"adapter_model\.safetensors: damaged \(changed\)"):
        base.load(str(model), data)
