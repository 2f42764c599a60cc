"""Workers in the program of a user, which is started anew in each of them, and workers that end for no item's sake."""

import mmap
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pebble.pool.process
import pytest
from pebble.pool.channel import ChannelMutex

from pipelines import collect, recipe
from pipelines.workers.pool import isolated, map_ordered, shared
from tests.conftest import environment
from tests.faults.jobs import begin
from tests.waiting import FAR, until

MIB = 1 << 20
# takes what PyTorch and its company take, which is more than a page may, and hardly any memory
HEAVY = f"import mmap\nheld = mmap.mmap(-1, {2048 * MIB})\n"
GUARD = 'if __name__ == "__main__":\n    '
NORMALISE = (
    "from pathlib import Path; from pipelines import normalise, recipe; "
    'print(normalise.run(recipe.load(Path("small.toml")), "forum", Path("data")).counts["pages_used"])\n'
)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A source of four pages that are collected."""
    place = tmp_path / "place"
    begin(place)
    collect.run(recipe.load(place / "small.toml"), "forum", place / "data")
    return place


def program(place: Path, text: str) -> subprocess.CompletedProcess[str]:
    (place / "program.py").write_text(text)
    return subprocess.run(
        [sys.executable, "program.py"], cwd=place, env=environment(place), capture_output=True, text=True, timeout=FAR
    )


def test_what_a_program_imports_is_not_taken_from_its_pages(place: Path) -> None:
    assert program(place, HEAVY + GUARD + NORMALISE).stdout == "4\n"


def test_workers_that_cannot_start_are_no_fault_of_the_pages(place: Path) -> None:
    """Each worker runs this program, as it has no guard, and ends there. Its four pages were rejects once."""
    ended = program(place, NORMALISE)
    assert ended.stderr.splitlines()[-1].startswith("pipelines.errors.WorkFailed: worker processes end before they beg")
    assert not ended.stdout and not (place / "data" / "2_records" / "forum").exists()


WORK = """import os
from pathlib import Path
with Path("imported").open("a") as file:
    file.write(f"{os.getpid()}\\n")
def work(item):
    return os.getpid()
"""
POOLS = """
    from functools import partial
    from pipelines.workers.pool import map_ordered
    from noted import work
    print(*(worker for _ in range(3) for _, worker in map_ordered(partial(work), [1], workers=1)))
"""


def test_what_is_worked_with_is_imported_once_for_all_processes(place: Path) -> None:
    """Once by the program, and once by the process that the workers are forked from."""
    (place / "noted.py").write_text(WORK)
    workers = program(place, GUARD + POOLS).stdout.split()
    imported = (place / "imported").read_text().split()
    assert len(set(workers)) == 3 and len(imported) == 2 and not set(workers) & set(imported)


def fill(size: int) -> int:
    return len(mmap.mmap(-1, size))


def test_an_item_has_its_memory_beyond_what_the_worker_has() -> None:
    results = map_ordered(fill, [448 * MIB, 576 * MIB], workers=1, deadline=60.0, memory=512 * MIB)
    fits, is_too_much = (result for _, result in results)
    assert fits == 448 * MIB and isinstance(is_too_much, OSError)
    with isolated(fill, deadline=60.0, memory=512 * MIB) as filled:
        assert filled(448 * MIB) == 448 * MIB and isinstance(filled(576 * MIB), OSError)


def once(mark: Path, item: int) -> int:
    """Twice the item. The first worker dies after that, while it has nothing to do."""
    if not mark.exists():
        mark.write_text(str(os.getpid()))
        threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGKILL)).start()
    return 2 * item


def after_its_end(mark: Path) -> Iterator[int]:
    yield 1
    until(mark.exists, "the first worker")
    until(lambda: not Path("/proc", mark.read_text()).exists(), "its end")
    time.sleep(1)  # either way it is made good; this is longer than the pool takes to notice
    yield from range(2, 12)


def test_a_worker_that_dies_between_two_items_is_replaced(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    found = list(map_ordered(partial(once, mark), after_its_end(mark), workers=1, deadline=60.0, memory=512 * MIB))
    assert found == [(item, 2 * item) for item in range(1, 12)]


def test_a_process_of_its_own_is_replaced(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    with isolated(partial(once, mark), deadline=60.0, memory=512 * MIB) as doubled:
        assert [doubled(item) for item in after_its_end(mark)] == [2 * item for item in range(1, 12)]


def doubled(number: int) -> tuple[int, int]:
    return 2 * number, os.getpid()


@pytest.mark.parametrize("workers", [1, 2])
def test_processes_are_shared_by_all_that_they_are_asked(workers: int) -> None:
    with shared(doubled, workers) as ask:
        found = [*ask(range(20)), *ask(range(20, 40))]
    assert [number for number, _ in found] == [2 * number for number in range(40)]
    asked = {process for _, process in found}
    assert len(asked) <= workers and (os.getpid() in asked) == (workers == 1)


def test_a_process_is_ended_before_the_locks_that_it_starts_with_are_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two processes for one item: the second may still be starting, and would print a traceback on stderr."""
    seen = list[str]()

    def note(says: str, do: Any) -> Any:
        def noted(of: Any) -> None:
            seen.append(says)
            do(of)

        return noted

    for owner, name in ((pebble.pool.process, "stop_process"), (ChannelMutex, "unlink")):
        monkeypatch.setattr(owner, name, note(name, getattr(owner, name)))
    assert list(map_ordered(abs, [-1], workers=2)) == [(-1, 1)]
    assert seen.index("unlink") == 2
