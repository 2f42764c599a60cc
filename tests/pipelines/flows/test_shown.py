"""The card as a run's page shows it."""

from pathlib import Path

import pytest

from pipelines.flows import shown
from pipelines.flows.steps import Outcome
from pipelines.recipe import Recipe

Milled = tuple[Recipe, Path, list[Outcome]]


def test_a_card_has_no_front_matter_its_pictures_and_no_wide_table(milled: Milled) -> None:
    recipe, data, _ = milled
    folder = shown.snapshot(recipe, data)
    card = shown.card(folder)
    assert card.startswith(f"# {recipe.name} v1")
    assert "](data:image/svg+xml;base64," in card and "](signals" not in card
    assert max(len(line) for line in card.splitlines() if line.startswith("|")) <= shown.WIDEST
    rules = [line.split("`")[1] for line in (folder / "README.md").read_text().splitlines() if line.startswith("| `")]
    assert rules and all(f"`{rule}`" in card for rule in rules)


@pytest.mark.parametrize("cell", [r"`a \| b`", "plain"])
def test_a_wide_table_is_a_list_with_every_cell(tmp_path: Path, cell: str) -> None:
    wide = "x" * shown.WIDEST
    (tmp_path / "README.md").write_text(
        f"before\n\n| rule | n | why |\n| --- | --- | --- |\n| {cell} | 2 | {wide} |\n\nafter\n"
    )
    assert shown.card(tmp_path).split("\n") == [
        "before", "", f"- **{cell}**, n: 2", f"    - why: {wide}", "", "", "after", "", "",
    ]  # fmt: skip


def test_the_next_steps_lead_to_the_recipe(milled: Milled) -> None:
    recipe, data, _ = milled
    text = shown.where_next(recipe, "http://mill.example", "http://prefect.example", data, True)
    assert f"(http://mill.example/records?recipe={recipe.name})" in text
    assert f"`gristmill status --data {data}`" in text
    assert "In the dashboard" not in shown.where_next(recipe, "", "", data, False)
