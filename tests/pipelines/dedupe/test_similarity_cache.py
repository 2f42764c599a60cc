"""What the last run compared is not read again, and changes no byte of what comes out."""

from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from pipelines.dedupe import shingle_sets
from tests.pipelines.dedupe.test_clusters import Row, answer, clusters, edited, family_records, prose

TABLES = ("clusters", "edges", "compared")


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many texts each run has read."""
    counts, read_rows = list[int](), shingle_sets.read_rows

    def counted(paths: Any, wanted: Any, *rest: Any) -> Any:
        counts.append(len(wanted))
        return read_rows(paths, wanted, *rest)

    monkeypatch.setattr(shingle_sets, "read_rows", counted)
    return counts


def tables(data: Path) -> list[bytes]:
    return [(data / "4_clusters" / "mill" / f"{table}-00000.parquet").read_bytes() for table in TABLES]


def forum(first: int, last: int) -> list[Row]:
    """Pages with one near copy each, and a stranger."""
    return [
        row
        for page in range(first, last)
        for row in (answer(f"{page}-a", prose(page)), answer(f"{page}-b", edited(prose(page), 2, page)))
    ] + [answer(f"{last}-x", prose(90 + last))]


def test_new_records_meet_old_ones_and_these_are_not_read_again(tmp_path: Path, read: list[int]) -> None:
    old, late = forum(0, 10), [*forum(20, 22), answer("late", edited(prose(3), 1, 77))]
    clusters(tmp_path / "kept", old)
    found = clusters(tmp_path / "kept", old + late)
    clusters(tmp_path / "fresh", old + late)
    assert read[:2] == [20, 4 + 3]  # two new pages, and the late copy with the two it is like
    assert found["forum:3-a#a1"] == {"forum:3-a#a1", "forum:3-b#a1", "forum:late#a1"}
    assert tables(tmp_path / "kept") == tables(tmp_path / "fresh")


@pytest.mark.parametrize("change", ["removed", "edited", "moved", "shuffled"])
def test_whatever_has_changed_the_tables_are_those_of_a_first_run(change: str, tmp_path: Path) -> None:
    before = family_records()
    after = {
        "removed": [row for k, row in enumerate(before) if k % 4],
        "edited": [
            row | {"output": edited(str(row["output"]), 9, k)} if k % 5 == 0 else row for k, row in enumerate(before)
        ],
        "moved": [row | {"record_id": f"{row['record_id']}-{99 - k}"} for k, row in enumerate(before)],
        "shuffled": before[::-1],
    }[change]
    clusters(tmp_path / "kept", before)
    clusters(tmp_path / "kept", after)
    clusters(tmp_path / "fresh", after)
    assert tables(tmp_path / "kept") == tables(tmp_path / "fresh")


def test_copies_that_differ_in_white_space_read_as_one(tmp_path: Path, read: list[int]) -> None:
    """A text is known by its hash, which does not see white space; so nothing that is compared may see it."""
    asked = prose(1, 60)
    rows = [answer(k, edited(prose(2, 59), 1, k), asked) for k in range(2)]
    spaced = [row | {"output": str(row["output"]).replace(" ", "  \n")} for row in rows]
    clusters(tmp_path / "kept", rows)
    found = clusters(tmp_path / "kept", spaced)
    assert found == clusters(tmp_path / "fresh", spaced)
    assert read[:2] == [2, 0]
    assert tables(tmp_path / "kept") == tables(tmp_path / "fresh")


def test_another_threshold_or_key_starts_over(tmp_path: Path, read: list[int]) -> None:
    for settings in ({"threshold": 0.8}, {"threshold": 0.7}, {"threshold": 0.7, "key": "output"}):
        clusters(tmp_path, forum(0, 3), dedupe=settings)
    assert len(set(read)) == 1 and read[0] > 0


def test_what_is_not_alike_is_remembered_too(tmp_path: Path, read: list[int]) -> None:
    """Two thirds in common: the signatures do not rule it out, the texts do."""
    rows = [answer(k, f"{prose(1, 150)} {prose(5 + k, 40)}") for k in range(12)]
    clusters(tmp_path, rows)
    clusters(tmp_path, [*rows, answer("new", prose(70))])
    compared = pq.read_table(tmp_path / "4_clusters" / "mill" / "compared-00000.parquet").to_pylist()
    assert compared and all(row["similarity"] == 0 for row in compared)
    assert read[0] > 0 and read[1] == 0


def test_of_a_crowd_not_every_comparison_is_remembered(tmp_path: Path) -> None:
    rows = [answer(f"{k:03}", f"{prose(1, 150)} {prose(100 + k, 40)}") for k in range(60)]
    clusters(tmp_path / "kept", rows)
    compared = pq.read_metadata(tmp_path / "kept" / "4_clusters" / "mill" / "compared-00000.parquet")
    assert 0 < compared.num_rows < len(rows) * (len(rows) - 1) / 2
    more = [*rows, answer("copy", edited(str(rows[30]["output"]), 1, 5))]
    clusters(tmp_path / "kept", more)
    clusters(tmp_path / "fresh", more)
    assert tables(tmp_path / "kept") == tables(tmp_path / "fresh")
