"""How often the language of a line of words is told rightly, in the twenty largest languages.

The lines are labelled word pairs put together to the length of a sentence: harder than sentences, for nothing in them
is grammar.
"""

import csv
from collections import Counter
from hashlib import sha256
from pathlib import Path

import pyarrow as pa
import pytest

from pipelines.signals.language import detect, languages

LARGEST = "en zh ja ko es fr de pt ru ar hi bn it tr vi pl uk nl id fa".split()  # noqa: SIM905
LINES = 150  # of each language
UNSPACED = 0.4  # of the characters say as much in Chinese, Japanese and Korean


def lines(folder: Path, language: str, length: int) -> list[str]:
    files = sorted(file for file in folder.glob("*.txt") if file.stem.split("-")[0] == language)
    pairs = [pair for file in files for pair in file.read_text().splitlines() if pair.strip()]
    least = length * (UNSPACED if language in ("zh", "ja", "ko") else 1)
    made, line = [], ""
    for pair in pairs:
        line = f"{line} {pair}".strip()
        if len(line) >= least:
            made.append(line)
            line = ""
    return made[:LINES]


@pytest.mark.parametrize(("length", "floor"), [(97, 0.993), (80, 0.986)])
def test_accuracy_keeps_its_floor(length: int, floor: float, shared_data: Path) -> None:
    right = total = 0
    for language in LARGEST:
        given = lines(shared_data / "labelled" / "language-word-pairs", language, length)
        found, _ = languages(pa.array(given))
        right, total = right + found.count(language), total + len(given)
    print(f"{length} characters: {right / total:.4f} of {total}")
    assert total > 2_000
    assert right / total >= floor


def test_variants_of_chinese_are_told_apart(shared_data: Path) -> None:
    pages = (shared_data / "tutorials" / "fastapi").rglob("zh/**/*.md")
    found = [detect(page.read_text()) for page in pages]
    assert len(found) > 50
    assert found.count(("zh", "Hans")) / len(found) > 0.95


@pytest.mark.parametrize(("part", "floor"), [("tune", 0.97), ("report", 0.94)])
def test_short_and_mixed_lines(part: str, floor: float) -> None:
    """Lines of lines.tsv, written before the rules were tried on them: short ones, names, code-mixing, quotations."""
    with Path(__file__).with_name("lines.tsv").open() as file:
        rows = [row for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE) if _part(row) == part]
    right, total = Counter[str](), Counter[str]()
    for row, found in zip(rows, languages(pa.array([row["text"] for row in rows]))[0], strict=True):
        total[row["kind"]] += 1
        right[row["kind"]] += found == row["language"]
    print(f"{part}: {right.total() / total.total():.3f}", *(f"{kind} {right[kind]} of {total[kind]}" for kind in total))
    assert right.total() / total.total() >= floor


def _part(row: dict[str, str]) -> str:
    return "report" if int(sha256(row["text"].encode()).hexdigest(), 16) % 2 else "tune"
