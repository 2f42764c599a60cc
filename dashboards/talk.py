"""A conversation with two models at once: who stands left, what each has been told, and when a vote is one.

A turn that was voted on goes on with the better answer for both. Without a vote each model goes on with its own, so
from then on they are told different things, and their answers are no pair any more.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random

from pipelines.curate import votes
from pipelines.curate.votes import Vote
from pipelines.flows.chat import Answer

SIDES = ("left", "right")
Messages = list[dict[str, str]]


@dataclass
class Turn:
    """A question and both answers by model, with `models` in the order of SIDES. `named`: seen with their names."""

    question: str
    models: tuple[str, ...]
    answers: dict[str, Answer]
    named: bool = False
    better: str = ""

    @property
    def has_ended(self) -> bool:
        """Whether nothing more will come."""
        return all(answer.ended for answer in self.answers.values())

    def stop(self) -> None:
        """Take no more of the answers."""
        for answer in self.answers.values():
            answer.stop()


@dataclass
class Talk:
    """Turns with a model and the one served beside it. The seed draws who stands left in each turn."""

    models: tuple[str, ...]
    seed: int = field(default_factory=lambda: secrets.randbits(31))
    turns: list[Turn] = field(default_factory=list)

    def order(self) -> tuple[str, ...]:
        """Who stands left and who right in the next turn."""
        drawn = list(self.models)
        Random(f"{self.seed} {len(self.turns)}").shuffle(drawn)
        return tuple(drawn)

    def messages(self, model: str, question: str) -> Messages:
        """What a model is asked: all turns as they went on for it, and the question."""
        said: Messages = []
        for turn in self.turns:
            answer = turn.answers[turn.better or model].text
            said += [{"role": "user", "content": turn.question}, {"role": "assistant", "content": answer}]
        return [*said, {"role": "user", "content": question}]

    def is_shared(self, turns: Sequence[Turn]) -> bool:
        """Whether both models were told the same in these turns."""
        return all(turn.better or len({answer.text for answer in turn.answers.values()}) == 1 for turn in turns)

    def may_vote(self) -> bool:
        """Whether the last turn's answers are a pair that nobody has seen with its names."""
        if not self.turns:
            return False
        last = self.turns[-1]
        stopped = any(answer.error or answer.stopped.is_set() for answer in last.answers.values())
        is_empty = any(not answer.text.strip() for answer in last.answers.values())
        seen = last.named or bool(last.better) or not self.is_shared(self.turns[:-1])
        return last.has_ended and not (stopped or is_empty or seen or self.says_the_same())

    def says_the_same(self) -> bool:
        """Whether both answered the last question in the same words."""
        return bool(self.turns) and len({answer.text.strip() for answer in self.turns[-1].answers.values()}) == 1

    def may_win(self, side: str) -> bool:
        """Whether the last answer on this side may be learnt from: one that was cut teaches to end in mid-sentence."""
        last = self.turns[-1]
        return not last.answers[last.models[SIDES.index(side)]].cut

    def vote(self, recipe: str, side: str, who: str, licence: str) -> Vote:
        """The vote that the answer on this side of the last turn is the better one."""
        last = self.turns[-1]
        better = last.models[SIDES.index(side)]
        (worse,) = (model for model in last.models if model != better)
        asked = Talk(self.models, self.seed, self.turns[:-1]).messages(better, last.question)
        about = {"recipe": recipe, "conversation": votes.conversation(self.seed, self.turns[0].question)}
        answers = {"chosen": last.answers[better].text, "rejected": last.answers[worse].text}
        told = {"chosen_model": better, "rejected_model": worse, "side": side, "seed": self.seed}
        return Vote.model_validate(about | answers | told | {"messages": asked, "who": who, "licence": licence})
