"""`mixture.like`: the nearest records of each line in its turn, the same whatever the order, told in the verdicts."""

import json
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pytest

from pipelines.curate import diversity, likeness, mixture, policy
from pipelines.curate.policy import Mixture, Policy, PolicyError, Rule
from pipelines.models import embeddings
from pipelines.signals.embedding import DIMENSIONS

NEVER = (Rule(name="never", drop_if="false", why="-"),)


def points(*directions: tuple[float, ...]) -> np.ndarray:
    rows = np.zeros((len(directions), 8), np.float32)
    for row, direction in zip(rows, directions, strict=True):
        row[: len(direction)] = direction
    return diversity.quantise(pa.FixedSizeListArray.from_arrays(pa.array(rows.ravel()), 8))


def plainly(given: np.ndarray, wanted: np.ndarray, costs: np.ndarray, first: int, budget: int) -> list[int]:
    """Round-robin as it is written in a book."""
    similar = given.astype(int) @ wanted.T.astype(int)
    taken, left, idle, turn = set(range(first)), budget - int(costs[:first].sum()), 0, 0
    while idle < len(wanted):
        fit = [at for at in range(len(given)) if at not in taken and costs[at] <= left and given[at].any()]
        fit = fit if wanted[turn].any() else []
        idle = 0 if fit else idle + 1
        if fit:
            best = max(fit, key=lambda at: (similar[at, turn], -at))
            taken.add(best)
            left -= int(costs[best])
        turn = (turn + 1) % len(wanted)
    return sorted(taken)


@pytest.mark.parametrize("seed", range(8))
def test_the_choice_is_the_plain_one_however_short_the_lists_are(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.RandomState(seed)
    given = points(*(tuple(random.normal(size=8)) if random.rand() > 0.1 else (0.0,) for _ in range(90)))
    wanted = points(*(tuple(random.normal(size=8)) for _ in range(5)), (0.0,))
    wanted[1:3] = wanted[0]  # lines that want the same
    costs, budget = random.randint(1, 9, 90), int(random.randint(40, 200))
    monkeypatch.setattr(likeness, "CELLS", 60)
    monkeypatch.setattr(likeness, "LISTED", 20)
    monkeypatch.setattr(likeness, "_depth", lambda *_: 3)
    found = likeness.choose(given, wanted, costs, 4, budget)
    assert sorted(np.flatnonzero(found.taken)) == plainly(given, wanted, costs, 4, budget)


def test_lines_take_turns_and_each_record_knows_its_nearest() -> None:
    given = points((1, 0.1), (1, 0.2), (1, 0.3), (0, 1), (0.1, 1), (0,))
    wanted = points((1, 0), (0, 1))
    found = likeness.choose(given, wanted, np.ones(6, np.int64), 0, 3)
    assert list(np.flatnonzero(found.taken)) == [0, 1, 3]
    assert list(found.target) == [0, 0, 0, 1, 1, -1] and found.cosine[3] == pytest.approx(1, abs=0.01)
    assert found.cosine[5] == 0


def test_more_budget_than_records_takes_all_that_have_an_embedding() -> None:
    given = points((1, 0), (0, 1), (0,))
    assert list(likeness.choose(given, points((1, 0)), np.ones(3, np.int64), 0, 99).taken) == [True, True, False]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b'{"instruction": "a"}\nhow?\n', r"target.jsonl:2: not JSON: .*; write one object a line"),
        (b'{"instruction": "a"}\n\n["b"]\n', r"target.jsonl:3: a line is an object with texts, not list"),
        (b'{"id": 1, "output": " "}\n', r"target.jsonl:1: has none of the fields instruction, .*; rename"),
        (b'{"instruction": "\xff"}\n', r"target.jsonl:1: not UTF-8; save the file as UTF-8"),
        (b"\n \n", r"target.jsonl: holds no line; write one JSON object a line"),
        (b"[" * 100_000, r"target.jsonl:1: not JSON"),
    ],
)
def test_a_wrong_target_names_file_line_and_cure(content: bytes, says: str, tmp_path: Path) -> None:
    (tmp_path / "target.jsonl").write_bytes(content)
    with pytest.raises(PolicyError, match=says):
        likeness.texts(tmp_path / "target.jsonl")


def test_too_many_lines_and_no_file_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "target.jsonl"
    with pytest.raises(PolicyError, match=r"mixture.like: .*target.jsonl cannot be read: No such file"):
        likeness.texts(file)
    file.write_text('{"text": "a"}\n' * 3)
    monkeypatch.setattr(likeness, "MOST", 2)
    with pytest.raises(PolicyError, match="holds 3 lines; name the 2 that"):
        likeness.texts(file)


def test_all_texts_of_a_line_are_read_and_named_by_their_line(tmp_path: Path) -> None:
    file = tmp_path / "target.jsonl"
    file.write_text('\ufeff{"prompt": "How?", "completion": "So.", "score": 3}\n\n{"text": "你好"}\n')
    assert likeness.texts(file) == {"target.jsonl:1": "How?\nSo.", "target.jsonl:3": "你好"}


def write_policy(folder: Path, mixture_lines: str, extends: str = "default") -> Path:
    folder.mkdir(exist_ok=True)
    file = folder / "mine.toml"
    file.write_text(f'extends = "{extends}"\n[mixture]\n{mixture_lines}\n')
    return file


def test_the_target_lies_beside_the_policy_that_names_it(tmp_path: Path) -> None:
    file = write_policy(tmp_path / "one", 'like = "target.jsonl"\nmax_records = 5')
    assert policy.load(file).mixture.like == tmp_path / "one" / "target.jsonl"
    other = tmp_path / "two.toml"
    other.write_text('extends = "one/mine.toml"\n')
    assert policy.load(other).mixture.like == tmp_path / "one" / "target.jsonl"


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        ('like = "t.jsonl"', "like chooses max_records or max_tokens; say how many"),
        ('like = "t.jsonl"\nmax_records = 5\ndiversity = "facility_location"', "leave one of them out"),
    ],
)
def test_a_choice_has_a_size_and_is_one(lines: str, says: str, tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match=says):
        policy.load(write_policy(tmp_path, lines))


def mixed(rows: list[dict[str, Any]], wanted: Mixture, data: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """The reasons of records that are left out, and the likeness of each, by record_id."""
    base = {"source": "forum", "author": "", "url": "", "task": "dialogue", "output_language": "en", "licence": "MIT"}
    base |= {"instruction_words": 1, "input_words": 0, "output_words": 1}
    base |= {"instruction": "Q", "input": "", "output": "A", "decision": ""}
    named = [base | {"record_id": f"r{at}"} | row for at, row in enumerate(rows)]
    with duckdb.connect() as con:
        con.register("rows", pa.Table.from_pylist(named))
        con.execute("CREATE TABLE candidate AS SELECT * EXCLUDE (decision) FROM rows")
        reasons = "CAST([] AS STRUCT(rule VARCHAR, value VARCHAR)[]) AS reasons"
        con.execute(f"CREATE TABLE judged AS SELECT record_id, {reasons}, decision FROM rows")
        mixture.apply(con, Policy(rules=NEVER, mixture=wanted), data)
        judged = con.sql("SELECT record_id, reasons FROM judged ORDER BY ALL").fetchall()
        near = con.sql("SELECT record_id, target, target_cosine FROM likeness ORDER BY ALL").fetchall()
    left = {name: (found[0]["rule"], json.loads(found[0]["value"])) for name, found in judged if found}
    return left, {name: (target, cosine) for name, target, cosine in near}


def vector(*values: float) -> dict[str, list[float]]:
    return {"pair_embedding": [*values, *[0.0] * (DIMENSIONS - len(values))]}


@pytest.fixture
def target(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file of two lines, which an embedding of two words reads."""
    file = tmp_path / "target.jsonl"
    file.write_text('{"text": "east"}\n{"text": "north"}\n')
    meant = {"east": vector(1, 0), "north": vector(0, 1)}
    monkeypatch.setattr(likeness, "_model", lambda *_: Path())
    monkeypatch.setattr(
        embeddings, "encode", lambda _, texts: np.array([meant[text]["pair_embedding"] for text in texts], np.float32)
    )
    return file


def test_who_is_left_out_is_told_the_nearest_target(target: Path, tmp_path: Path) -> None:
    rows = [vector(1, 0), vector(1, 0.2), vector(0.6, 0.8), vector(0), vector(1, 0.4) | {"decision": "accept"}]
    left, near = mixed(rows, Mixture(like=target, max_records=3), tmp_path)
    assert left == {
        "r1": ("unlike", {"target": "target.jsonl:1", "cosine": pytest.approx(0.98, abs=0.01)}),
        "r3": ("unlike", {"target": None, "cosine": None}),
    }
    assert near["r2"] == ("target.jsonl:2", pytest.approx(0.8, abs=0.01)) and near["r3"] == (None, None)
    assert set(near) == {f"r{at}" for at in range(5)}


def test_within_the_budget_nothing_is_left_out_and_all_are_told(target: Path, tmp_path: Path) -> None:
    left, near = mixed([vector(1, 0), vector(0, 1)], Mixture(like=target, max_records=9), tmp_path)
    assert left == {} and [near[name][0] for name in ("r0", "r1")] == ["target.jsonl:1", "target.jsonl:2"]


def test_without_embeddings_the_cure_is_named(target: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    wanted = Mixture(like=target, max_records=1)
    with pytest.raises(
        PolicyError, match=r"needs the signal `pair_embedding`, which was not measured; set annotate\.emb"
    ):
        mixed([{}, {}], wanted, tmp_path)
