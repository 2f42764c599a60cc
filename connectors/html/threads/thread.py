"""A thread out of its saved pages: the posts of all of them, each once, with times, votes and whom they answer."""

import json
from dataclasses import replace

from lxml.html import HtmlElement

from connectors import html
from connectors.html.threads.block import Block, Quote, read_block
from connectors.html.threads.copies import drop_copies
from connectors.html.threads.dates import read_time, reads_month_first
from connectors.html.threads.described_posts import described_title, read_described_posts
from connectors.html.threads.profiles import PROFILES, Profile, first, possible, select
from connectors.html.threads.repeated import read_repeated
from connectors.reading.edits import edited
from schemas.document import Post, Reject, Thread
from schemas.page import Page

_QUOTED = 60  # characters of a quote that have to be in the post it is taken from


def read_thread(page: Page, licence: str = "", profiles: tuple[Profile, ...] = PROFILES) -> Thread | Reject:
    """The thread in a page made by `fetch`: a JSON list of the thread's pages, each with `url` and `html`."""
    try:
        saved = [(str(each["url"]), html.parse(str(each["html"]))) for each in json.loads(page.body)]
    except html.Unreadable as error:
        return Reject(page.key, error.reason, error.detail)
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        return Reject(page.key, "malformed_json", type(error).__name__)
    return thread_of(page, saved, licence, profiles)


def thread_of(
    page: Page, saved: list[tuple[str, HtmlElement]], licence: str = "", profiles: tuple[Profile, ...] = PROFILES
) -> Thread | Reject:
    """The thread on the pages `saved`, each with its address, in their order."""
    if not saved:
        return Reject(page.key, "no_posts", "no pages")
    saved = [(url, drop_copies(each)) for url, each in saved]
    blocks = _once([block for url, root in saved for block in read_posts(root, url, profiles) if block.markdown])
    if not blocks:
        return Reject(page.key, "no_posts", "nothing on the page repeats as posts do")
    root = saved[0][1]
    posts = _posts(blocks, page, (root.get("lang") or "").strip())
    return Thread(page.key, page.url, read_title(root, profiles), posts, _tags(root, profiles), page.licence or licence)


def read_posts(root: HtmlElement, url: str, profiles: tuple[Profile, ...] = PROFILES) -> list[Block]:
    """By whichever reading finds the most whole posts; on equal terms the engine's profile, which knows its quotes,
    then the page's own description. What repeats is asked only where no engine is recognised."""
    profile = recognise(root, profiles)
    known = [read_block(profile, post, url) for post in select(root, profile.post)] if profile else []
    described = read_described_posts(root, url)
    if _worth(known):
        return max((known, described), key=_worth)
    return max((described, read_repeated(root, url), known), key=_worth)


def recognise(root: HtmlElement, profiles: tuple[Profile, ...] = PROFILES) -> Profile | None:
    """The engine whose posts the page has: the profile that finds author and body in the most of them."""
    counts = [(_found(root, profile), profile) for profile in possible(root, profiles)]
    count, profile = max(counts, key=lambda pair: pair[0], default=(0, None))
    return profile if count else None


def count_posts(root: HtmlElement) -> int:
    """Posts of the engine that the page is recognised as; 0 where there is none."""
    return max((_found(root, profile) for profile in possible(root, PROFILES)), default=0)


def read_title(root: HtmlElement, profiles: tuple[Profile, ...] = PROFILES) -> str:
    profile = recognise(root, profiles)
    own = first(root, profile.title) if profile else ""
    return own or described_title(root) or html.metadata(root).title


def _found(root: HtmlElement, profile: Profile) -> int:
    posts = select(root, profile.post)
    return sum(bool(first(post, profile.author)) and any(select(post, body) for body in profile.body) for post in posts)


def _worth(blocks: list[Block]) -> int:
    return sum(block.whole for block in blocks)


def _once(blocks: list[Block]) -> list[Block]:
    """Engines repeat the first post on every page. Posts that nobody numbered are numbered as they come."""
    seen: set[object] = set()
    kept: list[Block] = []
    for block in blocks:
        mark = block.post_id or (block.author, block.time, block.markdown)
        if mark not in seen:
            seen.add(mark)
            kept.append(block if block.post_id else replace(block, post_id=f"n{len(kept) + 1}"))
    return kept


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
    """Whom a post answers, where that is certain: it says so, or all its quotes are of one earlier post. `said` holds
    the letters of every post."""
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
