"""The documents say what is so: their trees, commands, names, counts, examples and recipes are held to the code."""

import ast
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import typer

from connectors import CONNECTORS
from pipelines import catalog, storage
from pipelines.cli import app
from pipelines.curate import policy
from pipelines.recipe import load
from pipelines.signals import SIGNALS
from schemas.record import RECORD
from tests.documents import PATH, READMES, blocks, code_words, commands, read, tables, tree, words_of
from tests.rooms import ROOT, sources

DOCUMENTS = (*READMES, "CONTRIBUTING.md", "DECISIONS.md", "CHANGELOG.md", "data/README.md")
EXAMPLES = {"connectors/pantry.py"}  # what a reader of CONTRIBUTING makes
COMMANDS: Any = typer.main.get_command(app)
WRONG: Any = typer.BadParameter.__base__  # UsageError, of the click that typer has within itself
NAMES = [connector.model_fields["connector"].default for connector in CONNECTORS]
POLICIES = [policy.load(path.stem) for path in sorted(policy.POLICIES.glob("*.toml"))]
RULES = {rule.name for each in POLICIES for rule in each.rules}
HELP = "\n".join(
    re.findall(
        r"\[bold\](gristmill .*?)\[/bold\]",
        "".join(
            read(f"pipelines/cli/{name}.py") for name in ("commands", "upkeep", "review", "describe", "proof", "team")
        ),
    )
)
SHOWN = {" ".join(words): words for text in (*map(read, DOCUMENTS), HELP) for words in commands(text)}


@pytest.mark.parametrize("readme", READMES)
def test_what_the_tree_names_is_there(readme: str) -> None:
    drawn = tree(read(readme))
    assert len(drawn) > 20
    assert not [path for path in drawn if not (ROOT / path).exists()]
    there = {path for path in (ROOT / "pipelines").iterdir() if path.name[0] not in "._"}  # nor __init__.py
    (stages,) = [line for line in read(readme).splitlines() if line.startswith("pipelines/ ")]
    assert not {path.name for path in there if path.relative_to(ROOT) not in drawn} - set(re.findall("[a-z]+", stages))


@pytest.mark.parametrize("name", DOCUMENTS)
def test_files_that_are_named_and_linked_are_there(name: str) -> None:
    text = read(name)
    links = [link.partition("#")[0] for link in re.findall(r"\]\(([^)]+)\)", text) if "://" not in link]
    named = [path for path in PATH.findall(text) if not path.startswith("data/") or path.startswith("data/samples")]
    assert not [path for path in links if path and not ((ROOT / name).parent / path).exists()]
    assert not [path for path in named if not (ROOT / path).exists() and path not in EXAMPLES]


def parse(words: list[str]) -> None:
    """Take a command's words as the program would, without running it. Raises WRONG."""
    program, name, *rest = words
    assert program == "gristmill"
    command = COMMANDS.commands.get(name)
    if command is None:
        raise WRONG(f"no command {name}")
    command.make_context(name, [re.sub("^s3://.*", "data", word) for word in rest])


def test_every_command_that_is_shown_can_be_given() -> None:
    """Its name, options, choices and number of words; short mentions such as `gristmill forget` have a name only."""
    assert len(SHOWN) >= 25
    for line, words in SHOWN.items():
        if len(words) == 2 and words[1] in COMMANDS.commands:
            continue
        try:
            parse(words)
        except WRONG as error:
            pytest.fail(f"{line}: {error.format_message()}")


@pytest.mark.parametrize("words", ["bake demo", "run demo --fast", "export demo a --format xml", "verify that"])
def test_a_command_that_cannot_be_given_is_found(words: str) -> None:
    with pytest.raises(WRONG):
        parse(["gristmill", *words.split()])


def test_targets_and_extras_that_are_named_are_there() -> None:
    text = "\n".join(map(read, DOCUMENTS))
    targets = set(re.findall(r"(?:`|^)make ([a-z]+)", text, re.M))
    assert targets >= {"demo", "test"}
    assert targets <= set(re.findall(r"\.PHONY: (.*)", read("Makefile"))[0].split())
    extras = set(tomllib.loads(read("pyproject.toml"))["project"]["optional-dependencies"])
    installed = " ".join(re.findall(r"pip install '?gristmill\[[^.。]*", text))  # 'gristmill[dask]', `[ray]`, `[s3]`
    named = set(re.findall(r"\[([a-z0-9]+)\]", installed))
    assert {"dask", "ray", "s3"} <= named <= extras


@pytest.mark.parametrize("readme", READMES)
def test_counts_views_and_folders_are_the_codes(readme: str) -> None:
    text = read(readme)
    assert re.findall(r"(\d+)(?: signals:| 个信号：)", text) == [str(len(SIGNALS))]
    (listed,) = re.findall(r"`(pages records [a-z_ ]+)`", text)
    assert listed.split() == re.findall(r"CREATE VIEW (\w+)", read("schemas/views.sql"))
    assert set(re.findall(r"\b[1-7]_[a-z]+", text)) == set(storage.FOLDERS.values())


def test_the_changelog_counts_and_names_the_same() -> None:
    text = " ".join(read("CHANGELOG.md").split())
    words = {14: "Fourteen", 15: "Fifteen", 16: "Sixteen", 17: "Seventeen", 18: "Eighteen", 19: "Nineteen"}
    (listed,) = re.findall(rf"{words[len(NAMES)]} connectors: ([a-z_, ]+)\.", text)
    assert sorted(listed.split(", ")) == sorted(NAMES)
    assert f"{len(SIGNALS)} signals" in text


def test_the_number_of_languages_is_the_codes() -> None:
    languages = set(tomllib.loads(read("pipelines/normalise/phrasing.toml"))) - {"any"}
    assert f"{len(languages)} languages have words to ask with" in read("README.md")
    assert f"能提问的语言有 {len(languages)} 种" in read("README.zh-CN.md")
    assert f"questions about articles in {len(languages)} languages" in read("CHANGELOG.md")


@pytest.mark.parametrize("name", [*READMES, "CONTRIBUTING.md"])
def test_names_in_inline_code_are_the_codes(name: str) -> None:
    """Columns, views, connectors, settings, rules, functions: whatever has an underscore in it."""
    code = "\n".join(path.read_text() for path in [*sources(), *(ROOT / "pipelines").rglob("*.toml")])
    files = words_of(" ".join(path.name for path in (ROOT / "tests").rglob("*.py")))
    assert not code_words(read(name)) - words_of(code) - files - set(policy.columns())


@pytest.mark.parametrize("readme", READMES)
def test_queries_that_are_shown_can_be_asked(readme: str, tmp_path: Path) -> None:
    queries = [words[2] for words in commands(read(readme)) if words[1] == "sql" and len(words) > 2]
    assert queries
    with catalog.connect(str(tmp_path)) as con:
        for query in queries:
            con.sql(query)


@pytest.mark.parametrize("readme", READMES)
def test_rules_in_printed_tables_are_the_policies(readme: str) -> None:
    shown = {
        row
        for block in printed(read(readme))
        for row in re.findall(r"^ ([a-z_]+) +│ +\d", block, re.M)
        if " rule " in block
    }
    assert len(shown) > 3
    assert shown <= RULES | set(policy.BUILT_IN)


@pytest.mark.parametrize("readme", READMES)
def test_recipes_and_policies_that_are_shown_can_be_loaded(readme: str, tmp_path: Path) -> None:
    recipe, measured, rules, baked, preferred = blocks(read(readme), "toml")
    (tmp_path / "recipe.toml").write_text(f"{recipe}\n{measured}")
    loaded = load(tmp_path / "recipe.toml")
    assert loaded.dedupe.semantic and loaded.annotate.difficulty and loaded.finetune.epochs
    (tmp_path / "recipe.toml").write_text(recipe.partition("[finetune]")[0] + baked + preferred)
    loaded = load(tmp_path / "recipe.toml")
    assert loaded.finetune.patience and loaded.preference and loaded.preference.balance
    (tmp_path / "policy.toml").write_text(rules)
    assert policy.load(tmp_path / "policy.toml").mixture.diversity
    (predicate,) = re.findall(r'`drop_if = ("[^`]+")`', read(readme))
    rule = f'[[rules]]\nname = "one"\ndrop_if = {predicate}\nwhy = "It is far."\n'
    (tmp_path / "one.toml").write_text(f'extends = "default"\n{rule}')
    assert policy.load(tmp_path / "one.toml")


def neutral(words: list[str]) -> str:
    """A command in which what stands for a name of the reader's own is the same in both languages."""
    return " ".join(words).replace("配方", "RECIPE").replace("桶/前缀", "bucket/prefix")


def bare(block: str) -> str:
    """A block without what is written for people: comments and reasons."""
    return re.sub(r'why = ".*"', "", re.sub(r" *#.*", "", block))


def printed(text: str) -> list[str]:
    """The tables that commands print."""
    return [block for block in blocks(text, "") if "┃" in block]


def test_both_readmes_show_the_same() -> None:
    english, chinese = map(read, READMES)
    assert tree(english) == tree(chinese)
    assert {*map(neutral, commands(english))} == {*map(neutral, commands(chinese))}
    for language in ("toml", "bash", "python"):
        assert [*map(bare, blocks(english, language))] == [*map(bare, blocks(chinese, language))]
    assert printed(english) == printed(chinese)
    assert re.findall(r"^#+ ", english, re.M) == re.findall(r"^#+ ", chinese, re.M)


def test_the_tables_of_connectors_name_each_once_and_in_the_same_order() -> None:
    cells = [[row[0].strip("`") for rows in tables(read(readme)) for row in rows] for readme in READMES]
    listed = [[cell for cell in column if cell in NAMES] for column in cells]
    assert sorted(listed[0]) == sorted(NAMES)
    assert listed[0] == listed[1]


def names_in(path: Path) -> set[str]:
    """What a file defines at its outermost level: names of a module; keys of TOML, and those of its tables."""
    if path.suffix == ".toml":
        found = tomllib.loads(path.read_text())
        return {*found, *(key for value in found.values() if isinstance(value, dict) for key in value)}
    body = ast.parse(path.read_text()).body
    targets = [target for node in body if isinstance(node, ast.Assign) for target in node.targets]
    targets += [node.target for node in body if isinstance(node, ast.AnnAssign)]
    defined = {node.name for node in body if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    return defined | {target.id for target in targets if isinstance(target, ast.Name)}


def test_the_newcomers_walk_leads_to_what_it_names() -> None:
    (walk,) = [rows for rows in tables(read("CONTRIBUTING.md")) if rows[0][0].startswith("mask")]
    assert len(walk) >= 10
    for task, path, symbol in walk:
        assert symbol.strip("`") in names_in(ROOT / path.strip("`")), f"{task}: {path} has no {symbol}"


def test_each_decision_has_its_line_at_the_top() -> None:
    """In the order of the entries, below the same headings; a line leads to the place that a heading makes."""
    index, _, entries = read("DECISIONS.md").partition("\n## ")
    headings = re.findall(r"^### (.*)$", entries, re.M)
    places = [re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings]
    assert len(headings) > 60
    assert re.findall(r"^- \[[^\]]+\]\(#([^)]+)\)$", index, re.M) == places
    assert re.findall(r"^\*\*(.*)\*\*$", index, re.M) == re.findall(r"^## (.*)$", "## " + entries, re.M)


@pytest.fixture(scope="module")
def newcomers_tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the code in which CONTRIBUTING's recipes have been followed, word for word."""
    copy = tmp_path_factory.mktemp("newcomer")
    without = shutil.ignore_patterns("__pycache__", "accuracy", "benchmarks", "soak")
    for part in ("schemas", "connectors", "pipelines", "tests"):
        shutil.copytree(ROOT / part, copy / part, ignore=without)
    shutil.copy(ROOT / "pyproject.toml", copy)
    signal, connector, sample = blocks(read("CONTRIBUTING.md"), "python")
    (rule,) = blocks(read("CONTRIBUTING.md"), "toml")
    insert(copy / "pipelines/signals/length.py", "SIGNALS = (", f"{signal.strip()},")
    with (copy / "pipelines/policies/default.toml").open("a") as default:
        default.write(rule)
    (copy / "connectors/pantry.py").write_text(connector)
    insert(copy / "connectors/__init__.py", "CONNECTORS = (", "Pantry,")
    insert(copy / "tests/connectors/test_conformance.py", "SOURCES = {", sample)
    for path in ("connectors/__init__.py", "tests/connectors/test_conformance.py"):
        insert(copy / path, "from connectors.website import Website", "from connectors.pantry import Pantry")
    (copy / "tests/connectors/pantry").mkdir()
    dish = '{"id": 7, "title": "How to boil an egg", "text": "Put it into boiling water for six minutes."}'
    (copy / "tests/connectors/pantry/7.json").write_text(dish)
    return copy


def insert(path: Path, after: str, line: str) -> None:
    """Put a line below another one."""
    before, found, rest = path.read_text().partition(f"{after}\n")
    assert found, f"{path} has no line {after}"
    path.write_text(f"{before}{found}{line.rstrip()}\n{rest}")


def python(folder: Path, *words: str) -> str:
    environment = os.environ | {"PYTHONPATH": str(folder)}
    done = subprocess.run([sys.executable, *words], cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


SEEN = f"""
from pathlib import Path
import pyarrow as pa
from pipelines import annotate
from pipelines.curate import policy
from pipelines.recipe import Recipe
from schemas.record import RECORD

docs = [{{"connector": "pantry", "name": "docs", "url": "https://pantry.example", "folder": "."}}]
recipe = Recipe.model_validate({{"name": "one", "sources": docs}})
(signal,) = [one for one in annotate.select_signals(recipe, Path("data")) if one.name == "output_shouts"]
row = dict.fromkeys({RECORD.names!r}) | {{"record_id": "a#1", "instruction": "How?", "output": "So! 这样！"}}
print(annotate.measure(pa.Table.from_pylist([row], RECORD), [signal])["output_shouts"].to_pylist())
(rule,) = [one for one in policy.load("default").rules if one.name == "output_too_loud"]
print(policy.mentions(rule.drop_if))
"""


def test_a_signal_and_a_rule_are_added_as_the_text_says(newcomers_tree: Path) -> None:
    """What annotate measures and what a policy may ask; the recipe there has the connector of the text."""
    assert python(newcomers_tree, "-c", SEEN).splitlines() == ["[2]", "('output_shouts',)"]


def test_a_connector_is_added_as_the_text_says(newcomers_tree: Path) -> None:
    """Every test of the conformance suite for it, and that of the list of connectors."""
    words = ("-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", "pantry or every_connector")
    said = python(newcomers_tree, *words, "tests/connectors/test_conformance.py")
    (passed,) = re.findall(r"(\d+) passed", said)
    assert int(passed) > 20, said
