"""A free port of this machine."""

import socket
from contextlib import closing

LOOPBACK = "127.0.0.1"


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
