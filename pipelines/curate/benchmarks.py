"""Reads benchmark files: items with a question, and an answer where the file has one."""

import json
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from hashlib import file_digest
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from connectors.reading import packed
from pipelines.recipe import RecipeError

# Names of fields. The first one that a row has counts.
QUESTIONS = ("question", "prompt", "problem", "instruction", "text", "query", "input", "content")
ANSWERS = ("answer", "canonical_solution", "solution", "code", "output", "completion", "response", "target")
NAMES = ("task_id", "id", "key", "name", "question_id")
LONGEST = 1 << 24  # bytes of a line
FINAL_ANSWER = "####"  # GSM8K puts the steps before it and the answer after it


@dataclass(frozen=True, slots=True)
class Item:
    """One item of a benchmark. `name` identifies it within the benchmark; `answer` may be empty."""

    benchmark: str
    name: str
    question: str
    answer: str


def name_of(file: Path) -> str:
    """The name of a benchmark, such as `gsm8k/test`, by folder and file. It holds no path of this machine."""
    folder = file.parent.parent if file.parent.name == "data" else file.parent
    return f"{folder.name}/{file.name.split('.')[0]}"


def fingerprint(file: Path) -> str:
    """SHA-256 of the file.

    Raises: RecipeError where it cannot be read.
    """
    try:
        with file.open("rb") as opened:
            return file_digest(opened, "sha256").hexdigest()
    except OSError as error:
        raise RecipeError(
            "decontaminate.benchmarks: {file} cannot be read: {why}", file=file, why=error.strerror
        ) from error


def items(file: Path) -> Iterator[Item]:
    """The items of a Parquet or JSON Lines file, which may be compressed by gzip.

    Raises: RecipeError with file and row where a row cannot be read or has no question.
    """
    for number, row in enumerate(_rows(file), 1):
        question = _first(row, QUESTIONS)
        if not question:
            fields = ", ".join(QUESTIONS)
            raise RecipeError(
                "{file}: row {number} has none of the fields {fields}; rename the one that asks",
                file=file,
                number=number,
                fields=fields,
            )
        answer = _first(row, ANSWERS).rsplit(FINAL_ANSWER, 1)[-1].strip()
        yield Item(name_of(file), _first(row, NAMES) or str(number), question, answer)


def _first(row: Mapping[str, Any], names: tuple[str, ...]) -> str:
    value = next((row[name] for name in names if row.get(name) not in (None, "")), "")
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _rows(file: Path) -> Iterator[Mapping[str, Any]]:
    """Raises RecipeError where the file is cut, broken, or unpacks to far more than one of its size holds."""
    try:
        yield from _of_parquet(file) if file.suffix == ".parquet" else _of_lines(file)
    except RecipeError:
        raise
    except (*packed.ERRORS, pa.ArrowException, zlib.error) as error:
        raise RecipeError("{file}: cannot be read: {error}", file=file, error=error) from error


def _of_parquet(file: Path) -> Iterator[Mapping[str, Any]]:
    with pq.ParquetFile(file) as table:
        for batch in table.iter_batches():
            yield from batch.to_pylist()


def _of_lines(file: Path) -> Iterator[Mapping[str, Any]]:
    with packed.opened(file) as lines:
        for number, line in enumerate(iter(partial(lines.readline, LONGEST + 1), b""), 1):
            if len(line) > LONGEST:
                raise RecipeError(
                    "{file}:{number}: longer than {most:,} bytes; no item is", file=file, number=number, most=LONGEST
                )
            if line.strip():
                yield _parsed(file, number, line)


def _parsed(file: Path, number: int, line: bytes) -> Mapping[str, Any]:
    """Raises RecipeError where a line is no JSON object in UTF-8."""
    try:
        row = json.loads(line.decode("utf-8-sig" if number == 1 else "utf-8"))
    except UnicodeDecodeError as error:
        raise RecipeError("{file}:{number}: not UTF-8; save the file as UTF-8", file=file, number=number) from error
    except (json.JSONDecodeError, RecursionError) as error:
        raise RecipeError("{file}:{number}: not JSON: {error}", file=file, number=number, error=error) from error
    if not isinstance(row, dict):
        raise RecipeError(
            "{file}:{number}: a row is an object with a question, not {name}",
            file=file,
            number=number,
            name=type(row).__name__,
        )
    return row
