"""What files of Office say of themselves, and their XML."""

from typing import Any
from zipfile import ZipFile

from lxml import etree

from connectors.documents import archive
from connectors.documents.material import licence_in, stated_title
from connectors.html import Unreadable
from connectors.reading.times import parse_time

_DC, _TERMS = "{http://purl.org/dc/elements/1.1/}", "{http://purl.org/dc/terms/}"
_CORE = "{http://schemas.openxmlformats.org/package/2006/metadata/core-properties}"
# Whom programs name where nobody did
_NOBODY = ("", "python-docx", "user", "admin", "administrator", "microsoft office user", "author", "owner", "unknown")


def xml(body: bytes) -> Any:
    """The root of a part. Raises Unreadable: broken_xml, unsafe_xml where it has a document type, as none has."""
    if b"<!DOCTYPE" in body[:4096] or b"<!ENTITY" in body:
        raise Unreadable("unsafe_xml")
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False)
    try:
        return etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise Unreadable("broken_xml", type(error).__name__) from error


def properties(opened: ZipFile) -> dict[str, Any]:
    """The fields of `Material` that a file's core properties fill; {} where there are none that can be read."""
    try:
        body = archive.named(opened, "docProps/core.xml")
        root = xml(body) if body else None
    except Unreadable:
        return {}
    if root is None:
        return {}
    said = {child.tag: (child.text or "").strip() for child in root if isinstance(child.tag, str)}
    author = said.get(f"{_DC}creator", "")
    keywords = said.get(f"{_CORE}keywords", "").replace(";", ",").split(",")
    return {
        "called": stated_title(said.get(f"{_DC}title")),
        "author": "" if author.lower() in _NOBODY else author[:200],
        "created_at": parse_time(said.get(f"{_TERMS}created")),
        "edited_at": parse_time(said.get(f"{_TERMS}modified")),
        "licence": licence_in(said.get(f"{_DC}rights", "") or said.get(f"{_TERMS}license", "")),
        "language": said.get(f"{_DC}language", ""),
        "tags": tuple(word.strip() for word in keywords if word.strip()),
    }
