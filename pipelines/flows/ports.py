"""Ports of this machine: whether one can be listened on, and one that is free."""

import socket
from contextlib import closing

from pipelines.errors import WorkFailed

LOOPBACK = "127.0.0.1"


def require_free(host: str, port: int) -> None:
    """Raises WorkFailed where `port` of `host` cannot be listened on; 0 stands for any free one."""
    try:
        _bound_port(host, port)
    except OSError as error:
        cure = f"end what listens there, or choose another with --port {free_port(port)}" if port else "see --host"
        raise WorkFailed(f"{host}:{port} cannot be listened on: {error.strerror}; {cure}") from error


def free_port(wanted: int) -> int:
    """`wanted` if nothing listens there on loopback, else one that the system picks. Raises OSError where none is."""
    try:
        return _bound_port(LOOPBACK, wanted)
    except OSError:
        return _bound_port(LOOPBACK, 0)


def _bound_port(host: str, port: int) -> int:
    """The port that was bound, and let go again. As a server binds: one that waits after a close counts as free."""
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    with closing(socket.socket(family, kind, protocol)) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(address)
        return int(probe.getsockname()[1])
