"""Titles in any script: shown to people, and no reason to fetch or make anything again but the card."""

from pathlib import Path

import pytest
import yaml

from connectors.markdown import Markdown
from pipelines import collect, curate, dedupe
from pipelines.catalog import status
from pipelines.publish.card import _yaml_text
from pipelines.recipe import Recipe, RecipeError, load
from tests.pipelines import corpus
from tests.pipelines.commands import Gristmill

TITLE, FORUM = "面包: [手册]", "Bäckerforum"


def titled() -> Recipe:
    sources = [{"connector": "python_docs", "name": "forum", "title": FORUM}]
    return Recipe.model_validate({"name": "mill", "title": TITLE, "sources": sources})


def test_card_and_status_show_titles_beside_names(gristmill: Gristmill, tmp_path: Path) -> None:
    records = [corpus.record(f"forum:{n}#a1", f"How do I mend part {n}?", f"Turn it {n} times.") for n in range(9)]
    corpus.write(tmp_path, corpus.recipe(), records)
    dedupe.run(corpus.recipe(), tmp_path)
    curate.run(corpus.recipe(), tmp_path)
    assert status.titles(tmp_path) == {}
    curate.run(titled(), tmp_path)
    assert status.titles(tmp_path) == {"mill": TITLE, "forum": FORUM}
    card = (tmp_path / "5_curated" / "mill" / "latest" / "README.md").read_text()
    assert yaml.safe_load(card.split("---")[1])["pretty_name"] == f"{TITLE} v2"
    assert "# 面包: \\[手册\\] v2\n" in card and f"- `forum`: {FORUM}\n" in card
    shown = gristmill("status", "--data", tmp_path).out
    assert f"mill {TITLE}" in shown and f"forum {FORUM}" in shown


def test_a_title_means_nothing_in_front_matter_either() -> None:
    """Prefect draws a card's front matter as Markdown, and would fetch an image that the title names."""
    title = 'Bread: ![a](http://x.example/a.png) <b>*`"\\*_~#&'
    said = _yaml_text(title)
    assert yaml.safe_load(f"name: {said}") == {"name": title}
    assert not set("![]<>*`_~#&") & set(said)


def test_a_title_is_no_reason_to_collect_again(tmp_path: Path) -> None:
    plain, named = (Markdown(name="docs", folder=tmp_path, title=title) for title in ("", TITLE))
    assert collect._params(plain) == collect._params(named)
    assert collect._with_added_settings(collect._params(plain), named) == collect._params(named)


def test_a_title_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "r.toml").write_text(
        'name = "r"\ntitle = "a\\nb"\n[[sources]]\nconnector = "python_docs"\nname = "docs"\n'
    )
    with pytest.raises(RecipeError, match="title: must be one line"):
        load(tmp_path / "r.toml")
