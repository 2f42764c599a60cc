"""The stage over real shards: hostile pages cost only themselves, and the bytes do not depend on the workers."""

import shutil
from collections import Counter
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from connectors.markdown import Markdown
from pipelines import catalog, normalise, storage
from pipelines.normalise import stage
from pipelines.recipe import Recipe, RecipeError, ShardSettings
from pipelines.workers import pool
from schemas.manifest import Manifest
from schemas.page import PAGE, Page, to_row
from tests.pipelines.normalise.hostile import Hostile
from tests.waiting import FAR

BODIES = ["eggs", "hang", "rice", "crash", "eat", "beans\ud83d\x00", "raise", "nothing", "reject", "面条"]


def recipe(**settings: object) -> Recipe:
    return Recipe.model_construct(name="test", sources=(Hostile(name="board", licence="MIT", **settings),))


def collect(data: Path, bodies: list[str], batch: str = "0001") -> None:
    """A finished batch of pages in two shards, as collect leaves it."""
    pages = [
        Page("board", f"{n:02}", f"http://forum.test/{n}", body.encode("utf-8", "surrogatepass"))
        for n, body in enumerate(bodies)
    ]
    folder = storage.folder(data, "collect", "board") / batch
    with storage.building(folder, stage="collect", name="board", version=1, params={}, inputs={}) as made:
        for n, part in enumerate((pages[:6], pages[6:])):
            table = pa.Table.from_pylist([to_row(page) for page in part], PAGE)
            made.table(f"pages-{n:05}.parquet", table, PAGE)


@pytest.fixture(scope="module")
def milled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The hostile board through two workers, with two seconds of work for each page, and any time by the clock."""
    data = tmp_path_factory.mktemp("data")
    collect(data, BODIES)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stage, "DEADLINE", 2.0)
        patch.setattr(pool, "WALL_CLOCK_FACTOR", FAR / 2)
        normalise.run(recipe(), "board", data, workers=2)
    return data


def query(data: Path, sql: str) -> list[tuple[object, ...]]:
    con: duckdb.DuckDBPyConnection = catalog.connect(data)
    return con.execute(sql).fetchall()


def test_a_bad_page_costs_only_itself(milled: Path) -> None:
    rejected = query(milled, "SELECT key, reason FROM rejects WHERE level = 'page' ORDER BY key")
    assert rejected == [
        ("01", "parse_timeout"),
        ("03", "parse_crashed"),
        ("04", "out_of_memory"),
        ("06", "parse_crashed"),
        ("07", "nothing_found"),
        ("08", "not_an_article"),
    ]
    assert query(milled, "SELECT DISTINCT page_id FROM records ORDER BY 1") == [
        ("board:00",),
        ("board:02",),
        ("board:05",),
        ("board:09",),
    ]


def test_an_error_is_told_by_type_and_never_by_its_words(milled: Path) -> None:
    assert query(milled, "SELECT detail FROM rejects WHERE key = '06'") == [("ValueError",)]


def test_records_come_in_the_order_of_pages_and_parts(milled: Path) -> None:
    found = query(milled, "SELECT record_id, kind, licence, source_kind FROM records WHERE page_id = 'board:00'")
    assert found == [
        ("board:00#a2", "answer", "MIT", "forum"),
        ("board:00#a3", "answer", "MIT", "forum"),
        ("board:00#00/wiki/lead", "explanation", "MIT", "forum"),
        ("board:00#00/ready", "exchange", "MIT", "forum"),
    ]


def test_text_is_valid_before_it_reaches_arrow(milled: Path) -> None:
    assert query(milled, "SELECT instruction, output FROM records WHERE record_id = 'board:05#a2'") == [
        ("How do I boil beans?", "Put beans into boiling water.")
    ]


def test_counts_account_for_everything(milled: Path) -> None:
    manifest = storage.read_manifest(storage.folder(milled, "normalise", "board"))
    assert manifest is not None
    assert manifest.counts == {
        "pages": 10,
        "pages_used": 4,
        "rejected:parse_timeout": 1,
        "rejected:parse_crashed": 2,
        "rejected:out_of_memory": 1,
        "rejected:nothing_found": 1,
        "rejected:not_an_article": 1,
        "documents": 17,
        "documents_used": 12,
        "posts": 28,
        "rejected_document:empty_output": 4,
        "rejected_document:not_an_article": 1,
        "rejected_part:back_matter": 4,
        "rejected_part:empty_output": 4,
        "records": 16,
        "pairs": 4,
    }


def test_something_lost_is_an_error() -> None:
    with pytest.raises(stage.ConservationError, match="3 pages in, 1 used, 1 rejected"):
        stage.check_conservation(Counter({"pages": 3, "pages_used": 1, "rejected:parse_timeout": 1}))


@pytest.fixture(scope="module")
def quiet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    data = tmp_path_factory.mktemp("quiet")
    collect(data, [f"thing {n}" for n in range(100)])
    return data


def test_the_bytes_do_not_depend_on_the_workers(quiet: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = storage.folder(quiet, "normalise", "board")
    monkeypatch.setattr(stage, "CHUNK_PAGES", 7)
    one = normalise.run(recipe(), "board", quiet, workers=1)
    (folder / storage.MANIFEST).unlink()
    monkeypatch.setattr(stage, "CHUNK_PAGES", 32)
    two = normalise.run(recipe(), "board", quiet, workers=2)
    assert one == two
    assert one.counts["records"] == 400
    assert len(one.tables("records")) == len(one.tables("pairs")) == len(one.tables("rejects")) == 2


def in_parts(pages: Path, data: Path) -> Manifest:
    """Records in shards that 30 fill, from a copy of some pages."""
    shutil.copytree(storage.folder(pages, "collect", "board"), storage.folder(data, "collect", "board"))
    return normalise.run(small_shards(), "board", data)


def small_shards() -> Recipe:
    return recipe().model_copy(update={"shards": ShardSettings(rows=30)})


def test_a_shard_of_records_ends_with_the_page_that_fills_it(quiet: Path, tmp_path: Path) -> None:
    whole = normalise.run(recipe(), "board", quiet)
    parts = in_parts(quiet, tmp_path)
    rows = [shard.rows for shard in parts.shards if shard.path.startswith("records")]
    assert rows == [24] + 11 * [32] + [24]  # 6 and 94 pages of four records each
    assert parts.counts == whole.counts and len(parts.tables("rejects")) == 2
    ids = "SELECT record_id, instruction, output FROM records"
    assert query(tmp_path, ids) == query(quiet, ids)


def test_a_shard_of_records_ends_after_so_many_bytes() -> None:
    batch = pa.record_batch({"text": ["x" * (1 << 20)]})
    size = ShardSettings(rows=100, megabytes=3)
    assert [len(part) for part in stage._parts(8 * [batch], size)] == [3, 3, 2]
    assert [len(part) for part in stage._parts([], size)] == [0]


@pytest.mark.parametrize("after", [1, 3, 15])
def test_an_interrupted_run_goes_on_between_parts(
    quiet: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    write, left = storage.write_table, iter(range(after))
    monkeypatch.setattr(storage, "write_table", lambda *words: write(*words) if next(left, None) is not None else 1 / 0)
    with pytest.raises(ZeroDivisionError):
        in_parts(quiet, tmp_path)
    monkeypatch.setattr(storage, "write_table", write)
    assert normalise.run(small_shards(), "board", tmp_path) == in_parts(quiet, tmp_path / "whole")


def test_nothing_runs_twice_and_a_changed_licence_runs_again(quiet: Path) -> None:
    first = normalise.run(recipe(), "board", quiet)
    written = (storage.folder(quiet, "normalise", "board") / storage.MANIFEST).stat().st_mtime_ns
    assert normalise.run(recipe(folder=Path("/elsewhere")), "board", quiet) == first
    assert (storage.folder(quiet, "normalise", "board") / storage.MANIFEST).stat().st_mtime_ns == written
    other = Recipe.model_construct(name="test", sources=(Hostile(name="board", licence="CC0-1.0"),))
    assert normalise.run(other, "board", quiet).key != first.key


def test_a_source_of_nothing_gives_empty_shards(tmp_path: Path) -> None:
    collect(tmp_path, [])
    manifest = normalise.run(recipe(), "board", tmp_path)
    assert [shard.rows for shard in manifest.shards] == [0] * 6
    assert query(tmp_path, "SELECT count(*) FROM records") == [(0,)]


def test_an_unknown_source_is_named(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="no source called 'bord'; did you mean 'board'"):
        normalise.run(recipe(), "bord", tmp_path)


def test_a_page_without_prose_is_asked_about_in_the_language_of_its_site(tmp_path: Path) -> None:
    kitchen = Markdown(name="board", folder=tmp_path, licence="MIT")
    chinese = "# 煮鸡蛋\n\n先把水烧开，然后放入鸡蛋，等待十分钟，再从锅里捞出来。"
    collect(tmp_path, [chinese, chinese, "# boil\n\n```sh\nboil --eggs 2 --pan iron\n```"])
    normalise.run(Recipe.model_construct(name="test", sources=(kitchen,)), "board", tmp_path)
    ((asked,),) = query(tmp_path, "SELECT instruction FROM records WHERE page_id = 'board:02'")
    assert str(asked).startswith("请")
