"""`gristmill verify`: whether everything below data/ is what was written.

What a stage has made is compared with its manifest, and manifests, logs, the suppression list and the web client's
memory with the seals that each object, line or row carries. One damaged file hides no other.
"""

import sqlite3
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from connectors.web.store import is_corrupt, opened
from pipelines import storage, suppression
from pipelines.collect import WEB_CURE
from pipelines.curate import decision_file, decisions, votes
from pipelines.messages import Message
from pipelines.storage import complete, filesystem, integrity, lease, logs, settling
from pipelines.storage.integrity import Damaged
from pipelines.storage.layout import LATEST, command_for
from schemas.manifest import Manifest, Shard
from schemas.seal import BrokenSeal, read_lines, unseal, write_lines

WEB_STORE = Path(storage.FOLDERS["collect"]) / "web.sqlite"


@dataclass(frozen=True)
class Fault:
    """A file, or a line of one as `file:number`, that is not what was written, and what to do about it."""

    path: str
    fault: str
    cure: str


@dataclass
class Report:
    """What `verify` found. `not_hashed` counts what earlier releases or people wrote without hashes, by file."""

    faults: list[Fault] = field(default_factory=list)
    files: int = 0
    not_hashed: Counter[str] = field(default_factory=Counter)

    def add(self, path: Path, fault: str, cure: str = "", *, line: int = 0) -> None:
        """A fault of a file, or of one `line` of it. The path may be one in an object store."""
        self.faults.append(Fault(f"{path}:{line}" if line else str(path), fault, cure or integrity.cure_of(path)))


def verify(data: Path) -> Report:
    """Compare everything below `data` with its hashes."""
    report = Report()
    local = filesystem.local_folder(data)
    _folders(data, report)
    _latest_links(data, report)
    _unfinished(data, report)
    _listed_folders(local, report)
    for name in (logs.RUNS, logs.EXPORTS):
        _log(data / name, report)
    _said(data / decisions.FILE, Message("decide again, and remove the line"), report)
    _said(data / votes.FILE, Message("vote again, and remove the line"), report)
    _suppression_list(data, report)
    _web_store(local / WEB_STORE, report)
    return report


def _folders(data: Path, report: Report) -> None:
    """Manifests, and what they list."""
    for path, content in filesystem.read_all(storage.manifest_paths(data)):
        report.files += 1
        try:
            manifest, sealed = storage.parse_manifest(path, content)
        except Damaged as error:
            report.add(path, error.what)
            continue
        report.not_hashed.update({} if sealed else {str(path): 1})
        _shards(path.parent, manifest, report)


def _shards(folder: Path, manifest: Manifest, report: Report) -> None:
    listed = [(folder / shard.path, shard) for shard in manifest.shards]
    report.files += len(listed)
    for path, fault in integrity.faults(listed):
        report.add(path, fault)


def _latest_links(data: Path, report: Report) -> None:
    for made in sorted({storage.FOLDERS[stage] for stage in settling.VERSIONED}):
        for versions in sorted((data / made).glob("[!.]*")):
            if any(versions.glob(f"*/{storage.MANIFEST}")) and not storage.latest(versions).exists():
                link = versions / LATEST
                command = command_for(link / storage.MANIFEST).removesuffix(" --again")
                report.add(link, Message("points to no version"), f"`{command}`")


def _unfinished(data: Path, report: Report) -> None:
    """The shards that interrupted runs have completed, by their notes."""
    for work in settling.work_folders(data):
        for note, content in filesystem.read_all(sorted(work.glob(".*.done"))):
            report.files += 1
            try:
                shard = Shard(**unseal(content)[0]["shard"])
            except (BrokenSeal, KeyError, TypeError, ValueError):
                report.add(note, Message("changed"), Message("the same command makes the shard again"))
                continue
            if fault := integrity.fault_of(work / shard.path, shard):
                cure = Message("remove {folder}; the same command makes it again", folder=work)
                report.add(work / shard.path, fault, cure)


def _listed_folders(local: Path, report: Report) -> None:
    """Checkpoints, and the packaged base model as it was converted."""
    models = local / storage.FOLDERS["finetune"]
    for folder in sorted([*models.glob(".base/[!.]*"), *models.glob("*/.*/.checkpoints/*")]):
        try:
            known = complete.read(folder)
        except Damaged as error:
            cure = Message("remove {folder}; the same command goes on without it", folder=folder)
            report.add(error.path, error.what, cure)
            continue
        report.files += 1
        if (known is None and folder.parent.name == ".base") or (known and not known[1]):
            report.not_hashed[str(folder)] += 1


def _log(path: Path, report: Report) -> None:
    for file, line in logs.lines(path):
        if line.value is None:
            report.add(
                file, Message("changed"), Message("remove the line; the others count without it"), line=line.number
            )
        report.not_hashed.update({str(path): 1} if line.value and not line.sealed else {})
    report.files += len(filesystem.log_files(path))


def _said(path: Path, cure: str, report: Report) -> None:
    """Lines of what people said."""
    for file in decision_file.files(path):
        report.files += 1
        for line in read_lines(file.read_bytes()):
            if line.value is None:
                report.add(file, Message("changed"), cure, line=line.number)
            report.not_hashed.update({str(file): 1} if line.value and not line.sealed else {})


def _suppression_list(data: Path, report: Report) -> None:
    path = data / suppression.FILE
    if not path.exists():
        return
    report.files += 1
    try:
        suppression.load(data)
    except Damaged as error:
        report.add(error.path, error.what, error.cure)
        return
    report.not_hashed.update({str(path): 1 for line in read_lines(path.read_bytes()) if not line.sealed})


def _web_store(path: Path, report: Report) -> None:
    if not path.exists():
        return
    report.files += 1
    try:
        with opened(path) as store:
            for fault in store.faults():
                report.add(path, fault, WEB_CURE)
            report.not_hashed.update({str(path): rows} if (rows := store.unsealed()) else {})
    except sqlite3.Error as error:
        if not is_corrupt(error):
            raise
        report.add(path, str(error), WEB_CURE)


def seal_all(data: Path) -> None:
    """Give what has no hash yet the one of what it is now. The caller holds the lock, and has found no fault."""
    local = filesystem.local_folder(data)
    for path, content in filesystem.read_all(storage.manifest_paths(data)):
        manifest, sealed = storage.parse_manifest(path, content)
        if not sealed:
            storage.write_manifest(path.parent, manifest)
    for folder in sorted((local / storage.FOLDERS["finetune"] / ".base").glob("[!.]*")):
        if complete.read(folder) is None:
            complete.write(folder)
    tombstones = suppression.load(data)
    if tombstones:
        suppression.add(data, tombstones, [])
    for path in _line_files(data):
        with lease.lock_file(path):
            rows = [line.value for line in read_lines(path.read_bytes()) if line.value]
            storage.write_text(path, write_lines(rows))
    if (local / WEB_STORE).exists():
        with opened(local / WEB_STORE) as store:
            store.seal_all()


def _line_files(data: Path) -> Iterator[Path]:
    for name in (logs.RUNS, logs.EXPORTS):
        yield from filesystem.log_files(data / name)
    for name in (decisions.FILE, votes.FILE):
        yield from decision_file.files(data / name)
