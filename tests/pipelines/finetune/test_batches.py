"""Which examples a batch has: like lengths, no more tokens than asked for, each example once an epoch."""

import numpy as np
import pytest

from pipelines.finetune.batches import TokenBatches
from pipelines.models.batches import by_length

LENGTHS = np.random.default_rng(5).integers(1, 900, 400).astype(np.int32)


def batches(seed: int = 17, epoch: int = 0, tokens: int = 1_000) -> list[list[int]]:
    sampler = TokenBatches(LENGTHS, tokens, seed)
    sampler.set_epoch(epoch)
    return list(sampler)


@pytest.mark.parametrize("tokens", [16, 1_000, 5_000])
@pytest.mark.parametrize("epoch", [0, 1])
def test_each_example_is_in_one_batch_and_no_batch_is_too_large(tokens: int, epoch: int) -> None:
    made = batches(epoch=epoch, tokens=tokens)
    assert sorted(number for batch in made for number in batch) == list(range(len(LENGTHS)))
    assert len(made) == len(TokenBatches(LENGTHS, tokens, 17))
    padded = [len(batch) * max(LENGTHS[batch]) for batch in made]
    assert all(size <= tokens or len(batch) == 1 for batch, size in zip(made, padded, strict=True))
    assert max(LENGTHS[made[0]]) > 0.95 * max(LENGTHS), "the longest come first"


def test_little_is_padding() -> None:
    made = batches(tokens=5_000)
    padded = sum(len(batch) * int(max(LENGTHS[batch])) for batch in made)
    assert padded < 1.06 * LENGTHS.sum()


def test_the_batches_depend_on_seed_and_epoch_alone() -> None:
    first = batches()
    np.random.default_rng().random()
    assert batches() == first != batches(epoch=1)
    assert batches(seed=18) != first
    assert sorted(map(sorted, batches(epoch=1))) != sorted(map(sorted, first)), "other examples meet"


def test_lengths_at_the_edge_of_a_class() -> None:
    lengths = np.array([2**n + d for n in range(1, 13) for d in (-1, 0, 1)] * 8, np.int32)
    for batch in TokenBatches(lengths, 4096, 1):
        assert len(batch) * max(lengths[batch]) <= 4096 or len(batch) == 1


def test_several_processes_take_them_in_turn() -> None:
    from accelerate.data_loader import BatchSamplerShard

    ours = TokenBatches(LENGTHS, 1_000, 17)
    dealt = [list(BatchSamplerShard(ours, 2, rank, even_batches=False)) for rank in (0, 1)]
    assert [batch for both in zip(*dealt, strict=False) for batch in both] == list(ours)[: 2 * len(dealt[1])]


@pytest.mark.parametrize(
    ("lengths", "made"),
    [([], []), ([5], [[0]]), ([3, 1, 2], [[1, 2], [0]]), ([2, 2, 2], [[0, 1], [2]]), ([9, 9], [[0], [1]])],
)
def test_batches_of_what_is_measured_hold_like_lengths(lengths: list[int], made: list[list[int]]) -> None:
    assert list(by_length(lengths, 4)) == made
