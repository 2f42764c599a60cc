"""Which language messages are in, and how values come into them."""

import pytest

from pipelines import messages

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
