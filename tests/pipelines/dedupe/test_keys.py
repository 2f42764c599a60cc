"""What two records are compared by is the recipe's choice: the pair, the output, the instruction with its input."""

from itertools import count
from pathlib import Path
from typing import Any

import pytest

from pipelines.recipe import Recipe
from tests.pipelines import corpus
from tests.pipelines.dedupe.test_clusters import Row, clusters, edited, prose
from tests.pipelines.turns import said

SEEDS = count(1_000)


def text(words: int = 120) -> str:
    return prose(next(SEEDS), words)


Q, A = [text(60) for _ in range(8)], [text() for _ in range(8)]
LONG = text(400)
# two records (instruction, output, input), and the keys by which they are duplicates; no text is in two rows
PAIRS: dict[str, tuple[tuple[str, ...], tuple[str, ...], set[str]]] = {
    "the same": ((Q[0], A[0]), (Q[0], A[0]), {"pair", "output", "instruction"}),
    "another question": ((Q[1], A[1]), (text(60), A[1]), {"output"}),
    "another answer": ((Q[2], A[2]), (Q[2], text()), {"instruction"}),
    "an edited answer to another question": ((Q[3], A[3]), (text(60), edited(A[3], 2, 1)), {"output"}),
    "an edited question with another answer": ((Q[4], A[4]), (edited(Q[4], 1, 1), text()), {"instruction"}),
    "another input": ((Q[5], "Yes, it does.", text()), (Q[5], "Yes, it does.", text()), {"output"}),
    "short answers to a long question": ((LONG, text(25)), (LONG, text(25)), {"instruction"}),
    "but a full stop in a short answer": (("Why?", "Restart it."), ("How so?", "Restart it"), set()),
}


def rows() -> list[Row]:
    def record(name: str, number: int, told: tuple[str, ...]) -> Row:
        return corpus.record(f"forum:{name}-{number}#a1", told[0], told[1], input="".join(told[2:]))

    return [record(name, at, told) for name, pair in PAIRS.items() for at, told in enumerate(pair[:2])]


CONTEXTS: list[dict[str, Any]] = [
    {"system": "Be brief."},
    {"system": "Be rude."},
    {"tools": '[{"type": "function", "function": {"name": "oven"}}]'},
    {"history": said("Is rye a cereal?", "Yes.")},
    {"history": said("Is rye a cereal?", "No.")},
    {},
]


@pytest.mark.parametrize("key", ["pair", "output", "instruction"])
@pytest.mark.parametrize(("ask", "say"), [("And now?", "Yes."), (text(60), text())], ids=["short", "long"])
def test_another_context_is_another_record_but_for_the_key_output(key: str, ask: str, say: str, tmp_path: Path) -> None:
    """Each context twice, once with another case, which is the same one, and a near copy of the long text."""
    other = edited(say, 1, 1) if len(say) > 20 else say.upper()
    made = [corpus.record(f"forum:{n}-0#a1", ask, say, **context) for n, context in enumerate(CONTEXTS)]
    for n, context in enumerate(CONTEXTS):
        system = context.get("system", "").upper()
        made.append(corpus.record(f"forum:{n}-1#a1", ask, other, **context | ({"system": system} if system else {})))
    found = clusters(tmp_path, made, dedupe={"key": key})
    assert sorted(map(len, found.values())) == ([2 * len(CONTEXTS)] if key == "output" else [2] * len(CONTEXTS))


@pytest.mark.parametrize("key", ["pair", "output", "instruction"])
def test_records_are_duplicates_by_the_key_that_is_asked_for(key: str, tmp_path: Path) -> None:
    found = clusters(tmp_path, rows(), dedupe={"key": key})
    assert set(found) == {f"forum:{name}-0#a1" for name, (_, _, keys) in PAIRS.items() if key in keys}


def test_an_unknown_key_is_an_error() -> None:
    settings: dict[str, Any] = {"name": "mill", "sources": [{"connector": "python_docs", "name": "a"}]}
    with pytest.raises(ValueError, match="'pair', 'output' or 'instruction'"):
        Recipe.model_validate(settings | {"dedupe": {"key": "answer"}})
