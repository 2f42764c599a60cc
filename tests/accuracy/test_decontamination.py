"""Benchmark items planted in Alpaca's records, and what is found where none was planted."""

import json
import random
import time
from pathlib import Path

import pyarrow as pa

from pipelines.curate import benchmarks, decontaminate
from pipelines.curate.decontaminate import THRESHOLD

FILES = ("gsm8k/test.jsonl", "human-eval/data/HumanEval.jsonl.gz", "mbpp/data/mbpp.jsonl", "ifeval/en_input_data.jsonl")
PLANTED = 400


def alpaca(folder: Path) -> list[str]:
    texts = []
    for file in sorted(folder.rglob("*.json")):
        try:
            rows = json.loads(file.read_text())
        except json.JSONDecodeError:  # one part is malformed as it came
            continue
        texts += ["\n".join(str(row.get(part) or "") for part in ("instruction", "input", "output")) for row in rows]
    return texts


def reset(text: str, pick: random.Random) -> str:
    """As people pass a text on: other line breaks, capitals, marks of Markdown, a word more at its ends."""
    words = [pick.choice([word, word, word.upper(), f"**{word}**"]) for word in text.split()]
    joined = "".join(word + pick.choice([" ", " ", "  ", "\n"]) for word in words)
    return f"Question: {joined}\nLet us see."


def test_planted_items_are_found_and_nothing_else(shared_data: Path) -> None:
    items = [item for file in FILES for item in benchmarks.items(shared_data / "benchmarks" / file)]
    index = decontaminate.build_index(items)
    texts = alpaca(shared_data / "instructions" / "alpaca-en-zh")
    pick = random.Random(11)
    planted = pick.sample(index.items, PLANTED)
    batch = pa.record_batch(
        {
            "record_id": [f"alpaca {k}" for k in range(len(texts))] + [one.item.name for one in planted],
            "text": texts + [f"{pick.choice(texts)}\n{reset(one.text, pick)}" for one in planted],
        }
    )
    begun = time.process_time()
    rows = decontaminate.find_evidence(batch, index).to_pylist()
    seconds = time.process_time() - begun
    flagged = {row["record_id"] for row in rows if row["contamination"] >= THRESHOLD}
    found = sum(one.item.name in flagged for one in planted)
    wrong = [name for name in flagged if name.startswith("alpaca")]
    print(f"\n{len(index.items)} of {len(items)} items sought in {batch.num_rows} records:")
    print(f"{found} of {PLANTED} planted, {len(wrong)} others, {batch.num_rows / seconds:,.0f} records/s on one core")
    assert found >= 0.99 * PLANTED
    assert len(wrong) == 0
