"""Reading dumps in XML of any length, an element at a time, in little memory whatever they hold."""

import codecs
import io
import re
import zlib
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import IO, Any
from zipfile import BadZipFile

from lxml import etree

from connectors.reading import packed, xml_bounds
from connectors.reading.xml_bounds import MARK, QUESTION, Bounded

_BYTE_ORDER_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_ENCODING = re.compile(rb'^\s*<\?xml[^>]*encoding=["\']([A-Za-z0-9._-]+)')
_ENTITY = re.compile(r"<!ENTITY\s")
# characters and character references that XML 1.0 forbids: https://www.w3.org/TR/xml/#charsets
_ILLEGAL = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]"
    r"|&#(?:x0*(?:[0-8bcefBCEF]|1[0-9a-fA-F]|[dD][89a-fA-F][0-9a-fA-F]{2}|[fF]{3}[eEfF])|0*(?:[0-8]|1[124-9]|2[0-9]|3[01]));"
)
# What reading a file that is cut off or broken may raise, whatever packs it
UNREADABLE = (*packed.ERRORS, zlib.error, BadZipFile)
_NEVER_A_CUT = (etree.ErrorTypes.ERR_TAG_NAME_MISMATCH, etree.ErrorTypes.ERR_RESOURCE_LIMIT)
LONGEST = 1 << 24  # bytes of an element; its tree takes up to twenty times as much memory
TOO_LONG = f"an element of more than {LONGEST} bytes, or with a text of more than {xml_bounds.LONGEST}"
"""Of a Reject for an element that was cut."""
_BLOCK = 1 << 18
_PROLOG = 1 << 16
_LONGEST_REFERENCE = 12


class BrokenDump(Exception):
    """A dump that cannot be read to its end. `reason` is truncated, malformed_xml, too_large or entities_refused."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason, self.detail = reason, detail


def elements(path: Path, *tags: str) -> Iterator[Any]:
    """`elements_of` the file at `path`, which may be compressed."""
    with closing(packed.opened(path)) as file:
        yield from elements_of(file, path.name, *tags)


def elements_of(file: IO[bytes], name: str, *tags: str) -> Iterator[Any]:
    """Every element of these tags in any namespace, in the order of their ends.

    Each is complete, or one of which `is_cut` is true: use none of its texts then. Any encoding with a byte order mark
    or a declaration, wrong bytes and forbidden characters replaced by U+FFFD. What was read is freed when the
    next element is
    asked for.
    Raises BrokenDump after the last whole element of a file, called `name` in errors, that is cut off, malformed or
    declares entities. What `file` raises as BrokenDump passes through.
    """
    source = _Utf8(file, name)
    wanted = tuple(f"{{*}}{tag}" for tag in tags)
    parsed = etree.iterparse(
        source,
        events=("start", "end", "pi"),
        tag=wanted,
        encoding="utf-8",
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        remove_comments=True,
    )
    depth = 0
    try:
        for event, element in parsed:
            if event == "pi":
                source.given = _cut(element, wanted, source.given)
                continue
            depth += 1 if event == "start" else -1
            if event == "end":
                yield element
                _free(element)
            elif depth == 1:
                _drop_before(element)
            source.given = 0
    except etree.XMLSyntaxError as error:
        cut = source.ended and error.code not in _NEVER_A_CUT
        raise BrokenDump("truncated" if cut else "malformed_xml", f"{name}: {error.msg}") from error


def is_cut(element: Any) -> bool:
    """Whether something of an element was left out, for it is longer than LONGEST or xml_bounds.LONGEST."""
    return MARK in element.attrib


def _cut(mark: Any, wanted: tuple[str, ...], given: int) -> int:
    """Marks the element of the `wanted` that `mark` is in. How many of the `given` bytes are held after it.

    A QUESTION does so where they are more than LONGEST; then what is before it in that element, or in none, goes.
    """
    is_full = given > LONGEST
    if mark.text == QUESTION and not is_full:
        return given
    above = next(mark.iterancestors(*wanted), None)
    if above is not None:
        above.set(MARK, "")
    if is_full:
        _drop_before(mark, above)
    return 0 if is_full else given


def _drop_before(element: Any, above: Any = None) -> None:
    """Frees all that comes before `element` within `above`, or at all, but for what it is in."""
    while element is not above and (parent := element.getparent()) is not None:
        while element.getprevious() is not None:
            del parent[0]
        parent.text = None
        element = parent


def _free(element: Any) -> None:
    """Empties `element`; below the root, what came before it goes too.

    A parent within keeps its other children, as far as they stand before the first element of this tag.
    """
    element.clear()
    parent = element.getparent()
    if parent is None or parent.getparent() is None:
        _drop_before(element)
    elif (first := next(element.itersiblings(element.tag, preceding=True), None)) is not None:
        while element.getprevious() is not first:
            parent.remove(element.getprevious())
        parent.remove(first)


class _Utf8(io.RawIOBase):
    """The text of a file as clean UTF-8 with bounded tokens, whatever it was written in.

    `ended`: the last byte was read. `given` counts bytes; whoever reads sets it back. Where it comes to LONGEST there
    is a QUESTION in what is given.
    """

    def __init__(self, file: IO[bytes], name: str) -> None:
        self.ended, self.given = False, 0
        self._bounded, self._over = Bounded(), False
        self._file, self._name = file, name
        head = self._bytes(_PROLOG)
        self._decoder = codecs.getincrementaldecoder(_encoding(head))("replace")
        self._text = self._decoder.decode(head, not head)
        if _ENTITY.search(self._text):
            raise BrokenDump("entities_refused", f"{name} declares entities")

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        """The next block; longer or shorter than `size`, empty at the end."""
        found = b""
        while not found and not self._over:
            text = self._clean()
            self._over = self.ended and not text
            found = self._bounded.take(text)
        self.given += len(found)
        return found + self._bounded.asks() if self.given > LONGEST and not self.ended else found

    def _clean(self) -> bytes:
        """The next text; empty at the end."""
        while True:
            text, self._text = self._text, ""
            if not self.ended:
                block = self._bytes(_BLOCK)
                text += self._decoder.decode(block, not block)
                text = self._hold_back(text)
            if text or self.ended:
                return _ILLEGAL.sub("\ufffd", text).encode("utf-8", "replace")

    def _hold_back(self, text: str) -> str:
        """A reference that goes on in the next block waits for it."""
        start = text.rfind("&", max(0, len(text) - _LONGEST_REFERENCE))
        if start < 0 or self.ended:
            return text
        self._text = text[start:]
        return text[:start]

    def _bytes(self, size: int) -> bytes:
        try:
            block = self._file.read(size)
        except UNREADABLE as error:
            raise BrokenDump(packed.why(error), f"{self._name}: {error}") from error
        self.ended = not block
        return block


def _encoding(head: bytes) -> str:
    for mark, encoding in _BYTE_ORDER_MARKS:
        if head.startswith(mark):
            return encoding
    declared = _ENCODING.match(head)
    try:
        return codecs.lookup(declared[1].decode()).name if declared else "utf-8"
    except LookupError:
        return "utf-8"
