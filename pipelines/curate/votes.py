"""Which of two models answered better, as people voted without knowing which was which: data, as decisions are.

One line a vote in `votes.jsonl`, sealed. Curate publishes those about its recipe's models among the pairs. The words
are the reviewer's and the models': the reviewer is the author, and says the licence.
"""

import logging
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from pipelines.curate import decision_file
from pipelines.curate.decisions import RefusedDecision
from pipelines.errors import WrongInput, explain_faults
from pipelines.messages import Message, tr
from pipelines.recipe import Recipe
from pipelines.storage import lease
from pipelines.suppression import Tombstones
from schemas.manifest import digest
from schemas.seal import read_lines

FILE = "votes.jsonl"
SOURCE = "_votes"  # of the pairs; no recipe can call a source so

log = logging.getLogger("gristmill")


class Turn(BaseModel):
    """A message of the conversation that both answers go on with."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    role: Literal["system", "user", "assistant"]
    content: str = Field(min_length=1)


class Vote(BaseModel):
    """`chosen` and `rejected` answer `messages`, whose last is the question. `seed` drew which of the two stood left.

    `conversation` is what all votes of one conversation share. An `undo` takes back what was said of the same question.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    recipe: str = Field(min_length=1)
    conversation: str = Field(pattern=r"^[0-9a-f]{16}$")
    messages: tuple[Turn, ...] = Field(min_length=1)
    chosen: str = Field(min_length=1)
    rejected: str = Field(min_length=1)
    chosen_model: str
    rejected_model: str
    side: Literal["left", "right"]
    seed: int
    licence: str
    who: str = ""
    when: str = ""
    undo: bool = False

    @model_validator(mode="after")
    def _is_a_question(self) -> "Vote":
        if self.messages[-1].role != "user":
            raise ValueError(Message("the last message is the question, so it is the user's"))
        return self

    @property
    def page_id(self) -> str:
        """The conversation, as what stands for its page."""
        return f"{SOURCE}:{self.conversation}"

    @property
    def pair_id(self) -> str:
        """The conversation and the number of the question in it."""
        return _pair_id(self.conversation, sum(turn.role == "user" for turn in self.messages))


def _pair_id(conversation: str, asked: int) -> str:
    return f"{SOURCE}:{conversation}#{asked}"


def conversation(seed: int, first: str) -> str:
    """What the votes of a conversation share, by its seed and its first question."""
    return sha256(f"{seed}\n{first}".encode()).hexdigest()[:16]


def append(data: Path, vote: Vote) -> Vote:
    """Write a vote, now, and return it as it was written.

    Raises: RefusedDecision where nobody votes, no licence is said, or both answers are the same.
    """
    now = datetime.now(UTC).isoformat(timespec="seconds")
    made = vote.model_copy(update={"who": vote.who.strip(), "licence": vote.licence.strip(), "when": vote.when or now})
    if not made.who:
        raise RefusedDecision("who decides must be named; say --who NAME")
    if not made.licence:
        raise RefusedDecision("say under which licence your words may be published")
    if made.chosen.strip() == made.rejected.strip():
        raise RefusedDecision("both answers are the same: there is nothing to choose")
    path = data / FILE
    with lease.lock_file(path):
        decision_file.add(path, [made.model_dump(mode="json", exclude_defaults=True)])
    return made


def history(data: Path) -> list[Vote]:
    """All votes that were ever cast, oldest first, also what was taken back. A damaged line is told, and left out.

    Raises: WrongInput for a line that is no vote.
    """
    return [vote for file in decision_file.files(data / FILE) for vote in _read(file)]


def _read(file: Path) -> Iterable[Vote]:
    for line in read_lines(file.read_bytes()):
        if line.value is None:
            log.warning(tr("{file}:{number}: damaged; this vote is left out", file=file, number=line.number))
            continue
        try:
            yield Vote.model_validate(line.value)
        except ValidationError as error:
            where, first = f"{file}:{line.number}", error.errors()[:1]
            raise WrongInput(explain_faults(where, line.value, first, lambda _: [*Vote.model_fields])) from error


def pair_of(line: Mapping[str, Any]) -> str:
    """The pair that a line of the file is about, also of a line that this release would refuse."""
    asked = sum(isinstance(turn, dict) and turn.get("role") == "user" for turn in line.get("messages") or ())
    return _pair_id(str(line.get("conversation", "")), asked)


def load(recipe: Recipe, data: Path) -> list[Vote]:
    """The votes about a recipe's models that count, by pair_id: of each question the last one."""
    latest = {vote.pair_id: vote for vote in history(data) if vote.recipe == recipe.name}
    return [latest[name] for name in sorted(latest) if not latest[name].undo]


def fingerprint(votes: Iterable[Vote]) -> str:
    """A hash of the votes, for the key of a snapshot."""
    return digest([vote.model_dump(mode="json") for vote in votes])


def pairs(votes: Sequence[Vote], tombstones: Tombstones) -> list[dict[str, Any]]:
    """The votes as rows of PAIR, without those that were forgotten."""
    return [_pair(vote) for vote in votes if not _is_forgotten(vote, tombstones)]


def _is_forgotten(vote: Vote, tombstones: Tombstones) -> bool:
    return tombstones.has_author(SOURCE, vote.who) or tombstones.has_record(vote.pair_id)


def _pair(vote: Vote) -> dict[str, Any]:
    *before, question = vote.messages
    system = [turn.content for turn in before if turn.role == "system"]
    told = {"pair_id": vote.pair_id, "page_id": vote.page_id, "source": SOURCE, "source_kind": "votes", "url": ""}
    told |= {"title": f"{vote.chosen_model} > {vote.rejected_model}", "licence": vote.licence, "author": vote.who}
    texts = {"instruction": question.content, "input": "", "chosen": vote.chosen, "rejected": vote.rejected}
    context = {"system": "\n\n".join(system), "tools": "", "reasoning": "", "rejected_reasoning": ""}
    blank = {"reasoning": "", "tool_calls": ""}
    history = [turn.model_dump() | blank for turn in before if turn.role != "system"]
    scores = {"chosen_score": 1, "rejected_score": 0, "created_at": datetime.fromisoformat(vote.when)}
    return {**told, **texts, **context, **scores, "history": history}
