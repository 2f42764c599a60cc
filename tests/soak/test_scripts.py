"""Scripts, elements and addresses of other hosts in every field, before everything that shows them in a browser.

A real Chromium visits each page of the dashboard, Prefect's artifacts and the playground. Nothing may run, no element
may come of a text, and no host but the servers' own may be asked.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import pytest
from playwright.sync_api import Page, Request, Route, TimeoutError

from pipelines import storage
from pipelines.flows import ports, server
from pipelines.serve import app as serving
from tests.browser.conftest import chromium_page
from tests.conftest import Mill, environment
from tests.pipelines.flows.test_flows import ask
from tests.soak import payloads
from tests.soak.payloads import ALL, EVIL, MARK, PAYLOADS, POLICY_FILE, RULES
from tests.waiting import until

pytestmark = pytest.mark.timeout(3600)
CHOICES = (
    "recipe", "lang", "who", "q", "source", "task", "language", "fate", "rule", "said", "signal", "order", "near",
    "view", "at", "page", "seed", "low", "high", "id", "policy", "off", "run", "line.odd.0",
    "version", "with", "cluster", "benchmark", "model", "part", "test", "names", "licence", "temperature", "tokens",
    "sql", "chart", "x", "y", "show", "of", "made", "have", "place", "reads", "called", "title",
    "from", "into", "for", "fresh", "contact", "delay", "private", "set.parts", "set.locale", "by", "area",
    "base", "method", "epochs", "steps", "minutes", "rate", "line.measured.0",
)  # fmt: skip
MODEL_PARTS = ("training", "evaluation", "answers", "curation", "chat", "new")
PAGES = (
    "", "sources", "records", "record", "policy", "map", "duplicates", "contamination", "snapshots", "models", "sql",
)  # fmt: skip


class Watch:
    """What pages did that they must not do."""

    def __init__(self, page: Page) -> None:
        self.page, self.dialogs, self.hosts, self.refused = page, list[str](), set[str](), set[str]()
        page.on("dialog", lambda dialog: (self.dialogs.append(dialog.message), dialog.dismiss()))
        page.on("request", lambda request: self.hosts.add(host(request)))
        page.on(
            "requestfailed", lambda request: self.refused.add(host(request) if "csp" in str(request.failure) else "")
        )

    def found(self) -> list[str]:
        self.page.wait_for_timeout(1_000)
        injected = [f"{frame.url} injected" for frame in self.page.frames if frame.locator(f"[{MARK}]").count()]
        linked = [f"{self.page.url} links a script"] * self.page.locator("a[href^='javascript:']").count()
        return [*injected, *linked, *self.dialogs, *sorted(self.asked())]

    def forget(self) -> None:
        for seen in (self.hosts, self.refused, self.dialogs):
            seen.clear()

    def asked(self) -> set[str]:
        """Hosts that the page asked: what the server's policy refused was not sent, but no text may even try."""
        return self.hosts - {"", "127.0.0.1", "localhost"} - (self.refused - {urlsplit(EVIL).hostname, "a.b"})


def host(request: Request) -> str:
    return urlsplit(request.url).hostname or ""


@pytest.fixture
def watch() -> Iterator[Watch]:
    with chromium_page() as page:
        yield Watch(page)


@pytest.fixture(scope="module")
def ids(mill: Mill) -> list[str]:
    return payloads.make(mill.folder / "data", mill.folder)


def test_the_watch_sees_what_it_is_for(watch: Watch) -> None:
    watch.page.set_content(ALL)
    assert watch.found() and watch.dialogs and watch.hosts >= {"evil.example"}


def views(ids: list[str]) -> Iterator[tuple[str, dict[str, str]]]:
    """Every page with every view of it: its name, and what the address says besides."""
    yield "", {}
    for filters in ({}, {"fate": "dropped"}, {"order": "disagreement"}, {"order": "threshold", "near": "measured"}):
        yield from (("records", filters | {"view": view}) for view in ("list", "review"))
    yield from (("records", {"view": "review", "at": str(at), "who": PAYLOADS[at]}) for at in range(len(ids)))
    yield from (("record", {"id": name}) for name in ids)
    yield "policy", {}
    for name in ("snapshot", POLICY_FILE):
        yield from (("policy", {"policy": name, "rule": rule}) for rule in RULES)
    yield "policy", {"policy": POLICY_FILE, "rule": "measured", "line.measured.0": "100"}
    yield "snapshots", {}
    yield "contamination", {}
    yield from (("models", {"part": part}) for part in MODEL_PARTS)
    yield from (("duplicates", {"cluster": name}) for name in ("", *ids))
    yield from (("sources", {"show": show}) for show in ("list", "add"))
    yield from (("sources", {"of": name.partition(":")[0]}) for name in ids)
    yield from (("map", {"by": by, "area": "-9,9,-9,9"}) for by in ("source", "fate", "rule"))
    for name in PAYLOADS:
        column = name.replace('"', '""')
        query = f'SELECT instruction, output AS "{column}" FROM records'
        yield from (("sql", {"sql": query, "chart": chart, "x": name, "y": "instruction"}) for chart in ("", "bar"))
    for page in PAGES:
        yield from ((page, {name: payload for name in CHOICES if name != "recipe"}) for payload in PAYLOADS)
        yield page, dict.fromkeys(CHOICES, ALL)


@pytest.mark.parametrize("name", PAGES)
def test_no_page_of_the_dashboard_obeys_a_text(name: str, mill: Mill, ids: list[str], watch: Watch) -> None:
    shown, faults, page = "", list[str](), watch.page
    wanted = [choices for of, choices in views(ids) if of == name]
    for choices in wanted:
        address = f"{mill.dashboard}/{name}?{urlencode({'recipe': 'mill', 'lang': 'en'} | choices)}"
        page.goto(address)
        try:
            settle(page)
        except TimeoutError:
            faults.append(f"{address}\n    is never drawn")
            continue
        shown += page.content()
        faults += [f"{address}\n    {fault}" for fault in watch.found()]
        faults += [f"{address}\n    {said}" for said in page.get_by_test_id("stException").all_inner_texts()]
        watch.forget()
    print(f"\n{name or 'overview'}: {len(wanted)} views, {len(faults)} faults", flush=True)
    assert not faults, "\n".join(faults)
    assert "alert(1)" in shown and "evil.example" in shown


def settle(page: Page, heading: bool = True) -> None:
    """Until the page is drawn, with all that can be unfolded."""
    page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for()
    if heading:
        page.get_by_role("heading", level=1).first.wait_for()
    page.wait_for_timeout(500)
    for summary in page.locator("details > summary").all():
        if summary.locator("..").get_attribute("open") is None:
            summary.click()


@pytest.fixture
def chat_page(tmp_path: Path) -> Iterator[str]:
    """The hostile conversations, shown without the server's policy, which forbids scripts."""
    port = ports.free_port(0)
    script = Path(payloads.__file__).with_name("hostile_chat.py")
    words = [f"--server.port={port}", "--server.address=127.0.0.1", "--server.headless=true"]
    words += ["--browser.gatherUsageStats=false"]
    shown = subprocess.Popen([sys.executable, "-m", "streamlit", "run", script, *words], env=environment(tmp_path))
    try:
        until(lambda: server.is_up(f"http://127.0.0.1:{port}/_stcore/health"), "the page", every=0.5)
        yield f"http://127.0.0.1:{port}/?lang=en"
    finally:
        shown.kill()
        shown.wait()


def test_no_chat_obeys_a_model(chat_page: str, watch: Watch) -> None:
    watch.page.goto(chat_page)
    until(lambda: watch.page.get_by_text("Answer B", exact=False).count() > len(PAYLOADS), "all conversations")
    settle(watch.page, heading=False)
    assert "alert(1)" in watch.page.content() and not watch.page.get_by_test_id("stException").count()
    assert not watch.found()


def test_no_artifact_of_prefect_obeys_a_text(mill: Mill, ids: list[str], watch: Watch) -> None:
    snapshot = storage.latest(storage.folder(mill.folder / "data", "curate", "mill"))
    card, credits_ = ((snapshot / name).read_text() for name in ("README.md", "ATTRIBUTION.md"))
    assert MARK in card and MARK in credits_
    rows = json.dumps([{"stage": payload, "name": payload, "rows": 1} for payload in PAYLOADS])
    for number, (kind, text) in enumerate([("markdown", card), ("markdown", credits_), ("table", rows)]):
        wanted = {"key": f"hostile-{number}", "type": kind, "data": text, "description": "Dataset card"}
        made = ask(f"{mill.api}/artifacts/", wanted)
        look(mill, watch, f"artifacts/artifact/{made['id']}", "alert(1)")
        look(mill, watch, f"artifacts/key/hostile-{number}", "Dataset card")
        look(mill, watch, "artifacts", f"hostile-{number}")


def test_no_run_in_prefect_obeys_what_it_failed_by(mill: Mill, watch: Watch) -> None:
    """What a site or a file said goes into the message of a failed run, and into its log."""
    flow = ask(f"{mill.api}/flows/filter", {})[0]
    failed = {"type": "FAILED", "name": "Failed", "message": ALL}
    run = ask(f"{mill.api}/flow_runs/", {"flow_id": flow["id"], "name": "hostile-run", "state": failed})
    lines = [{"name": "gristmill", "level": 40, "message": payload} for payload in (*PAYLOADS, ALL)]
    told = {"timestamp": datetime.now(UTC).isoformat(), "flow_run_id": run["id"]}
    ask(f"{mill.api}/logs/", [line | told for line in lines])
    look(mill, watch, f"runs/flow-run/{run['id']}", "alert(1)")
    look(mill, watch, "runs", "hostile-run")


def look(mill: Mill, watch: Watch, path: str, says: str) -> None:
    watch.page.goto(f"{mill.ui}/v2/{path}")
    until(lambda: says in watch.page.content(), f"{says} on {path}")
    assert not watch.found(), path


def test_the_playground_obeys_no_model(watch: Watch) -> None:
    """Whatever a model is called and answers; the page is shown without the server's policy, which forbids scripts."""
    said = "".join(f"data: {json.dumps({'choices': [{'delta': {'content': payload}}]})}\n\n" for payload in PAYLOADS)
    html = (Path(serving.__file__).parent / "playground.html").read_text()

    def answer(route: Route) -> None:
        path = urlsplit(route.request.url).path
        models = json.dumps({"data": [{"id": PAYLOADS[1]}]})
        bodies = {"/": ("text/html", html), "/v1/models": ("application/json", models)}
        kind, body = bodies.get(path, ("text/event-stream", said))
        route.fulfill(body=body, content_type=kind)

    watch.page.route("http://127.0.0.1:9/**", answer)
    watch.page.goto("http://127.0.0.1:9/")
    watch.page.get_by_role("button", name="Ask").click()
    until(lambda: "javascript:alert(1)//" in (watch.page.locator("#answers").text_content() or ""), "the answer")
    assert not watch.found()
