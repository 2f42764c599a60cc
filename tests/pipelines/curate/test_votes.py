"""Votes between two models: sealed, published among the pairs, held out where their question is, and forgotten."""

import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from pipelines import curate, dedupe, forget, storage
from pipelines.catalog.verify import verify
from pipelines.curate import votes
from pipelines.curate.decisions import RefusedDecision
from pipelines.curate.votes import Vote
from pipelines.errors import WrongInput
from pipelines.forget import Request
from pipelines.prefer import pairs
from pipelines.recipe import Recipe
from tests.pipelines import corpus
from tests.pipelines.curate.test_curate import answer

GOLDEN = Path(__file__).resolve().parents[2] / "golden" / "vote.json"
RECORDS = [answer(k) for k in range(1, 30)]
Row = dict[str, Any]


def vote(**changed: Any) -> Vote:
    said = [("system", "Be brief."), ("user", "How do I keep a kettle clean?"), ("assistant", "With vinegar.")]
    messages = [{"role": role, "content": text} for role, text in [*said, ("user", "How often?")]]
    told = {"recipe": "mill", "conversation": votes.conversation(7, said[1][1]), "messages": messages, "seed": 7}
    told |= {"chosen": "Once a month.", "rejected": "It is a kettle.", "chosen_model": "mill/v1", "licence": "CC0-1.0"}
    told |= {"rejected_model": "base", "side": "left", "who": "Ada", "when": "2026-11-30T12:00:00+00:00"}
    return Vote.model_validate(told | changed)


def asked(text: str, **changed: Any) -> Vote:
    return vote(conversation=votes.conversation(1, text), messages=[{"role": "user", "content": text}], **changed)


@pytest.fixture
def mill() -> Recipe:
    return corpus.recipe("forum")


@pytest.fixture
def data(tmp_path: Path, mill: Recipe) -> Path:
    corpus.write(tmp_path / "data", mill, RECORDS)
    dedupe.run(mill, tmp_path / "data")
    return tmp_path / "data"


def published(mill: Recipe, data: Path) -> list[Row]:
    manifest = curate.run(mill, data)
    folder = storage.latest(storage.folder(data, "curate", "mill"))
    return [row for name in manifest.tables("pairs") for row in pq.read_table(folder / name).to_pylist()]


def test_a_vote_is_published_as_a_pair_by_the_next_run(mill: Recipe, data: Path) -> None:
    assert published(mill, data) == []
    votes.append(data, vote())
    votes.append(data, vote(recipe="other"))
    (row,) = published(mill, data)
    assert json.loads(json.dumps(row, default=str)) == json.loads(GOLDEN.read_text())
    assert set(row) == set(pairs.COLUMNS) | {"url", "title", "author", "created_at"}
    folder = storage.latest(storage.folder(data, "curate", "mill"))
    assert folder.name == "v2", "a vote is part of the key"
    told = (folder / "ATTRIBUTION.md").read_text().partition("## \\_votes")[2]
    assert (
        f": {row['licence']}\n\n1 pairs from 1 pages.\n\n- {row['title'].replace('>', chr(92) + '>')} by Ada\n" in told
    )


def test_what_is_taken_back_is_published_no_more(mill: Recipe, data: Path) -> None:
    votes.append(data, vote())
    votes.append(data, vote(undo=True))
    assert published(mill, data) == [] and len(votes.history(data)) == 2
    votes.append(data, vote(chosen="Often.", rejected="Once a month."))
    assert [row["chosen"] for row in published(mill, data)] == ["Often."]


def test_a_question_is_held_out_with_its_record_or_by_its_own_hash(mill: Recipe, data: Path) -> None:
    curate.run(mill, data)
    folder = storage.latest(storage.folder(data, "curate", "mill"))
    by_split = {split: pq.read_table(next(folder.glob(f"{split}-*"))).to_pylist() for split in ("train", "test")}
    own = [f"What is {number} for?" for number in range(300)]
    for text in [*(rows[0]["instruction"] for rows in by_split.values()), *own]:
        votes.append(data, asked(text))
    splits = {row["instruction"]: row["split"] for row in published(mill, data)}
    assert [splits[rows[0]["instruction"]] for rows in by_split.values()] == ["train", "test"]
    held = [splits[text] for text in own]
    assert 3 <= held.count("validation") <= 30 and 3 <= held.count("test") <= 30, "about five in a hundred each"


@pytest.mark.parametrize("changed", [{"who": " "}, {"licence": ""}, {"rejected": "Once a month. "}], ids=str)
def test_nobodys_vote_is_refused(changed: Row, tmp_path: Path) -> None:
    with pytest.raises(RefusedDecision):
        votes.append(tmp_path, vote(**changed))
    assert not (tmp_path / votes.FILE).exists()


def test_a_damaged_vote_is_left_out_and_told(mill: Recipe, data: Path) -> None:
    votes.append(data, vote())
    votes.append(data, asked("Why?"))
    path = data / votes.FILE
    path.write_bytes(path.read_bytes().replace(b"Once", b"Onze", 1))
    assert [row["instruction"] for row in published(mill, data)] == ["Why?"]
    assert [fault.path for fault in verify(data).faults] == [f"{path}:1"]
    path.write_text('{"chosen": 1}\n')
    with pytest.raises(WrongInput, match=r"votes.jsonl:1"):
        votes.history(data)


@pytest.mark.parametrize("request_", [Request(author="cy"), Request(record=vote().pair_id)], ids=str)
def test_a_vote_is_forgotten(request_: Request, mill: Recipe, data: Path) -> None:
    kept = asked("Why?", who="Ben")
    votes.append(data, vote(who="Cy"))
    votes.append(data, kept)
    assert len(published(mill, data)) == 2
    report = forget.forget(request_, data)
    assert report.erased == {"pairs": 1, "votes": 1} and report.snapshots == ["mill v1"]
    snapshot = storage.folder(data, "curate", "mill") / "v1"
    assert [row["author"] for row in pq.read_table(next(snapshot.glob("pairs-*"))).to_pylist()] == ["Ben"]
    credited = (snapshot / "ATTRIBUTION.md").read_text()
    assert "by Ben" in credited and "Cy" not in credited
    assert votes.history(data) == [kept]
    votes.append(data, vote(who="Cy"))  # by somebody who does not know of the request
    assert [row["author"] for row in published(mill, data)] == ["Ben"]
