"""Whether work grows in line with its input, measured so that a busy machine does not decide."""

import time
from collections.abc import Callable

TIMES = 8  # how much longer the long input is: work in line with it takes 8 × as long, work by its square 64 ×
MOST = 24
ATTEMPTS = 6
LEAST = 0.005  # seconds; what is shorter is taken for this long


def grows_in_line(short: Callable[[], object], long: Callable[[], object]) -> bool:
    """True if `long`, whose input is TIMES as long, takes no more than MOST × as long as `short`.

    Processor time alone does not do: what shares a core's caches made the long one of two 20 × as slow where 8 × was
    right. So both are measured again until it is so; the least of each counts, ATTEMPTS at most.
    """
    brief, whole = float("inf"), float("inf")
    for _ in range(ATTEMPTS):
        brief, whole = min(brief, _spent(short)), min(whole, _spent(long))
        if whole < MOST * max(brief, LEAST):
            return True
    return False


def _spent(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began
