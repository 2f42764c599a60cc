"""Batches hold what changed; a crawl ends when its pages are safe."""

from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar, Literal

import pytest

from connectors.base import Kind, Settings, Web
from connectors.web import PoliteWeb
from pipelines import collect, storage
from pipelines.errors import WorkFailed, WrongInput
from pipelines.recipe import Recipe, WebSettings
from pipelines.storage import pages
from schemas.document import Article, Document, Reject, Section
from schemas.manifest import ListDigest, digest
from schemas.page import Page


class Shelf(Settings):
    """A source whose pages the test holds in its hand."""

    connector: Literal["shelf"] = "shelf"
    path: Path | None = None
    beside: Path | None = None

    @property
    def kind(self) -> Kind:
        return "tutorial"

    def files(self) -> tuple[Path, ...]:
        return tuple(path for path in (self.path, self.beside) if path)

    def fetch(self, web: Web, cursor: str | None) -> Iterator[Page | Reject]:
        CALLS.append(cursor)
        yield from SHELF

    def parse(self, page: Page) -> Iterator[Document | Reject]:
        yield Article(page.key, page.url, page.key, (Section((), page.body.decode()),))


CALLS: list[str | None] = []
SHELF: list[Page | Reject] = []


def page(key: str, body: str, status: int = 200) -> Page:
    return Page("shelf", key, f"https://shelf.example/{key}", body.encode(), status=status, licence="MIT")


def recipe(path: Path | None = None) -> Recipe:
    shelf = Shelf(name="shelf", path=path)
    return Recipe.model_construct(name="test", sources=(shelf,), web=WebSettings(contact="test"))


@pytest.fixture(autouse=True)
def empty_shelf() -> None:
    CALLS.clear()
    SHELF[:] = [page("a", "one"), page("b", "two"), Reject("c", "robots", "Disallow: /")]


def standing(data: Path) -> dict[str, str]:
    return {
        page.key: page.body.decode() for shard in pages.current_pages(data, "shelf").shards for page in shard.read()
    }


def test_a_batch_holds_only_what_changed(tmp_path: Path) -> None:
    first = collect.run(recipe(), "shelf", tmp_path)
    assert first.counts == {"pages": 2, "bytes": 6, "rejected:robots": 1}
    assert collect.run(recipe(), "shelf", tmp_path) == first
    before = pages.current_pages(tmp_path, "shelf").fingerprint
    SHELF[1] = page("b", "two, revised")
    second = collect.run(recipe(), "shelf", tmp_path)
    assert second.name == "shelf/000002"
    assert second.counts["pages"] == 1
    assert standing(tmp_path) == {"a": "one", "b": "two, revised"}
    assert pages.current_pages(tmp_path, "shelf").fingerprint != before
    assert CALLS[0] is None
    assert CALLS[2] == first.cursor


def test_a_page_that_is_gone_stands_no_more(tmp_path: Path) -> None:
    collect.run(recipe(), "shelf", tmp_path)
    SHELF[0] = page("a", "", status=410)
    collect.run(recipe(), "shelf", tmp_path)
    assert standing(tmp_path) == {"b": "two"}


def test_an_untouched_file_is_not_opened_and_a_touched_one_starts_over(tmp_path: Path) -> None:
    dump = tmp_path / "dump.xml"
    dump.write_text("v1")
    first = collect.run(recipe(dump), "shelf", tmp_path)
    assert collect.run(recipe(dump), "shelf", tmp_path) == first
    assert len(CALLS) == 1
    dump.write_text("version two")
    SHELF[:] = [page("b", "two"), page("d", "four")]
    again = collect.run(recipe(dump), "shelf", tmp_path)
    assert again.name == "shelf/000001"
    assert standing(tmp_path) == {"b": "two", "d": "four"}


@pytest.mark.parametrize("local", [True, False])
def test_a_version_that_keeps_more_reads_files_again_and_asks_no_site_for_all(
    local: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "dump.txt").write_text("x")
    source = recipe(tmp_path / "dump.txt" if local else None)
    collect.run(source, "shelf", tmp_path)
    SHELF[0] = page("a", "one, and when it was edited")
    monkeypatch.setattr(collect, "VERSION", collect.VERSION + 1)
    collect.run(source, "shelf", tmp_path)
    assert standing(tmp_path)["a"] == "one, and when it was edited"
    assert (CALLS[1] is None) == local


def test_files_of_one_name_are_told_apart(tmp_path: Path) -> None:
    readmes = [tmp_path / place / "README.md" for place in ("a", "b")]
    for readme in readmes:
        readme.parent.mkdir()
        readme.write_text("one")
    shelf = Shelf(name="shelf", path=readmes[0], beside=readmes[1])
    both = recipe().model_copy(update={"sources": (shelf,)})
    collect.run(both, "shelf", tmp_path / "data")
    readmes[0].write_text("one, revised")
    collect.run(both, "shelf", tmp_path / "data")
    assert len(CALLS) == 2


def test_other_settings_start_over(tmp_path: Path) -> None:
    collect.run(recipe(), "shelf", tmp_path)
    SHELF[0] = page("a", "one, revised")
    collect.run(recipe(), "shelf", tmp_path)
    other = recipe().model_copy(update={"sources": (Shelf(name="shelf", licence="CC0-1.0"),)})
    collect.run(other, "shelf", tmp_path)
    assert [folder.name for folder, _ in pages.batches(tmp_path, "shelf")] == ["000001"]
    assert sorted(p.name for p in storage.folder(tmp_path, "collect", "shelf").iterdir()) == ["000001"]


def test_a_setting_that_a_release_adds_starts_nothing_over(tmp_path: Path) -> None:
    class Older(Shelf):
        beside: ClassVar[None] = None  # type: ignore[misc]

    older = Recipe.model_construct(name="test", sources=(Older(name="shelf"),), web=WebSettings())
    first = collect.run(older, "shelf", tmp_path)
    assert "beside" not in first.params["settings"]
    SHELF[0] = page("a", "changed")
    assert collect.run(recipe(), "shelf", tmp_path).name == "shelf/000002"
    assert CALLS[1]  # only what changed since is asked for


def test_a_sign_in_that_cannot_be_read_is_the_users_to_mend(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRISTMILL_SIGN_IN", "Cookie: s=1")
    with pytest.raises(WrongInput, match="GRISTMILL_SIGN_IN, line 1"):
        collect.run(recipe(), "shelf", tmp_path)


def test_same_pages_same_fingerprint_whatever_the_time(tmp_path: Path) -> None:
    collect.run(recipe(), "shelf", tmp_path / "a")
    collect.run(recipe(), "shelf", tmp_path / "b")
    assert (
        pages.current_pages(tmp_path / "a", "shelf").fingerprint
        == pages.current_pages(tmp_path / "b", "shelf").fingerprint
    )


def test_rejects_without_end_are_kept(tmp_path: Path) -> None:
    SHELF[:] = [*(Reject(str(number), "orphan") for number in range(2_500)), page("a", "one")]
    made = collect.run(recipe(), "shelf", tmp_path)
    assert (made.counts["rejected:orphan"], made.counts["pages"]) == (2_500, 1)
    SHELF.pop()
    assert collect.run(recipe(), "shelf", tmp_path) == made


def test_the_fingerprint_is_the_digest_of_what_was_said(tmp_path: Path) -> None:
    made = collect.run(recipe(), "shelf", tmp_path)
    said = [item for item in SHELF if isinstance(item, Page)]
    assert made.fingerprint == digest([digest([one.key, pages.content_values(one)]) for one in said])


def test_what_is_known_is_told_apart_from_news() -> None:
    known = pages.LatestContent()
    assert [known.upsert("a", ("one", 200)), known.upsert("b", ("two", 200))] == [True, True]
    assert [known.upsert("a", ("one", 200)), known.upsert("b", ("two", 404))] == [False, True]
    assert len(known) == 2


def test_a_list_may_be_digested_as_it_comes() -> None:
    for values in ([], ["a"], ["a", 'b"', "ä"]):
        running = ListDigest()
        for value in values:
            running.add(value)
        assert running.hexdigest() == digest(values)


def test_a_first_run_that_had_nothing_is_made_good_by_the_next(tmp_path: Path) -> None:
    SHELF[:] = [Reject("listing", "http_403")]
    with pytest.raises(WorkFailed):
        collect.run(recipe(), "shelf", tmp_path)
    SHELF[:] = [page("a", "one")]
    collect.run(recipe(), "shelf", tmp_path)
    collect.run(recipe(), "shelf", tmp_path)
    assert CALLS[:2] == [None, None]
    assert CALLS[2]


def test_a_run_that_could_not_have_all_does_not_move_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A listing that fails midway hides what changed behind it: the next run asks for changes since the same time."""
    first = collect.run(recipe(), "shelf", tmp_path)
    SHELF.append(page("d", "four"))
    monkeypatch.setattr(PoliteWeb, "missed", property(lambda _: True, lambda *_: None), raising=False)
    second = collect.run(recipe(), "shelf", tmp_path)
    assert second.name == "shelf/000002" and second.cursor == first.cursor
    monkeypatch.undo()
    SHELF.append(page("e", "five"))
    assert str(collect.run(recipe(), "shelf", tmp_path).cursor) > str(first.cursor)
