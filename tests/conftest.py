"""What several tests share."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from pipelines.flows.steps import Outcome
from pipelines.recipe import Recipe, load
from tests.pipelines.milling import dump, go, recipe_file
from tests.waiting import FAR

# hypothesis too goes by the clock: an example of more than 200 ms fails, and so does slow drawing
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")


# What takes longest begins first, or one worker is still at it when the others have nothing left to do
LONGEST = ("mill", "browser", "faults", "flows", "finetune", "serve", "test_cli", "models", "forget", "collect")


@pytest.hookimpl(tryfirst=True)  # before xdist looks for the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A file's tests go to one worker, for what they share; so do all that use the one Prefect server of a run."""
    groups = {item: "mill" if _uses_server(item) else str(item.path) for item in items}
    for item, group in groups.items():
        item.add_marker(pytest.mark.xdist_group(group))
    items.sort(key=lambda item: _rank(groups[item]))


def _uses_server(item: pytest.Item) -> bool:
    """Files have fixtures of their own that are called mill: recipes, which need no server."""
    found = item._fixtureinfo.name2fixturedefs.get("mill", ()) if isinstance(item, pytest.Function) else ()
    return any(fixture.scope == "session" for fixture in found[-1:])


def _rank(group: str) -> int:
    parts = Path(group).with_suffix("").parts
    return next(
        (rank for rank, name in enumerate(LONGEST) if any(part.startswith(name) for part in parts)), len(LONGEST)
    )


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The development data beside the checkout; tests that need it skip where it is missing."""
    folder = Path(__file__).resolve().parents[2] / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("development data is not beside this checkout")
    return folder


@dataclass(frozen=True)
class Mill:
    """A running `gristmill up` over one small recipe, and where it works."""

    folder: Path
    api: str
    ui: str
    dashboard: str
    process: subprocess.Popen[str]

    def gristmill(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Another command in the same folder."""
        return subprocess.run(
            [*GRISTMILL, *words], cwd=self.folder, env=environment(self.folder), capture_output=True, text=True
        )


GRISTMILL = (sys.executable, "-c", "from pipelines.cli import main; main()")


def environment(folder: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT")}
    return kept | {"PREFECT_HOME": str(folder / ".prefect"), "PYTHONPATH": str(Path(__file__).parents[1])}


# Settings of a user with which parts of `up` would listen on all addresses, or answer pages of any site
OPEN = {
    "PREFECT_SERVER_API_HOST": "0.0.0.0",
    "PREFECT_SERVER_CORS_ALLOWED_ORIGINS": "*",
    "PREFECT_RUNNER_SERVER_ENABLE": "true",
    "PREFECT_RUNNER_SERVER_HOST": "0.0.0.0",
    "PREFECT_CLIENT_METRICS_ENABLED": "true",
    "PREFECT_CLIENT_ENABLE_METRICS": "true",
    "STREAMLIT_SERVER_ADDRESS": "0.0.0.0",
    "STREAMLIT_SERVER_ENABLE_CORS": "false",
    "UVICORN_HOST": "0.0.0.0",
    "HOST": "0.0.0.0",
}


SAMPLE = Path(__file__).parents[1] / "data" / "samples" / "forum"
SMALL = (
    'name = "small"\n[schedule]\ncron = "0 4 * * *"\ntimezone = "Europe/Berlin"\n'
    f'[[sources]]\nconnector = "stackexchange"\nname = "forum"\npath = "{SAMPLE}"\nsite = "forum.example"\n'
)


@pytest.fixture(scope="session")
def mill(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mill]:
    """The one Prefect server of a test run, started by a user whose settings are as open as they can be."""
    folder = tmp_path_factory.mktemp("mill")
    (folder / ".streamlit").mkdir()
    (folder / ".streamlit" / "config.toml").write_text('[server]\naddress = "0.0.0.0"\nenableCORS = false\n')
    with serving(folder, SMALL, OPEN) as running:
        yield running


@contextmanager
def serving(folder: Path, recipe: str, settings: Mapping[str, str]) -> Iterator[Mill]:
    """`gristmill up` over one recipe, with these variables in its environment."""
    (folder / "small.toml").write_text(recipe)
    process = subprocess.Popen(
        [*GRISTMILL, "up", "small.toml", "--port", "0"],
        cwd=folder, env={**environment(folder), **settings}, stdout=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    assert process.stdout
    try:
        said = [process.stdout.readline() for _ in range(3)]
        ui, dashboard = (line.split()[-1] for line in said[:2])
        yield Mill(folder, f"{ui}/api", ui, dashboard, process)
    finally:
        process.send_signal(signal.SIGINT)
        assert process.wait(FAR) == 0


@pytest.fixture(scope="session")
def milled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Recipe, Path, list[Outcome]]]:
    """A recipe, the data folder of a whole run of it, short of fine-tuning, and what came of its steps.

    Tests share it: one that changes it, as an export does, works on a copy, or others fail by the order they run in.
    """
    folder = tmp_path_factory.mktemp("milled")
    recipe = load(recipe_file(folder, forum=dump(folder / "dump")))
    outcomes = go(recipe, folder / "data")
    before = _contents(folder / "data")
    yield recipe, folder / "data", outcomes
    changed = set(before.items()) ^ set(_contents(folder / "data").items())
    assert not changed, f"a test changed the data that all share: {sorted(changed)}"


def _contents(data: Path) -> dict[str, bytes]:
    """Each file but locks, which whoever reads may create."""
    return {str(path): path.read_bytes() for path in data.rglob("*") if path.is_file() and path.suffix != ".lock"}


@pytest.fixture(scope="module")
def bucket(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of an empty bucket of a real S3 server; what lies nearby goes to a folder of the module's own."""
    import s3fs
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    cache = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
        patch.setenv("XDG_CACHE_HOME", str(cache))
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION"):
            patch.setenv(name, "us-east-1")
        s3fs.S3FileSystem.clear_instance_cache()  # which know another module's server
        s3fs.S3FileSystem().mkdir(cache.name)
        yield f"s3://{cache.name}"
    server.stop()
