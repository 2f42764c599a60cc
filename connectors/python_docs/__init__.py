"""What every Python installation carries: the language's topics and the README of each installed package."""

import platform
from collections.abc import Iterator
from importlib.metadata import Distribution, distributions
from pathlib import Path
from pydoc_data.topics import topics as TOPICS
from typing import Any, Literal

from pydantic import Field

from connectors.base import Kind, Settings, Web
from connectors.html import Unreadable
from connectors.python_docs.licence import licence
from connectors.python_docs.readme import Unreadable as BadReadme
from connectors.python_docs.readme import sections as readme_sections
from connectors.python_docs.topic import topic_sections
from schemas.document import Article, Document, Reject
from schemas.page import Page

_PLAIN, _RST, _MARKDOWN = "text/plain", "text/x-rst", "text/markdown"


class PythonDocs(Settings):
    """The documentation inside a Python installation: the topics of `help()` and the packages' READMEs.

    Needs no network. What it yields is that of the Python and of the packages that are installed here.
    """

    connector: Literal["python_docs"] = "python_docs"
    topics: bool = Field(True, description="The language topics that `help()` shows.")
    packages: tuple[str, ...] | None = Field(None, description="Distributions whose README is read; None: all.")

    @property
    def kind(self) -> Kind:
        return "knowledge_base"

    def files(self) -> tuple[Path, ...]:
        return ()

    def fetch(self, web: Web, cursor: str | None) -> Iterator[Page | Reject]:
        """Packages by name, then topics by name."""
        installed = _installed()
        for name in sorted(installed if self.packages is None else {_canonical(name) for name in self.packages}):
            yield self._package(name, installed[name]) if name in installed else _reject(name, "not_installed")
        for name in sorted(TOPICS) if self.topics else ():
            yield self._topic(name)

    def parse(self, page: Page) -> Iterator[Document | Reject]:
        part, _, name = page.key.partition("/")
        text = page.body.decode("utf-8", "replace")
        try:
            if part == "topic":
                title, found = topic_sections(text)
            else:
                title, found = readme_sections(text, page.media_type, name, page.url)
        except (Unreadable, BadReadme) as error:
            yield Reject(page.key, error.reason, error.detail)
            return
        except RecursionError:
            yield Reject(page.key, "too_deep")
            return
        if not found:
            yield Reject(page.key, "empty_article")
            return
        yield Article(page.key, page.url, title or name, found, tags=("python",), licence=page.licence)

    def _topic(self, name: str) -> Page:
        version = ".".join(platform.python_version_tuple()[:2])
        return Page(
            source=self.name,
            key=f"topic/{name}",
            url=f"https://docs.python.org/{version}/reference/index.html#{name}",
            body=TOPICS[name].encode(),
            media_type=_PLAIN,
            licence="PSF-2.0",
        )

    def _package(self, name: str, distribution: Distribution) -> Page | Reject:
        metadata = _metadata(distribution)
        text = _description(distribution)
        if not text:
            return _reject(name, "no_readme")
        return Page(
            source=self.name,
            key=f"package/{name}",
            url=_address(distribution, name),
            body=text.encode("utf-8", "replace"),
            media_type=(metadata.get("Description-Content-Type") or _RST).partition(";")[0].strip().lower(),
            licence=licence(metadata) or self.licence,
        )


def _metadata(distribution: Distribution) -> Any:
    """The e-mail message that metadata is: importlib's protocol leaves out `get`."""
    return distribution.metadata


def _installed() -> dict[str, Distribution]:
    """By canonical name; of several versions the one that Python imports."""
    found: dict[str, Distribution] = {}
    for distribution in distributions():
        name = _metadata(distribution).get("Name") if _metadata(distribution) else None
        if name:
            found.setdefault(_canonical(name), distribution)
    return found


def _canonical(name: str) -> str:
    """https://packaging.python.org/en/latest/specifications/name-normalization/"""
    return "-".join(name.lower().replace("_", "-").replace(".", "-").replace("-", " ").split())


def _description(distribution: Distribution) -> str:
    metadata = _metadata(distribution)
    text = str(metadata.get("Description") or metadata.get_payload() or "")
    return "" if text.strip() in ("", "UNKNOWN") else text


def _address(distribution: Distribution, name: str) -> str:
    """The project's home on the web, else its package URL (https://github.com/package-url/purl-spec)."""
    metadata = _metadata(distribution)
    entries = (entry.partition(",") for entry in metadata.get_all("Project-URL") or ())
    by_label = {label.strip().lower(): url.strip() for label, _, url in entries}
    known = (by_label.get(label, "") for label in ("documentation", "homepage", "source", "repository"))
    stated = (*known, metadata.get("Home-page") or "")
    return next((url for url in stated if url.startswith("http")), f"pkg:pypi/{name}@{distribution.version}")


def _reject(name: str, reason: str) -> Reject:
    return Reject(f"package/{name}", reason)
