"""Changes of a policy that need no SQL: rules switched off, lines moved, and what comes of it saved as a file."""

import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from pipelines.curate import bounds, policy
from pipelines.curate.policy import Policy, PolicyError, Rule
from pipelines.errors import did_you_mean
from pipelines.messages import tr
from pipelines.storage import filesystem

FOLDER = "policies"  # below the data folder
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]*")


@dataclass(frozen=True)
class Edits:
    """`values` are by rule, then by number in `bounds.find`; the rules in `off` drop nothing."""

    values: Mapping[str, Mapping[int, float]] = field(default_factory=dict)
    off: frozenset[str] = frozenset()


def edited(base: Policy, edits: Edits) -> Policy:
    """The policy with the edits. Raises PolicyError for a rule or a line that it lacks."""
    names = [rule.name for rule in base.rules]
    for name in sorted({*edits.values, *edits.off} - set(names)):
        raise PolicyError(tr("no rule {name}", name=repr(name)) + did_you_mean(name, names))
    rules = [_moved(rule, edits.values.get(rule.name, {})) for rule in base.rules if rule.name not in edits.off]
    return base.model_copy(update={"rules": tuple(rules)})


def _moved(rule: Rule, values: Mapping[int, float]) -> Rule:
    try:
        return rule.model_copy(update={"drop_if": bounds.move(rule.drop_if, values)}) if values else rule
    except KeyError as error:
        words = {"rule": rule.name, "number": error.args[0], "lines": len(bounds.find(rule.drop_if))}
        raise PolicyError(tr("{rule}: no line {number}; it draws {lines}", **words)) from error


def saved(data: Path) -> list[Path]:
    """The policy files of a data folder, by name."""
    return sorted((data / FOLDER).glob("[!.]*.toml"), key=lambda file: file.name)


def save(name: str, base: str | Policy, edits: Edits, data: Path, who: str = "") -> Path:
    """Write `<data>/policies/<name>.toml`, which extends `base` by what differs; one without a file is written whole.

    It is loaded before it is put in place, and takes no file's place. Raises PolicyError.
    """
    if not _NAME.fullmatch(name):
        raise PolicyError(tr("{name}: not a policy's name; write a-z, 0-9, - and _", name=repr(name)))
    if not filesystem.is_local(data):
        raise PolicyError(
            tr("{data}: policies are saved on a disk only; copy the lines to a file of your own", data=data)
        )
    file = data / FOLDER / f"{name}.toml"
    if file.exists():
        raise PolicyError(_taken(file))
    content = "\n".join(_lines(base, edits, data, who)) + "\n"
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_name(f".{name}.{uuid4().hex[:6]}.toml")
    try:
        draft.write_text(content, "utf-8")
        policy.load(draft)
        os.link(draft, file)  # which replaces nothing, unlike a rename
        filesystem.sync_folder(file.parent)
    except FileExistsError as error:
        raise PolicyError(_taken(file)) from error
    finally:
        draft.unlink(missing_ok=True)
    return file


def _taken(file: Path) -> str:
    return tr("{file}: is there already, and is not overwritten; choose another name", file=file)


def _lines(base: str | Policy, edits: Edits, data: Path, who: str) -> Iterator[str]:
    stood = base if isinstance(base, Policy) else policy.load(base, data / FOLDER)
    result = edited(stood, edits)
    yield f"# Made on the dashboard{f' by {_one_line(who)}' if who else ''}, {datetime.now(UTC):%Y-%m-%d %H:%M} UTC."
    if isinstance(base, Policy):
        yield from _whole(result)
    else:
        yield f"extends = {_toml(_reference(base, data))}"
        if edits.off:
            yield f"off = {_toml(sorted(edits.off))}"
        yield from _rules(rule for rule in result.rules if rule not in stood.rules)


def _reference(base: str, data: Path) -> str:
    """How a file in the folder of policies names `base`."""
    if base in {file.stem for file in policy.POLICIES.glob("*.toml")}:
        return base
    file = policy.find(base, data / FOLDER)
    return file.name if file.parent == data / FOLDER else str(file.absolute())


def _whole(result: Policy) -> Iterator[str]:
    settings = result.model_dump(exclude={"rules"}, exclude_defaults=True)
    mixture = settings.pop("mixture", {})
    yield from (f"{key} = {_toml(value)}" for key, value in settings.items())
    yield from _rules(result.rules)
    if mixture:
        yield "\n[mixture]"
        yield from (f"{key} = {_toml(value)}" for key, value in mixture.items())


def _rules(rules: Any) -> Iterator[str]:
    for rule in rules:
        yield "\n[[rules]]"
        yield from (f"{key} = {_toml(value)}" for key, value in rule.model_dump(exclude_defaults=True).items())


def _toml(value: Any) -> str:
    """A value as TOML; a text as in JSON, which TOML reads too."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{_toml(key)} = {_toml(each)}" for key, each in value.items()) + " }"
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _one_line(text: str) -> str:
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
