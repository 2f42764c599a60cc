"""HTML to the Markdown that people would have written."""

from copy import deepcopy

import re2
from html_to_markdown import (
    CodeBlockStyle,
    ConversionOptions,
    HeadingStyle,
    HiddenContent,
    HighlightStyle,
    InlineDataMedia,
    LinkStyle,
    ListIndentType,
    NewlineStyle,
    OutputFormat,
    PreprocessingOptions,
    PreprocessingPreset,
    TierStrategy,
    UrlEscapeStyle,
    WhitespaceMode,
    convert,
)
from lxml import etree
from lxml.html import Element, HtmlElement

from connectors.html import tree
from connectors.html.escapes import lists_by_hand, written
from connectors.html.marks import MARK, Marks
from connectors.html.mathematics import mark_mathematics
from connectors.html.prepare import QUOTE, prepare
from connectors.html.tags import names

# Enums by their members, defaults too: names would be looked up for each conversion, which takes as long as itself
_OPTIONS = ConversionOptions(
    bullets="-",
    list_indent_width=2,
    compact_tables=True,
    br_in_tables=True,
    autolinks=False,
    expand_abbreviations=False,
    include_blockquote_citations=False,
    extract_metadata=False,
    hidden_content=HiddenContent.REACHABLE,
    preprocessing=PreprocessingOptions(enabled=False, preset=PreprocessingPreset.STANDARD),
    heading_style=HeadingStyle.ATX,
    list_indent_type=ListIndentType.SPACES,
    highlight_style=HighlightStyle.DOUBLE_EQUAL,
    whitespace_mode=WhitespaceMode.NORMALIZED,
    newline_style=NewlineStyle.SPACES,
    code_block_style=CodeBlockStyle.BACKTICKS,
    inline_data_media=InlineDataMedia.KEEP,
    url_escape_style=UrlEscapeStyle.ANGLE,
    link_style=LinkStyle.INLINE,
    output_format=OutputFormat.MARKDOWN,
    tier_strategy=TierStrategy.AUTO,
)
_BLANKS = re2.compile(r"\n[ \t\n>]*\n(?:[ \t]*\n)+")
_QUOTED_BLANKS = re2.compile(r"(?m)^( *(?:> ?)*>)[ \t]*\n(?: *(?:> ?)*>[ \t]*\n)+")
_QUOTE_IS_FIRST = re2.compile(r"(\A|\n[ \t]*\n)(?:> ?)+[ \t]*\x{e002}[ \t]*\n(?:(?:> ?)+[ \t]*\n)*")
_QUOTE_BEGINS = re2.compile(r"(?m)^((?:> ?)*)[ \t]*\x{e002}[ \t]*$")


def to_markdown(fragment: str | HtmlElement, base_url: str = "") -> str:
    """Markdown of an HTML fragment or of an element and what is in it.

    Code blocks keep every line and their language; links are absolute; links within the page, images that
    stand alone, scripts and buttons are gone. `base_url` is the page's own address. Raises tree.Unreadable
    for text that `tree.parse` refuses.
    """
    element = tree.parse(f"<div>{fragment}</div>") if isinstance(fragment, str) else fragment
    text, marks = render(element, base_url)
    return marks.restore(tidy(MARK.sub(lambda found: _heading(found, marks), text)))


def _heading(found: re2._Match, marks: Marks) -> str:
    """The line of a heading; other marks stay for later."""
    mark = marks.items[int(found[1])]
    return f"{'#' * mark.level} {written(mark.text)}" if mark.level else str(found[0])


def render(element: HtmlElement, base_url: str) -> tuple[str, Marks]:
    """Markdown with marks in place of code, mathematics and headings. `element` is left as it was."""
    marks = Marks()
    root = Element("div")
    body = deepcopy(element)
    body.tail = None
    if body.tag in ("html", "body"):
        body.tag = "div"
    root.append(body)
    named = names(root)
    mark_mathematics(root, marks, named)
    prepare(root, base_url, marks, named)
    markup = etree.tostring(root, encoding="unicode", method="html")
    return written(lists_by_hand(convert(markup, _OPTIONS).content or "")), marks


def tidy(text: str, hard_breaks: bool = False) -> str:
    """`text` without blank ends of lines; with `hard_breaks` the two that end a line within a paragraph stay."""
    if QUOTE in text:
        text = _QUOTE_BEGINS.sub(r"\1", _QUOTE_IS_FIRST.sub(r"\1", text)).replace(QUOTE, "")
    text = _bare_ends(text, hard_breaks)
    if "\n\n\n" in text or ">" in text:
        text = _QUOTED_BLANKS.sub(r"\1\n", _BLANKS.sub("\n\n", text))
    return text.strip("\n")


def _bare_ends(text: str, hard_breaks: bool) -> str:
    lines = text.split("\n")
    return "\n".join(
        line.rstrip(" \t") + ("  " if hard_breaks and _is_broken(line, below) else "")
        for line, below in zip(lines, [*lines[1:], ""], strict=True)
    )


def _is_broken(line: str, below: str) -> bool:
    return line.endswith("  ") and bool(line.strip(" \t>")) and bool(below.strip(" \t>"))
