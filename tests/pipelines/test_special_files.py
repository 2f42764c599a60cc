"""Whatever a recipe or a policy names: a pipe is not waited for and a device not read, whose bytes never end."""

import os
from pathlib import Path

import pytest

from pipelines import recipe
from pipelines.curate import policy
from pipelines.curate.policy import PolicyError
from pipelines.recipe import RecipeError
from tests.connectors.test_conformance import SOURCES

RECIPE = 'name = "r"\n{top}\n[[sources]]\nconnector = "instructions"\nname = "s"\npath = "{path}"\n{more}'
RULE = '[[rules]]\nname = "r"\ndrop_if = "output IS NULL"\nwhy = "-"\n'
NAMED = {
    "sources.s.path": {"path": "{file}"},
    "decisions": {"top": 'decisions = "{file}"'},
    "decontaminate.benchmarks": {"more": '[decontaminate]\nbenchmarks = ["{file}"]'},
}
SAID = "a pipe, a socket or a device"


@pytest.fixture(params=["pipe", "device", "link"])
def special(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    if request.param == "device":
        return Path("/dev/zero")
    os.mkfifo(pipe := tmp_path / "pipe")
    if request.param == "link":
        (tmp_path / "link").symlink_to(pipe)
    return tmp_path / request.param


@pytest.mark.parametrize("key", NAMED)
def test_a_recipe_names_none(key: str, special: Path, tmp_path: Path) -> None:
    parts = {"top": "", "more": "", "path": "rows.jsonl"} | NAMED[key]
    (tmp_path / "r.toml").write_text(RECIPE.format(**parts).format(file=special))
    with pytest.raises(RecipeError, match=rf"(?s)r\.toml: .*{key.rpartition('.')[2]}.*{SAID}"):
        recipe.load(tmp_path / "r.toml")


def test_a_policy_names_none(special: Path, tmp_path: Path) -> None:
    (tmp_path / "p.toml").write_text(f'{RULE}[mixture]\nmax_records = 5\nlike = "{special}"\n')
    with pytest.raises(PolicyError, match=rf"p\.toml: mixture\.like: {SAID}"):
        policy.load(tmp_path / "p.toml")


@pytest.mark.parametrize("name", [name for name in SOURCES if SOURCES[name].make().files()])
def test_no_source_reads_one(name: str, special: Path) -> None:
    """Each setting of a connector that is a path refuses it by itself, also where no recipe is read."""
    source = SOURCES[name].make()
    paths = {key for key in type(source).model_fields if isinstance(getattr(source, key), Path)}
    assert paths
    for key in paths:
        with pytest.raises(ValueError, match=SAID):
            type(source).model_validate(source.model_dump() | {key: special})
