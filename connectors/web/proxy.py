"""The proxy of a URL, by the usual variables: HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY, in either case."""

from base64 import b64encode
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

from connectors.web.guard import is_loopback
from connectors.web.url import host_and_port
from pipelines.messages import Message


@dataclass(frozen=True, slots=True)
class Proxy:
    """`credentials`: the value of Proxy-Authorization, or "" where the proxy asks for none."""

    host: str
    port: int
    credentials: str = field(default="", repr=False)

    @property
    def headers(self) -> dict[str, str]:
        """What is said to the proxy, and to nobody behind it."""
        return {"Proxy-Authorization": self.credentials} if self.credentials else {}


def proxy_for(url: str) -> Proxy | None:
    """The proxy that the environment names for a normalised `url`; never one for loopback.

    Raises ValueError for a proxy that cannot be used. The message holds no password.
    """
    host, port = host_and_port(url)
    stated = getproxies()
    address = stated.get(urlsplit(url).scheme) or stated.get("all", "")
    if not address or is_loopback(host) or proxy_bypass(f"{host}:{port}"):
        return None
    return _read(address)


def _read(address: str) -> Proxy:
    try:
        parts = urlsplit(address if "://" in address else f"http://{address}")
    except ValueError:  # its message repeats the password
        raise ValueError(
            Message("a proxy cannot be read; name it as http://user:password@host:port, escaped")
        ) from None
    if parts.path.strip("/") or parts.query or parts.fragment:
        raise ValueError(Message("a proxy has more than a host and a port; escape / # ? and @ in its password"))
    if parts.scheme != "http" or not parts.hostname:
        raise ValueError(
            Message("a proxy of the kind {scheme}:// is not known; name one as http://host:port", scheme=parts.scheme)
        )
    try:
        port = parts.port or 80
    except ValueError:
        raise ValueError(Message("a proxy's port is no number; escape / # ? and @ in its password")) from None
    if parts.username is None:
        return Proxy(parts.hostname, port)
    pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
    return Proxy(parts.hostname, port, f"Basic {b64encode(pair.encode()).decode()}")
