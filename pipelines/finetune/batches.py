"""Which examples a step takes: as many as fit into a number of tokens, those of like length together.

The number of batches is the same in each epoch, and which examples are in them depends on seed and epoch alone, so
that a run that goes on takes the same ones.
"""

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from torch.utils.data import Sampler

CLASSES = 16  # of length, for each doubling: at most 4.4 % of a batch is padding within a class


class TokenBatches(Sampler[list[int]]):
    """Lists of the numbers of examples. Padded to the longest of them, no list has more than `tokens` tokens.

    An example that is longer by itself is alone. In each epoch the longest come first: memory that does not suffice
    shows at once.
    """

    def __init__(self, lengths: NDArray[np.int32], tokens: int, seed: int) -> None:
        self._classes = -np.ceil(np.log2(np.maximum(lengths, 1)) * CLASSES).astype(np.int16)  # the longest first
        self._starts = np.array(_starts(-np.sort(self._classes), tokens), np.int64)
        self.tokens, self.seed, self.epoch = tokens, seed, 0

    def set_epoch(self, epoch: int) -> None:
        """Called by the trainer before each epoch, also before one that it begins in the middle."""
        self.epoch = epoch

    def __len__(self) -> int:
        return len(self._starts)

    def __iter__(self) -> Iterator[list[int]]:
        random = np.random.default_rng([self.seed, self.epoch])
        order = random.permutation(len(self._classes))  # within a class; sorting by class is stable
        order = order[np.argsort(self._classes[order], kind="stable")]
        ends = np.append(self._starts[1:], len(order))
        for number in (0, *(1 + random.permutation(len(self) - 1))):
            yield order[self._starts[number] : ends[number]].tolist()


class StepBatches(Sampler[list[int]]):
    """Lists of the numbers of examples, `steps` of them whatever the examples are, each of about as many tokens.

    Those of like length are together. None may be longer than a share of all tokens; there are at least `steps`.
    """

    def __init__(self, lengths: NDArray[np.int32], steps: int, seed: int) -> None:
        self._order = np.argsort(-lengths, kind="stable")
        middles = np.cumsum(lengths[self._order]) - lengths[self._order] / 2
        self.tokens, self.seed, self.epoch = math.ceil(int(lengths.sum()) / steps), seed, 0
        found = np.searchsorted(middles, np.arange(steps) * (lengths.sum() / steps))
        # rounding must leave no list empty
        found = np.maximum.accumulate(found - np.arange(steps)) + np.arange(steps)
        self._starts = np.minimum(found, len(lengths) - steps + np.arange(steps))

    def set_epoch(self, epoch: int) -> None:
        """Called by the trainer before each epoch."""
        self.epoch = epoch

    def __len__(self) -> int:
        return len(self._starts)

    def __iter__(self) -> Iterator[list[int]]:
        ends = np.append(self._starts[1:], len(self._order))
        for number in np.random.default_rng([self.seed, self.epoch]).permutation(len(self)):
            yield self._order[self._starts[number] : ends[number]].tolist()


def _starts(classes: NDArray[np.int16], tokens: int) -> list[int]:
    """Where the batches begin among examples whose classes of length fall."""
    starts, position = [], 0
    while position < len(classes):
        starts.append(position)
        longest = int(2 ** (int(classes[position]) / CLASSES))
        position += max(1, tokens // longest)
    return starts
