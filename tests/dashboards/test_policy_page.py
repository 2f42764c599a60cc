"""The page of the policy: what it shows of each rule, what a moved line changes, what it saves and says of running."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from pipelines.curate import edits, policy
from tests.dashboards.conftest import OpenPage
from tests.waiting import FAR

RULE = "output_too_short"


@pytest.fixture(autouse=True)
def nobody_serves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PREFECT_HOME", str(tmp_path / "nothing"))


def shown(page: AppTest) -> AppTest:
    page.run(timeout=FAR)
    assert not page.exception, page.exception[0].value
    return page


def kept(page: AppTest) -> list[str]:
    return [metric.value for metric in page.metric]


def lines(page: AppTest) -> list[float | None]:
    return [box.value for box in page.number_input]


def test_a_moved_line_changes_who_survives_at_once_and_stands_in_the_address(data: Path, open_page: OpenPage) -> None:
    page = open_page("policy", rule=RULE)
    assert kept(page) == ["6", "6", "6"]
    assert lines(page) == [12, 8]
    page.number_input[1].set_value(1_000.0)
    shown(page)
    assert kept(page) == ["6", "6", "0"]
    assert page.query_params[f"line.{RULE}.1"] == "1000"
    page.toggle(key=f"on {RULE}").set_value(False)
    shown(page)
    assert kept(page) == ["6", "6", "6"]
    assert page.query_params["off"] == RULE
    next(button for button in page.button if button.label == "Take back all changes").click()
    assert kept(shown(page)) == ["6", "6", "6"]
    assert not {"off", f"line.{RULE}.1"} & set(page.query_params)


def test_what_is_saved_is_the_view_and_stands_where_it_can_be_run(data: Path, open_page: OpenPage) -> None:
    page = open_page("policy", rule=RULE, off="pair_images", **{f"line.{RULE}.1": "30"})
    before = kept(page)
    next(box for box in page.text_input if box.label == "A name for the changed policy").set_value("mine")
    next(button for button in page.button if button.label == "Save as a policy file").click()
    shown(page)
    file = data / edits.FOLDER / "mine.toml"
    wanted = edits.Edits({RULE: {1: 30}}, frozenset({"pair_images"}))
    assert policy.load(file) == edits.edited(policy.load("default"), wanted)
    assert page.query_params["policy"] == "mine.toml"
    assert kept(page)[2] == before[2]
    next(button for button in page.button if button.label == "Run curate with it").click()
    shown(page)
    assert "gristmill up" in page.warning[0].value
    assert any(code.value == f"gristmill stage curate small --policy {file}" for code in page.code)
    assert any(code.value == f'policy = "{file}"' for code in page.code)


def test_a_name_that_is_taken_is_told_and_nothing_is_lost(data: Path, open_page: OpenPage) -> None:
    file = edits.save("mine", "default", edits.Edits(), data)
    before = file.read_bytes()
    page = open_page("policy", off="pair_images")
    next(box for box in page.text_input if box.label == "A name for the changed policy").set_value("mine")
    next(button for button in page.button if button.label == "Save as a policy file").click()
    shown(page)
    assert "is there already" in page.toast[0].value
    assert file.read_bytes() == before
    assert page.query_params["off"] == "pair_images"


def fates(page: AppTest) -> set[str]:
    known = ("passes the rule", "breaks the rule")
    return {fate for fate in known for text in page.markdown if fate in text.value}


def test_examples_say_on_which_side_they_are_and_people_are_counted(data: Path, open_page: OpenPage) -> None:
    (data / "decisions.jsonl").write_text(
        '{"record_id": "forum:q1#a101", "decision": "reject", "who": "Ada"}\n'
        '{"record_id": "forum:q2#a102", "decision": "accept", "who": "Ada"}\n'
    )
    page = open_page("policy", rule=RULE, **{f"line.{RULE}.1": "28"})
    assert fates(page) == {"passes the rule"}, "each has 28 words"
    page.query_params[f"line.{RULE}.1"] = "1000"
    shown(page)
    assert fates(page) == {"breaks the rule"}
    said = next(text.value for text in page.markdown if text.value.startswith("People decided"))
    assert said.startswith("People decided about 2 records that it drops: 1 rejected, 1 accepted or edited.")
    assert "right in 50% (95 % interval: 9% to 91%)" in said


def test_an_address_that_names_nonsense_shows_the_policy_as_it_is(data: Path, open_page: OpenPage) -> None:
    page = open_page("policy", rule="nothing", off="nothing,,", policy="gone.toml", **{"line.output_too_short.7": "x"})
    assert kept(page) == ["6", "6", "6"]
    assert "There is no policy gone" in page.warning[0].value
