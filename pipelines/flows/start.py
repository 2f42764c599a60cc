"""Start a run on the Prefect server at work, and ask how it goes. Imports no Prefect: the dashboard asks too."""

import urllib.error
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from pipelines.errors import WorkFailed
from pipelines.flows import server

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


def start_curate(recipe: str, policy: str) -> Run:
    """Start the deployment `curate` of a recipe with a policy's name or path, and wait for nothing.

    Raises: WorkFailed where no server runs here, or it does not serve the recipe.
    """
    deployment = _ask(f"deployments/name/curate/{quote(recipe, safe='')}")
    body = {"parameters": {"policy": policy}, "state": {"type": "SCHEDULED"}}
    return _run(_ask(f"deployments/{deployment['id']}/create_flow_run", body))


def find(run: str) -> Run:
    """The run with this id. Raises WorkFailed where no server runs here, or it knows of no such run."""
    return _run(_ask(f"flow_runs/{quote(run, safe='')}"))


def _run(told: dict[str, Any]) -> Run:
    url = f"{server.find().get('ui', '')}/v2/runs/flow-run/{told['id']}"
    return Run(told["id"], url, told.get("state_type") or "PENDING")


def _ask(path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    there = server.find()
    if not there:
        raise WorkFailed("no `gristmill up` is at work here")
    try:
        told: dict[str, Any] = server.ask(there["api"], path, body)
    except urllib.error.HTTPError as error:
        words = {"path": path, "status": error.code}
        raise WorkFailed("the Prefect server does not know {path} ({status})", **words) from error
    except server.UNREACHABLE as error:
        raise WorkFailed("the Prefect server does not answer: {error}", error=error) from error
    return told
