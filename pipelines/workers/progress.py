"""Progress of long work: a bar with the time left on a terminal, log lines elsewhere."""

import logging
import sys
import threading
import time
from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TaskID, TextColumn
from rich.text import Text

from pipelines.messages import tr

Item = TypeVar("Item")
log = logging.getLogger("gristmill")
# Seconds between log lines. Every interval is twice the one before, so a crawl of a day does not fill the log.
LOG_EVERY, MAX_LOG_INTERVAL = 10.0, 600.0
_BAR_WIDTH = 12  # columns; with the note of a crawl the line fits into 80
CONSOLE = Console(stderr=True)  # bars and log lines both: from two consoles they would tear each other
_LOCK = threading.Lock()
_shown: list[Progress] = []  # at most one, with a line for each work of this process: two would overwrite each other


@dataclass(frozen=True, slots=True)
class ProgressState:
    """The number of items as far as it is known, and a note to show beside it."""

    total: int | None = None
    note: str = ""


def track(
    items: Iterable[Item], what: str, total: int | None = None, state: Callable[[], ProgressState] | None = None
) -> Generator[Item, None, None]:
    """Yield `items` and show how many have passed. `what` names the work. `state` is called for every update."""
    get_state = state or (lambda: ProgressState(total))
    return _show_bar(items, what, get_state) if sys.stderr.isatty() else _log_progress(items, what, get_state)


def _show_bar(items: Iterable[Item], what: str, state: Callable[[], ProgressState]) -> Generator[Item, None, None]:
    bars, task = _add_bar(what, state)
    try:
        for item in items:
            yield item
            bars.update(task, advance=1, total=state().total)
    finally:
        _remove_bar(bars, task)


def _add_bar(what: str, state: Callable[[], ProgressState]) -> tuple[Progress, TaskID]:
    with _LOCK:
        if not _shown:
            columns = (TextColumn("{task.description}"), BarColumn(_BAR_WIDTH), MofNCompleteColumn())
            notes = (_Column(lambda task: task.fields["state"]().note), _Column(_show_time))
            _shown.append(Progress(*columns, *notes, console=CONSOLE, transient=True))
            _shown[0].start()
        return _shown[0], _shown[0].add_task(what, total=state().total, state=state)


def _remove_bar(bars: Progress, task: TaskID) -> None:
    with _LOCK:
        if bars.task_ids == [task]:
            _shown.remove(bars)
            bars.stop()
        bars.remove_task(task)


class _Column(ProgressColumn):
    def __init__(self, render: Callable[[Task], str]) -> None:
        self._text = render
        super().__init__()

    def render(self, task: Task) -> Text:
        return Text(self._text(task))


def _show_time(task: Task) -> str:
    elapsed, state = task.elapsed or 0, task.fields["state"]()
    return _time_left(elapsed, int(task.completed), state.total) or str(timedelta(seconds=round(elapsed)))


def _log_progress(items: Iterable[Item], what: str, state: Callable[[], ProgressState]) -> Generator[Item, None, None]:
    started = time.monotonic()
    interval, due = LOG_EVERY, started + LOG_EVERY
    for count, item in enumerate(items, 1):
        yield item
        now = time.monotonic()
        if now > due:
            interval = min(2 * interval, MAX_LOG_INTERVAL)
            due = now + interval
            log.info(tr("{what}: {state}", what=what, state=_log_line(count, now - started, state())))


def _log_line(count: int, elapsed: float, state: ProgressState) -> str:
    counted = tr("{count} of {total}", count=count, total=state.total) if state.total else str(count)
    return ", ".join(filter(None, (counted, state.note, _time_left(elapsed, count, state.total))))


def _time_left(elapsed: float, count: int, total: int | None) -> str:
    if not total or not count or total <= count:
        return ""
    return tr("{time} left", time=timedelta(seconds=round(elapsed / count * (total - count))))
