"""What a file is: its content says, and its name only where text alone does not tell what it is written in."""

from zipfile import ZipFile

import re2

from connectors.documents import archive
from connectors.html import Unreadable, decode
from connectors.reading.stored_json import load

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
PPTX = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
EPUB = "application/epub+zip"
PDF = "application/pdf"
NOTEBOOK = "application/x-ipynb+json"
HTML = "text/html"
MARKDOWN = "text/markdown"
TEXT = "text/plain"
ZIP = "application/zip"

_WITH_TAGS, _WITH_MARKS, _PLAIN = (".html", ".htm", ".xhtml"), (".md", ".markdown"), (".txt", ".text")
# Files of these kinds are opened, to be read or to be told why not; other names are ignored unless MAGIC knows them
SUFFIXES = (
    *(".docx", ".docm", ".dotx", ".pptx", ".pptm", ".ppsx", ".epub", ".ipynb", ".pdf", ".zip"),
    *(*_WITH_TAGS, *_WITH_MARKS, *_PLAIN),
    *(".doc", ".dot", ".ppt", ".pps", ".xls", ".xlsx", ".xlsm", ".odt", ".ods", ".odp", ".rtf", ".mobi", ".azw3"),
    *(".djvu", ".pages", ".key", ".wps"),
)
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # the container of Office before 2007, and of encrypted files since
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_ZIPS = (b"PK\x03\x04", b"PK\x05\x06")
MAGIC = (b"%PDF-", _OLE, *_ZIPS, b"{\\rtf")
_PDF_WITHIN = 1024  # bytes; what some servers and mailers put before the header
# Why a format is not read: the only libraries are dead, or read no headings, lists and tables
_UNSUPPORTED = (
    ("application/vnd.oasis.opendocument.text", "OpenDocument text: save it as .docx"),
    ("application/vnd.oasis.opendocument", "OpenDocument: save it as .docx, .pptx or .pdf"),
)
_IS_HTML = re2.compile(r"(?is)^\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body)[\s>]")


def kind_of(name: str, body: bytes) -> str:
    """The media type by which a file is read. `name` is the file's.

    Raises Unreadable: empty_file, password_protected, legacy_format, unsupported_format, unrecognised_content, and
    those of `archive.opened`.
    """
    if not body.strip(b"\0 \t\r\n\f"):
        raise Unreadable("empty_file")
    if body.startswith(_ZIPS):
        with archive.opened(body) as opened:
            return kind_of_zip(opened)
    if body.startswith(_OLE):
        if _ENCRYPTED in body:
            raise Unreadable("password_protected", "save it without a password")
        raise Unreadable("legacy_format", "Office before 2007: save it as .docx, .pptx or .pdf")
    if b"%PDF-" in body[:_PDF_WITHIN]:
        return PDF
    if body.startswith(b"{\\rtf"):
        raise Unreadable("unsupported_format", "Rich Text Format: save it as .docx")
    return _kind_of_text(name.lower(), body)


def kind_of_zip(opened: ZipFile) -> str:
    """The media type of a format that is a zip, ZIP for one of files. Raises Unreadable: unsupported_format."""
    names = set(opened.namelist())
    stated = archive.named(opened, "mimetype").decode("ascii", "replace").strip() if "mimetype" in names else ""
    if stated == EPUB or "META-INF/container.xml" in names:
        return EPUB
    for prefix, why in _UNSUPPORTED:
        if stated.startswith(prefix):
            raise Unreadable("unsupported_format", why)
    if "[Content_Types].xml" not in names:
        return ZIP
    folders = {name.partition("/")[0] for name in names if "/" in name}
    if folders & {"word", "ppt"}:
        return DOCX if "word" in folders else PPTX
    raise Unreadable("unsupported_format", "a workbook" if "xl" in folders else "an unknown package of Office")


def _kind_of_text(name: str, body: bytes) -> str:
    if _is_binary(body):
        raise Unreadable("unrecognised_content", f"neither text nor what .{name.rpartition('.')[2]} should be")
    text = decode(body[:4096])
    if name.endswith(".ipynb") or (text.lstrip().startswith("{") and _is_notebook(body)):
        return NOTEBOOK
    if name.endswith(_WITH_TAGS) or _IS_HTML.search(text):
        return HTML
    return MARKDOWN if name.endswith(_WITH_MARKS) else TEXT


def _is_notebook(body: bytes) -> bool:
    found = load(body)
    return isinstance(found, dict) and "nbformat" in found


def _is_binary(body: bytes) -> bool:
    """Whether control characters that no text has are many, where it is not UTF-16."""
    head = body[:8192]
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return False
    return sum(byte < 9 or 13 < byte < 27 for byte in head) > len(head) // 50
