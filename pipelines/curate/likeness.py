"""Records like those of a file: nearest first, each line of the file in its turn (RDS+, Ivison et al. 2025).

"Large-Scale Data Selection for Instruction Tuning" found this best among nine ways, with the hidden states of a
language model; here the embeddings are those that annotate measured. One line after another takes the nearest record
that is not taken yet, until the budget is spent, so that no line's surroundings crowd out another's. Dot products of
int8 are whole numbers: the choice is the same on any machine. Of two equally near records the one with the higher
priority is taken.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import numpy as np
import pyarrow as pa
from numba import njit

from pipelines import storage
from pipelines.curate import diversity
from pipelines.curate.policy import Policy, PolicyError
from pipelines.messages import Message
from pipelines.models import embeddings
from pipelines.signals import embedding
from pipelines.storage import filesystem

FIELDS = ("instruction", "input", "output", "prompt", "question", "completion", "response", "answer", "text")
CELLS = 1 << 23  # similarities that are held at a time
NOTHING = -float(1 << 24)  # below every dot product
LISTED = 1 << 24  # ranked records that are held at a time
MOST = 20_000  # lines: a target is what is wanted, not all that there is
_CREATE = "CREATE OR REPLACE TABLE target AS SELECT * FROM targets"
_SAMPLE = "SELECT source FROM candidate WHERE pair_embedding IS NOT NULL LIMIT 1"
CURE = Message("set annotate.embedding, which has it measured, or leave this one out")
EMPTY = "CREATE OR REPLACE TEMP TABLE likeness (record_id VARCHAR, target VARCHAR, target_cosine FLOAT);"
_WRITE = "INSERT INTO likeness SELECT * FROM found WHERE record_id NOT IN (SELECT record_id FROM likeness)"


class Nearest(NamedTuple):
    """For each record whether it is taken, its nearest target and the cosine with it; -1 and 0 without an embedding."""

    taken: np.ndarray
    target: np.ndarray
    cosine: np.ndarray


def fingerprints(file: Path | None) -> dict[str, str]:
    """What a snapshot's key has of the file. Raises PolicyError where it cannot be read."""
    return {f"like/{file.name}": sha256(_read(file)).hexdigest()} if file else {}


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise PolicyError(
            "mixture.like: {file} cannot be read: {why}; name a file of JSON lines", file=file, why=error.strerror
        ) from error


def texts(file: Path) -> dict[str, str]:
    """The texts of a file of JSON lines by name, `target.jsonl:12`. Raises PolicyError with file, line and cure."""
    found: dict[str, str] = {}
    for number, line in enumerate(_read(file).split(b"\n"), 1):
        if line.strip():
            found[f"{file.name}:{number}"] = _text(_row(file, number, line), file, number)
    if not found:
        raise PolicyError("{file}: holds no line; write one JSON object a line, such as {example}",
                          file=file, example='{"instruction": "…", "output": "…"}')  # fmt: skip
    if len(found) > MOST:
        raise PolicyError("{file}: holds {number:,} lines; name the {most:,} that say best what is wanted",
                          file=file, number=len(found), most=MOST)  # fmt: skip
    return found


def _row(file: Path, number: int, line: bytes) -> Mapping[str, Any]:
    try:
        row = json.loads(line.decode("utf-8-sig" if number == 1 else "utf-8"))
    except UnicodeDecodeError as error:
        raise PolicyError("{file}:{number}: not UTF-8; save the file as UTF-8", file=file, number=number) from error
    except (json.JSONDecodeError, RecursionError) as error:
        raise PolicyError(
            "{file}:{number}: not JSON: {error}; write one object a line", file=file, number=number, error=error
        ) from error
    if not isinstance(row, dict):
        raise PolicyError(
            "{file}:{number}: a line is an object with texts, not {name}",
            file=file,
            number=number,
            name=type(row).__name__,
        )
    return row


def _text(row: Mapping[str, Any], file: Path, number: int) -> str:
    given = [row[name].strip() for name in FIELDS if isinstance(row.get(name), str)]
    if not any(given):
        raise PolicyError(
            "{file}:{number}: has none of the fields {fields}; rename the ones to be compared",
            file=file,
            number=number,
            fields=", ".join(FIELDS),
        )
    return "\n".join(filter(None, given))


def create_targets(con: duckdb.DuckDBPyConnection, policy: Policy, data: Path) -> None:
    """Create the table `target` (number, name, vector): the lines of `mixture.like`, embedded as the records are.

    Raises: PolicyError where the file cannot be used or the records are not embedded.
    """
    if policy.mixture.like is None:
        return
    given = texts(policy.mixture.like)
    vectors = embeddings.encode(_model(con, data), list(given.values()))
    if not vectors.any():
        raise PolicyError("{file}: no line says anything that the embedding knows", file=policy.mixture.like)
    rows = {"number": range(len(given)), "name": list(given), "vector": [row.tolist() for row in vectors]}
    con.register("targets", pa.table(rows))
    con.execute(_CREATE)
    con.unregister("targets")


def _model(con: duckdb.DuckDBPyConnection, data: Path) -> Path:
    """The folder of the embedding that the records have."""
    if embedding.NAME not in con.table("candidate").columns or not (found := con.sql(_SAMPLE).fetchall()):
        raise PolicyError("mixture.like needs the signal `{name}`, which was not measured; {cure}",
                          name=embedding.NAME, cure=CURE)  # fmt: skip
    manifest = storage.read_manifest(storage.folder(data, "annotate", found[0][0]))
    signals = manifest.params["signals"] if manifest else []
    version = next((version for name, version, _ in signals if name == embedding.NAME), None)
    folder = embeddings.of_version(version, filesystem.local_folder(data))
    if folder is None:
        raise PolicyError(
            "mixture.like: the embedding that measured {source} is gone; run `gristmill stage annotate` again",
            source=found[0][0],
        )
    return folder


def targets(con: duckdb.DuckDBPyConnection) -> tuple[list[str], np.ndarray]:
    """The names in the table `target`, and int8[targets, d]."""
    read = con.sql("SELECT name, vector FROM target ORDER BY number").to_arrow_table()
    vectors = read["vector"].combine_chunks().flatten().cast(pa.float32())
    fixed = pa.FixedSizeListArray.from_arrays(vectors, embedding.DIMENSIONS)
    return read["name"].to_pylist(), diversity.quantise(fixed)


def is_known(con: duckdb.DuckDBPyConnection) -> bool:
    """Whether the nearest targets are in the table `likeness`."""
    return bool(con.sql("SELECT count(*) FROM likeness").fetchall()[0][0])


def write(con: duckdb.DuckDBPyConnection, records: Sequence[str], names: Sequence[str], found: Nearest) -> None:
    """Write the nearest target of each record to the table `likeness`; the first that is told of a record stands."""
    nothing = found.target < 0
    numbers = pa.array(found.target.astype(np.int32), mask=nothing)
    told = pa.DictionaryArray.from_arrays(numbers, pa.array(names, pa.string())).cast(pa.string())
    cosines = pa.array(found.cosine.astype(np.float32), mask=nothing)
    con.register("found", pa.table({"record_id": pa.array(records, pa.string()), "target": told, "cosine": cosines}))
    con.execute(_WRITE)
    con.unregister("found")


def choose(points: np.ndarray, wanted: np.ndarray, costs: np.ndarray, first: int, budget: int) -> Nearest:
    """Take the records nearest to `wanted`, int8[targets, d], in turns, as long as the sum of costs is in `budget`.

    `points` is int8[n, d] in the order of priority; the first `first` are always taken. What does not fit is passed by,
    and what has no embedding is never taken.
    """
    target, similar = _nearest(points, wanted)
    taken, least = np.arange(len(points)) < first, int(costs.min(initial=1))
    left, turn, depth = budget - int(costs[:first].sum()), 0, _depth(costs, len(wanted), budget)
    while turn >= 0 and left >= least:
        ranked, whole = _ranked(points, wanted, depth, taken | (costs > left)), depth >= len(points)
        left, turn = _in_turns(ranked, costs, taken, (left, turn, least), whole)
        depth = min(2 * depth, max(depth, LISTED // len(wanted)))
    return Nearest(taken, target, np.clip(similar / diversity.SCALE**2, -1, 1))


def _depth(costs: np.ndarray, turns: int, budget: int) -> int:
    """How many records of each target are looked at first: twice as many as it may take."""
    return 64 + int(2 * budget / max(1.0, float(costs.mean()) if costs.size else 1.0)) // max(1, turns)


def _similarities(points: np.ndarray, wanted: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
    """Blocks of dot products, float32[rows, targets], whole numbers below 2^24; NOTHING without an embedding."""
    rows = max(1, CELLS // max(1, len(wanted)))
    others = wanted.T.astype(np.float32)
    for start in range(0, len(points), rows):
        part = points[start : start + rows]
        block = part.astype(np.float32) @ others
        block[~part.any(axis=1)] = NOTHING
        block[:, ~wanted.any(axis=1)] = NOTHING
        yield start, block


def _nearest(points: np.ndarray, wanted: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    target, similar = np.full(len(points), -1, np.int64), np.zeros(len(points))
    for start, block in _similarities(points, wanted):
        best, at = block.argmax(axis=1), np.arange(len(block))
        known = block[at, best] > NOTHING
        target[start : start + len(block)] = np.where(known, best, -1)
        similar[start : start + len(block)] = np.where(known, block[at, best], 0)
    return target, similar


def _ranked(points: np.ndarray, wanted: np.ndarray, depth: int, closed: np.ndarray) -> np.ndarray:
    """int64[targets, depth]: the nearest records of each target that are not closed, in order; -1 behind the last."""
    rows, values = np.empty((len(wanted), 0), np.int64), np.empty((len(wanted), 0), np.float32)
    for start, block in _similarities(points, wanted):
        block[closed[start : start + len(block)]] = NOTHING
        here = np.broadcast_to(np.arange(start, start + len(block)), block.T.shape)
        rows, values = np.concatenate([rows, here], axis=1), np.concatenate([values, block.T], axis=1)
        order = np.argsort(-values, axis=1, kind="stable")[:, :depth]
        rows, values = np.take_along_axis(rows, order, axis=1), np.take_along_axis(values, order, axis=1)
    ranked: np.ndarray = np.where(values > NOTHING, rows, -1)
    return ranked


@njit(cache=True, nogil=True)
def _in_turns(
    ranked: np.ndarray, costs: np.ndarray, taken: np.ndarray, state: tuple[int, int, int], whole: bool
) -> tuple[int, int]:
    """From `turn` on, each target takes its next record that fits; `state` is what is left, the turn, the least cost.

    Returns what is left, and whose turn it is when its list, which is not the `whole` one, is at its end; -1: done.
    """
    left, turn, least = state
    places, idle = np.zeros(len(ranked), np.int64), 0
    while idle < len(ranked) and left >= least:
        place = _next(ranked[turn], places[turn], costs, taken, left)
        places[turn], idle = place, idle + 1
        if place < ranked.shape[1]:
            taken[ranked[turn, place]], idle = True, 0
            left -= costs[ranked[turn, place]]
        elif not whole and ranked[turn, -1] >= 0:
            return left, turn
        turn = (turn + 1) % len(ranked)
    return left, -1


@njit(cache=True, nogil=True)
def _next(row: np.ndarray, place: int, costs: np.ndarray, taken: np.ndarray, left: int) -> int:
    """The next place of a record that is free and fits; the length where there is none."""
    while place < len(row) and row[place] >= 0:
        if not taken[row[place]] and costs[row[place]] <= left:
            return int(place)
        place += 1
    return len(row)
