"""Proxies by the usual variables. What is private stays refused behind one."""

import shutil
import socket
import ssl
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from connectors.base import WebError
from connectors.web import guard, transport
from connectors.web.proxy import Proxy, proxy_for
from tests.connectors.web.conftest import Browse
from tests.connectors.web.site import Site, answer, silent

MAKE = ("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=wiki.example")
VARIABLES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Sets the variables that are named, and no other proxy."""

    def set_proxies(**stated: str) -> None:
        for name in VARIABLES:
            monkeypatch.delenv(name, raising=False)
            monkeypatch.delenv(name.upper(), raising=False)
        for name, value in stated.items():
            monkeypatch.setenv(name, value)

    return set_proxies


def resolves(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> None:
    def resolve(host: str, port: int) -> list[str]:
        if not addresses:
            raise socket.gaierror("no such host")
        return list(addresses)

    monkeypatch.setattr(guard, "_resolve", resolve)


@pytest.mark.parametrize(
    ("stated", "url", "proxy"),
    [
        ({"HTTP_PROXY": "http://p.example:3128"}, "http://a.example/", Proxy("p.example", 3128)),
        ({"HTTP_PROXY": "http://p.example:3128"}, "https://a.example/", None),
        ({"https_proxy": "p.example:8080"}, "https://a.example/", Proxy("p.example", 8080)),
        ({"ALL_PROXY": "http://p.example"}, "https://a.example/", Proxy("p.example", 80)),
        ({"https_proxy": "http://p.example", "no_proxy": "a.example,other"}, "https://b.a.example/", None),
        ({"https_proxy": "http://p.example", "no_proxy": "*"}, "https://a.example/", None),
        ({"http_proxy": "http://p.example"}, "http://127.0.0.1:8000/", None),
        ({"http_proxy": "http://p.example"}, "http://localhost/", None),
        ({"http_proxy": "http://mi%3Ara:pass@p.example"}, "http://a.example/",
         Proxy("p.example", 80, "Basic bWk6cmE6cGFzcw==")),
        ({}, "http://a.example/", None),
    ],
)  # fmt: skip
def test_the_proxy_of_an_address(
    environment: Callable[..., None], stated: dict[str, str], url: str, proxy: Proxy | None
) -> None:
    environment(**stated)
    assert proxy_for(url) == proxy
    assert "bWk6" not in repr(proxy)


def test_what_is_at_http_is_asked_of_the_proxy_by_its_whole_address(
    environment: Callable[..., None], monkeypatch: pytest.MonkeyPatch, browse: Browse
) -> None:
    resolves(monkeypatch)  # as where only the proxy can
    with Site({"http://wiki.example/a": answer(200, "Through")}) as proxy:
        environment(http_proxy=f"http://mira:pass@127.0.0.1:{proxy.port}")
        with browse() as web:
            assert web.get("http://wiki.example/a").body == b"Through"
        assert {arrival.headers["host"] for arrival in proxy.log} == {"wiki.example"}
        assert all(arrival.headers["proxy-authorization"].startswith("basic ") for arrival in proxy.log)


def test_a_tunnel_leads_to_https_and_shows_the_proxy_nothing(
    environment: Callable[..., None], monkeypatch: pytest.MonkeyPatch, browse: Browse, tmp_path: Path
) -> None:
    if not shutil.which("openssl"):
        pytest.skip("openssl is not installed, so no certificate can be made")
    made = ["-addext", "subjectAltName=DNS:wiki.example", "-out", tmp_path / "c.pem", "-keyout", tmp_path / "k.pem"]
    subprocess.run(["openssl", *MAKE, *made], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "c.pem", tmp_path / "k.pem")

    def tunnel(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        with context.wrap_socket(connection, server_side=True) as opened:
            asked = opened.recv(65_536)
            opened.sendall(answer(200, "Inside") if b"GET /a " in asked else answer(404))

    resolves(monkeypatch, "93.184.216.34")
    monkeypatch.setattr(transport, "_tls", lambda: ssl.create_default_context(cafile=tmp_path / "c.pem"))
    with Site({"wiki.example:443": tunnel}) as proxy:
        environment(https_proxy=f"http://127.0.0.1:{proxy.port}")
        with browse() as web:
            assert web.get("https://wiki.example/a").body == b"Inside"
        assert {arrival.path for arrival in proxy.log} == {"wiki.example:443"}


@pytest.mark.parametrize(
    ("url", "addresses"),
    [
        ("http://wiki.example/", ["10.0.0.5"]),
        ("http://wiki.example/", ["93.184.216.34", "127.0.0.1"]),
        ("http://10.0.0.5/", ["10.0.0.5"]),
        ("http://wiki.example:8080/", ["93.184.216.34"]),
        ("http://intranet/", []),
        ("http://printer.local/", []),
        ("https://metadata.google.internal/", []),
    ],
)
def test_what_is_private_is_refused_before_the_proxy_hears_of_it(
    environment: Callable[..., None], monkeypatch: pytest.MonkeyPatch, browse: Browse, url: str, addresses: list[str]
) -> None:
    resolves(monkeypatch, *addresses)
    with Site() as proxy:
        environment(all_proxy=f"http://127.0.0.1:{proxy.port}")
        with browse(allow_private=()) as web, pytest.raises(WebError, match="refused_address"):
            web.get(url)
        assert not proxy.log


@pytest.mark.parametrize(
    ("proxy", "says"),
    [
        ("socks5://127.0.0.1:1", "socks5:// is not known"),
        ("http://ann:secret/word@a.example:1", "escape / # ? and @"),
        ("http://127.0.0.1:1", "the proxy 127.0.0.1:1"),
    ],
)
def test_a_proxy_that_cannot_be_used_is_said(
    environment: Callable[..., None], monkeypatch: pytest.MonkeyPatch, browse: Browse, proxy: str, says: str
) -> None:
    resolves(monkeypatch, "93.184.216.34")
    environment(https_proxy=proxy)
    with browse() as web, pytest.raises(WebError) as caught:
        web.get("https://wiki.example/")
    assert caught.value.reason == "robots_unreachable"  # the first thing that is asked for
    assert says in caught.value.detail
    assert "secret" not in caught.value.detail


def test_a_tunnel_that_the_proxy_does_not_open_is_said(
    environment: Callable[..., None], monkeypatch: pytest.MonkeyPatch, browse: Browse
) -> None:
    resolves(monkeypatch, "93.184.216.34")
    with Site({"wiki.example:443": answer(407)}, otherwise=lambda path: silent) as proxy:
        environment(https_proxy=f"http://127.0.0.1:{proxy.port}")
        with browse() as web, pytest.raises(WebError, match="answers 407 to a tunnel"):
            web.get("https://wiki.example/")


@pytest.mark.parametrize("secret", ["hush℀", "[hush", "1/hush", "1#hush", "1?hush", "hush:x"])
def test_no_message_repeats_a_password(environment: Callable[..., None], secret: str) -> None:
    environment(http_proxy=f"http://user:{secret}@p.example:3128")
    try:
        found = proxy_for("http://a.example/")
    except ValueError as error:
        assert "hush" not in str(error) and (error.__context__ is None or error.__suppress_context__)
    else:
        assert found and found.host == "p.example" and "hush" not in repr(found)
