"""Pages as generators of manuals write them: docutils and Sphinx, Asciidoctor, DocBook, mandoc, Doxygen, pdoc."""

import tomllib
from pathlib import Path

import pytest

from connectors.html import parse, to_markdown
from connectors.html.manuals import frame, is_manual
from connectors.html.page import read_page
from schemas.document import Article
from schemas.page import Page

PARTS = tomllib.loads(Path(__file__).with_name("manuals.toml").read_text(encoding="utf-8"))
PROSE = "A hand mill turns grain into flour without a motor, and this page says how to set it up before you begin."
SIGN = '<a class="headerlink" href="#{0}" title="Link to this heading">#</a>'


def article(body: str, head: str = "<title>Grinding by hand</title>") -> Article:
    page = f"<html><head>{head}</head><body>{body}</body></html>"
    (found,) = read_page(Page("s", "k", "https://manual.example/grinding.html", page.encode()))
    assert isinstance(found, Article), found
    return found


def text(body: str, head: str = "<title>Grinding by hand</title>") -> str:
    return "\n".join(section.markdown for section in article(body, head).sections)


@pytest.mark.parametrize("name", PARTS)
def test_parts_of_manuals_are_what_they_are(name: str) -> None:
    markup, wanted = PARTS[name]["markup"], PARTS[name]["wanted"]
    assert to_markdown(f"<div>{markup}</div>").strip() == wanted.replace("  \n", "\n")
    assert wanted in text(
        f'<main><h1 id="g">Grinding by hand{SIGN.format("g")}</h1><p>{PROSE}</p>{markup}<p>{PROSE}</p></main>'
    )


@pytest.mark.parametrize(
    "markup",
    [
        '<aside class="topic"><p class="topic-title">A topic</p><p>Beside the road.</p></aside>',
        '<aside class="sidebar"><p class="sidebar-title">A topic</p><p>Beside the road.</p></aside>',
        '<div class="sidebarblock"><div class="content"><div class="title">A topic</div><p>Beside the road.</p></div>'
        "</div>",
        '<div class="sidebar"><div class="titlepage"></div><p class="title"><b>A topic</b></p><p>Beside the road.</p>'
        "</div>",
    ],
)
def test_a_box_beside_the_text_is_of_it(markup: str) -> None:
    said = text(f'<div class="body"><h1>Grinding by hand</h1><p>{PROSE}</p>{markup}<p>{PROSE}</p></div>')
    assert "**A topic**" in said and "Beside the road." in said


LINES = "<p>Short.</p><div>a line</div><dl class='Bl-tag'><dt>-v</dt><dd>say more</dd></dl>"


@pytest.mark.parametrize(
    ("head", "sign"),
    [
        ("", '<a class="headerlink" href="#{0}">¶</a>'),
        ("", '<a class="header-anchor" href="#{0}">\u200b</a>'),
        ('<meta name="generator" content="Asciidoctor 2.0.18">', ""),
        ('<meta content="Docutils 0.19: https://docutils.example/" name="Generator">', ""),
        ('<meta name="generator" content="makeinfo, GNU texinfo 6.8">', ""),
    ],
)
def test_nothing_short_is_lost_in_a_manual(head: str, sign: str) -> None:
    title = f'<h1 id="top">Grinding by hand{sign.format("top")}</h1>'
    parts = f'<h2 id="o">Options</h2>{LINES}<p>{PROSE}</p><h2>Last</h2><p>flour(1)</p>'
    body = f'<div class="text">{title}<p>mill - grind grain</p>{parts}</div>'
    assert is_manual(parse(f"<html><head>{head}</head><body>{body}</body></html>"))
    said = text(body, f"<title>Grinding by hand</title>{head}")
    assert all(each in said for each in ("mill - grind grain", "Short.", "a line", "say more", "flour(1)")), said


def test_a_heading_that_leads_elsewhere_makes_no_manual() -> None:
    news = '<h2 id="a"><a href="https://news.example/a">A mill burns</a></h2><h2 id="b"><a href="#c">¶</a>Other</h2>'
    assert not is_manual(parse(f"<html><body>{news}</body></html>"))


def test_the_frame_holds_all_headings_that_lead_to_themselves() -> None:
    parts = "".join(
        f'<div class="item"><h2 id="{name}"><a href="#{name}">#</a>{name}</h2><p>{PROSE}</p></div>' for name in "ab"
    )
    found = frame(parse(f"<html><body><nav>x</nav><div id='text'>{parts}</div></body></html>"))
    assert found is not None and found.get("id") == "text"
    assert [section.path for section in article(f"<nav>x</nav><div>{parts}</div>").sections] == [("a",), ("b",)]


def test_members_of_a_module_are_sections() -> None:
    members = (
        '<section id="grind"><input class="view-source-toggle-state" type="checkbox"><div class="attr function">'
        '<span class="def">def</span> <span class="name">grind</span>(grain):'
        '<label class="view-source-button"><span>View Source</span></label></div><a class="headerlink" href="#grind">'
        "</a>"
        '<div class="pdoc-code codehilite"><pre>def grind(grain): ...</pre></div>'
        f'<div class="docstring"><p>{PROSE}</p></div></section>'
    )
    module = f'<section class="module-info"><h1 class="modulename">mill</h1><p>{PROSE}</p></section>'
    found = article(
        f'<main class="pdoc">{module}{members}</main>',
        '<title>mill API</title><meta name="generator" content="pdoc 15.0.1"/>',
    )
    assert [(section.path, section.markdown) for section in found.sections][-1] == (("def grind(grain):",), PROSE)


@pytest.mark.parametrize(
    ("body", "title", "wanted"),
    [
        ('<h1><a href="index.html">Mill Guide</a></h1><h1>Grinding</h1>', "Grinding — Mill Guide", "Grinding"),
        (
            '<h1><a href="./">Mill blog</a></h1><h2><a href="./grinding.html">Grinding</a></h2>',
            "Mill blog - Grinding",
            "Grinding",
        ),
        ('<h1 id="a">Grinding<a href="#a">#</a></h1>', "Grinding", "Grinding"),
        ('<h1 id="a">Grinding in C# <a href="#a">\u200b</a></h1>', "Grinding in C#", "Grinding in C#"),
        ('<header><a href="/">Mill board</a></header><h3>Which flour?</h3>', "Mill board", "Which flour?"),
        ('<div class="navbar-brand">Mill board</div><h1>Which flour?</h1>', "Mill board", "Which flour?"),
        ('<h1><a href="/qa/">Mill board</a> open</h1><h3>Which flour?</h3>', "Mill board", "Which flour?"),
        ("<h1>Which flour?</h1>", "-", "Which flour?"),
        (
            '<aside class="sidebar"><h3>All tags</h3></aside><a href="/">Mill board</a><h2>Which flour?</h2>',
            "Mill board",
            "Which flour?",
        ),
    ],
)
def test_a_title_is_the_pages_own(body: str, title: str, wanted: str) -> None:
    assert article(f"{body}<p>{PROSE}</p>", f"<title>{title}</title>").title == wanted


def test_an_article_below_a_head_for_print_stays() -> None:
    head = '<div class="print"><h1>Grinding by hand</h1><ul><li><a href="#a">Before</a></li></ul></div>'
    said = text(f"<main>{head}<article><section><h1>Grinding by hand</h1><p>{PROSE}</p></section></article></main>")
    assert said == PROSE
