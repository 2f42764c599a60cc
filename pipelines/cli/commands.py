"""The commands. Each imports what it needs when it is called: `--help` and a wrong word are answered at once."""

import json
import logging
import sys
from collections.abc import Iterable
from dataclasses import asdict, is_dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from pipelines.cli.options import (
    DATA,
    AnswerFormat,
    AsJson,
    Data,
    OneRecipe,
    OtherPolicy,
    PolicyArg,
    RecipeArg,
    Recipes,
    Workers,
)
from pipelines.errors import PrintableFormatter, WorkFailed, WrongInput, escape_controls, printable
from pipelines.flows.stages import STAGES, Stage
from pipelines.messages import said, tr

if TYPE_CHECKING:
    from pipelines.recipe import Recipe

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    help="Turn tutorials, forums and knowledge bases into instruction-tuning data, and fine-tune a model on it.",
)
log = logging.getLogger("gristmill")


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        print(f"gristmill {version('gristmill')}")
        raise typer.Exit


@app.callback()
def options(
    debug: Annotated[bool, typer.Option("--debug", help="Say where an error came from.")] = False,
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", is_eager=True, callback=_print_version)
    ] = False,
    language: Annotated[
        Literal["en", "zh"] | None, typer.Option("--language", help="Of messages: en or zh. [default: by LANG]")
    ] = None,
) -> None:
    """What holds for all commands: how much is logged, and where to."""
    handler: logging.Handler = logging.StreamHandler()
    if sys.stderr.isatty():
        from rich.logging import RichHandler

        from pipelines.workers.progress import CONSOLE

        handler = RichHandler(console=CONSOLE, show_path=False, show_time=False, show_level=False)
    handler.setFormatter(PrintableFormatter())
    log.handlers = [handler]  # not the root's: Prefect logs there too
    log.setLevel(logging.DEBUG if debug else logging.INFO)


@app.command()
def demo(data: Data = DATA) -> None:
    """The whole road on bundled and built-in sources, offline, ending in a fine-tuned model.

    Example: [bold]gristmill demo[/bold]
    """
    from pipelines.flows.demo import demo as run_demo

    run_demo(data)


@app.command()
def run(  # noqa: PLR0913, PLR0917 (its options are the words of the command)
    recipe: RecipeArg,
    stages: Annotated[str, typer.Option(help="Comma-separated; their order is fixed.")] = ",".join(STAGES),
    engine: Annotated[Literal["local", "dask", "ray"], typer.Option(help="Where shards are done.")] = "local",
    address: Annotated[str, typer.Option(help="Of a running Dask or Ray; without, one of this machine.")] = "",
    policy: OtherPolicy = "",
    workers: Workers = 2,
    data: Data = DATA,
    as_json: AsJson = False,
) -> None:
    """Run a recipe through Prefect; what is up to date is skipped.

    Example: [bold]gristmill run python --stages collect,normalise,annotate,dedupe,curate[/bold]
    """
    from pipelines.recipe import load

    chosen, loaded = _stages(stages), load(recipe).with_policy(policy)
    from pipelines.flows.steps import check_asked, check_policy

    check_policy(loaded, chosen)
    check_asked(loaded, chosen)
    from pipelines.flows import definitions  # before Prefect's runners: it sets Prefect up
    from pipelines.flows.clusters import runner

    runner(engine, address, workers)  # what is wrong with it is said before a server is started
    definitions.run_mill(recipe, data, chosen, workers, engine, address, policy)
    _print_status(data, loaded, as_json)


@app.command()
def stage(  # noqa: PLR0913, PLR0917 (its options are the words of the command)
    name: Annotated[Stage, typer.Argument(help="Which stage.")],
    recipe: RecipeArg,
    source: Annotated[str, typer.Option(help="Only this source, of a stage that works by source.")] = "",
    again: Annotated[
        bool, typer.Option("--again", help="Throw away what stands, of snapshots and models the latest; make it anew.")
    ] = False,
    policy: OtherPolicy = "",
    workers: Workers = 2,
    data: Data = DATA,
    as_json: AsJson = False,
) -> None:
    """Run one stage as plain functions, without Prefect.

    Example: [bold]gristmill stage normalise python --workers 1[/bold]
    """
    from pipelines.recipe import load

    loaded = load(recipe).with_policy(policy)
    from pipelines.flows import nothing_kept, steps
    from pipelines.storage import lease

    steps.check_policy(loaded, [name])
    steps.check_asked(loaded, [name])
    run_id = steps.new_run_id()
    with lease.lock_data(data):
        todo = [steps.Step(name, loaded.source(source).name)] if source else steps.steps(loaded, name)
        outcomes = [steps.run_step(loaded, step, data, workers=workers, run_id=run_id, again=again) for step in todo]
    if name == "curate":
        nothing_kept.warn(loaded, data)
    if as_json:
        print_json(outcomes)
    if failed := [outcome for outcome in outcomes if outcome.failed]:
        raise steps.RunFailed(*failed)


def _stages(words: str) -> list[Stage]:
    wanted = [word.strip() for word in words.split(",") if word.strip()]
    unknown = [word for word in wanted if word not in STAGES]
    if unknown or not wanted:
        raise WrongInput(
            "--stages: {words}: not a stage; known: {stages}",
            words=", ".join(unknown) or "''",
            stages=", ".join(STAGES),
        )
    return [stage for stage in STAGES if stage in wanted]


@app.command()
def up(
    recipes: Recipes = None,
    port: Annotated[
        int, typer.Option(min=0, max=65_535, help="Of the Prefect UI; another free one is taken if it is in use.")
    ] = 4200,
    server: Annotated[
        str,
        typer.Option(
            help="Address of a Prefect server to use, or `own` to start one here. [default: the one that "
            "PREFECT_API_URL or Prefect's profile names, else own]"
        ),
    ] = "",
    data: Data = DATA,
) -> None:
    """Start the Prefect server and UI, the recipes' deployments and the dashboard. Ctrl-C stops it all.

    Recipes that were made on the dashboard are there besides.

    Example: [bold]gristmill up demo python[/bold]
    """
    from pipelines.flows import recipe_file
    from pipelines.flows.up import up as start
    from pipelines.recipe import load

    named = recipes or ["demo", "python"]
    told = {load(name).name for name in named}
    names = [*named, *(str(file) for name, file in recipe_file.listed(str(data)).items() if name not in told)]
    for name in names:
        load(name)
    start(names, data, port, _print_addresses, server)


def _print_addresses(addresses: dict[str, str]) -> None:
    print(
        tr(
            "Prefect UI  {ui}\nDashboard   {dashboard}\nCtrl-C stops both.",
            ui=addresses["ui"],
            dashboard=addresses["dashboard"],
        ),
        flush=True,
    )


@app.command()
def check(recipe: RecipeArg, data: Data = DATA, as_json: AsJson = False) -> None:
    """Look at a recipe's settings, sources, licences, policy and disk, and say what a run would do.

    Example: [bold]gristmill check python[/bold]
    """
    from pipelines.flows.check import LEVELS
    from pipelines.flows.check import check as check_recipe

    findings = check_recipe(recipe, data)
    if as_json:
        print_json(findings)
    else:
        for finding in findings:
            print(printable(f"{tr(LEVELS[finding.level]):<5}  {said(finding.what)}: {tr(finding.says)}"))
    if wrong := sum(finding.level == "error" for finding in findings):
        raise WorkFailed("{recipe}: {number} to mend", recipe=recipe, number=wrong)


@app.command()
def status(
    recipe: OneRecipe = "",
    data: Data = DATA,
    as_json: AsJson = False,
) -> None:
    """Two tables from the manifests: rows in, kept, dropped and rejected, bytes and seconds, by stage and source; and
    what was lost of each source, with the commonest reasons. [bold]--json[/bold] has every count.

    Example: [bold]gristmill status[/bold]
    """
    from pipelines.recipe import load

    _print_status(data, load(recipe) if recipe else None, as_json)


def _print_status(data: Path, recipe: "Recipe | None", as_json: bool) -> None:
    from pipelines.catalog import losses, screen, status

    names = [*recipe.source_names(), recipe.name] if recipe else None
    rows = status.funnel(data, names)
    if as_json:
        print_json(rows)
    elif rows:
        titles = status.titles(data) | (recipe.titles() if recipe else {})
        status.print_table(rows, screen.wide_console(), titles)
        print()
        losses.print_table(losses.losses(data, names), screen.wide_console())
    elif recipe:
        print(tr("{data}: nothing of {recipe} yet; `gristmill run {recipe}` begins it", data=data, recipe=recipe.name))
    else:
        print(tr("{data}: nothing here yet; `gristmill demo` is a good start", data=data))


@app.command()
def sql(
    query: Annotated[str, typer.Argument(help="One statement that reads; a shell when there is none.")] = "",
    kind: Annotated[AnswerFormat, typer.Option("--format", help="How to print the answer.")] = "table",
    compare: Annotated[bool, typer.Option("--verify", help="First compare the views' files with hashes.")] = False,
    data: Data = DATA,
) -> None:
    """Ask DuckDB about pages records pairs rejects signals clusters edges verdicts curated curated_pairs dropped
    contaminated evaluations counts runs.

    Example: [bold]gristmill sql "SELECT source, count(*) FROM records GROUP BY ALL"[/bold]
    """
    if kind == "parquet" and sys.stdout.isatty():
        raise WrongInput("--format parquet is binary: send it to a file with > answer.parquet")
    from pipelines import catalog
    from pipelines.catalog import shell
    from pipelines.storage import integrity

    if compare:  # DuckDB reads a file without a look at its hash
        integrity.check(catalog.all_shards(data))
    with catalog.connect(data) as con:
        if query or not sys.stdin.isatty():
            shell.show(shell.ask(con, query or sys.stdin.read()), kind, sys.stdout)
        else:
            shell.shell(con)


@app.command()
def explain(
    record_id: Annotated[str, typer.Argument(help="As in the column record_id.")],
    data: Data = DATA,
    as_json: AsJson = False,
) -> None:
    """The whole life of one record: page, document, record, signals, cluster, verdict.

    Example: [bold]gristmill explain "demo-forum:1#101"[/bold]
    """
    from pipelines.catalog import explain as explaining
    from pipelines.catalog import screen

    life = explaining.explain(record_id, data)
    if as_json:
        print_json(life)
    else:
        explaining.show(life, screen.wide_console())


@app.command("try")
def try_policy(
    policy: PolicyArg,
    recipe: Annotated[str, typer.Option(help="Whose records; needed where there are several.")] = "",
    data: Data = DATA,
    as_json: AsJson = False,
) -> None:
    """What a policy would keep, and what each rule alone removes, without running anything again.

    Example: [bold]gristmill try strict --recipe demo[/bold]
    """
    from pipelines import catalog
    from pipelines.catalog import screen
    from pipelines.curate.policy import load as load_policy
    from pipelines.curate.what_if import print_effect, try_policy

    with catalog.connect(data) as con:
        effect = try_policy(load_policy(policy), con, data, recipe)
    if as_json:
        print_json(asdict(effect))
        return
    print_effect(effect, screen.wide_console())


@app.command()
def serve(
    model: Annotated[str, typer.Argument(help="A recipe's name with a model in the data folder, or a model folder.")],
    host: Annotated[str, typer.Option(help="Address to listen on; others than loopback need a token.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65_535, help="Port to listen on.")] = 8000,
    beside: Annotated[
        str, typer.Option(help="Another model to answer, too; `base`: what the first was trained from.")
    ] = "",
    reward: Annotated[
        str,
        typer.Option(help="Reward model that ranks for `best_of`: a recipe's or a folder; none. [default: its own]"),
    ] = "",
    data: Data = DATA,
) -> None:
    """Answer /v1/completions, /v1/chat/completions and /v1/models for any OpenAI client.

    Example: [bold]gristmill serve demo[/bold]
    """
    from pipelines.models.base import require_train
    from pipelines.serve import check_port
    from pipelines.serve import serve as serve_model

    check_port(host, port)  # before libraries and model are loaded, which takes half a minute
    require_train()
    serve_model(model, host, port, data, beside, reward)


def print_json(value: Any) -> None:
    """Dataclasses, or lists of them, as JSON on stdout."""
    listed = [asdict(one) for one in value] if _are_dataclasses(value) else value
    print(escape_controls(json.dumps(listed, ensure_ascii=False, indent=1, default=str)))


def _are_dataclasses(value: Any) -> bool:
    return isinstance(value, Iterable) and not isinstance(value, dict | str) and all(map(is_dataclass, value))
