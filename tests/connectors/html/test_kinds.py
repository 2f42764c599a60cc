"""Kinds of markup that a converter loses in silence: each comes out as text, or as a hole."""

import pytest

from connectors import html
from schemas.hole import hole

TABS = {
    "aria": '<ul role="tablist"><li role="tab">One</li><li role="tab">Two</li></ul>'
    '<div><div role="tabpanel"><p>a</p></div><div role="tabpanel" hidden><p>b</p></div></div>',
    "material": '<div class="tabbed-set"><div class="tabbed-labels">'
    '<label for="x">One</label><label for="y">Two</label>'
    '</div><div class="tabbed-content"><div class="tabbed-block"><p>a</p></div><div class="tabbed-block"><p>b</p></div>'
    "</div></div>",
    "onclick": "<div><button class='tablinks' onclick=\"show(event, 'i')\">One</button>"
    "<button class='tablinks' onclick=\"show(event, 'j')\">Two</button></div>"
    '<div id="i" class="tabcontent"><p>a</p></div><div id="j" class="tabcontent" style="display:none"><p>b</p></div>',
    "sphinx": '<div><label class="sd-tab-label">One</label><div class="sd-tab-content"><p>a</p></div>'
    '<label class="sd-tab-label">Two</label><div class="sd-tab-content"><p>b</p></div></div>',
}

CASES = [
    # code without pre
    ('<dl class="codebox"><dt>Code:</dt><dd><code>a<br>&nbsp; b</code></dd></dl>', "```\na\n  b\n```"),
    (
        '<table><tr><td class="blob-num">1</td><td class="blob-code">a:</td></tr>'
        '<tr><td class="blob-num">2</td><td class="blob-code">  b</td></tr></table>',
        "```\na:\n  b\n```",
    ),
    ("<table><tr><td><pre>1\n2</pre></td><td><pre>a\nb</pre></td></tr></table>", "```\na\nb\n```"),
    ("<pre><span>7</span> a\n<span>8</span>  b</pre>", "```\na\n b\n```"),
    ("<pre><span>7</span> a\n<span>9</span>  b</pre>", "```\n7 a\n9  b\n```"),
    ('<pre><span class="line">a</span><span class="line">b</span></pre>', "```\na\nb\n```"),
    ("<p><code>a</code><br><code>b</code></p>", "```\na\nb\n```"),
    ("<p><code>a</code><br>and <code>b</code></p>", "`a`\nand `b`"),
    # lists and tables
    ("<ul><li>a</li><ul><li>b</li></ul><li>c</li></ul>", "- a\n  - b\n- c"),
    ("<dl><dt>T</dt><pre>a</pre></dl>", "- T\n\n  ```\n  a\n  ```"),
    ("<dl><pre>a</pre></dl>", "```\na\n```"),
    (
        "<table><tr><td>K</td><td>V</td></tr><tr><td>x</td><td><p>a</p><ul><li>b</li></ul></td></tr></table>",
        "| K | V |\n| --- | --- |\n| x | a<br>b |",
    ),
    (
        '<table><tr><td rowspan="2">a</td><td>1</td></tr><tr><td>2<br>3</td></tr></table>',
        "| a | 1 |\n| --- | --- |\n| a | 2<br>3 |",
    ),
    # formulas
    (
        "<p>is <mjx-container><mjx-assistive-mml><math><msup><mi>x</mi><mn>2</mn></msup></math></mjx-assistive-mml>"
        "</mjx-container>.</p>",
        "is $x^{2}$.",
    ),
    ('<p>is <mjx-container aria-label="x squared"><svg></svg></mjx-container>.</p>', "is x squared."),
    ("<p>is <mjx-container><svg></svg></mjx-container>.</p>", f"is {hole('formula', 'mjx-container')}."),
    ('<p>is <img alt="\\frac{1}{2}">.</p>', "is $\\frac{1}{2}$."),
    ('<p>is <img src="https://latex.codecogs.com/gif.latex?x^2+y">.</p>', "is $x^2+y$."),
    ("<p>is <math><msqrt><mi>α</mi></msqrt></math>.</p>", "is $\\sqrt{\\alpha}$."),
    ("<p>a \\(x\\_1\\{b\\}\\) b</p>", "a \\(x\\_1\\{b\\}\\) b"),
    # text that looks like Markdown
    ("<p># a</p><p>- b</p><p>*c* and [d](https://e.example/)</p>",
     "\\# a\n\n\\- b\n\n\\*c\\* and \\[d\\](https://e.example/)"),
    ("<p>- a<br>- b</p>", "- a\n- b"),
    ("<p>3 * 4 * 5 and a_b_c</p>", "3 * 4 * 5 and a_b_c"),
    # boxes, embeds and previews
    ('<div class="callout"><h4>Mind</h4><p>hot</p></div>', "**Mind**\n\nhot"),
    ('<p>See <iframe src="https://v.example/1"></iframe></p>', f"See {hole('embed', 'v.example')}"),
    ('<p>a</p><iframe src="https://www.googletagmanager.com/ns"></iframe>', "a"),
    ('<p>a</p><my-chart data="x"></my-chart>', f"a\n\n{hole('embed', 'my-chart')}"),
    ('<p>a</p><copy-button value="x"></copy-button>', "a"),
    (
        '<aside class="onebox"><header><a href="https://o.example/a">o</a></header><article>long</article></aside>',
        "https://o.example/a",
    ),
    ('<ol><li>Note. <a href="#r1">↩︎</a></li></ol>', "1. Note."),
]  # fmt: skip


@pytest.mark.parametrize(("fragment", "expected"), CASES)
def test_kind(fragment: str, expected: str) -> None:
    assert html.to_markdown(fragment) == expected


@pytest.mark.parametrize("kind", TABS)
def test_each_panel_stands_below_its_label(kind: str) -> None:
    assert html.to_markdown(TABS[kind]) == "**One**\n\na\n\n**Two**\n\nb"


def test_an_empty_panel_is_a_hole() -> None:
    found = html.to_markdown(TABS["aria"].replace("<p>b</p>", ""))
    assert found == f"**One**\n\na\n\n**Two**\n\n{hole('tab', 'Two')}"


def test_an_article_keeps_the_lines_that_are_broken() -> None:
    found = html.sections(html.parse("<div><p>a<br>b<br><br>c</p></div>"), "")
    assert [section.markdown for section in found] == ["a  \nb\n\nc"]


def test_a_box_opens_no_section() -> None:
    page = '<div><h2>S</h2><p>a</p><div class="callout"><h4>Mind</h4><p>b</p></div><p>c</p></div>'
    assert [section.path for section in html.sections(html.parse(page), "")] == [("S",)]
