"""Eight thousand robots files that nobody should write, of any bytes: none raises, none takes long.

No bound is in seconds: each is a multiple of what an ordinary file as long as is read takes here and now.
"""

import time
from pathlib import Path

import pytest

from tests.connectors.web.robots_corpus import MOST, files, long_ones
from tests.connectors.web.test_robots_bytes import judge

FILES = 4_000  # of each seed
ORDINARY = b"User-agent: *\n" + b"".join(b"Disallow: /a%d\n" % number for number in range(MOST // 17))


@pytest.mark.timeout(6 * 3600)
@pytest.mark.parametrize("seed", [1, 2])
def test_any_bytes_are_read(shared_data: Path, seed: int) -> None:
    bodies = list(files(shared_data / "labelled" / "robots-sitemaps" / "robots", seed, FILES))
    spent = [seconds(body) for body in bodies]
    longest, ordinary = max(spent), seconds(ORDINARY)
    print(f"\n{len(spent)} files, {sum(spent):.1f} s, longest {longest:.4f} s, an ordinary one {ordinary:.4f} s")
    assert len(spent) == FILES and longest < ordinary / 2


@pytest.mark.parametrize(("name", "body"), list(long_ones()))
def test_long_ones_are_read_in_time(name: str, body: bytes) -> None:
    """What was not linear took 70 times as long as an ordinary file, and 16 times as long as a quarter of itself."""
    asked = (body, body[: MOST // 4], ORDINARY)
    rounds = [[seconds(each) for each in asked] for _ in range(5)]  # by turns, for the machine may be busy
    whole, quarter, ordinary = (min(spent) for spent in zip(*rounds, strict=True))
    print(f"{name}: {whole:.3f} s, {whole / quarter:.1f} quarters, {whole / ordinary:.1f} ordinary ones")
    assert whole < 10 * quarter + ordinary / 2
    assert whole < 10 * ordinary


def seconds(body: bytes) -> float:
    """Of processor time."""
    began = time.process_time()
    judge(body)
    return time.process_time() - began
