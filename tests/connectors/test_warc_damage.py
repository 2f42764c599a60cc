"""Web archives with a flipped bit or cut off: what is not hit is kept, what is hit is told or still read."""

import gzip
import random
import re
from pathlib import Path

import pytest

from connectors.warc import Warc
from schemas.document import Article, Document, Reject
from schemas.page import Page
from tests.connectors.test_warc import HTML, record, said, stored

NAMES = ("a", "b", "c", "d", "e")
RECORDS = [record(name) for name in NAMES]
WITHOUT_DIGESTS = [re.sub(rb"WARC-\w+-Digest: [^\r]*\r\n", b"", each) for each in RECORDS]
HIT = 2  # the record that is damaged
PACKINGS = ("plain", "a member per record", "without digests")


def damaged(whole: bytes, by: random.Random) -> bytes:
    """One bit flipped, or the end gone."""
    at = by.randrange(len(whole))
    if by.random() < 0.25:
        return whole[:at]
    return whole[:at] + bytes([whole[at] ^ 1 << by.randrange(8)]) + whole[at + 1 :]


def parsed(folder: Path, found: list[Page | Reject]) -> list[Document | Reject]:
    source = Warc(name="archive", path=folder)
    return [each for item in found if isinstance(item, Page) for each in source.parse(item)]


def check(folder: Path, seed: int, packing: str) -> None:
    by = random.Random(seed)
    plain = WITHOUT_DIGESTS if packing == "without digests" else RECORDS
    records = [gzip.compress(each, mtime=0) for each in plain] if packing == "a member per record" else plain
    hit = damaged(records[HIT], by)
    found = stored(folder, b"".join([*records[:HIT], hit, *records[HIT + 1 :]]), f"{seed}.warc")
    kept = [item.key.rpartition("/")[2] for item in found if isinstance(item, Page) and item.body == HTML]
    told = [item for item in found if isinstance(item, Reject)]
    assert set(NAMES) - set(kept) <= {"c"}, (seed, said(found))
    assert len(kept) == len(NAMES) or told or packing == "without digests", (seed, said(found))
    pages = [item for item in found if isinstance(item, Page)]
    assert len(pages) + len(told) >= len(NAMES), (seed, said(found))
    documents = parsed(folder, found)
    assert len(documents) >= len(pages) and all(isinstance(each, Article | Reject) for each in documents), seed


@pytest.mark.parametrize("packing", PACKINGS)
def test_an_archive_with_a_fault_costs_what_is_hit_and_says_so(tmp_path: Path, packing: str) -> None:
    for seed in range(40):
        check(tmp_path, seed, packing)


@pytest.mark.parametrize("cut", [4, 9, 10, 20, 60, 300, 400])
@pytest.mark.parametrize("records", [RECORDS, WITHOUT_DIGESTS])
def test_a_record_that_follows_on_half_a_line_is_kept_and_the_half_is_told(
    tmp_path: Path, records: list[bytes], cut: int
) -> None:
    found = stored(tmp_path, b"".join([*records[:HIT], records[HIT][:cut], *records[HIT + 1 :]]))
    kept = [item.key.rpartition("/")[2] for item in found if isinstance(item, Page)]
    assert kept == ["a", "b", "d", "e"]
    at = len(b"".join(records[:HIT]))
    assert [item.key for item in found if isinstance(item, Reject)] == [f"a.warc@{at}"]


def test_a_length_that_is_wrong_is_told_without_a_digest(tmp_path: Path) -> None:
    for wrong in (b"34", b"134", b"294", b"934"):
        hit = re.sub(rb"Content-Length: \d+", b"Content-Length: " + wrong, WITHOUT_DIGESTS[HIT], count=1)
        records = [*WITHOUT_DIGESTS[:HIT], hit, *WITHOUT_DIGESTS[HIT + 1 :]]
        assert said(stored(tmp_path, b"".join(records))) == ["a", "b", "broken_record", "d", "e"]


@pytest.mark.parametrize(
    "line", [b"WARC-Type: respomse", b"X: response", b"WARC-Type: response\r\nWARC-Target-URI: hutp://mill.example/c"]
)
def test_what_no_record_can_be_is_told(tmp_path: Path, line: bytes) -> None:
    hit = RECORDS[HIT].replace(b"WARC-Type: response", line)
    assert said(stored(tmp_path, RECORDS[0] + hit + RECORDS[3])) == ["a", "broken_record", "d"]


def test_an_arc_file_goes_on_after_a_broken_record(tmp_path: Path) -> None:
    body = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n" + HTML
    one = b"http://mill.example/%s 127.0.0.1 20260301100000 text/html %d\n" + body + b"\n"
    records = [one % (name, len(body)) for name in (b"a", b"b", b"c")]
    records[1] = records[1].replace(b"http:", b"h\x00tp:")
    assert said(stored(tmp_path, b"".join(records), "a.arc")) == ["a", "broken_record", "c"]
