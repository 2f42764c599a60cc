"""Learns the map in pipelines/models/student.npz: `python -m tests.accuracy.teach [DATA]`. It takes ten minutes.

The encoder reads paragraphs, answers and questions in eight languages. By least squares the sums of its features, with
their neighbours, are predicted from the sums of the features that the pieces have alone. What is held back says how
near that comes: the cosine with the encoder's own embedding, and the correlation of the cosines of pairs of texts.
"""

import json
import random
import re
import sys
from collections.abc import Iterator, Sequence
from html import unescape
from pathlib import Path

import numpy as np

from pipelines.models import multilingual
from pipelines.models.multilingual import ENDS, STUDENT, alone, features, teacher

TEXTS, PIECES, TOGETHER = 12_000, 600, 16
DECAY = 100.0


def paragraphs(data: Path) -> Iterator[str]:
    for file in sorted((data / "tutorials").rglob("*.md")):
        yield from (part.strip() for part in file.read_text(errors="ignore").split("\n\n") if 20 < len(part) < 2_500)
    for file in sorted((data / "forums").rglob("Posts.xml")):
        bodies = re.findall(r'Body="([^"]*)"', file.read_text())
        yield from (re.sub("<[^>]+>", " ", unescape(body))[:2_000] for body in bodies)
    lines = (data / "forums/zh-developer-qa/egret_wenda_lines.txt").read_text(errors="ignore").splitlines()
    yield from (line.split(" +++$+++ ")[-1][:1_500] for line in lines)


def exchanges(data: Path) -> Iterator[str]:
    for file in sorted((data / "instructions").rglob("*.json")):
        try:
            rows = json.loads(file.read_text())
        except ValueError:
            continue  # one part is malformed
        for row in rows if isinstance(rows, list) else ():
            if isinstance(row, dict) and isinstance(row.get("output"), str):
                yield from (str(row["instruction"]), f"{row['instruction']}\n{row.get('input', '')}\n{row['output']}")


def chosen(data: Path) -> list[str]:
    """A third of exchanges, two thirds of all else, in an order that never changes."""
    draw, found = random.Random(3), list[str]()
    for kind, count in ((exchanges(data), TEXTS // 3), (paragraphs(data), TEXTS - TEXTS // 3)):
        texts = sorted({text for text in kind if len(text) > 5})
        found += draw.sample(texts, min(count, len(texts)))
    draw.shuffle(found)
    return found


def true_sums(backend, texts: Sequence[Sequence[int]]) -> np.ndarray:  # type: ignore[no-untyped-def]
    """What the encoder's network reads of each text, times the root of its length."""
    rows = []
    for first in range(0, len(texts), TOGETHER):
        found, starts = features(backend, [[1, *ids, 2] for ids in texts[first : first + TOGETHER]])
        rows.append(np.add.reduceat(found, starts, axis=0))
    return np.concatenate(rows)


def solved(given: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Least squares with a penalty, on columns of like size."""
    size = given.std(axis=0) + 1e-9
    scaled = (given / size).astype(np.float64)
    return np.linalg.solve(scaled.T @ scaled + DECAY * np.eye(scaled.shape[1]), scaled.T @ wanted) / size[:, None]


def embedded(backend, read: np.ndarray) -> np.ndarray:  # type: ignore[no-untyped-def]
    layers = {name: getattr(backend, name) for name in ("d0", "d1", "d2", "d3", "p1", "p3")}
    whole = multilingual.answers(layers | {"last": np.eye(512, dtype=np.float32)}, read)
    return whole / np.linalg.norm(whole, axis=1, keepdims=True)


def main(data: Path) -> None:
    backend = teacher()
    texts = [backend.sp.encode(text, add_bos=False, add_eos=False)[:PIECES] for text in chosen(data)]
    used, places = np.unique(np.concatenate(texts), return_inverse=True)
    lone = np.concatenate([alone(backend, part) for part in np.array_split(used, len(used) // 256)])
    counts = np.array([len(ids) for ids in texts])
    total = np.add.reduceat(lone[places], np.cumsum(counts) - counts, axis=0)
    root = np.sqrt(counts + ENDS)[:, None]
    given = np.concatenate([total, counts[:, None], np.ones((len(texts), 1))], axis=1) / root
    wanted, held = true_sums(backend, texts) / root, np.arange(len(texts)) % 5 == 0
    learnt = solved(given[~held], wanted[~held])
    truth = embedded(backend, wanted)
    last = np.linalg.svd(truth[~held], full_matrices=False)[2][: multilingual.DIMENSIONS].T
    ours, theirs = embedded(backend, given[held] @ learnt), truth[held]
    pairs = np.triu_indices(held.sum(), 1)
    near = [np.corrcoef((one @ one.T)[pairs], (theirs @ theirs.T)[pairs])[0, 1] for one in (ours, ours @ last)]
    print(f"held back {held.sum()}: cosine {(ours * theirs).sum(axis=1).mean():.3f}, correlation of pairs {near}")
    parts = {"map": learnt[:512], "each": learnt[512], "start": learnt[513], "last": last}
    np.savez_compressed(STUDENT, **{name: part.astype(np.float16) for name, part in parts.items()})


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "../shared/data"))
