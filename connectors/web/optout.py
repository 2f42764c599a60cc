"""What a response itself, or the tdmrep.json of its site, says against being indexed or trained on."""

import html

import re2

from connectors.reading.stored_json import load
from connectors.web.preferences import PREFERENCES, refuses_training
from connectors.web.robots import AGENT, TRAINERS, matches
from connectors.web.url import escape

# `none` is noindex and nofollow; `noml` an older spelling of noai.
_TRAINING = frozenset(("noai", "noml"))
_INDEXING = frozenset(("noindex", "none"))

# Sitemaps and interfaces are kept out of search results as a matter of course (`noindex` on sitemap.xml):
# that says nothing about the pages they list.
_MACHINE = re2.compile(
    r"^(application|text)/([a-z0-9.+-]*\+)?(xml|json|gzip|x-gzip|octet-stream)$|^application/(rss|atom)"
)
_PAGE = re2.compile(r"^(text/html|application/xhtml\+xml|)$")

_HEAD = 512 * 1024
_BODY_TAG = re2.compile(rb"(?i)<body[\s>]")
_HIDDEN = re2.compile(rb"(?is)<!--.*?-->|<(?:script|style|textarea|noscript)\b.*?</(?:script|style|textarea|noscript)")
_META = re2.compile(rb"(?i)<meta\s[^>]*>")
_ATTRIBUTE = re2.compile(r"""(?i)\b(name|content)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""")


def opt_out(headers: dict[str, str], body: bytes, media_type: str) -> str:
    """The words by which a site keeps this response from training or indexing, or "".

    Read are X-Robots-Tag and the TDM Reservation Protocol's `tdm-reservation: 1`, both as `<meta>` too, and the
    preferences of `Content-Usage`.
    """
    forbidden = _TRAINING if _MACHINE.match(media_type) and not _PAGE.match(media_type) else _TRAINING | _INDEXING
    tag = headers.get("x-robots-tag", "")
    if _forbids(tag, forbidden):
        return f"X-Robots-Tag: {tag}"
    if headers.get("tdm-reservation", "").strip() == "1":
        return "tdm-reservation: 1"
    for name in PREFERENCES:
        if refuses_training(headers.get(name, "")):
            return f"{name}: {headers[name][:200]}"
    return _in_page(body, forbidden) if _PAGE.match(media_type) else ""


def shown_head(body: bytes, media_type: str) -> bytes:
    """Where a page's links to its terms stand, as UTF-8 if it is UTF-16; b"" for what is no page."""
    return _decoded_head(body) if _PAGE.match(media_type) else b""


def reservation(body: bytes, path: str) -> str:
    """The rule of a tdmrep.json that reserves `path`, or "". The first that matches counts, as in robots.txt's
    patterns (TDM Reservation Protocol, "TDM File on the Origin Server")."""
    listed = load(body)
    for rule in listed if isinstance(listed, list) else ():
        location = rule.get("location") if isinstance(rule, dict) else None
        if isinstance(location, str) and matches(escape(location), escape(path)):
            reserved = str(rule.get("tdm-reservation")) == "1"
            return f"tdmrep.json: tdm-reservation 1 for {location[:200]}" if reserved else ""
    return ""


def _in_page(body: bytes, forbidden: frozenset[str]) -> str:
    for name, content in _metas(body):
        if name == "tdm-reservation" and content.strip() == "1":
            return "<meta name=tdm-reservation content=1>"
        if (name in ("robots", AGENT) or name.replace("-", "") in TRAINERS) and _words(content) & forbidden:
            return f"<meta name={name} content={content!r}>"
    return ""


def _metas(body: bytes) -> list[tuple[str, str]]:
    head = _decoded_head(body)
    tag = _BODY_TAG.search(head)
    shown = _HIDDEN.sub(b"", head[: tag.start()] if tag else head)
    return [_name_and_content(meta.decode("utf-8", "replace")) for meta in _META.findall(shown)]


def _decoded_head(body: bytes) -> bytes:
    if body.startswith((b"\xff\xfe", b"\xfe\xff")):
        return body[: 2 * _HEAD].decode("utf-16", "replace").encode("utf-8", "replace")
    return body[:_HEAD]


def _name_and_content(meta: str) -> tuple[str, str]:
    found = {key.lower(): html.unescape(a or b or c) for key, a, b, c in _ATTRIBUTE.findall(meta)}
    return found.get("name", "").strip().lower(), found.get("content", "")


def _forbids(tag: str, forbidden: frozenset[str]) -> bool:
    """`googlebot: noindex` is meant for another; `noindex`, `gristmill: noindex` and `gptbot: noai` for us."""
    mine = True
    for part in tag.lower().split(","):
        agent, colon, words = part.partition(":")
        if colon and agent.strip() not in (
            "unavailable_after",
            "max-snippet",
            "max-image-preview",
            "max-video-preview",
        ):
            mine = agent.strip() in ("*", AGENT) or agent.strip().replace("-", "") in TRAINERS
            part = words
        if mine and part.strip() in forbidden:
            return True
    return False


def _words(content: str) -> set[str]:
    return {word.strip() for word in content.lower().replace(";", ",").split(",")}
