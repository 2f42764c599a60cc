"""Files without the rows that have to go. Whatever holds none of them is left as it is."""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa

from connectors.web import store
from pipelines import catalog, storage
from pipelines.forget.plan import Found, read_pages, unzipped
from pipelines.storage import duck, filesystem
from pipelines.storage import pages as standing
from pipelines.suppression import Tombstones
from schemas.cluster import COMPARED
from schemas.manifest import Manifest, digest
from schemas.page import PAGE, Page, to_row
from schemas.verdict import PUBLISHED

KEYS = ("record_id", "pair_id", "duplicate_id", "page_id", "key", "url", "source", "author")
COUNTED_AS = {"signals": "records", "clusters": "records"}
SPLITS = ("train", "validation", "test")
ANSWERS, AFTER_ANSWERS = "## Answers before and after\n\n", "\n\n## Use\n\n"
SAMPLES, CARD, ATTRIBUTION = "metrics.json", "README.md", "ATTRIBUTION.md"
ERASED = "\n## Erased since\n\n"

_CLUSTERS = """
SELECT * REPLACE (min(record_id) OVER (PARTITION BY cluster_id) AS cluster_id,
                  min(record_id) OVER (PARTITION BY group_id) AS group_id,
                  CAST(count(*) OVER (PARTITION BY cluster_id) AS INTEGER) AS cluster_size)
FROM left_over ORDER BY record_id
"""
_NEAR = """
SELECT DISTINCT other.record_id FROM clusters one JOIN clusters other USING (recipe, cluster_id)
WHERE list_contains($gone, one.record_id) AND NOT list_contains($gone, other.record_id) ORDER BY ALL
"""


@dataclass(frozen=True)
class Gone:
    """What has to go: rows of these pages, these records and pairs, and whatever a tombstone knows."""

    tombstones: Tombstones
    pages: frozenset[str]
    ids: frozenset[str]

    def row(self, row: dict[str, str | None]) -> bool:
        ids = [row.get(name) or "" for name in ("record_id", "pair_id", "duplicate_id")]
        by = self.tombstones.author(row.get("source") or "", row.get("author"))
        at = self.tombstones.url(row.get("url")) or self.tombstones.url(row.get("key"))
        return by or at or row.get("page_id") in self.pages or any(map(self.id, ids))

    def id(self, name: str) -> bool:
        return name in self.ids or (bool(name) and self.tombstones.record(name))


Folder = tuple[Path, Manifest]


def touched(data: Path, gone: Gone) -> tuple[list[Folder], frozenset[str]]:
    """The folders after pages that hold rows to erase, and the ids of those rows."""
    folders, ids = list[Folder](), set[str]()
    for folder, manifest in storage.manifests(data):
        found = [row for name in _tables(folder, manifest, gone) for row in _gone_rows(folder / name, gone)]
        if found and manifest.stage != "collect":
            folders.append((folder, manifest))
            ids |= {row.get("record_id") or row.get("pair_id") or "" for row in found} - {""}
    return folders, frozenset(ids)


def _tables(folder: Path, manifest: Manifest, gone: Gone) -> Iterator[str]:
    """The tables with a row to erase, or with a row that names one."""
    for shard in manifest.shards:
        if shard.path.endswith(".parquet"):
            names = filesystem.open_parquet(folder / shard.path).schema_arrow.names
            if "duplicate_of" in names or any(True for _ in _gone_rows(folder / shard.path, gone)):
                yield shard.path


def _gone_rows(path: Path, gone: Gone) -> Iterator[dict[str, str | None]]:
    with filesystem.open_parquet(path) as file:
        keys = [name for name in KEYS if name in file.schema_arrow.names]
        for batch in file.iter_batches(columns=keys):
            yield from filter(gone.row, batch.to_pylist())


def near_duplicates(data: Path, gone: Gone) -> list[str]:
    """Records that say nearly the same as one that goes, and stay: for a person to look at."""
    with catalog.connect(data) as con:
        known = [name for (name,) in con.sql("SELECT DISTINCT record_id FROM clusters").fetchall()]
        return [name for (name,) in con.execute(_NEAR, {"gone": [*filter(gone.id, known)]}).fetchall()]


def models_of(data: Path, folders: Iterable[Folder]) -> list[str]:
    """Models trained on one of these snapshots, as paths below `data`."""
    learnt = {manifest.fingerprint for _, manifest in folders if manifest.stage == "curate"}
    made = ((folder, m) for folder, m in storage.manifests(data) if m.inputs.get("curated") in learnt)
    return [folder.relative_to(data).as_posix() for folder, _ in made]


def rewrite(folder: Path, manifest: Manifest, gone: Gone) -> dict[str, int]:
    """Erase from one folder; returns how many rows of each table went."""
    if manifest.stage == "finetune":
        return _rewrite_model(folder, manifest, gone)
    names = list(_tables(folder, manifest, gone))
    lost = {name: sum(1 for _ in _gone_rows(folder / name, gone)) for name in names}
    if not any(lost.values()):
        return {}
    with storage.rewriting(folder, manifest) as made:
        for name in names:
            schema = filesystem.open_parquet(folder / name).schema_arrow
            made.table(name, _relabelled(name, _left(folder / name, gone), schema), schema)
        for name in manifest.tables("compared"):  # hashes of texts; what stays is compared again when it is clustered
            made.table(name, COMPARED.empty_table(), COMPARED)
        erased = _by_table(lost)
        made.counts["erased"] += sum(erased.values())
        for table, rows in erased.items():
            count = COUNTED_AS.get(table, table)
            made.counts.update({count: -rows} if count in made.counts else {})
        if manifest.stage == "curate":
            _retell(folder, manifest, made)
    return erased


def _by_table(lost: dict[str, int]) -> dict[str, int]:
    erased: dict[str, int] = {}
    for name, rows in lost.items():
        table = name.split("-")[0]
        erased[table] = erased.get(table, 0) + rows
    return {table: rows for table, rows in erased.items() if rows}


def _left(path: Path, gone: Gone) -> Iterator[pa.RecordBatch]:
    with filesystem.open_parquet(path) as file:
        keys = [name for name in KEYS if name in file.schema_arrow.names]
        for batch in file.iter_batches():
            mask = [not gone.row(row) for row in batch.select(keys).to_pylist()]
            yield _unnamed(batch.filter(pa.array(mask, pa.bool_())), gone)


def _unnamed(batch: pa.RecordBatch, gone: Gone) -> pa.RecordBatch:
    """No verdict leans on a record that is gone."""
    if "duplicate_of" not in batch.schema.names:
        return batch
    survivors = ["" if gone.id(name or "") else name for name in batch["duplicate_of"].to_pylist()]
    reasons = [[_reason(reason, gone) for reason in row] for row in batch["reasons"].to_pylist()]
    told = {"duplicate_of": pa.array(survivors, pa.string()), "reasons": pa.array(reasons, batch["reasons"].type)}
    return pa.record_batch({name: told.get(name, batch[name]) for name in batch.schema.names})


def _reason(reason: dict[str, str], gone: Gone) -> dict[str, str]:
    if reason["rule"] != "duplicate":
        return reason
    value = json.loads(reason["value"])
    return reason | {"value": "{}"} if gone.id(value.get("cluster_id", "")) else reason


def _relabelled(name: str, batches: Iterator[pa.RecordBatch], schema: pa.Schema) -> Iterable[pa.RecordBatch] | pa.Table:
    """Clusters and groups are called after their smallest member, who may have gone."""
    if not name.startswith("clusters-"):
        return batches
    with duckdb.connect(config={"threads": 1}) as con:
        con.register("left_over", pa.Table.from_batches(batches, schema))
        return con.sql(_CLUSTERS).to_arrow_table().cast(schema)


def _retell(folder: Path, manifest: Manifest, made: storage.FolderBuilder) -> None:
    """The snapshot's own counts, its attribution, and a word on its card; the card's numbers are those of its day."""
    from pipelines.publish.attribution import attribution  # which takes a second, and no worker needs it

    counts = made.counts
    counts["kept"] = sum(counts[split] for split in SPLITS)
    counts["records"] = counts["kept"] + counts["dropped"]
    files = [made.folder if made.has(name) else folder for split in SPLITS for name in manifest.tables(split)]
    names = [name for split in SPLITS for name in manifest.tables(split)]
    paths = [at / name for at, name in zip(files, names, strict=True)]
    with duckdb.connect(config={"threads": 1}) as con:
        duck.use_filesystem(con, folder)
        con.execute(f"CREATE VIEW published AS SELECT * FROM {duck.parquet(paths, PUBLISHED)}")
        made.text(ATTRIBUTION, attribution(con))
    card = (folder / CARD).read_text().split(ERASED)[0]
    told = "rows were erased on request after this version was published; the numbers above count them."
    made.text(CARD, f"{card}{ERASED}{counts['erased']} {told}\n")


def _rewrite_model(folder: Path, manifest: Manifest, gone: Gone) -> dict[str, int]:
    """The samples a model's card shows. What its weights have learnt stays; `forget` lists such models."""
    if not (folder / SAMPLES).exists():
        return {}
    numbers = json.loads((folder / SAMPLES).read_text())
    kept = [sample for sample in numbers["samples"] if not gone.id(sample["record_id"])]
    if len(kept) == len(numbers["samples"]):
        return {}
    head, _, rest = (folder / CARD).read_text().partition(ANSWERS)
    _, use, tail = rest.rpartition(AFTER_ANSWERS)
    with storage.rewriting(folder, manifest) as made:
        made.fingerprint = manifest.fingerprint
        made.text(SAMPLES, json.dumps(numbers | {"samples": kept}, indent=1, ensure_ascii=False) + "\n")
        made.text(CARD, f"{head}{ANSWERS}Erased on request.{use}{tail}")
    return {"samples": len(numbers["samples"]) - len(kept)}


def cached(path: Path, gone: Callable[[str], bool]) -> int:
    return store.forget(path, gone) if path.exists() else 0


def pages(folder: Path, manifest: Manifest, gone: Gone, found: Found) -> int:
    """Erase from a batch of pages; returns how many were removed, or left without a part."""
    affected = {page_id for at, page_id in found.left if at == folder}
    names = [name for name in manifest.tables("pages") if affected & set(_column(folder / name, "page_id"))]
    rejects = [name for name in manifest.tables("rejects") if any(True for _ in _gone_rows(folder / name, gone))]
    if names or rejects:
        with storage.rewriting(folder, manifest) as made:
            for name in names:
                kept = [left for page in read_pages(folder / name) if (left := _left_of(page, folder, found))]
                made.table(name, pa.Table.from_pylist([to_row(page) for page in kept], schema=PAGE), PAGE)
            for name in rejects:
                made.table(name, _left(folder / name, gone), filesystem.open_parquet(folder / name).schema_arrow)
            _recount(folder, manifest, made)
    return len(affected)


def _left_of(page: Page, folder: Path, found: Found) -> Page | None:
    at = folder, page.page_id
    if at not in found.left:
        return page
    kept = found.left[at]
    return unzipped(kept) if kept else None


def _recount(folder: Path, manifest: Manifest, made: storage.FolderBuilder) -> None:
    """Counts and fingerprint of a batch, as collect makes them."""
    count, size, said = 0, 0, []
    for name in manifest.tables("pages"):
        for page in read_pages((made.folder if made.has(name) else folder) / name):
            count, size = count + 1, size + len(page.body)
            said.append(standing.fingerprint(page))
    made.counts["erased"] += made.counts["pages"] - count
    made.counts["pages"], made.counts["bytes"] = count, size
    made.fingerprint = digest(said)


def _column(path: Path, name: str) -> list[str]:
    return filesystem.open_parquet(path).read(columns=[name])[name].to_pylist()


def decisions(path: Path, gone: Gone) -> int:
    """Decisions on records that go: they may hold an edited text."""
    if not path.exists():
        return 0
    lines = path.read_text().splitlines(keepends=True)
    kept = [line for line in lines if not gone.id(_about(line))]
    if len(kept) < len(lines):
        storage.write_text(path, "".join(kept))
    return len(lines) - len(kept)


def _about(line: str) -> str:
    """The record of a decision; "" where the line cannot be read, which curate says."""
    try:
        return str(json.loads(line)["record_id"])
    except (ValueError, KeyError, TypeError):
        return ""
