"""The commands by which people decide, and tune what rules decide."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipelines.cli.commands import print_json
from pipelines.cli.options import DATA, AsJson, Data, complete_recipe
from pipelines.cli.upkeep import app
from pipelines.errors import WorkFailed, WrongInput
from pipelines.messages import tr

if TYPE_CHECKING:
    from pipelines.recipe import Recipe

__all__ = ["app"]

OfRecipe = Annotated[
    str,
    typer.Option(
        "--recipe", help="Whose decisions; without, those of the data folder.", autocompletion=complete_recipe
    ),
]
Who = Annotated[str, typer.Option("--who", help="The name of whoever decides.")]
FIELDS = ("instruction", "input", "output")


@app.command()
def decide(  # noqa: PLR0913, PLR0917 (its options are the words of the command)
    record_ids: Annotated[list[str], typer.Argument(help="As in the column record_id.")],
    who: Who,
    accept: Annotated[bool, typer.Option("--accept", help="Keep it, whatever rules and quotas say.")] = False,
    reject: Annotated[bool, typer.Option("--reject", help="Drop it.")] = False,
    edit: Annotated[
        Path | None,
        typer.Option(
            help="Keep it as this file has it: JSON with instruction, input or output; any other is the output."
        ),
    ] = None,
    note: Annotated[str, typer.Option(help="Why; alone it is a note that changes nothing.")] = "",
    undo: Annotated[bool, typer.Option("--undo", help="Take back what this person said of it last.")] = False,
    recipe: OfRecipe = "",
    data: Data = DATA,
    as_json: AsJson = False,
) -> None:
    """Decide about records by hand; the next run of curate obeys.

    Example: [bold]gristmill decide "demo-forum:q1#a101" --reject --who Ada --note "It is wrong."[/bold]
    """
    from pipelines.curate import decisions

    asked = {"accept": accept, "edit": edit is not None, "reject": reject, "undo": undo}
    chosen = [kind for kind, wanted in asked.items() if wanted] or (["note"] if note.strip() else [])
    if len(chosen) != 1:
        raise WrongInput(tr("say one of --accept, --reject, --edit FILE, --note TEXT and --undo"))
    texts = _edited(edit) if edit else {}
    loaded = _recipe(recipe)
    _require_records(record_ids, data)
    said = {"decision": chosen[0], "who": who, "note": note, **texts}
    made = decisions.append(
        loaded, data, [decisions.Decision.model_validate({"record_id": name} | said) for name in record_ids]
    )
    if as_json:
        print_json([one.model_dump(exclude_defaults=True) for one in made])
    else:
        print(tr("{kind} by {who}: {records}", kind=chosen[0], who=made[0].who, records=", ".join(record_ids)))


@app.command()
def tune(
    rule: Annotated[str, typer.Argument(help="The name of a rule that compares something with a number.")],
    recipe: Annotated[str, typer.Option(help="Whose records, policy and decisions.", autocompletion=complete_recipe)],
    signal: Annotated[str, typer.Option(help="What is compared, where the rule has several numbers.")] = "",
    precision: Annotated[
        float | None, typer.Option(min=0, max=1, help="Propose the highest recall with at least this precision.")
    ] = None,
    write: Annotated[Path | None, typer.Option(help="A new policy file with the proposed bound.")] = None,
    data: Data = DATA,
    as_json: AsJson = False,
) -> None:
    """Where a rule's number should stand, by what people decided: precision and recall at each place.

    Example: [bold]gristmill tune output_many_links --recipe demo --signal output_link_share[/bold]
    """
    from pipelines import catalog
    from pipelines.catalog import screen
    from pipelines.curate import bounds, decisions, policy, policy_file
    from pipelines.curate import tune as tuning
    from pipelines.recipe import load

    loaded = load(recipe)
    rules = policy.load(loaded.policy)
    counted = decisions.load_decisions(loaded, data)
    with catalog.connect(data) as con:
        told = tuning.tune(con, rules, loaded.name, counted, rule, signal, precision)
    if as_json:
        print_json(asdict(told))
    else:
        tuning.show(told, screen.wide_console())
    if write and told.proposed is None:
        raise WorkFailed(tr("{file}: not written: {why}", file=write, why=tuning.conclusion(told)))
    if write:
        moved = bounds.moved(*bounds.choose(rules, rule, signal), told.proposed)
        policy_file.write(write, loaded.policy, [moved])


def _recipe(name: str) -> "Recipe | None":
    from pipelines.recipe import load

    return load(name) if name else None


def _edited(file: Path) -> dict[str, Any]:
    """The new texts in a file. Raises WrongInput."""
    try:
        text = file.read_text("utf-8-sig")
        given = json.loads(text) if file.suffix == ".json" else {"output": text.strip()}
    except OSError as error:
        raise WrongInput(tr("{file}: cannot be read: {error}", file=file, error=error.strerror)) from error
    except ValueError as error:
        raise WrongInput(tr("{file}: not JSON in UTF-8: {error}", file=file, error=error)) from error
    if not isinstance(given, dict) or not given or not set(given) <= set(FIELDS):
        raise WrongInput(tr("{file}: must be an object with instruction, input or output, and no more", file=file))
    if not all(isinstance(value, str) for value in given.values()) or "" in (
        given.get("instruction"),
        given.get("output"),
    ):
        raise WrongInput(tr("{file}: each text must be in quotes, and only `input` may be empty", file=file))
    return given


def _require_records(record_ids: list[str], data: Path) -> None:
    """Raises UnknownRecord that names the nearest of the first that is not there."""
    from pipelines import catalog
    from pipelines.catalog.explain import UnknownRecord, nearest

    with catalog.connect(data) as con:
        asked = {"asked": record_ids}
        query = "SELECT record_id FROM records WHERE list_contains($asked::VARCHAR[], record_id)"
        found = {name for (name,) in con.execute(query, asked).fetchall()}
        unknown = [name for name in record_ids if name not in found]
        if unknown:
            raise UnknownRecord(nearest(con, unknown[0]))
