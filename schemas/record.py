"""Records, preference pairs and rejects: the rows of `2_records`."""

from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa

# The messages before the last answer, oldest first. `role` is user, assistant, tool or system (a system message that
# comes later than the first turn). `tool_calls` is a JSON string, as in Record. "" where there is none.
HISTORY = pa.list_(pa.struct([(name, pa.string()) for name in ("role", "content", "reasoning", "tool_calls")]))
STAMP = pa.timestamp("us", tz="UTC")


@dataclass(frozen=True, slots=True)
class Record:
    """One training example and where it came from.

    `record_id` is `<source>:<page key>#<part>`. It is readable, and stable across crawls.
    `kind` says how it was made: answer, dialogue, question, how_to, code, explanation, exchange, or heading (of a page
    in a language in which nothing can be asked: the instruction is no more than its headings).
    `score` is the number of votes for the answer. `accepted` says whether the asker accepted it (None: the site has no
    such mark), `thanked` whether the asker wrote that it helped (None: the asker did not come back to it).
    `answers_before` counts the posts between question and answer that are not the asker's (None: no thread, or one in
    another order than it was written). `sections_after` counts the sections of the article that follow and do not only
    lead elsewhere: a lead with none is the whole page (None: no section of an article). `edited_at` is the time of the
    last edit of the output, `instruction_edited_at` that of the last edit of the question and all earlier turns (None:
    not edited, or the site does not say).

    `history` holds the messages before the instruction; its rows are those of HISTORY. Where it ends with a message of
    the role tool, the instruction is in it already: it is the last message of the user, repeated. `system` is the
    system prompt. `tools` is the JSON list of the tools that the model was offered, as OpenAI's API has it.
    `reasoning` is what the answer was derived with. `tool_calls` is the JSON list of the calls in the answer, each
    `{"type": "function", "function": {"name", "arguments"}}` and perhaps its `id`. An answer that is nothing but calls
    has the same JSON as its `output`, so that signals and rules see what it says. "" where there is none.
    """

    record_id: str
    page_id: str
    source: str
    source_kind: str
    kind: str
    url: str
    title: str
    licence: str
    author: str
    created_at: datetime | None
    edited_at: datetime | None
    instruction_edited_at: datetime | None
    tags: tuple[str, ...]
    score: int | None
    accepted: bool | None
    instruction: str
    input: str
    output: str
    history: tuple[dict[str, str], ...] = ()
    system: str = ""
    tools: str = ""
    reasoning: str = ""
    tool_calls: str = ""
    thanked: bool | None = None
    answers_before: int | None = None
    sections_after: int | None = None


RECORD = pa.schema(
    [
        ("record_id", pa.string()),
        ("page_id", pa.string()),
        ("source", pa.string()),
        ("source_kind", pa.string()),
        ("kind", pa.string()),
        ("url", pa.string()),
        ("title", pa.string()),
        ("licence", pa.string()),
        ("author", pa.string()),
        ("created_at", STAMP),
        ("edited_at", STAMP),
        ("instruction_edited_at", STAMP),
        ("tags", pa.list_(pa.string())),
        ("score", pa.int32()),
        ("accepted", pa.bool_()),
        ("instruction", pa.string()),
        ("input", pa.string()),
        ("output", pa.string()),
        ("history", HISTORY),
        ("system", pa.string()),
        ("tools", pa.string()),
        ("reasoning", pa.string()),
        ("tool_calls", pa.string()),
        ("thanked", pa.bool_()),
        ("answers_before", pa.int32()),
        ("sections_after", pa.int32()),
    ]
)


@dataclass(frozen=True, slots=True)
class Pair:
    """One preference between two answers to the same question.

    A score is log2(1 + votes), rounded, plus 1 for an accepted answer; it is -1 for negative votes. Where a set gives
    no votes, the scores are 1 and 0.

    `history`, `system` and `tools` are as in Record. `reasoning` is that of the chosen answer.
    """

    pair_id: str
    page_id: str
    source: str
    source_kind: str
    url: str
    title: str
    licence: str
    author: str
    created_at: datetime | None
    instruction: str
    input: str
    chosen: str
    rejected: str
    chosen_score: int
    rejected_score: int
    history: tuple[dict[str, str], ...] = ()
    system: str = ""
    tools: str = ""
    reasoning: str = ""
    rejected_reasoning: str = ""


PAIR = pa.schema(
    [
        ("pair_id", pa.string()),
        ("page_id", pa.string()),
        ("source", pa.string()),
        ("source_kind", pa.string()),
        ("url", pa.string()),
        ("title", pa.string()),
        ("licence", pa.string()),
        ("author", pa.string()),
        ("created_at", STAMP),
        ("instruction", pa.string()),
        ("input", pa.string()),
        ("chosen", pa.string()),
        ("rejected", pa.string()),
        ("chosen_score", pa.int32()),
        ("rejected_score", pa.int32()),
        ("history", HISTORY),
        ("system", pa.string()),
        ("tools", pa.string()),
        ("reasoning", pa.string()),
        ("rejected_reasoning", pa.string()),
    ]
)

# `level` is what was given up: the whole page, one document in it, one part (answer, section), a column that was not
# read of the rows of a page, or a hole, which is one place in a text (see schemas/hole.py): its kind is the `reason`,
# its name and number the `detail`.
REJECT = pa.schema(
    [
        ("page_id", pa.string()),
        ("source", pa.string()),
        ("key", pa.string()),
        ("level", pa.string()),
        ("reason", pa.string()),
        ("detail", pa.string()),
    ]
)
