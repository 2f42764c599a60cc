"""Runs under Prefect: from a deployment, from the command line beside `gristmill up`, and after the end of it."""

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import psutil
import pytest
from prefect.client.orchestration import get_client
from prefect.settings import PREFECT_API_URL, temporary_settings

from pipelines import storage
from pipelines.flows import definitions, temporary_server
from pipelines.flows.stages import DOES
from tests.conftest import GRISTMILL, Mill, environment
from tests.pipelines.flows.prefect_api import ask
from tests.waiting import FAR, until

STAGES = ["collect", "normalise", "annotate", "dedupe", "curate"]
STEPS = sorted((stage, "small" if stage in {"dedupe", "curate"} else "forum") for stage in STAGES)
LATER = {f"v{number}" for number in range(2, 9)}  # snapshots, after what other tests have decided
ENDED = ("COMPLETED", "FAILED", "CRASHED", "CANCELLED")


def ended(mill: Mill, run_id: str) -> dict[str, Any]:
    def over() -> dict[str, Any]:
        run: dict[str, Any] = ask(f"{mill.api}/flow_runs/{run_id}")
        return run if run["state_type"] in ENDED else {}

    return until(over, f"the end of run {run_id}", every=0.25)


def tasks(mill: Mill, run_id: str, count: int) -> list[str]:
    """The names of a run's task runs, once there are `count`: the server enters them in batches."""
    only = {"flow_runs": {"id": {"any_": [run_id]}}}

    def entered() -> list[str]:
        names = [task["name"] for task in ask(f"{mill.api}/task_runs/filter", only)]
        return names if len(names) >= count else []

    return until(entered, f"{count} task runs", every=1)


@pytest.fixture(scope="module")
def finished(mill: Mill) -> dict[str, Any]:
    """A run of the deployment `mill/small: whole road`, as the UI starts it."""
    deployment = ask(f"{mill.api}/deployments/name/mill/small:%20whole%20road")
    created = ask(f"{mill.api}/deployments/{deployment['id']}/create_flow_run", {"parameters": {"stages": STAGES}})
    return ended(mill, created["id"])


def test_deployments_have_forms_and_the_schedule(mill: Mill) -> None:
    found = {one["entrypoint"].split(":")[-1]: one for one in ask(f"{mill.api}/deployments/filter", {})}
    assert sorted(found) == ["collect", "curate", "finetune", "mill", "prefer"]
    assert found["mill"]["schedules"][0]["schedule"]["cron"] == "0 4 * * *"
    assert found["mill"]["schedules"][0]["schedule"]["timezone"] == "Europe/Berlin"
    assert not found["collect"]["schedules"]
    form = found["mill"]["parameter_openapi_schema"]
    assert form["properties"]["stages"]["items"]["enum"] == [*STAGES, "finetune", "prefer"]
    assert all(field.get("description") for field in form["properties"].values())
    for one, name in ((found["mill"], "FinetuneSettings"), (found["prefer"], "PreferenceSettings")):
        settings = one["parameter_openapi_schema"]["definitions"][name]["properties"]
        assert not [key for key, field in settings.items() if not field.get("description")]
    assert {one["name"] for one in found.values()} == {f"small: {does}" for does in DOES.values()}


def test_deployments_of_an_earlier_release_are_taken_away(mill: Mill) -> None:
    """Each was called as its recipe is; one of a work pool stays."""
    flow = ask(f"{mill.api}/flows/", {"name": "mill"})["id"]
    ask(f"{mill.api}/work_pools/", {"name": "team", "type": "process"})
    for name, pool in (("old", None), ("teams", "team")):
        about = {"name": name, "flow_id": flow, "tags": ["gristmill", name], "work_pool_name": pool}
        ask(f"{mill.api}/deployments/", about)
    with temporary_settings({PREFECT_API_URL: mill.api}):
        definitions.forget_older(["old", "teams", "never"])
    left = {one["name"] for one in ask(f"{mill.api}/deployments/filter", {})}
    assert "teams" in left and "old" not in left
    with temporary_settings({PREFECT_API_URL: mill.api}), get_client(sync_client=True) as client:
        client.delete_deployment(client.read_deployment_by_name("mill/teams").id)


def test_nothing_listens_but_on_loopback(mill: Mill, finished: dict[str, Any]) -> None:
    """Whatever the user's settings are, and after a run too: servers, flows, dashboard and all their children."""
    parts = [psutil.Process(mill.process.pid), *psutil.Process(mill.process.pid).children(recursive=True)]
    open_ = [one for part in parts for one in part.net_connections("inet") if one.status == psutil.CONN_LISTEN]
    assert {one.laddr.ip for one in open_} == {"127.0.0.1"}
    wanted = {int(url.rpartition(":")[2]) for url in (mill.ui, mill.dashboard)}
    ports = {one.laddr.port for one in open_}
    assert wanted <= ports and len(ports - wanted) <= 1
    for port in ports - wanted:
        assert not heard_by_a_stranger(port)


def heard_by_a_stranger(port: int) -> bytes:
    """What a page that asks this port hears: Prefect's runner has one, for its own runs, each with a secret."""
    with socket.create_connection(("127.0.0.1", port), FAR) as stranger:
        stranger.sendall(b"POST /api/flow_runs/filter HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        with suppress(ConnectionResetError):
            return stranger.recv(1_000)
    return b""


@pytest.mark.parametrize("path", ["/api/health", "/api/flow_runs/filter", "/"])
def test_pages_of_other_sites_are_refused(path: str, mill: Mill) -> None:
    for url in (f"{mill.ui}{path}", f"{mill.dashboard}/_stcore/health"):
        for headers, status in (({"Origin": "http://evil.example"}, 403), ({"Host": "evil.example"}, 421)):
            with pytest.raises(urllib.error.HTTPError) as refused:
                urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=FAR)
            assert refused.value.code == status
            assert "access-control-allow-origin" not in refused.value.headers


def test_a_run_of_a_deployment_leaves_a_snapshot(mill: Mill, finished: dict[str, Any]) -> None:
    assert finished["state_type"] == "COMPLETED", finished["state"]
    assert (mill.folder / "data/5_curated/small/latest/manifest.json").exists()


def test_one_task_is_one_stage_of_one_source(mill: Mill, finished: dict[str, Any]) -> None:
    names = sorted(tasks(mill, finished["id"], 5))
    assert names == ["annotate forum", "collect forum", "curate small", "dedupe small", "normalise forum"]


def test_a_run_shows_its_funnel_card_and_progress(mill: Mill, finished: dict[str, Any]) -> None:
    only = {"flow_runs": {"id": {"any_": [finished["id"]]}}}
    artifacts = {one["key"]: one for one in ask(f"{mill.api}/artifacts/filter", only)}
    assert sorted(artifacts) == ["card-small", "funnel-small", "next-small", "progress-small"]
    rows = json.loads(artifacts["funnel-small"]["data"])
    rows = [row for row in rows if row["stage"] in STAGES]  # another test may have trained a model before
    assert [row["stage"] for row in rows] == STAGES
    assert rows[-1]["kept"] + rows[-1]["dropped"] == rows[1]["kept"] > 0
    assert artifacts["progress-small"]["data"] == 100
    assert f"({mill.dashboard}/policy?recipe=small)" in artifacts["next-small"]["data"]
    assert artifacts["card-small"]["data"].startswith("# small v")


def test_a_command_beside_up_uses_its_server_and_fails_by_name(mill: Mill, finished: dict[str, Any]) -> None:
    """The source that cannot be had is named at the end; the others are up to date and stay so."""
    broken = (mill.folder / "small.toml").read_text().replace('name = "small"', 'name = "broken"')
    broken += '[[sources]]\nconnector = "stackexchange"\nname = "absent"\npath = "nowhere"\nsite = "absent.example"\n'
    (mill.folder / "broken.toml").write_text(broken)
    done = mill.gristmill("run", "broken.toml", "--stages", ",".join(STAGES))
    assert done.returncode == 1
    assert "error: collect absent: " in done.stderr
    assert "Traceback" not in done.stderr
    assert (mill.folder / "data/5_curated/broken/latest/manifest.json").exists()
    failed = {"flow_runs": {"state": {"type": {"any_": ["FAILED"]}}}}
    runs = ask(f"{mill.api}/flow_runs/filter", failed)
    (run,) = [run for run in runs if run["parameters"]["recipe"] == "broken.toml"]
    assert "collect absent" in run["state"]["message"]


DEAD = {
    "dead": ("http://127.0.0.1:9/", '[web]\nallow_private = ["127.0.0.1:9"]\n', "robots_unreachable"),
    "private": ("http://127.0.0.1/", "", "refused_address"),
}


def collected(mill: Mill, name: str) -> tuple[subprocess.CompletedProcess[str], subprocess.CompletedProcess[str]]:
    """`stage collect` and `run` of a site of DEAD."""
    start, more, _ = DEAD[name]
    source = f'[[sources]]\nconnector = "website"\nname = "site"\nstart = "{start}"\nlicence = "CC0-1.0"\n'
    (mill.folder / f"{name}.toml").write_text(f'name = "{name}"\n{more}{source}')
    place = ("--data", f"data-{name}")
    alone = mill.gristmill("stage", "collect", f"{name}.toml", *place)
    return alone, mill.gristmill("run", f"{name}.toml", "--stages", "collect", *place)


def test_a_dead_and_a_private_site_are_red(mill: Mill, finished: dict[str, Any]) -> None:
    """In Prefect and by exit code: nothing listens on port 9, and loopback is no address of the web."""
    with ThreadPoolExecutor() as both:  # each waits before it asks again
        found = dict(zip(DEAD, both.map(partial(collected, mill), DEAD), strict=True))
    runs = ask(f"{mill.api}/flow_runs/filter", {})
    for name, (alone, done) in found.items():
        start, _, why = DEAD[name]
        assert alone.returncode == 1
        assert f"error: collect site: source site: nothing could be had: {start}" in alone.stderr
        assert done.returncode == 1 and why in done.stderr, done.stderr
        (red,) = [run for run in runs if run["parameters"]["recipe"] == f"{name}.toml"]
        assert red["state_type"] == "FAILED" and why in red["state"]["message"]


def test_a_second_up_in_the_same_place_is_refused(mill: Mill) -> None:
    done = mill.gristmill("up", "small.toml")
    assert done.returncode == 1
    assert mill.ui in done.stderr


def with_prefect(pid: int) -> list[psutil.Process]:
    """The processes below `pid`, as soon as Prefect is one of them."""
    parts = psutil.Process(pid).children(recursive=True)
    with suppress(psutil.NoSuchProcess):
        return parts if any("prefect" in " ".join(part.cmdline()) for part in parts) else []
    return []


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL], ids=["sigterm", "sigkill"])
def test_nothing_is_left_when_up_ends(tmp_path: Path, how: signal.Signals) -> None:
    """Even killed at once: the parts, and whatever they have started, end with it."""
    (tmp_path / "one.toml").write_text('name = "one"\n[[sources]]\nconnector = "python_docs"\nname = "docs"\n')
    words = [*GRISTMILL, "up", "one.toml", "--port", "0"]
    process = subprocess.Popen(words, cwd=tmp_path, env=environment(tmp_path), stdout=subprocess.PIPE, text=True)
    parts = until(lambda: with_prefect(process.pid), "a part of `up`")
    os.kill(process.pid, how)
    code = process.wait(FAR)
    assert code == (0 if how is signal.SIGTERM else -signal.SIGKILL)
    _, alive = psutil.wait_procs(parts, timeout=FAR)
    assert not alive
    assert not (tmp_path / ".prefect" / "gristmill-up.json").exists()


def servers(pid: int) -> list[psutil.Process]:
    """The temporary Prefect server below `pid`, as soon as it begins: it answers seconds later."""
    with suppress(psutil.NoSuchProcess):
        parts = psutil.Process(pid).children(recursive=True)
        return [part for part in parts if "uvicorn" in part.cmdline()]
    return []


def test_a_killed_run_leaves_no_server(tmp_path: Path) -> None:
    (tmp_path / "one.toml").write_text('name = "one"\n[[sources]]\nconnector = "python_docs"\nname = "docs"\n')
    words = [*GRISTMILL, "run", "one.toml", "--stages", "collect"]
    process = subprocess.Popen(words, cwd=tmp_path, env=environment(tmp_path))
    parts = until(lambda: servers(process.pid), "the server of `run`")
    process.kill()
    process.wait(FAR)
    _, alive = psutil.wait_procs(parts, timeout=FAR)
    assert not alive


def test_a_server_that_nobody_has_told_of_is_known_by_its_mark() -> None:
    words = [sys.executable, "-c", "import time; time.sleep(3600)"]
    server, other = (subprocess.Popen(words, env=os.environ | more) for more in ({"MARK_OF_RUN": "7-abc"}, {}))
    waiting = temporary_server.start_waiting("MARK_OF_RUN=7-abc")
    assert waiting.stdin and server.poll() is None
    waiting.stdin.close()
    assert (server.wait(FAR), waiting.wait(FAR)) == (-signal.SIGTERM, 0)
    assert other.poll() is None
    other.kill()
    other.wait(FAR)


def shards(data: Path) -> dict[str, Any]:
    """What stands of the recipe `small`, whatever other tests have made beside it."""
    found = {folder.relative_to(data): manifest for folder, manifest in storage.manifests(data)}
    return {
        str(path): manifest.shards
        for path, manifest in found.items()
        if manifest.stage in STAGES and path.parts[1] in {"forum", "small"} and path.name not in LATER
    }


@pytest.mark.parametrize("engine", ["dask", "ray"])
def test_an_engine_does_the_shards_and_leaves_the_same_bytes(mill: Mill, finished: dict[str, Any], engine: str) -> None:
    pytest.importorskip(f"prefect_{engine}", reason=f"gristmill[{engine}] is not installed")
    done = mill.gristmill("run", "small.toml", "--stages", ",".join(STAGES), "--engine", engine, "--data", engine)
    assert done.returncode == 0, done.stderr
    assert shards(mill.folder / engine) == shards(mill.folder / "data")
    [run] = [one for one in ask(f"{mill.api}/flow_runs/filter", {}) if one["parameters"].get("engine") == engine]
    assert sorted(tasks(mill, run["id"], 5)) == [f"{stage} {name}" for stage, name in STEPS]


def test_an_address_wants_an_engine(tmp_path: Path) -> None:
    words = [*GRISTMILL, "run", "demo", "--address", "tcp://127.0.0.1:1"]
    done = subprocess.run(words, cwd=tmp_path, env=environment(tmp_path), capture_output=True, text=True)
    assert done.returncode == 2
    assert "--engine dask" in done.stderr


def test_an_engine_that_is_not_installed_says_how_to_get_it(tmp_path: Path) -> None:
    pytest.importorskip("prefect")
    try:
        import prefect_ray  # noqa: F401
    except ModuleNotFoundError:
        words = [*GRISTMILL, "run", "demo", "--engine", "ray"]
        done = subprocess.run(words, cwd=tmp_path, env=environment(tmp_path), capture_output=True, text=True)
        assert done.returncode == 2
        assert "gristmill[ray]" in done.stderr
        return
    pytest.skip(f"prefect-ray is installed in {sys.prefix}")
