"""Pages whose outer tags are wrong: all that a browser shows is in the body."""

import pytest

from connectors.html import parse

HEAD = "<head><title>t</title></head>"


@pytest.mark.parametrize(
    "page",
    [
        f"<html>{HEAD}<body><p>one</p><p>two</p></body></html>",
        f"<html />{HEAD}<body><p>one</p><p>two</p></body></html>",
        f'<html lang="en" xml:lang="en" />\n{HEAD}<body><p>one</p><p>two</p></body></html>',
        f"<html>{HEAD}<body /><p>one</p><p>two</p></html>",
        f"<html>{HEAD}<body><p>one</p></body><p>two</p></html>",
        f"<html>{HEAD}<body><p>one</p></body></html><p>two</p>",
        f"<html>{HEAD}<body><p>one</p></body></html>{HEAD}<body><p>two</p></body></html>",
        f"<html>{HEAD}<body><p>one</p></body></html><html>{HEAD}<body><p>two</p></body></html>",
        f"<html /><html>{HEAD}<body><p>one</p></body></html><html><p>two</p></html>",
        "<p>one</p></html><p>two</p>",
    ],
)
def test_nothing_is_lost_behind_an_early_end(page: str) -> None:
    root = parse(page)
    assert [child.tag for child in root if child.tag != "head"] == ["body"]
    assert [each.text for each in root.find("body").iter("p")] == ["one", "two"]
    assert " ".join(root.find("body").itertext()).split() == ["one", "two"]


@pytest.mark.parametrize("page", ["<p>one</p></html> two", "one</html> two", "<html><body>one</body> two</html>"])
def test_text_behind_an_early_end_stays(page: str) -> None:
    assert "".join(parse(page).itertext()).replace(" ", "") == "onetwo"
