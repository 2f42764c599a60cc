"""Forgetting: nothing of it is left in any file, whoever else wrote there stays, and no later run brings it back."""

import json
import shutil
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from connectors.web.store import Store, StoredResponse, Visit
from pipelines import collect, forget, storage, suppression
from pipelines.catalog import connect
from pipelines.curate import decisions
from pipelines.evaluate import parts
from pipelines.forget import Request, erase
from pipelines.messages import spoken
from pipelines.normalise.parse import parse_page
from pipelines.recipe import Recipe, WebSettings, load
from pipelines.storage import filesystem, pages
from pipelines.suppression import Tombstones, documents
from schemas.page import Page
from tests.connectors.web.site import Site, answer
from tests.pipelines import corpus
from tests.pipelines.board import Board
from tests.pipelines.damage import damaged
from tests.pipelines.dedupe.test_clusters import clusters, edited, prose
from tests.pipelines.milling import go, recipe_file

ADA, BOB = "Ada Lovelace", "Bob"
SECRET = "the left valve sticks in winter, so warm it for ten minutes before you turn the brass key"
OTHER = "take the bolts out one by one, clean each of them with oil, and put them back in the same order"
SALT, REASON = "salt", "asked for it"


def post(number: int, parent: int, author: str, text: str, score: int = 5) -> str:
    kind = f'PostTypeId="2" ParentId="{parent}"' if parent else f'PostTypeId="1" Title="How do I mend pump {number}?"'
    return (
        f'<row Id="{number}" {kind} CreationDate="2024-03-05T15:37:00.000" Score="{score}" OwnerDisplayName="{author}" '
        f'Body="{escape(f"<p>{text}.</p>", quote=True)}" Tags="&lt;pump&gt;" ContentLicense="CC BY-SA 4.0" />'
    )


def written(folder: Path, extra: str = "") -> Path:
    """Ada answers in threads 1 and 2 (where Bob quotes her), asks in 3; in 4 she is not."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = [
        post(1, 0, "Cy", "It makes a noise whenever I start it"),
        post(11, 1, ADA, f"Listen, {SECRET}"),
        post(12, 1, BOB, f"In my case {OTHER}", 2),
        post(2, 0, "Cy", "It leaks a little at the lower end"),
        post(21, 2, ADA, f"I would say that {SECRET} and wait"),
        post(22, 2, BOB, f"</p><blockquote><p>I would say that {SECRET} and wait.</p></blockquote><p>No: {OTHER}", 3),
        post(3, 0, ADA, "My own pump does not turn at all since Monday"),
        post(31, 3, BOB, f"Then you should {OTHER}", 4),
        post(4, 0, "Cy", "It runs, but far too slowly for the garden"),
        post(41, 4, BOB, f"With mine I had to {OTHER}, and it ran"),
        extra,
    ]
    (folder / "Posts.xml").write_text(f'<?xml version="1.0" encoding="utf-8"?>\n<posts>{"".join(rows)}</posts>')
    return folder


def recipe(folder: Path, *names: str) -> Recipe:
    return load(recipe_file(folder, **{name: folder / name for name in names}))


@pytest.fixture(scope="module")
def milled(tmp_path_factory: pytest.TempPathFactory) -> tuple[Recipe, Path]:
    folder = tmp_path_factory.mktemp("forget")
    for name in ("one", "two"):
        written(folder / name)
    made = recipe(folder, "one", "two")
    go(made, folder / "data")
    return made, folder / "data"


@pytest.fixture
def mill(milled: tuple[Recipe, Path], tmp_path: Path) -> Iterator[tuple[Recipe, Path]]:
    """Two sites with the same threads, in a data folder of the test's own."""
    made, data = milled
    shutil.copytree(data, tmp_path / "data", symlinks=True)
    yield made, tmp_path / "data"
    assert damaged(tmp_path / "data") == []


def holds(data: Path, *words: str) -> list[str]:
    """The files that hold one of the words, looked at as tables, as bytes, and as SQLite's zlib blobs."""
    found = []
    for path in sorted(path for path in data.rglob("*") if path.is_file()):
        raw = str(pq.read_table(path).to_pylist()) if path.suffix == ".parquet" else path.read_bytes().decode("latin-1")
        found += [path.name for word in words if word in raw or word.encode().decode("latin-1") in raw]
    return found


def ids(data: Path, view: str = "records") -> set[str]:
    with connect(data) as con:
        return {name for (name,) in con.sql(f"SELECT record_id FROM {view}").fetchall()}


def at(source: str, *names: str) -> set[str]:
    return {f"{source}:{name}" for name in names}


LEFT = at("one", "q1#a12", "q4#a41") | at("two", "q1#a12", "q4#a41")


@dataclass(frozen=True)
class Erased:
    """A data folder from which Ada was erased once, what the command said, and how the cards were before."""

    made: Recipe
    data: Path
    report: forget.Report
    cards: dict[str, str]


URLS = ("https://one.example/questions/1?page=2", "https://elsewhere.example/1")
DECIDED = [{"record_id": f"one:{name}", "decision": "accept"} for name in ("q1#a11", "q4#a41")]
SAMPLE = {"record_id": "one:q1#a11", "instruction": "How?", "reference": SECRET}


@pytest.fixture(scope="module")
def erased(milled: tuple[Recipe, Path], tmp_path_factory: pytest.TempPathFactory) -> Erased:
    """Two snapshots, a model, a web cache and decisions; then everything of Ada's is erased."""
    made, data = milled[0], tmp_path_factory.mktemp("erased") / "data"
    shutil.copytree(milled[1], data, symlinks=True)
    go(made.model_copy(update={"policy": "strict"}), data, ["curate"])
    store = Store(data / forget.WEB_STORE)
    for url in URLS:
        said = StoredResponse(url, 200, {}, SECRET.encode(), "", "", "", 1.0, 2.0)
        store.save(store.begin("one", 0)[0], Visit(url, "host", 1.0), said)
    store.close()
    trained_on(data, "v1")
    evaluated(data / "7_evaluations" / "small")
    (data / decisions.FILE).write_text("".join(json.dumps(row) + "\n" for row in DECIDED) + "not JSON\n")
    cards = {path.name: (path / "README.md").read_text() for path in (data / "5_curated/small").glob("v*")}
    assert holds(data, SECRET, ADA)
    return Erased(made, data, forget.forget(Request(author="  ada LOVELACE ", reason=REASON), data), cards)


HEADINGS = {
    "README.md": ("## Answers before and after", "## Use", "Erased on request."),
    "README.zh-CN.md": ("## 训练前后的回答", "## 使用", "已应要求删除。"),
}


def trained_on(data: Path, version: str) -> None:
    snapshot = storage.read_manifest(data / "5_curated" / "small" / version)
    assert snapshot
    about: dict[str, Any] = {"stage": "finetune", "name": "small", "version": 1, "params": {}}
    inputs = {"curated": snapshot.fingerprint}
    with storage.building(data / "6_models" / "small" / "v1", **about, inputs=inputs) as model:
        model.text("metrics.json", json.dumps({"samples": [SAMPLE, SAMPLE | {"record_id": "one:q4#a41"}]}))
        for name, (answers, use, _) in HEADINGS.items():
            model.text(name, f"# M\n\n{answers}\n\n{SECRET}\n\n{use}\n\nServe it.\n")
    made_of = {"small.dpo": {"start": "small/v1"}, "small.rloo": {"start": "other/v1", "reward": "small.dpo/v1"}}
    for name, params in {**made_of, "small.kto": {"start": "other/v1"}}.items():  # of a snapshot that is not rewritten
        about = {"stage": "prefer", "name": name, "version": 1, "params": params, "inputs": {"curated": "another"}}
        with storage.building(data / "6_models" / name / "v1", **about) as model:
            model.text("metrics.json", json.dumps({"snapshot": {"recipe": "other", "version": "v1"}}))


def evaluated(folder: Path) -> None:
    """What a judge was shown, and what an evaluation and an ablation were at when they were killed."""
    rows = [{"record_id": f"one:{name}", "answer": f"Listen, {SECRET}"} for name in ("q1#a11", "q4#a41")]
    rows[1]["answer"] = "It ran."
    about: dict[str, Any] = {"stage": "evaluate", "name": "small", "version": 1, "params": {}, "inputs": {}}
    with storage.building(folder / "v1-judged", **about) as made:
        parts.publish(made, rows)
        made.text("results.json", "{}")
    for file in (".v1.0123/part-loss-tuned-00000.jsonl", ".ablation-v1.0123/models/raw-1/examples.arrow"):
        (folder / file).parent.mkdir(parents=True)
        (folder / file).write_text(f"Listen, {SECRET}")


def test_evaluations_lose_their_rows_and_stay_whole(erased: Erased) -> None:
    folder = erased.data / "7_evaluations" / "small" / "v1-judged"
    assert pq.read_table(folder / parts.TABLE)["record_id"].to_pylist() == ["one:q4#a41"]
    manifest = storage.read_manifest(folder)
    assert manifest and manifest.counts["evaluations"] == 1 == erased.report.erased["evaluations"]
    assert not list(folder.parent.glob(".*"))


def test_an_author_is_erased_everywhere_and_the_others_stay(erased: Erased) -> None:
    assert holds(erased.data, f"Listen, {SECRET}", ADA, "does not turn at all") == []
    assert ids(erased.data) == ids(erased.data, "verdicts") == LEFT
    assert erased.report.erased["pages"] == 6 and erased.report.local_sources == ["one", "two"]
    counts = {manifest.stage: manifest.counts for _, manifest in storage.manifests(erased.data)}
    assert counts["dedupe"]["records"] == counts["annotate"]["records"] * 2 == len(LEFT)
    # as they were: models that were put there without a link, and a line that nobody can read
    assert damaged(erased.data) == [("latest", "points to no version")] * 4 + [("decisions.jsonl:2", "changed")]


def test_decisions_about_it_go_and_what_cannot_be_read_is_left(erased: Erased) -> None:
    assert (erased.data / decisions.FILE).read_text() == json.dumps(DECIDED[1]) + "\nnot JSON\n"


def test_older_snapshots_their_attribution_and_card(erased: Erased) -> None:
    assert sorted(erased.report.snapshots) == ["small v1", "small v2"]
    for version in ("v1", "v2"):
        folder = erased.data / "5_curated" / "small" / version
        manifest = storage.read_manifest(folder)
        assert manifest and manifest.counts["records"] == manifest.counts["kept"] + manifest.counts["dropped"] == 4
        card = (folder / "README.md").read_text()
        assert card.startswith(erased.cards[version]) and "rows were erased on request" in card
        assert ADA not in (folder / "ATTRIBUTION.md").read_text()


def test_the_list_says_neither_name_nor_address(erased: Erased) -> None:
    told = (erased.data / suppression.FILE).read_text()
    assert "ovelace" not in told and REASON in told
    with pytest.raises(suppression.BadRequest, match="in the clear"):
        forget.check(Request(author=ADA, reason="ada lovelace asked"), erased.data)


def test_the_cache_of_the_site_goes_too(erased: Erased) -> None:
    raw = (erased.data / forget.WEB_STORE).read_bytes()
    assert erased.report.erased["cached answers"] == 1
    assert b"one.example/questions/1" not in raw and b"elsewhere.example" in raw


def test_models_that_have_learnt_it_are_listed_and_their_samples_go(erased: Erased) -> None:
    """So are those that were made from them, by name, and those from these; their cards hold nobody's words."""
    listed = [f"6_models/{name}/v1" for name in ("small.dpo", "small.rloo", "small")]
    assert erased.report.models == sorted(listed)
    model = erased.data / "6_models" / "small" / "v1"
    assert [row["record_id"] for row in json.loads((model / "metrics.json").read_text())["samples"]] == ["one:q4#a41"]
    for name, (answers, use, erased_) in HEADINGS.items():
        assert (model / name).read_text() == f"# M\n\n{answers}\n\n{erased_}\n\n{use}\n\nServe it.\n"
    assert f'"models": {json.dumps(sorted(listed))}' in (erased.data / suppression.FILE).read_text()


@pytest.mark.parametrize("card", [SECRET, f"## Answers\n\n{SECRET}\n\n## Use\n\n", f"## Use\n\n{SECRET}"])
def test_of_a_card_with_other_headings_nothing_is_left(card: str) -> None:
    assert erase._without_answers(card) == "Erased on request.\n"
    with spoken("zh"):
        assert erase._without_answers(card) == "已应要求删除。\n"


def test_the_next_run_brings_back_only_the_others(erased: Erased, tmp_path: Path) -> None:
    data = tmp_path / "data"
    shutil.copytree(erased.data, data, symlinks=True)
    (data / decisions.FILE).unlink()
    go(erased.made, data)
    assert holds(data, f"Listen, {SECRET}", ADA, "does not turn at all") == []
    assert ids(data) == LEFT | {"one:q2#a22", "two:q2#a22"}, "whoever quoted her is there, without the quote"


def test_a_dump_read_again_brings_nothing_back(tmp_path: Path) -> None:
    made, data = recipe(tmp_path, "one"), tmp_path / "data"
    written(tmp_path / "one")
    go(made, data, ["collect", "normalise"])
    forget.forget(Request(author=ADA), data)
    more = post(5, 0, "Cy", "A new question") + post(51, 5, ADA, SECRET) + post(52, 5, BOB, OTHER)
    written(tmp_path / "one", more)
    go(made, data, ["collect", "normalise"])
    assert holds(data, SECRET, ADA) == []
    assert ids(data) == at("one", "q1#a12", "q2#a22", "q4#a41", "q5#a52")


def test_an_author_at_one_source_only(mill: tuple[Recipe, Path]) -> None:
    _, data = mill
    forget.forget(Request(author="Cy", source="one"), data)
    assert ids(data) == at("one", "q3#a31") | at("two", "q1#a11", "q1#a12", "q2#a21", "q2#a22", "q3#a31", "q4#a41")


def test_an_address_and_all_below_it(mill: tuple[Recipe, Path]) -> None:
    made, data = mill
    with connect(data) as con:
        url = con.sql("SELECT url FROM pages WHERE page_id = 'one:q1'").fetchall()[0][0]
    before = ids(data)
    forget.forget(Request(url=url.replace("https", "http")), data)
    assert before - ids(data) == at("one", "q1#a11", "q1#a12")
    go(made, data)
    assert before - ids(data) == at("one", "q1#a11", "q1#a12")


def test_one_record_and_its_copies_word_for_word(mill: tuple[Recipe, Path]) -> None:
    made, data = mill
    before = ids(data)
    forget.forget(Request(record="one:q1#a11"), data)
    for _ in range(2):
        assert before - ids(data) == {"one:q1#a11", "two:q1#a11"}
        assert holds(data, f"Listen, {SECRET}") == []
        go(made, data)


class Killed(BaseException):
    """As abrupt as a signal: nothing here cleans up after it."""


@pytest.mark.parametrize("renames", [14])
def test_stopped_at_any_moment_the_same_command_finishes(
    renames: int, mill: tuple[Recipe, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, data = mill
    rename, left = filesystem.rename, iter(range(renames - 1))

    def stopping(old: Path, new: Path) -> None:
        if next(left, None) is None:
            raise Killed
        rename(old, new)

    with monkeypatch.context() as patched, pytest.raises(Killed):
        patched.setattr(filesystem, "rename", stopping)
        forget.forget(Request(author=ADA), data)
    forget.forget(Request(author=ADA), data)
    assert holds(data, SECRET, ADA, "does not turn at all") == []
    assert ids(data) == LEFT
    assert not [path for path in data.rglob(".*") if path.is_dir()]


def test_a_crawl_fetches_no_forgotten_address_and_keeps_no_word_of_a_forgotten_author(tmp_path: Path) -> None:
    threads = {"1": [["Cy", "It leaks"], [ADA, SECRET], [BOB, OTHER]], "2": [["Cy", "It hums"], [BOB, OTHER]], "3": []}
    empty = suppression.Tombstones(SALT)
    with Site({f"/t/{name}": answer(200, json.dumps(thread)) for name, thread in threads.items()}) as site:
        site.pages["/list"] = answer(200, json.dumps(list(threads)))
        board = Board(name="board", url=site.url("").rstrip("/"))
        tombstones = [empty.new_author(ADA, ""), empty.new_url(site.url("/t/3"))]
        suppression.add(tmp_path, empty, tombstones)
        web = WebSettings(contact="test@example.org", delay=0, allow_private=("127.0.0.1",))
        made = Recipe.model_construct(name="test", sources=(board,), web=web)
        first = collect.run(made, "board", tmp_path)
        assert collect.run(made, "board", tmp_path) == first, "what is cut in the same way has not changed"
        assert set(site.paths()) == {"/list", "/t/1", "/t/2"}
    (shard,) = pages.current_pages(tmp_path, "board").shards
    one, two = shard.read()
    assert [post.author for post in next(documents.parse(board, one)).posts] == ["Cy", BOB]  # type: ignore[union-attr]
    assert (two.key, json.loads(two.body)) == ("2", threads["2"])
    assert holds(tmp_path, SECRET, ADA, "/t/3") == []
    with sqlite3.connect(tmp_path / forget.WEB_STORE) as db:
        assert [url.rsplit("/", 1)[1] for (url,) in db.execute("SELECT url FROM answers")] == ["2"]


def test_what_a_restored_backup_brings_is_not_made_into_records(tmp_path: Path) -> None:
    board = Board(name="board", url="https://b.example")
    empty = suppression.Tombstones(SALT)
    told = json.dumps([["Cy", "It leaks"], [ADA, SECRET], [BOB, OTHER]])
    page = Page("board", "1", "https://b.example/t/1", told.encode())
    assert len(parse_page(board, page).records) == 2
    for tombstone in (
        empty.new_author(ADA, "board"),
        suppression.Tombstone("record", empty.hash("record", "board:1#a1")),
    ):
        left = parse_page(board, page, empty.with_new([tombstone])).records
        assert [row["record_id"] for row in left] == ["board:1#a2"]


def test_bytes_that_name_the_author_are_not_kept_even_where_the_parser_leaves_the_words_out(tmp_path: Path) -> None:
    board = Board(name="board", url="https://b.example")
    empty = suppression.Tombstones(SALT)
    told = json.dumps([["Cy", "It leaks"], [BOB, OTHER]])[:-1] + ', ["", "\\u0041da Lovelace"]]'
    page = Page("board", "1", "https://b.example/t/1", told.encode())
    spared = documents.strip_page(board, page, empty.with_new([empty.new_author(ADA, "")]))
    assert spared.changed and isinstance(spared.item, Page) and spared.item.media_type == documents.MEDIA_TYPE
    assert not documents.strip_page(board, page, empty.with_new([empty.new_author("Eve", "")])).changed


def test_hashes_of_what_was_compared_go_with_the_clusters(tmp_path: Path) -> None:
    texts = prose(1), edited(prose(1), 2, 9), prose(2)
    clusters(tmp_path, [corpus.record(f"forum:{k}#a1", "Why?", text) for k, text in enumerate(texts)])
    folder = tmp_path / "4_clusters" / "mill"
    compared = folder / "compared-00000.parquet"
    assert pq.read_metadata(compared).num_rows == 1
    manifest = storage.read_manifest(folder)
    assert manifest
    erase.erase_rows(folder, manifest, erase.ErasureTargets(Tombstones(), frozenset(), frozenset({"forum:1#a1"})))
    assert pq.read_metadata(compared).num_rows == 0
    assert damaged(tmp_path) == []
