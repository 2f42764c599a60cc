"""Every change on the disk that a command makes fails in turn: the same command again ends in the same bytes.

FAULTS_EACH=20 takes twenty of each kind in each job, spread evenly, in place of all. -k chooses jobs by name.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.connectors.web.site import ROBOTS, Site, Tagged, answer, redirect
from tests.faults.disk import KINDS, Disk
from tests.faults.jobs import JOBS, Job, crawl
from tests.faults.trial import faults, prepared

pytestmark = pytest.mark.timeout(0)
EACH = int(os.environ.get("FAULTS_EACH", "0"))
TRAINING = (
    *("trl", "peft", "matplotlib.figure", "pipelines.finetune.train", "pipelines.prefer.rloo"),
    *("pipelines.evaluate.work", "pipelines.ablate"),
)
TRAINERS = ("finetune", "prefer", "evaluate", "gguf", "ablate")  # and what computes with their models
TEXT = "Grinding turns grain into flour; it needs a clean stone, some patience and a steady hand."


@pytest.fixture(scope="module")
def disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Disk]:
    made = Disk(tmp_path_factory.mktemp("disk"))
    yield made
    made.close()


@pytest.fixture(scope="module")
def training_disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Disk]:
    made = Disk(tmp_path_factory.mktemp("disk"), *TRAINING)
    yield made
    made.close()


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("places")


@pytest.fixture
def site() -> Iterator[Site]:
    with Site() as served:
        paths = [f"/page/{number}" for number in range(4)]
        index = "".join(f'<a href="{path}">{path}</a> ' for path in paths)
        served.pages = {path: Tagged(f"<title>{path}</title><main><p>{TEXT}</p></main>".encode()) for path in paths}
        served.pages |= {"/": Tagged(f"<title>Index</title><main><p>{TEXT}</p>{index}</main>".encode())}
        served.pages |= {"/page/2": redirect("/page/3", 301), "/page/1": answer(404), ROBOTS: answer(404)}
        yield served


def fail_each(disk: Disk, name: str, places: Path, jobs: dict[str, Job]) -> None:
    whole = prepared(disk, name, places, jobs)
    steps = len(whole.changes)
    each = min(EACH or steps, steps)
    chosen = [(2 * number + 1) * steps // (2 * each) + 1 for number in range(each)]  # the middles of equal parts
    wrong, before = list[str](), disk.kills
    for kind in KINDS:
        for at in chosen:
            found = faults(disk, whole, kind, at)
            print(*found, sep="\n", end="\n" * bool(found), flush=True)
            wrong += found
    kills = disk.kills - before
    told = f"of {steps} changes {len(chosen)} × {', '.join(KINDS)}, {kills} kills: {len(wrong)} faults left"
    print(f"\n{name}: {told}", flush=True)
    assert not wrong
    assert kills >= len(chosen), "each kill has met its change"


@pytest.mark.parametrize("name", [name for name in JOBS if name not in TRAINERS])
def test_every_change_fails(name: str, disk: Disk, places: Path) -> None:
    fail_each(disk, name, places, JOBS)


@pytest.mark.parametrize("name", TRAINERS)
def test_every_change_of_training_fails(name: str, training_disk: Disk, places: Path) -> None:
    fail_each(training_disk, name, places, JOBS)


def test_every_change_of_a_crawl_fails(site: Site, disk: Disk, places: Path) -> None:
    fail_each(disk, "crawl", places, JOBS | {"crawl": crawl(site.url())})
