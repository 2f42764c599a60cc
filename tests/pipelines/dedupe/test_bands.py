"""Bands that miss nothing, and signatures that rule out no true pair."""

import math
from itertools import pairwise

import numpy as np
import pytest

from pipelines.dedupe import bands
from pipelines.signals.minhash import PERMUTATIONS


@pytest.mark.parametrize("threshold", [0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 1.0])
def test_bands_miss_a_pair_at_the_threshold_once_in_ten_thousand_at_most(threshold: float) -> None:
    chosen = bands.choose_bands(threshold)
    assert chosen.count * chosen.rows <= PERMUTATIONS
    assert (1 - threshold**chosen.rows) ** chosen.count <= bands.MAX_MISSED


def test_bands_at_the_default_threshold() -> None:
    assert bands.choose_bands(0.8) == bands.Bands(count=25, rows=5)


@pytest.mark.parametrize("threshold", [0.5, 0.8, 0.95])
def test_min_equal_values_is_the_largest_bar_that_true_pairs_pass(threshold: float) -> None:
    def below(bar: int) -> float:
        terms = range(bar)
        return sum(math.comb(128, k) * threshold**k * (1 - threshold) ** (128 - k) for k in terms)

    least = bands.min_equal_values(threshold)
    assert below(least) <= bands.MAX_REJECTED < below(least + 1)


def test_identical_sets_agree_everywhere() -> None:
    assert bands.min_equal_values(1.0) == PERMUTATIONS


@pytest.mark.parametrize("chunk", [1, 3, 1 << 16])
def test_buckets_come_whole_whatever_the_chunk(chunk: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bands, "CHUNK", chunk)
    hashes = np.array([7, 5, 7, 9, 5, 5, 1], np.uint64)
    found = list(bands.split_buckets(bands.group_by_hash(hashes), np.arange(7)))
    buckets = [sorted(members[a:b]) for members, starts in found for a, b in pairwise(starts)]
    wholes = [bucket for bucket in buckets if not any(set(bucket) < set(other) for other in buckets)]
    assert sorted(wholes) == [[0, 2], [1, 4, 5]]


def test_buckets_that_hold_one_component_are_left_out() -> None:
    hashes = np.array([7, 7, 5, 5], np.uint64)
    ((members, starts),) = bands.split_buckets(bands.group_by_hash(hashes), np.array([0, 0, 2, 3]))
    assert sorted(members) == [2, 3] and list(starts) == [0, 2]
