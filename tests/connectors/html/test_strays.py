"""What goes as a stray, and what of a manual stays though it is short and stands apart."""

import pytest

from connectors import html
from connectors.html import strays

PROSE = (
    "<p>The gate is lifted by a hand, and the grain runs only when the wheel has turned ten times, never before.</p>"
)


def text_of(inside: str) -> str:
    page = f"<title>Gates</title><body><div><h1>Gates</h1>{PROSE * 4}{inside}</div></body>"
    content = html.main_content(html.parse(page))
    assert content is not None
    return content.text_content()


@pytest.mark.parametrize(
    "kept",
    [
        "<div><p>Lift it so:</p></div><pre>gate --lift 1</pre>",
        "<div><table><tr><th>Gate</th><th>Wheel</th></tr><tr><td><p>Lift it so</p><td><p>10</p></tr></table></div>",
        "<div><ul><li>Lift it so</li><li>two hands</li></ul></div>",
        "<div class='admonition note'><p class='admonition-title'>Note</p><p>Lift it so</p></div>",
        "<div><dl><dt>gate</dt><dd>Lift it so</dd></dl></div>",
        "<h2>Lift it so</h2><pre>gate --lift 1</pre>",
        "<h2><div><a href='#lift'></a></div><div>Lift it so</div></h2><p>Hands first.</p><pre>gate --lift 1</pre>",
        "<div><p><b>Lift it so</b></p></div><pre>gate --lift 1</pre>",
        "<ul role='tablist'><li role='tab'>Lift it so</li></ul><div role='tabpanel'><p>Or</p><pre>gate</pre></div>",
    ],
)
def test_what_a_manual_says_stays(kept: str) -> None:
    assert "Lift it so" in text_of(kept)


@pytest.mark.parametrize(
    "gone",
    [
        "<div><div><p><b>Lift it so</b></p></div></div>",
        "<div><ul><li><time>Lift it so</time></li></ul></div>",
        "<my-table>Loading… Lift it so</my-table>",
        "<div><div>Was this page helpful? Lift it so</div></div>",
        "<div><h3>Lift it so</h3><p><a href='/a'>The oldest gates of the valley, and their builders</a></p></div>",
    ],
)
def test_what_stands_apart_goes_with_its_heading(gone: str) -> None:
    assert "Lift it so" not in text_of(gone)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("by <math><mfrac><mi>hand</mi><mn>2</mn></mfrac><mo>or</mo><mn>3</mn></math> each", "by hand2or3 each"),
        ("a <g-emoji alias='gate'>🚪</g-emoji> by the <my-term>wheel</my-term> of it", "a 🚪 by the wheel of it"),
        ("on <relative-time>May 1</relative-time>, or <output>10</output> days later", "on May 1, or 10 days later"),
        ("<mjx-container><mjx-math><mjx-mi>x</mjx-mi><mjx-mo>=</mjx-mo></mjx-math></mjx-container>", "x="),
        ("<my-term>wheel</my-term>", "wheel"),
    ],
)
@pytest.mark.parametrize(
    "around", ["<p>%s</p>", "<p>The gate has an end. %s</p>", "<div>The gate has an end. %s</div>"]
)
def test_no_part_of_a_line_is_judged_alone(around: str, line: str, said: str) -> None:
    """Elements of MathML and of a page's own making are parts of a line where words stand around them."""
    assert said in text_of(f"{PROSE}{around % line}{PROSE}")


def test_a_comment_in_an_article_that_a_script_puts_there_is_nothing() -> None:
    said = f"<script type='text/template'><!-- gate --><div><p>Lift it so.</p></div>{PROSE}</script>"
    page = f"<title>Gates</title><body><h1>Gates</h1><div itemprop='articleBody'>{said}</div></body>"
    content = html.main_content(html.parse(page))
    assert content is not None and "grain runs" in html.to_markdown(content)


@pytest.mark.parametrize(
    ("part", "said"),
    [
        ("<div class='synopsis'><b>mill</b>(<i>int</i> <code>$grain</code>): string</div>", "$grain): string"),
        ("<div><div><code>mill<br>grind</code></div></div>", "millgrind"),
        ("<figure><figcaption>Table 1: life</figcaption><table><tr><th>A</th></tr><tr><td>b</td></tr></table></figure>",
         "Table 1: life"),
        ("<p>See also <a href='/g'>gates</a> and how each of them is lifted by hand.</p>", "how each of them"),
    ],
)  # fmt: skip
def test_short_lines_that_say_something_stay(part: str, said: str) -> None:
    assert said in text_of(f"{PROSE}{part}{PROSE}")


@pytest.mark.parametrize("line", ["See also: <a href='/g'>gates</a>", "See also the <a href='/g'>list of gates</a>."])
def test_what_leads_to_other_articles_goes(line: str) -> None:
    assert "gates" not in text_of(f"{PROSE}<p>{line}</p>{PROSE}")


def test_soft_hyphens_go() -> None:
    assert "Mühlenrad" in text_of("<p>Das Müh\u00adlen&shy;rad dreht sich am Morgen zehnmal, ehe das Korn läuft.</p>")


def test_a_sentence_goes_only_where_it_is_surely_a_stray() -> None:
    assert strays._least(frozenset(("prose",))) < strays._least(frozenset(("bold",))) == 0


def test_the_order_of_traits_says_nothing() -> None:
    orders = [sorted(strays._FITTED, key=lambda trait: hash((trait, seed))) for seed in range(20)]
    halves = [sorted(strays._FITTED)[::2], sorted(strays._FITTED, reverse=True)[::2]]
    assert len({strays.score(order) for order in orders}) == 1  # type: ignore[arg-type]
    assert all(strays.score(half) == strays.score(half[::-1]) for half in halves)  # type: ignore[arg-type]
