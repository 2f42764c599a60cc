"""What connectors and signals are, told from the code itself: settings, types, defaults, what each says of itself.

All of it is in English, and a message where it is words: `tr` says it where it is shown.
"""

import inspect
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import reduce
from pathlib import Path
from typing import Any, get_args

import duckdb
import pyarrow as pa

from connectors import CONNECTORS
from pipelines.curate.policy import Policy, mentions
from pipelines.curate.policy_file import to_toml
from pipelines.errors import WrongInput, did_you_mean
from pipelines.messages import Message
from pipelines.signals import SIGNALS
from schemas.signal import Signal

# what a source of each kind wants to be told, at least; the places are examples
EXAMPLES: dict[str, dict[str, Any]] = {
    "confluence": {"url": "https://wiki.example/confluence"},
    "discourse": {"url": "https://forum.example"},
    "documents": {"path": "manuals"},
    "forum": {"start": "https://forum.example/boards/baking/"},
    "github": {"repo": "owner/name"},
    "hacker_news": {"lists": ["ask"]},
    "instructions": {"path": "set.jsonl"},
    "mailing_list": {"url": "https://lists.example/archives/bakers/"},
    "markdown": {"folder": "docs"},
    "mediawiki": {"api": "https://wiki.example/api.php"},
    "python_docs": {},
    "reddit": {"path": "dumps"},
    "stackexchange": {"site": "cooking.stackexchange.com", "path": "cooking.stackexchange.com.7z"},
    "warc": {"path": "crawl.warc.gz"},
    "website": {"start": "https://docs.example/handbook/"},
    "zendesk": {"url": "https://support.example"},
}


@dataclass(frozen=True)
class Setting:
    """A key of a source; `default` is None where it must be set. `choices` are all that it may be, where they are few;
    `many` says that it takes a list."""

    name: str
    type: str
    default: Any
    required: bool
    says: str
    choices: tuple[str, ...] = ()
    many: bool = False


@dataclass(frozen=True)
class Described:
    """A connector: what it says of itself, its settings, whether a licence is stated, and a block for a recipe.

    Empty lines part the paragraphs of `says`; the first is one sentence.
    """

    name: str
    says: str
    settings: tuple[Setting, ...]
    licence: str
    example: str


@dataclass(frozen=True)
class Measure:
    """A signal: which rules look at it, and over a data folder its share of nulls and its quantiles, if it has any."""

    name: str
    type: str
    version: int
    source: str
    rules: tuple[str, ...]
    nulls: float | None = None
    quantiles: dict[str, float] = field(default_factory=dict)


QUANTILES = (0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0)


def connectors(name: str = "") -> list[Described]:
    """All connectors, or that of a name. Raises WrongInput that names the nearest."""
    known = {kind.model_fields["connector"].default: kind for kind in CONNECTORS}
    if name and name not in known:
        raise WrongInput("no connector {name!r}{cure}", name=name, cure=did_you_mean(name, known))
    return [_connector(each, known[each]) for each in ([name] if name else sorted(known))]


def signals(name: str, policies: Iterable[tuple[str, Policy]], con: duckdb.DuckDBPyConnection | None) -> list[Measure]:
    """All signals, or that of a name; with the users' views in `con` also what they measured there.

    `policies` are those whose rules are listed, by name. Raises WrongInput that names the nearest.
    """
    known = {signal.name: signal for signal in SIGNALS}
    if name and name not in known:
        raise WrongInput("no signal {name!r}{cure}", name=name, cure=did_you_mean(name, known))
    rules = _rules(policies)
    chosen = [known[name]] if name else list(SIGNALS)
    stored = set(con.sql("SELECT * FROM signals LIMIT 0").columns) if con else set()
    return [_signal(signal, rules, con if signal.name in stored else None) for signal in chosen]


def block(settings: dict[str, Any]) -> str:
    """A source as TOML, in the order of its keys."""
    return "[[sources]]\n" + "".join(f"{name} = {to_toml(value)}\n" for name, value in settings.items())


def _connector(name: str, kind: Any) -> Described:
    settings = tuple(_setting(key, kind.model_fields[key]) for key in kind.model_fields if key != "connector")
    states = bool(vars(kind).get("states_licence", True))
    licence = (
        Message("states its licences; `licence` is for what states none")
        if states
        else Message("states no licence: set `licence`, or every record is held back")
    )
    example = {"connector": name, "name": f"my-{name.replace('_', '-')}"} | EXAMPLES[name]
    return Described(name, "\n\n".join(_paragraphs(kind)), settings, licence, block(example | _licence(states)))


def _paragraphs(kind: Any) -> list[str]:
    """What a connector's docstring says, each paragraph as one line."""
    return [" ".join(part.split()) for part in (inspect.getdoc(kind) or "").split("\n\n")]


def _licence(states: bool) -> dict[str, str]:
    return {} if states else {"licence": "CC-BY-4.0"}


def _setting(name: str, info: Any) -> Setting:
    required, is_list = info.is_required(), getattr(info.annotation, "__origin__", None) is tuple
    default, choices = None if required else info.default, () if is_list else _choices(info.annotation)
    return Setting(name, _type(info.annotation), default, required, info.description or "", choices, is_list)


def _choices(annotation: Any) -> tuple[str, ...]:
    """All values of a field that has few, as they are written."""
    if annotation is bool:
        return "true", "false"
    parts = get_args(annotation)
    return parts if parts and all(isinstance(part, str) for part in parts) else ()


_TYPES = {
    str: Message("text"),
    int: Message("whole number"),
    float: Message("number"),
    bool: Message("true or false"),
    Path: Message("path"),
}


def _type(annotation: Any) -> str:
    """A type in the words of TOML."""
    parts = get_args(annotation)
    if annotation in _TYPES:
        return _TYPES[annotation]
    if parts and all(isinstance(part, str) for part in parts):
        return " | ".join(f'"{part}"' for part in parts)
    if getattr(annotation, "__origin__", None) is tuple:
        return Message("list of {type}", type=_type(parts[0]))
    kinds = [_type(part) for part in parts if part is not type(None) and not _is_metadata(part)]
    return reduce(_either, dict.fromkeys(kinds)) if kinds else _TYPES[str]


def _either(one: str, other: str) -> str:
    return Message("{one} or {other}", one=one, other=other)


def _is_metadata(part: Any) -> bool:
    """Whether it is no type but what stands beside one in Annotated."""
    return not isinstance(part, type) and not get_args(part)


def _rules(policies: Iterable[tuple[str, Policy]]) -> dict[str, list[str]]:
    """The rules by the column that they look at, as policy.rule; what a policy has from another is named once."""
    found: dict[str, list[str]] = {}
    seen = set[Any]()
    for policy_name, policy in policies:
        for rule in policy.rules:
            for column in mentions(rule.drop_if) if rule not in seen else ():
                found.setdefault(column, []).append(f"{policy_name}.{rule.name}")
            seen.add(rule)
    return found


def _signal(signal: Signal, rules: dict[str, list[str]], con: duckdb.DuckDBPyConnection | None) -> Measure:
    named = tuple(rules.get(signal.name, ()))
    told = Measure(signal.name, str(signal.type), signal.version, signal.source, named)
    if con is None:
        return told
    nulls, count = con.sql(f"SELECT count(*) - count({signal.name}), count(*) FROM signals").fetchall()[0]
    return Measure(
        told.name, told.type, told.version, told.source, named, nulls / count if count else None, _spread(signal, con)
    )


def _spread(signal: Signal, con: duckdb.DuckDBPyConnection) -> dict[str, float]:
    if not (pa.types.is_integer(signal.type) or pa.types.is_floating(signal.type)):
        return {}
    query = f"SELECT quantile_cont({signal.name}::DOUBLE, {list(QUANTILES)}) FROM signals"
    values = con.sql(query).fetchall()[0][0]
    return dict(zip(map(str, QUANTILES), values, strict=True)) if values else {}
