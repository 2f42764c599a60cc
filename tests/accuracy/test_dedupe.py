"""Near duplicates against brute force: every pair's Jaccard by Python's own sets, the components of those at 0.8.

Floors of DESIGN section 7: F1 0.999 on generated edits around the threshold, 1.000 on real texts and their versions.
"""

import random
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from itertools import combinations
from pathlib import Path
from typing import Any

import opencc

from tests.pipelines import corpus
from tests.pipelines.dedupe.test_clusters import clusters, edited, prose

THRESHOLD = 0.8
GENERATED, REAL = 0.999, 1.0
MIN_SHINGLES = 16
WORD = re.compile(r"[\u3041-\u30ff\u3400-\u9fff]|[^\W_\u3041-\u30ff\u3400-\u9fff]+(?:['’][^\W\d_\u3400-\u9fff]+)*")
SIMPLIFIED, TRADITIONAL = opencc.OpenCC("t2s"), opencc.OpenCC("s2t")


def shingles(row: dict[str, Any]) -> set[tuple[str, ...]]:
    """Five words in a row, written independently of the kernels."""
    text = SIMPLIFIED.convert("\n".join((row["instruction"], row["input"], row["output"]))).lower()
    words = [word.replace("'", "").replace("’", "") for word in WORD.findall(text)]
    made = set(zip(*(words[k:] for k in range(5)), strict=False))
    return made if len(made) >= MIN_SHINGLES else set()


def true_pairs(rows: list[dict[str, Any]]) -> set[tuple[int, int]]:
    """Rows with Jaccard >= THRESHOLD, found by an index of all shingles, and those with the same text."""
    sets, index = [shingles(row) for row in rows], defaultdict(list)
    same = defaultdict(list)
    for at, row in enumerate(rows):
        same[" ".join(SIMPLIFIED.convert(row["output"]).lower().split())].append(at)
        for shingle in sets[at]:
            index[shingle].append(at)
    common = Counter(pair for held in index.values() if len(held) > 1 for pair in combinations(held, 2))
    sizes = [len(made) for made in sets]
    near = {(i, j) for (i, j), both in common.items() if both / (sizes[i] + sizes[j] - both) >= THRESHOLD}
    return near | {pair for equal in same.values() for pair in combinations(equal, 2)}


def together(families: Iterable[Iterable[Any]]) -> set[tuple[Any, Any]]:
    return {pair for family in families for pair in combinations(sorted(family), 2)}


def components(pairs: set[tuple[int, int]], rows: list[dict[str, Any]]) -> list[set[str]]:
    family = {at: {at} for pair in pairs for at in pair}
    for i, j in pairs:
        if family[i] is not family[j]:
            family[i] |= family[j]
            family.update(dict.fromkeys(family[j], family[i]))
    return [{rows[at]["record_id"] for at in one} for one in {id(one): one for one in family.values()}.values()]


def scores(data: Path, rows: list[dict[str, Any]], what: str) -> float:
    """F1 over all pairs that share a cluster."""
    ours = together(clusters(data, rows).values())
    true = together(components(true_pairs(rows), rows))
    precision, recall = len(ours & true) / len(ours), len(ours & true) / len(true)
    f1 = 2 * precision * recall / (precision + recall)
    print(
        f"\n{what}: {len(rows)} records, {len(true)} pairs; precision {precision:.4f} recall {recall:.4f} F1 {f1:.4f}"
    )
    return f1


def test_generated_edits_around_the_threshold(tmp_path: Path) -> None:
    rows = []
    for family in range(1_500):
        text = prose(family, 60 + family % 240)
        versions = [text, edited(text, max(1, len(text.split()) * (family % 5) // 120), family)]
        rows += [corpus.record(f"forum:{family}-{k}#a1", "", version) for k, version in enumerate(versions)]
    assert scores(tmp_path, rows, "generated") >= GENERATED


def typo(text: str, pick: random.Random) -> str:
    at = pick.randrange(len(text))
    return text[:at] + pick.choice("eaxs") + text[at + 1 :]


def appended(text: str, pick: random.Random) -> str:
    return text + f"\n\nEdit {pick.randrange(9)}: solved, see the answer below. Thanks!"


def shortened(text: str, pick: random.Random) -> str:
    lines = text.split("\n")
    del lines[pick.randrange(len(lines))]
    return "\n".join(lines)


def restyled(text: str, pick: random.Random) -> str:
    return text.replace("`", "").replace("**", "").replace(". ", ".\n").upper()


def traditional(text: str, pick: random.Random) -> str:
    return TRADITIONAL.convert(text)


EDITS: tuple[Callable[[str, random.Random], str], ...] = (typo, appended, shortened, restyled, traditional)


def real_texts(shared: Path) -> list[str]:
    """Posts as their authors wrote them, and sections of tutorials in English and Chinese."""
    pages = [
        *sorted((shared / "tutorials" / "fastapi").rglob("*.md")),
        *sorted((shared / "tutorials" / "djangogirls").rglob("*.md")),
    ]
    pages += sorted((shared / "knowledge_bases" / "owasp-cheatsheets").rglob("*.md"))
    sections = [part for page in pages for part in re.split(r"\n(?=#)", page.read_text(errors="replace"))]
    posts = [
        page.read_text(errors="replace") for page in sorted((shared / "forums" / "discourse-urho3d").rglob("*.md"))
    ]
    return [text for text in (*sections, *posts) if len(text) > 120]


def test_real_texts_and_their_versions(shared_data: Path, tmp_path: Path) -> None:
    pick = random.Random(11)
    texts = real_texts(shared_data)
    texts = pick.sample(texts, min(1_000, len(texts)))
    rows = []
    for number, text in enumerate(texts):
        versions = [text]
        for edit in pick.sample(EDITS, 2):
            versions.append(edit(versions[-1], pick))
        rows += [corpus.record(f"forum:{number}-{k}#a1", "", version) for k, version in enumerate(versions)]
    assert scores(tmp_path, rows, "real versions") >= REAL
