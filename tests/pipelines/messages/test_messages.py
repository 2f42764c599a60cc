"""Which language messages are in, and how values come into them."""

import json
import pickle
from pathlib import Path

import pytest

from pipelines import messages
from pipelines.errors import WrongInput, did_you_mean
from pipelines.messages import Message, joined, spoken, tr
from pipelines.storage.integrity import Damaged

VARIABLES = ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG")


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({}, "en"),
        ({"LANG": "C.UTF-8"}, "en"),
        ({"LANG": "zh_CN.UTF-8"}, "zh"),
        ({"LANG": "zh_CN.UTF-8", "LC_ALL": "en_GB.UTF-8"}, "en"),
        ({"LANG": "en_GB.UTF-8", "LANGUAGE": "zh_TW:zh"}, "zh"),
        ({"LANG": "de_DE.UTF-8"}, "en"),
    ],
)
def test_the_language_is_that_of_the_environment(
    environment: dict[str, str], language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert messages.language() == language


def test_a_chosen_language_comes_before_the_environments(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANGUAGE", "en")
    messages.use("zh")
    try:
        assert messages.language() == "zh"
    finally:
        messages.use("")


def test_values_stand_where_their_names_stood() -> None:
    assert messages.tr("{file}: no such {thing}", file="a{b}.toml", thing="key") == "a{b}.toml: no such key"
    assert messages.tr("100 % of {}") == "100 % of {}"
    assert messages.ntr("{number} record", "{number} records", 1) == "1 record"
    assert messages.ntr("{number} record", "{number} records", 2) == "2 records"


def test_what_is_stored_is_english_and_what_is_shown_is_the_readers() -> None:
    error = WrongInput("{path}: no such file, and no bundled recipe of that name{cure}", path="a{b}", cure="")
    with spoken("zh"):
        assert (
            json.dumps({"failed": str(error)}) == '{"failed": "a{b}: no such file, and no bundled recipe of that name"}'
        )
        assert tr(str(error)) == "a{b}：没有这个文件，也没有叫这个名字的自带配方"
    assert tr(str(error)) == str(error)


def test_messages_within_messages_are_said_too() -> None:
    cure = did_you_mean("demi", ["demo"])
    error = WrongInput("{recipe}: no source called {name!r}{cure}", recipe="r", name="demi", cure=cure)
    outer = WrongInput("{file}: extends: {error}", file="p.toml", error=error)
    assert str(outer) == "p.toml: extends: r: no source called 'demi'; did you mean 'demo'?"
    with spoken("zh"):
        assert tr(str(outer)) == "p.toml：extends：r：没有叫 'demi' 的数据源；是不是 'demo'？"
        assert tr(joined("\n", (outer, 3))) == "p.toml：extends：r：没有叫 'demi' 的数据源；是不是 'demo'？\n3"


def test_a_message_keeps_numbers_for_their_formats() -> None:
    message = Message("{recipe}: {kept:,} of {records:,} records kept", recipe="r", kept=1234, records=56789)
    assert message == "r: 1,234 of 56,789 records kept"
    with spoken("zh"):
        assert tr(message) == "r：56,789 条记录中保留 1,234 条"


def test_an_error_comes_back_from_another_process_with_its_message() -> None:
    damaged = Damaged(Path("data/2_records/forum/records-0.parquet"), Message("changed"))
    for error in (WrongInput("{path}: is a folder; name a file in it", path=Path("x")), damaged):
        back = pickle.loads(pickle.dumps(error))
        assert str(back) == str(error)
        with spoken("zh"):
            assert tr(str(back)) != str(error)


def test_text_that_is_no_message_stays_as_it_is() -> None:
    with spoken("zh"):
        assert tr("a rule of somebody: {not} a name, 100 %") == "a rule of somebody: {not} a name, 100 %"
        assert tr("") == ""
        assert tr(Message("100 % of {}")) == "100 % of {}"


def test_a_language_is_spoken_only_within() -> None:
    before = messages.language()
    with spoken("zh"), spoken("en"):
        assert messages.language() == "en"
    assert messages.language() == before
