"""Texts to measure speed on: answers of an instruction set where there is one, else made-up ones of its lengths."""

import json
import random
from pathlib import Path

SHARED = Path(__file__).resolve().parents[2].parent / "shared" / "data"
VOCABULARY = 8_000


def answers(count: int) -> list[str]:
    file = SHARED / "instructions" / "llamafactory-demo" / "data" / "alpaca_en_demo.json"
    if not file.is_file():
        return made_up(count)
    rows = json.loads(file.read_text())
    given = [f"{row['instruction']}\n{row['input']}\n{row['output']}" for row in rows]
    return [given[k % len(given)] for k in range(count)]


def made_up(count: int) -> list[str]:
    """Sentences of words drawn as in natural text: the k-th commonest with a weight of 1/k."""
    chance = random.Random(5)
    words = ["".join(chance.choices("etaoinshrdlucmfw", k=chance.randint(2, 9))) for _ in range(VOCABULARY)]
    weights = [1 / rank for rank in range(1, VOCABULARY + 1)]
    return [". ".join(" ".join(chance.choices(words, weights, k=12)) for _ in range(10)) + "." for _ in range(count)]
