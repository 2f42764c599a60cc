"""A data folder as an earlier release left it: the same rows, in the columns that records and snapshots had then."""

from hashlib import sha256
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines import storage
from schemas.manifest import Manifest

HISTORY = pa.list_(pa.struct([("instruction", pa.string()), ("output", pa.string())]))
LATER = ("system", "tools", "reasoning", "tool_calls", "rejected_reasoning", "pair_context")


def make_earlier(data: Path) -> None:
    """Rewrite all that normalise and later stages have made in `data`."""
    for folder, manifest in list(storage.manifests(data)):
        if manifest.stage != "collect":
            _rewrite(folder, manifest)


def _rewrite(folder: Path, manifest: Manifest) -> None:
    """The shards in the columns of then, and the manifest with their hashes and the version before."""
    shards = []
    for shard in manifest.shards:
        path = folder / shard.path
        if path.suffix == ".parquet":
            pq.write_table(_earlier(pq.read_table(path), shard.path), path)
        told = {"bytes": path.stat().st_size, "sha256": sha256(path.read_bytes()).hexdigest()}
        shards.append(shard.model_copy(update=told))
    identity = (manifest.stage, manifest.name, manifest.version - 1, manifest.params, manifest.inputs)
    told = {"version": manifest.version - 1, "key": storage.stage_key(*identity), "shards": tuple(shards)}
    (folder / storage.MANIFEST).write_text(manifest.model_copy(update=told).model_dump_json(indent=1))


def _earlier(table: pa.Table, name: str) -> pa.Table:
    is_pair = name.startswith("pairs-")
    later = [*LATER, *(("history", "split") if is_pair else ())]
    table = table.drop_columns([column for column in later if column in table.column_names])
    if "history" not in table.column_names:
        return table
    turns = [
        [
            {"instruction": ask["content"], "output": say["content"]}
            for ask, say in zip(history[::2], history[1::2], strict=False)
        ]
        for history in table["history"].to_pylist()
    ]
    return table.set_column(table.column_names.index("history"), "history", pa.array(turns, HISTORY))
