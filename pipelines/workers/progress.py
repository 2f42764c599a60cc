"""How far long work has come: a bar with ETA on a terminal, a log line now and then elsewhere."""

import logging
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn
from rich.text import Text

Item = TypeVar("Item")
log = logging.getLogger("gristmill")
# Seconds between lines where there is no terminal. Each wait is twice the last: a crawl of a day does not fill a log
LOG_EVERY, LONGEST_SILENCE = 10.0, 600.0
_BAR = 12  # columns: with what a crawl has to say, the line fits into 80


@dataclass(frozen=True, slots=True)
class State:
    """How much there is to do, as far as that is known by now, and what else is worth a look."""

    total: int | None = None
    words: str = ""


def track(
    items: Iterable[Item], what: str, total: int | None = None, state: Callable[[], State] | None = None
) -> Iterator[Item]:
    """Yield `items`, showing how many have gone by; `state` is asked anew whenever something is shown."""
    asked = state or (lambda: State(total))
    return _bar(items, what, asked) if sys.stderr.isatty() else _lines(items, what, asked)


class _Column(ProgressColumn):
    def __init__(self, render: Callable[[Task], str]) -> None:
        self._text = render
        super().__init__()

    def render(self, task: Task) -> Text:
        return Text(self._text(task))


def _bar(items: Iterable[Item], what: str, state: Callable[[], State]) -> Iterator[Item]:
    def time_of(task: Task) -> str:
        spent = task.elapsed or 0
        return _left(spent, int(task.completed), state().total) or str(timedelta(seconds=round(spent)))

    shown = (TextColumn("{task.description}"), BarColumn(_BAR), MofNCompleteColumn(), _Column(lambda _: state().words))
    with Progress(*shown, _Column(time_of), console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=state().total)
        for item in items:
            yield item
            bar.update(task, advance=1, total=state().total)


def _lines(items: Iterable[Item], what: str, state: Callable[[], State]) -> Iterator[Item]:
    started = time.monotonic()
    wait, due = LOG_EVERY, started + LOG_EVERY
    for count, item in enumerate(items, 1):
        yield item
        now = time.monotonic()
        if now > due:
            wait = min(2 * wait, LONGEST_SILENCE)
            due = now + wait
            log.info("%s: %s", what, _line(count, now - started, state()))


def _line(count: int, elapsed: float, state: State) -> str:
    many = f"{count} of {state.total}" if state.total else str(count)
    return ", ".join(filter(None, (many, state.words, _left(elapsed, count, state.total))))


def _left(elapsed: float, count: int, total: int | None) -> str:
    if not total or not count or total <= count:
        return ""
    return f"{timedelta(seconds=round(elapsed / count * (total - count)))} left"
