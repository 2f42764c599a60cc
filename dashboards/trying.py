"""What the page of the policy knows: which policies there are, and the records prepared for moving a policy's lines."""

import streamlit as st

from dashboards import ask
from pipelines import catalog
from pipelines.catalog import explain
from pipelines.curate import edits, moving, policy
from pipelines.curate.edits import Edits
from pipelines.curate.policy import Policy
from pipelines.curate.what_if import Effect

SNAPSHOT = "snapshot"  # no policy's file is called so: the one of the latest snapshot, which may have none


def names() -> list[str]:
    """Bundled policies by their names, then saved ones by those of their files."""
    return [*policy.bundled(), *(file.name for file in edits.saved(ask.data_path()))]


def of_snapshot(recipe: str) -> Policy | None:
    """The policy of the recipe's latest snapshot."""
    return explain.policy(ask.data_path(), recipe)


def named(name: str, recipe: str) -> Policy:
    """The policy by its name in the list. Raises PolicyError."""
    found = of_snapshot(recipe) if name == SNAPSHOT else None
    return found or policy.load(file_of(name))


def file_of(name: str) -> str:
    """What to call a listed policy in a command: a bundled one's name, or the path of a file."""
    return str(edits.folder(ask.data_path()) / name) if name.endswith(".toml") else name


def base(name: str, recipe: str) -> str | Policy:
    """What a changed policy extends: a listed one, which the snapshot may obey too; else that of the snapshot."""
    if name != SNAPSHOT:
        return file_of(name)
    stood = named(name, recipe)
    return next((file_of(each) for each in names() if named(each, recipe) == stood), stood)


def prepared(chosen: Policy, recipe: str) -> tuple[moving.Prepared, Effect]:
    """The records, measured once for this policy until something is published or decided, and what it does to them."""
    data = ask.data_folder()
    made: tuple[moving.Prepared, Effect] = _prepared(chosen.model_dump_json(), recipe, data, catalog.state(data))
    return made


@st.cache_resource(show_spinner=False, max_entries=2)
def _prepared(chosen: str, recipe: str, data: str, state: str) -> tuple[moving.Prepared, Effect]:
    """`state` is there for the cache's key."""
    ready = moving.prepare(Policy.model_validate_json(chosen), catalog.connect(data), catalog.folder_at(data), recipe)
    return ready, moving.effect(moving.judge(ready, Edits()))
