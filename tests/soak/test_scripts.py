"""Scripts, elements and addresses of other hosts in every field, before everything that shows them in a browser.

A real Chromium visits each page of the dashboard, Prefect's artifacts and the playground. Nothing may run, no element
may come of a text, and no host but the servers' own may be asked.
"""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pyarrow as pa
import pytest
from playwright.sync_api import Page, Route, sync_playwright

from pipelines import curate, dedupe, storage
from pipelines.serve import app as serving
from pipelines.storage import logs
from schemas.record import RECORD
from tests.browser.test_screens import FLAGS
from tests.conftest import Mill
from tests.pipelines import corpus
from tests.pipelines.flows.test_flows import ask
from tests.waiting import FAR, until

pytestmark = pytest.mark.timeout(3600)
MARK = "data-injected"
EVIL = "http://evil.example"
PAYLOADS = (
    f"<script {MARK}>alert(1)</script>", f"<img {MARK} src=x onerror=alert(1)>", f"<svg {MARK} onload=alert(1)></svg>",
    f'"><iframe {MARK} src="{EVIL}/frame"></iframe>', f"'><b {MARK} onmouseover=alert(1)>", f"![]({EVIL}/image.png)",
    f"[a](javascript:alert(1)) ![b][c]\n\n[c]: {EVIL}/c.png", f"&lt;img {MARK} src=x onerror=alert(1)&gt;",
    f"```\n</code></pre><img {MARK} src={EVIL}/code.png>\n```", f"| a | b |\n|---|---|\n| <u {MARK}>x</u> | y |",
    f"$\\href{{javascript:alert(1)}}{{x}}$ :material/home: <style {MARK}>@import '{EVIL}/style.css'</style>",
    f"{{{{constructor.constructor('alert(1)')()}}}} <details {MARK} open ontoggle=alert(1)>", "javascript:alert(1)//",
)  # fmt: skip
POLICY = """prefer = "record_id"
[[rules]]
name = "odd"
drop_if = "hash(record_id) % 2 = 0 OR output = '`</code>{mark}'"
why = {why}
"""


class Watch:
    """What pages did that they must not do."""

    def __init__(self, page: Page) -> None:
        self.page, self.dialogs, self.hosts = page, list[str](), set[str]()
        page.on("dialog", lambda dialog: (self.dialogs.append(dialog.message), dialog.dismiss()))
        page.on("request", lambda request: self.hosts.add(urlsplit(request.url).hostname or ""))

    def found(self) -> list[str]:
        self.page.wait_for_timeout(1_000)
        injected = [f"{frame.url} injected" for frame in self.page.frames if frame.locator(f"[{MARK}]").count()]
        linked = [f"{self.page.url} links a script"] * self.page.locator("a[href^='javascript:']").count()
        return [*injected, *linked, *self.dialogs, *sorted(self.hosts - {"", "127.0.0.1", "localhost"})]


@pytest.fixture
def watch() -> Iterator[Watch]:
    chromium = shutil.which("chromium")
    if not chromium:
        pytest.skip("no chromium here; apt-get install chromium")
    with sync_playwright() as player:
        browser = player.chromium.launch(executable_path=chromium, args=FLAGS)
        page = browser.new_page(viewport={"width": 1300, "height": 1000})
        page.set_default_timeout(1000 * FAR)
        yield Watch(page)
        browser.close()


def hostile(number: int, payload: str) -> dict[str, Any]:
    """A record whose every text that is no key is the payload."""
    made = corpus.record(f"forum:{number}#a1", payload, f"{payload} and {number} words")
    texts = [field.name for field in RECORD if pa.types.is_string(field.type)]
    keys = ("record_id", "page_id", "source", "source_kind", "kind", "instruction", "output", "tool_calls", "tools")
    lists = {"tags": [payload], "history": [{"role": "user", "content": payload, "reasoning": "", "tool_calls": ""}]}
    return made | {name: payload for name in texts if name not in keys} | lists


@pytest.fixture(scope="module")
def data(mill: Mill) -> Path:
    data = mill.folder / "data"
    policy = mill.folder / "hostile.toml"
    policy.write_text(POLICY.format(mark=f"<b {MARK}>", why=json.dumps(" ".join(PAYLOADS))))
    recipe = corpus.recipe("forum", policy=str(policy))
    records = [hostile(number, payload) for number, payload in enumerate(PAYLOADS, 1)]
    corpus.write(data, recipe, records)
    decisions = [
        {"record_id": one["record_id"], "decision": "accept", "who": payload, "when": payload, "note": payload}
        for one, payload in zip(records, PAYLOADS, strict=True)
    ]
    (data / "decisions.jsonl").write_text("".join(json.dumps(one) + "\n" for one in decisions[::2]))
    dedupe.run(recipe, data)
    curate.run(recipe, data)
    for payload in PAYLOADS:
        logs.append(data / logs.RUNS, {name: payload for name in ("run_id", "recipe", "stage", "name", "failed")})
    return data


def test_the_watch_sees_what_it_is_for(watch: Watch) -> None:
    watch.page.set_content(" ".join(PAYLOADS))
    assert watch.found() and watch.dialogs and watch.hosts >= {"evil.example"}


def test_no_page_of_the_dashboard_obeys_a_text(mill: Mill, data: Path, watch: Watch) -> None:
    page = watch.page
    page.goto(f"{mill.dashboard}/?recipe=mill")
    settle(page)
    links = page.locator("[data-testid=stSidebarNavLink]")
    pages = {page.url, *(links.nth(number).get_attribute("href") or "" for number in range(links.count()))}
    shown = ""
    for address in sorted(pages):
        page.goto(address if "://" in address else f"{mill.dashboard}{address}")
        settle(page)
        for tab in page.get_by_role("tab").all():
            tab.click()
            settle(page)
        shown += page.content()
        assert not watch.found(), address
    assert "alert(1)" in shown


def settle(page: Page) -> None:
    page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for()
    page.wait_for_timeout(2_000)


def test_no_artifact_of_prefect_obeys_a_text(mill: Mill, data: Path, watch: Watch) -> None:
    card = (storage.latest(storage.folder(data, "curate", "mill")) / "README.md").read_text()
    assert MARK in card
    credits_ = (storage.latest(storage.folder(data, "curate", "mill")) / "ATTRIBUTION.md").read_text()
    rows = json.dumps([{"stage": payload, "name": payload, "rows": 1} for payload in PAYLOADS])
    for number, (kind, text) in enumerate([("markdown", card), ("markdown", credits_), ("table", rows)]):
        wanted = {"key": f"hostile-{number}", "type": kind, "data": text, "description": " ".join(PAYLOADS)}
        made = ask(f"{mill.api}/artifacts/", wanted)
        for address in (f"artifact/{made['id']}", f"key/hostile-{number}", ""):
            watch.page.goto(f"{mill.ui}/v2/artifacts/{address}".rstrip("/"))
            until(lambda: "hostile" in watch.page.content() or "alert(1)" in watch.page.content(), "the artifact")
            assert not watch.found(), (number, address)


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
    until(lambda: "javascript:alert(1)//" in (watch.page.locator("#answer").text_content() or ""), "the answer")
    assert not watch.found()
