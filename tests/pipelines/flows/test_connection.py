"""Which Prefect server runs go to: the one of a variable, of a login, of `up --server`, or one of our own."""

import os
import signal
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, ClassVar

import pytest

from pipelines.errors import WrongInput
from pipelines.flows import server
from tests.conftest import GRISTMILL, SMALL, Mill, environment
from tests.pipelines.flows.prefect_api import ask, deployed
from tests.waiting import FAR, until


def logged_in(home: Path, api: str) -> dict[str, str]:
    """The environment of somebody whose active profile names this server."""
    (home / ".prefect").mkdir()
    (home / ".prefect" / "profiles.toml").write_text(
        f'active = "team"\n[profiles.team]\nPREFECT_API_URL = "{api}"\nPREFECT_API_KEY = "secret"\n'
    )
    kept = {name: value for name, value in environment(home).items() if name != "PREFECT_HOME"}
    return kept | {"HOME": str(home)}


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    """A folder in which no `up` is at work, with a recipe."""
    (tmp_path / "away.toml").write_text(SMALL.replace('name = "small"', 'name = "away"'))
    return tmp_path


def test_a_login_is_respected_by_run_and_the_page_has_what_stages_log(mill: Mill, elsewhere: Path) -> None:
    words = [*GRISTMILL, "run", "away.toml", "--stages", "collect"]
    done = subprocess.run(words, cwd=elsewhere, env=logged_in(elsewhere, mill.api), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    (run,) = ask(f"{mill.api}/flow_runs/filter", {"flow_runs": {"tags": {"all_": ["gristmill", "away"]}}})
    assert run["state_type"] == "COMPLETED"
    only = {"logs": {"flow_run_id": {"any_": [run["id"]]}}}
    said = [line["message"] for line in ask(f"{mill.api}/logs/filter", only) if line["name"] == "gristmill"]
    assert any(line.startswith("collect forum: done") for line in said)
    assert (elsewhere / ".prefect").is_dir() and not (elsewhere / ".prefect" / "prefect.db").exists()


def test_a_worker_that_has_prefect_already_logs_ours_too() -> None:
    code = (
        "import prefect, logging; from pipelines.flows import definitions;"
        "print([type(handler).__name__ for handler in logging.getLogger('gristmill').handlers])"
    )
    done = subprocess.run([sys.executable, "-c", code], env=environment(Path.cwd()), capture_output=True, text=True)
    assert done.stdout.strip() == "['APILogHandler']", done.stderr


def test_up_uses_a_server_that_exists(mill: Mill, elsewhere: Path) -> None:
    """It serves the recipe there, starts none of its own, and takes its deployments' process away at the end."""
    words = [*GRISTMILL, "up", "away.toml", "--port", "0", "--server", mill.ui]
    process = subprocess.Popen(words, cwd=elsewhere, env=environment(elsewhere), stdout=subprocess.PIPE, text=True)
    assert process.stdout
    said = [process.stdout.readline() for _ in range(2)]
    assert said[0].split()[-1] == mill.ui
    assert said[1].split()[-1] != mill.dashboard
    names = {one["entrypoint"].split(":")[-1] for one in deployed(mill.api, "away")}
    assert names == {"mill", "collect", "curate", "finetune", "prefer"}
    assert not (elsewhere / ".prefect" / "server.log").exists()
    process.send_signal(signal.SIGTERM)
    assert process.wait(FAR) == 0
    until(lambda: all(one["paused"] for one in deployed(mill.api, "away")), "the schedules to pause", every=0.5)


def test_up_says_that_the_named_server_is_not_there(elsewhere: Path) -> None:
    words = [*GRISTMILL, "up", "away.toml"]
    env = logged_in(elsewhere, "http://127.0.0.1:1/api")
    done = subprocess.run(words, cwd=elsewhere, env=env, capture_output=True, text=True)
    assert done.returncode == 1
    assert "profiles.toml: no Prefect server answers at http://127.0.0.1:1/api" in done.stderr
    assert "PREFECT_PROFILE=ephemeral" in done.stderr and "secret" not in done.stderr


@pytest.mark.parametrize(
    ("named", "api"),
    [
        ("http://prefect.lan:4200", "http://prefect.lan:4200/api"),
        ("http://prefect.lan:4200/api/", "http://prefect.lan:4200/api"),
        ("https://cloud.example/api/accounts/a/workspaces/b", "https://cloud.example/api/accounts/a/workspaces/b"),
        ("https://api.example", "https://api.example/api"),
    ],
)
def test_a_server_is_named_by_its_page_or_its_api(named: str, api: str) -> None:
    assert server.api_of(named) == api


def test_what_is_no_address_names_no_server() -> None:
    with pytest.raises(WrongInput, match="Invalid IPv6 URL"):
        server.api_of("http://[")


@pytest.mark.parametrize(("api", "stays"), [("http://team.example/api", True), ("http://other.example/api", False)])
def test_a_login_goes_to_its_own_server_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, api: str, stays: bool
) -> None:
    for name in [name for name in os.environ if name.startswith("PREFECT")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PREFECT_HOME", str(tmp_path))
    monkeypatch.setenv("PREFECT_API_URL", "replaced")
    monkeypatch.setenv("PREFECT_PROFILE", "team")
    (tmp_path / "profiles.toml").write_text('[profiles.team]\nPREFECT_API_URL = "http://team.example/api"\n')
    server.use(api)
    assert (os.environ["PREFECT_API_URL"], os.environ["PREFECT_PROFILE"] == "team") == (api, stays)
    server.use("")
    assert "PREFECT_API_URL" not in os.environ and not server.named()


class _Elsewhere(BaseHTTPRequestHandler):
    """Sends whoever asks to another host name, and notes what was sent along."""

    seen: ClassVar[list[tuple[str, str | None]]] = []

    def do_GET(self) -> None:
        self.seen.append((self.path, self.headers["Authorization"]))
        if self.path == "/api/there":
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"{}")
            return
        self.send_response(302)
        self.send_header("Location", f"http://localhost:{self.server.server_address[1]}/api/there")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Requests are of no interest."""


def test_a_key_is_sent_but_never_along_a_redirect(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PREFECT_API_KEY", "key")
    with HTTPServer(("127.0.0.1", 0), _Elsewhere) as listening:
        Thread(target=listening.serve_forever, daemon=True).start()
        assert server.ask(f"http://127.0.0.1:{listening.server_address[1]}/api", "here") == {}
        listening.shutdown()
    assert _Elsewhere.seen == [("/api/here", "Bearer key"), ("/api/there", None)]
