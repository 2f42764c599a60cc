"""README.md of a snapshot: a Hugging Face dataset card with funnel, rules and mixtures, computed from the tables.

It is written in each of `messages.CARDS`, whatever the language of its maker is: the same snapshot has the same bytes.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import duckdb

from pipelines.messages import Message, beside, card_name, tr
from pipelines.publish.attribution import escape_markdown
from pipelines.recipe import Recipe
from pipelines.storage import FolderBuilder
from pipelines.storage.inputs import Inputs
from schemas.manifest import by_reason

SPLITS = ("train", "validation", "test")
SIZES = ((10**3, "n<1K"), (10**4, "1K<n<10K"), (10**5, "10K<n<100K"), (10**6, "100K<n<1M"), (10**7, "1M<n<10M"))
# identifiers that the hub knows; any other licence is `other` in the front matter and named in the table
HUB_LICENCES = {"apache-2.0", "mit", "cc0-1.0", "gfdl", "gpl-2.0", "gpl-3.0", "bsd-2-clause", "bsd-3-clause"} | {
    f"cc-by{kind}-{version}" for kind in ("", "-sa", "-nc", "-nc-sa") for version in ("2.5", "3.0", "4.0")
}

_MIX = """
SELECT coalesce({column}, '') AS value, count(*) FILTER (kept) AS kept, count(*) FILTER (NOT kept) AS dropped
FROM candidate JOIN verdict USING (record_id)
GROUP BY value ORDER BY kept DESC, dropped DESC, value
"""
_CLUSTERS = """
SELECT count(*) FILTER (size > 1), coalesce(sum(size) FILTER (size > 1), 0), coalesce(max(size), 0)
FROM (SELECT max(cluster_size) AS size FROM candidate GROUP BY cluster_id)
"""


class RuleLine(NamedTuple):
    """One rule in the card. `broken` counts the records that break it, `alone` those that break no other."""

    name: str
    broken: int
    alone: int
    drop_if: str
    why: str


def dataset_card(
    con: duckdb.DuckDBPyConnection,
    recipe: Recipe,
    version: str,
    rules: Sequence[RuleLine],
    builder: FolderBuilder,
    read: Inputs,
) -> str:
    """The card in Markdown and the language that is spoken, from the tables `candidate`, `verdict` and `published`.

    `rules` are listed with their numbers of records. `builder` has the counts and files of the snapshot, and
    `read` the counts of normalise by source and the models that measured.
    """
    counts = builder.counts
    title = f"{recipe.title or recipe.name} {version}"
    titles = {source.name: source.title for source in recipe.sources if source.title}
    mixes = {name: con.sql(_MIX.format(column=column)).fetchall() for name, column in _MIXES.items()}
    return "\n".join(
        [
            _front_matter(title, counts, mixes),
            f"# {title if _is_plain(title) else escape_markdown(title)}\n",
            f"{tr(_INTRODUCTION)}\n",
            *(f"- `{name}`: {escape_markdown(source_title)}" for name, source_title in sorted(titles.items())),
            *([""] if titles else []),
            _LOADING,
            tr(_COLUMNS),
            _funnel(counts, sum(of_source.get("pages", 0) for of_source in read.counts.values())),
            _losses(read.counts),
            _rules(rules),
            *(_mix(name, rows) for name, rows in mixes.items()),
            _duplicates(con, counts),
            _contamination(con, counts),
            _decisions(con, counts),
            *_measured(con, read),
            tr(_ENDING),
            *_licence_conflict(mixes["licence"]),
            _files(builder),
        ]
    )


_BENCHMARKS = """
SELECT benchmark, items, sought, count(DISTINCT item), count(DISTINCT record_id),
       coalesce(round(max(contamination), 2), 0), count(DISTINCT record_id) FILTER (kept)
FROM benchmark LEFT JOIN (contaminated JOIN verdict USING (record_id)) USING (benchmark) GROUP BY ALL ORDER BY ALL
"""
_LIKENESS = """
SELECT target, count(*) FILTER (kept), count(*) FILTER (NOT kept),
       round((median(target_cosine) FILTER (kept))::DOUBLE, 2)
FROM verdict WHERE target IS NOT NULL GROUP BY target ORDER BY ALL
"""
SHOWN_TARGETS = 20
_DECIDED = "SELECT decision, count(*) FROM verdict WHERE decision <> '' GROUP BY ALL ORDER BY ALL"

_INTRODUCTION = Message("Instruction-tuning records made from forums, tutorials and knowledge bases, by Gristmill.")

SIGNALS = "signals.svg"  # the picture beside the card, by its name in English
_SIGNALS = Message("""## Signals

![How signals are spread over kept and dropped records]({file})
""")

# by the column that is counted by
_MIXES: dict[str, str] = {
    Message("source"): "source",
    Message("task"): "task",
    Message("language"): "output_language",
    Message("licence"): "licence",
}

_LOADING = """```python
from datasets import load_dataset

records = load_dataset("parquet", data_dir="path/to/this/folder")
```
"""

_COLUMNS = Message("""\
Each record has `instruction`, `input` (may be empty), `output`, and for conversations the earlier messages in
`history`, the `system` prompt, the `tools` on offer (JSON), the `reasoning` before the answer and its `tool_calls`
(JSON); then where it came from: `source`, `url`, `title`, `author`, `licence`, `created_at`, `score`.
Names of people within the texts are not masked.
`pairs-*.parquet` holds preferences between two answers to one question; their column `split` says with which records
they belong.
Near-duplicates and records of one page are never in two splits.
""")

_ENDING = Message("""## Personal data and licences

E-mail addresses, telephone numbers, IP addresses, payment cards, bank accounts and keys are replaced by marks. Authors
are named because the licences ask for it; `ATTRIBUTION.md` lists them. The licence of each record is in its column
`licence`; do not mix records without it.
""")


def _front_matter(title: str, counts: Mapping[str, int], mixes: Mapping[str, list[Any]]) -> str:
    licences = {one.lower() for value, kept, _ in mixes["licence"] if kept for one in value.split(" AND ")}
    hub_licences = sorted(licences & HUB_LICENCES) + (["other"] if licences - HUB_LICENCES else [])
    languages = sorted(
        value for value, kept, _ in mixes["language"] if kept and len(value) in (2, 3) and value != "und"
    )
    size = next((name for limit, name in SIZES if counts["kept"] < limit), "n>10M")
    splits = [split for split in SPLITS if counts[split]]
    lines = ["---", f"pretty_name: {_yaml_text(title)}"]
    lines += _yaml_list("license", hub_licences) + _yaml_list("language", languages)
    lines += _yaml_list("task_categories", ["text-generation", "question-answering"])
    lines += _yaml_list("tags", ["instruction-tuning"]) + _yaml_list("size_categories", [size])
    lines += ["configs:", *_config("default", splits, splits)]
    lines += _config("pairs", ["pairs"], ["pairs"]) if counts["pairs"] else []
    return "\n".join([*lines, "---", ""])


def _yaml_text(text: str) -> str:
    """A text as YAML, in quotes where it is more than letters, digits and spaces: JSON is YAML.

    Not every page that shows a card knows what front matter is, so no sign of Markdown stands there as itself.
    """
    if _is_plain(text):
        return text
    return re.sub(r"[`*_\[\]<>#!&~]", lambda sign: f"\\u{ord(sign[0]):04x}", json.dumps(text, ensure_ascii=False))


def _is_plain(text: str) -> bool:
    return bool(re.fullmatch(r"\w[\w -]*", text))


def _yaml_list(key: str, values: Sequence[str]) -> list[str]:
    return [f"{key}:", *(f"- {value}" for value in values)] if values else []


def _config(name: str, splits: Sequence[str], files: Sequence[str]) -> list[str]:
    head = [f"- config_name: {name}", "  data_files:"] if splits else []
    pairs = zip(splits, files, strict=True)
    return head + [line for split, file in pairs for line in (f"  - split: {split}", f"    path: {file}-*.parquet")]


def _funnel(counts: Mapping[str, int], pages: int) -> str:
    steps = {
        tr("records"): counts["records"],
        tr("not a duplicate of a kept record"): counts["records"] - counts["duplicates"],
        tr("kept"): counts["kept"],
        **{tr("… in {split}", split=split): counts[split] for split in SPLITS},
    }
    shares = [(name, count, _share(count, counts["records"])) for name, count in steps.items()]
    rows = [(tr("pages"), pages, ""), *shares, (tr("preference pairs"), counts["pairs"], "")]
    return _heading(Message("From pages to records")) + _table(("", tr("count"), tr("of records")), rows)


_LOSSES = Message("""## What was lost on the way

What each source gave before the policy looked at it. A post is a post of a thread, a section of an article or an
exchange of a set. A rejected page or document gave no record; a rejected part is a post or a section. A hole is the
place of something that could not be read, such as an unknown template; `⟦?⟧` stands there. Columns of a set that were
not read are counted by pages.

""")
_LOST = {
    "rejected": Message("pages"),
    "rejected_document": Message("documents"),
    "rejected_part": Message("parts"),
    "holes": Message("holes"),
    "unused_column": Message("columns"),
}
SHOWN_REASONS = 3


def _losses(by_source: Mapping[str, Mapping[str, int]]) -> str:
    names = (Message("pages"), Message("documents"), Message("posts"), Message("records"))
    numbers = [(source, *(counts.get(name, 0) for name in names)) for source, counts in sorted(by_source.items())]
    lost = [
        (source, tr(what), sum(reasons.values()), _commonest(reasons))
        for source, counts in sorted(by_source.items())
        for counter, what in _LOST.items()
        if (reasons := by_reason(counts, counter))
    ]
    head = (tr("source"), tr("lost"), tr("count"), tr("commonest reasons or kinds"))
    told = _table(head, lost) if lost else tr("Nothing was lost.") + "\n"
    return f"{tr(_LOSSES)}{_table((tr('source'), *map(tr, names)), numbers)}\n{told}"


def _commonest(reasons: Mapping[str, int]) -> str:
    """`nothing_found 4, too_short 2, and 3 of 2 other reasons`; `reasons` with the commonest first."""
    shown = [f"`{reason}` {count}" for reason, count in list(reasons.items())[:SHOWN_REASONS]]
    others = list(reasons.values())[SHOWN_REASONS:]
    return ", ".join(
        [*shown, *([tr("{number} of {kinds} other", number=sum(others), kinds=len(others))] if others else [])]
    )


_DROPPED = Message("""## What was dropped, and why

A record may break several rules; `alone` counts those that only this rule dropped.

""")


def _rules(rules: Iterable[RuleLine]) -> str:
    rows = [(f"`{rule.name}`", rule.broken, rule.alone, rule.drop_if, escape_markdown(tr(rule.why))) for rule in rules]
    rows.sort(key=lambda row: -row[1])
    head = (tr("rule"), tr("broken"), tr("alone"), tr("drops a record if"), tr("why"))
    return tr(_DROPPED) + _table(head, rows)


def _mix(name: str, rows: Iterable[tuple[str, int, int]]) -> str:
    escaped = [(escape_markdown(value) or tr("unknown"), kept, dropped) for value, kept, dropped in rows]
    return tr("## By {name}", name=name) + "\n\n" + _table((tr(name), tr("kept"), tr("dropped")), escaped)


_DUPLICATES = Message("""## Duplicates

{clusters} clusters of duplicates hold {members} records, the largest {largest}; {dropped}
records were dropped in favour of another of their cluster.
""")


def _duplicates(con: duckdb.DuckDBPyConnection, counts: Mapping[str, int]) -> str:
    clusters, members, largest = con.sql(_CLUSTERS).fetchall()[0]
    numbers = {"clusters": clusters, "members": members, "largest": largest, "dropped": counts["duplicates"]}
    return tr(_DUPLICATES, **numbers)


_SOUGHT = Message("""## Benchmarks

Items that are long enough to be told from ordinary speech were sought. Where at least half of one was found
in a record, `contaminated-*.parquet` shows both, side by side; `most` is the highest score. A rule of the
policy says from which score a record is dropped.

""")


def _contamination(con: duckdb.DuckDBPyConnection, counts: Mapping[str, int]) -> str:
    rows = [(escape_markdown(name), *numbers) for name, *numbers in con.sql(_BENCHMARKS).fetchall()]
    if not rows:
        return _heading(Message("Benchmarks")) + tr("No benchmark was looked for; the recipe names none.") + "\n"
    head = [tr("benchmark"), tr("items"), tr("sought"), tr("found"), tr("in records"), tr("most")]
    return tr(_SOUGHT) + _table([*head, tr("records kept all the same")], rows)


def _models(models: Sequence[Sequence[str]]) -> list[str]:
    """Whose scores the rules may have looked at."""
    rows = [(f"`{signal}`", *map(escape_markdown, words[:2]), words[2] or tr("unknown")) for signal, *words in models]
    head = [tr("signal"), tr("model"), tr("label"), tr("licence")]
    return [tr("Measured by models that the recipe names:") + "\n" + _table(head, rows)] if rows else []


def _decisions(con: duckdb.DuckDBPyConnection, counts: Mapping[str, int]) -> str:
    parts = [f"{count} {decision}" for decision, count in con.sql(_DECIDED).fetchall()]
    if unknown := counts["decisions_unknown"]:
        parts.append(tr("{number} about records that are not there", number=unknown))
    return _heading(Message("Decisions by hand")) + tr("{decisions}.", decisions=", ".join(parts) or tr("None")) + "\n"


_LIKE = Message("""## Like the target file

{kept} of {records} records that had passed the rules and caps were chosen for being near to a line of the policy's
target file, each line in its turn. `verdicts-*.parquet` has the nearest line of each record and the cosine with it.

""")


def _measured(con: duckdb.DuckDBPyConnection, read: Inputs) -> list[str]:
    return [*_likeness(con), tr(_SIGNALS, file=beside(card_name(), SIGNALS)), *_models(read.models)]


def _likeness(con: duckdb.DuckDBPyConnection) -> list[str]:
    """How many records each target is the nearest of; empty where the policy names no target file."""
    rows = con.sql(_LIKENESS).fetchall()
    if not rows:
        return []
    kept, records = sum(row[1] for row in rows), sum(row[1] + row[2] for row in rows)
    ordered = sorted(rows, key=lambda row: -row[1])
    shown = [(f"`{name}`", *numbers, "" if near is None else near) for name, *numbers, near in ordered[:SHOWN_TARGETS]]
    head = (tr("nearest line"), tr("kept"), tr("dropped"), tr("median cosine of the kept"))
    return [tr(_LIKE, kept=kept, records=records) + _table(head, shown)]


_CONFLICT = Message("""\
Share-alike and non-commercial records stand side by side here. What is made of both at once can be
published under neither licence: filter by `licence`, or use a policy that keeps one of them out.
""")


def _licence_conflict(rows: Sequence[tuple[str, int, int]]) -> list[str]:
    """A warning where share-alike and non-commercial records are mixed. An adaptation of both violates one licence."""
    kept = [value.upper() for value, count, _ in rows if count]
    if not any("-SA" in value and "-NC" not in value for value in kept) or not any("-NC" in value for value in kept):
        return []
    return [tr(_CONFLICT)]


def _files(builder: FolderBuilder) -> str:
    tables = sorted(path for path in builder.shards if path.endswith(".parquet"))
    rows = [(path, builder.shards[path].rows, f"`{builder.shards[path].sha256}`") for path in tables]
    return _heading(Message("Files")) + _table((tr("file"), tr("rows"), "SHA-256"), rows)


def _heading(words: str) -> str:
    return f"## {tr(words)}\n\n"


def _share(count: int, total: int) -> str:
    return f"{100 * count / total:.1f}%" if total else ""


def _table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(str(cell).replace("|", "\\|") for cell in line) + " |" for line in lines) + "\n"
