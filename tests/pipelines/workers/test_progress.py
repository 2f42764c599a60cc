"""What is shown of long work: a bar where somebody looks, a line now and then where nobody does."""

import io
import logging
import re
import time
from collections.abc import Iterator

import pytest
from rich.console import Console

from pipelines.workers import progress
from pipelines.workers.progress import ProgressState, track


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """What a terminal of 80 columns is sent. No fixture: pytest sets stderr anew when a test begins."""
    shown = Terminal()
    monkeypatch.setattr("sys.stderr", shown)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setattr(progress, "CONSOLE", Console(stderr=True))  # which looks at its terminal when it is made
    return shown


def slow(count: int) -> Iterator[int]:
    for number in range(count):
        time.sleep(0.02)
        yield number


def test_a_terminal_shows_how_far_and_how_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also what is not known at the start: how much there is, and what has come of it."""
    screen = terminal(monkeypatch)
    seen: list[int] = []

    def state() -> ProgressState:
        return ProgressState(20 if seen else None, f"{len(seen)} requests, 1 errors" if seen else "")

    for each in track(slow(10), "collect site", state=state):
        seen.append(each)
    assert seen == list(range(10))
    drawn = screen.getvalue()
    assert "collect site" in drawn and "0/?" in drawn and "/20" in drawn
    assert "requests, 1 errors" in drawn and " left" in drawn and "0:00:00" in drawn


def left_on(screen: str) -> list[str]:
    """The lines that stay on a terminal which was sent `screen`, once its bars are gone."""
    lines, row, column = [""], 0, 0
    for code, text in re.findall(r"(\x1b\[[0-9;?]*[A-Za-z]|\r|\n)|([^\x1b\r\n]+)", screen):
        if code == "\n":
            row, column = row + 1, 0
            lines += [""] * (row + 1 - len(lines))
        elif code == "\r":
            column = 0
        elif code.endswith("A"):
            row -= int(code[2:-1])
        elif code.endswith("K"):
            lines[row] = ""
        elif text:
            lines[row] = lines[row][:column].ljust(column) + text + lines[row][column + len(text) :]
            column += len(text)
    return [line.rstrip() for line in lines if line.strip()]


def test_works_at_once_share_the_terminal_and_log_lines_stand_above_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each work has its line, also where the first ends first, and nothing of them is left."""
    screen = terminal(monkeypatch)
    first, second = track(slow(3), "collect one"), track(slow(9), "collect two")
    next(first), next(second)
    frame = len(screen.getvalue())
    for count in range(8):
        next(first, None), next(second)
        progress.CONSOLE.print(f"line {count}")
    shown = screen.getvalue()[frame:]
    assert re.search(r"collect one[^\r]*\n[^\r]*collect two", shown), "one frame has both"
    first.close(), second.close()
    assert left_on(screen.getvalue()) == [f"line {count}" for count in range(8)]
    assert not progress._shown


def test_a_pipe_gets_a_line_now_and_then(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setattr("sys.stderr", io.StringIO())
    clock = iter(range(1000))  # a second for each item
    monkeypatch.setattr(progress.time, "monotonic", lambda: float(next(clock)))
    monkeypatch.setattr(progress, "LOG_EVERY", 0.5)
    with caplog.at_level(logging.INFO, "gristmill"):
        assert list(track(range(30), "collect site", state=lambda: ProgressState(60, "7 requests"))) == list(range(30))
    lines = [record.getMessage() for record in caplog.records]
    assert [line.split()[2] for line in lines] == ["1", "3", "6", "11", "20"], "each wait is twice the last"
    assert lines[0] == "collect site: 1 of 60, 7 requests, 0:00:59 left"


def test_quick_work_says_nothing(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setattr("sys.stderr", io.StringIO())
    with caplog.at_level(logging.INFO, "gristmill"):
        assert list(track(range(1000), "annotate")) == list(range(1000))
    assert not caplog.records


@pytest.mark.parametrize(
    ("count", "total", "said"),
    [(1, None, "1"), (1, 4, "1 of 4, 0:00:09 left"), (4, 4, "4 of 4"), (5, 4, "5 of 4"), (0, 4, "0 of 4")],
)
def test_time_left(count: int, total: int | None, said: str) -> None:
    assert progress._log_line(count, 3.0, ProgressState(total)) == said
