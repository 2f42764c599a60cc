"""Start a run on the Prefect server at work, and ask how it goes. Imports no Prefect: the dashboard asks too."""

import os
import urllib.error
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from pipelines.errors import WorkFailed
from pipelines.flows import server
from pipelines.flows.stages import Stage

MOST_STEPS = 200
ENDED = ("COMPLETED", "FAILED", "CRASHED", "CANCELLED")


@dataclass(frozen=True)
class Run:
    """A run of Prefect: `state` is a state type of Prefect's, `url` the page of the run."""

    id: str
    url: str
    state: str

    @property
    def has_ended(self) -> bool:
        """Whether nothing more will come of it."""
        return self.state in ENDED


def start_mill(
    recipe: str, place: str, stages: Sequence[Stage], policy: str = "", finetune: Mapping[str, Any] | None = None
) -> Run:
    """Start the flow `mill` with a recipe's file, by its own deployment or, of a new recipe, by that of another, of
    those over this data folder if there are any.

    `policy`, by name or path, and `finetune`, settings of training, are in place of the recipe's own.
    Raises: WorkFailed where no server runs here, or nothing waits for its runs.
    """
    wanted = {"flows": {"name": {"any_": ["mill"]}}, "deployments": {"tags": {"all_": ["gristmill"]}}}
    ready = [one for one in _ask("deployments/filter", wanted) if one.get("status") == "READY"]
    if not ready:
        raise WorkFailed("no `gristmill up` waits for runs here")
    deployment = min(ready, key=lambda one: (recipe not in one["tags"], not _is_here(one), one["name"]))
    how = {"recipe": place, "stages": list(stages), "policy": policy, "finetune": finetune}
    body = {"name": recipe, "tags": ["gristmill", recipe], "parameters": how, "state": {"type": "SCHEDULED"}}
    return _run(_ask(f"deployments/{deployment['id']}/create_flow_run", body))


def steps(run: str) -> list[tuple[str, str]]:
    """The steps of a run so far, such as "collect forum", each with its state type. Raises WorkFailed."""
    wanted = {"flow_runs": {"id": {"any_": [run]}}, "sort": "EXPECTED_START_TIME_ASC", "limit": MOST_STEPS}
    return [(one["name"], one.get("state_type") or "PENDING") for one in _ask("task_runs/filter", wanted)]


def find(run: str) -> Run:
    """The run with this id. Raises WorkFailed where no server runs here, or it knows of no such run."""
    return _run(_ask(f"flow_runs/{quote(run, safe='')}"))


def _is_here(deployment: Mapping[str, Any]) -> bool:
    return bool(deployment["parameters"].get("data") == os.environ.get("GRISTMILL_DATA", "data"))


def _run(told: dict[str, Any]) -> Run:
    url = f"{server.find().get('ui', '')}/v2/runs/flow-run/{told['id']}"
    return Run(told["id"], url, told.get("state_type") or "PENDING")


def _ask(path: str, body: dict[str, Any] | None = None) -> Any:
    there = server.find()
    if not there:
        raise WorkFailed("no `gristmill up` is at work here")
    try:
        told = server.ask(there["api"], path, body)
    except urllib.error.HTTPError as error:
        words = {"path": path, "status": error.code}
        raise WorkFailed("the Prefect server does not know {path} ({status})", **words) from error
    except server.UNREACHABLE as error:
        raise WorkFailed("the Prefect server does not answer: {error}", error=error) from error
    return told
