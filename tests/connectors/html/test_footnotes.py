"""Footnotes stand where they are called, in the markup of several generators."""

# ruff: noqa: E501

import pytest

from connectors import html
from schemas.document import Article
from schemas.page import Page

LEAD = "Grinding is the step that turns grain into flour, and it needs a clean stone, a steady hand and some patience."
LATER = "Pour the grain slowly into the hopper, listen to the stone, and stop as soon as the sound of it changes."
NOTE = "Stones of basalt wear less"
CALLS = {
    "docbook": '<a href="#ftn.n1" class="footnote" id="n1"><sup class="footnote">[1]</sup></a>',
    "sphinx": '<a class="footnote-reference" href="#id2" id="id1"><span>[</span>1<span>]</span></a>',
    "asciidoctor": '<sup class="footnote">[<a id="_ref_1" class="footnote" href="#_def_1">1</a>]</sup>',
    "markdown": '<sup id="fnref:1"><a class="footnote-ref" href="#fn:1">1</a></sup>',
    "github": '<sup><a href="#user-content-fn-1" id="user-content-fnref-1" data-footnote-ref="">1</a></sup>',
}
NOTES = {
    "docbook": f'<div class="footnotes"><hr><div id="ftn.n1"><p><a href="#n1"><sup>[1] </sup></a> {NOTE}.</p></div></div>',
    "sphinx": f'<aside id="id2"><span class="label"><span>[</span><a href="#id1">1</a><span>]</span></span><p>{NOTE}.</p></aside>',
    "asciidoctor": f'<div id="footnotes"><hr><div class="footnote" id="_def_1"><a href="#_ref_1">1</a>. {NOTE}.</div></div>',
    "markdown": f'<div class="footnote"><hr><ol><li id="fn:1"><p>{NOTE}. <a href="#fnref:1">↩</a></p></li></ol></div>',
    "github": '<section data-footnotes="" class="footnotes"><h2 class="sr-only">Footnotes</h2><ol><li id="user-content-fn-1">'
    f'<p>{NOTE}. <a href="#user-content-fnref-1">↩</a></p></li></ol></section>',
}


def read(first: str, last: str) -> dict[str, str]:
    body = f"<main><h1>Grinding</h1><p>{LEAD}{first} It takes an hour.</p><h2>Pouring</h2><p>{LATER}</p>{last}</main>"
    found = html.read_article(Page("mill", "a", "https://mill.example/a", f"<html><body>{body}</body></html>".encode()))
    assert isinstance(found, Article)
    return {section.path[-1] if section.path else "": section.markdown.strip() for section in found.sections}


@pytest.mark.parametrize("generator", CALLS)
def test_a_short_note_stands_in_brackets_where_it_is_called(generator: str) -> None:
    sections = read(CALLS[generator], NOTES[generator])
    lead = next(text for name, text in sections.items() if name != "Pouring")
    assert lead == f"{LEAD} ({NOTE}) It takes an hour."
    assert sections["Pouring"] == LATER


def test_a_note_of_paragraphs_stands_below_the_paragraph_that_calls_it() -> None:
    note = NOTES["docbook"].replace("</p></div></div>", f"</p><p>{LATER}</p></div></div>")
    sections = read(CALLS["docbook"], note)
    lead = next(text for name, text in sections.items() if name != "Pouring")
    assert lead == f"{LEAD} It takes an hour.\n\n{NOTE}.\n\n{LATER}"
    assert sections["Pouring"] == LATER


def test_notes_with_a_heading_of_their_own_stay_below_it() -> None:
    sections = read(CALLS["markdown"], f"<h2>References</h2>{NOTES['markdown']}")
    assert NOTE in sections["References"]
    assert not any(NOTE in text for name, text in sections.items() if name != "References")


def test_a_link_to_a_section_is_no_call() -> None:
    sections = read(' <a href="#p" id="q">1</a>', f'<div id="p"><h3>Sifting</h3><p>{LATER}</p></div>')
    assert sections["Sifting"] == LATER


@pytest.mark.parametrize(
    "note",
    [
        f'<span class="ltx_note ltx_role_footnote"><sup>1</sup><span><span><sup>1</sup><span>1</span>{NOTE}.</span></span></span>',
        f'<label class="margin-toggle sidenote-number"></label><input class="margin-toggle"><span class="sidenote">{NOTE}.</span>',
        f'<span class="marginnote"><b>Stones</b>{NOTE.removeprefix("Stones")}</span>',
    ],
)
def test_a_note_in_the_margin_stands_in_brackets(note: str) -> None:
    lead = next(text for name, text in read(note, "").items() if name != "Pouring")
    assert lead.replace("**", "") == f"{LEAD} ({NOTE}) It takes an hour."


def test_a_margin_without_a_note_is_nothing() -> None:
    assert "()" not in "".join(read('<span class="sidenote"><sup>1</sup></span>', "").values())
