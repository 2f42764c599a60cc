"""A signal: one measured column per record, never a decision."""

from collections.abc import Callable
from dataclasses import dataclass

import pyarrow as pa


@dataclass(frozen=True, slots=True)
class Signal:
    """`compute` is a DuckDB expression over the columns of a record, or a function of an Arrow table
    of records that returns one value per row in the same order (null: could not be measured); a function that several
    signals share returns a struct with one field for each, by name.

    `name` is `<field>_<measure>`; `version` goes up whenever a published number would change;
    `source` names the paper, tool or reasoning that defines the measure.
    """

    name: str
    type: pa.DataType
    compute: str | Callable[[pa.Table], pa.Array]
    source: str
    version: int = 1


# measured only when a recipe asks for it (`annotate.difficulty`)
OPTIONAL = pa.schema([("output_perplexity", pa.float32()), ("pair_difficulty", pa.float32())])
