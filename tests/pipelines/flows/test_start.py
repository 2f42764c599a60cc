"""Which deployment a run of the dashboard is started by."""

from typing import Any

import pytest

from pipelines.errors import WorkFailed
from pipelines.flows import start


def deployment(name: str, tag: str, data: str, status: str = "READY") -> dict[str, Any]:
    return {"id": name, "name": name, "tags": ["gristmill", tag], "parameters": {"data": data}, "status": status}


@pytest.mark.parametrize(
    ("recipe", "chosen"),
    [("first", "first: whole road"), ("second", "second: whole road"), ("new", "second: whole road")],
)
def test_its_own_or_one_over_the_same_data_folder(recipe: str, chosen: str, monkeypatch: pytest.MonkeyPatch) -> None:
    there = [
        deployment("asleep: whole road", recipe, "/here", "NOT_READY"),
        deployment("first: whole road", "first", "/elsewhere"),
        deployment("second: whole road", "second", "/here"),
    ]
    asked: list[tuple[str, Any]] = []

    def ask(path: str, body: Any = None) -> Any:
        asked.append((path, body))
        return there if path == "deployments/filter" else {"id": "17"}

    monkeypatch.setenv("GRISTMILL_DATA", "/here")
    monkeypatch.setattr(start, "_ask", ask)
    assert start.start_mill(recipe, "r.toml", ["curate"], "strict", {"epochs": 3}).id == "17"
    path, body = asked[-1]
    assert path == f"deployments/{chosen}/create_flow_run"
    assert body["parameters"] == {
        "recipe": "r.toml", "stages": ["curate"], "policy": "strict", "finetune": {"epochs": 3},
    }  # fmt: skip
    del there[1:]
    with pytest.raises(WorkFailed, match="waits for runs"):
        start.start_mill(recipe, "r.toml", ["curate"])
