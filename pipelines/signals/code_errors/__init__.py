"""The signal output_code_errors: code of an answer that is none of the language that it is in."""

import pyarrow as pa
import pyarrow.compute as pc
import re2

from pipelines.signals.code_errors.blocks import BEGINS, code_in
from pipelines.signals.code_errors.parsers import PARSERS
from pipelines.signals.code_errors.readings import filled, readings
from pipelines.signals.code_errors.sessions import entries, is_typed
from schemas.signal import Signal

MOST = 20_000  # characters of an answer that are read; what is broken on purpose takes seconds at that
_WITH_CODE = "|".join(("```", "~~~", *(f"(?:{begins})" for begins in BEGINS.values())))
_SHOWS_ERROR = re2.compile(r"(?i)\b(?:SyntaxError|IndentationError|TabError|JSONDecodeError|syntax error)\b")


def code_errors(table: pa.Table) -> pa.Array:
    """Return a count per row; null where no block is of a language that is parsed."""
    outputs = pc.fill_null(table["output"], "")
    with_code = pc.match_substring_regex(outputs, _WITH_CODE).to_pylist()
    counts = [count_errors(str(text)) if code else None for text, code in zip(outputs, with_code, strict=True)]
    return pa.array(counts, pa.int32())


def count_errors(output: str) -> int | None:
    """How many blocks of code do not parse; None where none is of a language that is parsed."""
    if len(output) > MOST:
        return None
    found = [is_code(language, code) for language, code in code_in(output)]
    judged = [fine for fine in found if fine is not None]
    return judged.count(False) if judged else None


def is_code(language: str, code: str) -> bool | None:
    """Whether a block is code of its language; None where that is not asked.

    So it is of a language that is not parsed, of a session without a prompt, and of what shows an error of syntax.
    """
    if not language or _SHOWS_ERROR.search(code):
        return None
    for typed in _SESSIONS_IN.get(language, ()):
        if found := entries(typed, code):
            return _are_typed(typed, found)
    return None if language == "session" else any(map(PARSERS[language], readings(language, code)))


_SESSIONS_IN = {
    "python": ("python", "shell"),
    "session": ("python", "shell"),
    "shell": ("shell",),
    "sql": ("sql",),
}


def _are_typed(language: str, found: list[list[str]]) -> bool | None:
    """Whether each entry of a session parses, or all of them together: some begin every line with a prompt."""
    parses = PARSERS[language]
    typed = [entry for entry in found if any(line.strip() for line in entry)]
    if not typed:
        return None
    together = "\n".join(entry[0] for entry in typed)
    return parses(together) or all(
        is_typed(entry, lambda text: parses(text) or parses(filled(language, text))) for entry in typed
    )


SIGNALS = (
    Signal(
        "output_code_errors",
        pa.int32(),
        code_errors,
        "blocks of Python, JSON, SQL, shell, YAML or JavaScript that do not parse; none is run; null without such a"
        " block, and beyond 20,000 characters",
    ),
)
