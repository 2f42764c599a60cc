"""Eight thousand robots files that nobody should write, of any bytes: none raises, none takes long."""

import time
from pathlib import Path

import pytest

from tests.connectors.web.robots_corpus import files, long_ones
from tests.connectors.web.test_robots_bytes import judge

FILES = 4_000  # of each seed
LONGEST = 1.0  # seconds of processor time for one: 0.2 on an idle machine; what was not linear took 5.7


@pytest.mark.timeout(6 * 3600)
@pytest.mark.parametrize("seed", [1, 2])
def test_any_bytes_are_read(shared_data: Path, seed: int) -> None:
    spent = []
    for body in files(shared_data / "labelled" / "robots-sitemaps" / "robots", seed, FILES):
        began = time.process_time()
        judge(body)
        spent.append(time.process_time() - began)
    print(f"\n{len(spent)} files, {sum(spent):.1f} s, longest {max(spent):.3f} s")
    assert len(spent) == FILES and max(spent) < LONGEST


def test_long_ones_are_read_in_time() -> None:
    for name, body in long_ones():
        spent = []
        for _ in range(5):  # the least of five: the machine may be busy
            began = time.process_time()
            judge(body, ("/a/b",))
            spent.append(time.process_time() - began)
        print(f"{name}: {min(spent):.3f} s")
        assert min(spent) < LONGEST, name
