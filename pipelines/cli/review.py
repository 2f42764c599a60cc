"""The commands by which people decide, and tune what rules decide."""

import json
import re
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from pipelines.cli.commands import print_json
from pipelines.cli.options import DATA, AsJson, Data, complete_recipe
from pipelines.cli.upkeep import app
from pipelines.errors import WorkFailed, WrongInput
from pipelines.messages import tr

if TYPE_CHECKING:
    from pipelines.curate.learning import Learnt
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
        raise WrongInput("say one of --accept, --reject, --edit FILE, --note TEXT and --undo")
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
    if not write:
        return
    if told.proposed is None:
        raise WorkFailed("{file}: not written: {why}", file=write, why=tuning.conclusion(told))
    moved = bounds.moved(*bounds.choose(rules, rule, signal), told.proposed)
    policy_file.write(write, loaded.policy, [moved])


@app.command()
def learn(
    name: Annotated[str, typer.Argument(help="What to call it: letters, digits and _.")],
    sources: Annotated[
        str, typer.Option("--from", help="votes, decisions, files of JSON lines: one or more, by commas.")
    ],
    recipe: OfRecipe = "",
    out: Annotated[
        Path | None, typer.Option(help="The model's folder; unset: 6_models/.heads/NAME below data.")
    ] = None,
    data: Data = DATA,
    as_json: AsJson = False,
) -> None:
    """A signal of your own, learnt from votes, decisions or a file: which of two answers is better.

    Example: [bold]gristmill learn quality --from votes,decisions[/bold]
    """
    from pipelines import catalog
    from pipelines.annotate import measure
    from pipelines.curate import decisions, learning, preferences
    from pipelines.recipe import load
    from pipelines.storage import exported, lease

    if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        raise WrongInput("{name!r}: not a signal's name; write a-z, 0-9 and _, beginning with a letter", name=name)
    counted = decisions.history(load(recipe) if recipe else None, data)
    named = [one.strip() for one in sources.split(",") if one.strip()]
    folder = _head_folder(name, out, data)
    with lease.lock_data(data):  # nothing that it learns from is forgotten meanwhile
        with catalog.connect(data) as con:
            source, embedding = preferences.measured(con, data)
            found = preferences.gather(source, named, list(decisions.counting(counted).values()), measure, embedding)
            learnt = learning.learn(found, source.columns, source.embedding)
        _show_learnt(learnt, as_json)
        if out and learnt.surely:
            exported.note_once(data, exported.HEAD, out)
        learning.write(folder, name, learnt, [Path(one).name for one in named])
    if not as_json:
        print(tr("{folder} is written; name it in a recipe as `model` under [[annotate.models]]", folder=folder))


def _head_folder(name: str, out: Path | None, data: Path) -> Path:
    from pipelines.models import head
    from pipelines.storage import exported, filesystem

    if out:
        exported.check_place(out, data)
    return out or filesystem.local_folder(data) / "6_models" / head.FOLDER / name


def _show_learnt(learnt: "Learnt", as_json: bool) -> None:
    from pipelines.catalog import screen
    from pipelines.curate import learning

    if as_json:
        print_json([asdict(one) for one in (*learnt.judged, learnt.total)])
    else:
        learning.show(learnt, screen.wide_console())


reviewing = typer.Typer(no_args_is_help=True, help="Hand a queue of records to Label Studio, and take its answers.")
app.add_typer(reviewing, name="review")


@reviewing.command("export")
def export_queue(
    out: Annotated[Path, typer.Argument(help="A new folder for tasks.json and labels.xml.")],
    recipe: Annotated[str, typer.Option(help="Whose records.", autocompletion=complete_recipe)],
    order: Annotated[
        Literal["random", "threshold", "rule", "disagreement"],
        typer.Option(help="Drawn; near the bound of --rule; those that broke --rule; those that people differ on."),
    ] = "random",
    rule: Annotated[str, typer.Option(help="A rule of the recipe's policy.")] = "",
    seed: Annotated[int, typer.Option(help="Another number draws another order.")] = 17,
    limit: Annotated[int, typer.Option(min=1, help="How many records.")] = 100,
    data: Data = DATA,
) -> None:
    """Write a queue of records as tasks for Label Studio, with its labelling configuration.

    Example: [bold]gristmill review export tasks --recipe demo --order rule --rule output_too_short[/bold]
    """
    from pipelines import catalog, storage
    from pipelines.curate import decisions, label_studio, policy
    from pipelines.curate.review import queue
    from pipelines.recipe import load
    from pipelines.storage import exported

    exported.check_place(out, data)
    loaded = load(recipe)
    rules = policy.load(loaded.policy)
    said = decisions.history(loaded, data)
    with catalog.connect(data) as con:
        ids = queue(con, loaded.name, order, seed, rule, rules, said, limit=limit)
        version = storage.latest(storage.folder(data, "curate", loaded.name)).name
        exported.log_export(data, loaded.name, version, "", "label-studio", str(out.absolute()))
        written = label_studio.export(con, ids, out)
    print(tr("{folder}: {number} tasks", folder=out, number=written))


@reviewing.command("import")
def import_answers(
    file: Annotated[Path, typer.Argument(help="What Label Studio exported as JSON.")],
    who: Annotated[
        list[str] | None,
        typer.Option(help="NUMBER=NAME or EMAIL=NAME for each person, or one name for all."),
    ] = None,
    recipe: OfRecipe = "",
    data: Data = DATA,
) -> None:
    """Take the answers of Label Studio as decisions; what was taken before is not taken again.

    Example: [bold]gristmill review import project-1.json --who 1=Ada --who 2=Kim[/bold]
    """
    from pipelines.curate import decisions, label_studio

    loaded, given = _recipe(recipe), who or []
    people = dict(one.split("=", 1) for one in given if "=" in one)
    names = [one for one in given if "=" not in one]
    if len(names) > 1:
        raise WrongInput("--who: several names; say NUMBER=NAME for each")
    answers = label_studio.read(file, names[0] if names else "", people)
    new = label_studio.unknown(answers, decisions.history(loaded, data))
    decisions.append(loaded, data, new)
    known = len(answers.decisions) - len(new)
    counts = {"new": len(new), "known": known, "open": answers.skipped}
    print(tr("{new} decisions, {known} known already, {open} tasks without an answer", **counts))


def _recipe(name: str) -> "Recipe | None":
    from pipelines.recipe import load

    return load(name) if name else None


def _edited(file: Path) -> dict[str, Any]:
    """The new texts in a file. Raises WrongInput."""
    try:
        text = file.read_text("utf-8-sig")
        given = json.loads(text) if file.suffix == ".json" else {"output": text.strip()}
    except OSError as error:
        raise WrongInput("{file}: cannot be read: {error}", file=file, error=error.strerror) from error
    except ValueError as error:
        raise WrongInput("{file}: not JSON in UTF-8: {error}", file=file, error=error) from error
    if not isinstance(given, dict) or not given or not set(given) <= set(FIELDS):
        raise WrongInput("{file}: must be an object with instruction, input or output, and no more", file=file)
    if not all(isinstance(value, str) for value in given.values()) or "" in (
        given.get("instruction"),
        given.get("output"),
    ):
        raise WrongInput("{file}: each text must be in quotes, and only `input` may be empty", file=file)
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
