"""Connectors and signals, told from the code: complete, and every example works."""

import tomllib
from pathlib import Path

import pytest

from connectors import CONNECTORS
from pipelines.catalog import described
from pipelines.curate import policy
from pipelines.recipe import Recipe
from pipelines.signals import SIGNALS
from tests.pipelines.commands import Gristmill
from tests.pipelines.curate.measured import connect

ALL = described.connectors()


def test_every_connector_and_every_setting_is_told() -> None:
    assert {one.name for one in ALL} == {each.model_fields["connector"].default for each in CONNECTORS}
    (website,) = described.connectors("website")
    by_name = {one.name: one for one in website.settings}
    assert (by_name["start"].type, by_name["max_pages"].default) == ("text or list of text", 10_000)
    assert by_name["name"].required and by_name["folder"].type == "path" and "sitemap" in by_name
    for each in CONNECTORS:
        (told,) = described.connectors(each.model_fields["connector"].default)
        assert [one.name for one in told.settings] == [name for name in each.model_fields if name != "connector"]
        assert " ".join(told.says.split()) == " ".join((each.__doc__ or "").split())
        assert ". " not in told.says.split("\n\n")[0], "the list shows one sentence"
        assert all(one.says for one in told.settings)


@pytest.mark.parametrize("one", ALL, ids=[one.name for one in ALL])
def test_the_example_is_a_source_that_a_recipe_takes(one: described.Described, tmp_path: Path) -> None:
    (tmp_path / "crawl.warc.gz").touch()
    given = tomllib.loads(f'name = "mine"\n{one.example}')
    source = Recipe.model_validate(given, context={"base": tmp_path}).sources[0]
    assert source.connector == one.name
    assert bool(source.licence) != source.states_licence == one.licence.startswith("states its licences")


def test_signals_are_told_with_rules_and_what_they_measured() -> None:
    con = connect(
        signals=[{"record_id": str(n), "output_words": n, "score": 1} for n in range(4)] + [{"record_id": "x"}]
    )
    told = {one.name: one for one in described.signals("", [("default", policy.load("default"))], con)}
    assert list(told) == [signal.name for signal in SIGNALS]
    words = told["output_words"]
    assert (words.type, words.nulls, words.quantiles["0.5"]) == ("int32", 0.2, 1.5)
    assert "default.output_empty" in words.rules and words.source
    assert described.signals("output_words", [], None)[0].quantiles == {}
    assert all(one.nulls == 1 and not one.quantiles for name, one in told.items() if name not in ("output_words",))


def test_the_commands_name_the_nearest(gristmill: Gristmill, tmp_path: Path) -> None:
    assert "did you mean 'website'" in gristmill("connectors", "websit").err
    assert "did you mean 'output_words'" in gristmill("signals", "output_word", "--data", tmp_path).err
    assert "must be set" in gristmill("connectors", "discourse").out
    assert "output_words" in gristmill("signals", "--data", tmp_path / "none").out
