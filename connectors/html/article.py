"""A page of any site as an article."""

import re2
from lxml.html import HtmlElement

from connectors.base import RENDER_HELPS, SIGN_IN_HELPS
from connectors.html.content import article_content
from connectors.html.decoding import decode
from connectors.html.footnotes import bring_home
from connectors.html.metadata import metadata, opt_out
from connectors.html.questions import joined, questions, steps
from connectors.html.schema_org import described
from connectors.html.scripts import wants_scripts
from connectors.html.sections import sections
from connectors.html.threads.stubs import article_refusal
from connectors.html.tree import Unreadable, parse
from connectors.reading.edits import edited
from schemas.document import Article, Reject
from schemas.page import Page

MEDIA_TYPES = ("text/html", "application/xhtml+xml", "")
_SUFFIX = re2.compile(r"\.[A-Za-z]{1,5}$")
# Characters of Markdown below which a page says nothing
SHORTEST = 80


def read_article(page: Page, licence: str = "") -> Article | Reject:
    """The page's article under the licence that it states, else the page's, else `licence`.

    Rejects: those of `open_page` and `article_of`.
    """
    root = open_page(page)
    return root if isinstance(root, Reject) else article_of(root, page, licence)


def open_page(page: Page) -> HtmlElement | Reject:
    """The tree of a page of HTML that may be used. Rejects: opt_out, not_html, and the reasons of `Unreadable`."""
    if page.opt_out:
        return Reject(page.key, "opt_out", page.opt_out)
    if page.media_type.partition(";")[0].strip().lower() not in MEDIA_TYPES:
        return Reject(page.key, "not_html", page.media_type)
    try:
        root = parse(decode(page.body, page.media_type))
    except Unreadable as error:
        return Reject(page.key, error.reason, error.detail)
    against = opt_out(root)
    return Reject(page.key, "opt_out", against) if against else root


def article_of(root: HtmlElement, page: Page, licence: str = "") -> Article | Reject:
    """The article in a page that has been opened. `root` is changed.

    Rejects: needs_javascript, login_wall, consent_wall, error_page, no_main_content, too_short.
    """
    about, data = metadata(root, page.url), described(root)
    bring_home(root)
    content = article_content(root)
    own = sections(content, about.title, page.url) if content is not None else ()
    found = joined(own, questions(data, page.url))
    text = "\n".join(section.markdown for section in found)
    if refused := _refusal(root, page, text, about.title):
        return refused
    return Article(
        key=page.key,
        url=page.url,
        title=about.title or _named(page.key),
        sections=found,
        steps=steps(data, page.url),
        author=about.author,
        created_at=about.published,
        edited_at=edited(about.modified, about.published),
        licence=about.licence or page.licence or licence,
        language=about.language,
    )


def refused(text: str) -> tuple[str, str]:
    """(reason, detail) of why this page of HTML gives no article, ("", "") where it gives one. Raises Unreadable."""
    found = article_of(parse(text), Page("", "", "", b""))
    return (found.reason, found.detail) if isinstance(found, Reject) else ("", "")


def is_unfilled(text: str) -> bool:
    """Whether only its scripts would put an article into this page of HTML. Raises Unreadable."""
    return refused(text)[0] == "needs_javascript"


def _refusal(root: HtmlElement, page: Page, text: str, title: str) -> Reject | None:
    """Why a page of which so little was read gives no article."""
    if wants_scripts(root, text, SHORTEST):
        return Reject(page.key, "needs_javascript", RENDER_HELPS)
    names = [" ".join(str(each.text_content()).split()) for each in root.iter("h1", "h2")]
    shown = text or " ".join(str(root.text_content()).split())  # what was trimmed as clutter may say it
    if reason := article_refusal([title, *names], shown):
        return Reject(page.key, reason, helps(reason) or "its title, a heading or its few words say so")
    if not text:
        return Reject(page.key, "no_main_content")
    return Reject(page.key, "too_short") if len(text) < SHORTEST else None


def helps(reason: str) -> str:
    """What helps where a page is refused for `reason`; "" where nothing is known to."""
    return {"needs_javascript": RENDER_HELPS, "login_wall": SIGN_IN_HELPS}.get(reason, "")


def _named(key: str) -> str:
    """What a page without a title is called by its address: `docs/mill-stones.html` → mill stones."""
    name = key.partition("?")[0].rstrip("/").rpartition("/")[2]
    return " ".join(_SUFFIX.sub("", name).replace("-", " ").replace("_", " ").split()) or key
