"""A signal: one measured column per record. It is never a decision."""

import re
from collections.abc import Callable
from dataclasses import dataclass

import pyarrow as pa


@dataclass(frozen=True, slots=True)
class Signal:
    """The definition of one signal.

    `compute` is a DuckDB expression over the columns of a record, or a function of an Arrow table of records. The
    function returns one value per row, in the same order (null: could not be measured). A function that several signals
    share returns a struct with one field for each of them, by name. `name` is `<field>_<measure>`. `version` goes up
    whenever a published number would change. `source` names the paper, tool or reasoning that defines the measure.
    `after` are other signals whose columns the function sees as well; none of these has an `after` itself.
    """

    name: str
    type: pa.DataType
    compute: str | Callable[[pa.Table], pa.Array]
    source: str
    version: int = 1
    after: tuple[str, ...] = ()


# These are measured only where the recipe sets `annotate.difficulty`.
OPTIONAL = pa.schema([("output_perplexity", pa.float32()), ("pair_difficulty", pa.float32())])

# What a recipe's own models measure, `annotate.models`: <field>_model_<name>, a float32 each.
OF_MODELS = re.compile(r"\b(?:instruction|output|pair)_model_[a-z0-9_]+\b")
