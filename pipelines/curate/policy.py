"""A policy: named SQL predicates that drop records, each with its reason; who survives among duplicates; the splits.

A file may begin with `extends = "default"`, and then holds only what differs; rules that it names in `off = ["…"]` are
not taken over. Predicates see the columns of records, signals and clusters. A value that could not be measured (null)
breaks a rule only where the rule says `if_null = true`.
"""

import json
import re
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

import duckdb
import pyarrow as pa
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from connectors.base import LocalPath
from pipelines.curate import trial
from pipelines.curate.cheap_first import cheap_first
from pipelines.errors import Location, WrongInput, did_you_mean, explain_faults, first_line, read_toml
from pipelines.messages import Message, joined
from pipelines.signals import SIGNALS
from pipelines.signals.task import TASKS
from pipelines.storage import user_sql
from schemas.cluster import CLUSTER
from schemas.record import PAIR, RECORD
from schemas.signal import OF_MODELS, OPTIONAL
from schemas.verdict import CONTAMINATION

POLICIES = Path(__file__).parents[1] / "policies"
# never quoted in a reason
TEXTS = (
    *("instruction", "input", "output", "history", "system", "tools", "reasoning", "tool_calls"),
    *("title", "url", "author", "tags"),
)
JUDGING = 3 << 30  # bytes in which records are judged; of 10^7 it takes 1.6 GB in all
_CHEAPER = Message(
    "it is tried on texts of {number:,} characters; look at less of them, as left(output, 1000) does",
    number=trial.CHARACTERS,
)


class PolicyError(WrongInput):
    """A policy that cannot be used; the message names file, key and cure."""


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Rule(_Section):
    """`drop_if` is SQL that is true for a record to drop; `why` is for the reader of the dataset card."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    drop_if: str = Field(min_length=1)
    why: str = Field(min_length=1)
    if_null: bool = False


Share = Annotated[int, Field(ge=0, strict=True)] | Annotated[float, Field(gt=0, le=1, strict=True)]


class Mixture(_Section):
    """How much of what. A whole number is a count, a fraction a share of what is kept in the end: `zh = 0.3` keeps at
    most three tenths Chinese. Whoever is left out comes last in `order`: by quality, then drawn by SHA-256; or drawn
    alone. With `diversity`, those within `max_records` and `max_tokens` stand for all others in meaning; with `like`,
    a file of JSON lines, they are the nearest to its lines."""

    order: Literal["quality", "random"] = "quality"
    max_records: int | None = Field(None, ge=1)
    max_tokens: int | None = Field(None, ge=1, description="About: a word, or four characters, whichever is more.")
    per_author: int | None = Field(None, ge=1)
    per_site: int | None = Field(None, ge=1)
    task: dict[str, Share] = {}
    source: dict[str, Share] = {}
    language: dict[str, Share] = {}
    licence: dict[str, Share] = {}
    diversity: Literal["", "facility_location"] = ""
    like: LocalPath | None = Field(None, description="JSON lines; what is kept is like them. Beside the policy's file.")

    @model_validator(mode="after")
    def _choice_has_a_size(self) -> "Mixture":
        asked = [name for name in ("diversity", "like") if getattr(self, name)]
        if asked and not (self.max_records or self.max_tokens):
            raise ValueError(Message("{name} chooses max_records or max_tokens; say how many", name=asked[0]))
        if len(asked) > 1:
            raise ValueError(Message("diversity and like choose differently; leave one of them out"))
        return self


# what curation drops for by itself, and why; no rule may be called so
BUILT_IN = {
    "duplicate": Message("Says the same as a better record, which is kept."),
    "decision": Message("A person rejected it."),
    "author_cap": Message("There was more of this author than the policy takes."),
    "site_cap": Message("There was more of this site than the policy takes."),
    "task_quota": Message("There was more of this task than the policy takes."),
    "source_quota": Message("There was more of this source than the policy takes."),
    "language_quota": Message("There was more of this language than the policy takes."),
    "licence_quota": Message("There was more of this licence than the policy takes."),
    "budget": Message("The policy's number of records or tokens was reached."),
    "diversity": Message("Others that were chosen stand for it."),
    "unlike": Message("Others are nearer to the lines of the policy's target file."),
}


class Policy(_Section):
    """`prefer` is an ORDER BY list: the first passing member of a cluster is kept. `quality` is SQL, 0 to 1."""

    rules: tuple[Rule, ...] = Field(min_length=1)
    prefer: str = "record_id"
    quality: str = "1"
    validation_percent: float = Field(5, ge=0, le=50)
    test_percent: float = Field(2, ge=0, le=50)
    mixture: Mixture = Mixture()

    @model_validator(mode="after")
    def _names_are_unique(self) -> "Policy":
        names = [*(rule.name for rule in self.rules), *BUILT_IN]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(
                Message(
                    "two rules are called {twice} (built in: {built_in})",
                    twice=", ".join(twice),
                    built_in=", ".join(BUILT_IN),
                )
            )
        return self


def load(name: str | Path, base: Path | None = None) -> Policy:
    """A bundled policy by name, or one by path (relative to `base` too). Raises PolicyError."""
    file = find(name, base)
    settings = _read(file)
    try:
        policy = Policy.model_validate(settings, context={"base": file.parent.resolve()})
    except ValidationError as error:
        raise PolicyError(explain_faults(str(file), settings, error.errors(), _known_keys)) from error
    unknown = [task for task in policy.mixture.task if task not in TASKS]
    faults = [
        Message("mixture.task.{task}: no such task{cure}", task=task, cure=did_you_mean(task, list(TASKS)))
        for task in unknown
    ]
    faults += [] if file.parent == POLICIES else sql_faults(policy)  # ours are tried by a test
    if faults:
        raise PolicyError(joined("\n", (joined(": ", (file, fault)) for fault in faults)))
    return policy


def _read(file: Path, extended_by: tuple[Path, ...] = ()) -> dict[str, Any]:
    """The file's settings over those of the policy it extends; a rule takes the place of one of the same name."""
    chain = (*extended_by, file.resolve())
    if chain[-1] in extended_by:
        names = " → ".join(path.name for path in chain)
        raise PolicyError(
            "{file}: extends: goes in a circle: {names}; let one of them extend nothing",
            file=extended_by[-1],
            names=names,
        )
    own = _with_targets(file, read_toml(file, PolicyError), bool(extended_by))
    if "sources" in own:
        recipe = own.get("name", file.stem)
        raise PolicyError(
            "{file}: a recipe, not a policy; name a policy: gristmill try default --recipe {recipe}",
            file=file,
            recipe=recipe,
        )
    off = own.pop("off", None)
    if "extends" in own:
        settings = _read(_extended(file, own.pop("extends")), chain)
        own = settings | own | {"rules": list((_by_name(file, settings) | _by_name(file, own)).values())}
    return own | {"rules": _without(file, _by_name(file, own), off)} if off is not None else own


def _with_targets(file: Path, own: dict[str, Any], is_extended: bool) -> dict[str, Any]:
    """The settings; what `mixture.like` of an extended policy names lies beside that one."""
    mixture = own.get("mixture")
    if not is_extended or not isinstance(mixture, dict) or not isinstance(mixture.get("like"), str):
        return own
    return own | {"mixture": mixture | {"like": str(file.parent.resolve() / mixture["like"])}}


def _without(file: Path, rules: dict[str, Any], off: Any) -> list[Any]:
    """The rules but those that are switched off. Raises PolicyError where one is not there."""
    if not isinstance(off, list) or not all(isinstance(name, str) for name in off):
        raise PolicyError("{file}: off: must be names of rules in quotes, in square brackets", file=file)
    for name in off:
        if name not in rules:
            raise PolicyError(
                "{file}: off: no rule {name!r}{cure}", file=file, name=name, cure=did_you_mean(name, rules)
            )
    return [rule for name, rule in rules.items() if name not in off]


def _extended(file: Path, name: Any) -> Path:
    """The file of the policy that `file` extends. Raises PolicyError that names both."""
    if not isinstance(name, str):
        raise PolicyError("{file}: extends: must be a policy's name or path in quotes", file=file)
    try:
        return find(name, file.parent)
    except PolicyError as error:
        raise PolicyError("{file}: extends: {error}", file=file, error=error) from error


def _by_name(file: Path, settings: dict[str, Any]) -> dict[str, Any]:
    """The rules of settings that are not validated yet. Raises PolicyError where two have one name, or one has none."""
    rules = settings.get("rules", [])
    if not isinstance(rules, list) or not all(isinstance(rule, dict) for rule in rules):
        raise PolicyError("{file}: rules: must be tables, each under [[rules]]", file=file)
    named: dict[str, Any] = {}
    for number, rule in enumerate(rules):
        name = rule.get("name")
        if not isinstance(name, str):
            raise PolicyError(
                "{file}: rules.{number}.name: missing; every rule has a name, drop_if and why", file=file, number=number
            )
        if name in named:
            raise PolicyError("{file}: rules: two are called {name}; give each its own name", file=file, name=name)
        named[name] = rule
    return named


def _known_keys(location: Location) -> list[str]:
    tables: dict[str | int, type[_Section]] = {"rules": Rule, "mixture": Mixture} if len(location) > 1 else {}
    model = tables.get(location[0], Policy)
    return [*model.model_fields, *(("extends", "off") if model is Policy else ())]


def bundled() -> list[str]:
    """The names of the policies that come with the program, `default` first."""
    return sorted((file.stem for file in POLICIES.glob("*.toml")), key=lambda name: (name != "default", name))


def find(name: str | Path, base: Path | None = None) -> Path:
    """The file of a policy, given by path (relative to `base` too) or by a bundled one's name. Raises PolicyError."""
    places = [Path(name), (base or Path()) / name, POLICIES / f"{name}.toml"]
    for file in places:
        if file.is_file():
            return file
    names = bundled()
    raise PolicyError(
        "{name}: no such file, and no bundled policy of that name{cure}", name=name, cure=did_you_mean(str(name), names)
    )


@cache
def columns() -> dict[str, str]:
    """DuckDB type by column of what a predicate sees."""
    signals = [pa.field(signal.name, signal.type) for signal in SIGNALS]
    seen = [*RECORD, *signals, *OPTIONAL, *(field for field in CLUSTER if field.name != "record_id"), *CONTAMINATION]
    with duckdb.connect() as con:
        con.register("candidate", pa.schema(seen).empty_table())
        return {name: kind for name, kind, *_ in con.sql("DESCRIBE candidate").fetchall()}


@cache
def mentions(sql: str) -> tuple[str, ...]:
    """The columns an expression looks at, in alphabetical order."""
    found = user_sql.column_references(sql)
    return tuple(sorted(name for name in found if name in columns() or OF_MODELS.fullmatch(name)))


def for_pairs(policy: Policy) -> list[Rule]:
    """The rules that apply to preference pairs as well: those that look only at what a pair has too."""
    return [rule for rule in policy.rules if set(mentions(rule.drop_if)) <= set(PAIR.names)]


def reasons_sql(policy: Policy) -> str:
    """SQL for the list of broken rules, each with the JSON of what it measured."""
    return "flatten([\n    " + ",\n    ".join(_reason_sql(rule) for rule in policy.rules) + "\n])"


def breaks_sql(rule: Rule) -> str:
    return f"coalesce(({cheap_first(rule.drop_if)}), {str(rule.if_null).lower()})"


def verdict_sql(policy: Policy) -> str:
    """SQL over `candidate`: what became of each record before quotas.

    Gives record_id, group_id, reasons, duplicate_of ('' where no duplicate is kept instead), decision, overruled (the
    rules it breaks and was accepted all the same). The survivor of a cluster is its first passing member by `prefer`,
    an accepted one before all others; whoever else is in it breaks `duplicate`, unless accepted too.
    """
    prefer = user_sql.closed(policy.prefer)
    legal = ", ".join(f"'{rule.name}'" for rule in policy.rules if "licence" in mentions(rule.drop_if)) or "''"
    return f"""WITH judged AS (
SELECT *, {reasons_sql(policy)} AS broken, decision IN ('accept', 'edit') AS accepted_by_hand
FROM candidate
), decided AS (
SELECT *,
       CASE WHEN accepted_by_hand THEN [reason FOR reason IN broken IF reason.rule IN ({legal})]
            WHEN decision = 'reject' THEN list_append(broken, {{'rule': 'decision', 'value': decided}})
            ELSE broken END AS reasons,
       CASE WHEN accepted_by_hand THEN [reason FOR reason IN broken IF reason.rule NOT IN ({legal})]
            ELSE [] END AS overruled
FROM judged
), ranked AS (
SELECT record_id, cluster_id, cluster_size, group_id, reasons, decision, overruled, accepted_by_hand,
       first_value(record_id) OVER best AS survivor,
       first_value(len(reasons)) OVER best = 0 AS survives
FROM decided
WINDOW best AS (PARTITION BY cluster_id ORDER BY len(reasons) > 0, NOT accepted_by_hand, {prefer}, record_id)
), marked AS (
SELECT *,
       CASE WHEN survives AND survivor <> record_id AND NOT accepted_by_hand THEN survivor ELSE '' END AS duplicate_of
FROM ranked
)
SELECT record_id, group_id, duplicate_of, decision, overruled,
       CASE WHEN duplicate_of = '' THEN reasons ELSE list_append(reasons, {{
           'rule': 'duplicate',
           'value': CAST(to_json({{'cluster_id': cluster_id, 'cluster_size': cluster_size}}) AS VARCHAR)
       }}) END AS reasons
FROM marked"""


def _reason_sql(rule: Rule) -> str:
    measured = [name for name in mentions(rule.drop_if) if name not in TEXTS]
    fields = ", ".join(f"'{name}': {name}" for name in measured)
    value = f"CAST(to_json({{{fields}}}) AS VARCHAR)" if measured else "'{}'"
    return f"CASE WHEN {breaks_sql(rule)} THEN [{{'rule': '{rule.name}', 'value': {value}}}] ELSE [] END"


def sql_faults(policy: Policy) -> list[Message]:
    """What is wrong with each piece of SQL: it does more than compute, does not fit the columns, or costs too much."""
    pieces = [(f"rules.{rule.name}.drop_if", rule.drop_if, "BOOLEAN") for rule in policy.rules]
    pieces.append(("quality", policy.quality, "DOUBLE"))
    faults = [_refusal(key, sql, user_sql.check_expression) for key, sql, _ in pieces]
    if refused := [fault for fault in (*faults, _refusal("prefer", policy.prefer, user_sql.check_order)) if fault]:
        return refused
    queries = [(key, _expression_query(sql, kind)) for key, sql, kind in pieces]
    wanted = {key: kind for key, _, kind in pieces}
    return [
        joined(": ", (key, fault))
        for key, what, words in _tried((*queries, ("prefer", _order_query(policy.prefer))))
        if (fault := _trial_fault(what, words, wanted.get(key, "")))
    ]


def _refusal(key: str, sql: str, check: Callable[[str], None]) -> Message:
    try:
        check(sql)
    except (duckdb.Error, user_sql.RefusedSQL) as error:
        return joined(": ", (key, _explained(error)))
    return Message("")


@cache
def _tried(queries: tuple[tuple[str, str], ...]) -> list[tuple[str, str, str]]:
    """Key, what happened and words of each step of a trial; "killed" where a piece ended it."""
    of_models = {name: "FLOAT" for _, query in queries for name in OF_MODELS.findall(query)}
    given = json.dumps({"columns": columns() | of_models, "pieces": queries})
    done = subprocess.run([sys.executable, "-P", trial.__file__], input=given, capture_output=True, text=True)
    steps = [(key, what, words) for key, what, words in map(json.loads, done.stdout.splitlines())]
    if steps and (done.returncode < 0 or steps[-1][1] != "done"):
        steps.append((steps[-1][0], "killed", ""))
    elif done.returncode:
        code, said = done.returncode, done.stderr[-500:]
        raise RuntimeError(Message("the trial of a policy ended with {code}: {said}", code=code, said=said))
    return steps


def _trial_fault(what: str, words: str, wanted: str) -> Message:
    if what == "error":
        return _explained(words)
    if what == "size":
        return Message("takes more memory than a rule may: {size}; {cure}", size=words, cure=_CHEAPER)
    if what == "killed":
        limits = {"seconds": trial.SECONDS, "records": trial.RECORDS}
        return Message("takes more than {seconds} s for {records} records; {cure}", cure=_CHEAPER, **limits)
    if what == "type" and wanted and words != wanted:
        return Message("gives {given}, not {kind}; compare it with something", given=words, kind=wanted)
    return Message("")


def _expression_query(sql: str, kind: str) -> str:
    number = " * 1.0::DOUBLE" if kind == "DOUBLE" else ""
    return f"SELECT ({user_sql.closed(sql)}){number} AS value FROM candidate"


def _order_query(order: str) -> str:
    return f"SELECT first_value(record_id) OVER (ORDER BY {user_sql.closed(order)}) AS value FROM candidate"


def _explained(error: Exception | str) -> Message:
    """What DuckDB or a refusal says, on one line."""
    if unknown := re.search(r'column "([^"]+)" not found', str(error)):
        cure = did_you_mean(unknown[1], list(columns()))
        return Message("no column {name!r}{cure}", name=unknown[1], cure=cure)
    return first_line(error)
