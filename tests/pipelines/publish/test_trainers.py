"""What is written for a trainer is loaded as trainers load it, and their settings name what is there."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipelines.errors import WrongInput
from pipelines.publish import trainers
from pipelines.publish.trainers import TRAINERS, Job, Trainer
from tests.pipelines.commands import Gristmill
from tests.pipelines.publish.conversations import PAIRS, RECORDS, Row, full_snapshot, record, write_snapshot

ALL = [(trainer, job) for trainer, jobs in TRAINERS.items() for job in jobs]
# the keys of a trainer's settings that name a file, and those that name a column of it
FILES = {"axolotl": "path", "ms-swift": "dataset"}
COLUMNS = ("field_messages", "field_chosen", "field_rejected")


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a folder for each trainer."""
    folder = tmp_path_factory.mktemp("trainers")
    full_snapshot(folder / "data")
    for trainer in TRAINERS:
        trainers.write("tiny", folder / "data", trainer, folder / trainer)
    return folder


@pytest.fixture
def load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """`datasets.load_dataset` with a cache of its own."""
    datasets = pytest.importorskip("datasets")
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    datasets.disable_progress_bars()
    return lambda path, **more: datasets.load_dataset(path, cache_dir=str(tmp_path / "cache"), **more)


def lines(path: Path) -> list[Row]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def settings(written: Path, trainer: str, job: str) -> Row:
    found: Row = yaml.safe_load((written / trainer / f"{job}.yaml").read_text())
    return found


@pytest.mark.parametrize(("trainer", "job"), ALL)
def test_datasets_loads_what_was_written(written: Path, load: Any, trainer: Trainer, job: Job) -> None:
    path = written / trainer / job / "train.jsonl"
    loaded = load("json", data_files=str(path), split="train")
    for row, line in zip(loaded, lines(path), strict=True):
        assert _without_nothing(row) == _without_nothing(line)


def _without_nothing(value: Any) -> Any:
    """Without keys that hold nothing: a table gives all its rows the same columns."""
    if isinstance(value, dict):
        return {key: _without_nothing(item) for key, item in value.items() if item is not None}
    return [_without_nothing(item) for item in value] if isinstance(value, list) else value


@pytest.mark.parametrize("job", TRAINERS["llamafactory"])
def test_dataset_info_names_files_and_columns_that_are_there(written: Path, load: Any, job: Job) -> None:
    folder = written / "llamafactory"
    about = json.loads((folder / "dataset_info.json").read_text())
    used = settings(written, "llamafactory", job)
    assert used["stage"] == job and used["dataset_dir"] == "."
    names = [used["dataset"], *([used["eval_dataset"]] if job != "kto" else [])]
    for name in names:
        loaded = load("json", data_files=str(folder / about[name]["file_name"]), split="train")
        assert set(about[name]["columns"].values()) == set(loaded.column_names)
    assert about[used["dataset"]].get("ranking", False) == (job == "dpo")


@pytest.mark.parametrize("job", TRAINERS["llamafactory"])
def test_llamafactory_would_skip_no_line(written: Path, job: Job) -> None:
    """Its reader takes human and observation at odd places only, and an even number of speeches; one less for pairs."""
    for line in lines(written / "llamafactory" / job / "train.jsonl"):
        said = [speech["from"] for speech in line["conversations"]]
        assert len(said) % 2 == (job == "dpo")
        assert all((speaker in ("human", "observation")) == (number % 2 == 0) for number, speaker in enumerate(said))
        assert all(isinstance(line[name], str) for name in ("system", "tools"))
        for speech in line["conversations"]:
            if speech["from"] == "function_call":
                text = speech["value"].rpartition("</think>")[2].strip()
                text = text.split("<tool_call>")[1].split("</tool_call>")[0] if "<tool_call>" in text else text
                called = json.loads(text)
                assert all(
                    {"name", "arguments"} <= set(one) for one in (called if isinstance(called, list) else [called])
                )


@pytest.mark.parametrize(("trainer", "job"), [(trainer, job) for trainer, job in ALL if trainer in FILES])
def test_settings_name_files_and_columns_that_are_there(written: Path, trainer: Trainer, job: Job) -> None:
    found = settings(written, trainer, job)
    if trainer == "ms-swift":
        paths = [*found["dataset"], *found.get("val_dataset", [])]
    else:
        parts = [*found["datasets"], *found.get("test_datasets", [])]
        paths = [part["path"] for part in parts]
        line = lines(written / trainer / paths[0])[0]
        assert {part[name] for part in parts for name in COLUMNS if name in part} <= set(line)
    assert len(paths) == 2 and all(lines(written / trainer / path) for path in paths)


def test_only_the_last_answer_is_trained_on(written: Path) -> None:
    for line in lines(written / "axolotl" / "sft" / "train.jsonl"):
        assert [message.get("train") for message in line["messages"]] == [*[None] * (len(line["messages"]) - 1), True]
    for line in lines(written / "ms-swift" / "sft" / "train.jsonl"):
        answers = [message for message in line["messages"] if message["role"] == "assistant"]
        assert [message.get("loss") for message in answers] == [*[False] * (len(answers) - 1), None]
    assert settings(written, "llamafactory", "sft")["mask_history"] is True
    assert settings(written, "axolotl", "sft")["datasets"][0]["roles_to_train"] == []


def test_axolotl_holds_single_questions_of_kto_and_the_rest_is_counted(
    written: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    trainers.write("tiny", written / "data", "axolotl", tmp_path / "out", "kto")
    assert [line["label"] for line in lines(tmp_path / "out" / "kto" / "train.jsonl")] == [
        False,
        True,
        False,
        True,
        False,
    ]
    assert "axolotl, kto cannot hold 2 records" in caplog.text
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"kto", "kto.yaml"}


def test_a_job_without_rows_leaves_nothing(tmp_path: Path) -> None:
    write_snapshot(tmp_path / "data", [record("one", instruction="Why?", output="So.")], [])
    assert trainers.write("tiny", tmp_path / "data", "trl", tmp_path / "out") == {"sft/train.jsonl": 1}
    assert [path.name for path in sorted((tmp_path / "out").rglob("*")) if path.is_file()] == [
        "train.jsonl",
        "sft.yaml",
    ]


def test_the_command_writes_a_folder_and_says_what_is_wrong(gristmill: Gristmill, tmp_path: Path) -> None:
    write_snapshot(tmp_path / "data", [record("one", instruction="Why?", output="So.")], [])
    words = ("export", "tiny", tmp_path / "out", "--data", tmp_path / "data", "--for")
    assert gristmill(*words, "llamafactory").code == 0
    assert (tmp_path / "out" / "dataset_info.json").is_file()
    refused = gristmill(*words, "trl", "--format", "alpaca")
    assert refused.code == 2 and "prompt-completion, dpo, kto" in refused.err
    assert gristmill(*words, "trl", "--split", "test").code == 2
    (tmp_path / "file").write_text("")
    with pytest.raises(WrongInput, match="name a folder"):
        trainers.write("tiny", tmp_path / "data", "trl", tmp_path / "file")


# ---- TRL's own code


def test_trl_reads_its_settings(written: Path, load: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    trl = pytest.importorskip("trl")
    monkeypatch.chdir(written / "trl")
    for job in TRAINERS["trl"]:
        parser = trl.TrlParser((trl.ScriptArguments,))
        (arguments,) = parser.parse_args_and_config(["--config", f"{job}.yaml"])
        loaded = load(arguments.dataset_name)
        assert len(loaded[arguments.dataset_train_split]) == len(lines(Path(job) / "train.jsonl"))
        assert len(loaded[arguments.dataset_test_split]) == len(lines(Path(job) / "validation.jsonl"))


TEMPLATE = (
    "{% if tools %}{{ tools | tojson }}\n{% endif %}{% for m in messages %}[{{ m.role }}]"
    "{% if m.reasoning_content %}<think>{{ m.reasoning_content }}</think>{% endif %}{{ m.content }}"
    "{% for call in m.tool_calls or [] %}<call>{{ call.function.arguments | tojson }}</call>{% endfor %}\n{% endfor %}"
    "{% if add_generation_prompt %}[assistant]{% endif %}"
)


@pytest.mark.parametrize("job", TRAINERS["trl"])
def test_trl_applies_a_template_with_tools(written: Path, load: Any, chat_model: Path, job: Job) -> None:
    data_utils = pytest.importorskip("trl.data_utils")
    tokenizer = pytest.importorskip("transformers").AutoTokenizer.from_pretrained(chat_model)
    tokenizer.chat_template = TEMPLATE
    loaded = load("json", data_files=str(written / "trl" / job / "train.jsonl"), split="train")
    texts = []
    for row in loaded:
        assert data_utils.is_conversational(row)
        made = data_utils.maybe_apply_chat_template(row, tokenizer, tools=row.get("tools"))
        texts.append("".join(made[name] for name in ("prompt", "completion", "chosen") if name in made))
    asked = [*(RECORDS.values() if job == "sft" else PAIRS.values())]
    assert all(any(row["instruction"] in text for text in texts) for row in asked)
    assert any('<call>{"heat": 180}</call>' in text and '"required": ["zone"]' in text for text in texts)
    assert not any("null" in text for text in texts)


TAUGHT = {  # where the trainer has its tokens of the answer, and an answer
    "sft": ("labels", "The bread is good."),
    "dpo": ("chosen_ids", "A cereal."),
    "kto": ("completion_ids", "A tree."),
}


@pytest.mark.parametrize("job", TAUGHT)
def test_trl_prepares_what_was_written(written: Path, load: Any, chat_model: Path, tmp_path: Path, job: Job) -> None:
    trl = pytest.importorskip("trl")
    loaded = load("json", data_files=str(written / "trl" / job / "train.jsonl"), split="train")
    config = getattr(trl, f"{job.upper()}Config")(output_dir=str(tmp_path), report_to=[], use_cpu=True, bf16=False)
    trainer = getattr(trl, f"{job.upper()}Trainer")(model=str(chat_model), args=config, train_dataset=loaded)
    assert len(trainer.train_dataset) == len(loaded)
    column, answer = TAUGHT[job]
    taught = [[token for token in row[column] if token >= 0] for row in trainer.train_dataset]
    assert sum(text.startswith(answer) for text in trainer.processing_class.batch_decode(taught)) == 1
