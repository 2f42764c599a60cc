"""Erases rows from finished folders. A folder that holds none of them stays as it is."""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from connectors.web import store
from pipelines import catalog, storage
from pipelines.finetune import answers
from pipelines.forget.plan import Impact, decompress_page, read_pages
from pipelines.messages import CARDS, Message, spoken, tr
from pipelines.models import head
from pipelines.storage import duck, exported, filesystem, integrity, logs
from pipelines.storage import pages as page_batches
from pipelines.storage.layout import FOLDERS, OF_MODELS
from pipelines.suppression import Tombstones
from schemas.cluster import COMPARED
from schemas.manifest import Manifest, digest
from schemas.page import PAGE, Page, to_row
from schemas.verdict import PUBLISHED, PUBLISHED_PAIR

KEYS = ("record_id", "pair_id", "duplicate_id", "page_id", "key", "url", "source", "author")
COUNTED_AS = {"signals": "records", "clusters": "records"}
SPLITS, PAIRS = ("train", "validation", "test"), "pairs"
SAMPLES, ATTRIBUTION = "metrics.json", "ATTRIBUTION.md"
ERASED = Message("\n## Erased since\n\n")

_CLUSTERS = """
SELECT * REPLACE (min(record_id) OVER (PARTITION BY cluster_id) AS cluster_id,
                  min(record_id) OVER (PARTITION BY group_id) AS group_id,
                  CAST(count(*) OVER (PARTITION BY cluster_id) AS INTEGER) AS cluster_size)
FROM remaining ORDER BY record_id
"""
_NEAR_DUPLICATES = """
SELECT DISTINCT other.record_id FROM clusters c JOIN clusters other USING (recipe, cluster_id)
WHERE list_contains($erased, c.record_id) AND NOT list_contains($erased, other.record_id) ORDER BY ALL
"""


@dataclass(frozen=True)
class ErasureTargets:
    """What has to go: rows of these pages, records and pairs with these ids, and everything in the list."""

    tombstones: Tombstones
    pages: frozenset[str]
    ids: frozenset[str]

    def matches_row(self, row: dict[str, str | None]) -> bool:
        """Whether a row with some of KEYS has to go."""
        ids = [row.get(name) or "" for name in ("record_id", "pair_id", "duplicate_id")]
        by_author = self.tombstones.has_author(row.get("source") or "", row.get("author"))
        by_url = self.tombstones.has_url(row.get("url")) or self.tombstones.has_url(row.get("key"))
        return by_author or by_url or row.get("page_id") in self.pages or any(map(self.matches_id, ids))

    def matches_id(self, name: str) -> bool:
        """Whether a record or pair has to go."""
        return name in self.ids or (bool(name) and self.tombstones.has_record(name))


Folder = tuple[Path, Manifest]


def find_affected(data: Path, targets: ErasureTargets) -> tuple[list[Folder], frozenset[str]]:
    """The folders, those of pages left out, that hold rows to erase, and the ids of those rows."""
    folders, ids = list[Folder](), set[str]()
    for folder, manifest in storage.manifests(data):
        rows = [row for name in _tables(folder, manifest, targets) for row in _target_rows(folder / name, targets)]
        if rows and manifest.stage != "collect":
            folders.append((folder, manifest))
            ids |= {row.get("record_id") or row.get("pair_id") or "" for row in rows} - {""}
    return folders, frozenset(ids)


def _tables(folder: Path, manifest: Manifest, targets: ErasureTargets) -> Iterator[str]:
    """The tables that hold a row to erase, or that may name one as the survivor of a duplicate."""
    for shard in manifest.shards:
        if shard.path.endswith(".parquet"):
            names = filesystem.open_parquet(folder / shard.path).schema_arrow.names
            if "duplicate_of" in names or any(True for _ in _target_rows(folder / shard.path, targets)):
                yield shard.path


def _target_rows(path: Path, targets: ErasureTargets) -> Iterator[dict[str, str | None]]:
    with filesystem.open_parquet(path) as file:
        keys = [name for name in KEYS if name in file.schema_arrow.names]
        for batch in file.iter_batches(columns=keys):
            yield from filter(targets.matches_row, batch.to_pylist())


def near_duplicates(data: Path, targets: ErasureTargets) -> list[str]:
    """Records that stay in the same cluster as one that goes. A person has to look at them."""
    with catalog.connect(data) as con:
        clustered = [name for (name,) in con.sql("SELECT DISTINCT record_id FROM clusters").fetchall()]
        erased = [*filter(targets.matches_id, clustered)]
        return [name for (name,) in con.execute(_NEAR_DUPLICATES, {"erased": erased}).fetchall()]


def models_trained_on(data: Path, folders: Iterable[Folder]) -> list[str]:
    """Models trained on one of these snapshots, or made from such a model, as paths below `data`.

    A snapshot that an earlier request has rewritten has another fingerprint; its recipe and version stay.
    """
    listed = list(folders)
    fingerprints, snapshots = {manifest.fingerprint for _, manifest in listed}, _snapshots(listed)
    models = {
        folder.relative_to(data).as_posix(): (folder, manifest)
        for folder, manifest in storage.manifests(data)
        if manifest.stage in OF_MODELS
    }
    trained = {
        name
        for name, (folder, manifest) in models.items()
        if manifest.inputs.get("curated") in fingerprints or _trained_on(folder, manifest) in snapshots
    }
    while more := {name for name, (_, manifest) in models.items() if _models_in(manifest) & trained} - trained:
        trained |= more
    return sorted(trained)


def heads_learnt_from(data: Path, records: Iterable[str]) -> list[str]:
    """Heads that may have learnt from these records; those below `data` as paths from there."""
    local, ids = filesystem.local_folder(data), list(records)
    own = sorted((local / FOLDERS["finetune"] / head.FOLDER).glob(f"*/{head.FILE}"))
    elsewhere = [Path(entry["out"]) for entry in logs.read(data / logs.EXPORTS) if entry["what"] == exported.HEAD]
    here = [path.parent.relative_to(local).as_posix() for path in own if head.may_have_learnt(path.parent, ids)]
    return here + [str(path) for path in dict.fromkeys(elsewhere) if head.may_have_learnt(path, ids)]


def _models_in(manifest: Manifest) -> set[str]:
    """The models of the data folder that a model was made from: what it began with, and what judged it."""
    named = {manifest.params.get(name) for name in ("start", "reward")} - {None, ""}
    return {f"{FOLDERS[manifest.stage]}/{name}" for name in named}


def exports_of(data: Path, folders: Iterable[Folder]) -> list[str]:
    """Where these snapshots were exported to, with the day, from the log of exports."""
    snapshots = _snapshots(folders)
    entries = (entry for entry in logs.read(data / logs.EXPORTS) if (entry["recipe"], entry["version"]) in snapshots)
    return [f"{one['out']} ({one['what']} of {one['recipe']} {one['version']}, {one['when'][:10]})" for one in entries]


def _snapshots(folders: Iterable[Folder]) -> set[tuple[str, str]]:
    return {(folder.parent.name, folder.name) for folder, manifest in folders if manifest.stage == "curate"}


def _trained_on(folder: Path, manifest: Manifest) -> tuple[str, str]:
    """Recipe and version of the snapshot that a model was trained on."""
    table = [(folder / shard.path, shard) for shard in manifest.shards if shard.path == SAMPLES]
    integrity.check(table)
    snapshot = json.loads((folder / SAMPLES).read_text()).get("snapshot", {}) if table else {}
    return snapshot.get("recipe", ""), snapshot.get("version", "")


def erase_rows(folder: Path, manifest: Manifest, targets: ErasureTargets) -> dict[str, int]:
    """Erase from one folder; returns the number of erased rows by table."""
    if manifest.stage in OF_MODELS:
        return _erase_samples(folder, manifest, targets)
    erased_by_file = _rows_by_file(folder, manifest, targets)
    if not any(erased_by_file.values()):
        return {}
    names = list(erased_by_file)
    with storage.rewriting(folder, manifest) as builder:
        for name in names:
            schema = filesystem.open_parquet(folder / name).schema_arrow
            builder.table(name, _recompute_clusters(name, _remaining_rows(folder / name, targets), schema), schema)
        for name in manifest.tables("compared"):  # hashes of texts; the next dedupe compares all pairs again
            builder.table(name, COMPARED.empty_table(), COMPARED)
        erased = _by_table(erased_by_file)
        builder.counts["erased"] += sum(erased.values())
        for table, rows in erased.items():
            count = COUNTED_AS.get(table, table)
            builder.counts.update({count: -rows} if count in builder.counts else {})
        if manifest.stage == "curate":
            _update_snapshot_texts(folder, manifest, builder)
    return erased


def count_rows(folder: Path, manifest: Manifest, targets: ErasureTargets) -> dict[str, int]:
    """What `erase_rows` would erase from a folder."""
    if manifest.stage in OF_MODELS:
        _, gone = _samples(folder, targets)
        return {"samples": len(gone)} if gone else {}
    return _by_table(_rows_by_file(folder, manifest, targets))


def _rows_by_file(folder: Path, manifest: Manifest, targets: ErasureTargets) -> dict[str, int]:
    names = _tables(folder, manifest, targets)
    return {name: sum(1 for _ in _target_rows(folder / name, targets)) for name in names}


def _by_table(erased_by_file: dict[str, int]) -> dict[str, int]:
    erased: dict[str, int] = {}
    for name, rows in erased_by_file.items():
        table = name.split("-")[0]
        erased[table] = erased.get(table, 0) + rows
    return {table: rows for table, rows in erased.items() if rows}


def _remaining_rows(path: Path, targets: ErasureTargets) -> Iterator[pa.RecordBatch]:
    with filesystem.open_parquet(path) as file:
        keys = [name for name in KEYS if name in file.schema_arrow.names]
        for batch in file.iter_batches():
            mask = [not targets.matches_row(row) for row in batch.select(keys).to_pylist()]
            yield _without_erased_survivors(batch.filter(pa.array(mask, pa.bool_())), targets)


def _without_erased_survivors(batch: pa.RecordBatch, targets: ErasureTargets) -> pa.RecordBatch:
    """Verdicts in which no duplicate names an erased record as its survivor."""
    if "duplicate_of" not in batch.schema.names:
        return batch
    survivors = ["" if targets.matches_id(name or "") else name for name in batch["duplicate_of"].to_pylist()]
    reasons = [[_reason(reason, targets) for reason in row] for row in batch["reasons"].to_pylist()]
    changed = {"duplicate_of": pa.array(survivors, pa.string()), "reasons": pa.array(reasons, batch["reasons"].type)}
    return pa.record_batch({name: changed.get(name, batch[name]) for name in batch.schema.names})


def _reason(reason: dict[str, str], targets: ErasureTargets) -> dict[str, str]:
    """The reason without its value where that names an erased record."""
    if reason["rule"] != "duplicate":
        return reason
    value = json.loads(reason["value"])
    return reason | {"value": "{}"} if targets.matches_id(value.get("cluster_id", "")) else reason


def _recompute_clusters(
    name: str, batches: Iterator[pa.RecordBatch], schema: pa.Schema
) -> Iterable[pa.RecordBatch] | pa.Table:
    """New ids for clusters and groups, which are named by their smallest member; it may have been erased."""
    if not name.startswith("clusters-"):
        return batches
    with duckdb.connect(config={"threads": 1}) as con:
        con.register("remaining", pa.Table.from_batches(batches, schema))
        return con.sql(_CLUSTERS).to_arrow_table().cast(schema)


_NOTE = Message("{number} rows were erased on request after this version was published; the numbers above count them.")


def _update_snapshot_texts(folder: Path, manifest: Manifest, builder: storage.FolderBuilder) -> None:
    """Update the snapshot's counts and attribution, and add a note to its card. The card's numbers stay."""
    from pipelines.publish.attribution import attribution  # the import takes a second, and no worker needs it

    counts = builder.counts
    counts["kept"] = sum(counts[split] for split in SPLITS)
    counts["records"] = counts["kept"] + counts["dropped"]
    records, pairs = ([*_paths(folder, manifest, builder, tables)] for tables in (SPLITS, (PAIRS,)))
    with duckdb.connect(config={"threads": 1}) as con:
        duck.use_filesystem(con, folder)
        for name, paths, schema in (("published", records, PUBLISHED), ("published_pairs", pairs, PUBLISHED_PAIR)):
            con.execute(f"CREATE VIEW {name} AS SELECT * FROM {duck.parquet(paths, schema)}")
        builder.text(ATTRIBUTION, attribution(con))
    for name, language in CARDS.items():
        if (folder / name).exists():  # an earlier release wrote no card in Chinese
            with spoken(language):
                card = (folder / name).read_text().split(tr(ERASED))[0]
                builder.text(name, f"{card}{tr(ERASED)}{tr(_NOTE, number=counts['erased'])}\n")


def _paths(folder: Path, manifest: Manifest, builder: storage.FolderBuilder, tables: Iterable[str]) -> Iterator[Path]:
    """The shards of some tables: those that were written anew, and those that stay."""
    for name in (name for table in tables for name in manifest.tables(table)):
        yield (builder.folder if builder.has(name) else folder) / name


def _erase_samples(folder: Path, manifest: Manifest, targets: ErasureTargets) -> dict[str, int]:
    """Erase from the samples on a model's card. Its weights stay as they are, so `forget` lists such models."""
    metrics, gone = _samples(folder, targets)
    if not gone:
        return {}
    kept = [sample for sample in metrics["samples"] if sample not in gone]
    with storage.rewriting(folder, manifest) as builder:
        builder.fingerprint = manifest.fingerprint
        builder.text(SAMPLES, json.dumps(metrics | {"samples": kept}, indent=1, ensure_ascii=False) + "\n")
        for name in filter(lambda name: (folder / name).exists(), CARDS):  # earlier releases wrote no card in Chinese
            with spoken(CARDS[name]):
                builder.text(name, _without_answers((folder / name).read_text()))
    return {"samples": len(gone)}


def _without_answers(card: str) -> str:
    """A model's card without anybody's words; of one that has other headings nothing is left."""
    heading, following = f"{tr(answers.HEADING)}\n\n", f"\n\n{tr(answers.NEXT_HEADING)}\n\n"
    head, _, rest = card.partition(heading)
    _, found, tail = rest.rpartition(following)
    erased = tr("Erased on request.")
    return f"{head}{heading}{erased}{following}{tail}" if found else f"{erased}\n"


def _samples(folder: Path, targets: ErasureTargets) -> tuple[dict[str, Any], list[Any]]:
    """What a model's card says, and the samples of it that have to go."""
    if not (folder / SAMPLES).exists():
        return {}, []
    metrics = json.loads((folder / SAMPLES).read_text())
    return metrics, [sample for sample in metrics.get("samples", ()) if targets.matches_id(sample["record_id"])]


def erase_cached(path: Path, is_erased: Callable[[str], bool]) -> int:
    """Erase answers from the web cache at `path` by address; returns how many."""
    return store.forget(path, is_erased) if path.exists() else 0


def count_cached(path: Path, is_erased: Callable[[str], bool]) -> int:
    """How many answers `erase_cached` would erase."""
    return store.count(path, is_erased) if path.exists() else 0


def erase_pages(folder: Path, manifest: Manifest, targets: ErasureTargets, impact: Impact) -> int:
    """Erase from a batch of pages; returns how many were removed or lost a part."""
    affected = {page_id for batch, page_id in impact.remaining if batch == folder}
    names = [name for name in manifest.tables("pages") if affected & set(_column(folder / name, "page_id"))]
    rejects = [name for name in manifest.tables("rejects") if any(True for _ in _target_rows(folder / name, targets))]
    if names or rejects:
        with storage.rewriting(folder, manifest) as builder:
            for name in names:
                pages = (_remaining_page(page, folder, impact) for page in read_pages(folder / name))
                builder.table(name, pa.Table.from_pylist([to_row(page) for page in pages if page], schema=PAGE), PAGE)
            for name in rejects:
                schema = filesystem.open_parquet(folder / name).schema_arrow
                builder.table(name, _remaining_rows(folder / name, targets), schema)
            _recount(folder, manifest, builder)
    return len(affected)


def _remaining_page(page: Page, folder: Path, impact: Impact) -> Page | None:
    if (folder, page.page_id) not in impact.remaining:
        return page
    compressed = impact.remaining[folder, page.page_id]
    return decompress_page(compressed) if compressed else None


def _recount(folder: Path, manifest: Manifest, builder: storage.FolderBuilder) -> None:
    """Set the counts and the fingerprint of a batch, as collect sets them."""
    count, size, fingerprints = 0, 0, list[str]()
    for name in manifest.tables("pages"):
        for page in read_pages((builder.folder if builder.has(name) else folder) / name):
            count, size = count + 1, size + len(page.body)
            fingerprints.append(page_batches.fingerprint(page))
    builder.counts["erased"] += builder.counts["pages"] - count
    builder.counts["pages"], builder.counts["bytes"] = count, size
    builder.fingerprint = digest(fingerprints)


def _column(path: Path, name: str) -> list[str]:
    result: list[str] = filesystem.open_parquet(path).read(columns=[name])[name].to_pylist()
    return result
