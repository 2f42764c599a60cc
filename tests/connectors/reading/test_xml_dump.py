"""Dumps of any encoding and packing, cut off and broken anywhere."""

import bz2
import gzip
import lzma
from pathlib import Path

import pytest

from connectors.reading.xml_dump import BrokenDump, elements

ROWS = "".join(f'<row Id="{number}"/>' for number in range(50_000))
PLAIN = f"<rows>{ROWS}</rows>".encode()


def read(tmp_path: Path, body: bytes) -> tuple[list[str], str]:
    """The ids of the rows, and why the dump could not be read further."""
    path, found = tmp_path / "dump", list[str]()
    path.write_bytes(body)
    try:
        for element in elements(path, "row"):
            found.append(element.get("Id"))
    except BrokenDump as broken:
        return found, broken.reason
    return found, ""


PACKED = {
    "plain": PLAIN,
    "bzip2": bz2.compress(PLAIN),
    "multistream": bz2.compress(PLAIN[:999]) + bz2.compress(PLAIN[999:]),
    "gzip": gzip.compress(PLAIN),
    "xz": lzma.compress(PLAIN),
    "byte order mark": b"\xef\xbb\xbf" + PLAIN,
    "utf-16": ('<?xml version="1.0" encoding="utf-16"?>' + PLAIN.decode()).encode("utf-16"),
    "doctype": b'<!DOCTYPE rows SYSTEM "rows.dtd">' + PLAIN,
    "namespace": PLAIN.replace(b"<rows>", b'<rows xmlns="http://www.example/">', 1),
}


@pytest.mark.parametrize("body", PACKED.values(), ids=PACKED)
def test_all_rows_are_read(tmp_path: Path, body: bytes) -> None:
    found, broken = read(tmp_path, body)
    assert (len(found), found[-1], broken) == (50_000, "49999", "")


@pytest.mark.parametrize("name", ["plain", "bzip2", "gzip", "xz", "utf-16"])
def test_a_cut_is_an_error_and_what_came_before_it_is_kept(tmp_path: Path, name: str) -> None:
    body = PACKED[name]
    found, broken = read(tmp_path, body[: int(len(body) * 0.9)])
    assert broken == "truncated"
    assert found == [str(number) for number in range(len(found))]
    assert name == "bzip2" or len(found) > 10_000, "bzip2 gives nothing of a block that is cut"


BROKEN = {
    "empty": (b"", 0, "truncated"),
    "no end": (b'<rows><row Id="1"/>', 1, "truncated"),
    "wrong end": (b'<rows><row Id="1"/></x>', 1, "malformed_xml"),
    "deep": (b'<rows><row Id="1"/>' + b"<a>" * 10_000, 1, "malformed_xml"),
    "entities": (b'<!DOCTYPE r [<!ENTITY a "b">]><rows><row Id="&a;"/></rows>', 0, "entities_refused"),
    "external entity": (
        b'<!DOCTYPE r [<!ENTITY a SYSTEM "file:///etc/passwd">]><rows><row Id="&a;"/></rows>',
        0,
        "entities_refused",
    ),
}


@pytest.mark.parametrize(("body", "rows", "reason"), BROKEN.values(), ids=BROKEN)
def test_a_broken_dump_says_how(tmp_path: Path, body: bytes, rows: int, reason: str) -> None:
    found, broken = read(tmp_path, body)
    assert broken == reason
    assert len(found) == rows


def test_wrong_bytes_and_forbidden_characters_cost_themselves_only(tmp_path: Path) -> None:
    found, broken = read(tmp_path, b'<rows><row Id="a\xff&#x0;\x01&#xFFFF;&#11;&#xA;"/><row Id="b"/></rows>')
    assert (found, broken) == (["a\ufffd\ufffd\ufffd\ufffd\ufffd\n", "b"], "")


def test_a_reference_on_the_border_of_two_blocks_stays_whole(tmp_path: Path) -> None:
    for shift in range(8):
        padding = " " * ((1 << 16) - 20 + shift)
        found, broken = read(tmp_path, f'<rows>{padding}<row Id="a&#x1F;b"/></rows>'.encode())
        assert (found, broken) == (["a\ufffdb"], "")
