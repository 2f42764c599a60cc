"""Pages whose text comes from scripts are told from those that say little."""

import pytest

from connectors.html import read_article
from schemas.document import Article, Reject
from schemas.page import Page

BUNDLE = '<script src="/static/js/main.4c1.js" defer></script>'
FRAME = '<nav><a href="/">Home</a> <a href="/b">Boards</a></nav><main id="app"></main><footer>2024</footer>'
SORRY = "We're sorry but this site doesn't work properly without JavaScript enabled. Please enable it to continue."
CHINESE = "本网站需要启用 JavaScript 才能运行，请打开它以后再试一次。"
BLINKS = "turn the volume up; the lamp blinks twice when it has heard you, and once when it has not."
LONG = (
    "<p>Turn the lamp to the left until it clicks, then wait for the green light to glow before you let go of it.</p>"
)


def reason(body: str, head: str = "") -> str:
    text = f"<html><head><title>Lamps</title>{head}</head><body>{body}</body></html>"
    found = read_article(Page("s", "k", "https://a.example/k", text.encode()))
    return found.reason if isinstance(found, Reject) else "article"


@pytest.mark.parametrize(
    ("body", "head", "says"),
    [
        (f'<noscript>You need to enable JavaScript to run this app.</noscript><div id="root"></div>{BUNDLE}', "",
         "needs_javascript"),
        (f'<div id="app"><img src="/spin.gif" alt=""></div>{BUNDLE}', "", "no_main_content"),
        ('<div id="__next"></div>', '<script type="module" src="/a.js"></script>', "needs_javascript"),
        (f"<app-root></app-root>{BUNDLE}", "", "needs_javascript"),
        (FRAME + BUNDLE, "", "needs_javascript"),
        (f"<div>{SORRY}</div>{BUNDLE}", "", "needs_javascript"),
        (f"<p>{CHINESE * 3}</p>{BUNDLE}", "", "needs_javascript"),
        (f"<h1>Just a moment</h1><p>Enable JavaScript and cookies to continue</p>{BUNDLE}", "", "needs_javascript"),
        (f'<div id="modal-root"></div><div id="app"></div><div id="footer"></div>{BUNDLE}', "", "needs_javascript"),
        # those that say little by themselves
        (f'<h1>Lamp</h1><p>See the other lamp.</p><div id="footnotes"><hr></div>{BUNDLE}', "", "too_short"),
        (f'<p>See the other lamp.</p><div id="cookie-banner"></div><div id="ads-1"></div>{BUNDLE}', "", "too_short"),
        ("<p>Nothing here.</p>", "", "too_short"),
        (f"<p>Nothing here.</p>{BUNDLE}", "", "too_short"),
        ('<div id="root"></div>', "", "no_main_content"),
        # those that can be read
        (f'<article><h1>Lamps</h1>{LONG}</article><div id="comments"></div>{BUNDLE}'
         "<noscript>Please enable JavaScript to view the comments.</noscript>", "", "article"),
        (f"<article><h1>No sound?</h1><p>Enable JavaScript in your browser. {LONG[3:]}<p>Then load the page again and "
         f"{BLINKS}</p></article>{BUNDLE}", "", "article"),
    ],
)  # fmt: skip
def test_pages_that_want_scripts(body: str, head: str, says: str) -> None:
    assert reason(body, head) == says


def test_the_reject_says_what_is_missing() -> None:
    found = read_article(Page("s", "k", "https://a.example/k", f'<div id="root"></div>{BUNDLE}'.encode()))
    assert not isinstance(found, Article)
    assert "scripts" in found.detail
    assert "`render = true`" in found.detail


def test_a_wall_is_named_with_what_opens_it() -> None:
    body = b"<html><head><title>Log in | Lamps</title></head><body><p>Members read on.</p></body></html>"
    found = read_article(Page("s", "k", "https://a.example/k", body))
    assert isinstance(found, Reject)
    assert found.reason == "login_wall"
    assert "GRISTMILL_SIGN_IN" in found.detail
