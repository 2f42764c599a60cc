"""Chromium for pages whose text comes from scripts.

Every request of a page is made by the polite client: robots rules, delays, guard and budgets hold for it as for any
other. What the client refuses the page does not get.
"""

import os
import shutil
from collections.abc import Callable
from contextlib import ExitStack, suppress
from types import TracebackType
from typing import TYPE_CHECKING

from connectors.base import Response, WebError
from connectors.web.url import origin

if TYPE_CHECKING:
    from playwright.sync_api import Page, Route

SETTLE = 20_000  # milliseconds that a page may compute once all it asked for is there
PATIENCE = 300_000  # milliseconds for all requests of a page, which wait for each other's delays
_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_UNUSED = ("image", "media", "font", "texttrack", "ping", "manifest")
_NOT_PASSED = ("content-encoding", "content-length", "transfer-encoding", "connection", "set-cookie")
# A request that is not given to the client has nowhere to go: no name is known, and the proxy is nobody's
_CLOSED = (
    *("--host-resolver-rules=MAP * ~NOTFOUND", "--proxy-server=http://127.0.0.1:9", "--proxy-bypass-list=<-loopback>"),
    *("--disable-background-networking", "--disable-sync", "--disable-component-update", "--no-first-run"),
    *("--disable-quic", "--webrtc-ip-handling-policy=disable_non_proxied_udp", "--disable-features=WebRtcHideLocalIps"),
)


class Browser:
    """Started by the first page that asks for it. `get` answers the requests of its pages.

    `is_private` tells what is read behind a sign-in: only pages of the same origin are given it, since what scripts of
    another site learn they could send there.
    """

    def __init__(self, get: Callable[[str], Response], is_private: Callable[[str], bool]) -> None:
        self._get, self._is_private, self._shown = get, is_private, ""
        self._close = ExitStack()
        self._new_page: Callable[[], Page] | None = None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._close.close()

    def __enter__(self) -> "Browser":
        return self

    def render(self, url: str) -> str:
        """The HTML of the page at `url` once its scripts have run and asked for nothing more.

        Raises WebError: `no_browser` where none is installed, `script_timeout` for a page that does not come to rest.
        """
        self._shown = origin(url)
        new_page = self._new_page or self._start(url)
        from playwright.sync_api import Error, TimeoutError  # an extra, which `_start` has found

        try:
            page = new_page()
        except Error as error:
            self._close.close()
            self._new_page = None  # the next page starts another
            raise WebError(url, "script_timeout", "Chromium has stopped") from error
        try:
            page.goto(url, wait_until="load", timeout=PATIENCE)
            with suppress(TimeoutError):  # some ask for news for ever: what is there by then is the page
                page.wait_for_load_state("networkidle", timeout=SETTLE)
            return f"<html>{page.locator('html').inner_html(timeout=SETTLE)}</html>"
        except Error as error:
            raise WebError(url, "script_timeout", str(error).partition("\n")[0][:200]) from error
        finally:
            with suppress(Error):
                page.close()

    def _start(self, url: str) -> "Callable[[], Page]":
        try:
            from playwright.sync_api import Error, sync_playwright
        except ImportError as error:
            raise WebError(url, "no_browser", "install the extra: pip install 'gristmill[render]'") from error
        running = sync_playwright().start()
        self._close.callback(running.stop)
        found = next(filter(None, map(shutil.which, _BROWSERS)), None)
        arguments = [*_CLOSED, *(["--no-sandbox"] if os.geteuid() == 0 else [])]  # root has none
        try:
            browser = running.chromium.launch(executable_path=found, args=arguments)
        except Error as error:
            self._close.close()
            raise WebError(url, "no_browser", "Chromium is not installed, or does not start") from error
        self._close.enter_context(suppress(Error))  # it may have died
        self._close.callback(browser.close)
        context = browser.new_context(service_workers="block", accept_downloads=False)
        context.route("**/*", self._answer)
        context.route_web_socket("**/*", lambda socket: socket.close())
        self._new_page = context.new_page
        return context.new_page

    def _answer(self, route: "Route") -> None:
        request = route.request
        if request.method != "GET" or request.resource_type in _UNUSED or self._is_kept_from_page(request.url):
            route.abort()
            return
        try:
            response = self._get(request.url)
        except WebError:
            route.abort()
            return
        if self._is_kept_from_page(response.url):  # where redirects ended
            route.abort()
            return
        headers = {name: value for name, value in response.headers.items() if name not in _NOT_PASSED}
        route.fulfill(status=response.status, headers=headers, body=response.body)

    def _is_kept_from_page(self, url: str) -> bool:
        return self._is_private(url) and origin(url) != self._shown
