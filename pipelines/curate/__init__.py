"""Stage 5: records, signals and clusters, judged by a policy → 5_curated/<recipe>/<version>/, a snapshot.

    external  suppression list, decisions of people, benchmark items → tables beside the records
    judge     every rule → the survivor of each cluster → quotas and budget (curate/mixture.py) → splits
    publish   train, validation, test   kept records, redacted, in order of record_id
              pairs                     preferences between answers, each with the split of its question
              dropped, verdicts         the other records with every rule they broke, and the verdict on each record
              contaminated              benchmark items found in records, side by side
              README.md, ATTRIBUTION.md, signals.svg   dataset card, authors, histograms; card and histograms in Chinese
                        too: README.zh-CN.md, signals.zh-CN.svg

A snapshot never changes: the same inputs and the same policy give the same version. `latest` points to the version of
the last run.
"""

import logging
from collections.abc import Callable, Iterable, Iterator
from math import ceil
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from pipelines import storage
from pipelines.curate import decisions, external, likeness, measured, mixture, policy, sql
from pipelines.curate.policy import BUILT_IN, Policy
from pipelines.curate.redact import redact_batch
from pipelines.messages import CARDS, Message, beside, spoken, tr
from pipelines.publish import histograms
from pipelines.publish.attribution import attribution, code_span
from pipelines.publish.card import SIGNALS, RuleLine, dataset_card
from pipelines.recipe import Recipe
from pipelines.storage import duck, inputs, layout
from pipelines.storage.user_sql import closed
from pipelines.workers import pool
from schemas.manifest import Manifest
from schemas.record import PAIR, RECORD
from schemas.verdict import CONTAMINATED, PUBLISHED, PUBLISHED_PAIR, REASONS, VERDICT

VERSION = 6  # 6: e-mail addresses before `.md`, and keys without a name, in ids and addresses
STAGE = "curate"
SPLITS = ("train", "validation", "test")
SHARD_ROWS = 50_000
BATCH = 4_096
INLINE = 5_000  # rows that are redacted before worker processes would have begun to
MEMORY = "768MB"  # for DuckDB; the whole process then takes 1.6 GB for 10^7 records
DROPPED = RECORD.append(pa.field("reasons", REASONS)).append(pa.field("duplicate_of", pa.string()))

Redact = Callable[[Iterable[pa.RecordBatch]], Iterable[pa.RecordBatch]]
log = logging.getLogger("gristmill")


class ConservationError(Exception):
    """The numbers of kept and dropped records do not add up. It is a defect of the program, never of the input."""


def run(recipe: Recipe, data: Path, workers: int = 1) -> Manifest:
    """Publish a snapshot of the recipe; returns its manifest. A snapshot of the same inputs is not built again.

    Raises: RecipeError, PolicyError.
    """
    rules, external_inputs = policy.load(recipe.policy), external.load(recipe, data)
    decisions.note(recipe, data)
    read = inputs.load_inputs(recipe, data, clusters=True)
    key: dict[str, Any] = {
        "stage": STAGE,
        "name": recipe.name,
        "version": VERSION,
        "params": {"policy": _told(rules)} | _titles(recipe),
        "inputs": read.fingerprints | external_inputs.fingerprints | likeness.fingerprints(rules.mixture.like),
    }
    folder, done = _find_version(storage.folder(data, STAGE, recipe.name), key)
    if not done:
        _check_columns(recipe, read)
        with storage.becoming_latest(folder), storage.building(folder, **key, resume=False) as builder:
            bound = duck.bounded(Message("policy {policy}", policy=recipe.policy), policy.JUDGING)
            with duck.spilling_duckdb(folder, workers, MEMORY) as (con, _), bound:
                con.execute(sql.FIXED_JOIN_ORDER)
                duck.lock(con, data)
                external.create_tables(con, read, external_inputs)
                measured.require_columns(rules, con.table("candidate").columns, recipe.name)
                _judge(con, rules, data)
                _publish(con, builder, rules, workers)
                _count_by_source(con, builder, read.counts)
                _write_pictures(histograms.count(con, closed(rules.quality)), builder)
                _write_cards(con, recipe, folder.name, _rule_lines(con, rules), builder, read)
                con.execute(sql.published_pairs(rules))
                builder.text("ATTRIBUTION.md", attribution(con))
            _check_conservation(builder)
    else:
        storage.point_latest(folder)
    return storage.finished(folder, **key)  # type: ignore[return-value]


def _check_columns(recipe: Recipe, read: inputs.Inputs) -> None:
    command = f"gristmill run {recipe.name} --stages normalise,annotate,dedupe,curate"
    cure = Message("run `{command}`; no page is fetched again", command=command)
    for table, schema in (("records", RECORD), ("pairs", PAIR)):
        inputs.check_columns(read.paths[table], schema.names, table, cure)


def _write_pictures(counts: histograms.Counts, builder: storage.FolderBuilder) -> None:
    for name, language in CARDS.items():
        with spoken(language):
            builder.text(beside(name, SIGNALS), histograms.histograms(counts))


def _write_cards(
    con: duckdb.DuckDBPyConnection,
    recipe: Recipe,
    version: str,
    rules: list[RuleLine],
    builder: storage.FolderBuilder,
    read: inputs.Inputs,
) -> None:
    for name, language in CARDS.items():
        with spoken(language):
            builder.text(name, dataset_card(con, recipe, version, rules, builder, read))


def _told(rules: Policy) -> dict[str, Any]:
    """The policy for the snapshot's key, without a path of this machine; a new setting that is unset is left out."""
    told = rules.model_dump(mode="json")
    target = told["mixture"].pop("like")
    return told | {"mixture": told["mixture"] | ({"like": Path(target).name} if target else {})}


def _titles(recipe: Recipe) -> dict[str, Any]:
    """The titles that the card shows, for the snapshot's key; without any the key is as it ever was."""
    return {"titles": recipe.titles()} if recipe.titles() else {}


def _find_version(versions: Path, key: dict[str, Any]) -> tuple[Path, Manifest | None]:
    """The folder and manifest of the finished snapshot with this key; else the folder of the next version and None."""
    following = layout.next_version(versions)
    for folder in (*reversed(layout.versions(versions)), following):
        if done := storage.finished(folder, **key):
            return folder, done
    return following, None


def _judge(con: duckdb.DuckDBPyConnection, rules: Policy, data: Path) -> None:
    """Create the tables `judged` and `verdict` and the view `published`.

    An empty split gets a group of records, if there are enough.
    """
    con.execute(sql.judged(rules))
    mixture.apply(con, rules, data)
    con.execute(sql.groups(rules))
    percents = {"train": 1.0, "validation": rules.validation_percent, "test": rules.test_percent}
    for split, percent in percents.items():
        if percent:
            con.execute(sql.FILL_SPLIT, {"split": split})
    con.execute(sql.VERDICT)
    con.execute(sql.published(rules))


def _publish(con: duckdb.DuckDBPyConnection, builder: storage.FolderBuilder, rules: Policy, workers: int) -> None:
    tables = {split: (sql.SPLIT.format(split=split), PUBLISHED) for split in SPLITS} | {
        "pairs": (sql.pairs(rules), PUBLISHED_PAIR),
        "dropped": (sql.DROPPED, DROPPED),
        "verdicts": (sql.VERDICTS, VERDICT),
        "contaminated": (sql.CONTAMINATED, CONTAMINATED),
    }
    with pool.shared(redact_batch, workers) as redact:
        for name, (query, schema) in tables.items():
            _write_shards(con, builder, name, query, schema, redact)
    builder.counts.update(con.sql(sql.COUNTS).to_arrow_table().to_pylist()[0])
    if unknown := con.sql(sql.UNKNOWN_DECISIONS).fetchall()[0][0]:
        builder.counts["decisions_unknown"] = unknown
        log.warning(
            tr("curate: {unknown} decisions are about records that are not there; they are kept", unknown=unknown)
        )
    builder.counts.update({f"broken:{rule}": broken for rule, broken, _ in con.sql(sql.RULE_COUNTS).fetchall()})


def _count_by_source(con: duckdb.DuckDBPyConnection, builder: storage.FolderBuilder, sources: Iterable[str]) -> None:
    """Records and kept ones of each source, also of one that has none, and which rules dropped the others."""
    builder.counts.update({f"source_records:{source}": 0 for source in sources})
    for source, records, kept in con.sql(sql.SOURCE_COUNTS).fetchall():
        builder.counts.update({f"source_records:{source}": records, f"source_kept:{source}": kept})
    broken = con.sql(sql.SOURCE_RULE_COUNTS).fetchall()
    builder.counts.update({f"source_broken:{source}:{rule}": count for source, rule, count in broken})


def _rule_lines(con: duckdb.DuckDBPyConnection, rules: Policy) -> list[RuleLine]:
    """All rules of the policy, `duplicate`, and every other built-in rule that a record broke."""
    broken = {rule: (count, alone) for rule, count, alone in con.sql(sql.RULE_COUNTS).fetchall()}
    listed = [(rule.name, code_span(rule.drop_if), rule.why) for rule in rules.rules]
    listed += [(name, "", why) for name, why in BUILT_IN.items() if name == "duplicate" or name in broken]
    return [RuleLine(name, *broken.get(name, (0, 0)), drop_if, why) for name, drop_if, why in listed]


def _write_shards(
    con: duckdb.DuckDBPyConnection,
    builder: storage.FolderBuilder,
    name: str,
    query: str,
    schema: pa.Schema,
    redact: Redact,
) -> None:
    """Write the redacted rows of a query as shards of SHARD_ROWS rows, in one pass. Without rows there is no shard."""
    rows = con.sql(f"SELECT count(*) FROM ({query})").fetchall()[0][0]
    shards = ceil(rows / SHARD_ROWS)
    read = con.sql(query).to_arrow_reader(BATCH)
    batches = redact(read) if rows > INLINE else map(redact_batch, read)
    for number, shard in enumerate(_split_batches(batches, shards)):
        builder.table(f"{name}-{number:05d}-of-{shards:05d}.parquet", shard, schema, {name: 0})
    builder.counts[name] = rows


def _split_batches(batches: Iterable[pa.RecordBatch], shards: int) -> Iterator[Iterator[pa.RecordBatch]]:
    """`shards` iterators over SHARD_ROWS rows each. Each must be exhausted before the next."""
    pending = list[pa.RecordBatch]()
    source = iter(batches)

    def shard() -> Iterator[pa.RecordBatch]:
        missing = SHARD_ROWS
        while missing and (batch := pending.pop() if pending else next(source, None)) is not None:
            yield batch.slice(0, missing)
            if batch.num_rows > missing:
                pending.append(batch.slice(missing))
            missing -= min(missing, batch.num_rows)

    for _ in range(shards):
        yield shard()


def _check_conservation(builder: storage.FolderBuilder) -> None:
    counts = builder.counts
    published = sum(counts[split] for split in SPLITS)
    if counts["records"] != counts["kept"] + counts["dropped"] or counts["kept"] != published:
        raise ConservationError(f"{counts['records']} records, {published} published, {counts['dropped']} dropped")
