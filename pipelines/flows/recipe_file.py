"""Recipe files that are written: a new one, one more source in one that is there, or some of its keys.

Nothing else of a file changes.
"""

import logging
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError

from pipelines.catalog.described import block
from pipelines.errors import WrongInput, error_message, read_toml
from pipelines.messages import tr
from pipelines.recipe import Recipe, RecipeError, build, load
from pipelines.storage import checked

FOLDER = "recipes"
log = logging.getLogger("gristmill")
_MARK = "\ufeff"  # a byte order mark, which some editors put before a file


def folder(data: str | Path) -> Path:
    """Where the dashboard keeps recipes."""
    return checked.folder(data, FOLDER)


def listed(data: str | Path) -> dict[str, Path]:
    """The recipes there, by the name that each gives itself. What cannot be read is left out, and told."""
    found: dict[str, Path] = {}
    for file in sorted(folder(data).glob("[!.]*.toml")):
        try:
            found.setdefault(str(read_toml(file, RecipeError).get("name")), file)
        except (WrongInput, OSError) as error:
            log.warning(tr("{file}: left out: {error}", file=file, error=error_message(error)))
    return found


def new(about: Mapping[str, Any], source: Mapping[str, Any], web: Mapping[str, Any], heading: str = "") -> str:
    """The text of a recipe with one source. `web` are keys of [web], `heading` is a comment."""
    lines = [f"# {heading}\n" if heading else "", _keys(about), "\n", block(dict(source))]
    return "".join([*lines, f"\n[web]\n{_keys(web)}" if web else ""])


def with_source(file: Path, text: str, source: Mapping[str, Any], web: Mapping[str, Any]) -> str:
    """The text of the recipe `file` with a source at its end; keys of [web] are set where they stand.

    Raises: RecipeError where the text does not take one.
    """
    try:
        changed = _with_web(text, web) if web else text
    except TOMLKitError as error:
        raise RecipeError("{file}: not TOML: {error}", file=file, error=error) from error
    return f"{changed.rstrip()}\n\n{block(dict(source))}"


def with_keys(file: Path, text: str, keys: Mapping[str, Any], source: str = "") -> str:
    """The text of the recipe `file` with these keys of its own, or of one of its sources.

    Raises: RecipeError where it is not TOML, or has no such source.
    """
    mark = _MARK if text.startswith(_MARK) else ""
    try:
        document: Any = tomlkit.parse(text.removeprefix(_MARK))
    except TOMLKitError as error:
        raise RecipeError("{file}: not TOML: {error}", file=file, error=error) from error
    listed = document.get("sources", []) if source else [document]
    part = next((each for each in listed if not source or each.get("name") == source), None)
    if part is None:
        raise RecipeError("{file}: no source is called {source!r}", file=file, source=source)
    part.update(keys)
    return mark + tomlkit.dumps(document)


def read(file: Path, text: str) -> Recipe:
    """The recipe that the file would be with this text. Raises RecipeError."""
    try:
        return build(tomllib.loads(text.removeprefix(_MARK)), file)
    except tomllib.TOMLDecodeError as error:
        raise RecipeError(
            "{file}: no source can be added ({error}); where its sources are one list, write each as [[sources]]",
            file=file,
            error=error,
        ) from error


def create(file: Path, text: str) -> Recipe:
    """Write a recipe that is read once before it is there. Raises: RecipeError, WrongInput where the file is there."""
    try:
        return _naming(file, lambda check: checked.create(file, text, check))
    except FileExistsError as error:
        raise WrongInput("{file}: is there already; name a new file", file=file) from error


def replace(file: Path, text: str, before: str) -> Recipe:
    """Put a text in the place of `before`, as `create` does. Raises: WrongInput where the file says something else."""
    try:
        return _naming(file, lambda check: checked.replace(file, text, before, check))
    except FileExistsError as error:
        raise WrongInput("{file}: has changed meanwhile; look at it again", file=file) from error


def text_of(file: Path) -> str:
    """What the file says, with its line ends as they are. Raises OSError, RecipeError."""
    read_toml(file, RecipeError)
    return file.read_bytes().decode("utf-8")


def _naming(file: Path, write: Callable[[Callable[[Path], Recipe]], Recipe]) -> Recipe:
    """An error about the draft names the file that it would have become."""
    drafts: list[Path] = []

    def check(draft: Path) -> Recipe:
        drafts.append(draft)
        return load(draft)

    try:
        return write(check)
    except RecipeError as error:
        raise RecipeError(str(error).replace(str(drafts[0]), str(file))) from error


def _keys(values: Mapping[str, Any]) -> str:
    return block(dict(values)).removeprefix("[[sources]]\n")


def _with_web(text: str, web: Mapping[str, Any]) -> str:
    mark = _MARK if text.startswith(_MARK) else ""
    document = tomlkit.parse(text.removeprefix(_MARK))
    if "web" not in document:
        return f"{text.rstrip()}\n\n[web]\n{_keys(web)}"
    for key, value in web.items():
        document["web"][key] = value
    return mark + tomlkit.dumps(document)
