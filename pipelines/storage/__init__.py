"""The only code that writes under data/, on a disk or in an object store (`filesystem` knows what differs).

A stage builds a folder beside its final place, shard by shard; the manifest is written last and the folder
is then moved into place. Killed at any moment, the same command continues from the shards that are whole.
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
from pipelines.storage.filesystem import MANIFEST
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
    """Where a stage leaves what it made of a source, or of a whole recipe."""
    return data / FOLDERS[stage] / name


def stage_key(stage: str, name: str, version: int, params: Mapping[str, Any], inputs: Mapping[str, str]) -> str:
    """What a stage's output depends on, and nothing else. Equal key: the work is done."""
    return digest([stage, name, version, params, sorted(inputs.items())])


def write_file(path: Path, fill: Callable[[IO[bytes]], None]) -> Shard:
    """All of the file or nothing: a temporary file, fsync, and one step to its place.

    The temporary name is nobody else's: a cluster may do the same shard twice at a time.
    """
    temp = filesystem.local_folder(path).with_name(f".{path.name}.{uuid4().hex}.tmp")
    filesystem.make_folder(path.parent)
    with temp.open("xb") as file:
        fill(file)
        file.flush()
        os.fsync(file.fileno())
    hashed, size = _sha256(temp), temp.stat().st_size
    filesystem.move_into_place(temp, path)
    return Shard(path=path.name, rows=0, bytes=size, sha256=hashed)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


def write_text(path: Path, content: str) -> Shard:
    return write_file(path, lambda file: _fill(file, content))


def write_table(path: Path, batches: pa.Table | Iterable[pa.RecordBatch], schema: pa.Schema) -> Shard:
    """Parquet with zstd and page checksums. `batches` may be larger than memory."""
    rows = 0

    def fill(file: IO[bytes]) -> None:
        nonlocal rows
        with pq.ParquetWriter(file, schema, compression="zstd", write_page_checksum=True) as writer:
            for table in _row_groups(batches, schema):
                writer.write_table(table)
                rows += table.num_rows

    shard = write_file(path, fill)
    return shard.model_copy(update={"rows": rows})


def _row_groups(batches: pa.Table | Iterable[pa.RecordBatch], schema: pa.Schema) -> Iterator[pa.Table]:
    """Row groups of one size, so that the bytes do not depend on how the rows arrived."""
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
    """A folder in the making. Shards whole from an interrupted run with the same key are kept."""

    folder: Path
    shards: dict[str, Shard] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    fingerprint: str = ""
    cursor: str = ""

    def has(self, name: str) -> bool:
        return name in self.shards

    def add(self, shard: Shard, counts: Mapping[str, int] | None = None) -> None:
        """Enter a shard that `write_table` or `write_file` has put into the folder, and what it counted."""
        note = {"shard": shard.model_dump(), "counts": dict(counts or {})}
        done = shard.path.replace("/", "--")
        write_text(self.folder / f".{done}.done", json.dumps(note))
        self._enter(note)

    def _enter(self, note: dict[str, Any]) -> None:
        shard = Shard(**note["shard"])
        self.shards[shard.path] = shard
        self.counts.update(note["counts"])

    def table(
        self,
        name: str,
        batches: pa.Table | Iterable[pa.RecordBatch],
        schema: pa.Schema,
        counts: Mapping[str, int] | None = None,
    ) -> None:
        if not self.has(name):
            self.add(write_table(self.folder / name, batches, schema), counts)

    def text(self, name: str, content: str) -> None:
        if not self.has(name):
            self.add(write_text(self.folder / name, content))

    @property
    def local_folder(self) -> Path:
        """Where on this machine a library may write files for `adopt`; the folder itself, if that is on a disk."""
        return filesystem.local_folder(self.folder)

    def reuse(self, path: str, old: Path, shard: Shard, counts: Mapping[str, int]) -> None:
        """Enter a finished shard of another folder under the name `path`."""
        filesystem.link_or_copy(old / shard.path, self.folder / path)
        self.add(shard.model_copy(update={"path": path}), counts)

    def adopt(self, path: str) -> None:
        """Enter a file that a library has written into `local_folder`, or into a folder there."""
        file = self.local_folder / path
        filesystem.sync_file(file)
        shard = Shard(path=path, rows=0, bytes=file.stat().st_size, sha256=_sha256(file))
        filesystem.move_into_place(file, self.folder / path)
        self.add(shard)

    def resume(self) -> None:
        for _, note in filesystem.read_all(sorted(self.folder.glob(".*.done"))):
            self._enter(json.loads(note))
        for leftover in self.local_folder.glob(".*.tmp"):
            leftover.unlink()


def _fill(file: IO[bytes], content: str) -> None:
    file.write(content.encode())


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
    """Build `folder`: on leaving without an error, the manifest is written and the folder appears.

    `resume=False` starts over: for a stage whose shards do not follow from its key alone.
    """
    key = stage_key(stage, name, version, params, inputs)
    work = _work_folder(folder, key)
    if not resume:
        filesystem.remove_folder(work)
    filesystem.make_folder(work)
    made = FolderBuilder(work)
    made.resume()
    yield made
    shards = tuple(made.shards[path] for path in sorted(made.shards))
    manifest = Manifest(
        stage=stage,
        name=name,
        version=version,
        key=key,
        params=dict(params),
        inputs=dict(inputs),
        shards=shards,
        counts={count: made.counts[count] for count in sorted(made.counts)},
        fingerprint=made.fingerprint or digest([[s.path, s.sha256] for s in shards]),
        cursor=made.cursor,
    )
    write_text(work / MANIFEST, manifest.model_dump_json(indent=1))
    _move_into_place(work, folder)


@contextmanager
def rewriting(folder: Path, manifest: Manifest) -> Iterator[FolderBuilder]:
    """Put other files in place of some of a finished folder's, in one step; the rest is linked over. The key stays,
    the fingerprint changes unless `made.fingerprint` is set."""
    work = _work_folder(folder, manifest.key)
    filesystem.remove_folder(work)
    filesystem.make_folder(work)
    made = FolderBuilder(work, counts=Counter(manifest.counts))
    yield made
    for shard in manifest.shards:
        if not made.has(shard.path):
            filesystem.link_or_copy(folder / shard.path, work / shard.path)
            made.shards[shard.path] = shard
    shards = tuple(made.shards[path] for path in sorted(made.shards))
    fingerprint = made.fingerprint or digest([[s.path, s.sha256] for s in shards])
    changed = {"shards": shards, "counts": dict(sorted(made.counts.items())), "fingerprint": fingerprint}
    write_text(work / MANIFEST, manifest.model_copy(update=changed).model_dump_json(indent=1))
    _move_into_place(work, folder)


def recover(data: Path) -> None:
    """Put into place what a killed run had finished, and throw away what it had not."""
    for work in sorted(data.glob("[1-6]_*/**/.*.*/")):
        if (work / MANIFEST).exists() and work.suffix != ".old":
            _move_into_place(work, work.parent / work.stem[1:])
    for left in sorted(data.glob("[1-6]_*/**/.*.*/")):
        filesystem.remove_folder(left)


def _work_folder(folder: Path, key: str) -> Path:
    return folder.parent / f".{folder.name}.{key[:16]}"


def _move_into_place(work: Path, folder: Path) -> None:
    filesystem.delete_files(list(work.glob(".*.done")))
    filesystem.replace_folder(folder, work)
    _sweep(folder)


def _sweep(folder: Path) -> None:
    """Take away what killed runs have left beside `folder`."""
    for stale in folder.parent.glob(f".{folder.name}.*"):
        filesystem.remove_folder(stale)


def read_manifest(folder: Path) -> Manifest | None:
    """The manifest of a finished folder, else None."""
    try:
        return Manifest.model_validate_json((folder / MANIFEST).read_bytes())
    except FileNotFoundError:
        return None


def finished(
    folder: Path, *, stage: str, name: str, version: int, params: Mapping[str, Any], inputs: Mapping[str, str]
) -> Manifest | None:
    """The manifest if `folder` already holds what this stage would make, else None."""
    key = stage_key(stage, name, version, params, inputs)
    work = _work_folder(folder, key)
    if (work / MANIFEST).exists():  # killed between the manifest and the rename
        _move_into_place(work, folder)
    manifest = read_manifest(folder)
    if not manifest or manifest.key != key:
        return None
    _sweep(folder)
    return manifest


def point_latest(version_folder: Path) -> None:
    """Make `latest` beside a version lead to it, in one step."""
    filesystem.set_link(version_folder.parent / "latest", version_folder.name)


def latest(versions: Path) -> Path:
    """The folder that `latest` leads to; one that does not exist where there is none."""
    return filesystem.follow_link(versions / "latest")


def manifests(data: Path, below: str = "[1-6]_*") -> Iterator[tuple[Path, Manifest]]:
    """Every finished folder of `data`, in order of path; `latest` links are not followed."""
    paths = [path for path in sorted(data.glob(f"{below}/**/{MANIFEST}")) if _is_own(path.relative_to(data).parts)]
    for path, content in filesystem.read_all(paths):
        yield path.parent, Manifest.model_validate_json(content)


def tables(folder: Path, manifest: Manifest, prefix: str) -> list[tuple[Path, Shard]]:
    """The Parquet shards that begin with `prefix`, in order, with what the manifest says of each."""
    listed = {shard.path: shard for shard in manifest.shards}
    return [(folder / name, listed[name]) for name in manifest.tables(prefix)]


def _is_own(parts: tuple[str, ...]) -> bool:
    return "latest" not in parts and not any(part.startswith(".") for part in parts)


def damaged(data: Path) -> Iterator[tuple[Path, str]]:
    """Files whose bytes are not what their manifest says, with what is wrong."""
    for folder, manifest in manifests(data):
        for shard in manifest.shards:
            path = folder / shard.path
            if not path.exists():
                yield path, "missing"
            elif _sha256(path) != shard.sha256:
                yield path, "changed"


def log_run(data: Path, entry: Mapping[str, Any]) -> None:
    """Append one line to the run log: times, skips and memory, which no manifest may hold."""
    filesystem.append_line(data / RUN_LOG, json.dumps(entry, sort_keys=True, default=str) + "\n")


def run_log(data: Path) -> list[dict[str, Any]]:
    """The run log, oldest entry first; a last line torn by a power cut is left out."""
    files = filesystem.read_all(filesystem.log_files(data / RUN_LOG))
    lines = [line for _, content in files for line in content.decode().splitlines()]
    return [json.loads(line) for line in lines if line.endswith("}")]
