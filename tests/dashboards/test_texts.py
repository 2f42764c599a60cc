"""What strangers wrote, on a page: nothing runs, nothing is fetched, and everything can be read."""

import re

import pytest

from dashboards.differences import MOST, marked
from dashboards.markdown import to_html

ATTACKS = [
    "<script>alert(1)</script>",
    '<img src=x onerror="alert(1)">',
    "[press](javascript:alert(1))",
    "[press](data:text/html;base64,PHNjcmlwdD4=)",
    "![x](javascript:alert(1))",
    '![x" onerror=alert(1)](http://example.org/a.png)',
    '```"><img src=x onerror=alert(1)>\ncode\n```',
    "```html\n<script>alert(1)</script>\n```",
    '<http://example.org/"onmouseover=alert(1)>',
    "| <b>a</b> |\n|---|\n| <svg onload=alert(1)> |",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
]
ALLOWED = {"div", "p", "a", "pre", "code", "span", "table", "thead", "tbody", "tr", "th", "td", "em", "strong"}


@pytest.mark.parametrize("text", ATTACKS)
def test_scraped_text_stays_text(text: str) -> None:
    html = to_html(text)
    tags = {tag.lower() for tag in re.findall(r"<\s*/?\s*([a-zA-Z]+)", html)}
    assert tags <= ALLOWED
    assert not re.search(r"<[^>]*\son\w+\s*=", re.sub(r'"[^"]*"', '""', html))
    assert not re.search(r'(?:href|src)="(?!https?://)', html)


def test_an_image_is_a_link_and_is_not_fetched() -> None:
    html = to_html("![a *cat*](https://example.org/cat.png)")
    assert 'href="https://example.org/cat.png"' in html
    assert "<img" not in html


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_code_is_coloured_and_kept(theme: str) -> None:
    html = to_html('```python\n\n  def f(x): return "<b>"\n```', theme)
    assert "<span" in html
    assert re.sub(r"<[^>]+>", "", html).strip("\n") == '  def f(x): return "&lt;b&gt;"'


def test_differences_are_marked_and_nothing_is_lost() -> None:
    left, right = marked("Use `git mv` <now>.", "Use `git add` <now>.")
    assert "mv`" in re.findall("<mark[^>]*>(.*?)</mark>", left)[0]
    assert re.sub(r"<[^>]+>", "", right) == "Use `git add` &lt;now&gt;."


def test_chinese_is_compared_by_sign() -> None:
    left, _ = marked("删除这个分支", "删除那个分支")
    assert re.findall("<mark[^>]*>(.*?)</mark>", left) == ["这"]


def test_long_texts_are_shown_whole() -> None:
    text = "word " * (MOST + 10)
    left, _ = marked(text, "other")
    assert re.sub(r"<[^>]+>", "", left) == text
