"""Where Prefect keeps its things, and how its server is asked: that of `gristmill up`, or one that the environment
names. Imports no Prefect.

Prefect reads its settings when it is imported, so `prepare` comes before that.
"""

import base64
import http.client
import json
import os
import tomllib
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pipelines.errors import WrongInput

# a socket that asks a free port of its own machine can meet itself, and then reads its own question as the answer
UNREACHABLE = (OSError, http.client.HTTPException)
UP_FILE = "gristmill-up.json"
DASHBOARD_URL = "GRISTMILL_DASHBOARD_URL"
SECONDS = 10
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
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "600",  # a first migration, on a machine that is busy
    "PREFECT_FLOWS_HEARTBEAT_FREQUENCY": "30",  # a run that says nothing for longer is dead; Prefect takes no less
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

    Where the user's settings would have a part of Prefect listen elsewhere, ours take their place. A login in the
    user's own `~/.prefect` holds: only what Prefect writes goes to `home`.
    """
    profiles = Path("~/.prefect/profiles.toml").expanduser()
    if "PREFECT_HOME" not in os.environ and profiles.is_file():
        os.environ.setdefault("PREFECT_PROFILES_PATH", str(profiles))
    os.environ["PREFECT_HOME"] = str(home())
    home().mkdir(parents=True, exist_ok=True)
    for name, value in QUIET.items():
        os.environ.setdefault(name, value)
    os.environ |= SHUT
    os.environ.pop("PREFECT_CLIENT_ENABLE_METRICS", None)  # the older name of the same
    if "PREFECT_API_URL" not in os.environ and (up := find_running()):
        use(up["api"])


def use(api: str) -> None:
    """Send runs to this server, or to one of our own where it is "". Another server's login does not go there."""
    os.environ["PREFECT_API_URL"] = api
    if api != _of_profile():
        os.environ["PREFECT_PROFILE"] = "ephemeral"  # Prefect's own, with nothing in it
    if not api:
        del os.environ["PREFECT_API_URL"]


def named() -> str:
    """The API that the user's settings name: the variable, or the profile that is active; "" where they name none."""
    return os.environ.get("PREFECT_API_URL") or _of_profile()


def _of_profile() -> str:
    file = Path(os.environ.get("PREFECT_PROFILES_PATH", home() / "profiles.toml"))
    told = tomllib.loads(file.read_text()) if file.is_file() else {}
    profile = told.get("profiles", {}).get(os.environ.get("PREFECT_PROFILE", told.get("active", "")), {})
    return str(profile.get("PREFECT_API_URL", ""))


def find_running() -> dict[str, str]:
    """The addresses (`api`, `ui`, `dashboard`) of the `gristmill up` at work here; empty if none answers."""
    try:
        addresses: dict[str, str] = json.loads((home() / UP_FILE).read_text())
    except (FileNotFoundError, json.JSONDecodeError):
        return {}
    return addresses if is_up(f"{addresses['dashboard']}/_stcore/health") else {}


def find() -> dict[str, str]:
    """The same, or what the environment names where no `up` is at work: a dashboard may be started alone."""
    if up := find_running():
        return up
    api = os.environ.get("PREFECT_API_URL", "")
    ui = os.environ.get("PREFECT_UI_URL", "") or api.removesuffix("/api")
    return {"api": api, "ui": ui, "dashboard": os.environ.get(DASHBOARD_URL, "")} if api else {}


def api_of(address: str) -> str:
    """The address of a server's API, from that or from the address of its UI. Raises WrongInput for what is neither."""
    bare = address.rstrip("/")
    try:
        parts = urlsplit(bare)
    except ValueError as error:
        raise WrongInput("{place} cannot be used: {error}", place=address, error=error) from error
    return bare if "/api" in parts.path else f"{bare}/api"


def is_up(url: str) -> bool:
    """Whether `url` on this machine gives 200."""
    try:
        with loopback().open(url, timeout=5) as response:
            return bool(response.status == 200)
    except UNREACHABLE:
        return False


def has_deployments(api: str, names: Sequence[str]) -> bool:
    """Whether a process waits for runs of all deployments called `names`."""
    only = {"name": {"any_": list(names)}, "tags": {"all_": ["gristmill"]}}
    try:
        found = ask(api, "deployments/filter", {"deployments": only})
    except UNREACHABLE:  # too busy to answer; it is asked again
        return False
    return {one["name"] for one in found} == set(names) and all(one["status"] == "READY" for one in found)


def ask(api: str, path: str, body: dict[str, Any] | None = None) -> Any:
    """What a Prefect API answers. Raises UNREACHABLE, of which an HTTPError has the status of an answer."""
    content = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"{api}/{path}", content, {"Content-Type": "application/json"})
    for name, value in _credentials().items():
        request.add_unredirected_header(name, value)
    local = urlsplit(api).hostname in ("127.0.0.1", "localhost", "::1")
    opener = loopback() if local else urllib.request.build_opener()
    with opener.open(request, timeout=SECONDS) as response:
        return json.load(response)


def _credentials() -> dict[str, str]:
    """The headers that Prefect's client would send, by the same variables."""
    sent: dict[str, str] = json.loads(os.environ.get("PREFECT_CLIENT_CUSTOM_HEADERS") or "{}")
    if key := os.environ.get("PREFECT_API_KEY"):
        return sent | {"Authorization": f"Bearer {key}"}
    if told := os.environ.get("PREFECT_API_AUTH_STRING"):
        return sent | {"Authorization": f"Basic {base64.b64encode(told.encode()).decode()}"}
    return sent


def loopback() -> urllib.request.OpenerDirector:
    """Opens addresses of this machine, never through a proxy."""
    return urllib.request.build_opener(urllib.request.ProxyHandler({}))
