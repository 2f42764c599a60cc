"""Sitemaps in all their forms: XML, index, text, feed, each possibly gzipped."""

from dataclasses import dataclass

import re2
from lxml import etree

from connectors.base import WebError
from connectors.web import decode
from connectors.web.limits import MIB
from connectors.web.url import normalise_url

MOST_URLS = 50_000  # sitemaps.org
MOST_BYTES = 50 * MIB  # sitemaps.org
_DOCTYPE = re2.compile(rb"(?i)<!(?:DOCTYPE|ENTITY)")
_INDEX = "sitemapindex"


class SitemapError(Exception):
    """Bytes that are no sitemap; the message says why."""


@dataclass(frozen=True, slots=True)
class Sitemap:
    """`pages` and the further `sitemaps` it lists, each normalised, once, in the file's order."""

    pages: tuple[str, ...] = ()
    sitemaps: tuple[str, ...] = ()


def parse(body: bytes, base: str) -> Sitemap:
    """Read a sitemap fetched from `base`. Raises SitemapError for entities, bombs and broken archives.

    XML that breaks off gives what came before; addresses that are no URLs are left out.
    """
    text = _unpacked(body)
    if not text.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<") and not text.startswith((b"\xff\xfe", b"\xfe\xff")):
        words = text.decode("utf-8-sig", "replace").split()  # a text has whole addresses: another one is no sitemap
        return Sitemap(pages=_urls([word for word in words if word.startswith(("http://", "https://"))], base))
    root = _tree(text)
    kind = etree.QName(root).localname.lower()
    if kind == _INDEX:
        return Sitemap(sitemaps=_urls(_locations(root, "sitemap"), base))
    if kind in ("rss", "feed", "rdf"):
        return Sitemap(pages=_urls(_feed_links(root), base))
    return Sitemap(pages=_urls(_locations(root, "url"), base))


def _unpacked(body: bytes) -> bytes:
    """Gunzipped, twice if need be: some servers compress what is compressed."""
    try:
        for _ in range(2):
            if not body.startswith(b"\x1f\x8b"):
                break
            body = decode.read_body([body], "gzip", MOST_BYTES)
    except (decode.TooLarge, decode.BadEncoding, decode.Truncated) as error:
        raise SitemapError(str(error)) from error
    return body


def _tree(text: bytes) -> etree._Element:
    if _DOCTYPE.search(text[:MIB]):
        raise SitemapError("it declares entities or a document type")
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, recover=True, huge_tree=False)
    try:
        root = etree.fromstring(text.lstrip(), parser)
    except etree.XMLSyntaxError as error:
        raise SitemapError(error.msg) from error
    if root is None:
        raise SitemapError("it holds no element")
    return root


def _locations(root: etree._Element, item: str) -> list[str]:
    """The `<loc>` of each item, whatever its namespace; some generators leave the `<loc>` out."""
    found = []
    for element in root.iterchildren(f"{{*}}{item}"):
        location = element.find("{*}loc")
        text = element.text if location is None else location.text
        found.append((text or "").strip())
    return found


def _feed_links(root: etree._Element) -> list[str]:
    """Links of the items of an RSS or Atom feed."""
    links = []
    for item in root.iter("{*}item", "{*}entry"):
        for link in item.iterchildren("{*}link"):
            if link.get("rel", "alternate") == "alternate":
                links.append((link.get("href") or link.text or "").strip())
    return links


def _urls(candidates: list[str], base: str) -> tuple[str, ...]:
    urls: dict[str, None] = {}
    for candidate in candidates[:MOST_URLS]:
        try:
            if candidate:
                urls[normalise_url(candidate, base)] = None
        except WebError:
            continue  # a sitemap's typing error is no page
    return tuple(urls)
