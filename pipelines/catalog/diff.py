"""What two snapshots of a recipe differ in: records that came, went and changed, and the rules that did it."""

import shlex
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
from rich.console import Console
from rich.table import Table

from pipelines import storage
from pipelines.catalog import snapshots
from pipelines.curate import SPLITS
from pipelines.curate.policy import Policy
from pipelines.errors import did_you_mean
from pipelines.messages import tr
from pipelines.recipe import RecipeError
from pipelines.storage import duck, shard_cache
from schemas.manifest import Manifest
from schemas.verdict import PUBLISHED, VERDICT

SIDES = ("before", "after")
EXAMPLES = 5  # records that the screen names of each kind
WENT, CAME = "old.kept AND NOT coalesce(new.kept, false)", "new.kept AND NOT coalesce(old.kept, false)"
_FATES = """
CREATE TABLE fate AS
SELECT record_id, old.record_id IS NULL AS unknown_before, new.record_id IS NULL AS unknown_after,
       {went} AS went, {came} AS came, list_transform(old.reasons, reason -> reason.rule) AS rules_before,
       list_transform(new.reasons, reason -> reason.rule) AS rules_after
FROM (SELECT * FROM {before}) AS old FULL JOIN (SELECT * FROM {after}) AS new USING (record_id)
WHERE coalesce(old.kept, false) <> coalesce(new.kept, false)
"""
_CHANGED = """
CREATE TABLE changed AS
SELECT record_id, list_filter([{columns}], name -> name IS NOT NULL) AS columns
FROM (SELECT * FROM {before}) AS old JOIN (SELECT * FROM {after}) AS new USING (record_id)
WHERE len(columns) > 0
"""
_RULES = """
SELECT rule, sum(went)::BIGINT, sum(came)::BIGINT FROM (
    SELECT unnest(rules_after) AS rule, 1 AS went, 0 AS came FROM fate WHERE went
    UNION ALL SELECT unnest(rules_before), 0, 1 FROM fate WHERE came)
GROUP BY rule ORDER BY sum(went) + sum(came) DESC, rule
"""


@dataclass(frozen=True)
class RuleChange:
    """Records that went and break the rule in the later snapshot, and that came and broke it in the earlier one.

    `became` is what happened to the rule itself: "same", "added", "removed", "changed", or "built-in" (duplicates,
    decisions, quotas).
    """

    rule: str
    went: int
    came: int
    became: str


@dataclass(frozen=True)
class Difference:
    """Record ids, in alphabetical order.

    `came` and `went` into and out of the snapshot; of these `new` were not there to be judged before, and `gone` are
    not there any more. `changed`: kept in both, with the columns that differ.
    """

    recipe: str
    before: str
    after: str
    kept: tuple[int, int]
    came: tuple[str, ...]
    new: tuple[str, ...]
    went: tuple[str, ...]
    gone: tuple[str, ...]
    changed: Mapping[str, tuple[str, ...]]
    rules: tuple[RuleChange, ...]


def diff(recipe: str, data: Path, before: str = "", after: str = "") -> Difference:
    """Compare two snapshots: where none is named the latest, with the one before it or, if it is the first, the last.

    Raises: RecipeError where there is no such snapshot, Damaged where one is not what was written.
    """
    named = snapshots.versions(recipe, data)
    if len(named) == 1 and not (before and after):
        raise RecipeError("{recipe}: {version} is its only snapshot", recipe=recipe, version=named[0])
    later = _named(after or snapshots.latest(recipe, data), named)
    earlier = _named(before or named[named.index(later) - 1], named)
    folders = [snapshots.folder_of(recipe, name, data) for name in (earlier, later)]
    both = [(folder, _manifest(folder)) for folder in folders]
    with _tables(both) as con:
        return Difference(
            recipe,
            earlier,
            later,
            (both[0][1].counts["kept"], both[1][1].counts["kept"]),
            came=_ids(con, "came"),
            new=_ids(con, "came AND unknown_before"),
            went=_ids(con, "went"),
            gone=_ids(con, "went AND unknown_after"),
            changed={name: tuple(columns) for name, columns in con.sql("FROM changed ORDER BY record_id").fetchall()},
            rules=tuple(_rules(con, *(Policy.model_validate(made.params["policy"]) for _, made in both))),
        )


def _named(version: str, known: list[str]) -> str:
    if version not in known:
        raise RecipeError("no snapshot {version}{cure}", version=version, cure=did_you_mean(version, known))
    return version


def _manifest(folder: Path) -> Manifest:
    manifest = storage.read_manifest(folder)
    assert manifest is not None  # `versions` has read it
    return manifest


@contextmanager
def _tables(both: Sequence[tuple[Path, Manifest]]) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection with the tables `fate`, of records whose fate differs, and `changed`."""
    listed = {
        table: [[shard for name in names for shard in storage.tables(*one, name)] for one in both]
        for table, names in {"verdicts": ("verdicts",), "published": SPLITS}.items()
    }
    copies = {table: [shard_cache.local_copies(shards) for shards in of_both] for table, of_both in listed.items()}
    fates, texts = (
        dict(zip(SIDES, (duck.parquet(each.paths, schema) for each in copies[table]), strict=True))
        for table, schema in {"verdicts": VERDICT, "published": PUBLISHED}.items()
    )
    with duck.open_duckdb(both[0][0]) as con:
        con.execute(_FATES.format(went=WENT, came=CAME, **fates))
        con.execute(_CHANGED.format(columns=_differing(con, texts), **texts))
        yield con


def _differing(con: duckdb.DuckDBPyConnection, sides: Mapping[str, str]) -> str:
    """SQL for the names of the columns that differ, of those that both releases have published."""
    has = [set(con.sql(f"FROM {source} LIMIT 0").columns) for source in sides.values()]
    names = [name for name in PUBLISHED.names if name != "record_id" and all(name in columns for columns in has)]
    return ", ".join(f"CASE WHEN old.{name} IS DISTINCT FROM new.{name} THEN '{name}' END" for name in names)


def _ids(con: duckdb.DuckDBPyConnection, condition: str) -> tuple[str, ...]:
    found = con.sql(f"SELECT record_id FROM fate WHERE {condition} ORDER BY record_id").fetchall()
    return tuple(name for (name,) in found)


def _rules(con: duckdb.DuckDBPyConnection, before: Policy, after: Policy) -> Iterator[RuleChange]:
    """Rules that moved a record, then those that are other ones and moved none."""
    counted: dict[str, tuple[int, int]] = {rule: (went, came) for rule, went, came in con.sql(_RULES).fetchall()}
    old, new = ({rule.name: (rule.drop_if, rule.if_null) for rule in policy.rules} for policy in (before, after))
    for rule in dict.fromkeys([*counted, *sorted(old.keys() | new.keys())]):
        became = _became(old.get(rule), new.get(rule))
        if rule in counted or became != "same":
            yield RuleChange(rule, *counted.get(rule, (0, 0)), became)


def _became(old: Any, new: Any) -> str:
    if old is None or new is None:
        return "added" if new else "removed" if old else "built-in"
    return "same" if old == new else "changed"


def show(found: Difference, console: Console) -> None:
    """The difference on one screen: numbers, rules, and a few records of each kind."""
    console.print(f"{found.recipe}: {found.before} → {found.after}", markup=False, highlight=False)
    kinds = {tr("came"): found.came, tr("went"): found.went, tr("differ"): tuple(found.changed)}
    table = Table("", tr("records"), "", show_edge=False)
    table.add_row(tr("kept"), f"{found.kept[0]:,} → {found.kept[1]:,}", "")
    notes = [
        tr("{number} were not there before", number=f"{len(found.new):,}"),
        tr("{number} are not there any more", number=f"{len(found.gone):,}"),
        ", ".join(f"{column} {number:,}" for column, number in columns(found).items()),
    ]
    for (kind, names), note in zip(kinds.items(), notes, strict=True):
        table.add_row(kind, f"{len(names):,}", note if names else "")
    console.print(table)
    _show_rules(found, console)
    for kind, names in kinds.items():
        for name in names[:EXAMPLES]:
            command = shlex.join(["gristmill", "explain", name])
            console.print(
                tr("{kind}, for instance: {command}", kind=kind, command=command), markup=False, soft_wrap=True
            )


def columns(found: Difference) -> dict[str, int]:
    """How many changed records differ in each column, the most first."""
    counted: dict[str, int] = {}
    for names in found.changed.values():
        for name in names:
            counted[name] = counted.get(name, 0) + 1
    return dict(sorted(counted.items(), key=lambda item: (-item[1], item[0])))


def became(change: RuleChange) -> str:
    """What became of the rule, in words."""
    words = {"added": tr("added"), "removed": tr("removed"), "changed": tr("differs"), "built-in": tr("built in")}
    return words.get(change.became, "")


def _show_rules(found: Difference, console: Console) -> None:
    if not found.rules:
        return
    table = Table(tr("rule"), show_edge=False)
    table.add_column(tr("went, and break it now"), justify="right")
    table.add_column(tr("came, and broke it before"), justify="right")
    table.add_column(tr("the rule"))
    for change in found.rules:
        table.add_row(change.rule, f"{change.went:,}", f"{change.came:,}", became(change))
    console.print("", table)
