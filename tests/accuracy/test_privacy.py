"""How much personal data is found, and how much of what is found is personal data, on labelled sentences.

The counts are of values, not of characters; an address in a private range is not personal data and not counted.
"""

import json
from collections import Counter
from ipaddress import ip_address
from pathlib import Path

import pytest

from pipelines.signals.privacy import spans

KINDS = {
    "EMAIL_ADDRESS": "EMAIL",
    "IP_ADDRESS": "IP",
    "IBAN_CODE": "IBAN",
    "CREDIT_CARD": "CARD",
    "PHONE_NUMBER": "PHONE",
    "US_SSN": "ID",
}
FLOORS = {  # recall, precision
    "EMAIL": (0.98, 0.95),
    "IP": (0.98, 0.95),
    "IBAN": (0.98, 0.95),
    "CARD": (0.98, 0.95),
    "PHONE": (0.95, 0.95),
    "ID": (0.98, 0.95),
}


def labelled(folder: Path) -> list[tuple[str, set[tuple[int, int, str]]]]:
    sentences = [s for file in sorted(folder.rglob("generated_*.json")) for s in json.loads(file.read_text())]
    return [(sentence["full_text"], truth(sentence)) for sentence in sentences]


def truth(sentence: dict) -> set[tuple[int, int, str]]:  # type: ignore[type-arg]
    return {
        (span["start_position"], span["end_position"], KINDS[span["entity_type"]])
        for span in sentence["spans"]
        if span["entity_type"] in KINDS
        and (span["entity_type"] != "IP_ADDRESS" or ip_address(span["entity_value"]).is_global)
    }


def overlap(left: tuple[int, int, str], right: tuple[int, int, str]) -> bool:
    return left[2] == right[2] and left[0] < right[1] and right[0] < left[1]


@pytest.fixture(scope="module")
def scores(shared_data: Path) -> dict[str, tuple[float, float]]:
    counts: Counter[tuple[str, str]] = Counter()
    for text, wanted in labelled(shared_data / "labelled" / "pii"):
        found = spans(text)
        for span in wanted:
            counts[span[2], "hit" if any(overlap(span, other) for other in found) else "missed"] += 1
        for span in found:
            counts[span[2], "right" if any(overlap(span, other) for other in wanted) else "wrong"] += 1
    return {kind: score(counts, kind) for kind in FLOORS}


def score(counts: Counter[tuple[str, str]], kind: str) -> tuple[float, float]:
    hit, right = counts[kind, "hit"], counts[kind, "right"]
    return hit / (hit + counts[kind, "missed"]), right / (right + counts[kind, "wrong"])


@pytest.mark.parametrize("kind", FLOORS)
def test_recall_and_precision_keep_their_floors(kind: str, scores: dict[str, tuple[float, float]]) -> None:
    recall, precision = scores[kind]
    print(f"{kind}: recall {recall:.3f}, precision {precision:.3f}")
    assert recall >= FLOORS[kind][0]
    assert precision >= FLOORS[kind][1]
