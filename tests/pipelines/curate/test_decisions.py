"""What people decided: read strictly, outranking rules and quotas but not licences, and never lost."""

import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from pipelines import curate, dedupe, storage, suppression
from pipelines.curate import decisions
from pipelines.flows.check import check
from pipelines.recipe import RecipeError
from tests.pipelines import corpus
from tests.pipelines.curate.test_curate import answer, text

Row = dict[str, Any]
DECIDED = [
    {"record_id": "forum:1#a1", "decision": "reject", "who": "Kim", "when": "2026-11-24", "note": "it is wrong"},
    {"record_id": "forum:2#a1", "decision": "edit", "output": "Take the lid off, then turn the screw to the left."},
    {"record_id": "forum:50#a1", "decision": "accept", "who": "Kim"},
    {"record_id": "forum:51#a1", "decision": "accept"},
    {"record_id": "forum:60#a1", "decision": "accept"},
    {"record_id": "forum:3#a1", "decision": "reject"},
    {"record_id": "forum:3#a1", "decision": "undo"},
    {"record_id": "forum:999#a1", "decision": "accept"},
]
RECORDS = [
    *(answer(k) for k in range(1, 30)),
    answer(50, "Yes."),
    answer(51, "No.", licence=""),
    corpus.record("forum:60#a1", "How do I mend part 5 of it?", text(5), score=1),
]


def curated(data: Path, rows: list[Row], **settings: Any) -> tuple[dict[str, Row], dict[str, Row], dict[str, int]]:
    """Verdicts and published rows by record, and the manifest's counts."""
    mill = corpus.recipe("forum", **settings)
    if not (data / "2_records").exists():
        corpus.write(data, mill, rows)
        dedupe.run(mill, data)
    manifest = curate.run(mill, data)
    folder = (data / "5_curated" / "mill" / "latest").resolve()
    assert storage.read_manifest(folder) == manifest
    tables = {kind: [name for name in manifest.tables(kind)] for kind in (*curate.SPLITS, "verdicts")}
    rows_of = {
        kind: [row for n in names for row in pq.read_table(folder / n).to_pylist()] for kind, names in tables.items()
    }
    published = {row["record_id"]: row for split in curate.SPLITS for row in rows_of[split]}
    return {row["record_id"]: row for row in rows_of["verdicts"]}, published, manifest.counts


def noted(data: Path, rows: list[Row]) -> None:
    data.mkdir(parents=True, exist_ok=True)
    (data / decisions.FILE).write_text("".join(json.dumps(row) + "\n" for row in rows))


@pytest.fixture(scope="module")
def decided(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Row], dict[str, Row], dict[str, int], Path]:
    data = tmp_path_factory.mktemp("decisions")
    noted(data, DECIDED)
    return *curated(data, RECORDS), data


def test_a_rejected_record_is_dropped_and_says_by_whom(decided: tuple[Any, ...]) -> None:
    verdicts, published, _, _ = decided
    assert "forum:1#a1" not in published
    (reason,) = verdicts["forum:1#a1"]["reasons"]
    assert reason["rule"] == "decision"
    assert json.loads(reason["value"]) == {"who": "Kim", "when": "2026-11-24", "note": "it is wrong"}


def test_an_accepted_record_outranks_rules_and_better_duplicates_but_no_licence(decided: tuple[Any, ...]) -> None:
    verdicts, published, _, _ = decided
    assert {"forum:50#a1", "forum:60#a1"} <= set(published)
    assert [reason["rule"] for reason in verdicts["forum:50#a1"]["overruled"]] == [
        "output_too_short",
        "output_brief_post",
    ]
    assert verdicts["forum:50#a1"]["decision"] == "accept"
    assert verdicts["forum:5#a1"]["duplicate_of"] == "forum:60#a1"
    assert [reason["rule"] for reason in verdicts["forum:51#a1"]["reasons"]] == ["licence_unknown"]


def test_an_edit_is_what_is_published(decided: tuple[Any, ...]) -> None:
    _, published, _, _ = decided
    assert published["forum:2#a1"]["output"] == "Take the lid off, then turn the screw to the left."
    assert published["forum:2#a1"]["instruction"] == "How do I mend part 2 of it?"


def test_what_is_undone_or_about_nothing_changes_nothing_and_is_kept(decided: tuple[Any, ...]) -> None:
    verdicts, published, counts, data = decided
    assert "forum:3#a1" in published and verdicts["forum:3#a1"]["decision"] == ""
    assert counts["decisions_unknown"] == 1
    assert len((data / decisions.FILE).read_text().splitlines()) == len(DECIDED)
    card = (data / "5_curated" / "mill" / "latest" / "README.md").read_text()
    assert "3 accept, 1 edit, 1 reject, 1 about records that are not there" in card


def test_another_decision_makes_another_version_and_what_is_forgotten_stays_so(decided: tuple[Any, ...]) -> None:
    *_, data = decided
    before, _, _ = curated(data, RECORDS)
    noted(data, [*DECIDED, {"record_id": "forum:4#a1", "decision": "reject"}])
    _, published, _ = curated(data, RECORDS)
    assert "forum:4#a1" not in published and before["forum:4#a1"]["kept"]
    empty = suppression.load(data)
    suppression.add(data, empty, [suppression.Tombstone("record", empty.hash("record", "forum:50#a1"))])
    verdicts, _, counts = curated(data, RECORDS)
    assert "forum:50#a1" not in verdicts and counts["records"] == len(RECORDS) - 1
    assert [path.name for path in sorted((data / "5_curated" / "mill").glob("v*"))] == ["v1", "v2", "v3"]


def test_check_tells_what_is_given(tmp_path: Path) -> None:
    benchmark = tmp_path / "loaves" / "test.jsonl"
    benchmark.parent.mkdir()
    benchmark.write_text('{"question": "How many loaves?"}\n')
    (tmp_path / "r.toml").write_text(
        f'name = "r"\n[decontaminate]\nbenchmarks = ["{benchmark}"]\n'
        '[[sources]]\nconnector = "python_docs"\nname = "docs"\n'
    )
    noted(tmp_path / "data", DECIDED)
    told = {finding.what: finding.says for finding in check(str(tmp_path / "r.toml"), tmp_path / "data")}
    assert told["decontaminate"] == "loaves/test: 1 items" and told["decisions"] == "6 by hand"


def test_csv_says_the_same_as_json(tmp_path: Path) -> None:
    rows = ["record_id,decision,instruction,output,who,note", 'a,edit,,"Two\nlines, one cell",Kim,', "b,accept,,,,好"]
    (tmp_path / "mine.csv").write_text("\n".join(rows) + "\n", encoding="utf-8-sig")
    mill = corpus.recipe("forum", decisions=str(tmp_path / "mine.csv"))
    one, other = decisions.load_decisions(mill, tmp_path)
    assert (one.output, one.who, one.instruction, other.note) == ("Two\nlines, one cell", "Kim", None, "好")


REFUSED = {
    '{"record_id": "a", "decison": "accept"}': "mine.jsonl:2: decison: unknown key; did you mean 'decision'",
    '{"record_id": "a", "decision": "keep"}': "mine.jsonl:2: decision: must be 'accept'",
    '{"record_id": "a", "decision": "edit"}': "mine.jsonl:2: an edit, and nothing else, brings",
    '{"record_id": "a", "decision": "edit", "output": ""}': "cannot leave instruction or output empty",
    '{"record_id": ': "mine.jsonl:2: not JSON",
}


@pytest.mark.parametrize(("line", "message"), REFUSED.items())
def test_a_line_that_cannot_be_read_names_file_line_and_cure(line: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "mine.jsonl").write_text(f'{{"record_id": "x", "decision": "accept"}}\n{line}\n')
    with pytest.raises(RecipeError, match=message):
        decisions.load_decisions(corpus.recipe("forum", decisions=str(tmp_path / "mine.jsonl")), tmp_path)


def test_a_named_file_has_to_be_there(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="no such file"):
        decisions.load_decisions(corpus.recipe("forum", decisions=str(tmp_path / "none.jsonl")), tmp_path)


def test_a_byte_order_mark_is_no_part_of_a_line(tmp_path: Path) -> None:
    (tmp_path / "mine.jsonl").write_text('{"record_id": "a", "decision": "accept"}\n', encoding="utf-8-sig")
    mill = corpus.recipe("forum", decisions=str(tmp_path / "mine.jsonl"))
    assert [one.record_id for one in decisions.load_decisions(mill, tmp_path)] == ["a"]


WRONG_CSV = {
    "record_id,decision,note\na,accept,caf\xe9\n": r"mine\.csv:2: not UTF-8 \(byte 0xe9\); save .* CSV UTF-8",
    "record_id,decision\na,accept,well, no\n": r"mine\.csv:2: more cells than the first line names",
    "record_id;decision\na;accept\n": r"mine\.csv:2: record_id;decision: unknown key",
}


@pytest.mark.parametrize(("text", "message"), WRONG_CSV.items())
def test_a_table_that_cannot_be_read_names_file_line_and_cure(text: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "mine.csv").write_bytes(text.encode("cp1252"))
    with pytest.raises(RecipeError, match=message):
        decisions.load_decisions(corpus.recipe("forum", decisions=str(tmp_path / "mine.csv")), tmp_path)
