"""Stories and their comments over the item API: https://github.com/HackerNews/API"""

from collections.abc import Iterator
from typing import Any

from connectors.base import Web
from connectors.hacker_news.joined import Item, kept
from connectors.reading.stored_json import ask
from schemas.document import Reject


def stories(web: Web, api: str, lists: tuple[str, ...]) -> set[int] | None:
    """The stories of the lists; None where one of them cannot be had."""
    found = [ask(web, f"{api}/v0/{name}stories.json") for name in lists]
    if not all(isinstance(numbers, list) for numbers in found):
        return None
    return {number for numbers in found for number in numbers if isinstance(number, int)}


def live(web: Web, api: str, lists: tuple[str, ...], most: int) -> Iterator[list[Item] | Reject]:
    """The stories of the lists, each with its comments, those who answer after those whom they answer."""
    seen: set[int] = set()
    for name in lists:
        listed = ask(web, f"{api}/v0/{name}stories.json")
        if isinstance(listed, Reject) or not isinstance(listed, list):
            yield listed if isinstance(listed, Reject) else Reject(name, "malformed_json", "not a list of stories")
            continue
        for number in listed:
            if isinstance(number, int) and number not in seen and len(seen) < most:
                seen.add(number)
                yield _story_with_comments(web, api, number)


def _story_with_comments(web: Web, api: str, story: int) -> list[Item] | Reject:
    """A story of which something cannot be had is none: half a thread would replace the whole one of another day.

    The number of comments below a story stands for the version of them all.
    """
    found: list[Item] = []
    waiting, version = [story], ""
    while waiting:
        number = waiting.pop()
        value = ask(web, f"{api}/v0/item/{number}.json", version)
        if isinstance(value, Reject):
            return Reject(str(story), value.reason, f"item {number}: {value.detail}")
        item = kept(value)
        if item:
            found.append(item)
            version = version or f"{value.get('descendants')} comments"
            waiting += reversed(_children(value))
    return found or Reject(str(story), "not_found")


def _children(value: dict[str, Any]) -> list[int]:
    """Only later ones: a ring would have no end."""
    kids = value.get("kids")
    listed = kids if isinstance(kids, list) else []
    return [kid for kid in listed if isinstance(kid, int) and kid > int(value["id"])]
