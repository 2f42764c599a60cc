"""Choices and the address: neither loses what the other says, however late the browser hears of it."""

import ast
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from tests.dashboards.conftest import DASHBOARDS
from tests.waiting import FAR

WIDGETS = {
    "button", "checkbox", "date_input", "feedback", "file_uploader", "form_submit_button", "multiselect",
    "number_input", "pagination", "pills", "radio", "segmented_control", "select_slider", "selectbox", "slider",
    "text_area", "text_input", "toggle",
}  # fmt: skip
IN_FORMS = {"'policy_name'", "'licence of it'"}  # keys; the button that sends the form holds the address


def page() -> None:
    """A page with a choice of each kind, one of which is there only after another."""
    import streamlit as st

    from dashboards import address

    address.begin()
    address.text("Words", "q")
    order = address.choice("Order", "order", ["", "near"])
    if order:
        address.choice("The rule", "rule", ["first", "second", "third"])
    address.number("Least", "low")
    address.tabs("View", "view", ["list", "review"])
    address.choice("Language", "lang", ["en", "zh"], keep=True)
    st.button("On", key="on", on_click=address.move, args=("at", address.position("at") + 1))
    st.button("Nothing", key="nothing", on_click=address.hold)
    st.button("Clear", key="clear", on_click=address.forget, args=("q", "order", "low"))


@pytest.fixture
def app(monkeypatch: pytest.MonkeyPatch) -> AppTest:
    return AppTest.from_function(page, default_timeout=FAR).run()


def shown(app: AppTest) -> dict[str, Any]:
    assert not app.exception, app.exception[0].value
    return {str(box.key): box.value for box in (*app.text_input, *app.selectbox, *app.number_input)}


def told(app: AppTest) -> dict[str, str]:
    return {name: value[0] if isinstance(value, list) else value for name, value in app.query_params.items()}


def late(app: AppTest, query: dict[str, str]) -> AppTest:
    """The next draw, which the browser asks for with an address that it had some changes ago."""
    app.query_params.clear()
    app.query_params.update(query)
    return app.run()


def test_a_choice_is_not_lost_to_an_address_from_before_it(app: AppTest) -> None:
    app.selectbox(key="order").set_value("near").run()
    app.selectbox(key="rule").set_value("second")
    late(app, {})
    assert shown(app)["order"] == "near" and shown(app)["rule"] == "second"
    app.text_input(key="q").set_value("lid")
    late(app, {"order": "near"})
    app.number_input(key="low").set_value(3.0)
    late(app, {"order": "near"})
    assert told(app) == {"order": "near", "rule": "second", "q": "lid", "low": "3"}
    assert shown(app) == {"q": "lid", "order": "near", "rule": "second", "low": 3.0, "lang": "en"}


def test_a_choice_that_is_taken_back_stays_so(app: AppTest) -> None:
    app.selectbox(key="order").set_value("near").run()
    app.selectbox(key="order").set_value("").run()
    app.text_input(key="q").set_value("lid")
    late(app, {"order": "near"})
    assert told(app) == {"q": "lid"}
    assert shown(app)["order"] == ""


def test_places_that_have_no_widget_are_not_lost_either(app: AppTest) -> None:
    app.button(key="on").click().run()
    app.selectbox(key="order").set_value("near")
    late(app, {})
    app.button(key="on").click()
    late(app, {})
    assert told(app) == {"at": "2", "order": "near"}


@pytest.mark.parametrize("key", ["on", "nothing"])
def test_a_button_loses_no_choice(key: str, app: AppTest) -> None:
    app.text_input(key="q").set_value("lid").run()
    app.button(key=key).click()
    late(app, {})
    assert shown(app)["q"] == told(app)["q"] == "lid"


def test_back_takes_a_choice_out_and_forward_puts_it_in(app: AppTest) -> None:
    """The same addresses as late ones, but no widget asked for the draw."""
    app.selectbox(key="order").set_value("near").run()
    app.text_input(key="q").set_value("lid").run()
    assert shown(late(app, {"order": "near"}))["q"] == ""
    assert shown(late(app, {}))["order"] == ""
    after = shown(late(app, {"order": "near", "q": "lid", "rule": "third"}))
    assert (after["q"], after["order"], after["rule"]) == ("lid", "near", "third")


def test_a_link_counts_though_a_widget_changed_beside_it(app: AppTest) -> None:
    """A text that is being written goes with the click on a link."""
    app.text_input(key="q").set_value("lid")
    late(app, {"order": "near", "rule": "third"})
    assert told(app) == {"order": "near", "rule": "third", "q": "lid"}
    assert shown(app)["rule"] == "third"


def test_what_goes_on_to_other_pages_stays_without_being_told(app: AppTest) -> None:
    app.selectbox(key="lang").set_value("zh").run()
    late(app, {"q": "lid"})
    assert told(app) == {"q": "lid", "lang": "zh"}
    assert shown(late(app, {"q": "lid", "lang": "en"}))["lang"] == "en"


def test_a_button_clears_widgets_too(app: AppTest) -> None:
    app.text_input(key="q").set_value("lid").run()
    app.number_input(key="low").set_value(0.0).run()
    assert told(app) == {"q": "lid", "low": "0"}
    app.button(key="clear").click()
    late(app, {})
    assert not told(app)
    assert shown(app) == {"q": "", "order": "", "low": None, "lang": "en"}


def calls(file: Path) -> list[ast.Call]:
    found = [node for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.Call)]
    return [node for node in found if isinstance(node.func, ast.Attribute) and node.func.attr in WIDGETS]


def test_every_widget_holds_the_address() -> None:
    """Each has a function that is called before the page is drawn, which may lie in the `**` that it is given."""
    widgets = [(file, node, given(node)) for file in sorted(DASHBOARDS.rglob("*.py")) for node in calls(file)]
    without = [
        f"{file.name}:{node.lineno}"
        for file, node, told in widgets
        if not told.keys() & {"on_click", "on_change", None} and told.get("key") not in IN_FORMS
    ]
    assert len(widgets) > 20
    assert not without, "add on_click=address.hold or on_change=address.hold"


def given(node: ast.Call) -> dict[str | None, str]:
    return {key.arg: ast.unparse(key.value) for key in node.keywords}
