"""Pages of documentation that their site also offers as Markdown: what people wrote, without menus and panels.

A page names its twin with `<link rel="alternate" type="text/markdown">`, or the site lists it in an `llms.txt`
(https://llmstxt.org). A twin that is not plain Markdown (components of MDX, directives of a template) is not used: the
page itself shows what they stand for.
"""

from copy import deepcopy
from urllib.parse import urljoin

import re2
from lxml.html import HtmlElement
from markdown_it import MarkdownIt

from connectors.html.tree import parse

MEDIA_TYPES = ("text/markdown", "text/plain", "text/x-markdown")
_LISTED = re2.compile(r"\]\(\s*<?(https?://[^\s()<>]+|/[^\s()<>]*)>?\s*\)")
_ENDS = re2.compile(r"(?:/index)?(?:\.html?)?(?:\.mdx?)?/?$")
_IS_MARKDOWN = re2.compile(r"\.mdx?$")
_FRONT_MATTER = re2.compile(r"(?s)\A\s*---[ \t]*\n.*?\n---[ \t]*(?:\n|\z)")
_INDEX_NOTE = re2.compile(r"\A\s*(?:>[^\n]*\n)*>[^\n]*llms(?:-full)?\.txt[^\n]*\n(?:>[^\n]*\n)*")
_FENCED = re2.compile(r"(?ms)^[ \t]*(?:```.*?^[ \t]*```|~~~.*?^[ \t]*~~~)[^\n]*$|`[^`\n]*`")
_NOT_PLAIN = re2.compile(r"</?[A-Z]\w*[\s/>]|\{\{|\{%|(?m:^\s*(?:import|export)\s.*from\s|^:::|^\.\. \w+::)")


def listed(text: str, url: str) -> dict[str, str]:
    """The twins in the `llms.txt` at `url`, by what `shared_address` makes of theirs."""
    found = (_joined(url, address) for address in _LISTED.findall(text))
    return {shared_address(address): address for address in found if _IS_MARKDOWN.search(address)}


def _joined(url: str, address: str) -> str:
    try:
        return urljoin(url, address)
    except ValueError:
        return ""


def shared_address(url: str) -> str:
    """What the addresses of a page and its twin have in common: no `index`, no suffix, no last slash."""
    return str(_ENDS.sub("", url.partition("#")[0].partition("?")[0]))


def named(root: HtmlElement) -> str:
    """The address of the twin that a page names in its head, as it stands there, or ""."""
    stated = root.xpath("//link[contains(@rel, 'alternate') and contains(@type, 'markdown')]/@href")
    return str(stated[0]) if stated else ""


def is_plain(text: str) -> bool:
    """Whether `text` is Markdown as everybody reads it, and not a page of HTML."""
    prose = _FENCED.sub("", text)
    return bool(prose.strip()) and not prose.lstrip().startswith("<") and not _NOT_PLAIN.search(prose)


def with_markdown(root: HtmlElement, text: str) -> HtmlElement:
    """The page with what its twin says in the place of its body; `root` is left as it was."""
    page = deepcopy(root)
    body = page.find("body")
    written = _INDEX_NOTE.sub("", _FRONT_MATTER.sub("", text))
    shown = parse(f"<main><article>{_markdown().render(written)}</article></main>")
    if body is not None:
        body.clear()
        body.append(next(shown.iter("main")))
    return page


def _markdown() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
