"""The commands that measure what a model has learnt."""

from typing import Annotated

import typer

from pipelines.cli.commands import print_json
from pipelines.cli.describe import app
from pipelines.cli.options import DATA, AsJson, Data, RecipeArg
from pipelines.errors import WrongInput

__all__ = ["app"]

Again = Annotated[bool, typer.Option("--again", help="Throw away what was measured, and measure anew.")]


@app.command()
def evaluate(
    recipe: RecipeArg,
    records: Annotated[
        int, typer.Option(min=1, help="Held-out records, and pairs, that are measured at most.")
    ] = 1_000,
    judge: Annotated[
        str, typer.Option(help="An OpenAI-compatible endpoint that compares answers, such as http://127.0.0.1:8000/v1.")
    ] = "",
    judge_model: Annotated[str, typer.Option(help="The judge's model. [default: the first that it lists]")] = "",
    again: Again = False,
    data: Data = DATA,
    as_json: AsJson = False,
) -> None:
    """Measure a recipe's latest model on what it was never trained on, beside its base and the version before it: loss,
    pairs, instructions that a program checks, code that is run, requests to refuse. All of it goes onto its card.

    Example: [bold]gristmill evaluate demo[/bold]
    """
    from pipelines import evaluate as evaluating
    from pipelines.evaluate import judge as judging
    from pipelines.evaluate import report
    from pipelines.recipe import load
    from pipelines.storage import lease

    if judge_model and not judge:
        raise WrongInput("--judge-model goes with --judge")
    loaded = load(recipe)
    judged_by = judging.at(judge, judge_model) if judge else None
    with lease.lock_data(data):
        if again:
            evaluating.discard(loaded, data)
        folder = evaluating.run(loaded, data, records, judged_by)
    if as_json:
        print_json(report.results(folder))
    else:
        _print_markdown(report.told(folder))


def _print_markdown(text: str) -> None:
    from rich.markdown import Markdown

    from pipelines.catalog import screen

    screen.wide_console().print(Markdown(text))
