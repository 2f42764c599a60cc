"""Which posts of a forum that nobody vouched for are talk: `output_talk` against 300 records judged by reading.

answers.tsv names the records: good (one would train on it), weak, or bad (asks back, praise, talk about an
announcement …), and why. The line was drawn on the half called tune. Sixty of the records have votes: those that
`output_talk` never takes, to compare with.
"""

import csv
from collections import Counter
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from connectors.base import Connector
from connectors.discourse import Discourse
from connectors.forum import Forum
from connectors.stackexchange import StackExchange
from pipelines.annotate import measure
from pipelines.curate import policy
from pipelines.normalise.clean import is_chinese
from pipelines.signals import code_share, language, length, pairing, talk
from schemas.record import RECORD
from tests.accuracy.test_outliers import records
from tests.pipelines import corpus

QUANTUM, COFFEE = "quantumcomputing.stackexchange.com", "coffee.stackexchange.com"
URHO = "https://discourse.urho3d.io"
SOURCES: tuple[Connector, ...] = (
    StackExchange(name="quantum", path="forums/stackexchange-quantumcomputing", site=QUANTUM),
    StackExchange(name="coffee", path="forums/stackexchange-coffee", site=COFFEE),
    Discourse(name="urho3d", url=URHO, folder="forums/discourse-urho3d", licence="CC-BY-SA-4.0"),
    Forum(name="threadpages", folder="forums/thread-pages", base_url="https://forum.example/", licence="CC-BY-4.0"),
)
BOARD = "forums/zh-developer-qa/egret_wenda_{}.txt"  # questions, each with the answer that was accepted
MEASURED = (*code_share.SIGNALS, *language.SIGNALS, *length.SIGNALS, *pairing.SIGNALS, *talk.SIGNALS)
LABELS = {
    row["record_id"]: row for row in csv.DictReader(Path(__file__).with_name("answers.tsv").open(), delimiter="\t")
}


def taken(rows: list[dict[str, Any]]) -> list[tuple[str, bool, bool, bool]]:
    """Record, whether somebody vouched for it, whether the rule takes it, whether it asks."""
    table = pa.Table.from_pylist(rows, schema=RECORD)
    measured = measure(table, MEASURED).drop_columns("record_id")
    candidate = pa.table([*table.columns, *measured.columns], names=[*table.column_names, *measured.column_names])
    rule = next(rule for rule in policy.load("default").rules if rule.name == "output_talk")
    vouched = "coalesce(accepted, false) OR coalesce(score, 0) > 0"
    with duckdb.connect(config={"threads": 1}) as con:
        con.register("candidate", candidate)
        asked = f"SELECT record_id, {vouched}, {policy.breaks_sql(rule)}, output_asks > 0 FROM candidate"
        return con.sql(asked).fetchall()


@pytest.fixture(scope="module")
def told(shared_data: Path) -> list[tuple[str, bool, bool, bool]]:
    return taken([row for source in SOURCES for row in records(source, shared_data) if row["record_id"] in LABELS])


def test_every_judged_record_is_there(told: list[tuple[str, bool, bool, bool]]) -> None:
    assert {record for record, *_ in told} == set(LABELS)


def test_what_is_taken_is_talk_and_what_is_left_is_no_worse_than_with_votes(
    told: list[tuple[str, bool, bool, bool]],
) -> None:
    held = [one for one in told if LABELS[one[0]]["part"] == "held" and not one[1]]
    gone = Counter(LABELS[record]["label"] for record, _, flagged, _ in held if flagged)
    left = Counter(LABELS[record]["label"] for record, _, flagged, _ in held if not flagged)
    voted = Counter(LABELS[record]["label"] for record, vouched, *_ in told if vouched)
    print(f"talk: takes {dict(gone)}, leaves {dict(left)}; with votes {dict(voted)}")
    assert gone["good"] <= 0.13 * gone.total()
    assert left["bad"] <= 0.07 * left.total() <= voted["bad"] / voted.total() * left.total()
    assert gone["good"] <= 0.1 * (gone["good"] + left["good"])


def test_accepted_answers_of_a_chinese_board_are_spared(shared_data: Path) -> None:
    said, threads = ((shared_data / BOARD.format(part)).read_text() for part in ("lines", "conversations"))
    texts = dict(line.split(" +++$+++ ")[::2] for line in said.splitlines())
    pairs = [thread.rsplit("[", 1)[1].rstrip("]").split(", ") for thread in threads.splitlines()]
    rows = [
        corpus.record(f"board:{answer}#a1", texts[question], texts[answer], score=None, accepted=None)
        for question, answer in pairs
        if is_chinese(texts[answer]) and len(texts[answer]) >= 12
    ]
    flagged = [asks for _, _, flagged, asks in taken(rows) if flagged]
    print(f"Chinese: of {len(rows)} accepted answers {len(flagged)} would be taken, {sum(flagged)} of which ask")
    assert len(flagged) <= 0.12 * len(rows)
