"""Finished folders: how a stage writes shards and a manifest under data/, and how others read them.

No other code writes under data/. `filesystem` knows what differs between a disk and an object store. A stage builds a
work folder beside the final one, shard by shard. The manifest is written last, then the folder is moved into place.
When a run is killed, the same command continues with the shards that are complete.
"""

import logging
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any
from uuid import uuid4

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import ValidationError

from pipelines.messages import Message, tr
from pipelines.storage import filesystem
from pipelines.storage.filesystem import MANIFEST as MANIFEST
from pipelines.storage.integrity import Damaged, sha256_of
from pipelines.storage.layout import FOLDERS as FOLDERS
from pipelines.storage.layout import LATEST
from pipelines.storage.layout import folder as folder
from schemas.manifest import Manifest, Shard, digest
from schemas.seal import BrokenSeal, seal, seal_values, unseal

ROW_GROUP = 16_384

log = logging.getLogger("gristmill")


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
    try:
        with filesystem.naming(path), temp.open("xb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        hashed, size = sha256_of(temp), temp.stat().st_size
        filesystem.move_into_place(temp, path)
    except BaseException:
        temp.unlink(missing_ok=True)
        raise
    return Shard(path=path.name, rows=0, bytes=size, sha256=hashed)


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
        write_text(self.folder / f".{shard.path.replace('/', '--')}.done", seal_values(entry))
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

    def adopt(self, path: str, written: Path | None = None) -> None:
        """Add a file that a library has written below `written`, a folder of this machine; unset: `local_folder`.

        `path` is relative to it, and the file's name in the folder.
        """
        file = (written or self.local_folder) / path
        filesystem.sync_file(file)
        shard = Shard(path=path, rows=0, bytes=file.stat().st_size, sha256=sha256_of(file))
        filesystem.make_folder((self.folder / path).parent)
        filesystem.move_into_place(file, self.folder / path)
        self.add(shard)

    def drop(self, name: str) -> None:
        """Take a shard out again that was only on the way to others. Its note goes last: what has one is taken out."""
        (self.folder / name).unlink(missing_ok=True)
        (self.folder / f".{name.replace('/', '--')}.done").unlink(missing_ok=True)
        del self.shards[name]

    def resume(self) -> None:
        """Add the shards that an interrupted run has completed, and delete its temporary files. Raises: BrokenSeal."""
        for _, entry in filesystem.read_all(sorted(self.folder.glob(".*.done"))):
            self._add_entry(unseal(entry)[0])
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
    builder = (_resume(work) if resume else None) or _start(work)
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
    write_manifest(work, manifest)
    _move_into_place(work, folder)


def _start(work: Path) -> FolderBuilder:
    filesystem.remove_folder(work)
    filesystem.make_folder(work)
    return FolderBuilder(work)


def _resume(work: Path) -> FolderBuilder | None:
    """What an interrupted run has left; None where its notes are damaged, so that all of it is made again."""
    filesystem.make_folder(work)
    builder = FolderBuilder(work)
    try:
        builder.resume()
    except BrokenSeal:
        log.warning(tr("{work}: what an interrupted run noted here is damaged; it is made again", work=work))
        return None
    return builder


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write the manifest of a folder, sealed. It says that the folder is complete, so it comes last."""
    write_text(folder / MANIFEST, seal(manifest.model_dump_json(indent=1)))


@contextmanager
def rewriting(folder: Path, manifest: Manifest) -> Iterator[FolderBuilder]:
    """Replace some files of a finished folder, in one step. All others are linked or copied.

    The key stays the same. The fingerprint changes, unless the block sets that of the builder.
    """
    work = _work_folder(folder, manifest.key)
    builder = _start(work)
    builder.counts.update(manifest.counts)
    yield builder
    for shard in manifest.shards:
        if not builder.has(shard.path):
            filesystem.link_or_copy(folder / shard.path, work / shard.path)
            builder.shards[shard.path] = shard
    shards = tuple(builder.shards[path] for path in sorted(builder.shards))
    fingerprint = builder.fingerprint or digest([[s.path, s.sha256] for s in shards])
    changed = {"shards": shards, "counts": dict(sorted(builder.counts.items())), "fingerprint": fingerprint}
    write_manifest(work, manifest.model_copy(update=changed))
    _move_into_place(work, folder)


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
    """The manifest of `folder`; None where the folder is not finished. Raises: Damaged."""
    try:
        return parse_manifest(folder / MANIFEST, (folder / MANIFEST).read_bytes())[0]
    except FileNotFoundError:
        return None


def parse_manifest(path: Path, content: bytes) -> tuple[Manifest, bool]:
    """The manifest, and whether it is sealed; those of earlier releases are not. Raises: Damaged."""
    try:
        values, sealed = unseal(content)
        return Manifest.model_validate(values), sealed
    except BrokenSeal as error:
        raise Damaged(path, str(error)) from error
    except ValidationError as error:
        raise Damaged(path, Message("not a manifest")) from error


def finished(
    folder: Path, *, stage: str, name: str, version: int, params: Mapping[str, Any], inputs: Mapping[str, str]
) -> Manifest | None:
    """The manifest of `folder` if the folder is finished and has the key of these arguments, else None.

    A folder whose manifest is damaged is not finished: the stage makes it again.
    """
    key = stage_key(stage, name, version, params, inputs)
    put_into_place(_work_folder(folder, key), folder)
    manifest = last_manifest(folder)
    if not manifest or manifest.key != key:
        return None
    _remove_work_folders(folder)
    return manifest


def last_manifest(folder: Path) -> Manifest | None:
    """As `read_manifest`, for the stage that makes the folder: where it is damaged, nothing is taken over."""
    try:
        return read_manifest(folder)
    except Damaged as error:
        log.warning(tr("{path}: damaged ({what}); what it stands for is made again", path=error.path, what=error.what))
        return None


def put_into_place(work: Path, folder: Path) -> None:
    """Move a work folder into place whose run was killed between the manifest and the rename."""
    try:
        if read_manifest(work):
            _move_into_place(work, folder)
    except Damaged:
        log.warning(tr("{work}: the manifest of a killed run is damaged; its work is done again", work=work))


@contextmanager
def becoming_latest(folder: Path) -> Iterator[None]:
    """Point `latest`, which lies beside all versions, to the version that the block builds.

    The intent is written first: a run that is killed after the folder moved into place leaves no older `latest`.
    """
    link = folder.parent / LATEST
    filesystem.make_folder(folder.parent)
    filesystem.prepare_link(link, folder.name)
    yield
    filesystem.commit_link(link)


def point_latest(version_folder: Path) -> None:
    """Point `latest`, which lies beside all versions, to this version, in one step."""
    with becoming_latest(version_folder):
        pass


def latest(versions: Path) -> Path:
    """The folder that `latest` below `versions` points to. It does not exist where there is no version yet."""
    return filesystem.follow_link(versions / LATEST)


def manifests(
    data: Path, below: str = "[1-7]_*", on_damage: Callable[[Damaged], None] | None = None
) -> Iterator[tuple[Path, Manifest]]:
    """Every finished folder of `data`, in order of path. `latest` links are not followed.

    Raises: Damaged where a manifest cannot be read and `on_damage` does not take the error.
    """
    for path, content in filesystem.read_all(manifest_paths(data, below)):
        try:
            yield path.parent, parse_manifest(path, content)[0]
        except Damaged as error:
            if on_damage is None:
                raise
            on_damage(error)


def manifest_paths(data: Path, below: str = "[1-7]_*") -> list[Path]:
    """The manifests of finished folders, in order."""
    return [path for path in sorted(data.glob(f"{below}/**/{MANIFEST}")) if _is_finished(path.relative_to(data).parts)]


def tables(folder: Path, manifest: Manifest, prefix: str) -> list[tuple[Path, Shard]]:
    """The Parquet shards whose names begin with `prefix`, in order, each with its path."""
    listed = {shard.path: shard for shard in manifest.shards}
    return [(folder / name, listed[name]) for name in manifest.tables(prefix)]


def _is_finished(parts: tuple[str, ...]) -> bool:
    """Whether a path leads neither through a `latest` link nor through a work folder, which begins with a dot."""
    return LATEST not in parts and not any(part.startswith(".") for part in parts)
