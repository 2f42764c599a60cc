"""A team's set-up as `deploy/` has it, of real processes on this machine: a database, Prefect's server, its pool, a
worker, deployments, messages to a webhook. A scheduled run, two recipes side by side (of one worker, and of two on one
pool) and in one folder, a worker that is killed with its run, a run that is cancelled.

    python -m pytest --override-ini=addopts=--import-mode=importlib tests/soak/test_team.py -s     some ten minutes

The database is Postgres where it can be started (as root, since it refuses to be), and SQLite elsewhere.
"""

import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import psutil
import pytest
import yaml

from pipelines.flows import ports, server
from tests.conftest import GRISTMILL, SAMPLE, environment
from tests.connectors.web.site import Reply, Site, answer
from tests.pipelines.flows.prefect_api import ask
from tests.rooms import ROOT
from tests.soak.test_clusters import started
from tests.waiting import FAR, until

PREFECT = (sys.executable, "-m", "prefect")
ENDED = ("COMPLETED", "FAILED", "CRASHED", "CANCELLED")
STAGES = ["collect", "normalise", "annotate", "dedupe", "curate"]
PAGES = 400  # of a site that is asked every two seconds: a run of it is never done before it is ended
FORUM = f'[[sources]]\nconnector = "stackexchange"\nname = "{{name}}"\npath = "{SAMPLE}"\nsite = "forum.example"\n'
SLOW = (
    '[web]\ndelay = 2\nallow_private = ["127.0.0.1:{port}"]\n[[sources]]\nconnector = "website"\nname = "{name}"\n'
    'start = "{url}"\nlicence = "CC0-1.0"\n'
)


@dataclass
class Team:
    """Where it works; `said` is what its webhook was told, each with the time."""

    folder: Path
    api: str
    environment: dict[str, str]
    said: list[tuple[float, str]] = field(default_factory=list)

    def command(self, *words: str) -> None:
        done = subprocess.run(words, cwd=self.folder, env=self.environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr

    def deploy(self, *deployments: dict[str, Any]) -> None:
        """As `deploy/prefect.yaml` does, with its pool and its limit."""
        told = yaml.safe_load((ROOT / "deploy" / "prefect.yaml").read_text())
        like = {key: told["deployments"][0][key] for key in ("entrypoint", "work_pool", "concurrency_limit")}
        made = [like | one | {"tags": ["gristmill", one["name"]]} for one in deployments]
        (self.folder / "prefect.yaml").write_text(yaml.safe_dump({"name": "gristmill", "deployments": made}))
        self.command(*PREFECT, "--no-prompt", "deploy", "--all", "--prefect-file", "prefect.yaml")

    def start(self, name: str) -> str:
        """A run of a deployment, now; its id."""
        deployment = ask(f"{self.api}/deployments/name/mill/{name}")
        return str(ask(f"{self.api}/deployments/{deployment['id']}/create_flow_run", {})["id"])

    def run(self, run: str) -> dict[str, Any]:
        found: dict[str, Any] = ask(f"{self.api}/flow_runs/{run}")
        return found

    def ended(self, run: str) -> str:
        """The state type in which it ends."""
        return str(until(lambda: self._end(run), f"the end of run {run}", every=1))

    def _end(self, run: str) -> str:
        state = str(self.run(run)["state_type"])
        return state if state in ENDED else ""

    def lines(self, run: str) -> list[str]:
        """What stands in its log."""
        wanted = {"logs": {"flow_run_id": {"any_": [run]}}, "sort": "TIMESTAMP_ASC"}
        return [line["message"] for line in ask(f"{self.api}/logs/filter", wanted)]

    def deployment(self, name: str, data: str, **more: Any) -> dict[str, Any]:
        """One of the recipe with this file name, over a data folder."""
        about = {"recipe": str(self.folder / f"{name}.toml"), "data": str(self.folder / data), "stages": STAGES}
        return {"name": name, "parameters": about} | more


def _page(path: str) -> Reply:
    if path != "/" and not path.startswith("/p"):
        return answer(404)
    links = "".join(f'<li><a href="/p{number}">part {number}</a></li>' for number in range(PAGES))
    return answer(200, f"<title>{path}</title><h1>Part {path}</h1><p>Rinse it twice with clear water.</p>{links}")


@contextmanager
def database(folder: Path) -> Iterator[str]:
    """The address of an empty database."""
    if not shutil.which("initdb") or os.getuid() or not _is_user("postgres"):
        yield f"sqlite+aiosqlite:///{folder / 'prefect.db'}"
        return
    home, port = Path("/tmp") / f"gristmill-team-{os.getpid()}", ports.free_port(0)
    home.mkdir()
    shutil.chown(home, "postgres")
    who: dict[str, Any] = {"user": "postgres", "cwd": home, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    subprocess.run(["initdb", "-D", home / "db", "-U", "prefect", "--auth=trust"], check=True, **who)
    options = ["-h", "127.0.0.1", "-p", str(port), "-k", str(home)]
    process = subprocess.Popen(["postgres", "-D", home / "db", *options], **who)
    try:
        ready = ["pg_isready", "-h", "127.0.0.1", "-p", str(port)]
        until(lambda: subprocess.run(ready, capture_output=True).returncode == 0, "Postgres", every=0.2)
        yield f"postgresql+asyncpg://prefect@127.0.0.1:{port}/postgres"
    finally:
        process.terminate()
        process.wait(FAR)
        shutil.rmtree(home)


def _is_user(name: str) -> bool:
    import pwd

    return any(one.pw_name == name for one in pwd.getpwall())


@contextmanager
def webhook(said: list[tuple[float, str]]) -> Iterator[str]:
    """An address that notes what it is told."""

    class Hook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            said.append((time.time(), self.rfile.read(int(self.headers["Content-Length"])).decode()))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Hook) as served:
        threading.Thread(target=served.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{served.server_address[1]}/hook"
        served.shutdown()


@pytest.fixture(scope="module")
def team(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Team]:
    """The server with its pool, deployments and messages; without a worker."""
    folder, said = tmp_path_factory.mktemp("team"), list[tuple[float, str]]()
    port = ports.free_port(0)
    api = f"http://127.0.0.1:{port}/api"
    quiet = {"DO_NOT_TRACK": "1", "PREFECT_SERVER_ANALYTICS_ENABLED": "false"}
    with Site(otherwise=_page) as site, database(folder) as where, webhook(said) as hook:
        print(f"\n{where.partition(':')[0]}")
        own = {"PREFECT_API_DATABASE_CONNECTION_URL": where}
        serve = (*PREFECT, "server", "start", "--host", "127.0.0.1", "--port", str(port))
        with started(*serve, cwd=folder / "server", settings=quiet | own):
            until(lambda: server.is_up(f"{api}/health"), "the server", every=0.5)
            made = Team(folder, api, environment(folder) | quiet | {"PREFECT_API_URL": api}, said)
            made.command(*PREFECT, "work-pool", "create", "gristmill", "--type", "process")
            made.command(*GRISTMILL, "alerts", hook)
            for name in ("first", "second", "third", "timed"):
                (folder / f"{name}.toml").write_text(f'name = "{name}"\n{FORUM.format(name=name)}')
            for name in ("slow", "slower"):
                about = SLOW.format(name=name, port=site.port, url=site.url())
                (folder / f"{name}.toml").write_text(f'name = "{name}"\n{about}')
            yield made


@contextmanager
def worker(team: Team, limit: int, name: str = "worker") -> Iterator[psutil.Popen]:
    """A worker that does so many runs at a time."""
    words = (*PREFECT, "worker", "start", "--pool", "gristmill", "--name", name, "--limit", str(limit))
    words = (*words, "--install-policy", "never")
    kept = {name: value for name, value in team.environment.items() if name.startswith(("PREFECT", "DO_NOT"))}
    beats = {"PREFECT_FLOWS_HEARTBEAT_FREQUENCY": "30"}
    with started(*words, cwd=team.folder / name, settings=kept | beats) as process:
        yield process


def spans(data: Path) -> dict[str, tuple[float, float]]:
    """By recipe, when its first step began and its last one ended."""
    found: dict[str, tuple[float, float]] = {}
    for line in (data / "runs.jsonl").read_text().splitlines():
        row = json.loads(line)
        begun = datetime.fromisoformat(row["started_at"]).timestamp()
        first, last = found.get(row["recipe"], (begun, begun))
        found[row["recipe"]] = (min(first, begun), max(last, begun + row["seconds"]))
    return found


def test_a_schedule_starts_a_run_whose_page_has_the_lines_of_its_stages(team: Team) -> None:
    team.deploy(team.deployment("timed", "data-timed", schedules=[{"cron": "* * * * *", "timezone": "UTC"}]))
    deployment = ask(f"{team.api}/deployments/name/mill/timed")
    begun = time.time()
    wanted = {"deployments": {"id": {"any_": [deployment["id"]]}}, "flow_runs": {"start_time": {"is_null_": False}}}
    with worker(team, 1):
        run = until(lambda: ask(f"{team.api}/flow_runs/filter", wanted), "a scheduled run", every=1)[0]["id"]
        (schedule,) = deployment["schedules"]
        team.command(*PREFECT, "deployment", "schedule", "pause", "mill/timed", schedule["id"])
        assert team.ended(run) == "COMPLETED"
        said = until(lambda: [line for line in team.lines(run) if "curate timed" in line], "its lines", every=1)
    assert any("done in" in line for line in said)
    assert team.run(run)["name"] == "timed: collect to curate"
    print(f"scheduled: done {time.time() - begun:.0f} s after it was deployed")


def test_two_recipes_run_side_by_side_each_in_its_folder(team: Team) -> None:
    team.deploy(team.deployment("first", "data-first"), team.deployment("second", "data-second"))
    with worker(team, 2):
        runs = [team.start(name) for name in ("first", "second")]
        assert [team.ended(run) for run in runs] == ["COMPLETED", "COMPLETED"]
    first, second = (spans(team.folder / f"data-{name}")[name] for name in ("first", "second"))
    assert max(first[0], second[0]) < min(first[1], second[1]), "not at the same time"
    print(f"side by side: {max(first[1], second[1]) - min(first[0], second[0]):.0f} s")


def test_two_workers_of_one_pool_have_a_recipe_each(team: Team) -> None:
    """Each has one place, so that neither can have both."""
    team.deploy(team.deployment("first", "data-one"), team.deployment("second", "data-two"))
    with worker(team, 1, "one") as one, worker(team, 1, "two") as two:
        runs = [team.start(name) for name in ("first", "second")]
        until(lambda: one.children() and two.children(), "a run at each worker", every=0.2)
        assert [team.ended(run) for run in runs] == ["COMPLETED", "COMPLETED"]
    first, second = (
        spans(team.folder / f"data-{number}")[name] for number, name in (("one", "first"), ("two", "second"))
    )
    assert max(first[0], second[0]) < min(first[1], second[1]), "not at the same time"
    print(f"two workers: {max(first[1], second[1]) - min(first[0], second[0]):.0f} s")


def test_in_one_folder_the_second_waits_and_says_so(team: Team) -> None:
    team.deploy(team.deployment("second", "data-shared"), team.deployment("third", "data-shared"))
    with worker(team, 2):
        runs = [team.start(name) for name in ("second", "third")]
        assert [team.ended(run) for run in runs] == ["COMPLETED", "COMPLETED"]
        waits = "another run is at work in"
        until(lambda: [line for run in runs for line in team.lines(run) if waits in line], "that it waited", every=1)
    (_, before), (after, _) = sorted(spans(team.folder / "data-shared").values())
    assert before <= after


def test_a_killed_worker_leaves_no_run_that_is_running_and_a_message_is_sent(team: Team) -> None:
    team.deploy(team.deployment("slow", "data-slow"))
    with worker(team, 1) as process:
        run = team.start("slow")
        until(lambda: list((team.folder / "data-slow/1_pages").glob("**/*")), "a crawl", every=1)
        for part in (process, *process.children(recursive=True)):
            part.kill()
    begun = time.time()
    assert team.run(run)["state_type"] == "RUNNING"
    assert team.ended(run) == "CRASHED"
    crashed = time.time()
    told = until(lambda: [at for at, said in team.said if "slow: collect to curate" in said], "a message", every=1)
    print(f"killed: crashed after {crashed - begun:.0f} s, told after {told[0] - begun:.0f} s")
    with worker(team, 1):  # whose folder the next run has at once
        run = team.start("slow")
        until(lambda: _collects(team, run), "the crawl to go on", every=1)
        _cancel(team, run)


def _collects(team: Team, run: str) -> bool:
    wanted = {"flow_runs": {"id": {"any_": [run]}}}
    return any(task["state_type"] == "RUNNING" for task in ask(f"{team.api}/task_runs/filter", wanted))


def _cancel(team: Team, run: str) -> float:
    begun = time.time()
    ask(f"{team.api}/flow_runs/{run}/set_state", {"state": {"type": "CANCELLING"}, "force": False})
    assert team.ended(run) == "CANCELLED"
    return time.time() - begun


def test_a_cancelled_run_leaves_no_process_and_a_free_folder(team: Team) -> None:
    """Of two runs in one folder both: the one that is at work, and the one that waits for it."""
    team.deploy(team.deployment("slow", "data-both"), team.deployment("slower", "data-both"))
    with worker(team, 2) as process:
        working = team.start("slow")
        until(lambda: _collects(team, working), "a crawl", every=1)
        waiting = team.start("slower")
        until(lambda: any("another run" in line for line in team.lines(waiting)), "that it waits", every=1)
        seconds = [_cancel(team, run) for run in (waiting, working)]
        until(lambda: not process.children(recursive=True), "an end of their processes", every=1)
        taken = subprocess.run(["flock", "--nonblock", team.folder / "data-both/.lock", "true"])
        assert taken.returncode == 0
    print(f"cancelled: the waiting one after {seconds[0]:.0f} s, the one at work after {seconds[1]:.0f} s")
