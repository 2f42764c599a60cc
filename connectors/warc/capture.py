"""A capture → a page: which captures are pages, the codings of the web undone, and what the site said against it."""

import io

from warcio.bufferedreaders import ChunkedDataReader

from connectors import html
from connectors.base import WebError
from connectors.reading.times import parse_time
from connectors.warc.archive import Capture
from connectors.web import decode
from connectors.web.limits import LIMITS
from connectors.web.optout import opt_out
from connectors.web.url import normalise_url
from schemas.document import Reject
from schemas.page import EPOCH, GONE_STATUSES, Page

KINDS = ("response", "resource", "conversion")
PLAIN = "text/plain"
_HEAD = 1024


def page_of(capture: Capture, source: str, licence: str) -> Page | Reject:
    """The page in a capture.

    Rejects: bad_url, http_<status>, not_html, segmented, cut_short, and `bad_encoding` and `too_large` of a body.
    """
    try:
        url = normalise_url(capture.url)
    except WebError as error:
        return Reject(capture.url[:500], error.reason, error.detail)
    media_type = _media_type(capture)
    fault = _fault(capture, media_type)
    if fault:
        return Reject(url, *fault)
    try:
        body = b"" if capture.status in GONE_STATUSES else _payload(capture)
    except decode.TooLarge as error:
        return Reject(url, "too_large", str(error))
    except decode.BadEncoding as error:
        return Reject(url, "bad_encoding", str(error))
    except decode.Truncated as error:
        return Reject(url, "cut_short", str(error))
    against = opt_out(capture.headers, body, media_type.partition(";")[0].strip())
    return Page(
        source=source,
        key=url,
        url=url,
        body=b"" if against else body,
        media_type=media_type or "text/html",
        status=capture.status,
        licence=licence,
        fetched_at=parse_time(capture.fields.get("warc-date")) or EPOCH,
        opt_out=against,
        etag=capture.headers.get("etag", ""),
        last_modified=capture.headers.get("last-modified", ""),
    )


def _fault(capture: Capture, media_type: str) -> tuple[str, str] | None:
    """Why a capture is no page: reason and detail."""
    if capture.status not in (200, *GONE_STATUSES):
        return f"http_{capture.status}", ""
    if capture.fields.get("warc-segment-number"):
        return "segmented", "only a part of it is in this record"
    if capture.fields.get("warc-truncated"):
        return "cut_short", f"WARC-Truncated: {capture.fields['warc-truncated']}"[:80]
    plain = PLAIN if capture.kind == "conversion" else ""
    if media_type.partition(";")[0].strip() not in (*html.MEDIA_TYPES, plain):
        return "not_html", media_type[:80]
    return None


def _media_type(capture: Capture) -> str:
    """With its charset, as the server, else the archive, says it."""
    own = "" if capture.kind == "response" else capture.fields.get("content-type", "")
    stated = capture.headers.get("content-type") or own or capture.fields.get("warc-identified-payload-type", "")
    return stated.strip().lower()


def _payload(capture: Capture) -> bytes:
    """The body without codings. Some archives hold it decoded under headers that still name them."""
    raw = capture.body
    if "chunked" in capture.headers.get("transfer-encoding", "").lower():
        raw = ChunkedDataReader(io.BytesIO(raw)).read()
    try:
        for encoding in reversed(capture.headers.get("content-encoding", "").split(",")):
            raw = decode.read_body([raw], encoding, LIMITS.body)
    except decode.BadEncoding:
        if b"<" not in capture.body[:_HEAD]:
            raise
    return raw
