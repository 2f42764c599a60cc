"""What could not be had is asked for again, and a source of which nothing could be had is told to be dead."""

import logging
from pathlib import Path

import pytest

from connectors.base import may_pass
from pipelines import collect
from pipelines.errors import WorkFailed
from pipelines.storage import pages
from schemas.document import Reject
from tests.pipelines.collect.test_collect import CALLS, SHELF, Shelf, page, recipe, standing

PASSING = ("http_401", "http_403", "http_429", "http_500", "http_503", "http_522", "timeout", "connection_failed")
PASSING += ("no_such_host", "host_paused", "host_budget", "robots_unreachable", "bad_certificate", "broken_answer")
LASTING = ("http_404", "http_410", "http_451", "http_400", "robots", "opt_out", "not_an_issue", "forgotten", "http_")


@pytest.fixture(autouse=True)
def empty_shelf() -> None:
    CALLS.clear()
    SHELF[:] = [page("a", "one"), page("b", "two")]


@pytest.mark.parametrize(("reason", "passes"), [*((one, True) for one in PASSING), *((one, False) for one in LASTING)])
def test_a_reject_for_a_passing_reason_keeps_the_cursor(reason: str, passes: bool, tmp_path: Path) -> None:
    """Of whatever connector, also where the client has seen nothing wrong."""
    assert may_pass(reason) is passes
    first = collect.run(recipe(), "shelf", tmp_path)
    SHELF[:] = [page("c", "three"), Reject("d", reason)]
    second = collect.run(recipe(), "shelf", tmp_path)
    assert (second.cursor == first.cursor) is passes and second.name == "shelf/000002"
    SHELF[:] = [page("d", "four")]
    third = collect.run(recipe(), "shelf", tmp_path)
    assert [None, first.cursor, second.cursor] == CALLS and third.cursor > first.cursor
    assert sorted(standing(tmp_path)) == ["a", "b", "c", "d"]


@pytest.mark.parametrize("reason", [*PASSING, "refused_address", "bad_url", "http_400", "http_404", "http_451"])
def test_a_source_of_which_nothing_can_be_had_fails_and_keeps_the_reasons(reason: str, tmp_path: Path) -> None:
    SHELF[:] = [Reject("https://shelf.example/", reason, "no answer")]
    for _ in range(2):
        with pytest.raises(WorkFailed, match=f"source shelf: nothing could be had: https://shelf.example/: {reason}"):
            collect.run(recipe(), "shelf", tmp_path)
    ((_, made),) = pages.batches(tmp_path, "shelf")
    assert made.counts == {f"rejected:{reason}": 1} and not made.cursor
    SHELF[:] = [page("a", "one")]
    assert collect.run(recipe(), "shelf", tmp_path).counts["pages"] == 1
    assert CALLS == [None] * 3


def test_a_source_whose_addresses_have_all_gone_fails(tmp_path: Path) -> None:
    SHELF[:] = [page("a", "", status=404)]
    with pytest.raises(WorkFailed, match="every address has gone"):
        collect.run(recipe(), "shelf", tmp_path)


def test_a_page_that_goes_kills_no_source(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A later run may see nothing but what has gone since."""
    first = collect.run(recipe(), "shelf", tmp_path)
    SHELF[:] = [page("a", "", status=404)]
    with caplog.at_level(logging.WARNING, logger="gristmill"):
        second = collect.run(recipe(), "shelf", tmp_path)
    assert standing(tmp_path) == {"b": "two"} and second.cursor > first.cursor
    assert not caplog.text


@pytest.mark.parametrize("found", [[], [Reject("a", "robots")], [Reject("a", "opt_out"), Reject("b", "no_licence")]])
def test_a_source_that_has_nothing_or_stays_away_is_told_and_does_not_fail(
    found: list[Reject], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    SHELF[:] = found
    with caplog.at_level(logging.WARNING, logger="gristmill"):
        assert collect.run(recipe(), "shelf", tmp_path).counts.get("pages", 0) == 0
    said = f"1 {found[0].reason}" if found else "it lists none"
    assert f"source shelf: no page came ({said}" in caplog.text


@pytest.mark.parametrize("other", [False, True])
def test_a_site_that_dies_leaves_what_was_there(other: bool, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Under other settings too, which would else take the place of the pages fetched before."""
    first = collect.run(recipe(), "shelf", tmp_path)
    SHELF[:] = [Reject("https://shelf.example/", "no_such_host")]
    changed = recipe().model_copy(update={"sources": (Shelf(name="shelf", licence="CC0-1.0"),)}) if other else recipe()
    with caplog.at_level(logging.WARNING, logger="gristmill"):
        assert collect.run(changed, "shelf", tmp_path) == first
    assert standing(tmp_path) == {"a": "one", "b": "two"}
    assert "no_such_host" in caplog.text and "its pages of before are used" in caplog.text
    SHELF[:] = [page("a", "one, revised"), page("b", "two")]
    collect.run(changed, "shelf", tmp_path)
    assert standing(tmp_path) == {"a": "one, revised", "b": "two"}
    assert CALLS[-1] == (None if other else first.cursor)


def test_pages_that_have_not_changed_are_a_sign_of_life(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    collect.run(recipe(), "shelf", tmp_path)
    SHELF.append(Reject("c", "timeout"))
    with caplog.at_level(logging.WARNING, logger="gristmill"):
        collect.run(recipe(), "shelf", tmp_path)
    assert not caplog.text
