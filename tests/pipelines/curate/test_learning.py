"""`gristmill learn`: what is better is learnt, what is longer or older is not, and too little is refused."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.curate import learning, preferences
from pipelines.curate.decisions import Decision
from pipelines.curate.preferences import Pairs, Source
from pipelines.errors import WorkFailed, WrongInput
from pipelines.models import head
from pipelines.recipe import ClassifierSettings, RecipeError
from pipelines.signals import SIGNALS
from tests.pipelines import corpus
from tests.pipelines.curate.measured import connect
from tests.pipelines.storage.test_integrity import rot

SITES = ("coffee", "quantum", "cooking")
COLUMNS = ("output_code_share", "output_dup_lines", "output_top_2gram")


def drawn(seed: int, count: int = 450, taste: float = 1.0) -> Pairs:
    """Better answers are longer, and have more of the first signal; the second is length, the third noise."""
    draw = np.random.RandomState(seed)
    better_length, worse_length = draw.normal(6.5, 0.8, count), draw.normal(6, 0.8, count)
    sides = []
    for length, shift in ((better_length, taste), (worse_length, 0)):
        told = np.stack(
            [draw.normal(shift, 1, count), 3 * length + draw.normal(0, 0.1, count), draw.normal(size=count)]
        )
        told[2, draw.rand(count) < 0.2] = np.nan
        sides.append(told.T)
    lengths = [np.stack([np.ones(count), one, one * one], axis=1) for one in (better_length, worse_length)]
    site = np.array([SITES[at % 3] for at in range(count)], object)
    thread = np.array([f"t{at // 2}" for at in range(count)], object)
    ids = np.array([[f"{name}#a{at % 2}", f"{name}#b"] for at, name in enumerate(thread)], object)
    return Pairs(*sides, *lengths, site, thread, np.zeros(count), ids)


def test_what_is_better_is_learnt_and_length_is_not() -> None:
    learnt = learning.learn(drawn(1), COLUMNS, 0)
    spread = np.array([1, 0.1, 1])  # beyond what length explains
    first, second, third = np.abs(learnt.head.weights * spread)
    assert first > 0.1 and second < first / 8 and third < first / 3
    assert learnt.surely and learnt.total.right.value > 0.7 and learnt.total.near_right.low > 0.5
    assert len(learnt.records) == 3 * 225
    assert [one.site for one in learnt.judged] == sorted(SITES) and learnt.total.longer.value > 0.6
    assert "on pairs of like length too" in learning.conclusion(learnt)


def test_where_only_length_tells_nothing_is_learnt_and_nothing_written(tmp_path: Path) -> None:
    learnt = learning.learn(drawn(2, taste=0), COLUMNS, 0)
    assert not learnt.surely and "may be no better than chance" in learning.conclusion(learnt)
    with pytest.raises(WorkFailed, match=r"quality: not written: .* told 0\.\d\d \(.*\) of 450 pairs, which may be"):
        learning.write(tmp_path / "quality", "quality", learnt, ["votes"])
    assert not (tmp_path / "quality").exists()


def test_too_little_is_refused_with_what_would_help() -> None:
    with pytest.raises(WorkFailed, match=r"99 pairs .*, 100 needed; more votes, decisions"):
        learning.learn(drawn(1, 99), COLUMNS, 0)


def test_one_site_is_judged_by_parts_that_share_no_thread() -> None:
    pairs = drawn(3)._replace(site=np.array(["forum"] * 450, object))
    groups = learning._groups(pairs)
    assert len(np.unique(groups)) == learning.FOLDS
    for thread in np.unique(pairs.thread.astype(str)):
        assert len(np.unique(groups[pairs.thread == thread])) == 1


def test_the_same_pairs_give_the_same_head() -> None:
    one, other = (learning.learn(drawn(4), COLUMNS, 0).head for _ in range(2))
    assert np.array_equal(one.weights, other.weights) and one.bias == other.bias


def row(name: str, score: int | None, **columns: Any) -> dict[str, Any]:
    return {"record_id": name, "page_id": "forum:1", "source": "forum", "source_kind": "forum", "kind": "answer",
            "score": score, "accepted": False} | columns  # fmt: skip


def measured(records: list[dict[str, Any]]) -> Source:
    signals = [
        {"record_id": one["record_id"], "instruction_hash": "q", "output_chars": 10 * at, "output_code_share": at / 10}
        for at, one in enumerate(records)
    ]
    return Source(connect(records=records, signals=signals), COLUMNS[:1], 0)


@pytest.mark.parametrize(
    ("records", "better"),
    [
        ([row("a", 5), row("b", 3)], [0.0]),
        ([row("a", 5), row("b", 4)], []),  # a vote more may be chance
        ([row("a", 3), row("b", 3, accepted=True)], [0.1]),
        ([row("a", 9), row("b", 3, accepted=True)], []),  # votes and asker disagree
        ([row("a", 5), row("b", 3, page_id="forum:2")], []),
        ([row("a", 5), row("b", None)], []),
        ([row("a", 5), row("b", 3, source_kind="instructions")], []),
    ],
)
def test_the_better_of_two_answers_has_two_votes_more_or_is_accepted(
    records: list[dict[str, Any]], better: list[float]
) -> None:
    assert preferences.from_votes(measured(records)).better.ravel().tolist() == pytest.approx(better)


def test_a_long_thread_gives_few_pairs() -> None:
    found = preferences.from_votes(measured([row(f"a{at}", 5 * at) for at in range(12)]))
    assert len(found.site) == preferences.MOST_OF_THREAD


def test_decided_records_are_matched_by_length_within_a_source() -> None:
    source = measured([row(f"a{at}", None) for at in range(6)])
    decided = ["accept", "reject", "accept", "accept", "reject", "edit"]
    kinds = {f"a{at}": kind for at, kind in enumerate(decided)}
    given = [
        Decision(record_id=name, decision=kind, output="x" if kind == "edit" else None) for name, kind in kinds.items()
    ]
    found = preferences.from_decisions(source, given)
    chars = np.rint(np.expm1(np.stack([found.better_length[:, 1], found.worse_length[:, 1]], axis=1)))
    assert chars.tolist() == [[0, 10], [30, 40]]


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("{", r"f.jsonl:2: not JSON: .*; write one object a line"),
        ('["a"]', r"f.jsonl:2: a line has `record_id` and `label`, or .*; rename its fields"),
        ('{"record_id": "a", "label": "maybe"}', r'f.jsonl:2: label "maybe" says neither good nor bad; write true or'),
        ('{"record_id": "a"}', r"f.jsonl:2: label null says neither"),
    ],
)
def test_a_wrong_line_names_file_line_and_cure(line: str, says: str, tmp_path: Path) -> None:
    (tmp_path / "f.jsonl").write_text(f'{{"record_id": "a", "label": true}}\n{line}\n')
    with pytest.raises(WrongInput, match=says):
        preferences.from_file(measured([row("a", 1)]), tmp_path / "f.jsonl", lambda table: table)


def test_rows_of_a_file_are_records_texts_or_ready_pairs(tmp_path: Path) -> None:
    rows = [
        {"record_id": "a0", "label": True}, {"record_id": "a1", "label": "bad"},
        {"instruction": "Q", "output": "long answer", "label": 1}, {"output": "short", "label": 0},
        {"prompt": "Q", "chosen": "yes", "rejected": "no no"},
    ]  # fmt: skip
    file = tmp_path / "f.jsonl"
    file.write_text("\n".join(json.dumps(one) for one in rows))

    def measure(table: pa.Table) -> pa.Table:
        chars = pa.array([len(text) for text in table["output"].to_pylist()], pa.int32())
        return pa.table({"output_chars": chars, "output_code_share": pa.array([0.5] * len(chars))})

    found = preferences.from_file(measured([row("a0", 1), row("a1", 1)]), file, measure)
    assert found.site.tolist() == ["forum", "f.jsonl", "f.jsonl"]
    assert found.ids.tolist() == [["a0", "a1"], ["", ""], ["", ""]]
    assert np.rint(np.expm1(found.better_length[:, 1])).tolist() == [0, 11, 3]


def test_labelled_records_that_are_not_here_are_counted(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    file = tmp_path / "f.jsonl"
    file.write_text("\n".join(json.dumps({"record_id": name, "label": True}) for name in ("a0", "gone", "lost")))
    with caplog.at_level("WARNING"):
        preferences.from_file(measured([row("a0", 1)]), file, lambda table: table)
    assert "2 of 3 labelled records are not here" in caplog.text


def test_no_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(WrongInput, match=r"--from .*none: cannot be read: No such file.*; say votes, decisions, or"):
        preferences.from_file(measured([]), tmp_path / "none", lambda table: table)


def test_a_written_head_is_a_signal_of_a_recipe(tmp_path: Path) -> None:
    learnt = learning.learn(drawn(1), COLUMNS, 0)
    learning.write(tmp_path / "quality", "quality", learnt, ["votes"])
    assert "| all | 450 |" in (tmp_path / "quality" / "README.md").read_text()
    mill = corpus.recipe(annotate={"models": [{"name": "quality", "model": str(tmp_path / "quality")}]})
    rows = [corpus.record("forum:1#a1", "how", "x = 1\n" * 9), corpus.record("forum:2#a1", "how", "")]
    corpus.write(tmp_path, mill, rows)
    made = pq.read_table(tmp_path / "3_signals" / "forum" / "signals-00000.parquet")
    number, empty = made["output_model_quality"].to_pylist()
    assert 0 < number < 1 and empty is None
    settings = mill.annotate.models[0]
    assert head.scores(settings, made)[0] == pytest.approx(number, rel=1e-3)
    assert head.published_name(settings) == "head quality, learnt from votes"


def test_a_head_tells_what_it_has_learnt_and_names_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "quality"
    folder.mkdir()
    (folder / "mine.txt").write_text("of the person whose folder it is")
    learning.write(folder, "quality", learning.learn(drawn(1), COLUMNS, 0), ["votes"])
    assert head.may_have_learnt(folder, ["t0#a0"]) and head.may_have_learnt(folder, ["other", "t224#b"])
    assert not head.may_have_learnt(folder, ["t225#a0", "t0#a", ""])
    assert "t224#b" not in (folder / "complete.json").read_text()
    (folder / "mine.txt").write_text("changed")
    assert head.load(ClassifierSettings(name="q", model=str(folder)))
    (folder / "README.md").write_text("changed")
    assert head.may_have_learnt(folder, ["other"]), "nobody knows of one that is damaged"
    (folder / "complete.json").unlink()
    assert head.may_have_learnt(folder, ["other"]), "nor of one that says nothing"


def test_a_damaged_head_is_not_used(tmp_path: Path) -> None:
    learning.write(tmp_path, "quality", learning.learn(drawn(1), COLUMNS, 0), ["votes"])
    rot(tmp_path / "head.json")
    with pytest.raises(RecipeError, match=r"head\.json cannot be read \(Damaged\); run `gristmill learn q` again"):
        head.load(ClassifierSettings(name="q", model=str(tmp_path)))


def test_a_head_that_lacks_what_it_reads_names_the_cure(tmp_path: Path) -> None:
    settings = ClassifierSettings(name="q", model=str(tmp_path))
    one = head.Head(("output_code_share",), 7, *(np.zeros(257), np.zeros((3, 257)), np.zeros(257)), 0.0)
    (tmp_path / "head.json").write_text(head.written(one, {"learnt_from": "votes"}))
    with pytest.raises(RecipeError, match=r"the head reads pair_embedding, which is not measured; set annotate\.emb"):
        head.fingerprint(settings, SIGNALS)
    (tmp_path / "head.json").write_text("{}")
    head.load.cache_clear()
    with pytest.raises(RecipeError, match=r"head\.json cannot be read \(KeyError\); run `gristmill learn q` again"):
        head.load(settings)
