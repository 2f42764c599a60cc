"""Every signal on small records: what it says of the plain case and of the one it is there for."""

from typing import Any

import pyarrow as pa
import pytest

from pipelines.annotate import measure
from pipelines.signals import SIGNALS
from schemas.record import RECORD
from tests.pipelines import corpus
from tests.pipelines.signals import (
    cases,
    code_cases,
    course_cases,
    exchange_cases,
    link_cases,
    safety_cases,
    thread_cases,
)

TABLES = (
    *(cases.LENGTH, cases.REPETITION, cases.CHARACTERS, cases.LINES, cases.CODE, link_cases.LINKS, cases.PAIRING),
    *(
        cases.PHRASES,
        cases.LANGUAGE,
        exchange_cases.TASK,
        cases.DOMAIN,
        cases.READING,
        exchange_cases.EXCHANGE,
        exchange_cases.SPARED,
        cases.CONTEXT,
        course_cases.COURSE,
        thread_cases.ANSWERED,
        code_cases.CODE_ERRORS,
        course_cases.PARTLY,
    ),
    *(safety_cases.PRIVATE, safety_cases.SAFETY, safety_cases.INJECTION),
)
CASES = [case for table in TABLES for case in table]


def table_of(cases: list[tuple[str, Any, dict[str, Any]]]) -> pa.Table:
    rows = [
        corpus.record(f"forum:{k}#1", columns.get("instruction", "How is flour made?"), columns["output"])
        | {"kind": "exchange"}
        | columns
        for k, (_, _, columns) in enumerate(cases)
    ]
    return pa.Table.from_pylist(rows, schema=RECORD)


@pytest.fixture(scope="module")
def measured() -> pa.Table:
    return measure(table_of(CASES), SIGNALS)


@pytest.mark.parametrize("number", range(len(CASES)), ids=lambda number: f"{CASES[number][0]}-{number}")
def test_a_signal_measures_what_it_says(number: int, measured: pa.Table) -> None:
    signal, expected, _ = CASES[number]
    assert measured[signal][number].as_py() == expected


def test_every_signal_has_a_case() -> None:
    elsewhere = {"pair_hash", "output_hash", "instruction_hash", "pair_minhash"}  # test_exact.py, test_minhash.py
    elsewhere |= {"output_edited_days", "instruction_edited_after_days"}  # test_edit_dates.py
    assert {signal.name for signal in SIGNALS} - {name for name, _, _ in CASES} == elsewhere


def test_columns_are_the_signals_in_their_order_and_types(measured: pa.Table) -> None:
    assert measured.column_names == ["record_id", *(signal.name for signal in SIGNALS)]
    assert [field.type for field in measured.schema][1:] == [signal.type for signal in SIGNALS]
    assert measured.num_rows == len(CASES)
    assert len(set(measured.column_names)) == len(measured.column_names)


def test_a_record_measures_the_same_alone_and_among_others(measured: pa.Table) -> None:
    table = table_of(CASES)
    for row in (0, 40, len(CASES) - 1):
        assert measure(table.slice(row, 1), SIGNALS).to_pylist() == measured.slice(row, 1).to_pylist()


def test_no_records_give_no_rows() -> None:
    assert measure(RECORD.empty_table(), SIGNALS).num_rows == 0
