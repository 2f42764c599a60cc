"""PDF with a text layer: the letters with their places, put together to what was written."""

import ctypes
import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Any

import pypdfium2
import pypdfium2.raw as pdfium
import re2

from connectors.documents.material import Material, licence_in, stated_title
from connectors.documents.pdf.blocks import Outline, blocks_of, title_of, usual
from connectors.documents.pdf.glyphs import Sheet, sheet_of
from connectors.documents.pdf.layout import lines_of, without_contents, without_running_titles
from connectors.documents.pdf.markup import markup_of
from connectors.documents.pdf.tables import write_tables
from connectors.documents.sniff import PDF
from connectors.html import Unreadable, decode
from connectors.reading.stored_json import load
from connectors.reading.times import parse_time

RUN = "application/pdf; part=pages"
LONGEST = 30  # pages of a PDF that one page of ours holds: it has five seconds, and dense pages take a tenth of one
MOST_PAGES = 5_000
_FEWEST = 12  # letters by which a page has text
_UNREADABLE = 0.2  # of its letters
_A_STAMP = 100  # letters that stand on end in a margin, as an archive's do: more are text
_DATE = re2.compile(r"^D:(\d{4})(\d\d)?(\d\d)?(\d\d)?(\d\d)?(\d\d)?")
_RIGHTS = 1 << 16  # bytes of a file's XMP metadata
_FILE_ID = re2.compile(rb"/ID ?\[ ?<[0-9A-Fa-f]*> ?<[0-9A-Fa-f]*> ?\]")
_WRITTEN_ID = b"/ID[<00><00>]"
_MOST_BOOKMARKS = 5_000


def runs(body: bytes) -> Iterator[tuple[str, bytes, str]]:
    """The file, or where it is long each run of its pages: what to add to its key, its bytes, and their media type.

    Raises Unreadable: password_protected, broken_document, too_large.
    """
    with _opened(body) as document:
        count = len(document)
        if count > MOST_PAGES:
            raise Unreadable("too_large", f"{count} pages")
        if count <= LONGEST:
            yield "", body, PDF
            return
        about = _about(document, body)
        starts = _starts(about["outline"], count)
        for first, end in zip(starts, [*starts[1:], count], strict=True):
            outline = [entry for entry in about["outline"] if first <= entry[0] < end]
            header = json.dumps({**about, "first": first, "outline": outline}, ensure_ascii=False, sort_keys=True)
            pages = _extracted(document, range(first, end))
            yield f"/{first + 1}-{end}", header.encode("utf-8", "replace") + b"\n" + pages, RUN


def _starts(outline: list[Any], count: int) -> list[int]:
    """The pages that runs begin with: those of chapters, where a chapter is not too long."""
    chapters = sorted({page for page, level, _ in outline if level == 1 and 0 <= page < count})
    starts = [0]
    while count - starts[-1] > LONGEST:
        near = [page for page in chapters if starts[-1] < page <= starts[-1] + LONGEST]
        starts.append(max(near, default=starts[-1] + LONGEST))
    return starts


def _extracted(document: Any, pages: range) -> bytes:
    """Some pages as a file, the same at each time: pdfium's id of a file is a random one."""
    part, out = pypdfium2.PdfDocument.new(), io.BytesIO()
    try:
        part.import_pages(document, list(pages))
        part.save(out)
    except pypdfium2.PdfiumError as error:
        raise Unreadable("broken_document", "its pages cannot be parted") from error
    finally:
        part.close()
    return bytes(_FILE_ID.sub(_WRITTEN_ID, out.getvalue()))


@contextmanager
def _opened(body: bytes) -> Iterator[Any]:
    try:
        document = pypdfium2.PdfDocument(body)
    except pypdfium2.PdfiumError as error:
        is_locked = "password" in str(error).lower()
        raise Unreadable("password_protected" if is_locked else "broken_document", str(error)[:80]) from error
    try:
        yield document
    finally:
        document.close()


def _about(document: Any, body: bytes) -> dict[str, Any]:
    """What a file says of itself, and its bookmarks: the page from 0, the level from 1, the title."""
    said = document.get_metadata_dict(skip_empty=True)
    place = body.find(b"<x:xmpmeta")
    rights = body[place : place + _RIGHTS].partition(b"</x:xmpmeta>")[0] if place >= 0 else b""
    return {
        "title": stated_title(said.get("Title")),
        "author": str(said.get("Author") or "")[:200],
        "created": _time(said.get("CreationDate")),
        "edited": _time(said.get("ModDate")),
        "licence": licence_in(decode(rights)) if rights else "",
        "tags": [word.strip() for word in str(said.get("Keywords") or "").replace(";", ",").split(",") if word.strip()],
        "language": _language(document),
        "outline": _outline(document),
        "first": 0,
    }


def _language(document: Any) -> str:
    buffer = (ctypes.c_ushort * 40)()  # UTF-16; a tag such as zh-Hant-TW is far shorter
    size = pdfium.FPDFCatalog_GetLanguage(document.raw, buffer, ctypes.sizeof(buffer))
    return bytes(buffer)[: max(size - 2, 0)].decode("utf-16-le", "replace") if size <= ctypes.sizeof(buffer) else ""


def _time(stated: Any) -> str:
    found = _DATE.match(str(stated or ""))
    if not found:
        return ""
    year, month, day, hour, minute, second = (
        part or default for part, default in zip(found.groups(), _EARLIEST, strict=True)
    )
    return f"{year}-{month}-{day}T{hour}:{minute}:{second}"


_EARLIEST = ("1970", "01", "01", "00", "00", "00")


def _outline(document: Any) -> list[tuple[int, int, str]]:
    found: list[tuple[int, int, str]] = []
    try:
        for entry in islice(document.get_toc(max_depth=6), _MOST_BOOKMARKS):
            place = entry.get_dest()
            page = place.get_index() if place else None
            if page is not None:
                found.append((page, entry.level + 1, " ".join(entry.get_title().split())))
    except (pypdfium2.PdfiumError, ValueError, RecursionError):
        return found
    return found


def read(body: bytes) -> Material:
    """Raises Unreadable: no_text_layer for scans, no_text, unreadable_text, password_protected, broken_document."""
    about, pages = _parted(body)
    with _opened(pages) as document:
        about = about or _about(document, pages)
        count, sheets = len(document), list(_sheets(document))
    if not sheets:
        raise Unreadable("broken_document", f"none of its {count} pages can be read")
    _check_text(sheets)
    silent = [sheet.number + about["first"] for sheet in sheets if not sheet.pieces and sheet.has_picture]
    for sheet in sheets:
        write_tables(sheet)
    without_running_titles(sheets)
    lines = without_contents([line for sheet in sheets for line in lines_of(sheet)])
    if not lines:
        raise Unreadable("no_text")
    known = usual(lines)
    entries = [(page - about["first"] + 1, level, title) for page, level, title in about["outline"]]
    blocks = blocks_of(lines, known, Outline(entries, lines, known))
    turned = [sheet.number + about["first"] for sheet in sheets if sheet.left_out > _A_STAMP]
    broken = sorted(set(range(1, count + 1)) - {sheet.number for sheet in sheets})
    return Material(
        markup=markup_of(blocks, about["first"]),
        title="" if about["first"] else title_of(blocks, about["title"]),
        called=about["title"],
        author=about["author"],
        created_at=parse_time(about["created"]),
        edited_at=parse_time(about["edited"]),
        licence=about["licence"],
        tags=tuple(about["tags"]),
        language=about["language"],
        lost=(
            *_lost("no_text_layer", silent, count),
            *_lost("broken_page", [number + about["first"] for number in broken], count),
            *_lost("turned_text", turned, count),
        ),
    )


def _lost(reason: str, pages: list[int], count: int) -> tuple[tuple[str, str], ...]:
    return ((reason, f"{len(pages)} of {count} pages, the first is {pages[0]}"),) if pages else ()


def _parted(body: bytes) -> tuple[dict[str, Any], bytes]:
    """What is known of the file that a run of pages is from, {} for a whole file; and the bytes of the PDF."""
    header, _, pages = body.partition(b"\n") if body.startswith(b"{") else (b"", b"", body)
    about = load(header) if header else {}
    if not isinstance(about, dict) or (about and set(about) != _KEYS):
        raise Unreadable("malformed_json")
    return about, pages


_KEYS = {"title", "author", "created", "edited", "licence", "tags", "language", "outline", "first"}


def _sheets(document: Any) -> Iterator[Sheet]:
    """The pages that can be read."""
    for number in range(1, len(document) + 1):
        try:
            page = document[number - 1]
        except pypdfium2.PdfiumError:
            continue
        try:
            yield sheet_of(page, number)
        except pypdfium2.PdfiumError:
            continue
        finally:
            page.close()


def _check_text(sheets: list[Sheet]) -> None:
    letters = [sum(len(piece.text) for piece in sheet.pieces) for sheet in sheets]
    if not any(count >= _FEWEST for count in letters):
        is_scan = any(sheet.has_picture for sheet in sheets)
        raise Unreadable("no_text_layer" if is_scan else "no_text", "pictures of pages" if is_scan else "")
    unreadable = sum(sheet.unreadable for sheet in sheets)
    if unreadable > _UNREADABLE * sum(letters):
        raise Unreadable("unreadable_text", "its fonts do not say which letters they hold")
