"""Instruction sets that exist already: Alpaca, ShareGPT, messages, Open-Assistant trees, completions, DPO, KTO."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar, Literal
from urllib.parse import quote

from pydantic import Field

from connectors.base import Kind, LocalPath, Settings, Web
from connectors.instructions.columns import BINARY, Columns, Row
from connectors.instructions.shapes import exchanges
from connectors.reading.local import files_at, ignored, is_named
from connectors.reading.malformed import Malformed
from connectors.reading.rows import read
from schemas.document import Document, Exchange, Reject
from schemas.page import Page

SUFFIXES = (".json", ".jsonl", ".ndjson", ".parquet", ".csv", ".tsv")
PAGE_ROWS, PAGE_CHARACTERS = 500, 8 << 20  # whichever is full first


class Instructions(Settings):
    """A file or a folder of files in JSON (an array), JSON Lines, CSV or Parquet, packed or not.

    The shape is recognised row by row. What lies in the folder and is none of these becomes the reject `ignored_file`.

    Known shapes: `instruction`/`input`/`output` (`system`, `history`, `instances`, Dolly's `context`), `conversations`
    (from/value) or `messages` (role/content) with tools and reasoning, `prompt` with `completion`, `question`/`answer`,
    and Open-Assistant trees. Preferences: `chosen`/`rejected` with or without a prompt, `preferred_output`, two
    responses and which is better. A KTO `label` becomes a score of 1 or -1. Turns after the last answer are a reject.
    Columns that are not read are told in the reject `unused_column`.
    """

    states_licence: ClassVar[bool] = False
    connector: Literal["instructions"] = "instructions"
    path: LocalPath = Field(description="A .json, .jsonl, .ndjson, .csv, .tsv or .parquet file, or a folder of them.")
    url: str = Field("", description="Where the set is published; by default the name of the file.")

    @property
    def kind(self) -> Kind:
        return "instructions"

    def files(self) -> tuple[Path, ...]:
        return files_at(self.path, self.name, "path", lambda file: is_named(file, SUFFIXES))

    def fetch(self, web: Web, cursor: str | None) -> Iterator[Page | Reject]:
        yield from ignored(self.path, self.files())
        for path in self.files():
            name = path.name if path == self.path else path.relative_to(self.path).as_posix()
            yield from self._of_file(name, read(path))

    def parse(self, page: Page) -> Iterator[Document | Reject]:
        lines = page.body.decode("utf-8", "replace").split("\n")
        if not page.body.strip():
            yield Reject(page.key, "empty_page")
            return
        columns = Columns()
        for number, line in enumerate(lines):
            key = f"{page.key}/{number}"
            row = _row(line)
            found = list(exchanges(key, row, page)) if isinstance(row, Row) else [Reject(key, row)]
            if isinstance(row, Row) and isinstance(found[0], Exchange):
                columns.add(row)
            yield from found
        yield from columns.unread()

    def _of_file(self, name: str, rows: Iterator[Any]) -> Iterator[Page | Reject]:
        """Pages as their rows come, so that a file may be of any length; a Reject for what is no row."""
        chunk, start, size, row = list[str](), 0, 0, None
        for row in rows:
            if isinstance(row, Malformed):
                yield Reject(f"{name}/{row.position}", row.reason, row.detail)
                continue
            chunk.append(json.dumps(row, ensure_ascii=False, default=_plain))
            size += len(chunk[-1])
            if len(chunk) == PAGE_ROWS or size >= PAGE_CHARACTERS:
                yield self._page(name, start, chunk)
                chunk, start, size = [], start + len(chunk), 0
        if chunk:
            yield self._page(name, start, chunk)
        elif row is None:
            yield Reject(name, "empty_file")

    def _page(self, name: str, start: int, rows: list[str]) -> Page:
        url = self.url or f"file:{quote(name)}"
        body = "\n".join(rows).encode("utf-8", "replace")
        return Page(self.name, f"{name}/{start:08d}", url, body, "application/jsonl", licence=self.licence)


def _row(line: str) -> Row | str:
    """The row of a line of JSON, or why there is none."""
    try:
        value = json.loads(line, strict=False)
    except (ValueError, RecursionError):
        return "malformed_json"
    return Row(value) if isinstance(value, dict) else "not_an_object"


def _plain(value: Any) -> Any:
    """A value that JSON has no word for: bytes as text, or as their number where they are none."""
    if not isinstance(value, bytes):
        return str(value)
    try:
        return value.decode()
    except UnicodeDecodeError:
        return {BINARY: len(value)}
