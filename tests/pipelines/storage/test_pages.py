"""Which pages of a source stand: the newest batch wins, what is gone is gone, and what is news."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines import storage
from pipelines.recipe import RecipeError
from pipelines.storage import pages
from pipelines.storage.inputs import check_columns, load_inputs
from pipelines.storage.integrity import Damaged
from schemas.cluster import CLUSTER
from schemas.manifest import digest
from schemas.page import PAGE, Page, to_row
from schemas.record import PAIR, RECORD
from tests.pipelines import corpus
from tests.pipelines.storage.test_storage import SCHEMA, table

FETCHED = datetime(2026, 1, 2, tzinfo=UTC)


def page(key: str, said: str = "", **more: Any) -> Page:
    return Page("s", key, f"https://x.org/{key}", (said or key).encode(), fetched_at=FETCHED, **more)


def write(data: Path, batch: str, *found: Page, params: Any = None, shards: int = 1) -> None:
    about: Any = {"stage": "collect", "name": "s", "version": 1, "params": params or {}, "inputs": {"batch": batch}}
    with storage.building(storage.folder(data, "collect", "s") / batch, **about) as made:
        for at in range(shards):
            rows = [to_row(one) for one in found[at::shards]]
            made.table(f"pages-{at:05d}.parquet", pa.Table.from_pylist(rows, PAGE), PAGE)
        made.table("rejects-00000.parquet", table(0, 1), SCHEMA)


def standing(data: Path) -> list[tuple[str, str]]:
    current = pages.current_pages(data, "s")
    return [(one.key, one.body.decode()) for shard in current.shards for one in shard.read()]


def test_a_later_batch_replaces_single_pages_and_one_that_is_gone_is_gone(tmp_path: Path) -> None:
    write(tmp_path, "00000001", page("a"), page("b"), page("c"), page("d", status=404), shards=2)
    write(tmp_path, "00000002", page("b", "new"), page("c", status=410), page("e", status=500))
    write(tmp_path, "00000003", page("b", "newest"))
    assert sorted(standing(tmp_path)) == [("a", "a"), ("b", "newest"), ("e", "e")]
    current = pages.current_pages(tmp_path, "s")
    assert [shard.shard.rows for shard in current.shards] == [2, 2, 3, 1]
    assert sorted(key for shard in current.shards for key in shard.replaced) == ["b", "b", "c"]
    prints = [manifest.fingerprint for _, manifest in pages.batches(tmp_path, "s")]
    assert current.fingerprint == digest(prints) and len(prints) == 3


def test_one_batch_stands_as_it_is_and_none_is_nothing(tmp_path: Path) -> None:
    current = pages.current_pages(tmp_path, "s")
    assert (current.fingerprint, current.shards) == (digest([]), ())
    many = [page(f"{at:03}") for at in range(130)]
    write(tmp_path, "00000001", *many)
    assert standing(tmp_path) == [(one.key, one.key) for one in many]
    (shard,) = pages.current_pages(tmp_path, "s").shards
    assert next(iter(shard.read())) == many[0]


def test_a_batch_of_other_settings_or_an_unfinished_one_is_stale(tmp_path: Path) -> None:
    write(tmp_path, "00000001", page("a"), params={"start": 1})
    write(tmp_path, "00000002", page("b"), params={"start": 2})
    write(tmp_path, "00000003", page("c"), params={"start": 1})
    write(tmp_path, "00000004", page("d"), params={"start": 2})
    (storage.folder(tmp_path, "collect", "s") / "00000005").mkdir()
    assert [folder.name for folder, _ in pages.batches(tmp_path, "s")] == ["00000001", "00000003"]
    assert standing(tmp_path) == [("a", "a"), ("c", "c")]


def test_keys_of_a_damaged_shard_replace_nothing(tmp_path: Path) -> None:
    write(tmp_path, "00000001", page("a"))
    write(tmp_path, "00000002", page("b"))
    shard = storage.folder(tmp_path, "collect", "s") / "00000002" / "pages-00000.parquet"
    content = bytearray(shard.read_bytes())
    content[len(content) // 2] ^= 1
    shard.write_bytes(content)
    with pytest.raises(Damaged):
        _ = pages.current_pages(tmp_path, "s").shards


@pytest.mark.parametrize(("asked", "is_there"), [((), True), (("text",), True), (("text", "more"), False)])
def test_a_table_with_other_columns_is_of_another_release(
    tmp_path: Path, asked: tuple[str, ...], is_there: bool
) -> None:
    paths = [tmp_path / f"{number}.parquet" for number in range(2)]
    for path, columns in zip(paths, (("text", "more"), ("text", "other")), strict=True):
        pq.write_table(pa.table({name: ["a"] for name in columns}), path)
    if is_there:
        check_columns(paths, asked, "a snapshot", "run it again")
        return
    with pytest.raises(RecipeError, match=r"1.parquet: a snapshot of another release, .*; run it again"):
        check_columns(paths, asked, "a snapshot", "run it again")


def test_news_is_what_matters_and_not_when_it_was_fetched(tmp_path: Path) -> None:
    known = pages.LatestContent()
    first = pages.content_values(page("a"))
    assert first == (page("a").sha256, 200, "https://x.org/a", "", "")
    assert [known.upsert("a", first), known.upsert("a", first), known.upsert("b", first)] == [True, False, True]
    for change in ({"said": "b"}, {"status": 404}, {"licence": "MIT"}, {"opt_out": "no"}):
        assert known.upsert("a", pages.content_values(page("a", **change)))
    assert known.upsert("a", first) and len(known) == 2


def test_what_was_said_last_is_known(tmp_path: Path) -> None:
    write(tmp_path, "00000001", page("a"), page("b"))
    write(tmp_path, "00000002", page("b", "new"))
    known = pages.load_latest_content(tmp_path, "s")
    assert len(known) == 2
    assert not known.upsert("a", pages.content_values(page("a"))) and not known.upsert(
        "b", pages.content_values(page("b", "new"))
    )
    assert pages.load_latest_content(tmp_path, "s").upsert("b", pages.content_values(page("b")))


def test_a_fingerprint_hangs_on_the_key_and_on_what_is_said() -> None:
    assert pages.fingerprint(page("a", "x")) == digest(["a", pages.content_values(page("a", "x"))])
    assert len({pages.fingerprint(one) for one in (page("a", "x"), page("b", "x"), page("a", "y"))}) == 3


TABLES = {
    "normalise": {"records": RECORD, "pairs": PAIR},
    "annotate": {"signals": SCHEMA},
    "dedupe": {"clusters": CLUSTER, "edges": SCHEMA},
}


def finish(data: Path, stage: str, name: str, shards: int = 1) -> None:
    about: Any = {"stage": stage, "name": name, "version": 1, "params": {}, "inputs": {}}
    with storage.building(storage.folder(data, stage, name), **about) as made:
        for prefix, schema in TABLES[stage].items():
            for at in range(shards):
                made.table(f"{prefix}-{at:05d}.parquet", schema.empty_table(), schema, {f"{stage} {prefix}": 1})
        made.text("notes.txt", name)


def test_the_inputs_of_a_recipe_are_the_shards_of_its_sources_in_order(tmp_path: Path) -> None:
    mill = corpus.recipe("one", "two")
    for source, shards in (("one", 2), ("two", 1)):
        finish(tmp_path, "normalise", source, shards)
        finish(tmp_path, "annotate", source, shards)
    found = load_inputs(mill, tmp_path)
    listed = {name: [path.relative_to(tmp_path).as_posix() for path in paths] for name, paths in found.paths.items()}
    files = [("one", 0), ("one", 1), ("two", 0)]
    assert listed == {
        "records": [f"2_records/{source}/records-0000{at}.parquet" for source, at in files],
        "pairs": [f"2_records/{source}/pairs-0000{at}.parquet" for source, at in files],
        "signals": [f"3_signals/{source}/signals-0000{at}.parquet" for source, at in files],
        "clusters": [],
        "edges": [],
    }
    assert found.counts == {
        "one": {"normalise pairs": 2, "normalise records": 2},
        "two": {"normalise pairs": 1, "normalise records": 1},
    }
    assert list(found.fingerprints) == ["normalise/one", "normalise/two", "annotate/one", "annotate/two"]
    manifest = storage.read_manifest(tmp_path / "3_signals" / "two")
    assert manifest and found.fingerprints["annotate/two"] == manifest.fingerprint
    finish(tmp_path, "dedupe", "mill")
    more = load_inputs(mill, tmp_path, clusters=True)
    assert [len(paths) for paths in more.paths.values()] == [3, 3, 3, 1, 1] and "dedupe/mill" in more.fingerprints


def test_what_is_not_finished_names_the_command(tmp_path: Path) -> None:
    finish(tmp_path, "normalise", "forum")
    with pytest.raises(
        RecipeError, match=r"3_signals/forum: nothing finished here; run `gristmill stage annotate mill`"
    ):
        load_inputs(corpus.recipe(), tmp_path)
    finish(tmp_path, "annotate", "forum")
    with pytest.raises(RecipeError, match=r"run `gristmill stage dedupe mill` first"):
        load_inputs(corpus.recipe(), tmp_path, clusters=True)
