"""The heuristic signals (Gopher quality and repetition, C4, FineWeb) on one core, beside peers in one run."""

import time
from collections.abc import Callable

import pyarrow as pa
import pytest

from pipelines.annotate import measure
from pipelines.signals import SIGNALS, heuristics, repetition
from schemas.record import RECORD
from schemas.signal import Signal
from tests.benchmarks.answers import answers
from tests.benchmarks.peers import report, texts_per_second
from tests.pipelines import corpus

DATATROVE = """
from datatrove.data import Document
from datatrove.pipeline.filters import (
    C4QualityFilter, FineWebQualityFilter, GopherQualityFilter, GopherRepetitionFilter)
FILTERS = [GopherRepetitionFilter(), GopherQualityFilter(), FineWebQualityFilter(),
    C4QualityFilter(filter_no_terminal_punct=False)]
def work(texts):
    for text in texts:
        for one in FILTERS:
            one.filter(Document(text=text, id="0"))
"""
NEMO = '''
from nemo_curator.stages.text.filters import heuristic_filter as h
NAMES = """WordCount MeanWordLength NonAlphaNumeric SymbolsToWords Numbers Urls Bullets WhiteSpace Parentheses LongWord
    CommonEnglishWords WordsWithoutAlphabets Punctuation Ellipsis RepeatedLines RepeatedParagraphs RepeatedLinesByChar
    RepeatedParagraphsByChar""".split()
FILTERS = [getattr(h, name + "Filter")() for name in NAMES]
FILTERS += [h.RepeatingTopNGramsFilter(n=n) for n in (2, 3, 4)]
FILTERS += [h.RepeatingDuplicateNGramsFilter(n=n) for n in (5, 6, 7, 8, 9, 10)]
def work(texts):
    for text in texts:
        for one in FILTERS:
            one.score_document(text)
'''
LEAST = 1e6 / 340  # records a second: DESIGN section 7
PEERS = {"datatrove": (DATATROVE, 50.0), "NeMo Curator": (NEMO, 12.0)}


def speed(table: pa.Table, signals: tuple[Signal, ...], repeat: int = 3) -> float:
    """Records per second, text to columns, masking of code included."""
    measure(table.slice(0, 50), signals)
    best = float("inf")
    for _ in range(repeat):
        start = time.process_time()
        measure(table, signals)
        best = min(best, time.process_time() - start)
    return table.num_rows / best


def records(texts: list[str]) -> pa.Table:
    rows = [corpus.record(f"forum:{k}#1", "How?", text) for k, text in enumerate(texts)]
    return pa.Table.from_pylist(rows, schema=RECORD)


@pytest.mark.parametrize("peer", PEERS)
def test_heuristics_are_faster_than(peer: str) -> None:
    code, least = PEERS[peer]
    texts = answers(1_000)
    theirs = texts_per_second(code, texts)
    ours = speed(records(texts), (*repetition.SIGNALS, *heuristics.SIGNALS))
    assert report(f"heuristics beside {peer}", ours, theirs) >= least


def test_where_the_time_goes() -> None:
    """A profile: microseconds per record of each function, and of all SQL together. Nothing to fail but the whole."""
    table = records(answers(4_000))  # as many as make a shard's patterns worth compiling
    functions: dict[Callable[[pa.Table], pa.Array] | str, list[Signal]] = {}
    for signal in SIGNALS:
        functions.setdefault("SQL" if isinstance(signal.compute, str) else signal.compute, []).append(signal)
    print()
    for function, signals in functions.items():
        name = (
            function if isinstance(function, str) else f"{function.__module__.rpartition('.')[2]}.{function.__name__}"
        )
        needed = tuple(one for one in SIGNALS if any(one.name in signal.after for signal in signals))
        cost, of = 1e6 / speed(table, (*needed, *signals), 1), " with what it reads" if needed else ""
        print(f"  {name:32} {cost:8.1f} µs{of}")
    total = speed(table, SIGNALS, 2)
    print(f"  all signals: {total:,.0f} records/s on one core")
    assert total > LEAST
