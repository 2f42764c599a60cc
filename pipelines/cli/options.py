"""What several commands take, and what the shell completes. Imports nothing that is slow."""

from pathlib import Path
from typing import Annotated, Literal

import typer

PACKAGE = Path(__file__).parents[1]


def _data_folder(text: str | Path) -> Path:
    """A folder of this machine needs no library; an address does. Raises AddressError."""
    if "://" not in str(text):
        return Path(text)
    from pipelines.storage import filesystem

    return filesystem.resolve(text)


def _settled(data: Path) -> Path:
    """Whatever a command does with a data folder, what killed runs have left there is put into its place first."""
    if "://" in str(data) or not _may_be_unsettled(data):
        return data
    from pipelines.storage import lease

    lease.settle_unless_busy(data)
    return data


def _may_be_unsettled(data: Path) -> bool:
    """Whether there is a hidden name where runs work; imports nothing, as most often there is none."""
    places = (".*.tmp", "[1-7]_*/.*.*", "[1-7]_*/*/.*.*", "[1-7]_*/*/*/.*.tmp")
    return any(True for pattern in places for _ in data.glob(pattern))


def complete_recipe(incomplete: str) -> list[str]:
    """What a recipe's name or path may go on as."""
    return _complete("recipes", incomplete)


def complete_policy(incomplete: str) -> list[str]:
    """What a policy's name or path may go on as."""
    return _complete("policies", incomplete)


def _complete(folder: str, incomplete: str) -> list[str]:
    """The bundled files of `folder` by name, TOML files, and folders on the way to them."""
    bundled = sorted(file.stem for file in (PACKAGE / folder).glob("*.toml"))
    head, _, tail = incomplete.rpartition("/")
    found = sorted(Path(head or ("/" if incomplete.startswith("/") else ".")).glob("*"))
    begun = f"{head}/" if "/" in incomplete else ""
    paths = [f"{begun}{path.name}{'/' if path.is_dir() else ''}" for path in found if path.name.startswith(tail)]
    visible = [path for path in paths if path.endswith(("/", ".toml")) and (tail or not path.startswith(f"{begun}."))]
    return [name for name in bundled if name.startswith(incomplete)] + visible


RecipeArg = Annotated[
    str, typer.Argument(help="A bundled recipe's name, or the path of a TOML file.", autocompletion=complete_recipe)
]
OneRecipe = Annotated[str, typer.Argument(help="Only this recipe and its sources.", autocompletion=complete_recipe)]
Recipes = Annotated[
    list[str] | None,
    typer.Argument(help="Recipes to serve.", show_default="demo python", autocompletion=complete_recipe),
]
PolicyArg = Annotated[
    str, typer.Argument(help="A bundled policy's name, or the path of a TOML file.", autocompletion=complete_policy)
]
OtherPolicy = Annotated[
    str,
    typer.Option(
        "--policy",
        help="A policy's name or TOML file in place of the recipe's own.",
        autocompletion=complete_policy,
    ),
]
Data = Annotated[
    Path,
    typer.Option(
        parser=_data_folder,
        callback=_settled,
        metavar="DIR",
        help="The folder that holds 1_pages to 7_evaluations, or s3://….",
    ),
]
Workers = Annotated[int, typer.Option(min=1, help="Processes of the stages that compute.")]
AsJson = Annotated[bool, typer.Option("--json", help="JSON on stdout, for programs.")]
# the same words as in catalog.shell and publish.export, which are slow to import
AnswerFormat = Literal["table", "csv", "json", "jsonl", "parquet"]
ExportFormat = Literal["alpaca", "sharegpt", "messages", "prompt-completion", "dpo", "kto", "openai", "openai-dpo"]
Trainer = Literal["llamafactory", "axolotl", "trl", "ms-swift"]
DATA = Path("data")
