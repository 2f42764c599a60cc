"""A tiny random Llama, with a tokenizer trained on the spot, and a small snapshot to train it on."""

import os
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pytest

from pipelines import storage
from pipelines.recipe import Recipe
from pipelines.storage import filesystem
from schemas.verdict import PUBLISHED, PUBLISHED_PAIR
from tests.pipelines.commands import Gristmill, caller
from tests.pipelines.turns import said

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # before torch: see pipelines/models/base.py
CHAT = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] | trim }}<|im_end|>\n"
    "{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
FACTS = ("keep a branch", "sort a list", "open a file", "write a loop", "boil an egg", "plant a tree")
Rows = Sequence[dict[str, object]]
VERBS = ("First", "Then", "After that", "At last")


def rows(count: int, split: str, start: int = 0) -> list[dict[str, object]]:
    """Rows that differ, in English and Chinese, some with an input and some with history."""
    made = []
    for number in range(start, start + count):
        fact = FACTS[number % len(FACTS)]
        history = said(f"Who can {fact}?", "Anyone can.") if number % 4 == 0 else []
        asked = f"How do I {fact}?" if number % 3 else f"怎样{number}次做这件事？"
        answer = f"{VERBS[number % 4]} {fact}, {number} times." if number % 3 else f"先{fact}，再做{number}次。"
        blank = {name: None for name in PUBLISHED.names}
        texts = {"instruction": asked, "input": f"I have {number}." if number % 2 else "", "output": answer}
        about = {"task": ("education", "dialogue")[number % 2], "language": "en" if number % 3 else "zh"}
        where = {"record_id": f"test:{number}#1", "split": split, "licence": "CC-BY-4.0", "source": "test"}
        made.append(blank | texts | about | where | {"history": history})
    return made


def write_snapshot(data: Path, train: Rows, validation: Rows, test: Rows = (), pairs: Rows = ()) -> None:
    folder = storage.folder(data, "curate", "tiny") / "v1"
    filesystem.make_folder(folder.parent)
    what = {"stage": "curate", "name": "tiny", "version": 1, "params": {}, "inputs": {}}
    with storage.building(folder, **what) as made:
        for split, part in (("train", train), ("validation", validation), ("test", test)):
            table = pa.Table.from_pylist(list(part), schema=PUBLISHED)
            made.table(f"{split}-00000-of-00001.parquet", table, PUBLISHED)
        if pairs:
            made.table("pairs-00000.parquet", pa.Table.from_pylist(list(pairs), schema=PUBLISHED_PAIR), PUBLISHED_PAIR)
    storage.point_latest(folder)


def recipe(model: Path, **settings: object) -> Recipe:
    """Only the name and the fine-tuning settings matter here."""
    chosen = {"model": str(model), "batch_tokens": 512, "gradient_accumulation": 1, "max_steps": 6, "eval_records": 6}
    chosen |= {"max_length": 128, "learning_rate": 3e-3} | settings
    return Recipe.model_validate(
        {"name": "tiny", "sources": [{"connector": "python_docs", "name": "docs"}], "finetune": chosen}
    )


@pytest.fixture(scope="session")
def plain_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model without chat template."""
    return make_model(tmp_path_factory.mktemp("plain"), None)


@pytest.fixture(scope="session")
def chat_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_model(tmp_path_factory.mktemp("chat"), CHAT)


def make_model(folder: Path, template: str | None) -> Path:
    import torch
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    backend = Tokenizer(models.BPE())
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    backend.decoder = decoders.ByteLevel()
    special = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"] if template else ["<|endoftext|>"]
    trainer = trainers.BpeTrainer(
        vocab_size=600,
        special_tokens=special,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    backend.train_from_iterator([f"{row['instruction']} {row['output']}" for row in rows(60, "train")], trainer)
    if template:
        backend.add_tokens([AddedToken("<tool_call>", special=False)])
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=backend, eos_token=special[-1], bos_token="<|endoftext|>", model_max_length=256
    )
    tokenizer.chat_template = template
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=len(tokenizer), hidden_size=64, intermediate_size=128, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, max_position_embeddings=256, tie_word_embeddings=template is not None,
        bos_token_id=tokenizer.bos_token_id, eos_token_id=tokenizer.eos_token_id,
    )  # fmt: skip
    LlamaForCausalLM(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@pytest.fixture
def gristmill(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Gristmill:
    """The command, called within the test."""
    return caller(monkeypatch, capsys)
