"""No address that is not public is dialled, in whatever clothes it comes."""

import socket

import pytest

from connectors.base import WebError
from connectors.web import guard
from connectors.web.url import host_and_port, normalise_url
from tests.connectors.web.conftest import Browse
from tests.connectors.web.site import Site, answer, redirect

# fmt: off
PRIVATE = [
    "0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.100.100.200", "127.0.0.1", "127.8.8.8",
    "168.63.129.16", "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.8", "192.0.0.192", "192.0.2.1",
    "192.88.99.1", "192.168.1.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.255",
    "240.0.0.1", "255.255.255.255", "::", "::1", "::127.0.0.1", "::8.8.8.8", "::ffff:10.0.0.1", "::ffff:127.0.0.1",
    "::ffff:169.254.169.254", "64:ff9b::10.0.0.1", "64:ff9b::169.254.169.254", "64:ff9b:1::8.8.8.8", "100::1",
    "2001::1", "2001:db8::1", "2002:7f00:1::", "2002:808:808::1", "3fff::1", "5f00::1", "fc00::1", "fd00:ec2::254",
    "fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1", "4000::1", "localhost", "2130706433", "0x7f.1", "not-an-address",
]
PUBLIC = [
    "1.1.1.1", "8.8.8.8", "93.184.216.34", "172.32.0.1", "2606:4700::1111", "2a00:1450::1", "64:ff9b::8.8.8.8",
    "::ffff:8.8.8.8",
]
NAMES = [
    "127.0.0.1", "localhost", "2130706433", "0x7f000001", "0177.0.0.1", "127.1", "017700000001", "①②⑦.⓪.⓪.①",
    "127。0。0。1", "127.0.0.1.", "%31%32%37.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "[0:0:0:0:0:ffff:7f00:1]",
]
# fmt: on


@pytest.mark.parametrize("address", PRIVATE)
def test_private(address: str) -> None:
    assert not guard.is_public(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_public(address: str) -> None:
    assert guard.is_public(address)


@pytest.mark.parametrize("name", NAMES)
def test_loopback_under_other_names(name: str) -> None:
    """Whatever the system's resolver makes of the name, and although something listens there."""
    host, port = host_and_port(normalise_url(f"http://{name}/"))
    with pytest.raises((guard.Refused, socket.gaierror)):
        guard.dial(host, port, 1, ())


@pytest.mark.parametrize("name", NAMES)
def test_loopback_by_url(site: Site, browse: Browse, name: str) -> None:
    with browse(allow_private=()) as web, pytest.raises(WebError, match=r"refused_address|no_such_host"):
        web.get(site.url("/", name))
    assert not site.log


def test_every_answer_of_the_resolver_counts(site: Site) -> None:
    answers = [["93.184.216.34", "127.0.0.1"], ["::ffff:127.0.0.1"], ["10.0.0.1", "8.8.8.8"]]
    for addresses in answers:
        with pytest.raises(guard.Refused):
            guard.dial("example.org", 80, 1, (), lambda host, port, found=addresses: found)


def test_what_was_checked_is_what_is_dialled(site: Site) -> None:
    """A name that resolves otherwise the second time is never asked for a second time."""
    asked = []

    def rebinding(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["10.0.0.1"]

    with guard.dial("rebind.example", site.port, 1, ("rebind.example",), rebinding) as connection:
        assert connection.getpeername() == ("127.0.0.1", site.port)
    assert asked == ["rebind.example"]


def test_a_dead_address_gives_way_to_the_next(site: Site) -> None:
    found = lambda host, port: ["127.0.0.2", "127.0.0.1"]  # noqa: E731
    with guard.dial("two.example", site.port, 1, ("two.example",), found) as connection:
        assert connection.getpeername()[0] == "127.0.0.1"


@pytest.mark.parametrize("port", [21, 22, 25, 8080, 6379])
def test_other_ports(port: int) -> None:
    with pytest.raises(guard.Refused, match="port"):
        guard.check("example.org", port, ["8.8.8.8"])


@pytest.mark.parametrize(
    ("entry", "listed"),
    [
        ("127.0.0.1", True),
        ("127.0.0.1:8000", True),
        ("127.0.0.1:8001", False),
        ("127.0.0.2", False),
        ("LOCALHOST:8000", False),
        ("", False),
    ],
)
def test_listed(entry: str, listed: bool) -> None:
    assert guard.is_listed("127.0.0.1", 8000, (entry,)) is listed


@pytest.mark.parametrize("entry", ["::1", "[::1]", "[::1]:8000"])
def test_listed_ipv6(entry: str) -> None:
    assert guard.is_listed("::1", 8000, (entry,))


def test_only_the_listed_port_is_dialled(site: Site, browse: Browse) -> None:
    with Site({"/b": answer(200, "inside")}) as other:
        site.pages["/a"] = redirect(other.url("/b"))
        with browse(allow_private=(f"127.0.0.1:{site.port}",)) as web, pytest.raises(WebError, match="refused_address"):
            web.get(site.url("/a"))
        assert not other.log


def test_proxies_of_the_environment_are_ignored(site: Site, browse: Browse, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    site.pages["/a"] = answer(200, "x")
    with browse() as web:
        assert web.get(site.url("/a")).body == b"x"
    assert socket.getdefaulttimeout() is None
