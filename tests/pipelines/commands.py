"""The `gristmill` command called within a test: its exit code, and what it printed."""

import sys
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from pipelines import cli


@dataclass(frozen=True)
class Printed:
    code: int
    out: str
    err: str


Gristmill = Callable[..., Printed]


def caller(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Gristmill:
    """A function that calls the command with the words it is given."""
    for setting in ("handlers", "level"):
        monkeypatch.setattr(cli.log, setting, getattr(cli.log, setting))
    monkeypatch.setenv("LANGUAGE", "en")  # whatever the tester reads

    def call(*words: object) -> Printed:
        monkeypatch.setattr(sys, "argv", ["gristmill", *map(str, words)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        captured = capsys.readouterr()
        return Printed(int(ended.value.code or 0), captured.out, captured.err)

    return call
