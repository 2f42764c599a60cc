"""How old an answer was when it, or what it answers, was last edited."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest

from pipelines.annotate import measure
from pipelines.signals.edit_dates import SIGNALS
from schemas.record import RECORD
from tests.pipelines import corpus

POSTED = datetime(2024, 1, 2, 12, tzinfo=UTC)


def after(days: float, field: str = "instruction_edited_at") -> dict[str, Any]:
    """Of a record that was posted, and of which something was edited so long afterwards."""
    return {"created_at": POSTED, field: POSTED + timedelta(days=days)}


@pytest.mark.parametrize(
    ("signal", "expected", "columns"),
    [
        ("output_edited_days", 0.5, after(0.5, "edited_at")),
        ("output_edited_days", 400, after(400, "edited_at")),
        ("output_edited_days", None, after(0, "edited_at")),
        ("output_edited_days", None, after(3, "edited_at") | {"created_at": None}),
        ("output_edited_days", None, {"created_at": POSTED}),
        ("instruction_edited_after_days", 2.25, after(2.25)),
        ("instruction_edited_after_days", 0, after(-3)),
        ("instruction_edited_after_days", None, {"created_at": POSTED}),
        ("instruction_edited_after_days", None, after(3) | {"created_at": None}),
    ],
)
def test_days_between_posting_and_edit(signal: str, expected: float | None, columns: dict[str, Any]) -> None:
    row = corpus.record("forum:1#a1", "How is flour made?", "Grain is ground.") | columns
    (found,) = measure(pa.Table.from_pylist([row], schema=RECORD), SIGNALS)[signal].to_pylist()
    assert found == (None if expected is None else pytest.approx(expected))
