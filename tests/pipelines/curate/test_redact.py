"""Masking of whole batches: every text column, turns included, one mark for one value in a row, and nothing else."""

import json
import re

import pyarrow as pa
import pytest

from pipelines.curate.redact import redact_batch
from pipelines.signals import privacy
from pipelines.signals.privacy import _without_overlaps, count_identifiers, redact, redact_record, spans
from schemas.record import HISTORY
from tests.pipelines.turns import message

ANN, BOB = "ann@mailbox.org", "bob@mailbox.org"
CALL = f'[{{"function": {{"name": "mail", "arguments": {{"to": "{BOB}"}}}}}}]'


def batch(rows: int = 2, **columns: pa.Array) -> pa.RecordBatch:
    return pa.record_batch({"record_id": pa.array([f"forum:{at}" for at in range(rows)]), **columns})


def test_a_row_is_masked_as_one_text_and_the_next_begins_anew() -> None:
    turns = [[message("user", f"q {BOB}", f"r {ANN}", CALL), message("assistant", "a", "", None)], None]
    given = batch(
        instruction=pa.array([f"i {ANN}", f"i {BOB}"]),
        input=pa.array([None, ANN]),
        output=pa.array([f"o {BOB}", "o"]),
        history=pa.array(turns, HISTORY),
        score=pa.array([1, 2]),
    )
    found = redact_batch(given)
    assert found.to_pylist() == [
        {
            "record_id": "forum:0", "instruction": "i <EMAIL_1>", "input": "", "output": "o <EMAIL_2>", "score": 1,
            "history": [
                message("user", "q <EMAIL_2>", "r <EMAIL_1>", CALL.replace(BOB, "<EMAIL_2>")), message("assistant", "a")
            ],
        },
        {
            "record_id": "forum:1", "instruction": "i <EMAIL_1>", "input": "<EMAIL_2>", "output": "o", "score": 2,
            "history": [],
        },
    ]  # fmt: skip
    assert found.schema.names == given.schema.names and found["history"].type == HISTORY


@pytest.mark.parametrize(
    "name",
    [
        *("instruction", "input", "output", "chosen", "rejected", "title", "author", "record_text"),
        *("system", "reasoning", "rejected_reasoning", "tools", "tool_calls"),
    ],
)
def test_every_text_column_is_masked_wherever_it_stands(name: str) -> None:
    found = redact_batch(batch(**{name: pa.array([ANN, None])}))
    assert found[name].to_pylist() == ["<EMAIL_1>", ""]
    assert found["record_id"].to_pylist() == ["forum:0", "forum:1"]


@pytest.mark.parametrize("name", ["record_id", "pair_id", "duplicate_of"])
def test_an_id_names_nobody_and_stays_one_of_its_own(name: str) -> None:
    given = [f"list:{ANN}#a1", f"list:{BOB}#a1", f"list:{ANN.replace('@', '%40')}#a1", "wiki:User=ann#a1", None]
    found = redact_batch(pa.record_batch({name: pa.array(given)}))
    ann, bob, encoded, *others = found[name].to_pylist()
    assert ann == encoded != bob
    assert ann.startswith("list:<EMAIL_") and ann.endswith(">#a1") and "mailbox" not in ann + bob
    assert others == ["wiki:User=ann#a1", None]


@pytest.mark.parametrize("key", [f"people/{ANN}.md#lead", "ghp_16C7e42F292c6912E7710c838347Ae178B4a.md#lead"])
def test_a_file_that_is_called_so_names_nobody(key: str) -> None:
    """A file's ending is none of a domain, and a key needs no name before it."""
    found = redact_batch(pa.record_batch({"record_id": pa.array([f"docs:{key}"])}))["record_id"][0].as_py()
    assert re.fullmatch(r"docs:(people/)?<(EMAIL|KEY)_[0-9a-f]{8}>\.md#lead", found)


@pytest.mark.parametrize(
    ("url", "published"),
    [
        ("https://ann:secret@wiki.example/a?b=c", "https://wiki.example/a?b=c"),
        ("https://ann@wiki.example/a", "https://wiki.example/a"),
        (f"https://list.example/by/{ANN}/7", "https://list.example/by/<EMAIL_1>/7"),
        ("https://list.example/?from=ann%40mailbox.org&to=bob%40mailbox.org", "https://list.example/?from=<EMAIL_1>&to=<EMAIL_2>"),
        ("https://api.example/x?access_token=ghp_16C7e42F292c6912E7710c838347Ae178B4a", "https://api.example/x?access_token=<KEY_1>"),
        ("https://mastodon.example/@ann/109347612345678901", "https://mastodon.example/@ann/109347612345678901"),
        ("https://forum.example/t/13912345678?page=2", "https://forum.example/t/13912345678?page=2"),
        ("https://forum.example/%E4%BD%A0?a=%40ann", "https://forum.example/%E4%BD%A0?a=%40ann"),
        (f"https://wiki.example/people/{ANN}.md", "https://wiki.example/people/<EMAIL_1>.md"),
        ("https://wiki.example/ghp_16C7e42F292c6912E7710c838347Ae178B4a/x", "https://wiki.example/<KEY_1>/x"),
        ("https://docs.example/pad@2.1.md?v=1", "https://docs.example/pad@2.1.md?v=1"),
        (None, None),
    ],
)  # fmt: skip
def test_an_address_leads_to_its_page_and_names_nobody(url: str | None, published: str | None) -> None:
    found = redact_batch(batch(1, url=pa.array([url], pa.string())))
    assert found["url"].to_pylist() == [published]


def test_a_batch_without_texts() -> None:
    plain = batch()
    assert redact_batch(plain).to_pylist() == plain.to_pylist()
    turns = batch(title=pa.array([""] * 2), history=pa.array([[message("user", ANN)], []], HISTORY))
    found = redact_batch(turns)
    assert found["history"].to_pylist() == [[message("user", "<EMAIL_1>")], []]


def test_values_are_the_same_in_any_writing_and_numbered_by_kind() -> None:
    assert redact(f"{ANN} {ANN.upper()} 91.12.44.7 {BOB}") == "<EMAIL_1> <EMAIL_1> <IP_1> <EMAIL_2>"
    assert redact_record(["a", f"x {BOB} y", ""]) == ["a", "x <EMAIL_1> y", ""]
    assert redact_record([]) == []


@pytest.mark.parametrize(
    ("found", "kept"),
    [
        ([(0, 5, "A"), (5, 9, "B")], [(0, 5, "A"), (5, 9, "B")]),  # neighbours
        ([(5, 9, "A"), (0, 5, "B")], [(0, 5, "B"), (5, 9, "A")]),
        ([(0, 5, "A"), (4, 9, "B")], [(0, 5, "A")]),
        ([(4, 9, "A"), (0, 5, "B")], [(4, 9, "A")]),
        ([(2, 4, "A"), (0, 9, "B")], [(2, 4, "A")]),
        ([(0, 9, "A"), (2, 4, "B")], [(0, 9, "A")]),
        ([(0, 2, "A"), (6, 8, "A"), (2, 6, "B")], [(0, 2, "A"), (2, 6, "B"), (6, 8, "A")]),
        ([(0, 2, "A"), (6, 8, "A"), (2, 7, "B")], [(0, 2, "A"), (6, 8, "A")]),
        ([(0, 2, "A"), (6, 8, "A"), (1, 6, "B")], [(0, 2, "A"), (6, 8, "A")]),
        ([(0, 2, "A"), (4, 6, "A"), (8, 9, "A"), (5, 8, "B")], [(0, 2, "A"), (4, 6, "A"), (8, 9, "A")]),
    ],
)
def test_of_overlapping_finds_the_first_stands(found: list[privacy.Span], kept: list[privacy.Span]) -> None:
    assert _without_overlaps(found) == kept


def test_finds_of_several_detectors_come_in_the_order_of_the_text() -> None:
    text = f"91.12.44.7 {ANN} 86.231.85.193"
    assert [text[start:end] for start, end, _ in spans(text)] == ["91.12.44.7", ANN, "86.231.85.193"]
    assert spans("") == [] and spans("nothing here") == []


def test_what_is_counted_of_each_kind() -> None:
    given = pa.table(
        {
            "instruction": [f"{ANN} {BOB}", "no"],
            "input": pa.array([ANN, None], pa.string()),
            "output": ["91.12.44.7", f"4532759734545858 and {ANN}"],
        }
    )
    found = count_identifiers(given).to_pylist()
    nothing = dict.fromkeys((f"output_{name}" for name in privacy.KINDS.values()), 0)
    assert found == [nothing | {"output_emails": 3, "output_ips": 1}, nothing | {"output_cards": 1, "output_emails": 1}]
    assert {signal.version for signal in privacy.SIGNALS} == {6}, "another one has everything measured anew"
    assert [(signal.name, signal.type) for signal in privacy.SIGNALS] == [(name, pa.int32()) for name in nothing]


def test_json_stays_json_where_a_number_is_masked() -> None:
    calls = '[{"function": {"name": "pay", "arguments": {"card": 4532759734545858, "why": "as \\"agreed\\" <A_1>"}}}]'
    found = redact_batch(batch(1, tool_calls=pa.array([calls]), output=pa.array([calls])))
    (row,) = found.to_pylist()
    arguments = json.loads(row["tool_calls"])[0]["function"]["arguments"]
    assert arguments == {"card": "<CARD_1>", "why": 'as "agreed" <A_1>'}
    assert row["output"] == row["tool_calls"]
    broken = redact_batch(batch(1, output=pa.array(["[no json] 4532759734545858"])))
    assert broken["output"].to_pylist() == ["[no json] <CARD_1>"]
