"""What tests ask a Prefect server."""

import json
import urllib.request
from typing import Any

from tests.waiting import FAR


def ask(url: str, body: Any = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=FAR) as answer:
        return json.load(answer)


def deployed(api: str, recipe: str) -> list[dict[str, Any]]:
    """The deployments of a recipe, by its tag."""
    found: list[dict[str, Any]] = ask(f"{api}/deployments/filter", {"deployments": {"tags": {"all_": [recipe]}}})
    return found
