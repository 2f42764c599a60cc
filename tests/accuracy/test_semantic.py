"""The static embedding, distilled here: sentences that say the same in other words lie closer than others do."""

from pathlib import Path

import numpy as np
import pytest

from pipelines.models import distil
from pipelines.signals.embedding import _model

SAME = (
    ("How do I undo the last commit in Git?", "What is the way to revert my most recent Git commit?"),
    ("Explain how photosynthesis works.", "Describe the process by which plants turn light into energy."),
    ("How can I make my bread rise more?", "What helps dough rise higher when baking bread?"),
    ("Write a function that reverses a string.", "Create a method which returns a text backwards."),
    ("What is the capital of France?", "Which city is the French capital?"),
    ("How do I sort a list of numbers in Python?", "Sorting a Python list of integers: how is it done?"),
    ("Why is the sky blue?", "What makes the sky look blue?"),
    ("My laptop does not connect to the wireless network.", "The wifi on my notebook computer will not connect."),
)
FLOOR = 0.95  # share of triples in which the paraphrase is nearer than any other sentence


def test_a_paraphrase_is_nearer_than_another_subject(tmp_path: Path) -> None:
    if cure := distil.missing_packages():
        pytest.skip(cure)
    distil.distil(tmp_path / "minilm")
    vectors = [_model(tmp_path / "minilm").encode(list(side)) for side in zip(*SAME, strict=True)]
    left, right = (side / np.linalg.norm(side, axis=1, keepdims=True) for side in vectors)
    cosine = left @ right.T
    same, others = np.diag(cosine), cosine[~np.eye(len(SAME), dtype=bool)].reshape(len(SAME), -1)
    nearer = float((same[:, None] > others).mean())
    print(f"\nsemantic: paraphrases nearer in {nearer:.3f} of {others.size} comparisons", end="; ")
    print(f"cosine of paraphrases {same.mean():.2f}, of others {others.mean():.2f}")
    assert nearer >= FLOOR
