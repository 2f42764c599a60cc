"""Numbers that a page writes itself go where HTML or a listing counts, and only there."""

import pytest

from connectors import html


@pytest.mark.parametrize("numbers", ["<ul><li>1</li><li>2</li></ul>", "<ol><li>1.</li><li> 2. </li></ol>"])
def test_numbers_beside_lines_of_code_go(numbers: str) -> None:
    assert html.to_markdown(f"<pre>a\nb</pre>{numbers}<p>So it is.</p>") == "```\na\nb\n```\n\nSo it is."


def test_the_number_of_an_item_is_not_said_twice() -> None:
    items = "".join(f"<li><div>{at}</div><div><p>Open {at}.</p></div></li>" for at in (3, 4))
    assert html.to_markdown(f"<ol start='3'>{items}</ol>").split() == ["3.", "Open", "3.", "4.", "Open", "4."]


@pytest.mark.parametrize(
    "said",
    [
        "<ul><li>2</li> <li>1</li></ul>",
        "<ul><li>1</li></ul>",
        "<ul><li>1</li> <li>2</li></ul>",
        "<pre>for i in range(3): print(i)</pre> <ul><li>1</li> <li>2</li> <li>3</li></ul>",
        "<ol><li><b>1</b> cup of flour</li><li><b>2</b> eggs</li></ol>",
        "<ol><li><p>7</p><p>is a prime.</p></li></ol>",
    ],
)
def test_other_numbers_stay(said: str) -> None:
    numbers = [word for word in html.parse(f"<div>{said}</div>").text_content().split() if word.isdigit()]
    text = html.to_markdown(said)
    assert all(number in text.replace("1. ", "").replace("2. ", "") for number in numbers), text


@pytest.mark.parametrize("start", ["", "x", "²", "1e9", "99999999999999999999", "-2", " 3 "])
def test_a_list_may_start_anywhere(start: str) -> None:
    assert "Open it" in html.to_markdown(f"<ol start='{start}'><li><div>7</div><p>Open it.</p></li></ol>")


def test_a_list_whose_items_begin_with_headings_is_a_frame_of_sections() -> None:
    items = "<li><h4>grind</h4><p>Grinds it.</p></li><li><div><h4>sift</h4></div><p>Sifts it.</p></li>"
    assert html.to_markdown(f"<ul>{items}</ul>") == "#### grind\n\nGrinds it.\n\n#### sift\n\nSifts it."
    assert "- **grind**" in html.to_markdown(f"<ul>{items}<li>Bake it.</li></ul>")
    assert "1. **grind**" in html.to_markdown(f"<ol>{items}</ol>")
    assert "- **grind**" in html.to_markdown("<ul><li><h4>grind</h4></li></ul>")
