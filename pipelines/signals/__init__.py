"""The signals that are measured for every record.

A module holds one theme: functions over Arrow tables, or DuckDB expressions, and a tuple SIGNALS. A new signal is an
entry in the SIGNALS of its theme, or a new module whose SIGNALS are added here.
"""

from pipelines.signals import (
    code_share,
    context,
    course,
    domain,
    edit_dates,
    exact,
    exchange_faults,
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
    readability,
    repetition,
    safety,
    site_talk,
    talk,
    task,
    untranslated,
)

SIGNALS = (
    *length.SIGNALS,
    *repetition.SIGNALS,
    *heuristics.SIGNALS,
    *readability.SIGNALS,
    *code_share.SIGNALS,
    *links.SIGNALS,
    *holes.SIGNALS,
    *pairing.SIGNALS,
    *phrases.SIGNALS,
    *talk.SIGNALS,
    *site_talk.SIGNALS,
    *context.SIGNALS,
    *course.SIGNALS,
    *untranslated.SIGNALS,
    *exchange_faults.SIGNALS,
    *language.SIGNALS,
    *task.SIGNALS,
    *domain.SIGNALS,
    *privacy.SIGNALS,
    *exact.SIGNALS,
    *safety.SIGNALS,
    *injection.SIGNALS,
    *minhash.SIGNALS,
    *edit_dates.SIGNALS,
)
