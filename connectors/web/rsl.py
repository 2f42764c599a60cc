"""Really Simple Licensing 1.0 (https://rslstandard.org/rsl): under which terms a site lets its pages be trained on.

A licence document is named by robots.txt (`License:`), by a `Link` header or by a `<link>`, or stands in a `<script>`.
Read is whether training is refused or has a price. Terms for certain users or countries are not judged, since nobody
here knows who runs this; feeds and metadata inside of files are not read.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import re2
from lxml import etree

from connectors.base import WebError
from connectors.web.robots import matches
from connectors.web.url import escape, normalise_url, same_site, target

MEDIA_TYPE = "application/rsl+xml"
_TRAINING = frozenset(("all", "ai-all", "ai-train", "train-ai"))  # the last in drafts of before 1.0
_FREE = frozenset(("free", "attribution", "contribution"))
_MOST = 5  # documents of one page or site that are read, and licences in an evidence
_DECLARES = re2.compile(rb"(?i)<!(?:DOCTYPE|ENTITY)")
_TOKENS = re2.compile(r"[\s,]+")
_LINK_VALUE = re2.compile(r"<([^<>]*)>([^<>]*)")
_LINK_TAG = re2.compile(rb"(?i)<link\s[^>]*>")
_COMMENT = re2.compile(rb"(?s)<!--.*?-->")
_SCRIPT = re2.compile(rb"(?is)<script\b[^>]*\btype\s*=\s*[\"']?application/rsl\+xml\b[^>]*>(.*?)</script")
_ATTRIBUTE = re2.compile(r"""(?i)(?:^|[\s;"'])(rel|type|href)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>;]+))""")
_PARSER = {"resolve_entities": False, "no_network": True, "load_dtd": False, "recover": False, "huge_tree": False}


@dataclass(frozen=True, slots=True)
class Terms:
    """What a document says of the addresses that `pattern` names, as robots.txt's patterns do. `refusal`: why they may
    not be trained on, "" if they may."""

    pattern: str
    refusal: str


def read(document: bytes) -> tuple[Terms, ...]:
    """The terms in `document`; () where it is no RSL: a page about rights in prose names no use."""
    if _DECLARES.search(document):
        return ()
    try:
        root = etree.fromstring(document.strip(), etree.XMLParser(**_PARSER))
    except (etree.XMLSyntaxError, ValueError):
        return ()
    if root is None or etree.QName(root).localname != "rsl":
        return ()
    return tuple(Terms(found.get("url", "").strip(), _refusal(found)) for found in root.iterchildren("{*}content"))


def refusal(terms: tuple[Terms, ...], url: str) -> str:
    """Why `url` may not be trained on, "" where nothing says so. The longest pattern counts, and of several as long
    one that refuses."""
    found = [one for one in terms if _covers(one.pattern, url)]
    strictest = max(found, key=lambda one: (len(one.pattern), bool(one.refusal)), default=None)
    if not strictest or not strictest.refusal:
        return ""
    return f"RSL: {strictest.refusal} for {strictest.pattern[:200] or 'this page'}"


def linked(headers: dict[str, str], head: bytes, base: str) -> list[str]:
    """Addresses of the documents that a response names, in its `Link` header or in the `head` of its HTML."""
    stated: list[tuple[str, str]] = _LINK_VALUE.findall(headers.get("link", ""))
    stated += [("", tag.decode("utf-8", "replace")) for tag in _LINK_TAG.findall(_COMMENT.sub(b"", head))]
    found = dict.fromkeys(address for link in stated if (address := _licence_at(*link, base)))
    return list(found)[:_MOST]


def inline(head: bytes) -> list[bytes]:
    """Documents that stand in the page itself."""
    return [bytes(found) for found in _SCRIPT.findall(_COMMENT.sub(b"", head))[:_MOST]]


def _licence_at(address: str, attributes: str, base: str) -> str:
    stated = {name.lower(): a or b or c for name, a, b, c in _ATTRIBUTE.findall(attributes)}
    relations = stated.get("rel", "").lower().split()
    if "license" not in relations or stated.get("type", "").partition(";")[0].strip().lower() != MEDIA_TYPE:
        return ""
    try:
        return normalise_url(address or stated.get("href", ""), base)
    except WebError:
        return ""


def _covers(pattern: str, url: str) -> bool:
    if pattern.startswith(("http://", "https://")):
        host, slash, path = pattern.partition("://")[2].partition("/")
        try:
            return same_site(normalise_url(f"https://{host}/"), url) and matches(escape(slash + path), target(url))
        except WebError:
            return False
    return not pattern or (pattern.startswith(("/", "*")) and matches(escape(pattern), target(url)))


def _refusal(content: etree._Element) -> str:
    """Licences of one content are offers: one that lets us train is enough, unless another prohibits it."""
    if server := content.get("server"):
        return f"asks for a token of {server[:200]}"
    offers = [_of_licence(licence) for licence in content.iterchildren("{*}license")]
    prohibited = [said for said in offers if said.startswith("prohibits")]
    return (prohibited or [said for said in offers if not said] or offers or [""])[0]


def _of_licence(licence: etree._Element) -> str:
    prohibited, permitted = (_uses(licence, verb) for verb in ("prohibits", "permits"))
    if found := _TRAINING & (prohibited or set()):
        return f"prohibits {min(found)}"
    if permitted is not None and not _TRAINING & permitted:
        return f"permits only {', '.join(sorted(permitted)[:_MOST]) or 'nothing'}"
    if price := next(_prices(licence), ""):
        return f"asks for payment ({price[:50]})"
    if licence.find("{*}reporting") is not None:
        return "asks for reports"
    return ""


def _uses(licence: etree._Element, verb: str) -> set[str] | None:
    """The uses that are named; None where none is, which is another thing than an empty list."""
    named = [found for found in licence.iterchildren(f"{{*}}{verb}") if found.get("type", "usage") == "usage"]
    if not named:
        return None
    return {token.lower() for found in named for token in _TOKENS.split(found.text or "") if token}


def _prices(licence: etree._Element) -> Iterator[str]:
    """Kinds of payment that have to be made first: we make none."""
    for payment in licence.iterchildren("{*}payment"):
        kind = payment.get("type", "").strip().lower()
        if kind not in _FREE and (kind or len(payment)):
            yield kind or "of its own terms"
