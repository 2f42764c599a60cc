"""Changes of a policy that need no SQL: rules switched off, lines moved, sources that are kept first of duplicates.

What comes of it is saved as a file.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from pipelines.curate import bounds, policy, policy_file, survivor
from pipelines.curate.policy import Policy, PolicyError, Rule
from pipelines.errors import did_you_mean
from pipelines.storage import filesystem

FOLDER = "policies"
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]*")


@dataclass(frozen=True)
class Edits:
    """`values` are by rule, then by number in `bounds.find`; the rules in `off` drop nothing.

    Of duplicates those of the sources `first` are kept before others, in this order; None leaves the order as it is.
    """

    values: Mapping[str, Mapping[int, float]] = field(default_factory=dict)
    off: frozenset[str] = frozenset()
    first: tuple[str, ...] | None = None


def edited(base: Policy, edits: Edits) -> Policy:
    """The policy with the edits. Raises PolicyError for a rule or a line that it lacks."""
    names = [rule.name for rule in base.rules]
    for name in sorted({*edits.values, *edits.off} - set(names)):
        raise PolicyError("no rule {name!r}{cure}", name=name, cure=did_you_mean(name, names))
    rules = [_moved(rule, edits.values.get(rule.name, {})) for rule in base.rules if rule.name not in edits.off]
    prefer = base.prefer if edits.first is None else survivor.with_first(base.prefer, edits.first)
    return base.model_copy(update={"rules": tuple(rules), "prefer": prefer})


def _moved(rule: Rule, values: Mapping[int, float]) -> Rule:
    try:
        return rule.model_copy(update={"drop_if": bounds.move(rule.drop_if, values)}) if values else rule
    except KeyError as error:
        words = {"rule": rule.name, "number": error.args[0], "lines": len(bounds.find(rule.drop_if))}
        raise PolicyError("{rule}: no line {number}; it draws {lines}", **words) from error


def folder(data: Path) -> Path:
    """Where the policies of a data folder lie: in it, or in the working folder where data is in an object store.

    Recipes, and those that extend a policy, name its file by a path.
    """
    return (data if filesystem.is_local(data) else Path()).absolute() / FOLDER


def saved(data: Path) -> list[Path]:
    """The policy files of a data folder, by name."""
    return sorted(folder(data).glob("[!.]*.toml"), key=lambda file: file.name)


def save(name: str, base: str | Policy, edits: Edits, data: Path, who: str = "") -> Path:
    """Write `policies/<name>.toml` (`folder`), which extends `base` by what differs; one without a file whole.

    Raises: PolicyError where the name is none, or taken, or what comes of it cannot be a policy.
    """
    if not _NAME.fullmatch(name):
        raise PolicyError("{name!r}: not a policy's name; write a-z, 0-9, - and _", name=name)
    file = folder(data) / f"{name}.toml"
    heading = made_by(who)
    stood = base if isinstance(base, Policy) else policy.load(base)
    result = edited(stood, edits)
    if isinstance(base, Policy):
        policy_file.write_whole(file, result, heading)
    else:
        changed = [rule for rule in result.rules if rule not in stood.rules]
        prefer = "" if edits.first is None else result.prefer
        policy_file.write(file, base, changed, sorted(edits.off), heading, prefer)
    return file


def made_by(who: str) -> str:
    """The comment above what a reader of the dashboard has written."""
    return f"Made on the dashboard{f' by {_one_line(who)}' if who else ''}, {datetime.now(UTC):%Y-%m-%d %H:%M} UTC."


def _one_line(text: str) -> str:
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
