"""Examples on disk, as Arrow. Each is read when it is trained on: memory does not grow with their number.

They are read, not mapped into memory: pages of a mapped file count as memory of the process.
"""

from collections.abc import Iterable, Sequence
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipelines.models.prompt import Example
from pipelines.storage import filesystem

SCHEMA = pa.schema(
    [("ids", pa.list_(pa.int32())), ("learnt", pa.list_(pa.int32()))]
)  # learnt: start, end, start, end …
READ_TOGETHER = 32  # examples; to read one costs reading so many
IGNORED_LABEL = -100  # what the loss of transformers skips


def write(examples: Iterable[Example], path: Path) -> None:
    """Write the examples to a new file. Raises: OSError."""
    waiting = iter(examples)
    with filesystem.naming(path), pa.OSFile(str(path), "wb") as file, pa.ipc.new_file(file, SCHEMA) as writer:
        while some := list(islice(waiting, READ_TOGETHER)):
            ids = [example.ids for example in some]
            learnt = [[position for span in example.learnt() for position in span] for example in some]
            writer.write_batch(pa.record_batch([ids, learnt], schema=SCHEMA))


class Stored:
    """The examples of a file that `write` has written."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[type["Stored"], tuple[Path]]:
        return Stored, (self.path,)  # an open file cannot go to another process

    @cached_property
    def _reader(self) -> Any:
        return pa.ipc.open_file(pa.OSFile(str(self.path)))

    @cached_property
    def lengths(self) -> NDArray[np.int32]:
        """The number of tokens of each example."""
        batches = (self._reader.get_batch(number) for number in range(self._reader.num_record_batches))
        found = [batch["ids"].value_lengths().to_numpy() for batch in batches]
        return np.concatenate(found) if found else np.zeros(0, np.int32)

    @cached_property
    def learnt(self) -> NDArray[np.int32]:
        """The number of tokens of each example that are learnt."""
        batches = (self._reader.get_batch(number) for number in range(self._reader.num_record_batches))
        found = [_spans(batch["learnt"]) for batch in batches]
        return np.concatenate(found) if found else np.zeros(0, np.int32)

    def tokens(self, number: int) -> tuple[list[int], list[int]]:
        """The tokens of an example, and where in them what is learnt begins and ends."""
        batch = self._reader.get_batch(number // READ_TOGETHER)
        ids, learnt = (batch[name][number % READ_TOGETHER].values.to_pylist() for name in SCHEMA.names)
        return ids, learnt

    def __call__(self, asked: dict[str, Sequence[int]]) -> dict[str, list[Any]]:
        """Some examples as a trainer has them; `asked` has their `number`s."""
        together = [self._one(number) for number in asked["number"]]
        return {"input_ids": [ids for ids, _ in together], "labels": [labels for _, labels in together]}

    def _one(self, number: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        batch = self._reader.get_batch(number // READ_TOGETHER)
        ids, learnt = (batch[name][number % READ_TOGETHER].values.to_numpy() for name in SCHEMA.names)
        ids = ids.astype(np.int64)
        labels = np.full_like(ids, IGNORED_LABEL)
        for start, end in learnt.reshape(-1, 2):
            labels[start:end] = ids[start:end]
        return ids, labels


def _spans(learnt: Any) -> NDArray[np.int32]:
    ends = learnt.flatten().to_numpy().reshape(-1, 2)
    starts = (learnt.offsets.to_numpy()[:-1] - learnt.offsets.to_numpy()[0]) // 2
    return np.add.reduceat(ends[:, 1] - ends[:, 0], starts).astype(np.int32)
