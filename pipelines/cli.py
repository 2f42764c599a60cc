"""The command line: thin commands over the stages. Errors are one line on stderr and an exit code.

0: done. 1: the work failed. 2: the words were wrong (a recipe, a policy, an option, a query that writes).
"""

import json
import logging
import sys
from collections.abc import Iterable
from dataclasses import asdict, is_dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import click
import duckdb
import typer
from rich.console import Console
from rich.logging import RichHandler
from rich.table import Table

from pipelines import storage
from pipelines.catalog import explain as lives
from pipelines.catalog import shell as queries
from pipelines.catalog import status as statuses
from pipelines.curate.policy import PolicyError
from pipelines.flows import steps as running
from pipelines.flows.steps import STAGES, RunFailed, Stage, Step
from pipelines.recipe import Recipe, RecipeError, load
from pipelines.storage import filesystem, lease
from pipelines.storage.filesystem import AddressError
from pipelines.storage.lease import DataInUse
from pipelines.suppression import BadRequest, UnreadableSource

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    help="Turn tutorials, forums and knowledge bases into instruction-tuning data, and bake a model from it.",
)

RecipeArg = Annotated[str, typer.Argument(help="A bundled recipe's name, or the path of a TOML file.")]
Data = Annotated[
    Path,
    typer.Option(
        parser=filesystem.resolve, metavar="DIR", help="The folder that holds 1_pages to 6_models, or s3://…."
    ),
]
Workers = Annotated[int, typer.Option(min=1, help="Processes of the stages that compute.")]
AsJson = Annotated[bool, typer.Option("--json", help="JSON on stdout, for programs.")]
Exported = Literal["alpaca", "sharegpt", "messages", "prompt-completion", "dpo"]
DATA = Path("data")
log = logging.getLogger("gristmill")
FAILED, WRONG_WORDS = 1, 2


class WorkFailed(Exception):
    """The words were right, and yet it did not work."""


def main() -> None:
    """The `gristmill` command. Errors that a user can cure are told without a traceback."""
    try:
        app()
    except (RecipeError, PolicyError, AddressError, queries.QueryError, lives.UnknownRecord, BadRequest) as error:
        _end(error, WRONG_WORDS)
    except (RunFailed, WorkFailed, DataInUse, UnreadableSource, OSError, duckdb.Error) as error:
        _end(error, FAILED)
    except KeyboardInterrupt:
        _end(WorkFailed("stopped; the same command goes on from here"), FAILED)


def _end(error: Exception, code: int) -> None:
    log.debug("raised here", exc_info=error)
    sys.stderr.write(f"error: {error}\n")
    sys.exit(code)


def wide() -> Console:
    """Lines are not cut to 80 columns where there is no terminal to say how wide it is."""
    console = Console()
    return console if console.is_terminal else Console(width=200)


@app.callback()
def options(debug: Annotated[bool, typer.Option("--debug", help="Say where an error came from.")] = False) -> None:
    console = Console(stderr=True)
    on_screen = RichHandler(console=console, show_path=False, show_time=False, show_level=False)
    handler = on_screen if console.is_terminal else logging.StreamHandler()
    log.handlers = [handler]  # not the root's: Prefect logs there too
    log.setLevel(logging.DEBUG if debug else logging.INFO)


@app.command()
def demo(data: Data = DATA) -> None:
    """The whole road on bundled and built-in sources, offline, ending in a fine-tuned model.

    Example: [bold]gristmill demo[/bold]
    """
    from pipelines.flows.demo import demo as show

    show(data)


@app.command()
def run(
    recipe: RecipeArg,
    stages: Annotated[str, typer.Option(help="Comma-separated; their order is fixed.")] = ",".join(STAGES),
    engine: Annotated[Literal["local", "dask", "ray"], typer.Option(help="Where shards are done.")] = "local",
    address: Annotated[str, typer.Option(help="Of a running Dask or Ray; without, one of this machine.")] = "",
    workers: Workers = 2,
    data: Data = DATA,
    as_json: AsJson = False,
) -> None:
    """Run a recipe through Prefect; what is up to date is skipped.

    Example: [bold]gristmill run python --stages collect,normalise,annotate,dedupe,curate[/bold]
    """
    chosen, loaded = _stages(stages), load(recipe)
    running.check_policy(loaded, chosen)
    from pipelines.flows import definitions

    definitions.engine_at(engine, address, workers)  # what is wrong with it is told before a server is started
    definitions.mill(recipe=recipe, data=str(data), stages=chosen, workers=workers, engine=engine, address=address)
    _print_status(data, loaded, as_json)


@app.command()
def stage(
    name: Annotated[Stage, typer.Argument(help="Which stage.")],
    recipe: RecipeArg,
    source: Annotated[str, typer.Option(help="Only this source, of a stage that works by source.")] = "",
    workers: Workers = 2,
    data: Data = DATA,
    as_json: AsJson = False,
) -> None:
    """Run one stage as plain functions, without Prefect.

    Example: [bold]gristmill stage normalise python --workers 1[/bold]
    """
    loaded = load(recipe)
    running.check_policy(loaded, [name])
    run_id = running.new_run_id()
    with lease.lock_data(data):
        steps = [Step(name, loaded.source(source).name)] if source else running.steps(loaded, name)
        outcomes = [running.run_step(loaded, step, data, workers=workers, run_id=run_id) for step in steps]
    if as_json:
        _print_json(outcomes)
    if failed := [outcome for outcome in outcomes if outcome.failed]:
        raise RunFailed(*failed)


def _stages(words: str) -> list[Stage]:
    wanted = [word.strip() for word in words.split(",") if word.strip()]
    unknown = [word for word in wanted if word not in STAGES]
    if unknown or not wanted:
        raise RecipeError(f"--stages: {', '.join(unknown) or 'empty'}: not a stage; known: {', '.join(STAGES)}")
    return [stage for stage in STAGES if stage in wanted]


@app.command()
def up(
    recipes: Annotated[list[str] | None, typer.Argument(help="Recipes to serve.", show_default="demo python")] = None,
    port: Annotated[int, typer.Option(help="Of the Prefect UI; another free one is taken if it is in use.")] = 4200,
    data: Data = DATA,
) -> None:
    """Start the Prefect server and UI, the recipes' deployments and the dashboard. Ctrl-C stops it all.

    Example: [bold]gristmill up demo python[/bold]
    """
    from pipelines.flows.up import UpError
    from pipelines.flows.up import up as start

    names = recipes or ["demo", "python"]
    for name in names:
        load(name)
    try:
        start(names, data, port, _tell)
    except UpError as error:
        raise WorkFailed(error) from error


def _tell(addresses: dict[str, str]) -> None:
    print(f"Prefect UI  {addresses['ui']}\nDashboard   {addresses['dashboard']}\nCtrl-C stops both.", flush=True)


@app.command()
def check(recipe: RecipeArg, data: Data = DATA, as_json: AsJson = False) -> None:
    """Look at a recipe's settings, sources, licences, policy and disk, and say what a run would do.

    Example: [bold]gristmill check python[/bold]
    """
    from pipelines.flows.check import check as look

    findings = look(recipe, data)
    if as_json:
        _print_json(findings)
    else:
        for finding in findings:
            print(f"{finding.level:<5}  {finding.what}: {finding.says}")
    if wrong := sum(finding.level == "error" for finding in findings):
        raise WorkFailed(f"{recipe}: {wrong} thing{'s' * (wrong > 1)} to mend")


@app.command()
def status(
    recipe: Annotated[str, typer.Argument(help="Only this recipe and its sources.")] = "",
    data: Data = DATA,
    as_json: AsJson = False,
) -> None:
    """A table from the manifests: rows in, kept, dropped and rejected, bytes and seconds, by stage and source.

    Example: [bold]gristmill status[/bold]
    """
    _print_status(data, load(recipe) if recipe else None, as_json)


def _print_status(data: Path, recipe: Recipe | None, as_json: bool) -> None:
    rows = statuses.funnel(data, [*recipe.source_names(), recipe.name] if recipe else None)
    if as_json:
        _print_json(rows)
    elif rows:
        statuses.print_table(rows, wide())
    else:
        print(f"{data}: nothing here yet; `gristmill demo` is a good start")


@app.command()
def sql(
    query: Annotated[str, typer.Argument(help="One statement that reads; a shell when there is none.")] = "",
    kind: Annotated[queries.Format, typer.Option("--format", help="How to print the answer.")] = "table",
    data: Data = DATA,
) -> None:
    """Ask DuckDB about pages records pairs rejects signals clusters edges verdicts curated curated_pairs dropped
    contaminated runs.

    Example: [bold]gristmill sql "SELECT source, count(*) FROM records GROUP BY ALL"[/bold]
    """
    if kind == "parquet" and sys.stdout.isatty():
        raise queries.QueryError("--format parquet is binary: send it to a file with > answer.parquet")
    with queries.open_views(data) as con:
        if query or not sys.stdin.isatty():
            queries.show(queries.ask(con, query or sys.stdin.read()), kind, sys.stdout)
        else:
            queries.shell(con)


@app.command()
def explain(
    record_id: Annotated[str, typer.Argument(help="As in the column record_id.")],
    data: Data = DATA,
    as_json: AsJson = False,
) -> None:
    """The whole life of one record: page, document, record, signals, cluster, verdict.

    Example: [bold]gristmill explain "demo-forum:1#101"[/bold]
    """
    life = lives.explain(record_id, data)
    if as_json:
        _print_json(life)
    else:
        lives.show(life, Console())


@app.command("try")
def try_policy(
    policy: Annotated[str, typer.Argument(help="A bundled policy's name, or the path of a TOML file.")],
    recipe: Annotated[str, typer.Option(help="Whose records; needed where there are several.")] = "",
    data: Data = DATA,
    as_json: AsJson = False,
) -> None:
    """What a policy would keep, and what each rule alone removes, without running anything again.

    Example: [bold]gristmill try strict --recipe demo[/bold]
    """
    from pipelines import catalog
    from pipelines.curate.policy import load as load_policy
    from pipelines.curate.what_if import try_policy

    with catalog.connect(data) as con:
        effect = try_policy(load_policy(policy), con, recipe)
    if as_json:
        _print_json(asdict(effect))
        return
    print(f"{effect.recipe}: {effect.kept:,} of {effect.records:,} records kept")
    drawn = Table("rule", show_edge=False)
    for column in ("breaking it", "breaking nothing else"):
        drawn.add_column(column, justify="right")
    for rule in effect.rules:
        drawn.add_row(rule.rule, f"{rule.broken:,}", f"{rule.marginal:,}")
    wide().print(drawn)


@app.command()
def export(
    recipe: Annotated[str, typer.Argument(help="Whose latest snapshot.")],
    out: Annotated[Path, typer.Argument(help="The JSON Lines file to write; - is stdout.")],
    kind: Annotated[Exported, typer.Option("--format", help="The shape of a line.")] = "messages",
    split: Annotated[Literal["train", "validation", "test"], typer.Option(help="Which part.")] = "train",
    data: Data = DATA,
) -> None:
    """Write the latest snapshot as JSON Lines in the shape that a trainer reads.

    Example: [bold]gristmill export demo train.jsonl --format alpaca[/bold]
    """
    from pipelines.publish.export import export as write

    with click.open_file(str(out), "w", encoding="utf-8", atomic=str(out) != "-") as file:
        lines = write(recipe, data, kind, file, split)
    log.info("%s: %d lines", out, lines)


@app.command()
def forget(
    url: Annotated[str, typer.Option(help="An address, and all below it.")] = "",
    author: Annotated[str, typer.Option(help="A name, as sources write it.")] = "",
    record: Annotated[str, typer.Option(help="A record_id.")] = "",
    source: Annotated[str, typer.Option(help="The author at this source only; else everywhere.")] = "",
    reason: Annotated[str, typer.Option(help="Why, for the list; it must not say whom.")] = "",
    data: Data = DATA,
    as_json: AsJson = False,
) -> None:
    """Erase an address, an author or a record everywhere, for ever: pages, records, snapshots and cache, and no later
    run brings it back. Models that have learnt from it are listed. What was exported is out of reach.

    Example: [bold]gristmill forget --author "Ada L." --reason "asked for it on 3 May"[/bold]
    """
    from pipelines import forget as forgetting

    request = forgetting.Request(url, author, record, source, reason)
    forgetting.check(request, data)
    with lease.lock_data(data):
        report = forgetting.forget(request, data)
    if as_json:
        _print_json(asdict(report))
    else:
        print("\n".join(forgetting.report_lines(report)))


@app.command()
def serve(
    model: Annotated[str, typer.Argument(help="A recipe's name with a model in the data folder, or a model folder.")],
    host: Annotated[str, typer.Option(help="Address to listen on; others than loopback need a token.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.")] = 8000,
    data: Data = DATA,
) -> None:
    """Answer /v1/completions, /v1/chat/completions and /v1/models for any OpenAI client.

    Example: [bold]gristmill serve demo[/bold]
    """
    from pipelines.models.base import require_train

    require_train()
    from pipelines.serve import serve as answer

    answer(model, host, port, data)


@app.command()
def verify(data: Data = DATA, as_json: AsJson = False) -> None:
    """Compare every file with the hash in its manifest.

    Example: [bold]gristmill verify[/bold]
    """
    found = [{"path": str(path), "fault": fault} for path, fault in storage.damaged(data)]
    if as_json:
        _print_json(found)
    for fault in [] if as_json else found:
        print(f"{fault['path']}: {fault['fault']}")
    if found:
        raise WorkFailed(f"{data}: {len(found)} damaged; remove their folders, and `gristmill run` makes them again")
    if not as_json:
        print("every file is what its manifest says")


def _print_json(value: Any) -> None:
    listed = [asdict(one) for one in value] if _are_dataclasses(value) else value
    print(json.dumps(listed, ensure_ascii=False, indent=1, default=str))


def _are_dataclasses(value: Any) -> bool:
    return isinstance(value, Iterable) and not isinstance(value, dict | str) and all(map(is_dataclass, value))


if __name__ == "__main__":
    main()
