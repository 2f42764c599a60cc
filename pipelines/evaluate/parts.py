"""Work that is done in small parts, each on disk when it is done: a kill loses one part at most."""

import json
import logging
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import pyarrow as pa

from pipelines import storage
from pipelines.messages import tr
from pipelines.storage import filesystem, integrity
from schemas.evaluation import EVALUATION

Row = dict[str, Any]
TABLE = "evaluations-00000-of-00001.parquet"
PREFIX = "part-"
BLANK = dict.fromkeys(EVALUATION.names)

log = logging.getLogger("gristmill")


def done(builder: storage.FolderBuilder, name: str, make: Callable[[], Sequence[Row]]) -> list[Row]:
    """The rows of a part. They are made once; those of a damaged part are made again."""
    file = f"{PREFIX}{name}.jsonl"
    if builder.has(file) and integrity.fault_of(builder.folder / file, builder.shards[file]):
        log.warning(tr("evaluate: {path}: damaged; this part is made again", path=builder.folder / file))
        builder.drop(file)
    if not builder.has(file):
        builder.text(file, "".join(f"{json.dumps(row)}\n" for row in make()))
    return [json.loads(line) for line in (builder.folder / file).read_text().splitlines()]


def publish(builder: storage.FolderBuilder, rows: Iterable[Row]) -> None:
    """Write all rows as one table."""
    table = pa.Table.from_pylist([BLANK | row for row in rows], schema=EVALUATION)
    builder.table(TABLE, table, EVALUATION, {"evaluations": table.num_rows})


def rows(builder: storage.FolderBuilder) -> list[Row]:
    """The rows of the table."""
    with filesystem.open_parquet(builder.folder / TABLE) as file:
        found: list[Row] = file.read().to_pylist()
    return found


def clear(builder: storage.FolderBuilder) -> None:
    """Take the parts out, which the table holds."""
    for name in [name for name in builder.shards if name.startswith(PREFIX)]:
        builder.drop(name)
