"""What is measured of every record. A new signal: a line in the SIGNALS of its theme, or a module of its own here.

Each module holds one theme: plain functions over Arrow tables, or DuckDB expressions, and a tuple SIGNALS.
"""

from pipelines.signals import (
    code,
    domain,
    edits,
    exact,
    exchange,
    heuristics,
    holes,
    injection,
    language,
    length,
    links,
    minhash,
    pairing,
    phrases,
    privacy,
    reading,
    repetition,
    safety,
    talk,
    task,
)

SIGNALS = (
    *length.SIGNALS,
    *repetition.SIGNALS,
    *heuristics.SIGNALS,
    *reading.SIGNALS,
    *code.SIGNALS,
    *links.SIGNALS,
    *holes.SIGNALS,
    *pairing.SIGNALS,
    *phrases.SIGNALS,
    *talk.SIGNALS,
    *exchange.SIGNALS,
    *language.SIGNALS,
    *task.SIGNALS,
    *domain.SIGNALS,
    *privacy.SIGNALS,
    *exact.SIGNALS,
    *safety.SIGNALS,
    *injection.SIGNALS,
    *minhash.SIGNALS,
    *edits.SIGNALS,
)
