"""Twins of pages in Markdown: how they are found, and which are plain."""

import pytest

from connectors import html
from connectors.html import twins

LISTING = """# Mill

> Docs of the mill.

- [Start](https://mill.example/docs/start.md): first steps
- [Stones](/docs/stones/index.html.md)
- [Site](https://mill.example/docs/belt)
"""


def test_what_an_llms_txt_lists_is_found_by_the_pages_address() -> None:
    found = twins.listed(LISTING, "https://mill.example/llms.txt")
    assert found == {
        "https://mill.example/docs/start": "https://mill.example/docs/start.md",
        "https://mill.example/docs/stones": "https://mill.example/docs/stones/index.html.md",
    }


@pytest.mark.parametrize(
    "url",
    ["https://a.example/x", "https://a.example/x/", "https://a.example/x.html", "https://a.example/x/index.html",
     "https://a.example/x.md", "https://a.example/x/index.html.md", "https://a.example/x.html#part"],
)  # fmt: skip
def test_a_page_and_its_twin_share_an_address(url: str) -> None:
    assert twins.shared_address(url) == "https://a.example/x"


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("# Start\n\nTurn it.", True),
        ("# Start\n\n```jsx\n<Tabs>{{ x }}</Tabs>\n```\n", True),
        ("Use `<Tabs>` and `{{ x }}`.", True),
        ("# Start\n\n<Tabs>\n<Tab title='a'>Turn</Tab></Tabs>", False),
        ("Version {{ version }}", False),
        ("{% include a.md %}", False),
        ("import X from './x.mdx'\n\n# Start", False),
        (":::note\nTurn\n:::", False),
        ("<!doctype html><html><body>Not found</body></html>", False),
        ("", False),
    ],
)
def test_only_plain_markdown_is_used(text: str, plain: bool) -> None:
    assert twins.is_plain(text) is plain


def test_the_twin_stands_in_the_body_and_the_head_stays() -> None:
    page = html.parse("<html><head><title>Start</title></head><body><nav>Menu</nav><p>Old</p></body></html>")
    note = "> ## Documentation Index\n> Fetch the complete index at: https://mill.example/llms.txt\n\n"
    made = twins.with_markdown(
        page, f"---\ntitle: x\n---\n{note}# Start\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n```sh\nmill\n```"
    )
    text = html.to_markdown(html.main_content(made), "https://mill.example/")
    assert html.metadata(made).title == "Start"
    assert "| 1 | 2 |" in text
    assert "```bash\nmill\n```" in text
    assert "Menu" not in text
    assert "Index" not in text
    assert page.text_content().endswith("Old")
