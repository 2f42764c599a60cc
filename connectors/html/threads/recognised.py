"""The engine whose pages one is, by the table of profiles, and its posts as that table finds them."""

from collections.abc import Iterator
from functools import partial

from lxml.html import HtmlElement

from connectors.html.threads.block import read_block, stated_time
from connectors.html.threads.draft import Draft, Reading
from connectors.html.threads.evidence import Evidence
from connectors.html.threads.profiles import PROFILES, Profile, first, one, possible, select


def recognise(root: HtmlElement, profiles: tuple[Profile, ...] = PROFILES) -> Profile | None:
    """The engine whose posts the page has: the profile that finds author and body in the most of them."""
    counts = [(_found(root, profile), profile) for profile in possible(root, profiles)]
    count, profile = max(counts, key=lambda pair: pair[0], default=(0, None))
    return profile if count else None


def count_posts(root: HtmlElement) -> int:
    """Posts of the engine that the page is recognised as; 0 where there is none."""
    return max((_found(root, profile) for profile in possible(root, PROFILES)), default=0)


def profile_readings(
    root: HtmlElement, url: str, evidence: Evidence, profiles: tuple[Profile, ...] = PROFILES
) -> Iterator[Reading]:
    profile = recognise(root, profiles)
    drafts = [_draft(profile, post, url, evidence) for post in select(root, profile.post)] if profile else []
    found = tuple(draft for draft in drafts if draft)
    if found:
        yield Reading("profile", found)


def _draft(profile: Profile, post: HtmlElement, url: str, evidence: Evidence) -> Draft | None:
    body = one(post, profile.body)
    if body is None:
        return None
    author, time = first(post, profile.author), stated_time(post, profile.time)
    return Draft(post, body, evidence.prose[body], author, time, partial(read_block, profile, post, url))


def _found(root: HtmlElement, profile: Profile) -> int:
    posts = select(root, profile.post)
    return sum(bool(first(post, profile.author)) and any(select(post, body) for body in profile.body) for post in posts)
