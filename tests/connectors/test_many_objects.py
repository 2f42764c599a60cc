"""Exports with more objects than memory holds: what is known of them by number lies on disk."""

import json
import tracemalloc
from collections import Counter
from pathlib import Path

import pytest

from connectors.confluence import Confluence
from connectors.zendesk import Zendesk
from schemas.document import Reject
from tests.connectors.recorded import OFFLINE

MANY = 2_000
MOST = 300 << 10  # bytes; held in dictionaries, MANY objects take a megabyte and more
API = "https://kettle.example/api/v2/community"


def zendesk(folder: Path) -> Zendesk:
    """Comments of half as many posts, and the people who wrote them."""
    with (folder / "objects.json").open("w") as file:
        file.write("[")
        for number in range(1, MANY + 1):
            post, text = f"{API}/posts/{number // 2}", "The kettle whistles. " * 20
            comment = {"id": number, "post_id": number // 2 or None, "author_id": number, "body": text}
            for one in (
                {**comment, "url": f"{post}/comments/{number}.json"},
                {"id": number, "name": f"Jo {number}", "about": text, "url": f"{API}/users/{number}.json"},
                {"id": number, "title": "Why?", "details": text, "url": f"{API}/posts/{number}.json"},
            ):
                file.write(f"{json.dumps(one)},\n")
        file.write("{}]")
    return Zendesk(name="s", url="https://kettle.example", folder=folder)


def confluence(folder: Path) -> Confluence:
    """Nine earlier versions of each page, and labels."""
    with (folder / "entities.xml").open("w") as file:
        file.write("<hibernate-generic>")
        for number in range(MANY):
            earlier = f'<property name="originalVersion"><id>{number // 10}</id></property>' if number % 10 else ""
            page = f'<property name="content" class="Page"><id>{number}</id></property>'
            file.write(
                f'<object class="Page"><id>{number}</id><property name="title">Kettle {number}</property>{earlier}'
                f'</object><object class="Labelling"><id>{MANY + number}</id>{page}</object>'
                f'<object class="BodyContent"><id>{2 * MANY + number}</id>{page}'
                f'<property name="body">It whistles.</property></object>\n'
            )
        file.write("</hibernate-generic>")
    return Confluence(name="s", url="https://kettle.example", path=folder)


@pytest.mark.parametrize(
    ("write", "found"),
    [(zendesk, {"page": MANY, "no_post": 1}), (confluence, {"page": MANY // 10, "historical": MANY - MANY // 10})],
)
def test_many_objects_take_little_memory(tmp_path: Path, write: type, found: dict[str, int]) -> None:
    connector, counts, held = write(tmp_path), Counter[str](), 0
    tracemalloc.start()
    for item in connector.fetch(OFFLINE, None):  # the first comes when all has been read
        held = held or tracemalloc.get_traced_memory()[0]
        counts[item.reason if isinstance(item, Reject) else "page"] += 1
    tracemalloc.stop()
    assert counts == found
    assert held < MOST
