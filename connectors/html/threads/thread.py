"""A thread out of its saved pages: the posts of all of them, each once, with times, votes and whom they answer."""

import json
from collections.abc import Iterator
from dataclasses import replace
from html import unescape

from lxml.html import HtmlElement

from connectors import html
from connectors.html.article import helps
from connectors.html.metadata import in_whole_words
from connectors.html.scripts import wants_scripts
from connectors.html.threads import address
from connectors.html.threads.alone import only_post
from connectors.html.threads.block import Block, Quote
from connectors.html.threads.copies import drop_copies
from connectors.html.threads.dates import read_time, reads_month_first
from connectors.html.threads.described_posts import described_title
from connectors.html.threads.posts import Found, believed, find_posts
from connectors.html.threads.profiles import PROFILES, Profile, every, select
from connectors.html.threads.recognised import recognise
from connectors.html.threads.signatures import without_signatures
from connectors.html.threads.stubs import refusal
from connectors.reading.edits import edited
from schemas.document import Post, Reject, Thread
from schemas.page import Page

_QUOTED = 60  # characters of a quote that have to be in the post it is taken from


def read_thread(page: Page, licence: str = "", profiles: tuple[Profile, ...] = PROFILES) -> Iterator[Thread | Reject]:
    """The thread in a page made by `fetch`: a JSON list of the thread's pages, each with `url` and `html`."""
    try:
        saved = [(str(each["url"]), html.parse(str(each["html"]))) for each in json.loads(page.body)]
    except html.Unreadable as error:
        yield Reject(page.key, error.reason, error.detail)
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        yield Reject(page.key, "malformed_json", type(error).__name__)
    else:
        yield from thread_of(page, saved, licence, profiles)


def thread_of(
    page: Page, saved: list[tuple[str, HtmlElement]], licence: str = "", profiles: tuple[Profile, ...] = PROFILES
) -> Iterator[Thread | Reject]:
    """The thread on the pages `saved`, each with its address, in their order. A page on which nothing repeats, as one
    without replies, is a thread of one post."""
    if not saved:
        yield Reject(page.key, "no_posts", "no pages")
        return
    saved = [(url, drop_copies(root)) for url, root in saved]
    found = [find_posts(root, url, profiles) for url, root in saved]
    if found[0] and found[0].listed:
        yield board(page, found[0])
        return
    yield from thread_from(list(map(believed, found)), page, saved[0][1], licence, profiles)


def board(page: Page, found: Found) -> Reject:
    """What is told of a page that lists threads, questions or articles."""
    return Reject(page.key, "board", f"its {found.listed} entries lead to pages of their own")


def thread_from(
    pages: list[Found | None],
    page: Page,
    root: HtmlElement,
    licence: str = "",
    profiles: tuple[Profile, ...] = PROFILES,
) -> Iterator[Thread | Reject]:
    """The thread of what was found on its `pages`, the first of which is at `root`, and then a reject for each part in
    the place of a post that is none: `deleted_or_hidden` (a note), `only_a_counter`, `nobody_signed`, as advertisements
    are, `comment_unread`, which may be one, and `signature`, which may be a post's own words. Or one reject where there
    is no thread, or where the post that asks is only a note, so that an answer would stand for it."""
    read = [found for found in pages if found]
    if read and read[0].headless and address.position(page.url) == 0:
        yield Reject(page.key, "deleted_or_hidden", "of its first post only a note is left")
        return
    blocks = _once([found.blocks for found in read]) or _once([only_post(root, page.url)])
    told = len(blocks) > 1 or any(block.author or block.time for block in blocks)  # as no wall or error has them
    reason = "" if told else _refusal(root, blocks[0].markdown if blocks else "")
    if reason or not blocks:
        detail = helps(reason) or "nothing on the page is written as posts are"
        yield Reject(page.key, reason or "no_posts", detail)
        return
    posts = _posts(without_signatures(blocks), page, (root.get("lang") or "").strip())
    yield Thread(page.key, page.url, read_title(root, profiles), posts, _tags(root, profiles), page.licence or licence)
    gone = dict.fromkeys((number, *each) for number, found in enumerate(read, 1) for each in found.gone)
    yield from (Reject(f"{page.key}/{name}", reason, f"on page {number}") for number, name, reason in gone)


def _refusal(root: HtmlElement, text: str) -> str:
    """Why a page with no more than one post, `text`, is no thread; "" where it may be one."""
    return "needs_javascript" if wants_scripts(root, text, 1) else refusal(html.metadata(root).title, text)


def read_title(root: HtmlElement, profiles: tuple[Profile, ...] = PROFILES) -> str:
    """The engine's own title if the page's agrees with it, then what the page declares, then the page's."""
    profile, page = recognise(root, profiles), html.metadata(root).title
    own = [text for selector in (profile.title if profile else ()) for text in every(root, selector)]
    agreeing = [text for text in own if in_whole_words(text, page) or in_whole_words(page, text)]
    return unescape(next(iter([*agreeing, *own, described_title(root)]), "") or described_title(root) or page)


def _once(pages: list[list[Block]]) -> list[Block]:
    """The posts of all pages. Engines repeat the first on every page; those that nobody numbered, or whose number
    another has had, are numbered as they come, and comments learn the number of their post."""
    seen: dict[object, str] = {}
    used: set[str] = set()
    kept: list[Block] = []
    for blocks in pages:
        numbers: list[str] = []
        for at, block in enumerate(blocks):
            mark = _mark(block)
            parent = numbers[at - block.under] if block.under else block.parent
            own = block.post_id if block.post_id not in used else ""
            numbers.append(seen.get(mark) or own or f"n{len(kept) + 1}")
            if mark not in seen:
                seen[mark] = numbers[-1]
                used.add(numbers[-1])
                kept.append(replace(block, post_id=numbers[-1], parent=parent))
    return kept


def _mark(block: Block) -> tuple[str, ...]:
    """What makes a post that of another page. Some engines count from one on each page, so a number is not enough; the
    time of one with a number may be relative to now."""
    if block.post_id:
        return (block.post_id, block.author, _letters(block.markdown)[:_QUOTED])
    return ("", block.author, block.time, block.markdown)


def _posts(blocks: list[Block], page: Page, language: str) -> tuple[Post, ...]:
    order = reads_month_first([block.time for block in blocks], language)
    times = [read_time(block.time, order, language) for block in blocks]
    post_letters = [_letters(block.markdown) for block in blocks] if any(block.quotes for block in blocks) else []
    return tuple(
        Post(
            post_id=block.post_id,
            markdown=block.markdown,
            author=block.author,
            created_at=time,
            edited_at=edited(read_time(block.edited, order, language), time),
            score=block.score,
            accepted=block.accepted,
            reply_to=_answered(block, blocks[:at], post_letters),
            url=page.url,
            licence=page.licence,
        )
        for at, (block, time) in enumerate(zip(blocks, times, strict=True))
    )


def _answered(block: Block, earlier: list[Block], post_letters: list[str]) -> str:
    """Whom a post answers, where that is certain: it says so, or all its quotes are of one earlier post."""
    if block.parent in {other.post_id for other in earlier}:
        return block.parent
    sources = {_source(quote, earlier, post_letters) for quote in block.quotes} - {""}
    return sources.pop() if len(sources) == 1 else ""


def _source(quote: Quote, earlier: list[Block], post_letters: list[str]) -> str:
    if quote.post_id:
        return quote.post_id if quote.post_id in {other.post_id for other in earlier} else ""
    sample = _letters(quote.text)[:_QUOTED]
    if len(sample) < 8:
        return ""
    holders = [other for other, letters in zip(earlier, post_letters, strict=False) if sample in letters]
    by_author = [other for other in holders if other.author == quote.author] if quote.author else holders
    return by_author[0].post_id if len(by_author) == 1 else ""


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, text.lower()))


def _tags(root: HtmlElement, profiles: tuple[Profile, ...]) -> tuple[str, ...]:
    links = select(root, (recognise(root, profiles) or Profile("")).tag)
    found = (" ".join(link.text_content().split()) for link in links)
    return tuple(dict.fromkeys(tag for tag in found if 0 < len(tag) < 40))
