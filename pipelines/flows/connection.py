"""The Prefect server that runs go to, as Prefect's own settings name it: the environment, a profile, `prefect.toml`."""

import json
import os

from pipelines.errors import WorkFailed, error_message
from pipelines.flows import server

server.prepare()

from prefect.client.orchestration import get_client  # noqa: E402
from prefect.settings import PREFECT_API_URL, PREFECT_UI_URL, get_current_settings  # noqa: E402


def api() -> str:
    """The address of the API that is set; "" where none is, and each run has a server for its own time."""
    return PREFECT_API_URL.value() or ""


def ui() -> str:
    """The address of that server's pages."""
    return str(PREFECT_UI_URL.value() or "")


def check() -> None:
    """Raises WorkFailed where a server is set that does not answer, or not to this user."""
    if not api():
        return
    try:
        with get_client(sync_client=True) as client:
            client.api_version()
    except Exception as error:  # of the network, TLS, or the server's own refusal
        raise WorkFailed(
            "{where}: no Prefect server answers at {api}; start it, or {cure} to do without ({error})",
            where=_where(),
            api=api(),
            cure=_cure(),
            error=error_message(error).partition("\n")[0],
        ) from error


def export() -> None:
    """Put what Prefect knows of the server into the environment, for processes that do not ask Prefect."""
    told = get_current_settings()
    os.environ |= {"PREFECT_API_URL": api(), "PREFECT_UI_URL": ui()}
    if told.api.key:
        os.environ["PREFECT_API_KEY"] = told.api.key.get_secret_value()
    if told.api.auth_string:
        os.environ["PREFECT_API_AUTH_STRING"] = told.api.auth_string.get_secret_value()
    if told.client.custom_headers:
        os.environ["PREFECT_CLIENT_CUSTOM_HEADERS"] = json.dumps(told.client.custom_headers)


def _where() -> str:
    named = os.environ.get("PREFECT_PROFILES_PATH", "Prefect's profile")
    return "PREFECT_API_URL" if os.environ.get("PREFECT_API_URL") else named


def _cure() -> str:
    return "unset PREFECT_API_URL" if os.environ.get("PREFECT_API_URL") else "set PREFECT_PROFILE=ephemeral"
