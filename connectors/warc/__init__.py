"""Web archives: the pages that a crawl has stored, Common Crawl's among them.

archive.py   a WARC or ARC file → its captures, and a note for whatever is broken between them
capture.py   a capture → a page: codings undone, opt-outs of the stored headers kept as evidence
plain.py     the text of a WET file → an article
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import re2
import xxhash
from pydantic import Field, field_validator, model_validator

from connectors.base import Kind, LocalPath, Settings, Web
from connectors.html.page import read_page
from connectors.reading.local import files_below, ignored
from connectors.warc.archive import Broken, Capture, captures
from connectors.warc.capture import KINDS, PLAIN, page_of
from connectors.warc.plain import read_plain
from pipelines.messages import Message
from schemas.document import Document, Reject
from schemas.page import Page

_SUFFIXES = (".warc", ".warc.gz", ".wet", ".wet.gz", ".arc", ".arc.gz")


class Warc(Settings):
    """Web archives: WARC, WET and ARC files, plain or gzipped, of any crawler, Common Crawl's among them.

    HTML responses become threads where a page is a forum's or a question's, else articles; the text of WET files
    becomes articles of lower quality. Files are read newest name first, WET last, and of several captures of an address
    the first that is read counts. Pages whose stored headers or markup forbid their use are not read.
    """

    connector: Literal["warc"] = "warc"
    path: LocalPath | tuple[LocalPath, ...] = Field(description="A file, a folder, or a pattern such as `crawl/*.gz`.")
    include: tuple[str, ...] = Field((), description="Regular expressions (RE2); only matching addresses are read.")
    exclude: tuple[str, ...] = Field((), description="Regular expressions (RE2); a matching address is left out.")

    @field_validator("include", "exclude")
    @classmethod
    def _are_patterns(cls, patterns: tuple[str, ...]) -> tuple[str, ...]:
        for pattern in patterns:
            try:
                re2.compile(pattern)
            except re2.error as error:
                raise ValueError(
                    Message("{pattern!r} is no RE2 pattern: {error}", pattern=pattern, error=error)
                ) from error
        return patterns

    @model_validator(mode="after")
    def _is_there(self) -> "Warc":
        if not self.files():
            raise ValueError(
                Message("`path`: no archive ({suffixes}) at {path}", suffixes=", ".join(_SUFFIXES), path=self.path)
            )
        return self

    @property
    def kind(self) -> Kind:
        return "tutorial"

    def files(self) -> tuple[Path, ...]:
        paths = self.path if isinstance(self.path, tuple) else (self.path,)
        return tuple(sorted({file for path in paths for file in _files(path)}))

    def fetch(self, web: Web, cursor: str | None) -> Iterator[Page | Reject]:
        seen: set[int] = set()
        newest_first = sorted(self.files(), key=lambda path: (path.name, str(path)), reverse=True)
        for path in sorted(newest_first, key=lambda path: ".wet" in path.name.lower()):
            yield from self._read(path, seen)
        for place in self.path if isinstance(self.path, tuple) else (self.path,):
            yield from ignored(place, self.files())

    def parse(self, page: Page) -> Iterator[Document | Reject]:
        if page.media_type.startswith(PLAIN) and not page.opt_out:
            yield read_plain(page, self.licence)
        else:
            yield from read_page(page, self.licence)

    def _read(self, path: Path, seen: set[int]) -> Iterator[Page | Reject]:
        found = None
        for found in captures(path, self._wants):
            item = _broken(found, path) if isinstance(found, Broken) else self._page(found, seen)
            if item:
                yield item
        if found is None and not self.include and not self.exclude:
            yield Reject(path.name, "no_captures", "neither responses nor texts are in it; WAT files hold none")

    def _wants(self, kind: str, url: str) -> bool:
        wanted = kind in KINDS and url.startswith(("http://", "https://"))
        included = not self.include or any(re2.search(pattern, url) for pattern in self.include)
        return wanted and included and not any(re2.search(pattern, url) for pattern in self.exclude)

    def _page(self, capture: Capture, seen: set[int]) -> Page | Reject | None:
        """None for a page that a newer file, or this one before, has given."""
        page = page_of(capture, self.name, self.licence)
        if isinstance(page, Reject):
            return page
        mark = xxhash.xxh3_64_intdigest(page.key.encode())  # an address in full would cost three times as much memory
        if mark in seen:
            return None
        seen.add(mark)
        return page


def _broken(found: Broken, path: Path) -> Reject:
    return Reject(f"{path.name}@{found.position}", found.reason, found.detail)


def _files(path: Path) -> list[Path]:
    if path.is_dir():
        return files_below(path, lambda file: file.name.lower().endswith(_SUFFIXES))
    root = Path(path.anchor)
    return [path] if path.is_file() else [file for file in root.glob(str(path.relative_to(root))) if file.is_file()]
