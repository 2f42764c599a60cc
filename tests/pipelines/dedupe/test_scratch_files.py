"""A disk that refuses what dedupe writes beside its results is told with the file, and nothing is read by half."""

import errno
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from pipelines.dedupe import bands, scratch_files, shingle_sets
from pipelines.signals.minhash import PERMUTATIONS

BANDS = bands.Bands(2, 5)
ROWS = np.arange(40)
FULL = Path("/dev/full")
LONGER = Path("/sys/devices/system/cpu/online")  # a page of memory, it says


def signatures(scratch: Path) -> None:
    values = np.tile(np.arange(PERMUTATIONS, dtype=np.uint32), (ROWS.size, 1))
    bands.write_signatures([bands.hash_bands(ROWS, values, BANDS)], scratch, BANDS)


def shingles(scratch: Path) -> None:
    no, yes = np.zeros(2, np.uint64), np.zeros(2, np.bool_)
    sets = shingle_sets.ShingleSets(np.arange(8, dtype=np.uint32), np.arange(0, 10, 2), yes, no)
    shingle_sets.write([sets], np.arange(2), 2, scratch / "shingles")


def buckets(scratch: Path) -> None:
    bands.write_buckets(scratch, BANDS, ROWS, 1)


@pytest.mark.parametrize(
    ("write", "name"),
    [(signatures, "bytes"), (signatures, "band-0"), (signatures, "band-1"), (shingles, "shingles")],
)
def test_a_full_disk_is_told_with_the_file(write: Callable[[Path], None], name: str, tmp_path: Path) -> None:
    (tmp_path / name).symlink_to(FULL)
    with pytest.raises(OSError, match="No space left") as found:
        write(tmp_path)
    assert (found.value.errno, found.value.filename) == (errno.ENOSPC, str(tmp_path / name))


def test_a_disk_that_fills_later_is_told_with_the_file(tmp_path: Path) -> None:
    """numpy says only that `1 requested and 0 written`."""
    signatures(tmp_path)
    (tmp_path / "starts-1").symlink_to(FULL)
    with pytest.raises(OSError, match="No space left") as found:
        buckets(tmp_path)
    assert (found.value.errno, found.value.filename) == (errno.ENOSPC, str(tmp_path / "starts-1"))


def test_a_file_that_cannot_be_read_to_its_end_is_no_shorter_array(tmp_path: Path) -> None:
    """As of a disk that breaks: this one says that it is longer than what it gives."""
    scratch_files.write(tmp_path / "whole", np.arange(9))
    assert scratch_files.read(tmp_path / "whole", np.int64).tolist() == list(range(9))
    with pytest.raises(OSError, match="Input/output error") as found:
        scratch_files.read(LONGER, np.uint8)
    assert found.value.filename == str(LONGER)
