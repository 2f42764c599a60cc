"""The commands that measure what a model has learnt."""

from collections.abc import Callable
from typing import Annotated, Any

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
    from pipelines.flows import steps
    from pipelines.recipe import load
    from pipelines.storage import lease

    if judge_model and not judge:
        raise WrongInput("--judge-model goes with --judge")
    loaded = load(recipe)
    judged_by = judging.at(judge, judge_model) if judge else None
    with lease.lock_data(data):
        if again:
            steps.check_inputs(loaded, "evaluate", loaded.name, data)
            evaluating.discard(loaded, data)
        folder = evaluating.run(loaded, data, records, judged_by)
    _show(report.results(folder), report.section, as_json)


@app.command()
def ablate(  # noqa: PLR0913, PLR0917 (its options are the words of the command)
    recipe: RecipeArg,
    steps: Annotated[int, typer.Option(min=1, help="Optimiser steps of each arm.")] = 32,
    tokens: Annotated[int, typer.Option(min=64, help="Of a step; longer answers are cut to it.")] = 1_024,
    seeds: Annotated[
        int, typer.Option(min=1, help="Trainings of each arm; with fewer than 3 there is no interval.")
    ] = 3,
    records: Annotated[int, typer.Option(min=1, help="Records that are tested on at most.")] = 100,
    without: Annotated[
        list[str] | None,
        typer.Option(help="An arm more: the policy without this rule, or without rules on this signal."),
    ] = None,
    test: Annotated[
        list[str] | None, typer.Option(help="A site to test on, which is then in no arm. [default: a fifth is drawn]")
    ] = None,
    again: Again = False,
    data: Data = DATA,
    as_json: AsJson = False,
) -> None:
    """Does curation help? Train the recipe's model on raw records, on what the policy keeps, and on other choices, for
    as many steps and tokens each, and test it on sites that are in none. The answer goes onto the dataset's card.

    Example: [bold]gristmill ablate demo --steps 8 --without output_too_brief[/bold]
    """
    from pipelines import ablate as ablating
    from pipelines.ablate import report
    from pipelines.evaluate import cards
    from pipelines.flows import steps as flow_steps
    from pipelines.recipe import load
    from pipelines.storage import lease

    loaded = load(recipe)
    plan = ablating.Plan(steps, tokens, seeds, records, tuple(without or ()), tuple(test or ()))
    with lease.lock_data(data):
        if again:
            flow_steps.check_inputs(loaded, "ablate", loaded.name, data)
            ablating.discard(loaded, data)
        folder = ablating.run(loaded, data, plan)
    _show(cards.results(folder), report.told, as_json)


def _show(numbers: dict[str, Any], told: Callable[[dict[str, Any]], str], as_json: bool) -> None:
    """The numbers as JSON, or as the card tells them."""
    if as_json:
        print_json(numbers)
        return
    from rich.markdown import Markdown

    from pipelines.catalog import screen

    screen.wide_console().print(Markdown(told(numbers)))
