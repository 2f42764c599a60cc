"""All that is said to people, and its translations. `python -m tests.messages` brings the catalogues up to date.

Messages are the literal texts in calls of `tr`, `ntr`, `Message` and the project's errors, and what the code itself
holds: the helps of commands and options, the reasons of bundled policies, what connectors, their settings and signals
say of themselves, and the words of the command line's library.
"""

import ast
import inspect
import io
import re
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import typer
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from pipelines.catalog import described, explain
from pipelines.cli import app
from pipelines.cli.language import WORDS, below
from pipelines.messages import LOCALE
from pipelines.serve.playground import PLACE
from tests.rooms import ROOT, sources

PO = LOCALE / "zh_CN" / "LC_MESSAGES" / "gristmill.po"
SAID = {"tr", "ntr", "Message"}
ALSO = {"BrokenSeal"}  # schemas know no messages, and yet their words are shown
HEAD = "# What people read, in simplified Chinese. `python -m tests.messages` adds what is new and compiles it.\n#"
LOGGED, PRINTED, DRAWN = {"info", "warning", "error"}, {"print", "confirm"}, {"add_column", "Table", "Panel"}
RAISED = {"ValueError", "FileNotFoundError", "RuntimeError", "RefusedSQL", "NoSpace"}  # what is shown besides ours
TITLES = {"title", "header", "description"}
INSIDE = {"Text", "assemble", "join", "str"}  # what only dresses the text that it is given


@cache
def errors() -> frozenset[str]:
    """The names of the errors whose first argument is a message: WrongInput, WorkFailed and those below them."""
    classes = [node for path in sources() for node in ast.walk(_tree(path)) if isinstance(node, ast.ClassDef)]
    bases = {node.name: {ast.unparse(base) for base in node.bases} for node in classes if not _has_own_words(node)}
    found = {"WrongInput", "WorkFailed"}
    while more := {name for name, above in bases.items() if above & found} - found:
        found |= more
    return frozenset(found)


def _has_own_words(node: ast.ClassDef) -> bool:
    return any(isinstance(part, ast.FunctionDef) and part.name == "__str__" for part in node.body)


@cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def in_code() -> Iterator[tuple[str, str | tuple[str, str]]]:
    """The messages in the sources, each with its file; what has a plural is a pair."""
    for path in sources():
        for call in (node for node in ast.walk(_tree(path)) if isinstance(node, ast.Call)):
            name = _name(call)
            texts = [one.value for one in call.args[: 1 + (name == "ntr")] if isinstance(one, ast.Constant)]
            if any(texts) and name in (SAID if _knows_messages(path) else ALSO) | errors():
                yield str(path.relative_to(ROOT)), tuple(texts) if name == "ntr" else texts[0]


def _knows_messages(path: Path) -> bool:
    """Whether `Message` in a source is ours: others are called so too."""
    return "from pipelines.messages import" in path.read_text()


def _name(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def collected() -> Iterator[tuple[str, str]]:
    """The texts that are messages where they stand, each with its file."""
    for path in sorted((ROOT / "pipelines" / "policies").glob("*.toml")):
        rules = tomllib.loads(path.read_text()).get("rules", [])
        yield from ((str(path.relative_to(ROOT)), rule["why"]) for rule in rules)
    page = ROOT / "pipelines" / "serve" / "playground.html"
    yield from ((str(page.relative_to(ROOT)), found) for found in PLACE.findall(page.read_text()))
    yield from (("typer", word) for word in WORDS)
    root: Any = typer.main.get_command(app)
    for command in (root, *below(root)):
        yield "pipelines/cli", inspect.cleandoc(command.help)
        yield from (("pipelines/cli", part.help) for part in command.params if getattr(part, "help", None))
    yield from described_in_code()


def described_in_code() -> Iterator[tuple[str, str]]:
    """What connectors, their settings and signals say of themselves."""
    for one in described.connectors():
        yield from (("connectors", paragraph) for paragraph in one.says.split("\n\n"))
        yield from (("connectors", setting.says) for setting in one.settings)
    yield from (("pipelines/signals", definition) for definition in explain.definitions().values())


def wanted() -> Catalog:
    """Every message, without translations."""
    catalog = _empty()
    for file, message in [*in_code(), *collected()]:
        catalog.add(message, locations=[(file, 0)])
    return catalog


def _empty() -> Catalog:
    when = datetime(2026, 1, 1, tzinfo=UTC)  # files are the same whenever they are made
    names = {
        "project": "Gristmill",
        "version": "1",
        "msgid_bugs_address": "-",
        "last_translator": "-",
        "language_team": "-",
    }
    return Catalog("zh_CN", "gristmill", HEAD, creation_date=when, revision_date=when, fuzzy=False, **names)  # type: ignore[arg-type]


def translated() -> Catalog:
    """The catalogue as it stands, or an empty one."""
    with io.BytesIO(PO.read_bytes() if PO.exists() else b"") as file:
        return read_po(file, locale="zh_CN", domain="gristmill")


def updated() -> Catalog:
    """Every message, with the translation that stands; a message that is not said any more goes."""
    catalog, known = wanted(), translated()
    for message in catalog:
        if message.id and (before := known.get(message.id)):
            message.string = before.string
    return catalog


def as_po(catalog: Catalog) -> bytes:
    with io.BytesIO() as file:
        write_po(file, catalog, width=120, sort_by_file=True, include_lineno=False)
        return file.getvalue()


def as_mo(catalog: Catalog) -> bytes:
    with io.BytesIO() as file:
        write_mo(file, catalog)
        return file.getvalue()


def untranslatable(path: Path) -> list[str]:
    """The calls in a source that say something to people outside of a message, as `file: call`."""
    calls = [node for node in ast.walk(_tree(path)) if isinstance(node, ast.Call)]
    raised = {id(node.exc): node.exc for node in ast.walk(_tree(path)) if isinstance(node, ast.Raise)}
    found = []
    for call in calls:
        if any(map(_is_words, _spoken(call, id(call) in raised))):
            found.append(f"{path.relative_to(ROOT)}: {ast.unparse(call)}")
    return found


def _spoken(call: ast.Call, raised: bool) -> list[ast.expr]:
    """The arguments of a call that people read."""
    name = _name(call)
    owner = ast.unparse(call.func.value) if isinstance(call.func, ast.Attribute) else ""
    titles = [word.value for word in call.keywords if word.arg in TITLES]
    if name in errors():  # a literal there is a message
        return [one for one in call.args[:1] if not isinstance(one, ast.Constant)]
    if raised and name in RAISED:
        return call.args[:1]
    if owner == "log" and name in LOGGED:
        return call.args
    if name in PRINTED and owner not in ("file", "out"):
        return call.args
    return [*call.args[:1], *titles] if name in DRAWN else []


def _is_words(node: ast.expr) -> bool:
    """Whether a text is written here that no message holds."""
    if isinstance(node, ast.Constant):
        return isinstance(node.value, str) and bool(re.search("[A-Za-z]{2}", node.value))
    if isinstance(node, ast.JoinedStr):
        return any(map(_is_words, node.values))
    if isinstance(node, ast.BinOp | ast.IfExp | ast.BoolOp):
        return any(_is_words(part) for part in ast.iter_child_nodes(node) if isinstance(part, ast.expr))
    if isinstance(node, ast.Call):
        return _name(node) in INSIDE and any(map(_is_words, node.args))
    if isinstance(node, ast.GeneratorExp | ast.ListComp):
        return _is_words(node.elt)
    return isinstance(node, ast.List | ast.Tuple) and any(map(_is_words, node.elts))


def main() -> None:
    catalog = updated()
    PO.write_bytes(as_po(catalog))
    PO.with_suffix(".mo").write_bytes(as_mo(catalog))
    missing = [message.id for message in catalog if message.id and not message.string]
    print(f"{len(catalog)} messages, {len(missing)} without a translation")


if __name__ == "__main__":
    main()
