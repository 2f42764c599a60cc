"""How often task and domain are told rightly, on instructions labelled by hand and on sites about one thing."""

from collections import Counter
from pathlib import Path

import pyarrow as pa
import pytest

from connectors.base import Connector
from connectors.markdown import Markdown
from connectors.stackexchange import StackExchange
from pipelines.annotate import measure
from pipelines.normalise.parse import parse_page
from pipelines.signals import domain, task
from schemas.page import Page
from schemas.record import RECORD
from tests.accuracy.labelled import instructions, uses
from tests.pipelines import corpus

FLOORS = {"seen": (0.78, 0.66), "held-out": (0.74, 0.68)}  # task, domain
USES, LEAST_OF_A_USE = {"tune": 0.96, "report": 0.84}, 0.77
SITES: dict[str, tuple[Connector, str, float]] = {
    "coffee": (
        StackExchange(name="coffee", path="forums/stackexchange-coffee", site="coffee.stackexchange.com"), "food", 0.95
    ),
    "quantum": (
        StackExchange(name="quantum", path="forums/stackexchange-quantumcomputing", site="q.test"), "science", 0.5
    ),
    "FastAPI, Chinese": (Markdown(name="zh", folder="tutorials/fastapi", only=("docs/zh",)), "software", 0.9),
    "shell lessons": (Markdown(name="swc", folder="tutorials/swc-shell"), "software", 0.9),
}  # fmt: skip


def measured(rows: list[dict[str, object]]) -> list[dict[str, str]]:
    table = pa.Table.from_pylist(rows, schema=RECORD)
    return measure(table, (*task.SIGNALS, *domain.SIGNALS)).to_pylist()


@pytest.mark.parametrize("part", FLOORS)
def test_task_and_domain_of_instructions(part: str, shared_data: Path) -> None:
    rows = [row for row in instructions(shared_data) if row["seen"] == part]
    records = [
        corpus.record(f"set:{k}#1", row["instruction"], row["output"], input=row["input"], kind="exchange")
        for k, row in enumerate(rows)
    ]
    pairs = list(zip(rows, measured(records), strict=True))
    for name, floor in zip(("task", "domain"), FLOORS[part], strict=True):
        right = sum(row[name] == found[name] for row, found in pairs) / len(pairs)
        named = [row[name] == found[name] for row, found in pairs if found[name] not in ("general", "other")]
        print(f"{part}: {name} {right:.3f} of {len(pairs)}; where one was named {sum(named) / len(named):.3f}")
        assert right >= floor


@pytest.mark.parametrize("part", USES)
def test_each_use_is_told(part: str, shared_data: Path) -> None:
    """Of exchanges drawn evenly over the uses that were told before; a reader named all uses that would do."""
    rows = [row for row in uses(shared_data) if row["part"] == part]
    records = [
        corpus.record(f"set:{k}#1", row["instruction"], row["output"], input=row["input"] or "", kind="exchange")
        for k, row in enumerate(rows)
    ]
    told, likeliest, fit = Counter[str](), Counter[str](), Counter[str]()
    for row, found in zip(rows, measured(records), strict=True):
        told[found["task"]] += 1
        likeliest[found["task"]] += found["task"] == row["tasks"][0]
        fit[found["task"]] += found["task"] in row["tasks"]
    for name, count in sorted(told.items()):
        print(f"{part}: {name} {count} told, {fit[name]} fit, {likeliest[name]} the likeliest")
    assert fit.total() / told.total() >= USES[part]
    for name in set(told) - {"other"}:
        assert fit[name] / told[name] >= LEAST_OF_A_USE


@pytest.mark.parametrize("site", SITES)
def test_domain_of_sites_about_one_thing(site: str, shared_data: Path) -> None:
    connector, wanted, floor = SITES[site]
    where = "folder" if isinstance(connector, Markdown) else "path"
    connector = connector.model_copy(update={where: shared_data / getattr(connector, where)})
    pages = [page for page in connector.fetch(None, None) if isinstance(page, Page)]  # type: ignore[arg-type]
    rows = [row for page in pages for row in parse_page(connector, page).records]
    right = sum(found["domain"] == wanted for found in measured(rows)) / len(rows)
    print(f"{site}: {wanted} {right:.3f} of {len(rows)} records")
    assert right >= floor
