"""The command that says what a recipe would take at another size."""

from dataclasses import asdict
from typing import Annotated

import typer

from pipelines.cli.commands import print_json
from pipelines.cli.options import DATA, AsJson, Data, RecipeArg
from pipelines.cli.proof import app
from pipelines.errors import WrongInput

__all__ = ["app"]


def _count(text: str) -> int:
    """A number of records: 50000, 50_000 or 1e9. Raises: WrongInput."""
    try:
        number = float(text)
        if number == int(number) and number >= 1:
            return int(number)
    except (ValueError, OverflowError):
        pass
    raise WrongInput("--records {text}: must be a whole number from 1 on, such as 50000 or 1e9", text=text)


@app.command()
def plan(
    recipe: RecipeArg,
    records: Annotated[int, typer.Option(parser=_count, metavar="N", help="Records to plan for, such as 1e9.")],
    machines: Annotated[int, typer.Option(min=1, help="Machines of the cluster, for the stages that are spread.")] = 1,
    workers: Annotated[int, typer.Option(min=1, help="Processes of each machine.")] = 2,
    price: Annotated[float, typer.Option(min=0, help="Of an hour of a machine, in any currency.")] = 0.0,
    data: Data = DATA,
    as_json: AsJson = False,
) -> None:
    """Hours, memory, disk, requests and money of each stage at another size, from what a run of the recipe took here.
    What it takes for granted stands below.

    Example: [bold]gristmill plan demo --records 1e9 --machines 20[/bold]
    """
    from pipelines.catalog import plan as planning
    from pipelines.catalog import screen
    from pipelines.recipe import load

    made = planning.plan(load(recipe), data, planning.Wanted(records, machines, workers, price))
    if as_json:
        print_json(asdict(made))
    else:
        planning.print_plan(made, screen.wide_console())
