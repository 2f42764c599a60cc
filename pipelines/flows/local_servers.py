"""The servers of `gristmill up`, Prefect's and the dashboard's, behind a guard: own host names and own pages only.

Prefect answers any origin, so a page of any site could start flows on the reader's machine, and both answer any host
name, so a site can point its own name at this machine and read what is here. `python -m pipelines.flows.local_servers
prefect|dashboard PORT` runs one of them.
"""

import importlib
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pipelines.flows.ports import LOOPBACK
from pipelines.flows.sign_in import Access, SignIn
from pipelines.serve.access import LOOPBACK as NAMES
from pipelines.serve.access import host_name

DASHBOARD = Path(__file__).parents[2] / "dashboards" / "app.py"
STREAMLIT = {
    "server.headless": True,
    "server.address": LOOPBACK,
    "server.fileWatcherType": "none",
    "browser.gatherUsageStats": False,
    "client.toolbarMode": "minimal",
    "server.maxUploadSize": 200,  # MB of a file
}
DRAWN_WITH = (
    "altair",
    "pandas",
    "pipelines.catalog",
    "pipelines.curate",
)  # 2 s for which no first page waits
POLICY_VIOLATION = 1008  # a WebSocket's closing code, RFC 6455
# What a page may load and ask, by the kind of thing, besides its own server; https://www.w3.org/TR/CSP3
ALLOWED = {
    "default-src": "'self'",
    "script-src": "'self' blob: 'unsafe-eval'",  # Prefect's graphs compile shaders, the dashboard's charts formulas
    "worker-src": "'self' blob:",
    "style-src": "'self' 'unsafe-inline'",  # both draw by styles of elements
    "img-src": "'self' data: blob:",
    "font-src": "'self' data:",
    "connect-src": "'self' data: blob:",
    "object-src": "'none'",
    "base-uri": "'self'",
    "form-action": "'self'",
    "frame-ancestors": "'self'",
}


class LocalOnly:
    """An ASGI app around another one, for a server on loopback at `port`; `url` is another address that it has.

    It refuses requests to host names that are not this machine's, and those that pages of another origin send. Programs
    send no `Origin`. WebSockets are held to the same: browsers open them across origins without asking. With each
    answer goes a Content-Security-Policy: no page asks another host, whatever a text on it says.
    """

    def __init__(self, app: Any, port: int, url: str = "") -> None:
        self.app, self.port, self.url = app, port, url
        self.names = {*NAMES, urlsplit(url).hostname or LOOPBACK}

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
        elif host_name(scope["headers"]) not in self.names:
            await _refuse(scope, send, 421, "this server does not answer to that host name")
        elif not all(self._is_own(origin) for name, origin in scope["headers"] if name == b"origin"):
            await _refuse(scope, send, 403, "this server does not answer to pages of other sites")
        else:
            await self.app(scope, receive, _with_policy(send, policy(self.port, self.url)))

    def _is_own(self, origin: bytes) -> bool:
        return origin.decode("latin-1") in (*origins(self.port), *_origin(self.url))


def origins(port: int) -> list[str]:
    """The origins of pages that a server on loopback at `port` has sent itself."""
    return [f"http://[{name}]:{port}" if ":" in name else f"http://{name}:{port}" for name in NAMES]


def _origin(url: str) -> list[str]:
    """Of an address, as browsers write it; none of ""."""
    parts = urlsplit(url)
    return [f"{parts.scheme}://{parts.netloc.lower()}"] if url else []


def policy(port: int, url: str = "") -> str:
    """The Content-Security-Policy of a server's pages. Prefect's ask it by its address also where a name led to them,
    and not all browsers count a WebSocket as `'self'`."""
    own = [name for name in NAMES if ":" not in name]  # the policy's grammar has no IPv6
    asked = " ".join(f"{scheme}://{name}:{port}" for scheme in ("http", "ws") for name in own)
    asked += "".join(f" {own} {own.replace('http', 'ws', 1)}" for own in _origin(url))
    allowed = ALLOWED | {"connect-src": f"{ALLOWED['connect-src']} {asked}"}
    return "; ".join(f"{kind} {what}" for kind, what in allowed.items())


def _with_policy(send: Any, allowed: str) -> Any:
    header = (b"content-security-policy", allowed.encode())

    async def sending(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            message = message | {"headers": [*message.get("headers", []), header]}
        await send(message)

    return sending


async def _refuse(scope: dict[str, Any], send: Any, status: int, why: str) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": POLICY_VIOLATION, "reason": why})
        return
    await send({"type": "http.response.start", "status": status, "headers": [(b"content-type", b"text/plain")]})
    await send({"type": "http.response.body", "body": why.encode()})


def run_prefect(port: int) -> None:
    """Prefect's API and UI, as `prefect server start` runs them, until a signal ends it."""
    import uvicorn
    from prefect.server.api.server import create_app

    uvicorn.run(LocalOnly(create_app(final=True), port), host=LOOPBACK, port=port, log_level="warning")


def run_dashboard(port: int, access: Access = Access()) -> None:  # noqa: B008 (it is frozen)
    """The dashboard, as `streamlit run` runs it, until a signal ends it."""
    for name in DRAWN_WITH:
        importlib.import_module(name)
    from starlette.middleware import Middleware
    from streamlit.starlette import App

    # or uvicorn would take a client's address from what the client says
    os.environ["FORWARDED_ALLOW_IPS"] = ""
    guards = [Middleware(LocalOnly, port=port, url=access.url), Middleware(SignIn, access=access)]
    App(DASHBOARD, middleware=guards).run(config=STREAMLIT | {"server.port": port, "server.address": access.host})


def main(arguments: Iterable[str]) -> None:
    """Run the server that the arguments name at the port that they give."""
    name, port = arguments
    sys.argv = sys.argv[:1]  # Streamlit would hand the rest to the page
    {"prefect": run_prefect, "dashboard": run_dashboard}[name](int(port))


if __name__ == "__main__":
    main(sys.argv[1:])
