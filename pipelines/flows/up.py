"""`gristmill up`: the Prefect server with its UI, the served flows, and the dashboard, started and stopped together."""

import ctypes
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from pipelines.errors import WorkFailed
from pipelines.flows import ports, served, server, stages
from pipelines.flows.local_servers import origins
from pipelines.messages import Message, joined
from pipelines.recipe import load

START_SECONDS = 600.0  # a part that ends before it is ready is noticed at once
STOP_SECONDS = 15.0
SERVERS = "pipelines.flows.local_servers"
OWN = "own"  # in place of a server's address: start one here, whatever the user's settings name
Announce = Callable[[dict[str, str]], None]
PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36  # linux/prctl.h


class UpError(WorkFailed):
    """Something that would not start, or stopped by itself."""


class Stopped(Exception):
    """Ctrl-C or SIGTERM."""


class Service:
    """One child process, in a process group of its own; its output goes to a log file."""

    def __init__(self, name: str, arguments: Sequence[str], stack: ExitStack) -> None:
        self.name, self.log = name, server.home() / f"{name}.log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", *arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=_die_with_parent,
            )
        stack.callback(self.stop)

    def wait(self, ready: Callable[[], bool]) -> None:
        """Until the service is ready. Raises UpError where it ended before, or takes longer than START_SECONDS."""
        deadline = time.monotonic() + START_SECONDS
        while not ready():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise self.failure(Message("did not start"))
            time.sleep(0.2)

    def failure(self, what: str) -> UpError:
        """The error that says `what` happened to the service, with the end of its log."""
        tail = self.log.read_text(errors="replace").strip().splitlines()[-12:]
        says = Message("{service}: {what}; {log} ends with:", service=self.name, what=what, log=self.log)
        return UpError(joined("\n", (says, *tail)))

    def stop(self) -> None:
        """SIGTERM, time to end, then SIGKILL to its whole group."""
        self.process.terminate()
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(STOP_SECONDS)
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


def up(recipes: Sequence[str], data: Path, port: int, announce: Announce, at: str = "") -> None:
    """Start everything, `announce` the addresses, and stay until Ctrl-C or SIGTERM; then stop it all.

    `at`: the address of a Prefect server to use, or OWN; "": the one that the user's Prefect settings name, if any.
    Raises UpError when a service does not start, or ends by itself; WorkFailed where that server does not answer.
    """
    if already := server.find_running():
        raise UpError("{home}: `gristmill up` is at work here already: {ui}", home=server.home(), ui=already["ui"])
    _prctl(PR_SET_CHILD_SUBREAPER, 1)
    with _signals_stop(), ExitStack() as stack:
        stack.callback(_stop_orphans)
        addresses, services = _start(recipes, data, port, at, stack)
        announce(addresses)
        _stay(services)


def _start(
    recipes: Sequence[str], data: Path, port: int, at: str, stack: ExitStack
) -> tuple[dict[str, str], list[Service]]:
    """Services are stopped in the reverse of this order: runs end while the server still answers."""
    os.environ |= {"GRISTMILL_DATA": str(data.absolute())}
    served.announce(recipes)
    api, services = _server(at, port, stack)
    ui = os.environ["PREFECT_UI_URL"]
    dashboard_port = ports.free_port((port + 1) % 65_536 if port else 0)
    addresses = {"api": api, "ui": ui, "dashboard": f"http://{ports.LOOPBACK}:{dashboard_port}"}
    os.environ[server.DASHBOARD_URL] = addresses["dashboard"]
    stack.callback(_forget)
    flows = Service("flows", ["pipelines.flows.definitions", str(data.absolute()), *recipes], stack)
    dashboard = Service("dashboard", [SERVERS, "dashboard", str(dashboard_port)], stack)
    dashboard.wait(lambda: server.is_up(f"{addresses['dashboard']}/_stcore/health"))
    flows.wait(lambda: server.has_deployments(api, _deployments(recipes)))
    (server.home() / server.UP_FILE).write_text(json.dumps(addresses))
    return addresses, [*services, flows, dashboard]


def _deployments(recipes: Sequence[str]) -> list[str]:
    return [stages.deployment_name(load(recipe).name, flow) for recipe in recipes for flow in stages.DOES]


def _server(at: str, port: int, stack: ExitStack) -> tuple[str, list[Service]]:
    """The API to use, and the service where it is of our own; whoever is started from here finds it as we do."""
    server.prepare()
    if at:
        server.use("" if at == OWN else server.api_of(at))
    if server.named():
        from pipelines.flows import connection

        connection.check()
        connection.export()
        return connection.api(), []
    ui = f"http://{ports.LOOPBACK}:{ports.free_port(port)}"
    os.environ |= dict.fromkeys(("PREFECT_API_URL", "PREFECT_SERVER_UI_API_URL"), f"{ui}/api") | {"PREFECT_UI_URL": ui}
    os.environ["PREFECT_SERVER_CORS_ALLOWED_ORIGINS"] = ",".join(origins(int(_port(ui))))
    own = Service("server", [SERVERS, "prefect", _port(ui)], stack)
    own.wait(lambda: server.is_up(f"{ui}/api/health"))
    return f"{ui}/api", [own]


def _port(url: str) -> str:
    return url.rpartition(":")[2]


def _forget() -> None:
    (server.home() / server.UP_FILE).unlink(missing_ok=True)


def _stay(services: Sequence[Service]) -> None:
    while True:
        for service in services:
            if service.process.poll() is not None:
                raise service.failure(Message("ended by itself"))
        time.sleep(1)


@contextmanager
def _signals_stop() -> Iterator[None]:
    """Ctrl-C and SIGTERM end the block without an error; while it is being left, further ones are ignored."""

    def stop(*_: object) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)
        raise Stopped

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    except Stopped:
        pass
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _prctl(option: int, value: int) -> None:
    """Ask Linux to look after child processes; elsewhere SIGTERM to each service has to do."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


def _die_with_parent() -> None:
    _prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def _stop_orphans() -> None:
    """Prefect starts each run in a session of its own; those left without a parent have come to this process."""
    for pid in _children():
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    with suppress(ChildProcessError):
        while os.waitpid(-1, 0):
            for pid in _children():
                os.kill(pid, signal.SIGKILL)


def _children() -> list[int]:
    if sys.platform != "linux":
        return []
    tasks = Path("/proc/self/task").glob("*/children")
    return [int(pid) for task in tasks for pid in task.read_text().split()]
