"""Finished folders: how a stage writes shards and a manifest under data/, and how others read them.

No other code writes under data/. `filesystem` knows what differs between a disk and an object store. A stage builds a
work folder beside the final one, shard by shard. The manifest is written last, then the folder is moved into place.
When a run is killed, the same command continues with the shards that are complete.
"""

import json
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import file_digest
from pathlib import Path
from typing import IO, Any
from uuid import uuid4

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.storage import filesystem
from pipelines.storage.filesystem import MANIFEST as MANIFEST
from schemas.manifest import Manifest, Shard, digest

RUN_LOG = "runs.jsonl"
ROW_GROUP = 16_384
FOLDERS = {
    "collect": "1_pages",
    "normalise": "2_records",
    "annotate": "3_signals",
    "dedupe": "4_clusters",
    "curate": "5_curated",
    "finetune": "6_models",
}


def folder(data: Path, stage: str, name: str) -> Path:
    """The output folder of `stage` for `name`, which is a source or a recipe."""
    return data / FOLDERS[stage] / name


def stage_key(stage: str, name: str, version: int, params: Mapping[str, Any], inputs: Mapping[str, str]) -> str:
    """Hash of everything that a stage's output depends on. An equal key means that the work is done.

    `inputs` maps the name of each input to its fingerprint.
    """
    return digest([stage, name, version, params, sorted(inputs.items())])


def write_file(path: Path, write: Callable[[IO[bytes]], object]) -> Shard:
    """Write a file atomically: `write` fills a temporary file, which is synced and moved to `path`.

    Returns the file's name, size in bytes and hash; `rows` is 0. The temporary name is unique, because a cluster may
    write the same shard twice at a time.
    """
    temp = filesystem.local_folder(path).with_name(f".{path.name}.{uuid4().hex}.tmp")
    filesystem.make_folder(path.parent)
    with temp.open("xb") as file:
        write(file)
        file.flush()
        os.fsync(file.fileno())
    hashed, size = _sha256(temp), temp.stat().st_size
    filesystem.move_into_place(temp, path)
    return Shard(path=path.name, rows=0, bytes=size, sha256=hashed)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


def write_text(path: Path, content: str) -> Shard:
    """Write `content` to `path` as UTF-8, atomically."""
    return write_file(path, lambda file: file.write(content.encode()))


def write_table(path: Path, batches: pa.Table | Iterable[pa.RecordBatch], schema: pa.Schema) -> Shard:
    """Write Parquet with zstd and page checksums, atomically. `batches` may be larger than memory."""
    rows = 0

    def write(file: IO[bytes]) -> None:
        nonlocal rows
        with pq.ParquetWriter(file, schema, compression="zstd", write_page_checksum=True) as writer:
            for table in _row_groups(batches, schema):
                writer.write_table(table)
                rows += table.num_rows

    shard = write_file(path, write)
    return shard.model_copy(update={"rows": rows})


def _row_groups(batches: pa.Table | Iterable[pa.RecordBatch], schema: pa.Schema) -> Iterator[pa.Table]:
    """Tables of ROW_GROUP rows each, so that the bytes do not depend on the sizes of the batches."""
    pending: list[pa.Table] = []
    count = 0
    source = batches.to_batches() if isinstance(batches, pa.Table) else batches
    for batch in source:
        pending.append(pa.Table.from_batches([batch]).cast(schema))
        count += batch.num_rows
        while count >= ROW_GROUP:
            table = pa.concat_tables(pending).combine_chunks()
            yield table.slice(0, ROW_GROUP)
            pending, count = [table.slice(ROW_GROUP)], count - ROW_GROUP
    if count:
        yield pa.concat_tables(pending).combine_chunks()


@dataclass
class FolderBuilder:
    """Adds shards to an unfinished folder.

    `resume` finds the shards that an interrupted run with the same key has completed. `counts` goes into the manifest.
    `fingerprint` replaces the hash of all shards where it is set. `cursor` is what collect needs in its next run.
    """

    folder: Path
    shards: dict[str, Shard] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    fingerprint: str = ""
    cursor: str = ""

    def has(self, name: str) -> bool:
        """Whether the shard `name` is complete."""
        return name in self.shards

    def add(self, shard: Shard, counts: Mapping[str, int] | None = None) -> None:
        """Add a shard that lies in the folder already, with its counts.

        A `.done` file beside the shard records it, so that `resume` finds it.
        """
        entry = {"shard": shard.model_dump(), "counts": dict(counts or {})}
        write_text(self.folder / f".{shard.path.replace('/', '--')}.done", json.dumps(entry))
        self._add_entry(entry)

    def _add_entry(self, entry: dict[str, Any]) -> None:
        shard = Shard(**entry["shard"])
        self.shards[shard.path] = shard
        self.counts.update(entry["counts"])

    def table(
        self,
        name: str,
        batches: pa.Table | Iterable[pa.RecordBatch],
        schema: pa.Schema,
        counts: Mapping[str, int] | None = None,
    ) -> None:
        """Write a Parquet shard and add it. Nothing happens where it is complete."""
        if not self.has(name):
            self.add(write_table(self.folder / name, batches, schema), counts)

    def text(self, name: str, content: str) -> None:
        """Write a text file and add it. Nothing happens where it is complete."""
        if not self.has(name):
            self.add(write_text(self.folder / name, content))

    @property
    def local_folder(self) -> Path:
        """The folder on this machine where a library may write files for `adopt`. On a disk it is `folder` itself."""
        return filesystem.local_folder(self.folder)

    def reuse(self, path: str, old: Path, shard: Shard, counts: Mapping[str, int]) -> None:
        """Add `shard` of the finished folder `old`, under the name `path`. The bytes are linked or copied."""
        filesystem.link_or_copy(old / shard.path, self.folder / path)
        self.add(shard.model_copy(update={"path": path}), counts)

    def adopt(self, path: str) -> None:
        """Add a file that a library has written below `local_folder`; `path` is relative to it."""
        file = self.local_folder / path
        filesystem.sync_file(file)
        shard = Shard(path=path, rows=0, bytes=file.stat().st_size, sha256=_sha256(file))
        filesystem.move_into_place(file, self.folder / path)
        self.add(shard)

    def resume(self) -> None:
        """Add the shards that an interrupted run has completed, and delete its temporary files."""
        for _, entry in filesystem.read_all(sorted(self.folder.glob(".*.done"))):
            self._add_entry(json.loads(entry))
        for temp in self.local_folder.glob(".*.tmp"):
            temp.unlink()


@contextmanager
def building(
    folder: Path,
    *,
    stage: str,
    name: str,
    version: int,
    params: Mapping[str, Any],
    inputs: Mapping[str, str],
    resume: bool = True,
) -> Iterator[FolderBuilder]:
    """Build `folder`. Without an error in the block, the manifest is written and the folder moves into place.

    `resume=False` starts from nothing. A stage needs it where its key alone does not decide its shards.
    """
    key = stage_key(stage, name, version, params, inputs)
    work = _work_folder(folder, key)
    if not resume:
        filesystem.remove_folder(work)
    filesystem.make_folder(work)
    builder = FolderBuilder(work)
    builder.resume()
    yield builder
    shards = tuple(builder.shards[path] for path in sorted(builder.shards))
    manifest = Manifest(
        stage=stage,
        name=name,
        version=version,
        key=key,
        params=dict(params),
        inputs=dict(inputs),
        shards=shards,
        counts={count: builder.counts[count] for count in sorted(builder.counts)},
        fingerprint=builder.fingerprint or digest([[s.path, s.sha256] for s in shards]),
        cursor=builder.cursor,
    )
    write_text(work / MANIFEST, manifest.model_dump_json(indent=1))
    _move_into_place(work, folder)


@contextmanager
def rewriting(folder: Path, manifest: Manifest) -> Iterator[FolderBuilder]:
    """Replace some files of a finished folder, in one step. All others are linked or copied.

    The key stays the same. The fingerprint changes, unless the block sets that of the builder.
    """
    work = _work_folder(folder, manifest.key)
    filesystem.remove_folder(work)
    filesystem.make_folder(work)
    builder = FolderBuilder(work, counts=Counter(manifest.counts))
    yield builder
    for shard in manifest.shards:
        if not builder.has(shard.path):
            filesystem.link_or_copy(folder / shard.path, work / shard.path)
            builder.shards[shard.path] = shard
    shards = tuple(builder.shards[path] for path in sorted(builder.shards))
    fingerprint = builder.fingerprint or digest([[s.path, s.sha256] for s in shards])
    changed = {"shards": shards, "counts": dict(sorted(builder.counts.items())), "fingerprint": fingerprint}
    write_text(work / MANIFEST, manifest.model_copy(update=changed).model_dump_json(indent=1))
    _move_into_place(work, folder)


def recover(data: Path) -> None:
    """Move the work folders that killed runs have completed into place, and delete all others below `data`."""
    for work in sorted(data.glob("[1-6]_*/**/.*.*/")):
        if (work / MANIFEST).exists() and work.suffix != ".old":
            _move_into_place(work, work.parent / work.stem[1:])
    for work in sorted(data.glob("[1-6]_*/**/.*.*/")):
        filesystem.remove_folder(work)


def _work_folder(folder: Path, key: str) -> Path:
    return folder.parent / f".{folder.name}.{key[:16]}"


def _move_into_place(work: Path, folder: Path) -> None:
    filesystem.delete_files(list(work.glob(".*.done")))
    filesystem.replace_folder(folder, work)
    _remove_work_folders(folder)


def _remove_work_folders(folder: Path) -> None:
    """Delete what killed runs have left beside `folder`."""
    for stale in folder.parent.glob(f".{folder.name}.*"):
        filesystem.remove_folder(stale)


def read_manifest(folder: Path) -> Manifest | None:
    """The manifest of `folder`; None where the folder is not finished."""
    try:
        return Manifest.model_validate_json((folder / MANIFEST).read_bytes())
    except FileNotFoundError:
        return None


def finished(
    folder: Path, *, stage: str, name: str, version: int, params: Mapping[str, Any], inputs: Mapping[str, str]
) -> Manifest | None:
    """The manifest of `folder` if the folder is finished and has the key of these arguments, else None."""
    key = stage_key(stage, name, version, params, inputs)
    work = _work_folder(folder, key)
    if (work / MANIFEST).exists():  # killed between the manifest and the rename
        _move_into_place(work, folder)
    manifest = read_manifest(folder)
    if not manifest or manifest.key != key:
        return None
    _remove_work_folders(folder)
    return manifest


def point_latest(version_folder: Path) -> None:
    """Point `latest`, which lies beside all versions, to this version, in one step."""
    filesystem.set_link(version_folder.parent / "latest", version_folder.name)


def latest(versions: Path) -> Path:
    """The folder that `latest` below `versions` points to. It does not exist where there is no version yet."""
    return filesystem.follow_link(versions / "latest")


def manifests(data: Path, below: str = "[1-6]_*") -> Iterator[tuple[Path, Manifest]]:
    """Every finished folder of `data`, in order of path. `latest` links are not followed."""
    paths = [path for path in sorted(data.glob(f"{below}/**/{MANIFEST}")) if _is_finished(path.relative_to(data).parts)]
    for path, content in filesystem.read_all(paths):
        yield path.parent, Manifest.model_validate_json(content)


def tables(folder: Path, manifest: Manifest, prefix: str) -> list[tuple[Path, Shard]]:
    """The Parquet shards whose names begin with `prefix`, in order, each with its path."""
    listed = {shard.path: shard for shard in manifest.shards}
    return [(folder / name, listed[name]) for name in manifest.tables(prefix)]


def _is_finished(parts: tuple[str, ...]) -> bool:
    """Whether a path leads neither through a `latest` link nor through a work folder, which begins with a dot."""
    return "latest" not in parts and not any(part.startswith(".") for part in parts)


def damaged(data: Path) -> Iterator[tuple[Path, str]]:
    """Files whose bytes differ from their manifest, each with `missing` or `changed`."""
    for folder, manifest in manifests(data):
        for shard in manifest.shards:
            path = folder / shard.path
            if not path.exists():
                yield path, "missing"
            elif _sha256(path) != shard.sha256:
                yield path, "changed"


def log_run(data: Path, entry: Mapping[str, Any]) -> None:
    """Append one line to the run log. It holds times, skips and memory, which no manifest may hold."""
    filesystem.append_line(data / RUN_LOG, json.dumps(entry, sort_keys=True, default=str) + "\n")


def run_log(data: Path) -> list[dict[str, Any]]:
    """The entries of the run log, oldest first. A last line that was cut off, as by a power failure, is skipped."""
    files = filesystem.read_all(filesystem.log_files(data / RUN_LOG))
    lines = [line for _, content in files for line in content.decode().splitlines()]
    return [json.loads(line) for line in lines if line.endswith("}")]
