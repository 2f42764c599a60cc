"""Records and decisions: what filters choose, what is shown of a record, and what a press of a button writes."""

import json
from pathlib import Path

import pytest

from pipelines.messages import spoken
from tests.dashboards.conftest import OpenPage

FIRST = "forum:q1#a101"


def decided(data: Path) -> list[tuple[str, str, str]]:
    file = data / "decisions.jsonl"
    rows = [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []
    return [(row["record_id"], row["decision"], row["who"]) for row in rows]


def test_the_list_shows_what_the_address_asks_for(open_page: OpenPage) -> None:
    page = open_page("records", q="rename a branch")
    assert "1 records" in [caption.value for caption in page.caption]
    assert page.text_input(key="q").value == "rename a branch"


def test_a_filter_goes_into_the_address_and_out_of_it(open_page: OpenPage) -> None:
    page = open_page("records")
    page.selectbox(key="fate").set_value("dropped").run()
    assert "dropped" in page.query_params["fate"]
    assert page.info[0].value == "No record passes these filters."
    page.selectbox(key="fate").set_value("").run()
    assert "fate" not in page.query_params


def test_a_random_order_is_that_of_its_seed(open_page: OpenPage) -> None:
    def first(**query: str) -> str:
        page = open_page("records", view="review", **query)
        return next(link for link in page.get("page_link")).proto.query_string

    assert first(order="random", seed="3") == first(order="random", seed="3")
    assert len({first(order="random", seed=str(seed)) for seed in range(4)}) > 1


@pytest.mark.parametrize("rule", ["instruction_too_long", "output_too_short"])
def test_the_queue_begins_nearest_to_the_line_of_a_rule(rule: str, open_page: OpenPage) -> None:
    page = open_page("records", order="threshold", near=rule)
    assert page.selectbox(key="near").value == rule
    assert "6 records" in [caption.value for caption in page.caption]


def test_two_people_who_differ_are_shown(data: Path, open_page: OpenPage) -> None:
    for who, decision in (("Ada", "accept"), ("Bo", "reject")):
        open_page("record", id=FIRST, who=who).button(key=decision).click().run()
    page = open_page("records", order="disagreement")
    assert "1 records" in [caption.value for caption in page.caption]
    assert any("Ada and Bo judged 1 alike in 0" in text.value for text in page.markdown)


@pytest.mark.parametrize("decision", ["accept", "reject"])
def test_a_decision_is_written_and_the_next_record_comes(decision: str, data: Path, open_page: OpenPage) -> None:
    page = open_page("records", view="review", who="Ada")
    page.button(key=decision).click().run()
    assert decided(data) == [(FIRST, decision, "Ada")]
    assert "1" in page.query_params["at"]


def test_a_record_that_leaves_the_filter_gives_its_place_to_the_next(data: Path, open_page: OpenPage) -> None:
    page = open_page("records", view="review", who="Ada", said="no")
    page.button(key="accept").click().run()
    page.button(key="reject").click().run()
    assert "at" not in page.query_params
    assert len({record for record, *_ in decided(data)}) == 2
    assert "4 records" in [caption.value for caption in page.caption]


def test_an_edit_is_what_was_changed_only(data: Path, open_page: OpenPage) -> None:
    page = open_page("records", view="review", who="Ada")
    page.button(key="edit").click().run()
    page.text_area(key=f"new output of {FIRST}").set_value("A better answer.")
    next(button for button in page.button if button.label == "Save").click().run()
    row = json.loads((data / "decisions.jsonl").read_text())
    assert (row["decision"], row["output"]) == ("edit", "A better answer.")
    assert "instruction" not in row


def test_what_is_begun_is_there_until_it_is_saved_or_given_up(data: Path, open_page: OpenPage) -> None:
    page = open_page("records", view="review", who="Ada")
    page.button(key="note").click().run()
    page.text_area(key=f"new note of {FIRST}").set_value("half a n").run()
    page.button(key="edit").click().run()
    page.text_area(key=f"new output of {FIRST}").set_value("A better").run()
    next(button for button in page.button if button.label == "Next").click().run()
    assert next(link.proto.label for link in page.get("page_link")).startswith("Begun and not saved:")
    page.button(key="accept").click().run()
    page.query_params["at"] = "0"
    page.run()
    assert page.text_area(key=f"new output of {FIRST}").value == "A better"
    next(button for button in page.button if button.label == "Save").click().run()
    page.query_params["at"] = "0"
    page.run()
    assert page.text_area(key=f"new note of {FIRST}").value == "half a n"
    next(button for button in page.button if button.label == "Cancel").click().run()
    assert not page.text_area and "Begun" not in str([link.proto.label for link in page.get("page_link")])
    assert [decision for _, decision, _ in decided(data)] == ["accept", "edit"]


def test_what_a_decision_says_is_said_in_the_readers_language(data: Path, open_page: OpenPage) -> None:
    with spoken("zh"):  # this thread only reads what others have said
        page = open_page("record", lang="zh", id=FIRST)
        page.button(key="accept").click().run()
        assert page.toast[0].value == "请先说明你是谁：在侧栏填写名字。"
        page.text_input(key="who").set_value("Ada").run()
        page.button(key="accept").click().run()
        assert page.toast[0].value.startswith("已采纳")


def test_an_edit_that_changes_nothing_is_refused(data: Path, open_page: OpenPage) -> None:
    page = open_page("records", view="review", who="Ada")
    page.button(key="edit").click().run()
    next(button for button in page.button if button.label == "Save").click().run()
    assert page.toast[0].value == "Nothing is said yet: change a text, or write a note."
    assert not decided(data)


def test_undo_takes_back_ones_own_decision(data: Path, open_page: OpenPage) -> None:
    page = open_page("record", id=FIRST, who="Ada")
    page.button(key="reject").click().run()
    assert any("rejected" in text.value for text in page.markdown)
    page.button(key="undo").click().run()
    assert decided(data) == [(FIRST, "reject", "Ada"), (FIRST, "undo", "Ada")]
    assert not any("rejected" in text.value for text in page.markdown)


def test_nobody_decides_without_a_name(data: Path, open_page: OpenPage) -> None:
    page = open_page("record", id=FIRST)
    page.button(key="accept").click().run()
    assert page.toast[0].value == "Say who you are first: your name stands in the side bar."
    assert not decided(data)


def test_all_that_pass_are_decided_together_and_taken_back(data: Path, open_page: OpenPage) -> None:
    page = open_page("records", q="branch", who="Ada")
    page.button(key="reject_all").click().run()
    chosen = len(decided(data))
    assert 1 <= chosen < 6
    page.button(key="undo_all").click().run()
    assert [decision for _, decision, _ in decided(data)] == ["reject"] * chosen + ["undo"] * chosen


def test_damaged_decisions_are_told_and_the_page_stands(data: Path, open_page: OpenPage) -> None:
    (data / "decisions.jsonl").write_text('{"record_id": "x", "decision": "perhaps"}\n')
    page = open_page("records")
    assert "decisions.jsonl:1" in page.error[0].value.replace("\\", "")
    assert "6 records" in [caption.value for caption in page.caption]


def test_an_unknown_record_names_the_nearest(open_page: OpenPage) -> None:
    page = open_page("record", id="forum:q1#a999")
    assert "did you mean" in page.error[0].value


def test_one_record_says_where_it_came_from(open_page: OpenPage) -> None:
    page = open_page("record", id=FIRST)
    assert [header.value for header in page.header] == ["Where it came from", "What was measured"]
    assert any("Licence:" in text.value for text in page.markdown)
