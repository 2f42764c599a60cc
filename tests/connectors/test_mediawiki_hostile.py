"""Wikitext that breaks a reader: marks of its own, numbers too large, markup of HTML."""

import json

import pytest

from connectors.mediawiki import MediaWiki
from schemas.document import Article
from schemas.hole import kinds_in
from schemas.page import Page

WIKI = MediaWiki(name="wiki", dump="dump.xml")


def rendered(wikitext: str, templates: dict[str, str] | None = None) -> str:
    body = {"title": "Mill", "ns": 0, "redirect": "", "timestamp": "", "model": "wikitext", "dropped": []}
    stored = json.dumps(body | {"wikitext": wikitext, "templates": templates or {}}).encode()
    (found,) = WIKI.parse(Page("wiki", "1", "https://wiki.example/Mill", stored))
    assert isinstance(found, Article)
    return found.sections[0].markdown


@pytest.mark.parametrize(
    ("wikitext", "wanted"),
    [
        ("a &#xD800; b", "a \ufffd b"),
        ("a &#xE001;99&#xE001; b", "a 99 b"),
        ("<pre>a &#xE00A;99&#xE00A; b</pre>", "```\na 99 b\n```"),
        ("<code>a &#57354;99&#57354; b</code>", "`a 99 b`"),
        ("a {{T}} b", "a 99 b"),
        ("{|\n! a !! b\n|-\n| x | {{lc:B || c\n|}", "| a | b |\n| --- | --- |\n| {{lc:B | c |"),
    ],
)
def test_marks_of_the_reader_in_a_page_are_none(wikitext: str, wanted: str) -> None:
    assert rendered(wikitext, {"T": "\ue00199\ue001"}) == wanted


@pytest.mark.parametrize("expression", ["5 round 1e9", "5 round -1e9", "9^9^9^9", "1e308*10"])
def test_numbers_beyond_all_bounds_are_holes(expression: str) -> None:
    assert kinds_in(rendered(f"a {{{{#expr:{expression}}}}} b")) == [("parser_function", "#expr")]


def test_numbers_are_rounded() -> None:
    assert rendered("{{#expr:5.456 round 2}} and {{#expr:1234 round -2}}") == "5.46 and 1200"


@pytest.mark.parametrize(
    ("wikitext", "wanted"),
    [
        (
            "so<ul><li>one</li><li>two<ol><li>three</li><li>four</li></ol></li></ul>end",
            "so\n\n- one\n- two\n  1. three\n  2. four\n\nend",
        ),
        ("<ol>\n<li>one</li>\n<li>two\n\nmore</li>\n</ol>", "1. one\n2. two\n   more"),
        ("<dl><dt>one</dt><dd>two</dd></dl>", "**one**\n\ntwo"),
        ("a<ul><li>code<pre>x = 1</pre></li></ul>", "a\n\n- code\n\n```\nx = 1\n```"),
        ("{|\n! a !! b\n|-\n| <ul><li>one<li>two</ul> || c\n|}", "| a | b |\n| --- | --- |\n| one two | c |"),
    ],
)
def test_lists_in_html_are_lists(wikitext: str, wanted: str) -> None:
    assert rendered(wikitext) == wanted
