"""What a page in the browser is given of other sites. Chromium itself runs in `tests/browser`."""

from typing import Any

import pytest

from connectors.base import Response
from connectors.web.browser import Browser

SHOWN, WIKI = "https://shown.example", "https://wiki.example"


class Route:
    """A request of a page, and what it was answered."""

    def __init__(self, url: str) -> None:
        self.request = self
        self.url, self.method, self.resource_type, self.answered = url, "GET", "fetch", ""

    def abort(self) -> None:
        self.answered = "nothing"

    def fulfill(self, **response: Any) -> None:
        self.answered = response["body"].decode()


@pytest.mark.parametrize(
    ("shown", "asked", "ended", "given"),
    [
        (WIKI, f"{WIKI}/a", f"{WIKI}/a", "text"),
        (SHOWN, f"{SHOWN}/a", f"{SHOWN}/a", "text"),
        (SHOWN, f"{WIKI}/a", f"{WIKI}/a", "nothing"),
        (SHOWN, f"{SHOWN}/a", f"{WIKI}/a", "nothing"),
        (WIKI, f"{SHOWN}/a", f"{SHOWN}/a", "text"),
    ],
)
def test_what_is_behind_a_sign_in_is_given_to_no_page_of_another_site(
    shown: str, asked: str, ended: str, given: str
) -> None:
    browser = Browser(lambda url: Response(ended, 200, b"text"), lambda url: url.startswith(WIKI))
    browser._shown = shown
    route = Route(asked)
    browser._answer(route)  # type: ignore[arg-type]
    assert route.answered == given
