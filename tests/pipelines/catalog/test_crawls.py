"""What a crawl under way tells whoever looks on."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.web.store import Store, Visit
from pipelines.catalog import crawls


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    (tmp_path / "1_pages").mkdir()
    opened = Store(tmp_path / "1_pages" / "web.sqlite")
    yield opened
    opened.close()


def test_a_crawl_tells_how_far_how_fast_and_what_it_waits_for(store: Store, tmp_path: Path) -> None:
    now = time.time()
    crawl, _ = store.begin("docs", now - 300)
    for number, (age, reason) in enumerate([(200, ""), (30, ""), (20, "http_500"), (10, "robots"), (9, "robots")]):
        store.save(crawl, Visit(f"https://a.example/{number}", "https://a.example", now - age, 1, reason))
    store.expect(crawl, 40)
    store.set_next_at("https://a.example", now + 900)
    (found,) = crawls.under_way(tmp_path)
    assert (found.source, found.asked, found.failed, found.lately, found.expected) == ("docs", 5, 3, 4, 40)
    assert found.reasons == {"robots": 2, "http_500": 1}
    assert found.host == "https://a.example" and 0 < found.waits <= 900 and found.idle >= 9
    assert not list(store.faults())
    store.finish(crawl, now)
    assert crawls.under_way(tmp_path) == []


def test_what_cannot_be_read_tells_nothing(tmp_path: Path) -> None:
    assert crawls.under_way(tmp_path) == []
    (tmp_path / "1_pages").mkdir()
    (tmp_path / "1_pages" / "web.sqlite").write_bytes(b"no database" * 99)
    assert crawls.under_way(tmp_path) == []
