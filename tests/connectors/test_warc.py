"""Web archives: what is a page in them, and that whatever is broken costs nothing but itself."""

import gzip
import io
import zlib
from collections.abc import Callable
from pathlib import Path

import brotli
import pytest
from pydantic import ValidationError
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from connectors.warc import Warc
from schemas.document import Article, Document, Reject, Thread
from schemas.page import Page
from tests.connectors.recorded import OFFLINE

HERE = Path(__file__).parent
URL = "https://mill.example/{}"
TEXT = "Grinding is the step that turns grain into flour, and it needs a clean stone and some patience."
HTML = f"<html><head><title>Stones</title></head><body><main><h1>Stones</h1><p>{TEXT}</p></main></body></html>".encode()


def record(name: str, body: bytes = HTML, status: str = "200 OK", kind: str = "response", **http: str) -> bytes:
    """One record, plain. HTTP headers with underscores; those of the record begin with `warc_`."""
    made = io.BytesIO()
    writer = WARCWriter(made, gzip=False)
    headers = [(key.replace("_", "-"), value) for key, value in {"Content_Type": "text/html", **http}.items()]
    own = {key.replace("_", "-"): value for key, value in http.items() if key.startswith("warc_")}
    head = StatusAndHeaders(status, headers, protocol="HTTP/1.1") if kind == "response" else None
    stated = {"warc_content_type": http.get("Content_Type", "text/html")} if head is None else {}
    writer.write_record(
        writer.create_warc_record(
            URL.format(name), kind, payload=io.BytesIO(body), http_headers=head, warc_headers_dict=own, **stated
        )
    )
    return made.getvalue()


def read(path: Path, **settings: object) -> list[Page | Reject]:
    return list(Warc.model_validate({"name": "archive", "path": path, **settings}).fetch(OFFLINE, None))


def stored(folder: Path, content: bytes, name: str = "a.warc", **settings: object) -> list[Page | Reject]:
    (folder / name).write_bytes(content)
    return read(folder / name, **settings)


def said(found: list[Page | Reject]) -> list[str]:
    """The last part of a page's key, or why there is none."""
    return [item.reason if isinstance(item, Reject) else item.key.rpartition("/")[2] for item in found]


def documents(page: Page | Reject) -> list[Document | Reject]:
    assert isinstance(page, Page), page
    return list(Warc(name="archive", path=HERE / "warc").parse(page))


PACKINGS: dict[str, Callable[[list[bytes]], bytes]] = {
    "plain": b"".join,
    "a member per record": lambda records: b"".join(map(gzip.compress, records)),
    "gzipped as a whole": lambda records: gzip.compress(b"".join(records)),
    "padded members": lambda records: b"".join(gzip.compress(each) + bytes(7) for each in records),
}


@pytest.mark.parametrize("packing", PACKINGS)
def test_every_way_to_pack_an_archive(packing: str, tmp_path: Path) -> None:
    records = [record("a"), record("x", kind="metadata"), record("b"), record("c", b"<p>" + b"x" * 200_000)]
    found = stored(tmp_path, PACKINGS[packing](records))
    assert said(found) == ["a", "b", "c"]
    assert [len(page.body) for page in found if isinstance(page, Page)] == [len(HTML), len(HTML), 200_003]


def chunked(body: bytes) -> bytes:
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (body[:50], body[50:], b""))


CODINGS = {
    "gzip": (gzip.compress(HTML), {"Content_Encoding": "gzip"}),
    "zlib": (zlib.compress(HTML), {"Content_Encoding": "deflate"}),
    "bare deflate": (zlib.compress(HTML)[2:-4], {"Content_Encoding": "deflate"}),
    "brotli": (brotli.compress(HTML), {"Content_Encoding": "br"}),
    "chunked": (chunked(HTML), {"Transfer_Encoding": "chunked"}),
    "chunked gzip": (chunked(gzip.compress(HTML)), {"Transfer_Encoding": "chunked", "Content_Encoding": "gzip"}),
    "two": (brotli.compress(gzip.compress(HTML)), {"Content_Encoding": "gzip, br"}),
    "named but undone": (HTML, {"Content_Encoding": "br", "Transfer_Encoding": "chunked"}),
}


@pytest.mark.parametrize("coding", CODINGS)
def test_codings_are_undone(coding: str, tmp_path: Path) -> None:
    body, headers = CODINGS[coding]
    (page,) = stored(tmp_path, record("a", body, **headers))
    assert isinstance(page, Page) and page.body == HTML
    (article,) = documents(page)
    assert isinstance(article, Article) and article.sections[0].markdown == TEXT


# built when its test runs: the bombs take a second, and each process of a run collects them all
UNREAD: dict[str, tuple[Callable[[], bytes], str]] = {
    "bomb": (lambda: record("a", gzip.compress(bytes(64 << 20)), Content_Encoding="gzip"), "too_large"),
    "brotli bomb": (
        lambda: record("a", brotli.compress(bytes(64 << 20), quality=1), Content_Encoding="br"),
        "too_large",
    ),
    "torn gzip": (lambda: record("a", gzip.compress(HTML)[:-9], Content_Encoding="gzip"), "cut_short"),
    "unknown coding": (lambda: record("a", b"\x28\xb5\x2f\xfd", Content_Encoding="zstd"), "bad_encoding"),
    "picture": (lambda: record("a", b"GIF89a", Content_Type="image/gif"), "not_html"),
    "redirect": (lambda: record("a", b"", "301 Moved"), "http_301"),
    "cut by the crawler": (lambda: record("a", warc_truncated="length"), "cut_short"),
    "a part": (lambda: record("a", warc_segment_number="1"), "segmented"),
    "long": (lambda: record("a", b"x" * (11 << 20)), "too_large"),
    "headers": (
        lambda: b"WARC/1.0\r\nWARC-Type: response\r\n" + b"X-A: b\r\n" * 140_000 + b"\r\n",
        "endless_headers",
    ),
}


@pytest.mark.parametrize("case", UNREAD)
def test_what_is_no_page_says_why_and_costs_no_neighbour(case: str, tmp_path: Path) -> None:
    content, reason = UNREAD[case]
    assert said(stored(tmp_path, record("before") + content() + record("after"))) == ["before", reason, "after"]


def test_a_page_carries_what_the_archive_knows(tmp_path: Path) -> None:
    headers = {
        "ETag": '"1"',
        "Last_Modified": "Sun, 01 Mar 2026 10:00:00 GMT",
        "Content_Type": "text/html; charset=Big5",
    }
    (page,) = stored(tmp_path, record("a", **headers, warc_date="2026-03-02T10:00:00Z"), licence="CC0-1.0")
    assert isinstance(page, Page)
    assert (page.url, page.media_type, page.etag) == (URL.format("a"), "text/html; charset=big5", '"1"')
    assert (page.licence, page.fetched_at.isoformat()) == ("CC0-1.0", "2026-03-02T10:00:00+00:00")


OPT_OUTS = [
    ({"X_Robots_Tag": "noai"}, HTML, "X-Robots-Tag: noai"),
    ({"TDM_Reservation": "1"}, HTML, "tdm-reservation: 1"),
    ({}, HTML.replace(b"<head>", b'<head><meta name="robots" content="noai">'), "noai"),
]


@pytest.mark.parametrize(("headers", "body", "evidence"), OPT_OUTS)
def test_an_opt_out_leaves_its_words_and_not_the_text(
    headers: dict[str, str], body: bytes, evidence: str, tmp_path: Path
) -> None:
    (page,) = stored(tmp_path, record("a", body, **headers))
    assert isinstance(page, Page) and page.body == b"" and evidence in page.opt_out
    assert documents(page) == [Reject(page.key, "opt_out", page.opt_out)]


def test_a_page_that_is_gone_is_a_page_with_its_status(tmp_path: Path) -> None:
    (page,) = stored(tmp_path, record("a", b"<p>Not here", "404 Not Found"))
    assert isinstance(page, Page) and (page.status, page.body) == (404, b"")


@pytest.mark.parametrize("packed", [False, True])
def test_a_truncated_archive_is_an_error_that_keeps_what_came_before(packed: bool, tmp_path: Path) -> None:
    pack: Callable[[bytes], bytes] = gzip.compress if packed else bytes
    first = pack(record("a"))
    whole, last = first + pack(record("b")), len(first)
    for cut in (last + 3, last + 40, len(whole) - 200, len(whole) - 30):
        found = stored(tmp_path, whole[:cut])
        assert said(found)[0] == "a" and len(found) == 2
        assert isinstance(found[1], Reject) and found[1].reason in ("truncated", "broken_record")
        assert found[1].key == f"a.warc@{last}"
    assert isinstance(found[1], Reject) and found[1].reason == "truncated"


def test_every_flipped_bit_costs_at_most_its_record(tmp_path: Path) -> None:
    members = [gzip.compress(record(name)) for name in "abc"]
    first, second = len(members[0]), len(members[1])
    for place in range(first, first + second, 29):
        broken = bytearray(b"".join(members))
        broken[place] ^= 0x55
        found = said(stored(tmp_path, bytes(broken)))
        assert found[0] == "a" and found[-1] == "c", (place, found)
        assert len(found) == 3


BROKEN = {
    "a length too short": (record("b").replace(b"\r\n\r\nHTTP", b"\r\nX: 1\r\n\r\nHTTP").replace(b"</p>", b"</p>more")),
    "no length": b"WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: https://mill.example/b\r\n\r\nbody\r\n\r\n",
    "a digest that does not fit": record("b").replace(b"clean stone", b"dirty stone"),
    "no record": b"What is this?\r\nAnd this?\r\n\r\n",
    "zeros": bytes(100) + b"\r\n",
}


@pytest.mark.parametrize("case", BROKEN)
def test_after_a_broken_record_comes_the_next(case: str, tmp_path: Path) -> None:
    for pack in (bytes, gzip.compress):
        found = stored(tmp_path, b"".join(pack(each) for each in (record("a"), BROKEN[case], record("c"))))  # type: ignore[operator]
        assert said(found)[0] == "a" and said(found)[-1] == "c", said(found)
        reasons = {item.reason for item in found if isinstance(item, Reject)}
        assert reasons and reasons <= {"broken_record", "digest_mismatch", "truncated"}


def test_a_length_too_long_does_not_take_the_next_record_along(tmp_path: Path) -> None:
    stated = f"Content-Length: {len(record('b').partition(b'HTTP/1.1')[2]) + 8 - 4}".encode()
    longer = record("b").replace(stated, b"Content-Length: 99999")
    assert b"99999" in longer
    assert said(stored(tmp_path, record("a") + longer + record("c"))) == ["a", "truncated", "c"]


def test_what_is_no_archive_and_what_holds_no_pages_say_so(tmp_path: Path) -> None:
    assert said(stored(tmp_path, b"a,b\n1,2\n")) == ["broken_record"]
    assert said(stored(tmp_path, record("a", kind="metadata"))) == ["no_captures"]
    assert said(stored(tmp_path, b"")) == ["no_captures"]


def test_only_the_addresses_that_are_wanted(tmp_path: Path) -> None:
    content = b"".join(record(name) for name in ("guide/1", "guide/2", "shop/1"))
    assert said(stored(tmp_path, content, include=["/guide/"], exclude=["2$"])) == ["1"]
    assert stored(tmp_path, content, include=["/blog/"]) == []


def test_the_newest_capture_of_an_address_counts(tmp_path: Path) -> None:
    (tmp_path / "crawl-2025.warc.gz").write_bytes(gzip.compress(record("a", b"<p>old")) + gzip.compress(record("b")))
    (tmp_path / "crawl-2026.warc.gz").write_bytes(gzip.compress(record("a", b"<p>new")))
    for path in (tmp_path, tmp_path / "*.warc.gz"):
        found = read(path)
        assert said(found) == ["a", "b"]
        assert isinstance(found[0], Page) and found[0].body == b"<p>new"
    text = record("a", b"plain", kind="conversion", Content_Type="text/plain")
    (tmp_path / "crawl-2026.warc.wet.gz").write_bytes(gzip.compress(text))
    assert read(tmp_path) == found


def test_a_page_goes_to_the_parser_that_fits_it() -> None:
    article, thread, plain = (documents(page)[0] for page in read(HERE / "warc") if isinstance(page, Page))
    assert isinstance(article, Article) and article.licence == "CC-BY-4.0"
    assert [section.path for section in article.sections] == [(), ("What you need",), ("How to dress the stone",)]
    assert "```bash\nmill stop\nmill lift --stone upper\n```" in article.sections[2].markdown
    assert isinstance(thread, Thread) and len(thread.posts) > 1
    assert isinstance(plain, Article) and plain.title == "磨坊手册：修整磨石"
    assert plain.sections[0].markdown.startswith("一块磨石") and "登录" not in plain.sections[0].markdown
    assert "版权所有" not in plain.sections[0].markdown


def test_a_threads_later_page_has_no_question(tmp_path: Path) -> None:
    body = (HERE / "forum" / "xenforo2.html").read_bytes()
    (page,) = stored(tmp_path, record("threads/reading.7/page-2", body))
    assert [item.reason for item in documents(page) if isinstance(item, Reject)] == ["later_page_of_thread"]


@pytest.mark.parametrize(("settings", "says"), [({"include": ["("]}, "RE2"), ({"path": HERE / "forum"}, "no archive")])
def test_settings_that_cannot_work_say_so(settings: dict[str, object], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        Warc.model_validate({"name": "archive", "path": HERE / "warc", **settings})


@pytest.mark.parametrize("packing", ["whirlwind.warc", "whirlwind.warc.gz", "whirlwind.warc.wet.gz"])
def test_common_crawl(packing: str, shared_data: Path) -> None:
    (page,) = read(shared_data / "warc" / "commoncrawl" / packing)
    (article,) = documents(page)
    assert isinstance(article, Article) and article.title.startswith("Escopete")
    text = "\n".join(section.markdown for section in article.sections)
    assert "[](" not in text and "84 habitants" in text and "Declaración de cookies" not in text


def test_archives_that_other_tools_choke_on(shared_data: Path) -> None:
    found = {path.name: said(read(path)) for path in sorted((shared_data / "warc" / "test" / "data").iterdir())}
    assert found["example-bad.warc.gz.bad"] == ["?example=1", "http_302"]  # gzipped as a whole
    assert found["example-trunc.warc"] == ["digest_mismatch"]
    assert found["example-iana.org-chunked.warc"] == found["example.arc.gz"] == found["example.warc.gz"] == [""]
    assert all(found.values())
