"""Confluence: pages and blog posts of a wiki, by its REST API or from space exports."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from connectors.base import Kind, LocalPath, Response, Settings, Web
from connectors.confluence import html_export
from connectors.confluence.api import from_api, total
from connectors.confluence.archive import ENTITIES, is_archive, names
from connectors.confluence.content import Content, address, article
from connectors.confluence.export import from_exports
from connectors.reading.local import files_at, ignored
from connectors.reading.xml_dump import BrokenDump
from schemas.document import Document, Reject
from schemas.page import EPOCH, Page

SpaceKey = Annotated[str, Field(pattern=r"^[\w~.-]+$")]
_HTML = "text/html"


class Confluence(Settings):
    """Pages and blog posts of a Confluence wiki, each with its newest version, its labels as tags.

    Live, what anyone may read of the wiki at `url`, later only what was modified; there is no way to sign in. From
    `path`: space or site exports of that wiki, as XML or HTML, in their archives or unpacked; of a page that is in
    several, the newest version. Drafts, the trash, archived pages and earlier versions are left out, and so are
    comments, attachments, and what macros fetch from elsewhere. Set `licence`: Confluence states none.
    """

    states_licence: ClassVar[bool] = False
    connector: Literal["confluence"] = "confluence"
    url: str = Field(pattern=r"^https?://.+", description="The wiki, such as https://wiki.example/confluence.")
    spaces: tuple[SpaceKey, ...] = Field(
        (), description="Keys of spaces: only these. Not for HTML, which does not name them."
    )
    path: LocalPath | None = Field(None, description="An export, or a folder of exports, to read instead.")

    @property
    def kind(self) -> Kind:
        return "knowledge_base"

    def files(self) -> tuple[Path, ...]:
        return files_at(self.path, self.name, "path", lambda file: _is_export(file, self.path or file))

    def expected(self, web: Web) -> int | None:
        return None if self.path else total(web, self.url, self.spaces)

    def fetch(self, web: Web, cursor: str | None) -> Iterator[Page | Reject]:
        """Exports in the order of their names and their own; a live wiki in its order."""
        return self._exported() if self.path else self._live(web, cursor)

    def parse(self, page: Page) -> Iterator[Document | Reject]:
        yield from (html_export.article if page.media_type == _HTML else article)(page, self.licence)

    def _live(self, web: Web, cursor: str | None) -> Iterator[Page | Reject]:
        for item in from_api(web, self.url, self.spaces, cursor):
            yield item if isinstance(item, Reject) else self._page(*item)

    def _exported(self) -> Iterator[Page | Reject]:
        yield from ignored(self.path, self.files())
        kinds = [(path, _kind(path)) for path in self.files()]
        for item in from_exports(tuple(path for path, kind in kinds if kind == "xml"), self.spaces):
            yield item if isinstance(item, Reject) else self._page(*item)
        seen: set[str] = set()
        for path in (path for path, kind in kinds if kind == "html"):
            for shown in html_export.files(path):
                if not isinstance(shown, Reject) and shown[0] in seen:
                    shown = Reject(shown[0], "duplicate_id", f"{path.name}: the first one was kept")
                seen.add(shown.key if isinstance(shown, Reject) else shown[0])
                yield shown if isinstance(shown, Reject) else self._shown(*shown)

    def _page(self, key: str, content: Content, answer: Response | None = None) -> Page:
        url, fetched_at = address(self.url, key), answer.fetched_at if answer else EPOCH
        return Page(
            source=self.name,
            key=key,
            url=url,
            body=content.dumped(),
            media_type="application/json",
            licence=self.licence,
            fetched_at=fetched_at,
            robots=answer.robots if answer else "",
        )

    def _shown(self, key: str, body: bytes) -> Page:
        url = address(self.url, key) if key.isdigit() else self.url
        return Page(self.name, key, url, body, _HTML, licence=self.licence)


def _is_export(path: Path, folder: Path) -> bool:
    if "attachments" in path.relative_to(folder).parts:
        return False
    return path.name == ENTITIES or path.suffix.lower() == ".zip" or html_export.is_page(path.name)


def _kind(path: Path) -> str:
    """xml or html. What cannot be read is left to the reader of XML, which says why."""
    try:
        held = names(path) if is_archive(path) else (path.name,)
    except BrokenDump:
        return "xml"
    return "html" if ENTITIES not in held and any(map(html_export.is_page, held)) else "xml"
