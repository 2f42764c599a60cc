"""Runs code that a model has written, in a process that can compute and nothing else (confined.py).

What it holds: no file is opened, read or made, no connection, no process, no signal; five seconds of the processor,
half a gigabyte. It is the kernel that refuses. What it does not hold: code that sets out to pass without solving
anything may find the word that stands for passing in its own process; and a fault of the kernel is beyond a filter.
"""

import json
import secrets
import subprocess
import sys
from functools import cache
from pathlib import Path

PROGRAM = Path(__file__).with_name("confined.py")
OUTPUT_BYTES = 4_096  # read of what is written; who writes more is ended


def passes(code: str, tests: str) -> bool:
    """Whether `code` defines what `tests`, assertions in Python, ask for. Errors, endless loops and floods do not."""
    word = secrets.token_hex(16)
    with subprocess.Popen(
        [sys.executable, "-I", "-S", "-B", str(PROGRAM)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={},
        cwd="/",
    ) as process:
        assert process.stdin and process.stdout
        process.stdin.write(json.dumps({"code": code, "tests": tests, "word": word}).encode())
        process.stdin.close()
        said = process.stdout.read(OUTPUT_BYTES)
        process.kill()
    return said.endswith(word.encode())


@cache
def is_there() -> bool:
    """Whether this machine confines: code runs, and what it must not do is refused."""
    return passes("", "assert True") and not passes("open('/')", "") and not passes("raise SystemExit", "")
