"""Forks a process for each command that it is asked for: `{"words": […], "place": folder, "err": file}` → exit code."""

import importlib
import json
import logging
import os
import sys
import traceback
from typing import Any

from pipelines import cli
from tests.faults import small

ALWAYS = (
    *("pipelines.annotate", "pipelines.catalog.verify", "pipelines.collect", "pipelines.curate", "pipelines.dedupe"),
    *("pipelines.flows.steps", "pipelines.forget", "pipelines.normalise", "pipelines.publish.trainers"),
    *("pandas", "pyarrow.dataset"),  # which Arrow imports when it is used
)


def main() -> None:
    """Answers until stdin ends."""
    for name in (*ALWAYS, *sys.argv[1:]):
        importlib.import_module(name)
    small.turn_down()
    for line in sys.stdin:
        print(_fork(json.loads(line)), flush=True)


def _fork(asked: dict[str, Any]) -> int:
    if child := os.fork():
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    os.setpgid(0, 0)  # a kill takes its workers with it
    os.chdir(asked["place"])
    descriptor = os.open(asked["err"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(descriptor, 2)
    os.dup2(os.open(os.devnull, os.O_RDWR), 1)
    os.dup2(1, 0)
    os._exit(_call(asked["words"]))


def _call(words: list[str]) -> int:
    sys.argv = ["gristmill", *words]
    logging.getLogger("gristmill").handlers = []
    try:
        cli.main()
    except SystemExit as end:
        return int(end.code or 0)
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stderr.flush()
    return 99


if __name__ == "__main__":
    main()
