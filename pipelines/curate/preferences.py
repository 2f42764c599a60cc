"""What a head is learnt from: pairs of a better and a worse record, from votes, decisions and files.

    votes      two answers to one question: the better one has at least MARGIN votes more, or alone is accepted
    decisions  an accepted record and a rejected one of the same source, of about the same length
    FILE       JSON lines: `record_id` and `label`, or texts and `label`; or texts with `chosen` and `rejected`

A row with a label has no thread, so good and bad rows of a source are matched by length: each takes part once.
"""

import json
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import numpy as np
import pyarrow as pa

from pipelines import storage
from pipelines.curate.decisions import Decision
from pipelines.errors import WrongInput
from pipelines.messages import tr
from pipelines.models import embeddings, head
from pipelines.signals import SIGNALS, embedding
from pipelines.storage import filesystem
from schemas.record import RECORD
from schemas.signal import Signal

log = logging.getLogger("gristmill")
MARGIN = 2  # votes
MOST_OF_THREAD = 6  # pairs, so that no long thread is most of what is learnt
GOOD, BAD = (True, 1, "good", "accept"), (False, 0, "bad", "reject")
TEXTS = ("instruction", "input", "output")
_NUMBERS = ("int32", "float", "bool")
# of length itself, and what the text does not say
_NOT_READ = ("_chars", "_words", "_lines", "_sentences", "_days")
_VOTES = """
SELECT b.record_id AS better, w.record_id AS worse, b.source, b.page_id AS thread,
       epoch(w.created_at) - epoch(b.created_at) AS later
FROM answer b JOIN answer w ON b.page_id = w.page_id AND b.instruction_hash = w.instruction_hash
 AND b.record_id <> w.record_id
 AND (b.score >= w.score + {margin} AND b.accepted >= w.accepted OR b.accepted > w.accepted AND b.score >= w.score)
QUALIFY row_number() OVER (PARTITION BY b.page_id ORDER BY md5(b.record_id || w.record_id)) <= {most}
ORDER BY ALL
"""
_ANSWERS = """
CREATE OR REPLACE TEMP TABLE answer AS
SELECT record_id, page_id, source, instruction_hash, created_at, coalesce(score, 0) AS score,
       coalesce(accepted, false)::INTEGER AS accepted
FROM records JOIN signals USING (record_id)
WHERE source_kind = 'forum' AND kind = 'answer' AND (score IS NOT NULL OR accepted)
"""
_LABELLED = """
SELECT record_id, source, {length} AS length, good
FROM labelled JOIN records USING (record_id) JOIN signals USING (record_id) ORDER BY source, length, record_id
"""
_FEATURES = """
SELECT {columns} FROM (SELECT unnest($names::VARCHAR[]) AS record_id, unnest(range({count})) AS place)
JOIN signals USING (record_id) ORDER BY place
"""
Measure = Callable[[pa.Table, Sequence[Signal]], pa.Table]


class Pairs(NamedTuple):
    """Features of better and worse records, float64[pairs, features] with NaN for null; length_terms of both;
    the site and the thread of each pair; how many seconds later the worse one was written, 0 where nobody knows;
    the ids of both, object[pairs, 2], "" where a row of a file has none."""

    better: np.ndarray
    worse: np.ndarray
    better_length: np.ndarray
    worse_length: np.ndarray
    site: np.ndarray
    thread: np.ndarray
    later: np.ndarray
    ids: np.ndarray

    def of(self, which: np.ndarray) -> "Pairs":
        """Some of the pairs."""
        return Pairs(*(column[which] for column in self))

    def joined(self, other: "Pairs") -> "Pairs":
        """These and others."""
        return Pairs(*(np.concatenate(both) for both in zip(self, other, strict=True)))


class Source(NamedTuple):
    """Where measured records are: the users' views in `con`; the signals that are read, and the embedding's version."""

    con: duckdb.DuckDBPyConnection
    columns: tuple[str, ...]
    embedding: int

    @property
    def embedded(self) -> bool:
        return self.embedding != 0


def readable() -> tuple[str, ...]:
    """The signals that a head may read: numbers about the answer or the pair, but for its length, and none that is
    made of others."""
    numbers = [one.name for one in SIGNALS if str(one.type) in _NUMBERS and not one.after]
    named = [name for name in numbers if name.startswith(("output_", "pair_"))]
    return tuple(name for name in named if not name.endswith(_NOT_READ))


def measured(con: duckdb.DuckDBPyConnection, data: Path) -> tuple[Source, tuple[Signal, ...]]:
    """The records of a data folder, and the signal of their embedding if all have the same.

    Raises: WrongInput where nothing is measured yet.
    """
    sources = [name for (name,) in con.sql("SELECT DISTINCT source FROM records ORDER BY ALL").fetchall()]
    manifests = [storage.read_manifest(storage.folder(data, "annotate", name)) for name in sources]
    told = [{name: version for name, version, _ in one.params["signals"]} for one in manifests if one]
    if not told:
        raise WrongInput("{data}: no record is measured yet; run `gristmill run RECIPE` first", data=data)
    columns = tuple(name for name in readable() if all(name in one for one in told))
    versions = {one.get(embedding.NAME, 0) for one in told}
    local = filesystem.local_folder(data)
    folder = embeddings.of_version(versions.pop(), local) if len(versions) == 1 else None
    if folder is None:
        return Source(con, columns, 0), ()
    version = embeddings.version(folder)
    measure = partial(embedding.pair_embedding, folder)
    return Source(con, columns, version), (Signal(embedding.NAME, embedding.EMBEDDING, measure, "", version),)


def gather(
    source: Source, named: Sequence[str], decisions: Sequence[Decision], measure: Measure, embedded: Sequence[Signal]
) -> Pairs:
    """The pairs of all that `--from` names: `votes`, `decisions`, and files. Raises WrongInput."""
    found = _pairs(source, [])
    for name in named:
        if name == "votes":
            found = found.joined(from_votes(source))
        elif name == "decisions":
            found = found.joined(from_decisions(source, decisions))
        else:
            found = found.joined(from_file(source, Path(name), partial(_measure, measure, embedded)))
    return found


def _measure(measure: Measure, embedded: Sequence[Signal], table: pa.Table) -> pa.Table:
    wanted = {*readable(), head.LENGTH}
    return measure(table, (*(one for one in SIGNALS if one.name in wanted), *embedded))


def from_votes(source: Source) -> Pairs:
    """Pairs of answers to one question."""
    source.con.execute(_ANSWERS)
    rows = source.con.sql(_VOTES.format(margin=MARGIN, most=MOST_OF_THREAD)).fetchall()
    return _pairs(source, rows)


def from_decisions(source: Source, decisions: Sequence[Decision]) -> Pairs:
    """Pairs of an accepted and a rejected record. An edited one is neither: it became good by the edit."""
    labels = {one.record_id: one.decision == "accept" for one in decisions if one.decision in ("accept", "reject")}
    return _from_labels(source, labels)


def from_file(source: Source, file: Path, measure: Callable[[pa.Table], pa.Table]) -> Pairs:
    """Pairs of a file's rows; texts are measured by `measure`. Raises WrongInput with file, line and cure."""
    labels, texts, made = dict[str, bool](), list[dict[str, Any]](), list[dict[str, Any]]()
    for number, row in _rows(file):
        if isinstance(row.get("chosen"), str) and isinstance(row.get("rejected"), str):
            made.append({"thread": f"{file.name}:{number}"} | row)
        elif isinstance(row.get("record_id"), str):
            labels[row["record_id"]] = _label(file, number, row)
        elif isinstance(row.get("output"), str):
            texts.append(row | {"good": _label(file, number, row)})
        else:
            raise WrongInput(
                "{file}:{number}: a line has `record_id` and `label`, or `output` and `label`, or `chosen` and "
                "`rejected`; rename its fields",
                file=file,
                number=number,
            )
    found = _from_labels(source, labels)
    return found.joined(_from_texts(source, texts, made, file.name, measure)) if texts or made else found


def _rows(file: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    try:
        lines = file.read_bytes().split(b"\n")
    except OSError as error:
        raise WrongInput(
            "--from {file}: cannot be read: {why}; say votes, decisions, or a file of JSON lines",
            file=file,
            why=error.strerror,
        ) from error
    for number, line in enumerate(lines, 1):
        if line.strip():
            try:
                row = json.loads(line.decode("utf-8-sig"))
            except (ValueError, RecursionError) as error:
                raise WrongInput(
                    "{file}:{number}: not JSON: {error}; write one object a line", file=file, number=number, error=error
                ) from error
            yield number, row if isinstance(row, dict) else {}


def _label(file: Path, number: int, row: Mapping[str, Any]) -> bool:
    label = row.get("label")
    if label in GOOD or label in BAD:
        return label in GOOD
    raise WrongInput(
        "{file}:{number}: label {label} says neither good nor bad; write true or false",
        file=file,
        number=number,
        label=json.dumps(label, ensure_ascii=False),
    )


def _from_labels(source: Source, labels: Mapping[str, bool]) -> Pairs:
    table = pa.table({"record_id": pa.array(list(labels), pa.string()), "good": pa.array(labels.values(), pa.bool_())})
    source.con.register("labelled", table)
    rows = source.con.sql(_LABELLED.format(length=head.LENGTH)).fetchall()
    source.con.unregister("labelled")
    if unknown := len(labels) - len(rows):
        log.warning(
            tr(
                "{unknown} of {labelled} labelled records are not here or not measured; they are left out",
                unknown=unknown,
                labelled=len(labels),
            )
        )
    matched = []
    for site in sorted({row[1] for row in rows}):
        good, bad = ([row[0] for row in rows if row[1] == site and row[3] == kind] for kind in (True, False))
        matched += [(one, other, site, one, 0.0) for one, other in _matched(good, bad)]
    return _pairs(source, matched)


def _matched(good: Sequence[Any], bad: Sequence[Any]) -> list[tuple[Any, Any]]:
    """Two lists in order of length: each of the shorter one with the one at the same place of the longer one."""
    count = min(len(good), len(bad))
    places = [[side[round(at * (len(side) - 1) / max(1, count - 1))] for at in range(count)] for side in (good, bad)]
    return list(zip(*places, strict=True))


def _pairs(source: Source, rows: Sequence[tuple[str, str, str, str, float | None]]) -> Pairs:
    better, worse, site, thread, later = (list(column) for column in zip(*rows, strict=True)) if rows else ([],) * 5
    one, other = _measured(source, better), _measured(source, worse)
    waited = np.array([value or 0.0 for value in later], np.float64)
    ids = np.array([better, worse], object).T
    return Pairs(*_sides(source, one, other), np.array(site, object), np.array(thread, object), waited, ids)


def _sides(source: Source, one: pa.Table, other: pa.Table) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    better, worse = (head.features(table, source.columns, source.embedded) for table in (one, other))
    return better, worse, head.length_terms(one), head.length_terms(other)


def _measured(source: Source, names: Sequence[str]) -> pa.Table:
    columns = ", ".join([*source.columns, head.LENGTH, *([head.EMBEDDING] if source.embedded else [])])
    query = _FEATURES.format(columns=columns, count=len(names))
    return source.con.execute(query, {"names": list(names)}).to_arrow_table()


def _from_texts(
    source: Source,
    texts: Sequence[dict[str, Any]],
    made: Sequence[dict[str, Any]],
    site: str,
    measure: Callable[[pa.Table], pa.Table],
) -> Pairs:
    """Rows with texts of their own: labelled ones matched by length, and ready-made pairs."""
    good, bad = (sorted((row for row in texts if row["good"] == kind), key=_size) for kind in (True, False))
    both = _matched(good, bad)
    both += [(row | {"output": row["chosen"]}, row | {"output": row["rejected"]}) for row in made]
    threads = [f"{site}:{at}" for at in range(len(both))]
    one, other = (measure(_records(rows)) for rows in (zip(*both, strict=True) if both else ([], [])))
    sites = np.array([site] * len(both), object)
    nameless = np.full((len(both), 2), "", object)
    return Pairs(*_sides(source, one, other), sites, np.array(threads, object), np.zeros(len(both)), nameless)


def _size(row: Mapping[str, Any]) -> tuple[int, str]:
    return len(row["output"]), row["output"]


def _records(rows: Sequence[dict[str, Any]]) -> pa.Table:
    given = [{name: str(row.get(name) or "") for name in TEXTS} | {"instruction": _asked(row)} for row in rows]
    blank = dict.fromkeys(RECORD.names) | {"record_id": "", "history": [], "tags": [], "source_kind": "instructions"}
    return pa.Table.from_pylist([blank | one for one in given], schema=RECORD)


def _asked(row: Mapping[str, Any]) -> str:
    return str(row.get("instruction") or row.get("prompt") or row.get("question") or "")
