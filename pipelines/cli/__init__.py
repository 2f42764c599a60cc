"""The command line: thin commands over the stages. Errors are one line on stderr and an exit code.

0: done. 1: the work failed. 2: the words were wrong (a recipe, a policy, an option, a query that writes).
130: stopped by Ctrl-C.
"""

import logging
import sys
from typing import Any

import typer

from pipelines.cli import language
from pipelines.cli.team import app
from pipelines.errors import WrongInput, error_message, printable
from pipelines.messages import reworded, tr

log = logging.getLogger("gristmill")
FAILED, WRONG_WORDS, STOPPED = 1, 2, 130
UsageError: type[Exception] = typer.BadParameter.__bases__[0]  # typer has no other name for it


def main() -> None:
    """The `gristmill` command: exit code 0, 1, 2, or 130 after Ctrl-C, and one line for each thing that is wrong."""
    try:
        language.take(sys.argv[1:])
        code = language.command(app)(prog_name="gristmill", standalone_mode=False)
    except (KeyboardInterrupt, typer.Abort):
        code = STOPPED
    except UsageError as error:
        sys.exit(_end(_usage(error), WRONG_WORDS))
    except WrongInput as error:
        sys.exit(_end(tr(error_message(error)), WRONG_WORDS, error))
    except Exception as error:
        sys.exit(_end(tr(error_message(error)), FAILED, error))
    if code == STOPPED:
        _end(tr("stopped by Ctrl-C; the same command goes on from here"), STOPPED)
    sys.exit(code)


def _usage(error: Any) -> str:
    """What is wrong with the words; "" where help was shown instead."""
    told = error.format_message().replace("Value error, ", "").rstrip(".。")
    message = reworded(told, language.PHRASES)
    command = error.ctx.command_path if error.ctx else "gristmill"
    return tr("{message}; see `{command} --help`", message=message, command=command) if message else ""


def _end(message: str, code: int, error: Exception | None = None) -> int:
    log.debug("raised here", exc_info=error)
    if message:
        sys.stderr.write(tr("error: {message}", message=printable(message)) + "\n")
    return code
