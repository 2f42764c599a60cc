"""One spelling per URL, so that nothing is fetched twice under two names."""

import ipaddress
import re
from urllib.parse import SplitResult, urljoin, urlsplit

import idna
import re2

from connectors.base import WebError

LONGEST = 2083
_WHOLE = ("http://", "https://")
PORTS = {"http": 80, "https": 443}
_ESCAPE = re.compile(rb"%[0-9A-Fa-f]{2}")
_NOTHING_TO_ESCAPE = re.compile(r"[A-Za-z0-9._~!$&'()*+,;=:@/?-]*")
_UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_PATH = _UNRESERVED | frozenset(b"!$&'()*+,;=:@/")
_QUERY = _PATH | frozenset(b"?")
# A run of escapes, or of bytes that stand for no part of a URL; a `%` that begins no escape is one of these
_PATH_ESCAPES, _QUERY_ESCAPES = (
    re.compile(rb"((?:%[0-9A-Fa-f]{2})+)|(?:[^%" + re.escape(bytes(sorted(kept))) + rb"]|%(?![0-9A-Fa-f]{2}))+")
    for kept in (_PATH, _QUERY)
)
_SPELLED = [bytes([byte]) if byte in _UNRESERVED else b"%%%02X" % byte for byte in range(256)]
# Sessions that servers write into their links. Only what is long and random: a short `sid` may name an article.
_SESSION = re2.compile(
    r"(?i);jsessionid=[\w.!-]{8,}"
    r"|([?&])(?:phpsessid|jsessionid|aspsessionid\w*|session_?id|sid|cftoken|zenid|oscsid)=[0-9a-z]{16,}(&|$)"
)
_CONTROL = {code: None for code in (9, 10, 13)}  # browsers drop tabs and line ends inside a URL


def normalise_url(url: str, base: str = "") -> str:
    """The canonical form of `url` (RFC 3986 section 6, UTS 46 for hosts), without fragment.

    Idempotent. Query parameters keep their order: it may mean something. Raises WebError `bad_url`
    for what is not an http(s) URL, is longer than 2083 characters, or carries a password.
    """
    try:
        stated = _slashed(url.strip().translate(_CONTROL))
        normal = _normal(urlsplit(stated if stated.startswith(_WHOLE) else urljoin(base, stated)))
    except (ValueError, UnicodeError) as error:
        raise WebError(_redacted(url), "bad_url", str(error)) from error
    if len(normal) > LONGEST:
        raise WebError(normal[:200], "bad_url", f"{len(normal)} characters; {LONGEST} are the most")
    return normal


def without_session(url: str) -> str:
    """A normalised URL without the session in it: the page is the same for every visitor, and new for none."""
    return str(_SESSION.sub(lambda found: (found[1] if found[1] == "?" else "&") if found[2] else "", url))


def authority(url: str) -> str:
    """The host, with its port, that any text names as an address; "" for what is none, as `https://[shortcode]`."""
    try:
        return urlsplit(url).netloc
    except ValueError:
        return ""


def origin(url: str) -> str:
    """Scheme, host and port, as in `https://a.example:8443`."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def same_site(url: str, *others: str) -> bool:
    """Whether one of `others` is on the host of `url`; http or https, with `www.` or without."""
    return bare(url).partition("/")[0] in {bare(other).partition("/")[0] for other in others}


def bare(url: str) -> str:
    """A normalised URL without scheme and `www.`, which sites redirect from one form to the other."""
    return url.partition("://")[2].removeprefix("www.")


def host_and_port(url: str) -> tuple[str, int]:
    """The host and the port of a normalised URL; without a port, the one of its scheme."""
    parts = urlsplit(url)
    return parts.hostname or "", parts.port or PORTS[parts.scheme]


def host_key(url: str) -> str:
    """The host that a request is counted for: http and https of one name are one host, other ports are others."""
    host, port = host_and_port(url)
    return host if port in PORTS.values() else f"{host}:{port}"


def target(url: str) -> str:
    """Path and query, as the request line and robots.txt mean them."""
    parts = urlsplit(url)
    return parts.path + (f"?{parts.query}" if parts.query else "")


def escape(text: str, keep: frozenset[int] = _QUERY) -> str:
    """Percent-encoding in one spelling: escapes of unreserved characters undone, the rest upper case."""
    if _NOTHING_TO_ESCAPE.fullmatch(text) and (keep is _QUERY or "?" not in text):
        return text
    data = text.encode("utf-8", "surrogateescape")
    pattern = _QUERY_ESCAPES if keep is _QUERY else _PATH_ESCAPES
    return pattern.sub(_escape_run, data).decode("ascii")


def _escape_run(found: re.Match[bytes]) -> bytes:
    """A run of escapes, or of bytes that need one."""
    if found[1] is None:
        return b"%" + found[0].hex("%").upper().encode()
    return b"".join(map(_SPELLED.__getitem__, bytes.fromhex(found[1].decode().replace("%", ""))))


def _normal(parts: SplitResult) -> str:
    scheme = parts.scheme.lower()
    if scheme not in PORTS:
        raise ValueError(f"scheme {scheme!r}; only http and https are fetched")
    if "@" in parts.netloc:
        raise ValueError("it carries a user name or password")
    host, port = _host(parts.hostname or ""), parts.port
    authority = host if port in (None, PORTS[scheme]) else f"{host}:{port}"
    path = _without_dots(escape(parts.path, _PATH)) or "/"
    query = escape(parts.query)
    return f"{scheme}://{authority}{path}" + (f"?{query}" if query else "")


def _host(host: str) -> str:
    if ":" in host:
        return f"[{ipaddress.IPv6Address(host)}]"
    if not host:
        raise ValueError("it names no host")
    text = _unescaped(host).rstrip(".").lower()
    if all(ord(letter) < 128 for letter in text):
        return _plain(text)
    return _plain(idna.encode(text, uts46=True, std3_rules=False).decode("ascii"))


def _plain(host: str) -> str:
    if not host or not re.fullmatch(r"[a-z0-9._-]+", host) or len(host) > 253:
        raise ValueError(f"no host can be called {host[:80]!r}")
    return host


def _unescaped(host: str) -> str:
    raw = _ESCAPE.sub(lambda found: bytes([int(found.group()[1:], 16)]), host.encode())
    return raw.decode("utf-8")


def _slashed(url: str) -> str:
    """Browsers take a backslash before the query for a slash, and so do those who write them."""
    end = min((at for mark in "?#" if (at := url.find(mark)) >= 0), default=len(url))
    return url[:end].replace("\\", "/") + url[end:]


def _without_dots(path: str) -> str:
    """RFC 3986 section 5.2.4. Empty segments stay: a server may tell `//` from `/`."""
    if "/." not in path:
        return path
    out: list[str] = []
    *steps, last = path.split("/")[1:]
    for step in steps:
        if step == "..":
            del out[-1:]
        elif step != ".":
            out.append(step)
    if last == "..":
        del out[-1:]
    return "/" + "/".join([*out, "" if last in (".", "..") else last])


def _redacted(url: str) -> str:
    """A URL fit for a message: whatever stands before an @ is not repeated."""
    scheme, mark, after = url[:200].partition("//")
    if "@" in after:
        return f"{scheme}{mark}…@{after.rpartition('@')[2]}"
    return url[:200] if "@" not in scheme else f"…@{scheme.rpartition('@')[2]}"
