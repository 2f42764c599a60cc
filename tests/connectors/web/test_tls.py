"""https: the certificate must be good for the name that was asked for, whatever address was dialled."""

import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from connectors.base import WebError
from connectors.web import transport
from tests.connectors.web.conftest import Browse
from tests.connectors.web.site import answer

MAKE = "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost".split()  # noqa: SIM905


@dataclass
class Secure:
    port: int
    certificate: Path
    names: list[str | None] = field(default_factory=list)


@pytest.fixture
def secure(tmp_path: Path) -> Iterator[Secure]:
    """A server that answers 404 to all, with a certificate of its own making for `localhost`."""
    if not shutil.which("openssl"):
        pytest.skip("openssl is not installed, so no certificate can be made")
    certificate, key = tmp_path / "certificate.pem", tmp_path / "key.pem"
    subprocess.run(["openssl", *MAKE, "-out", certificate, "-keyout", key], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        served = Secure(listener.getsockname()[1], certificate)
        context.sni_callback = lambda connection, name, _: served.names.append(name)
        threading.Thread(target=_serve, args=(listener, context), daemon=True).start()
        yield served


def _serve(listener: socket.socket, context: ssl.SSLContext) -> None:
    while True:
        try:
            with context.wrap_socket(listener.accept()[0], server_side=True) as connection:
                connection.recv(65_536)
                connection.sendall(answer(404))
        except ssl.SSLError:
            continue
        except OSError:
            return


def test_a_stranger_is_not_trusted(secure: Secure, browse: Browse) -> None:
    with browse() as web, pytest.raises(WebError, match="bad_certificate"):
        web.get(f"https://localhost:{secure.port}/")


@pytest.mark.parametrize(("host", "trusted"), [("localhost", True), ("127.0.0.1", False)])
def test_the_name_must_match(
    secure: Secure, browse: Browse, monkeypatch: pytest.MonkeyPatch, host: str, trusted: bool
) -> None:
    monkeypatch.setattr(transport, "_tls", lambda: ssl.create_default_context(cafile=secure.certificate))
    with browse() as web:
        if trusted:
            assert web.get(f"https://{host}:{secure.port}/").status == 404
            assert set(secure.names) == {"localhost"}
        else:
            with pytest.raises(WebError, match="bad_certificate"):
                web.get(f"https://{host}:{secure.port}/")
