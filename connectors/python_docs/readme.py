"""A package's README, in Markdown, reStructuredText or plain text, as sections."""

import html
import io

from docutils.core import publish_parts
from lxml.html import HtmlElement
from markdown_it import MarkdownIt

from connectors.html import parse
from connectors.html import sections as split
from schemas.document import Section

_LONGEST = 1 << 20
_CONTENTS = {"contents", "table of contents"}
_RST_SETTINGS = {
    # no reading of other files, no raw HTML: https://docutils.sourceforge.io/docs/howto/security.html
    "file_insertion_enabled": False,
    "raw_enabled": False,
    "_disable_config": True,
    "doctitle_xform": False,
    "initial_header_level": 1,
    "syntax_highlight": "none",
    "smart_quotes": False,
    "math_output": "LaTeX",
    "report_level": 5,
    "halt_level": 5,
    "embed_stylesheet": False,
    "line_length_limit": 100_000,
}


class Unreadable(Exception):
    """A README that its parser gives up on."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(reason)
        self.reason, self.detail = reason, detail


def sections(text: str, media_type: str, name: str, url: str) -> tuple[str, tuple[Section, ...]]:
    """The title, at least the package's `name`, and the sections. Raises Unreadable and html.Unreadable."""
    if len(text) > _LONGEST:
        raise Unreadable("too_large", f"{len(text)} characters")
    root = parse(f"<div>{_markup(text, media_type)}</div>")
    _tidy(root)
    title = _title(root) or name
    found = split(root, title, url if url.startswith("http") else "")
    return title, tuple(section for section in found if not _CONTENTS & {step.lower() for step in section.path})


def _tidy(root: HtmlElement) -> None:
    """Badges and the fields on top (author, date, address) go; what docutils marks as literal is code."""
    fields = "//dl[contains(@class, 'field-list') and not(preceding::p)]"
    for noise in root.xpath(f"//a[.//img and not(normalize-space())] | {fields}"):
        noise.drop_tree()
    for literal in root.xpath("//span[contains(concat(' ', @class, ' '), ' literal ')]"):
        literal.tag = "code"


def _markup(text: str, media_type: str) -> str:
    try:
        if media_type == "text/markdown":
            result: str = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).render(text)
            return result
        if media_type == "text/x-rst":
            return _rst(text)
    except Exception as error:  # docutils and markdown-it name no exceptions for text they cannot take
        raise Unreadable("unparsable_readme", type(error).__name__) from error
    return "".join(f"<p>{html.escape(block)}</p>" for block in text.split("\n\n"))


def _rst(text: str) -> str:
    settings = _RST_SETTINGS | {"warning_stream": io.StringIO()}
    parts = publish_parts(text, writer="html5", settings_overrides=settings)
    return str(parts["body"])


def _title(root: HtmlElement) -> str:
    """The first heading, if it stands above all others and alone on its level."""
    headings = root.xpath("//h1 | //h2")
    firsts = [heading for heading in headings if heading.tag == "h1"]
    if len(firsts) == 1 and headings[0] is firsts[0]:
        return " ".join(firsts[0].text_content().split())
    return ""
