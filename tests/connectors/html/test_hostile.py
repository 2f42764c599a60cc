"""Pages that are made to break a reader, or are broken in ways that a browser takes in its stride."""

import pytest
from lxml.html import HtmlElement

from connectors.html import linked_data, mathematics, parse, sections, to_markdown
from connectors.html.mathml import to_tex
from connectors.html.page import read_page
from schemas.document import Article, Reject
from schemas.page import Page
from tests.growth import grows_in_line

PROSE = "Pour the grain slowly into the hopper, listen to the stone, and stop as soon as the sound of it changes."


@pytest.mark.parametrize(
    ("markup", "wanted"),
    [
        ("<p>a&#1;\nb</p>", "a b"),
        ("<p>*a*&#x0b; b</p>", "\\*a\\* b"),
        ("<p>a&#xfffe;\nb</p>", "a b"),
        ("<p>a&#xe000;7&#57345;b</p>", "a7b"),  # marks of the converter
        ("<p>a <img class='tex' alt='x&#xe001;'> b</p>", "a $x$ b"),
        ("<pre>a&#1;\nb</pre>", "```\na\nb\n```"),
        ("<p>&amp;&#1;#1; b</p>", "&#1; b"),  # what is left over is no reference
    ],
)
def test_references_to_characters_that_no_text_may_hold_are_gone(markup: str, wanted: str) -> None:
    assert to_markdown(markup) == wanted


def test_a_page_with_such_references_is_read() -> None:
    body = f"<html><head><title>Mill&#1;</title></head><body><h1>Mill&#xe000;9&#xe001;</h1><p>{PROSE}\n&#2;</p></body>"
    (found,) = read_page(Page("s", "k", "https://site.example/a", body.encode()))
    assert isinstance(found, Article) and found.sections[0].markdown == PROSE


@pytest.mark.parametrize(
    ("heading", "name", "line"),
    [
        ("The <math><mi>x</mi></math> case", "The $x$ case", "## The $x$ case"),
        ("Of \\(x_1\\) and [a](https://b.example)", None, "## Of \\(x_1\\) and \\[a\\](https://b.example)"),
        ("Use *args* and <code>*x*</code>", "Use *args* and *x*", "## Use \\*args\\* and `*x*`"),
        ("One<br>two", "One two", "## One two"),
    ],
)
def test_a_heading_says_all_that_it_holds(heading: str, name: str | None, line: str) -> None:
    markup = f"<h2>{heading}</h2><p>text</p>"
    (section,) = sections(parse(f"<div>{markup}</div>"), "title")
    assert section.path == (name or "Of \\(x_1\\) and [a](https://b.example)",)
    assert to_markdown(markup).split("\n")[0] == line


def test_lists_in_a_heading_are_not_too_deep_to_be_read() -> None:
    assert to_markdown(f"<h2>{'<ul>' * 230}deep</h2>") == "## deep"


@pytest.mark.parametrize(
    ("markup", "wanted"),
    [
        ("<dl>zero<dt>one</dt>two<dd>three</dd>four</dl>", "- zero\n\n- one: two\n\n  three\n\n  four"),
        ("<dl><div><dt>one</dt><dd>two</dd>three<p>four</p></div></dl>", "- one: two\n\n  three\n\n  four"),
        ("<dl><dt>a</dt><dd>b</dd><dd>c</dd><dt>d</dt><dd>e</dd></dl>", "- a: b\n\n  c\n\n- d: e"),
        ("<dl><dt>a<dd>b<dd>c<dt>d<dd>e</dl>", "- a: b\n\n  c\n\n- d: e"),
    ],
)
def test_text_straight_in_a_definition_list_is_kept(markup: str, wanted: str) -> None:
    assert to_markdown(markup) == wanted


def test_emphasis_written_out_is_escaped_beside_its_like() -> None:
    assert to_markdown("<p>*a* _b_ _c_ d</p>") == "\\*a\\* \\_b\\_ \\_c\\_ d"


@pytest.mark.parametrize("piece", ["<h2>a</h2>", "<pre>a</pre>", "<p><math><mi>x</mi></math>", "<dl><dt>a<dd>b</dl>"])
def test_time_grows_with_the_page(piece: str) -> None:
    assert grows_in_line(lambda: to_markdown(piece * 1_000), lambda: to_markdown(piece * 8_000))


@pytest.mark.parametrize("piece", ['{"a": 1, /*', "<!--", "/*"])
def test_time_grows_with_broken_descriptions(piece: str) -> None:
    short, long = (
        parse(f"<p>a</p><script type='application/ld+json'>{piece * times}</script>") for times in (5_000, 40_000)
    )
    assert grows_in_line(lambda: linked_data(short), lambda: linked_data(long))


def test_what_is_deeper_than_people_write_is_refused() -> None:
    (found,) = read_page(Page("s", "k", "https://site.example/a", b"<div>" * 5_000 + b"x"))
    assert isinstance(found, Reject) and found.reason == "too_deep"


def test_cells_that_span_all_rows_are_bounded() -> None:
    rows = "<tr><td rowspan=1000 colspan=100>x</td></tr>"
    assert len(to_markdown(f"<table><tr><th>a</th><th>b</th></tr>{rows * 500}</table>")) < 2_000_000
    named = "<tr><td rowspan=3>ab</td><td>1</td></tr><tr><td>2</td></tr><tr><td>3</td></tr>"
    assert to_markdown(f"<table>{named}</table>") == "| ab | 1 |\n| --- | --- |\n| ab | 2 |\n| ab | 3 |"


def test_formulas_within_formulas_are_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    read = list[HtmlElement]()

    def counted(math: HtmlElement) -> str:
        read.append(math)
        return to_tex(math)

    monkeypatch.setattr(mathematics, "to_tex", counted)
    markup = f"<p>{'<span class=katex>' * 100}{'<math><mi>x</mi></math>' * 3}"
    assert to_markdown(markup) == "$x$" and len(read) == 3
