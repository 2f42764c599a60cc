"""Signals of edits: how long after the output was posted the output, or its instruction, was last edited.

An instruction that was edited later may no longer fit its output.
"""

import pyarrow as pa

from schemas.signal import Signal

_DAY = "86400e6"  # microseconds

SIGNALS = (
    Signal(
        "output_edited_days",
        pa.float32(),
        f"CASE WHEN edited_at > created_at THEN (epoch_us(edited_at) - epoch_us(created_at)) / {_DAY} END",
        "days from the posting of the output to its last edit; null where none is told",
    ),
    Signal(
        "instruction_edited_after_days",
        pa.float32(),
        f"CASE WHEN instruction_edited_at <= created_at THEN 0"
        f" ELSE (epoch_us(instruction_edited_at) - epoch_us(created_at)) / {_DAY} END",
        "days for which what was asked was still edited after the output was posted, 0 where only before; null where"
        " no edit is told: the answer may not fit any more (edit states of threads, as in forum-native pairs)",
    ),
)
