"""Stage 5: records, signals and clusters, judged by a policy → 5_curated/<recipe>/<version>/, a snapshot.

    given     what was forgotten, what people decided, what benchmarks hold → tables beside the records
    judge     every rule → who of a cluster survives → quotas and budget (curate/mixture.py) → splits
    publish   train, validation, test   what is kept, redacted, in order of record_id
              pairs                     preferences between answers whose questions are in train
              dropped, verdicts         the rest with every rule it broke, and the verdict on each record
              contaminated              benchmark items found in records, side by side
              README.md, ATTRIBUTION.md, signals.svg   the dataset card, the authors, what was measured

A snapshot is never changed: the same inputs under the same policy are the same version. `latest` leads to the one
that the last run asked for.
"""

import logging
from collections.abc import Iterable, Iterator
from math import ceil
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from pipelines import storage
from pipelines.curate import external, mixture, policy, sql
from pipelines.curate.policy import BUILT_IN, Policy
from pipelines.curate.redact import redacted
from pipelines.publish.attribution import attribution
from pipelines.publish.card import RuleLine, card
from pipelines.publish.histograms import histograms
from pipelines.recipe import Recipe
from pipelines.storage import duck, inputs
from schemas.manifest import Manifest
from schemas.record import PAIR, RECORD
from schemas.verdict import CONTAMINATED, PUBLISHED, REASONS, VERDICT

VERSION = 2
STAGE = "curate"
SPLITS = ("train", "validation", "test")
SHARD_ROWS = 50_000
BATCH = 4_096
MEMORY = "768MB"  # for DuckDB: with all else 1.6 GB of 10^7 records
DROPPED = RECORD.append(pa.field("reasons", REASONS)).append(pa.field("duplicate_of", pa.string()))


log = logging.getLogger("gristmill")


class ConservationError(Exception):
    """Records in are not records kept and dropped: a defect of the program, never of the input."""


def run(recipe: Recipe, data: Path, workers: int = 1) -> Manifest:
    """Publish a snapshot of the recipe, or return the one that stands. Raises RecipeError, PolicyError."""
    rules, told = policy.load(recipe.policy), external.of(recipe, data)
    read = inputs.load_inputs(recipe, data, clusters=True)
    about: dict[str, Any] = {
        "stage": STAGE,
        "name": recipe.name,
        "version": VERSION,
        "params": {"policy": rules.model_dump(mode="json")},
        "inputs": read.fingerprints | told.fingerprints,
    }
    folder, done = _version(storage.folder(data, STAGE, recipe.name), about)
    if not done:
        with storage.building(folder, **about, resume=False) as made:
            with duck.spilling_duckdb(folder, workers, MEMORY) as (con, _):
                con.execute(sql.AS_WRITTEN)
                external.enter(con, read, told)
                policy.require_columns(rules, con.table("candidate").columns, recipe.name)
                _judge(con, rules)
                _publish(con, made, rules)
                made.text("signals.svg", histograms(con, rules.quality))
                made.text(
                    "README.md", card(con, f"{recipe.name} {folder.name}", _rule_lines(con, rules), made, read.counts)
                )
                made.text("ATTRIBUTION.md", attribution(con))
            _check(made)
    storage.point_latest(folder)
    return storage.finished(folder, **about)  # type: ignore[return-value]


def _version(versions: Path, about: dict[str, Any]) -> tuple[Path, Manifest | None]:
    """The folder of the finished snapshot with this key, or of the next one."""
    numbers = sorted(int(path.name[1:]) for path in versions.glob("v[0-9]*") if path.name[1:].isdigit())
    following = numbers[-1] + 1 if numbers else 1
    for number in (*reversed(numbers), following):
        folder = versions / f"v{number}"
        if done := storage.finished(folder, **about):
            return folder, done
    return versions / f"v{following}", None


def _judge(con: duckdb.DuckDBPyConnection, rules: Policy) -> None:
    """Leave the table `verdict` in DuckDB. A split that came out empty is given a group, if there are enough."""
    con.execute(sql.judged(rules))
    mixture.apply(con, rules)
    con.execute(sql.groups(rules))
    wanted = {"train": 1.0, "validation": rules.validation_percent, "test": rules.test_percent}
    for split, percent in wanted.items():
        if percent:
            con.execute(sql.FILL_SPLIT, {"split": split})
    con.execute(sql.VERDICT)
    con.execute(sql.published(rules))


def _publish(con: duckdb.DuckDBPyConnection, made: storage.FolderBuilder, rules: Policy) -> None:
    for split in SPLITS:
        _write(con, made, split, sql.SPLIT.format(split=split), PUBLISHED)
    _write(con, made, "pairs", sql.pairs(rules), PAIR)
    _write(con, made, "dropped", sql.DROPPED, DROPPED)
    _write(con, made, "verdicts", sql.VERDICTS, VERDICT)
    _write(con, made, "contaminated", sql.CONTAMINATED, CONTAMINATED)
    made.counts.update(con.sql(sql.COUNTS).to_arrow_table().to_pylist()[0])
    if unknown := con.sql(sql.UNKNOWN_DECISIONS).fetchall()[0][0]:
        made.counts["decisions_unknown"] = unknown
        log.warning("curate: %d decisions are about records that are not there; they are kept", unknown)
    made.counts.update({f"broken:{rule}": broken for rule, broken, _ in con.sql(sql.RULE_COUNTS).fetchall()})


def _rule_lines(con: duckdb.DuckDBPyConnection, rules: Policy) -> list[RuleLine]:
    """Every rule of the policy, and of those that need no policy `duplicate` and whichever a record broke."""
    broken = {rule: (count, alone) for rule, count, alone in con.sql(sql.RULE_COUNTS).fetchall()}
    shown = [(rule.name, f"`{' '.join(rule.drop_if.split())}`", rule.why) for rule in rules.rules]
    shown += [(name, "", why) for name, why in BUILT_IN.items() if name == "duplicate" or name in broken]
    return [RuleLine(name, *broken.get(name, (0, 0)), drop_if, why) for name, drop_if, why in shown]


def _write(
    con: duckdb.DuckDBPyConnection, made: storage.FolderBuilder, name: str, query: str, schema: pa.Schema
) -> None:
    """Shards of SHARD_ROWS rows, redacted, one after another from one pass over the query; no shard without rows."""
    rows = con.sql(f"SELECT count(*) FROM ({query})").fetchall()[0][0]
    shards = ceil(rows / SHARD_ROWS)
    batches = redacted(con.sql(query).to_arrow_reader(BATCH))
    for number, shard in enumerate(_cut(batches, shards)):
        made.table(f"{name}-{number:05d}-of-{shards:05d}.parquet", shard, schema, {name: 0})
    made.counts[name] = rows


def _cut(batches: Iterable[pa.RecordBatch], shards: int) -> Iterator[Iterator[pa.RecordBatch]]:
    """`shards` iterators of SHARD_ROWS rows each, to be exhausted in turn."""
    left = list[pa.RecordBatch]()
    source = iter(batches)

    def shard() -> Iterator[pa.RecordBatch]:
        room = SHARD_ROWS
        while room and (batch := left.pop() if left else next(source, None)) is not None:
            yield batch.slice(0, room)
            if batch.num_rows > room:
                left.append(batch.slice(room))
            room -= min(room, batch.num_rows)

    for _ in range(shards):
        yield shard()


def _check(made: storage.FolderBuilder) -> None:
    counts = made.counts
    out = sum(counts[split] for split in SPLITS)
    if counts["records"] != counts["kept"] + counts["dropped"] or counts["kept"] != out:
        raise ConservationError(f"{counts['records']} records, {out} published, {counts['dropped']} dropped")
