"""Pages of an HTML export: what Confluence shows of each page, a file each."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

import re2

from connectors import html
from connectors.confluence.archive import is_archive, names, opened
from connectors.confluence.content import SHORTEST, named
from connectors.reading import packed
from connectors.reading.xml_dump import UNREADABLE, BrokenDump
from schemas.document import Article, Reject
from schemas.page import Page

SUFFIXES = (".html", ".htm")
_LONGEST = 10 << 20
_NUMBER = re2.compile(r"(?:^|_)(\d+)\.html?$")
_CODE_SETTINGS = re2.compile(r"brush:\s*([\w#+-]+)")
_CLUTTER = (
    ".//*[contains(@class, 'aui-icon') or contains(@class, 'expand-control-icon') or contains(@class, 'toc-macro')"
    " or contains(@class, 'plugin_pagetree') or contains(@class, 'confluence-userlink')]"
)
_EDITED = re2.compile(r"last modified .*?\bon ([A-Z][a-z]{2} \d{1,2}, \d{4})$")
_TITLE = "normalize-space(//*[@id='title-text'] | //title[not(//*[@id='title-text'])])"


def files(path: Path) -> Iterator[tuple[str, bytes] | Reject]:
    """Every page in the export at `path`, an archive or one file: its number, or its name, and its HTML."""
    members = (name for name in names(path) if is_page(name)) if is_archive(path) else (path.name,)
    for member in members:
        try:
            with opened(path, member) as file:
                body = file.read(_LONGEST + 1)
        except (BrokenDump, *UNREADABLE) as error:
            yield Reject(member, getattr(error, "reason", packed.why(error)), path.name)
            continue
        yield (_key(member), body) if len(body) <= _LONGEST else Reject(member, "too_large", path.name)


def is_page(name: str) -> bool:
    parts = PurePosixPath(name)
    return parts.suffix.lower() in SUFFIXES and parts.stem != "index" and "attachments" not in parts.parts


def _key(name: str) -> str:
    number = _NUMBER.search(name)
    return str(number[1]) if number else PurePosixPath(name).stem


def article(page: Page, licence: str) -> Iterator[Article | Reject]:
    try:
        root = html.parse(html.decode(page.body, page.media_type))
    except html.Unreadable as error:
        yield Reject(page.key, error.reason, error.detail)
        return
    content = next(iter(root.xpath("//*[@id='main-content']")), None)
    space, _, title = str(root.xpath(_TITLE)).partition(" : ")
    title = (title or space).strip()
    if content is None or not title:
        yield Reject(page.key, "no_main_content", "no page of an HTML export")
        return
    for clutter in content.xpath(_CLUTTER):
        clutter.drop_tree()
    for block in content.xpath(".//pre[@data-syntaxhighlighter-params]"):
        language = _CODE_SETTINGS.search(block.get("data-syntaxhighlighter-params"))
        block.set("data-lang", language[1].lower() if language else "")
    found = html.sections(content, title, page.url)
    if sum(len(section.markdown) for section in found) < SHORTEST:
        yield Reject(page.key, "too_short" if found else "empty_article")
        return
    author = named(" ".join(root.xpath("string(//*[@class='page-metadata']//*[@class='author'])").split()))
    edited_at = _edited(" ".join(root.xpath("string(//*[@class='page-metadata'])").split()))
    stated = page.licence or licence
    yield Article(page.key, page.url, title, found, author=author, edited_at=edited_at, licence=stated)


def _edited(line: str) -> datetime | None:
    """The day in "Created by Ann, last modified by Bob on Jan 05, 2015", which is all that an export tells."""
    found = _EDITED.search(line)
    try:
        return datetime.strptime(found[1], "%b %d, %Y").replace(tzinfo=UTC) if found else None
    except ValueError:
        return None
