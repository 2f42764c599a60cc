"""Signals of fenced code: its share of the output, and whether the output ends inside a fence."""

import pyarrow as pa

from pipelines.signals.prose import mask_code
from schemas.signal import Signal


def output_code(table: pa.Table) -> pa.Array:
    """Return a struct per row: output_code_share (0 to 1), output_open_fence."""
    masked = mask_code(table["output"])
    return pa.StructArray.from_arrays(
        [pa.array(masked.code_share), pa.array(masked.unclosed)], ["output_code_share", "output_open_fence"]
    )


SIGNALS = (
    Signal("output_code_share", pa.float32(), output_code, "share of bytes inside fences, CommonMark 4.5"),
    Signal("output_open_fence", pa.bool_(), output_code, "a fence that no line closes, CommonMark 4.5", 2),
)
