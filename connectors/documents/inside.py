"""Files and what is inside zips, each as the parts that pages are made of, or named with why it is not read."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from zipfile import ZipFile, ZipInfo

from connectors.documents import archive, book, pdf
from connectors.documents.sniff import DOCX, EPUB, MAGIC, PDF, PPTX, SUFFIXES, ZIP, kind_of, kind_of_zip
from connectors.html import Unreadable
from connectors.reading.local import unread
from schemas.document import Reject

_TEXT_OF_OFFICE = (".xml", ".rels")
_LIES = "a zip in a zip is not opened"


@dataclass(frozen=True, slots=True)
class Part:
    """What one page is made of: a file, a chapter or a run of pages of one. `file` is where it lies in the source."""

    key: str
    file: str
    body: bytes
    media_type: str


def is_wanted(path: Path) -> bool:
    """Whether a file is to be opened: by its name, or by its first bytes."""
    if path.name.startswith((".", "~$")):  # hidden, and what Office leaves beside a file that is open
        return False
    if path.suffix.lower() in SUFFIXES:
        return True
    try:
        with path.open("rb") as file:
            return file.read(8).startswith(MAGIC)
    except OSError:
        return False


def parts(path: Path, key: str) -> Iterator[Part | Reject]:
    """The parts of a file, or of each in a zip."""
    try:
        if _is_plain_zip(path):
            with archive.opened(path) as opened:
                yield from _members(opened, key)
            return
        size = path.stat().st_size
        if size > archive.LARGEST:
            raise Unreadable("too_large", f"{size} bytes")
        body = path.read_bytes()
    except Unreadable as error:
        yield Reject(key, error.reason, error.detail)
    except OSError as error:
        yield Reject(key, "unreadable_file", type(error).__name__)
    else:
        yield from _of_file(key, body)


def _is_plain_zip(path: Path) -> bool:
    with path.open("rb") as file:
        if not file.read(4).startswith(b"PK"):
            return False
    with archive.opened(path) as opened:
        return kind_of_zip(opened) == ZIP


def _members(opened: ZipFile, key: str) -> Iterator[Part | Reject]:
    infos = sorted((info for info in opened.infolist() if not info.filename.endswith("/")), key=archive.name_of)
    if not infos:
        yield Reject(key, "empty_archive", "no file is in it")
    names = [archive.name_of(info) for info in infos]
    wanted = [PurePosixPath(name).suffix.lower() in SUFFIXES for name in names]
    yield from unread(
        key, [PurePosixPath(f"{key}/{name}") for name, is_read in zip(names, wanted, strict=True) if not is_read]
    )
    seen = set[str]()
    for info, name, is_read in zip(infos, names, wanted, strict=True):
        if is_read and name in seen:
            yield Reject(f"{key}/{name}", "duplicate_file")
        elif is_read:
            seen.add(name)
            yield from _member(opened, info, key, name)


def _member(opened: ZipFile, info: ZipInfo, key: str, name: str) -> Iterator[Part | Reject]:
    inside = f"{key}/{name}"
    if archive.is_unsafe(name):
        yield Reject(inside, "unsafe_path")
        return
    try:
        body = archive.member(opened, info)
    except Unreadable as error:
        yield Reject(inside, error.reason, error.detail)
    else:
        yield from _of_file(inside, body)


def _of_file(key: str, body: bytes) -> Iterator[Part | Reject]:
    try:
        kind = kind_of(key, body)
        if kind == ZIP:
            raise Unreadable("nested_archive", _LIES)
        yield from _cut(key, body, kind)
    except Unreadable as error:
        yield Reject(key, error.reason, error.detail)


def _cut(key: str, body: bytes, kind: str) -> Iterator[Part | Reject]:
    """Books in chapters and long PDFs in runs of pages: a page has only so much time to be parsed."""
    if kind == EPUB:
        for chapter in book.chapters(body):
            if isinstance(chapter, Reject):
                yield replace(chapter, key=f"{key}/{chapter.key}")
            else:
                yield Part(f"{key}/{chapter.name}", f"{key}/{chapter.name}", chapter.dumped(), book.CHAPTER)
    elif kind == PDF:
        for name, run, media_type in pdf.runs(body):
            yield Part(f"{key}{name}", key, run, media_type)
    elif kind in (DOCX, PPTX):
        yield Part(key, key, archive.slim(body, lambda name: name.lower().endswith(_TEXT_OF_OFFICE)), kind)
    else:
        yield Part(key, key, body, kind)
