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
    "bootstrap": '<ul class="nav nav-tabs"><li><a href="#w">One</a></li><li><a href="#l">Two</a></li></ul>'
    '<div class="tab-content"><div class="tab-pane active" id="w"><p>a</p></div><div class="tab-pane" id="l"><p>b</p>'
    "</div></div>",
    "radio": '<div class="tabbed-set"><input type="radio"><label for="__tabbed_1_1">One</label>'
    '<div class="tabbed-content"><p>a</p></div><input type="radio"><label for="__tabbed_1_2">Two</label>'
    '<div class="tabbed-content"><p>b</p></div></div>',
    "vitepress": '<div class="vp-code-group"><div class="tabs"><label for="t1">One</label><label for="t2">Two</label>'
    '</div><div class="blocks"><div class="language-sh active"><p>a</p></div><div class="language-sh"><p>b</p></div>'
    "</div></div>",
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
    (
        '<blockquote><table><tr><td class="blob-num js-line-number" data-line-number="1"></td>'
        '<td class="blob-code blob-code-inner js-file-line">a:</td></tr><tr><td class="blob-num" data-line-number="2">'
        '</td><td class="blob-code">  b</td></tr></table></blockquote>',
        "> ```\n> a:\n>   b\n> ```",
    ),
    (
        '<div class="code-view"><table><tr><td class="lines-num"><span data-line-number="1"></span></td><td'
        ' class="lines-code"><code class="code-inner">a:</code></td></tr><tr><td class="lines-num"></td>'
        '<td class="lines-code"><code class="code-inner">  b</code></td></tr></table></div>',
        "```\na:\n  b\n```",
    ),
    (
        '<div><div class="line-numbers"><a>1</a><a>2</a></div><pre class="code"><span class="line">a:</span>\n'
        '<span class="line">  b</span></pre></div>',
        "```\na:\n  b\n```",
    ),
    ('<div class="line-numbers">12 steps</div><pre>a</pre>', "12 steps\n\n```\na\n```"),
    (
        '<ul><li>Do:<div class="syntaxhighlighter  python"><table><tr><td class="gutter"><div class="line">1</div></td>'
        '<td class="code"><div class="container"><div class="line"><code>a = 1</code></div><div class="line">'
        "<code>&nbsp;&nbsp;b</code></div></div></td></tr></table></div></li></ul>",
        "- Do:\n\n  ```python\n  a = 1\n    b\n  ```",
    ),
    (
        '<div class="dp-highlighter"><ol class="dp-c"><li><span>a</span></li><li><span>&nbsp; b</span></li></ol></div>',
        "```\na\n  b\n```",
    ),
    (
        '<div class="crayon-syntax"><table><tr><td class="crayon-nums"><div class="crayon-num">1</div></td><td>'
        '<div class="crayon-line">a</div><div class="crayon-line crayon-striped-line">&nbsp; b</div></td></tr></table>'
        "</div>",
        "```\na\n  b\n```",
    ),
    (
        '<div class="urvanov-syntax-highlighter-syntax"><div class="urvanov-syntax-highlighter-num">1</div>'
        '<div class="urvanov-syntax-highlighter-line">a</div><div class="urvanov-syntax-highlighter-line">&nbsp; b'
        "</div></div>",
        "```\na\n  b\n```",
    ),
    (
        '<div class="enlighter-default"><div class="enlighter-code"><div><div><span>a</span></div><div><span>b</span>'
        '</div></div></div><pre class="enlighter-raw">a\n  b</pre></div>',
        "```\na\n  b\n```",
    ),
    ('<div class="blockcode"><ol><li>a<br></li><li>&nbsp; b</li></ol><em>Copy</em></div>', "```\na\n  b\n```"),
    (
        '<blockquote><div><dl class="codebox"><dt>Code: <a href="#">Select all</a></dt><dd><code>a<br>&nbsp; b</code>'
        "</dd></dl></div></blockquote>",
        "> ```\n> a\n>   b\n> ```",
    ),
    ("<pre><span>7</span> a\n<span>8</span>  b</pre>", "```\na\n b\n```"),
    ("<pre><span>7</span> a\n<span>9</span>  b</pre>", "```\n7 a\n9  b\n```"),
    ('<pre><span class="line">a</span><span class="line">b</span></pre>', "```\na\nb\n```"),
    ("<p><code>a</code><br><code>b</code></p>", "```\na\nb\n```"),
    ("<p><code>a</code><br>and <code>b</code></p>", "`a`\nand `b`"),
    # lists and tables
    ("<ul><li>a</li><ul><li>b</li></ul><li>c</li></ul>", "- a\n  - b\n- c"),
    ("<ol><li>a</li><ol><li>b</li></ol><ul><li>c</li></ul></ol>", "1. a\n   1. b\n   - c"),
    ("<blockquote><ul><li>a</li><ul><li>b</li></ul></ul></blockquote>", "> - a\n>   - b"),
    (
        "<table><tr><th>K</th><th>V</th></tr><tr><td>x</td><td>a<br>b<br/>c</td></tr></table>",
        "| K | V |\n| --- | --- |\n| x | a<br>b<br>c |",
    ),
    (
        "<blockquote><table><tr><th>K</th><th>V</th></tr><tr><td>x</td><td><p>a</p><p>b</p></td></tr></table>"
        "</blockquote>",
        "> | K | V |\n> | --- | --- |\n> | x | a<br>b |",
    ),
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
    (
        '<ul><li>is <mjx-container display="true"><mjx-assistive-mml><math><mi>x</mi></math></mjx-assistive-mml>'
        "</mjx-container></li></ul>",
        "- is\n\n  $$\n  x\n  $$",
    ),
    ('<p>is <mjx-container data-latex="x^2"><svg></svg></mjx-container>.</p>', "is $x^2$."),
    ('<ul><li>is <img class="tex" alt="\\alpha_1">.</li></ul>', "- is $\\alpha_1$."),
    ('<p>is <img class="latex" alt="$x^2$">.</p>', "is $x^2$."),
    ('<p>is <img src="https://s0.wp.com/latex.php?latex=x%5E2&bg=fff" class="latex">.</p>', "is $x^2$."),
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
    # small print and the numbers of notes
    (
        '<p><sup>Sources: <a href="https://e.example/a">Film</a>, <a href="https://e.example/b">Book</a></sup></p>',
        "Sources: [Film](https://e.example/a), [Book](https://e.example/b)",
    ),
    (
        "<p><sub>This goes on where the other question about <code>mill</code> ends.</sub></p>",
        "This goes on where the other question about `mill` ends.",
    ),
    ('<p>So<sup><a href="#n1">1</a></sup> it<sup><a href="#n2">[note 2]</a></sup> is<sup>[3]</sup>.</p>', "So it is."),
    ('<p>x<sup>2</sup> and y<sub>i</sub><sup>[<i>citation needed</i>]</sup></p>', "x² and y_i"),
    # boxes, embeds and previews
    ('<div class="callout"><h4>Mind</h4><p>hot</p></div>', "**Mind**\n\nhot"),
    ('<p>See <iframe src="https://v.example/1"></iframe></p>', f"See {hole('embed', 'v.example')}"),
    ('<p>a</p><iframe src="https://www.googletagmanager.com/ns"></iframe>', "a"),
    ('<p>a</p><my-chart data="x"></my-chart>', f"a\n\n{hole('embed', 'my-chart')}"),
    ('<p>a</p><copy-button value="x"></copy-button>', "a"),
    ('<div class="admonition"><p class="admonition-title">Mind</p><p>hot</p></div>', "**Mind**\n\nhot"),
    ('<div class="tip custom-block"><p>a</p><p class="custom-block-title">b</p></div>', "a\n\nb"),
    ('<div class="note"><p class="title">hot</p></div>', "hot"),
    ('<div class="note"><div class="title"><p>a</p><ul><li>b</li></ul></div><p>hot</p></div>', "a\n\n- b\n\nhot"),
    ('<div class="callout"><div class="callout-title"><i></i><div class="inner">Mind</div></div><p>hot</p></div>',
     "**Mind**\n\nhot"),
    # code as programs write it
    ('<pre><code language="bash">a</code></pre>', "```bash\na\n```"),
    ('<div class="highlight hl-ipython3"><pre>a</pre></div>', "```python\na\n```"),
    ('<div class="jp-InputPrompt">In [1]:</div><pre>a</pre><div class="prompt">Out[12]:</div><p>In [1]: b</p>',
     "```\na\n```\n\nIn [1]: b"),
    ('<pre><code><span class="line">{</span>\n<span class="line diff remove"><i>a</i></span>\n'
     '<span class="line diff add">b</span>\n<span class="line">}</span></code></pre>', "```diff\n {\n-a\n+b\n }\n```"),
    ('<pre><span class="line">a</span>\n<span class="line highlight ins">b</span></pre>', "```\na\nb\n```"),
    ('<div class="language-js"><pre>a\nb</pre><div class="line-numbers-wrapper"><i>1</i><br><i>2</i><br></div></div>',
     "```javascript\na\nb\n```"),
    ('<p>a</p><textarea class="code">b\nc</textarea>', "a\n\n```\nb\nc\n```"),
    ("<form><p>a</p><textarea>b\nc</textarea></form>", "a"),
    ("<p>a</p><textarea>b</textarea>", "a"),
    ("<p>a</p><textarea>b\nc</textarea>", "a\n\n```\nb\nc\n```"),
    ("<p>a</p><textarea>\n<div>b</div>\n<p>c</p></textarea>", "a"),
    ('<p>a</p><div style="display: none"><textarea>b\nc</textarea></div>', "a"),
    ('<div style="white-space: pre-wrap; font-family: monospace">a\n  b</div>', "```\na\n  b\n```"),
    ('<dl class="code"><dt><a href="?f">a.sh</a></dt><dd><pre class="code bash">ls</pre></dd></dl>',
     "a.sh\n\n```bash\nls\n```"),
    # a table of one row that is a line
    ("<table><tr><td>int f</td><td>(</td><td>int&nbsp;</td><td><i>n</i></td><td>)</td></tr></table>",
     "int f ( int *n* )"),
    ("<table><tr><td><p>a</p></td><td>b</td><td>c</td></tr></table>", "a\n\nb\n\nc"),
    ("<table><tr><th>A</th></tr><tr><td>b<br><br></td></tr></table>", "| A |\n| --- |\n| b |"),
    ('<h2>A <a href="#page">top</a></h2><p>b<a href="#more">More...</a> <a href="/t">top</a></p>', "## A\n\nb top"),
    ('<ul><li><span class="sr-only">▢ </span>500 g</li></ul>', "- 500 g"),
    (
        '<aside class="onebox"><header><a href="https://o.example/a">o</a></header><article>long</article></aside>',
        "https://o.example/a",
    ),
    (
        '<blockquote><aside class="onebox"><header><a href="https://o.example/a">o</a></header></aside></blockquote>',
        "> https://o.example/a",
    ),
    ('<div class="bbCodeBlock--unfurl" data-url="https://o.example/a"><h3>T</h3><div>long</div></div>',
     "https://o.example/a"),
    ('<p>a</p><figure class="kg-bookmark-card"><a href="https://o.example/a"><div>long</div></a></figure>',
     "a\n\nhttps://o.example/a"),
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
