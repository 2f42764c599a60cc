"""Five hundred web archives with a flipped bit or cut off, packed in each way."""

from pathlib import Path

import pytest

from tests.connectors.test_warc_damage import PACKINGS, check


@pytest.mark.parametrize("packing", PACKINGS)
def test_many_archives_with_a_fault(tmp_path: Path, packing: str) -> None:
    for seed in range(500):
        check(tmp_path, seed, packing)
