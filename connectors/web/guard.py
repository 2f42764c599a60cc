"""The one place where a connection is made, and where an address may be refused.

A name is resolved once; every answer must be a public address; the address that was checked is the
address that is dialled. `is_global` of the standard library is not enough: it lets through addresses
that carry a private one inside (NAT64, 6to4), and multicast.
"""

import ipaddress
import socket
import time
from collections.abc import Callable

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolve = Callable[[str, int], list[str]]

_UNICAST = ipaddress.ip_network("2000::/3")
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_NEVER = tuple(
    ipaddress.ip_network(block)
    for block in (
        "100.64.0.0/10",  # carriers' own, and a cloud's metadata service
        "168.63.129.16/32",  # a cloud's metadata service on a public address
        "192.0.0.0/24",
        "192.88.99.0/24",
        "2001::/32",  # Teredo
        "2002::/16",  # 6to4
        "3fff::/20",
    )
)

# RFC 6762 (.local), RFC 8375 (home.arpa), ICANN's reserved .internal, and what routers and firms are wont to use
_PRIVATE_NAMES = (".local", ".internal", ".localhost", ".home.arpa", ".lan", ".intranet", ".corp", ".home", ".private")


class Refused(Exception):
    """An address that may not be dialled."""


def dial(
    host: str, port: int, seconds: float, allowed: tuple[str, ...], resolve: Resolve | None = None
) -> socket.socket:
    """A connected socket to `host`, within `seconds` for all its addresses. Raises Refused, OSError."""
    addresses = (resolve or _resolve)(host, port)
    if not is_listed(host, port, allowed):
        check(host, port, addresses)
    deadline = time.monotonic() + seconds
    failure = OSError(f"{host} has no address")
    for address in addresses:
        try:
            return socket.create_connection((address, port), max(deadline - time.monotonic(), 0.01))
        except OSError as error:
            failure = error
    raise failure


def check(host: str, port: int, addresses: list[str]) -> None:
    """Raise Refused unless every address is public and the port one of the web's."""
    if port not in (80, 443):
        raise Refused(f"port {port}; list {host}:{port} under allow_private to dial it")
    for address in addresses:
        if not is_public(address):
            raise Refused(f"{address} is not a public address; list {host} under allow_private to dial it")


def check_behind_proxy(host: str, port: int, allowed: tuple[str, ...], resolve: Resolve | None = None) -> None:
    """Raise Refused unless `host` is public as far as it can be seen from here: a proxy resolves names itself.

    A name that has no address here is left to the proxy, unless it is of a private network by its looks.
    """
    if is_listed(host, port, allowed):
        return
    try:
        addresses = (resolve or _resolve)(host, port)
    except OSError:
        addresses = []
    if not addresses and (host.endswith(_PRIVATE_NAMES) or "." not in host.strip(".")):
        raise Refused(f"{host} is a name of a private network; list it under allow_private to dial it")
    check(host, port, addresses)


def is_loopback(host: str) -> bool:
    """Whether this machine itself is meant."""
    bare = host.strip("[]").lower()
    try:
        return ipaddress.ip_address(bare).is_loopback
    except ValueError:
        return bare == "localhost" or bare.endswith(".localhost")


def is_listed(host: str, port: int, allowed: tuple[str, ...]) -> bool:
    """Whether the recipe names this host, with this port or with none."""
    bare = host.strip("[]").lower()
    return any(_entry(entry) in ((bare, 0), (bare, port)) for entry in allowed)


def is_public(address: str) -> bool:
    """Whether anyone on the internet may be meant. What cannot be read is not public."""
    try:
        ip: Address = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    ip = _unwrapped(ip)
    if ip.version == 6 and ip not in _UNICAST:
        return False
    return (
        ip.is_global and not ip.is_multicast and not any(ip in block for block in _NEVER if block.version == ip.version)
    )


def _unwrapped(ip: Address) -> Address:
    """The IPv4 address that a mapped or translated one stands for."""
    if isinstance(ip, ipaddress.IPv6Address) and (ip.ipv4_mapped or ip in _NAT64):
        return ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
    return ip


def _resolve(host: str, port: int) -> list[str]:
    answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(answer[4][0]) for answer in answers))


def _entry(entry: str) -> tuple[str, int]:
    """`host`, `host:port`, `::1` or `[::1]:port` → (host, port or 0)."""
    host, _, port = entry.lower().rpartition(":")
    if port.isdecimal() and (host.endswith("]") or (host and ":" not in host)):
        return host.strip("[]"), int(port)
    return entry.lower().strip("[]"), 0
