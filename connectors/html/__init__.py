"""Reading HTML: pure functions, shared by all connectors.

`decode` bytes in any encoding → text; `parse` text → tree, refusing hostile pages; `main_content` tree → the element
that holds the article; `to_markdown` and `sections` element → Markdown; `metadata` and `linked_data` tree → what the
page says of itself.
`read_article` is all of it, page → Article; `open_page` and `article_of` are its two halves.
"""

from connectors.html.article import MEDIA_TYPES, article_of, is_unfilled, open_page, read_article, refused
from connectors.html.content import main_content
from connectors.html.decoding import decode
from connectors.html.licences import spdx
from connectors.html.markdown import to_markdown
from connectors.html.mathematics import tex_of_image
from connectors.html.metadata import Metadata, metadata
from connectors.html.pagination import MOST_PAGES, linked_page, next_page, page_number, unreachable_next
from connectors.html.questions import steps
from connectors.html.schema_org import linked_data
from connectors.html.sections import sections
from connectors.html.tree import Unreadable, parse

__all__ = [
    "MEDIA_TYPES",
    "MOST_PAGES",
    "Metadata",
    "Unreadable",
    "article_of",
    "decode",
    "is_unfilled",
    "linked_data",
    "linked_page",
    "main_content",
    "metadata",
    "next_page",
    "open_page",
    "page_number",
    "parse",
    "read_article",
    "refused",
    "sections",
    "spdx",
    "steps",
    "tex_of_image",
    "to_markdown",
    "unreachable_next",
]
