"""Answer tokens that are learnt in a second of processor time, beside TRL's SFTTrainer at its defaults and at its best.

All train the same LoRA on the same tokens of a small Llama with random weights, in turn. Lengths are spread as those of
forum answers: half have less than 200 tokens, one in fifty more than a thousand.
"""

import multiprocessing
import random
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import median
from typing import Any

import pytest

from pipelines.finetune.stored import IGNORED_LABEL
from pipelines.models.prompt import Example
from tests.pipelines.conftest import CHAT, make_model, recipe

ROUNDS, EXAMPLES, PROMPT = 5, 96, 40
BATCH_TOKENS, LONGEST = 4_096, 4_096
DEFAULTS: dict[str, Any] = {}
# with 1, 2, 4 or 8 examples in a batch; packing needs FlashAttention, which is for GPUs
BEST: dict[str, Any] = {
    "train_sampling_strategy": "group_by_length",
    "max_length": LONGEST,
    "activation_checkpointing": False,
}
LEAST = {"TRL": 1.4, "TRL, grouped": 1.05}  # times as many as theirs


def examples() -> list[Example]:
    draw = random.Random(7)
    lengths = [PROMPT + min(int(draw.lognormvariate(5, 1)) + 8, LONGEST - PROMPT) for _ in range(EXAMPLES)]
    return [Example([draw.randint(3, 250) for _ in range(length)], PROMPT) for length in lengths]


def model_of(folder: Path) -> Any:
    from transformers import LlamaConfig, LlamaForCausalLM, set_seed

    set_seed(1)
    sizes: dict[str, Any] = {"hidden_size": 192, "intermediate_size": 512, "num_hidden_layers": 4, "vocab_size": 4_096}
    LlamaForCausalLM(LlamaConfig(**sizes, num_attention_heads=4, max_position_embeddings=LONGEST)).save_pretrained(
        folder
    )


def gristmill(model: Path, folder: Path) -> Callable[[], int]:
    from pipelines.finetune import stored
    from pipelines.finetune import train as training
    from pipelines.models import base

    base.require_train()
    settings = recipe(model, epochs=1, batch_tokens=BATCH_TOKENS, gradient_accumulation=1).finetune
    loaded, tokenizer, new = base.load_with_special_tokens(settings, folder)
    stored.write(examples(), folder / "examples")
    kept = stored.Stored(folder / "examples")
    where = training.Where("bench", folder / "checkpoints", folder / "reports")

    def train() -> int:
        training.train(loaded, tokenizer, kept, new, settings, where)
        return int(kept.learnt.sum())

    return train


def trl(model: Path, folder: Path, **settings: Any) -> Callable[[], int]:
    from datasets import Dataset
    from peft import LoraConfig
    from transformers import AutoModelForCausalLM, AutoTokenizer
    from trl import SFTConfig, SFTTrainer

    rows = [
        {"input_ids": one.ids, "completion_mask": [0] * PROMPT + [1] * (len(one.ids) - PROMPT), "length": len(one.ids)}
        for one in examples()
    ]
    told: dict[str, Any] = {"output_dir": str(folder), "use_cpu": True, "bf16": False, "save_strategy": "no"}
    trainer = SFTTrainer(
        model=AutoModelForCausalLM.from_pretrained(model),
        args=SFTConfig(**told, num_train_epochs=1, report_to="none", disable_tqdm=True, **settings),
        train_dataset=Dataset.from_list(rows),
        processing_class=AutoTokenizer.from_pretrained(model),
        peft_config=LoraConfig(r=8, lora_alpha=16, target_modules="all-linear", task_type="CAUSAL_LM"),
    )
    learnt, collate = [0], trainer.data_collator

    def counted(rows: Any) -> Any:
        batch = collate(rows)
        learnt[0] += int((batch["labels"] != IGNORED_LABEL).sum())
        return batch

    trainer.data_collator = counted

    def train() -> int:
        trainer.train()
        return learnt[0]

    return train


def measured(name: str, model: Path, folder: Path, settings: dict[str, Any], out: Connection) -> None:
    train = gristmill(model, folder) if name == "Gristmill" else trl(model, folder, **settings)
    begun = time.process_time()
    learnt = train()
    out.send((learnt, time.process_time() - begun))


def contenders() -> dict[str, dict[str, Any]]:
    sizes = {f"TRL, grouped by {size}": BEST | {"per_device_train_batch_size": size} for size in (1, 2, 4, 8)}
    return {"Gristmill": {}, "TRL": DEFAULTS, **sizes}


@pytest.mark.timeout(3_600)
def test_answer_tokens_per_second_of_the_processor(tmp_path: Path) -> None:
    model = make_model(tmp_path / "model", CHAT)
    model_of(model)
    context = multiprocessing.get_context("spawn")
    found: dict[str, list[tuple[int, float]]] = {name: [] for name in contenders()}
    for number in range(ROUNDS):
        for name, settings in contenders().items():
            folder, (reader, writer) = tmp_path / f"{number} {name}", context.Pipe(duplex=False)
            folder.mkdir()
            process = context.Process(target=measured, args=(name, model, folder, settings, writer))
            process.start()
            found[name].append(reader.recv())
            process.join()
    rates = {name: median(learnt / seconds for learnt, seconds in runs) for name, runs in found.items()}
    whole = found["Gristmill"][0][0]
    for name, rate in rates.items():
        share = found[name][0][0] / whole
        print(
            f"\n{name}: {rate:,.0f} tokens/s, {share:.0%} of the answers; ratio {rates['Gristmill'] / rate:.2f}", end=""
        )
    print()
    grouped = max(rate for name, rate in rates.items() if name.startswith("TRL, grouped"))
    assert rates["Gristmill"] >= LEAST["TRL"] * rates["TRL"]
    assert rates["Gristmill"] >= LEAST["TRL, grouped"] * grouped
