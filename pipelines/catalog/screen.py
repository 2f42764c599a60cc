"""How wide the screen is."""

from typing import IO

from rich.console import Console

WITHOUT_TERMINAL = 200  # columns of what goes to a file or another program


def wide_console(out: IO[str] | None = None) -> Console:
    """A console on `out`, or on stdout. Without a terminal to say how wide it is, lines are not cut to 80 columns."""
    console = Console(file=out)
    return console if console.is_terminal else Console(file=out, width=WITHOUT_TERMINAL)
