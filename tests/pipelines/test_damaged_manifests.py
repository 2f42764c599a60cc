"""A damaged manifest ends every command with one line that names it and says what to do, or is made anew."""

import shutil
from pathlib import Path

import pytest

from pipelines.cli.team import app
from pipelines.flows.steps import MADE_OF, Outcome
from pipelines.recipe import Recipe
from pipelines.storage import MANIFEST
from pipelines.storage.layout import FOLDERS, OF_MODELS
from tests.pipelines import rot
from tests.pipelines.commands import Gristmill

Milled = tuple[Recipe, Path, list[Outcome]]
RECORD = "forum:1#101"
AGAIN = [(stage, before) for stage, read in MADE_OF.items() for before in read]
# by command: what is said to it, {} being the recipe, and the stages whose manifests it cannot do without; where those
# are all, each command meets another one
COMMANDS: dict[str, dict[str, tuple[str, ...]]] = {
    "stage": {
        "stage collect {}": (),
        "stage normalise {}": ("collect",),
        "stage annotate {}": ("normalise",),
        "stage dedupe {}": ("normalise", "annotate"),
        "stage curate {}": ("normalise", "annotate", "dedupe"),
        "stage finetune {}": ("curate",),
        "stage prefer {out}/preferring.toml": ("curate", "finetune"),
    },
    "check": {"check {}": ()},
    "connectors": {"connectors": ()},
    "init": {"init {out}/new.toml": ()},
    "status": {"status": tuple(FOLDERS), "status {}": tuple(FOLDERS)},
    "sql": {"sql 'SELECT 1'": tuple(FOLDERS), "sql 'SELECT 1' --verify": tuple(FOLDERS)},
    "explain": {f"explain {RECORD}": tuple(FOLDERS)},
    "try": {"try default": tuple(FOLDERS)},
    "export": {"export small {out}/a.jsonl": ("curate",), "export small {out} --for trl": ("curate",)},
    "gguf": {"gguf small {out}/a.gguf": ("finetune",)},
    "serve": {"serve small --port 0": ("finetune",)},
    "evaluate": {"evaluate {}": ("curate", "finetune")},
    "ablate": {"ablate {}": ("curate",)},
    "forget": {f"forget --record {RECORD}": tuple(FOLDERS), "forget --author Nobody --dry-run": tuple(FOLDERS)},
    "verify": {"verify": tuple(FOLDERS), "verify --seal": tuple(FOLDERS)},
    "learn": {"learn taste --from votes": tuple(FOLDERS)},
    "decide": {f"decide {RECORD} --reject --who Ada": tuple(FOLDERS)},
    "tune": {"tune output_too_short --recipe {}": tuple(FOLDERS)},
    "review": {"review export {out}/tasks --recipe {}": tuple(FOLDERS), "review import {out}/answers.json": ()},
    "diff": {"diff small": ("curate",)},
    "plan": {"plan {} --records 1e9": tuple(FOLDERS)},
    "signals": {"signals": tuple(FOLDERS)},
}
# which do the steps of `stage`, and print what `status` prints; `alerts` reads no data
OF_SERVERS = {"run", "demo", "up", "dashboard", "alerts"}
NEEDED = {words: stages for said in COMMANDS.values() for words, stages in said.items()}
CASES = [
    (words, stage)
    for number, (words, stages) in enumerate(NEEDED.items())
    for stage in (stages if len(stages) < len(FOLDERS) else stages[number % len(FOLDERS) :][:1])
]


def test_every_command_is_looked_at() -> None:
    names = {command.name or getattr(command.callback, "__name__", "") for command in app.registered_commands}
    assert names | {group.name for group in app.registered_groups} == COMMANDS.keys() | OF_SERVERS


@pytest.fixture(scope="module")
def furnished(milled: Milled, tmp_path_factory: pytest.TempPathFactory) -> Path:
    data = tmp_path_factory.mktemp("damaged") / "data"
    shutil.copytree(milled[1], data, symlinks=True)
    rot.furnish(data)
    return data


@pytest.mark.parametrize(("words", "stage"), CASES)
def test_a_damaged_manifest_is_one_line_and_a_cure(
    words: str, stage: str, furnished: Path, milled: Milled, tmp_path: Path, gristmill: Gristmill
) -> None:
    found = next(furnished.glob(f"{FOLDERS[stage]}/[!.]*/**/{MANIFEST}")).relative_to(furnished)
    data = rot.copy_of(furnished, tmp_path / "data", found)
    (data / found).write_bytes((data / found).read_bytes()[:-9])
    said = [word.strip("'") for word in words.replace("'SELECT 1'", "'SELECT'").split()]
    given = ["SELECT 1" if word == "SELECT" else word for word in said]
    recipe = milled[1].parent / "small.toml"
    (tmp_path / "preferring.toml").write_text(f'{recipe.read_text()}\n[preference]\nmethod = "dpo"\n')
    printed = gristmill(*(word.format(recipe, out=tmp_path) for word in given), "--data", data)
    lines = [line for line in (printed.out + printed.err).splitlines() if MANIFEST in line]
    assert printed.code == 1, printed
    assert len([line for line in printed.err.splitlines() if line.startswith("error: ")]) == 1
    made = "gristmill evaluate" if stage == "evaluate" else "gristmill stage"
    assert any(f"{FOLDERS[stage]}/" in line and made in line and "--again" in line for line in lines), printed
    assert "Traceback" not in printed.err and "--debug" not in printed.err


@pytest.mark.parametrize("stage", ["collect", "normalise", "annotate", "dedupe", "curate"])
def test_the_cure_makes_it_anew(
    stage: str, furnished: Path, milled: Milled, tmp_path: Path, gristmill: Gristmill
) -> None:
    found = next(furnished.glob(f"{FOLDERS[stage]}/[!.]*/**/{MANIFEST}")).relative_to(furnished)
    data = rot.copy_of(furnished, tmp_path / "data", found)
    (data / found).write_bytes(b"{")
    recipe = milled[1].parent / "small.toml"
    assert gristmill("stage", stage, recipe, "--again", "--data", data).code == 0
    assert gristmill("verify", "--data", data).code == 0


@pytest.mark.parametrize("harm", ["a bit", "all of it"])
@pytest.mark.parametrize(("stage", "before"), AGAIN)
def test_nothing_is_thrown_away_for_what_cannot_be_made(
    stage: str, before: str, harm: str, furnished: Path, milled: Milled, tmp_path: Path, gristmill: Gristmill
) -> None:
    """`--again` over rotten or missing inputs, models aside, leaves what stands."""
    data = Path(shutil.copytree(furnished, tmp_path / "data", symlinks=True))
    recipe = tmp_path / "preferring.toml"
    recipe.write_text(f'{(milled[1].parent / "small.toml").read_text()}\n[preference]\nmethod = "dpo"\n')
    if harm == "all of it" and before not in OF_MODELS:
        shutil.rmtree(data / FOLDERS[before])
    else:
        shard = next(path for path in sorted((data / FOLDERS[before]).glob("[!.]*/**/*.*")) if is_shard(path))
        shard.write_bytes(shard.read_bytes()[:-1] + b"?")
    made = data / FOLDERS.get(stage, FOLDERS["evaluate"])  # where ablations lie, too
    left = {path: path.read_bytes() for path in made.rglob("*") if path.is_file()}
    words = () if stage in {"evaluate", "ablate"} else ("stage",)
    printed = gristmill(*words, stage, recipe, "--again", "--data", data)
    assert printed.code and left
    assert {path: path.read_bytes() for path in left if path.exists()} == left


def is_shard(path: Path) -> bool:
    """Of the source `forum` or the recipe `small`, listed in a manifest, and no manifest itself."""
    return path.is_file() and (path.parent / MANIFEST).exists() and path.name != MANIFEST
