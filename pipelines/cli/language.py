"""The command line in the reader's language: `--language`, and the helps and errors that typer has in English only."""

import gettext
import inspect
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

import typer

from pipelines import messages
from pipelines.messages import Message, tr

OPTION = "--language"
# typer's own words, which it asks gettext for or shows as they are
WORDS = (
    Message("Usage:"),
    Message("Arguments"),
    Message("Options"),
    Message("Commands"),
    Message("[default: {}]"),
    Message("[required]"),
    Message("Missing command."),
    Message("No such command {name!r}."),
    Message("Show this message and exit."),
)
# what typer and its validators say is wrong; the values of one may be another
PHRASES = (
    Message("Missing argument '{name}'"),
    Message("Missing option '{name}'"),
    Message("No such option: {name} (Possible options: {names})"),
    Message("No such option: {name}"),
    Message("Invalid value for {name}: {fault}"),
    Message("Option '{name}' requires an argument"),
    Message("Option '{name}' does not take a value"),
    Message("Got unexpected extra argument(s) ({words})"),
    Message("{value} is not one of {names}"),
    Message("Input should be greater than or equal to {bound}"),
    Message("Input should be less than or equal to {bound}"),
    Message("Input should be a valid integer, unable to parse string as an integer"),
)


def take(words: Sequence[str]) -> None:
    """Use the language that `--language` names, wherever it stands among the words; typer refuses one that is none."""
    for word, after in pairwise([*words, ""]):
        name, _, value = word.partition("=")
        if name == OPTION and (value or after) in messages.LANGUAGES:
            messages.use_everywhere(value or after)


def command(app: typer.Typer) -> Any:
    """The command to call: each command below it knows `--language` too, and all speak the reader's language."""
    root: Any = typer.main.get_command(app)
    (option,) = [part for part in root.params if OPTION in part.opts]
    option.expose_value = False  # `take` has seen it already
    for one in below(root):
        one.params.append(option)
    if messages.language() != messages.ENGLISH:
        gettext.bindtextdomain(messages.DOMAIN, str(messages.LOCALE))  # for what typer asks of gettext
        gettext.textdomain(messages.DOMAIN)
        for one in (root, *below(root)):
            _translate(one)
    return root


def below(group: Any) -> Iterator[Any]:
    """All commands below a group, also those of groups within it."""
    for one in getattr(group, "commands", {}).values():
        yield one
        yield from below(one)


def _translate(one: Any) -> None:
    """Put a command's help, and the helps of what it takes, into the reader's language."""
    one.help = tr(inspect.cleandoc(one.help))
    for part in (*one.params, one.get_help_option(typer.Context(one))):
        if getattr(part, "help", None):
            part.help = tr(part.help)
    in_english = one.get_usage
    one.get_usage = lambda context: in_english(context).replace("Usage: ", tr("Usage:"), 1)
