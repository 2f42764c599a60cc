"""A small data folder as the stages before leave it: records of one or more sources, measured."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from pipelines import annotate, storage
from pipelines.recipe import Recipe
from schemas.record import PAIR, RECORD, REJECT

RECORD_DEFAULTS: dict[str, Any] = {
    "source_kind": "forum",
    "kind": "answer",
    "title": "A title",
    "licence": "CC-BY-SA-4.0",
    "author": "Ada",
    "tags": [],
    "score": 5,
    "accepted": True,
    "input": "",
    "history": [],
    **dict.fromkeys(("system", "tools", "reasoning", "tool_calls"), ""),
}


def recipe(*sources: str, **settings: Any) -> Recipe:
    given = [{"connector": "python_docs", "name": source} for source in sources or ("forum",)]
    return Recipe.model_validate({"name": "mill", "sources": given, **settings})


def record(record_id: str, instruction: str, output: str, **columns: Any) -> dict[str, Any]:
    """`record_id` is <source>:<page>#<part>, and says the source and the page."""
    source, page = record_id.split(":")[0], record_id.split("#")[0]
    url = f"https://{source}.example/{page.split(':')[1]}"
    told = {"record_id": record_id, "page_id": page, "source": source, "url": url}
    return RECORD_DEFAULTS | told | {"instruction": instruction, "output": output} | columns


def jaccard(left: np.ndarray, right: np.ndarray) -> float:
    """Of two sets of shingles."""
    return len(np.intersect1d(left, right)) / len(np.union1d(left, right))


def write(data: Path, mill: Recipe, records: list[dict[str, Any]], pairs: list[dict[str, Any]] | None = None) -> None:
    """Write the records as they come, one shard a source, and annotate them."""
    for source in mill.source_names():
        about: dict[str, Any] = {"stage": "normalise", "name": source, "version": 1, "params": {}, "inputs": {}}
        with storage.building(storage.folder(data, "normalise", source), **about) as made:
            for name, rows, schema in (("records", records, RECORD), ("pairs", pairs or [], PAIR)):
                own = [row for row in rows if row["source"] == source]
                made.table(f"{name}-00000.parquet", pa.Table.from_pylist(own, schema=schema), schema)
            made.table("rejects-00000.parquet", REJECT.empty_table(), REJECT)
        annotate.run(mill, source, data)
