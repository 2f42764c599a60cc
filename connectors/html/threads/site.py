"""Whether a page of any site is a thread rather than an article, also where the article has comments below it."""

from copy import deepcopy

import re2
from lxml.html import HtmlElement

from connectors.html.tags import names
from connectors.html.threads.alone import only_post
from connectors.html.threads.choice import LEAST
from connectors.html.threads.conversation import NAMED, is_conversation
from connectors.html.threads.copies import drop_copies
from connectors.html.threads.described_posts import is_declared_thread
from connectors.html.threads.evidence import letters
from connectors.html.threads.place import is_article, is_of_forum, leads_to_thread
from connectors.html.threads.posts import Found, believed, find_posts
from connectors.html.threads.recognised import count_posts

_FEWEST = 2  # posts that make a thread where the page does not say that it is one
_BOARD_LEAST = 0.5  # worth of a board that nothing but names on the page speaks for
_LONG = 1_500  # characters of a post that nobody has answered
_SENTENCE = 40  # letters of a line that says something
_LINK = re2.compile(r"!?\[([^\[\]]*)\]\([^()\s]*\)")


def declares_posts(root: HtmlElement) -> bool:
    """Whether the page says that it is a thread, or has posts of a known engine."""
    return is_declared_thread(root) or count_posts(root) >= _FEWEST


def thread_on(root: HtmlElement, url: str) -> Found | None:
    """The thread, or the board, that a page is; None where it is an article, or anything else. Drops second copies
    where anything speaks for a thread."""
    if declares_posts(root):
        return find_posts(drop_copies(root), url)
    said = leads_to_thread(url) or is_of_forum(root) or NAMED.search(names(root))
    # most other pages are articles, which are read with their second copies
    found = find_posts(drop_copies(root if said else deepcopy(root)), url)
    if found and found.listed:
        return found if _may_be_board(found, root, url) else None
    if found is None or len(found.blocks) < _FEWEST:
        return _question(root, url, found) if leads_to_thread(url) and not is_article(root) else None
    return found if found.worth >= LEAST and is_conversation(found, root, url) else None


def _may_be_board(found: Found, root: HtmlElement, url: str) -> bool:
    """Whether a list of entries may be one of threads: others stand beside articles."""
    if leads_to_thread(url) or is_of_forum(root):
        return found.worth >= LEAST
    return found.worth >= _BOARD_LEAST and bool(NAMED.search(names(root))) and not is_article(root)


def _question(root: HtmlElement, url: str, found: Found | None) -> Found | None:
    """A thread that nobody has answered: one signed post, no longer than posts are; tutorials stand on communities'
    addresses, too."""
    kept = believed(found)
    blocks = kept.blocks if kept else only_post(root, url)
    signed = len(blocks) == 1 and blocks[0].author and blocks[0].time and len(blocks[0].markdown) <= _LONG
    return Found(blocks, "alone", LEAST, "") if signed and _has_sentence(blocks[0].markdown) else None


def _has_sentence(markdown: str) -> bool:
    """Whether some line says something, as none of a list of titles does beside its links."""
    return any(letters(_LINK.sub("", line)) >= _SENTENCE for line in markdown.splitlines())
