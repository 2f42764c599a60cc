"""Chat in a browser with a tiny real model and its base: in the dashboard, where a blind vote is written, and in the
playground of `serve`. Texts are hostile: nothing of them may run."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from pipelines import finetune
from tests.browser.conftest import shoot
from tests.conftest import Mill
from tests.pipelines.conftest import CHAT, make_model, recipe, rows, write_snapshot
from tests.pipelines.serve.served import running
from tests.waiting import until

QUESTION = "How do I keep a branch? <img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def model(curated: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of the recipe that the dashboard shows. It has learnt other rows, after which its answers end.

    So has its base, for less long: without any training it would say nothing but line feeds.
    """
    folder = tmp_path_factory.mktemp("chat")
    write_snapshot(folder, rows(60, "train"), rows(4, "validation", 100))
    base = make_model(folder / "base", CHAT)
    for steps in (30, 90):
        finetune.run(recipe(base, method="full", max_steps=steps, learning_rate=5e-3), folder)
        base = folder / "6_models" / "tiny" / "v1"
    made = curated / "6_models" / "small"
    shutil.copytree(folder / "6_models" / "tiny", made, symlinks=True)
    return made / "v2"


def test_both_are_chatted_with_and_voted_on(model: Path, mill: Mill, page: Page) -> None:
    page.set_viewport_size({"width": 1400, "height": 1000})
    page.goto(f"{mill.dashboard}/models?lang=en&recipe=small&part=chat&who=Ada&tokens=40&temperature=0")
    page.get_by_role("button", name="Start the model").click()
    field = page.get_by_placeholder("Ask both")
    field.fill(QUESTION)
    field.press("Enter")
    better = page.get_by_role("button", name="is better")
    expect(better).to_have_count(2)
    shoot(page, "chat-blind")
    main = page.locator("body")
    assert "tiny/v2" not in main.inner_text()
    page.get_by_role("button", name="is better", disabled=False).first.click()
    expect(page.get_by_role("button", name="Take the vote back")).to_be_visible()
    until(lambda: "tiny/v2" in main.inner_text(), "the names")
    (vote,) = map(json.loads, (mill.folder / "data" / "votes.jsonl").read_text().splitlines())
    assert (vote["who"], vote["recipe"], vote["messages"][0]["content"]) == ("Ada", "small", QUESTION)
    assert page.locator("img[src=x]").count() == 0
    field.fill("And how do I sort a list?")
    field.press("Enter")
    until(lambda: "And how do I sort a list?" in main.inner_text(), "the second turn")
    expect(page.get_by_role("button", name="Stop", exact=True)).to_have_count(0)
    shoot(page, "chat-voted")
    page.get_by_role("button", name="Stop the model").click()
    expect(page.get_by_role("button", name="Start the model")).to_be_visible()


@pytest.fixture(scope="module")
def playground(model: Path, mill: Mill) -> Iterator[str]:
    from pipelines.serve.app import create_app
    from pipelines.serve.loading import load_beside, load_model

    yield from running(create_app(load_model(model), load_beside("base", model, mill.folder / "data")))


def test_the_playground_takes_turns_and_stops(playground: str, page: Page) -> None:
    page.goto(f"{playground}/?language=en")
    expect(page.locator("section")).to_have_count(2)
    page.get_by_label("Temperature").fill("0")
    page.get_by_label("Tokens").fill("40")
    for turn, question in enumerate((QUESTION, "And how do I sort a list?"), 1):
        page.get_by_label("Instruction").fill(question)
        page.get_by_role("button", name="Ask").click()
        expect(page.locator("pre.asked")).to_have_count(2 * turn)
        expect(page.get_by_role("button", name="Ask")).to_be_enabled()
    first, second = page.locator("section").first.locator("pre.answer").all_inner_texts()
    assert first and second and page.locator("img").count() == 0 and page.locator("pre.failed").count() == 0
    shoot(page, "playground")
    page.route("**/v1/chat/completions", lambda _: None)  # an answer that never comes
    page.get_by_label("Instruction").fill("Go on for ever.")
    page.get_by_role("button", name="Ask").click()
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_role("button", name="Ask")).to_be_enabled()
    page.get_by_role("button", name="Begin anew").click()
    expect(page.locator("pre")).to_have_count(0)
    expect(page.locator("section")).to_have_count(2)
