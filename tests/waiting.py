"""Waiting in tests: for what happens, and not for so long.

A machine that is busy with other things takes ten times as long for everything. So no test is decided by a clock: it
waits until a thing is so, and FAR only ends what would never end. Whatever has to be measured is measured in processor
time, or by the times that the other side has noted.
"""

import os
import time
from collections.abc import Callable
from typing import TypeVar

# seconds; no wait of a test is shorter unless the wait itself is what is tested
FAR = float(os.environ.get("GRISTMILL_FAR", 900))
Value = TypeVar("Value")


def until(ask: Callable[[], Value], what: str, every: float = 0.05) -> Value:
    """What `ask` gives as soon as it is true in the sense of `if`. Raises AssertionError, naming `what`, after FAR."""
    end = time.monotonic() + FAR
    while not (value := ask()):
        assert time.monotonic() < end, f"waited {FAR:.0f} s for {what}"
        time.sleep(every)
    return value
