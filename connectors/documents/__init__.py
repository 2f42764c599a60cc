"""Files that people have: DOCX, EPUB, Jupyter notebooks, PDF, PPTX, HTML, Markdown and text, in in folders and zips."""

from collections.abc import Iterator
from pathlib import Path
from typing import Literal
from urllib.parse import quote

from pydantic import Field

from connectors.base import Kind, LocalPath, Settings, Web
from connectors.documents import notebook, pdf, slides, text, word
from connectors.documents.book import CHAPTER, read_chapter
from connectors.documents.inside import Part, is_wanted, parts
from connectors.documents.material import article_of
from connectors.documents.sniff import DOCX, HTML, MARKDOWN, NOTEBOOK, PDF, PPTX, TEXT
from connectors.html import Unreadable
from connectors.html.page import read_page
from connectors.reading.local import files_at, ignored
from schemas.document import Document, Reject
from schemas.page import Page

_READERS = {
    DOCX: word.read,
    PPTX: slides.read,
    CHAPTER: read_chapter,
    NOTEBOOK: notebook.read,
    PDF: pdf.read,
    pdf.RUN: pdf.read,
    MARKDOWN: text.read_markdown,
    TEXT: text.read_text,
}


class Documents(Settings):
    """Files at `path`: one file, or a folder or a zip of them, and what is in folders and zips within a folder.

    Read are DOCX, EPUB (an article for each chapter), Jupyter notebooks with their outputs, PDF with a text layer,
    PPTX with the speaker's notes, HTML, Markdown and plain text. The content tells what a file is, not its name.
    Scans, files with a password, Office before 2007, OpenDocument, RTF and workbooks are rejected by name. Title,
    author, times, keywords, language and licence are those that a file states of itself. With `base_url`, where the
    files are served, records have addresses; else they name the file, and the page or the slide.
    """

    connector: Literal["documents"] = "documents"
    path: LocalPath = Field(description="A file, a zip, or a folder of them.")
    base_url: str = Field(
        "", pattern=r"^(https?://.+/)?$", description="Where the files are served; ends with a slash."
    )

    @property
    def kind(self) -> Kind:
        return "tutorial"

    def files(self) -> tuple[Path, ...]:
        return files_at(self.path, self.name, "path", is_wanted)

    def fetch(self, web: Web, cursor: str | None) -> Iterator[Page | Reject]:
        found = self.files()
        yield from ignored(self.path, found)
        for path in found:
            key = path.name if path == self.path else path.relative_to(self.path).as_posix()
            for part in parts(path, key):
                yield part if isinstance(part, Reject) else self._page(part)

    def parse(self, page: Page) -> Iterator[Document | Reject]:
        if page.media_type == HTML:
            yield from read_page(page, self.licence)
            return
        read = _READERS.get(page.media_type)
        if read is None:
            yield Reject(page.key, "unsupported_format", page.media_type)
            return
        try:
            material = read(page.body)
            yield from (Reject(page.key, reason, detail) for reason, detail in material.lost)
            yield article_of(material, page)
        except Unreadable as error:
            yield Reject(page.key, error.reason, error.detail)

    def _page(self, part: Part) -> Page:
        url = self.base_url + (quote(part.file) if self.base_url else part.file)
        return Page(self.name, part.key, url, part.body, part.media_type, licence=self.licence)
