"""The commands that tell what there is, and begin a recipe."""

import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from pipelines.cli.commands import print_json
from pipelines.cli.options import DATA, AsJson, Data
from pipelines.cli.review import app
from pipelines.errors import WrongInput, did_you_mean
from pipelines.messages import tr

__all__ = ["app"]


@app.command()
def connectors(
    name: Annotated[str, typer.Argument(help="One connector, with its settings; all when there is none.")] = "",
    as_json: AsJson = False,
) -> None:
    """What can be read, and what each connector may be told.

    Example: [bold]gristmill connectors website[/bold]
    """
    from rich.table import Table

    from pipelines.catalog import described, screen

    found = described.connectors(name)
    if as_json:
        print_json(found)
        return
    console = screen.wide_console()
    if not name:
        table = Table(tr("connector"), tr("reads"), show_edge=False)
        for one in found:
            table.add_row(one.name, tr(one.says.split("\n\n")[0]))
        console.print(table)
        return
    _print_connector(found[0], console)


def _print_connector(one: Any, console: Any) -> None:
    from rich.table import Table
    from rich.text import Text

    from pipelines.curate.policy_file import to_toml

    for paragraph in one.says.split("\n\n"):
        console.print(Text(f"{tr(paragraph)}\n"))
    table = Table(tr("setting"), tr("type"), tr("default"), tr("what it is"), show_edge=False)
    for key in one.settings:
        default = tr("must be set") if key.required else "" if key.default in ("", (), None) else to_toml(key.default)
        table.add_row(*map(Text, (key.name, tr(key.type), default, tr(key.says))))
    licence = tr("licence: {says}", says=one.licence)
    console.print(table, Text(f"\n{licence}\n\n{one.example}"), sep="\n")


@app.command()
def signals(
    name: Annotated[str, typer.Argument(help="One signal; all when there is none.")] = "",
    data: Data = DATA,
    as_json: AsJson = False,
) -> None:
    """What is measured of each record, where its definition is from, which rules look at it, and how it is spread here.

    Example: [bold]gristmill signals output_words[/bold]
    """
    from contextlib import nullcontext

    from pipelines import catalog
    from pipelines.catalog import described
    from pipelines.curate import policy

    bundled = [(each, policy.load(each)) for each in policy.bundled()]
    with catalog.connect(data) if data.exists() else nullcontext() as con:
        found = described.signals(name, bundled, con)
    if as_json:
        print_json(found)
    else:
        _print_signals(found)


def _print_signals(found: list[Any]) -> None:
    from rich.table import Table
    from rich.text import Text

    from pipelines.catalog import screen

    table = Table(tr("signal"), tr("type"), tr("version"), tr("nulls"), "5 %", tr("median"), "95 %", show_edge=False)
    for heading in (tr("rules"), tr("definition")):
        table.add_column(heading)
    for one in found:
        spread = [f"{one.quantiles[at]:.4g}" if at in one.quantiles else "" for at in ("0.05", "0.5", "0.95")]
        nulls = "" if one.nulls is None else f"{one.nulls:.1%}"
        table.add_row(one.name, one.type, str(one.version), nulls, *spread, ", ".join(one.rules), Text(tr(one.source)))
    screen.wide_console().print(table)


@app.command()
def init(  # noqa: PLR0913, PLR0917 (its options are the words of the command)
    file: Annotated[Path, typer.Argument(help="The recipe to write, such as my.toml.")],
    place: Annotated[str, typer.Option(help="An address, or the path of a file or folder.")] = "",
    have: Annotated[
        Literal["", "site", "forum", "files", "dump", "help-centre", "set"],
        typer.Option(help="What is there, where the place does not tell."),
    ] = "",
    connector: Annotated[str, typer.Option(help="What reads it; proposed by the place.")] = "",
    address: Annotated[str, typer.Option(help="Where a path was saved from, for those that must know it.")] = "",
    name: Annotated[str, typer.Option(help="Of recipe and source: a-z, 0-9, - and _.")] = "",
    title: Annotated[str, typer.Option(help="What people call it, in any script.")] = "",
    licence: Annotated[
        str | None, typer.Option(help="SPDX id, such as CC-BY-4.0; empty where the texts state theirs.")
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", help="Another setting, as KEY=VALUE; of a list once for each. May be repeated."),
    ] = None,
    policy: Annotated[str, typer.Option(help="What is kept: a policy's name or file; unsaid: `default`.")] = "",
    add: Annotated[bool, typer.Option("--add", help="Add a source to a recipe that is there.")] = False,
) -> None:
    """Write a first recipe from what you have, or add to one; asks for what no option says.

    Example: [bold]gristmill init my.toml --place https://docs.bakery.example/handbook/ --licence CC-BY-4.0[/bold]
    """
    from pipelines.flows import begin, recipe_file

    _check_file(file, add)
    place = place or _ask(tr("Where is it: an address, or the path of a file or folder"), "--place")
    connector = _connector(connector, begin.propose(place, have), sure=bool(have))
    if begin.needs_address(place, connector) and not address:
        address = _ask(tr("At which address was it"), "--address")
    name = name or _ask(tr("Its name, of a-z, 0-9, - and _"), "--name", begin.name_of(place))
    licence = _licence(connector) if licence is None else licence
    told = _settings(connector, settings or [])
    answers = begin.Answers(place, connector, name, licence, address, title, told, policy=policy)
    begin.add(file, answers, recipe_file.text_of(file)) if add else begin.write(file, answers)
    print(tr("{file}: written; `gristmill check {file}` looks at it", file=file))


def _check_file(file: Path, add: bool) -> None:
    if file.exists() and not add:
        raise WrongInput("{file}: is there already; name a new file, or add to it with --add", file=file)
    if add and not file.is_file():
        raise WrongInput("{file}: no such file; without --add it is made", file=file)


def _connector(said: str, proposed: str, sure: bool) -> str:
    """What was said, or what is proposed, which is asked about where nobody is `sure`. Raises WrongInput."""
    from connectors import CONNECTORS

    known = [each.model_fields["connector"].default for each in CONNECTORS]
    name = said or (proposed if sure else _ask(tr("Which connector reads it"), "--connector", proposed))
    if name not in known:
        raise WrongInput("no connector {name!r}{cure}", name=name, cure=did_you_mean(name, known))
    return name


def _licence(connector: str) -> str:
    from pipelines.flows import begin

    stated = tr("Its licence, such as CC-BY-4.0; empty where the texts state theirs")
    unstated = tr("Its licence, such as CC-BY-4.0; no text states one, and without it every record is held back")
    return _ask(stated if begin.states_licence(connector) else unstated, "--licence", "")


def _settings(connector: str, said: list[str]) -> dict[str, Any]:
    """What `--set` says, by key; of settings that take a list, as one. Raises WrongInput."""
    from pipelines.catalog import described

    many = {setting.name for setting in described.connectors(connector)[0].settings if setting.many}
    found: dict[str, Any] = {}
    for word in said:
        key, equals, value = word.partition("=")
        if not equals:
            raise WrongInput("--set {word}: say KEY=VALUE", word=word)
        found[key] = [*found.get(key, []), value] if key in many else value
    return found


def _ask(question: str, option: str, proposed: str | None = None) -> str:
    """The answer of whoever sits at the terminal; without one, what is proposed. Raises WrongInput without either."""
    if not sys.stdin.isatty():
        if proposed is None:
            raise WrongInput("say {option}: nobody is there to answer", option=option)
        return proposed
    answer: str = typer.prompt(question, default=proposed, show_default=bool(proposed), err=True)
    return answer.strip()


@app.command()
def diff(
    recipe: Annotated[str, typer.Argument(help="Whose snapshots.")],
    before: Annotated[str, typer.Argument(help="A version, such as v1. [default: the one before the other]")] = "",
    after: Annotated[str, typer.Argument(help="Another version. [default: the latest]")] = "",
    data: Data = DATA,
    as_json: AsJson = False,
) -> None:
    """What two snapshots differ in: records that came, went and changed, and the rules that did it.

    Example: [bold]gristmill diff demo v1 v2[/bold]
    """
    from pipelines.catalog import diff as comparing
    from pipelines.catalog import screen

    found = comparing.diff(recipe, data, before, after)
    if as_json:
        print_json(asdict(found))
    else:
        comparing.show(found, screen.wide_console())
