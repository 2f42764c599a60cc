"""Where Prefect keeps its things, and whether a server of `gristmill up` is running. Imports no Prefect.

Prefect reads its settings when it is imported, so `prepare` comes before that.
"""

import http.client
import json
import os
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path

# a socket that asks a free port of its own machine can meet itself, and then reads its own question as the answer
UNREACHABLE = (OSError, http.client.HTTPException)
UP_FILE = "gristmill-up.json"
QUIET = {
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_CLOUD_ENABLE_ORCHESTRATION_TELEMETRY": "false",
    "PREFECT_TELEMETRY_ENABLE_RESOURCE_METRICS": "false",
    "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
    "PREFECT_LOGGING_SERVER_LEVEL": "CRITICAL",  # the temporary server logs tracebacks when it is stopped
    "PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": "CRITICAL",  # the command says what failed; a run's page shows the rest
    "PREFECT_LOGGING_EXTRA_LOGGERS": "gristmill",  # what stages log appears on the run's page
    "PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW": "ignore",  # threads of a stage, whose lines belong to no run
    "PREFECT_SERVER_EPHEMERAL_ENABLED": "true",
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "90",  # two slow cores and a first migration
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_BATCH_SIZE": "200",  # fewer writers at once: SQLite has one lock
    "PREFECT_SERVER_SERVICES_EVENT_PERSISTER_BATCH_SIZE": "200",
    "RAY_USAGE_STATS_ENABLED": "0",
}
# Prefect would open doors of its own that no guard stands before: the monitoring of whoever runs flows answers anyone
# who reaches it, its numbers are served on all addresses, and the temporary server of `run` answers pages of any site.
SHUT = {
    "PREFECT_RUNNER_SERVER_ENABLE": "false",
    "PREFECT_CLIENT_METRICS_ENABLED": "false",
    "PREFECT_SERVER_API_HOST": "127.0.0.1",
    "PREFECT_SERVER_CORS_ALLOWED_ORIGINS": "http://127.0.0.1",
}


def home() -> Path:
    """`.prefect` in the working folder, or PREFECT_HOME where the user has set it."""
    return Path(os.environ.get("PREFECT_HOME", ".prefect")).absolute()


def prepare() -> None:
    """Set Prefect's environment, and send runs to the server of `gristmill up` if one is running.

    Where the user's settings would have a part of Prefect listen elsewhere, ours take their place.
    """
    os.environ["PREFECT_HOME"] = str(home())
    home().mkdir(parents=True, exist_ok=True)
    for name, value in QUIET.items():
        os.environ.setdefault(name, value)
    os.environ |= SHUT
    os.environ.pop("PREFECT_CLIENT_ENABLE_METRICS", None)  # the older name of the same
    if up := find_running():
        os.environ.setdefault("PREFECT_API_URL", up["api"])


def find_running() -> dict[str, str]:
    """The addresses (`api`, `ui`, `dashboard`) of the `gristmill up` at work here; empty if none answers."""
    try:
        addresses: dict[str, str] = json.loads((home() / UP_FILE).read_text())
    except (FileNotFoundError, json.JSONDecodeError):
        return {}
    return addresses if is_up(f"{addresses['api']}/health") else {}


def is_up(url: str) -> bool:
    """Whether `url` on this machine gives 200."""
    try:
        with loopback().open(url, timeout=5) as response:
            return bool(response.status == 200)
    except UNREACHABLE:
        return False


def is_reachable(api: str) -> bool:
    """Whether anything answers at a Prefect API, which may want credentials that this question has not."""
    local = api.startswith(("http://127.", "http://localhost", "http://[::1]"))
    opener = loopback() if local else urllib.request.build_opener()
    try:
        with opener.open(f"{api}/health", timeout=10):
            return True
    except urllib.error.HTTPError:
        return True
    except (*UNREACHABLE, ValueError):
        return False


def has_deployments(api: str, names: Sequence[str]) -> bool:
    """Whether a process waits for runs of the deployments called `names`."""
    body = json.dumps({"deployments": {"name": {"any_": list(names)}}}).encode()
    request = urllib.request.Request(f"{api}/deployments/filter", body, {"Content-Type": "application/json"})
    try:
        with loopback().open(request, timeout=10) as response:
            found = json.load(response)
    except UNREACHABLE:  # too busy to answer; it is asked again
        return False
    return {one["name"] for one in found} == set(names) and all(one["status"] == "READY" for one in found)


def loopback() -> urllib.request.OpenerDirector:
    """Opens addresses of this machine, never through a proxy."""
    return urllib.request.build_opener(urllib.request.ProxyHandler({}))
