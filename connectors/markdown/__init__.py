"""Folders of Markdown: what MkDocs, Docusaurus, Hugo, Sphinx with MyST, Jekyll, GitBook and plain wikis are made of."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import re2
from pydantic import Field

from connectors.base import Kind, LocalPath, Settings, Web
from connectors.html import Unreadable, decode
from connectors.markdown import (
    components,
    front_matter,
    includes,
    layouts,
    mdc,
    myst,
    notes,
    partials,
    shortcodes,
    variables,
)
from connectors.markdown.containers import unwrap
from connectors.markdown.folder import Folder, text_of
from connectors.markdown.masks import MARKS, Masks
from connectors.markdown.sections import LONGEST, indented_code, render, sections, served
from connectors.reading.edits import edited
from connectors.reading.local import files_below, ignored
from pipelines.messages import Message
from schemas.document import Article, Document, Reject, Section
from schemas.page import Page

MEDIA_TYPE = "text/markdown"
_SUFFIXES = (".md", ".mdx", ".markdown")
# files about a project or for its generator's menus; none explains anything
_HOUSEKEEPING = frozenset(
    ("_sidebar", "_navbar", "_footer", "licence", "license", "code_of_conduct", "contributing", "changelog")
)
# a book's list of its pages is called so, and so is what sums it up
_SUMMARY = "summary"
_SORTED = re2.compile(r"^(?:\d{4}-\d{2}-\d{2}|0\d*)[-_. ]+")
_LISTED = re2.compile(r"^\s*(?:[-*+]\s+|\d+[.)]\s+)?(?:\[[^\]]*\]\([^)]*\)|#+ .*|-{3,}|)\s*$")
# what a site made with Hugo writes its pages by
_TEMPLATES = re2.compile(r"/(?:layouts/(?:_?shortcodes|_?partials|_default|_markup)|archetypes)/")

_BLOCK = re2.compile("(?m)^[\\s>*-]*\ufdd0include:([^\ufdd0\ufdd1]*)\ufdd1[ \t]*$")


class Markdown(Settings):
    """A folder of Markdown files, each an article, also in folders within.

    Read are front matter, admonitions, tabs, includes (of files within `folder` only) and shortcodes of the usual
    generators, also simple ones that a Hugo site in `folder` defines itself. With `base_url`, where the site is served,
    articles have addresses and links lead to them.
    """

    connector: Literal["markdown"] = "markdown"
    folder: LocalPath = Field(description="Folder of the files.")
    only: tuple[str, ...] = Field((), description="Only files below these folders of it, such as `docs/en`.")
    base_url: str = Field("", pattern=r"^(https?://.+/)?$", description="Where `folder` is served; ends with a slash.")

    @property
    def kind(self) -> Kind:
        return "tutorial"

    def files(self) -> tuple[Path, ...]:
        """Raises FileNotFoundError when the folder is not there."""
        if not self.folder.is_dir():
            raise FileNotFoundError(
                Message(
                    "source {source}: no folder {folder}; set `folder` to one of Markdown files",
                    source=self.name,
                    folder=self.folder,
                )
            )
        folders = [self.folder / part for part in self.only]
        found = files_below(self.folder, lambda file: file.suffix.lower() in _SUFFIXES)
        return tuple(file for file in found if not folders or any(file.is_relative_to(each) for each in folders))

    def fetch(self, web: Web, cursor: str | None) -> Iterator[Page | Reject]:
        scope, site, folder = variables.load(self.folder), layouts.load(self.folder), Folder(self.folder)
        known: dict[Path, dict[str, Any]] = {}
        for part in self.only or (".",):
            yield from ignored(self.folder / part, self.files())
        for path in self.files():
            key = path.relative_to(self.folder).as_posix()
            if path.stat().st_size > LONGEST:
                yield Reject(key, "too_large", f"{path.stat().st_size} bytes")
            elif path.stem.lower() in _HOUSEKEEPING or _TEMPLATES.search(f"/{key}") or _is_contents(path):
                yield Reject(key, "not_content")
            else:
                above = variables.cascaded(path.parent, self.folder, known)
                folder.begin()
                yield self._page(path, key, scope | above if above else scope, site, folder)

    def parse(self, page: Page) -> Iterator[Document | Reject]:
        about, text = front_matter.split(MARKS.sub("", page.body.decode("utf-8", "replace").replace("\r\n", "\n")))
        if about.get("draft") is True or about.get("published") is False:
            yield Reject(page.key, "draft")
            return
        try:
            title, found = _read(text, page.key, self.base_url + page.key, about)
        except Unreadable as error:
            yield Reject(page.key, error.reason, error.detail)
            return
        lacking = {section: name for section in found if (name := _missing(section.markdown))}
        kept = tuple(section for section in found if section not in lacking)
        for section, name in lacking.items():
            yield Reject(f"{page.key}#{'/'.join(section.path)}", "missing_include", name)
        yield _article(page, about, title, kept) if kept else Reject(page.key, "empty_article")

    def _page(self, path: Path, key: str, scope: dict[str, Any], site: dict[str, str], folder: Folder) -> Page:
        text = text_of(path).replace("\r\n", "\n")
        text = includes.expand(partials.expand(text, path, folder), path, folder)
        body = variables.fill(layouts.expand(text, site, folder), scope, folder).encode()
        return Page(self.name, key, self.base_url + (served(key) or key), body, MEDIA_TYPE, licence=self.licence)


def _read(text: str, key: str, url: str, about: dict[str, Any]) -> tuple[str, tuple[Section, ...]]:
    if len(text) > LONGEST:
        raise Unreadable("too_large", f"{len(text)} characters")
    try:
        markup = render(_plain(text, key, about))
    except Exception as error:  # markdown-it names no exceptions for text that it cannot take
        raise Unreadable("unparsable_markdown", type(error).__name__) from error
    return sections(markup, url, front_matter.title(about))


def _plain(text: str, key: str, about: dict[str, Any]) -> str:
    """Markdown that every reader knows. The order counts: indented code is known as such outside of containers only."""
    of_myst = myst.is_myst(text)
    masks = Masks(headings=myst.headings(text) if of_myst else {})
    text = unwrap(mdc.read(masks.hide_code(shortcodes.code_first(variables.mark_lacking(text)))))
    if not components.is_mdx(text, key):  # MDX has no indented code
        text = masks.hide_lines(text, indented_code(text))
    text = shortcodes.read(components.read(text, key, masks), about)
    text = myst.read(text, masks.headings) if of_myst else text
    return masks.restore(notes.read(text))


def _is_contents(path: Path) -> bool:
    """Whether a file called summary is nothing but links to the pages of its book."""
    if path.stem.lower() != _SUMMARY:
        return False
    return all(_LISTED.match(line) for line in decode(path.read_bytes()).splitlines())


def _named(key: str) -> str:
    """What a file without a title is called: by its name, or its folder's where that is "index" or such, without the
    date or number that sorts it: `2024-05-01-mills`, `017_mills`."""
    path = Path(key)
    unnamed = path.stem.strip("_").lower() in ("index", "readme", "home", "instructions", "intro", "introduction")
    name = path.parent.name if unnamed and path.parent.name else path.stem
    return (_SORTED.sub("", name) or name).replace("-", " ").replace("_", " ")


def _missing(markdown: str) -> str:
    """The first of the files that a section lacks a whole block of, else "". A hole within a line is left there."""
    return next((found[1] for found in _BLOCK.finditer(markdown)), "")


def _article(page: Page, about: dict[str, Any], title: str, found: tuple[Section, ...]) -> Article:
    created_at = front_matter.created_at(about)
    return Article(
        key=page.key,
        url=page.url,
        title=title or _named(page.key),
        sections=found,
        tags=front_matter.words(about, "tags"),
        author=", ".join(front_matter.words(about, "author")),
        created_at=created_at,
        edited_at=edited(front_matter.edited_at(about), created_at),
        licence=front_matter.licence(about) or page.licence,
        language=front_matter.language(about),
    )
