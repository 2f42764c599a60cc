"""Server start: the port first, then the model, then the HTTP server.

torch and FastAPI are imported only after the port is taken and the model found, so that either is reported at once.
"""

import errno
import logging
import os
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from pipelines.errors import WorkFailed
from pipelines.messages import Message, tr
from pipelines.recipe import RecipeError
from pipelines.serve.access import LOOPBACK
from pipelines.serve.loading import ServedModel, find_judge, find_model, load_beside, load_judge, load_model

TOKEN = "GRISTMILL_SERVE_TOKEN"
MIN_TOKEN_BYTES = 32
CURES = {
    errno.EADDRINUSE: Message("another program listens there; stop it, or choose another --port"),
    errno.EACCES: Message("this user may not listen there; choose a --port of 1024 or more"),
    errno.EADDRNOTAVAIL: Message("this machine has no such address; choose another --host"),
}

log = logging.getLogger("gristmill")


class PortError(WorkFailed):
    """The server cannot listen at the address that it was given. The message holds the cure."""


def serve(
    model: str | Path,
    host: str = "127.0.0.1",
    port: int = 8000,
    data: Path = Path("data"),
    beside: str = "",
    reward: str = "",
) -> None:
    """Load a model and answer HTTP requests until interrupted.

    `model` is a folder, or the name of a recipe that has a model below `data`. `beside` is another, or `base`, what the
    first was trained from; empty: none. `reward` is what ranks completions (see find_judge). `port` 0 takes a free one.
    The port is taken before the model is loaded; connections wait until the model is there.

    Raises: PortError when the port cannot be taken. RecipeError when `host` is not loopback and there is no token, or
    when there is no such model. AddressError for a model address that cannot be read.
    """
    token = os.environ.get(TOKEN, "")
    if host not in LOOPBACK and len(token.encode()) < MIN_TOKEN_BYTES:
        raise RecipeError(
            "{host} can be reached from elsewhere: set {token} to a secret of {number} bytes or more",
            host=host,
            token=TOKEN,
            number=MIN_TOKEN_BYTES,
        )
    with _listening(host, port) as sockets:
        folder = find_model(model, data)
        found = find_judge(reward, folder, data)
        models = [load_model(folder, str(model)), *([load_beside(beside, folder, data)] if beside else [])]
        if found:
            judge = load_judge(found)
            log.info(tr("the best of several completions are chosen by the reward model {name}", name=judge.name))
            models = [replace(each, judge=judge) for each in models]
        _run(models, token, LOOPBACK if host in LOOPBACK else (), sockets)


def check_port(host: str, port: int) -> None:
    """Take the port and free it again. Imports nothing heavy; `serve` does the same itself.

    Raises: PortError when the port cannot be taken.
    """
    with _listening(host, port):
        pass


def _run(models: list[ServedModel], token: str, hosts: tuple[str, ...], sockets: list[socket.socket]) -> None:
    import uvicorn

    from pipelines.serve.app import create_app
    from pipelines.serve.connections import MOST, ImpatientProtocol

    app = create_app(*models, token=token, hosts=hosts)
    limits: dict[str, Any] = {"http": ImpatientProtocol, "limit_concurrency": MOST}
    config = uvicorn.Config(app, log_level="info", server_header=False, **limits)
    for each in sockets:
        log.info(tr("listening on {url}; Ctrl-C stops it", url=_url(each)))
    with suppress(KeyboardInterrupt):  # how a server is meant to end
        uvicorn.Server(config).run(sockets=sockets)


def _url(listening: socket.socket) -> str:
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


@contextmanager
def _listening(host: str, port: int) -> Iterator[list[socket.socket]]:
    """One listening socket for each address of `host`. Raises PortError."""
    with ExitStack() as opened:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
            addresses = dict.fromkeys((family, str(address[0])) for family, *_, address in found)
            sockets = [
                opened.enter_context(socket.create_server((address, port), family=family))
                for family, address in addresses
            ]
        except (OSError, OverflowError, UnicodeError) as error:
            raise _port_error(host, port, error) from error
        yield sockets


def _port_error(host: str, port: int, error: Exception) -> PortError:
    code = error.errno if isinstance(error, OSError) else None
    why = getattr(error, "strerror", None) or error
    cure = CURES.get(code or 0) or Message("{why}; choose another --host or --port", why=why)
    return PortError("cannot listen on {host}:{port}: {cure}", host=host, port=port, cure=cure)
