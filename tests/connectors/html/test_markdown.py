"""Fragments of HTML and the Markdown that a person would have written."""

# ruff: noqa: E501

import pytest

from connectors import html
from connectors.html import to_markdown

PAGE = "https://site.example/guide/page.html"

CASES = [
    ("<p>snake_case and 2 * 3 * 4</p>", "snake_case and 2 * 3 * 4"),
    ("<p>1. not a list</p>", "1\\. not a list"),
    ("<p>one\n   line</p>", "one line"),
    ("<p>中文的\n换行</p>", "中文的换行"),
    ("<p>中文<b>粗体</b>中文</p>", "中文**粗体**中文"),
    ("<p>use <code>a_b()</code> or <kbd>Ctrl</kbd></p>", "use `a_b()` or `Ctrl`"),
    ('<p><a href="next.html">next</a></p>', "[next](https://site.example/guide/next.html)"),
    ('<p><a href="#part">part</a> <a href="page.html#x">x</a></p>', "part x"),
    ('<p><a href="javascript:go()">go</a></p>', "go"),
    ('<h2>Title<a class="headerlink" href="#t">¶</a></h2>', "## Title"),
    ('<h2 id="t"><a href="#t">Title</a></h2>', "## Title"),
    ("<p>H<sub>2</sub>O, x<sup>2</sup>, 4<sup>th</sup>, e<sup>n</sup></p>", "H₂O, x², 4th, e^n"),
    ('<p>known<sup><a href="#n1">1</a></sup> fact</p>', "known fact"),
    ('<p>press <img alt="Save" src="s.png"> now</p>', "press Save now"),
    ('<p><img alt="A photograph" src="p.jpg"></p>', ""),
    ("<blockquote><p>said</p></blockquote>", "> said"),
    ("<p>a</p><blockquote>b</blockquote><blockquote>c</blockquote>", "a\n\n> b\n\n> c"),
    ("<ul><li>a<blockquote>b<blockquote>c</blockquote></blockquote></li></ul>", "- a\n\n  > b\n  >\n  > > c"),
    ("<ul><li>a<ul><li>b</li></ul></li></ul>", "- a\n  - b"),
    ("<dl><dt>-v</dt><dt>--verbose</dt><dd>Say more.</dd></dl>", "- `-v`, `--verbose`: Say more."),
    (
        "<table><tr><th>a</th><th>b</th></tr><tr><td>1</td><td>2</td></tr></table>",
        "| a | b |\n| --- | --- |\n| 1 | 2 |",
    ),
    (
        "<table><thead><tr><th>a</th><th>b</th></tr></thead><tbody><tr><td>1</td><td><ul><li><p>2</p></li><li>3</li></ul></td></tr></tbody></table>",
        "| a | b |\n| --- | --- |\n| 1 | 2<br>3 |",
    ),
    (
        "<table><thead><tr><th>a</th><th>b</th></tr></thead><tbody><tr><td>1</td><td><p>2</p>\n<p>3</p></td></tr></tbody></table>",
        "| a | b |\n| --- | --- |\n| 1 | 2<br>3 |",
    ),
    (
        '<div class="caution"><table summary="Caution"><tr><td rowspan="2"><img alt="[Caution]" src="c.png"></td><th>Caution</th></tr><tr><td><p>Hot.</p><p>Wet.</p></td></tr></table></div>',
        "**Caution**\n\nHot.\n\nWet.",
    ),
    ("<table><tr><td><p>only a frame</p></td></tr></table>", "only a frame"),
    (
        '<h2 class="accordion-header"><button aria-controls="a">Why?</button></h2><div id="a">So.</div>',
        "## Why?\n\nSo.",
    ),
    ("<button><h3>Show me the solution</h3></button><p>So.</p>", "### Show me the solution\n\nSo."),
    ("<h2>Why <button>Copy link</button></h2>", "## Why"),
    ("<p>Pages 1&amp;ndash;3, A&amp;amp;B, caf&amp;eacute;, don&amp;#39;t</p>", "Pages 1–3, A&B, café, don't"),
    ("<h2>Pages 1&amp;ndash;3</h2>", "## Pages 1–3"),
    ("<p>An HTML entity such as &amp;ndash; is a dash.</p>", "An HTML entity such as &ndash; is a dash."),
    ("<p>Write <code>&amp;ndash;</code> or <b>&amp;ndash;</b></p>", "Write `&ndash;` or **&ndash;**"),
    ("<p>Is 1 &amp;lt; 2 &amp;#57344; or 3</p>", "Is 1 &lt; 2 &#57344; or 3"),
    ('<p>See [<a href="https://x.example"><i class="icon"></i></a>] the end.</p>', "See the end."),
    ('<p>See (<span><a href="https://x.example"><img src="i.png"></a></span>) the end.</p>', "See the end."),
    ('<p>看「<img src="i.png">」图（<a href="/a">这里</a>）</p>', "看图（[这里](https://site.example/a)）"),
    ('<p>one<span><img src="i.png">&nbsp;</span>two</p>', "one two"),
    ("<p>Call f() and g(<b>x</b>)</p>", "Call f() and g(**x**)"),
    ('<p>a</p><table><tr><td><img src="a.png"></td><td><a href="/b"><img src="b.png"></a></td></tr></table>', "a"),
    (
        '<table><tr><th>Before</th><th>After</th></tr><tr><td><img src="a.png"></td><td><img src="b.png"></td></tr></table><p>a</p>',
        "a",
    ),
    (
        '<table><tr><th>a</th><th>b</th></tr><tr><td><img src="a.png"></td><td></td></tr><tr><td>1</td><td>2</td></tr></table>',
        "| a | b |\n| --- | --- |\n| 1 | 2 |",
    ),
    ("<table><tr><th>a</th><th>b</th></tr></table>", "| a | b |\n| --- | --- |"),
    ('<dl><dt><img src="a.png"></dt><dd><img src="b.png"></dd><dt>c</dt><dd>d</dd></dl>', "- c: d"),
    ("<p>x</p><script>alert(1)</script><style>p {}</style><button>Copy</button>", "x"),
    ('<p>so <script type="math/tex">a_1 \\cdot b</script></p>', "so $a_1 \\cdot b$"),
    ('<div class="math">\\[ x^2 \\]</div>', "$$\nx^2\n$$"),
    ('<p>so <span class="math">\\(x_1\\)</span> it is</p>', "so $x_1$ it is"),
]


@pytest.mark.parametrize(("fragment", "expected"), CASES)
def test_fragment(fragment: str, expected: str) -> None:
    assert to_markdown(fragment, PAGE) == expected


SPANS = '<span class="k">def</span> <span class="nf">f</span>():\n    <span class="k">return</span> 1\n\n\nx = 2\n'
LINES = "def f():\n    return 1\n\n\nx = 2"

HIGHLIGHTERS = [
    ("plain", "<pre>def f():\n    return 1\n\n\nx = 2</pre>", ""),
    (
        "sphinx",
        f'<div class="highlight-python3 notranslate"><div class="highlight"><pre><span></span>{SPANS}</pre></div></div>',
        "python",
    ),
    (
        "sphinx default",
        f'<div class="highlight-default notranslate"><div class="highlight"><pre>{SPANS}</pre></div></div>',
        "",
    ),
    ("hljs", f'<pre><code class="hljs language-python">{SPANS}</code></pre>', "python"),
    (
        "prism",
        f'<pre class="language-python line-numbers"><code class="language-python">{SPANS}<span class="line-numbers-rows"><span></span></span></code></pre>',
        "python",
    ),
    (
        "rouge",
        f'<div class="language-python highlighter-rouge"><div class="highlight"><pre class="highlight"><code>{SPANS}</code></pre></div></div>',
        "python",
    ),
    ("github", f'<div class="highlight highlight-source-python"><pre>{SPANS}</pre></div>', "python"),
    ("mediawiki", f'<div class="mw-highlight mw-highlight-lang-python"><pre>{SPANS}</pre></div>', "python"),
    ("pandoc", f'<div class="sourceCode"><pre class="sourceCode python"><code>{SPANS}</code></pre></div>', "python"),
    ("syntaxhighlighter", "<pre class='brush: python; gutter: true'>def f():\n    return 1\n\n\nx = 2</pre>", "python"),
    (
        "asciidoctor",
        f'<pre class="highlight"><code class="language-python" data-lang="python">{SPANS}</code></pre>',
        "python",
    ),
    (
        "line numbers in a table",
        '<table class="highlighttable"><tr><td class="linenos"><div><pre>1\n2\n3</pre></div></td><td class="code">'
        f'<div class="highlight"><pre>{SPANS}</pre></div></td></tr></table>',
        "",
    ),
    (
        "one element per line",
        '<pre><code class="language-python"><div class="line">def f():</div><div class="line">    return 1</div>'
        '<div class="line"><br></div><div class="line"><br></div><div class="line">x = 2</div></code></pre>',
        "python",
    ),
    ("breaks", "<pre>def f():<br>    return 1<br><br><br>x = 2</pre>", ""),
    ("docutils without a language", f'<pre class="code literal-block">{SPANS}</pre>', ""),
    ("words that are none", f'<pre class="code code-block"><code class="lang-plain-text">{SPANS}</code></pre>', ""),
    ("github without a language", f'<div class="highlight highlight-text"><pre>{SPANS}</pre></div>', ""),
    ("a name in two parts", f'<pre class="src src-emacs-lisp">{SPANS}</pre>', "emacs-lisp"),
]


@pytest.mark.parametrize(("name", "fragment", "language"), HIGHLIGHTERS, ids=[case[0] for case in HIGHLIGHTERS])
def test_code_keeps_its_lines_and_its_language(name: str, fragment: str, language: str) -> None:
    assert to_markdown(f"<p>so</p>{fragment}<p>end</p>") == f"so\n\n```{language}\n{LINES}\n```\n\nend"


def test_code_in_a_list_is_indented_with_it() -> None:
    assert to_markdown("<ul><li>do<pre>a\n  b</pre></li></ul>") == "- do\n\n  ```\n  a\n    b\n  ```"


def test_a_fence_is_longer_than_those_inside() -> None:
    assert to_markdown("<pre>```\nx\n```</pre>") == "````\n```\nx\n```\n````"


def test_private_characters_of_a_page_are_no_marks() -> None:
    assert to_markdown("<p>a\ue0000\ue001b</p>") == "a0b"


def test_blank_lines_of_a_quote_are_one_and_those_of_code_are_kept() -> None:
    quote = "<blockquote>\n <p>One.</p>\n \n <p>Two.</p>\n <pre>a\n\n\nb</pre></blockquote>"
    assert to_markdown(quote) == "> One.\n>\n> Two.\n>\n> ```\n> a\n>\n>\n> b\n> ```"


def test_words_of_a_heading_keep_their_order() -> None:
    heading = (
        "<h2><a id='x'></a>What is <span><em>unknown</em></span>, <span><code>dir()</code></span> and <b>hold</b>?</h2>"
    )
    assert to_markdown(heading + "<p>Text.</p>") == "## What is unknown, `dir()` and hold?\n\nText."


@pytest.mark.parametrize(
    ("fragment", "expected"),
    [
        ("<p>Fill it in, then press <button>Save</button> to keep it.</p>", "Fill it in, then press Save to keep it."),
        ("<p>请点击<button>保存</button>按钮。</p>", "请点击保存按钮。"),
        ("<p>Open <b>File</b> <button>Print <i></i></button>, then wait.</p>", "Open **File** Print, then wait."),
        ("<button>Copy</button><p>Take it. <button>Copy</button></p><p><button>A</button> <button>B</button></p>",
         "Take it."),
        ("<p>Was this of use? <button>Yes</button> <button>No</button></p>", "Was this of use?"),
    ],
)  # fmt: skip
def test_a_button_in_a_sentence_is_a_word(fragment: str, expected: str) -> None:
    assert to_markdown(fragment) == expected
    content = html.main_content(html.parse(f"<article><p>{'Words of an article. ' * 20}</p>{fragment}</article>"))
    assert content is not None
    words = content.text_content()
    assert ("Save" in words or "保存" in words or "Print" in words) == (
        "Copy" not in fragment and "Yes" not in fragment
    )
