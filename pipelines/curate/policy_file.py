"""Policies that are written: a new file, which extends another policy by what differs, or stands for itself."""

import json
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from pipelines.curate.policy import POLICIES, Policy, PolicyError, Rule, find, load
from pipelines.storage import checked


def write(
    file: Path, extends: str, rules: Iterable[Rule], off: Sequence[str] = (), heading: str = "", prefer: str = ""
) -> Policy:
    """Write a policy that extends another one, by name or path, and return it as it is read.

    `off` are rules that are not taken over, `heading` is a comment, `prefer` an order in place of the other's.
    Raises as `_write_lines`.
    """
    base = find(extends).resolve()
    named = base.stem if base.parent == POLICIES else os.path.relpath(base, file.parent.resolve())
    more = {key: value for key, value in (("off", sorted(off)), ("prefer", prefer)) if value}
    lines = [f"extends = {to_toml(named)}", *_settings(more), *_rules(rules)]
    return _write_lines(file, lines, heading)


def write_whole(file: Path, policy: Policy, heading: str = "") -> Policy:
    """Write a policy that extends nothing, and return it as it is read. Raises as `write`."""
    settings = policy.model_dump(exclude={"rules"}, exclude_defaults=True)
    mixture = settings.pop("mixture", {})
    lines = [*_settings(settings), *_rules(policy.rules), *(["", "[mixture]", *_settings(mixture)] if mixture else [])]
    return _write_lines(file, lines, heading)


def _write_lines(file: Path, lines: Iterable[str], heading: str) -> Policy:
    """Write a file that is read once before it is there. It takes no other's place.

    Raises: PolicyError where the file is there already, or cannot be a policy.
    """
    drafts: list[Path] = []

    def read(draft: Path) -> Policy:
        drafts.append(draft)
        return load(draft)

    content = "\n".join([*([f"# {heading}"] if heading else []), *lines, ""])
    try:
        return checked.create(file, content, read)
    except FileExistsError as error:
        raise PolicyError("{file}: is there already; name a new file", file=file) from error
    except PolicyError as error:
        raise PolicyError(str(error).replace(str(drafts[0]), str(file))) from error


def _rules(rules: Iterable[Rule]) -> Iterator[str]:
    for rule in rules:
        yield from ("", "[[rules]]", *_settings(rule.model_dump(exclude_defaults=True)))


def _settings(settings: dict[str, Any]) -> Iterator[str]:
    return (f"{key} = {to_toml(value)}" for key, value in settings.items())


def to_toml(value: Any) -> str:
    """A value as TOML; texts are basic strings, whose escapes are JSON's."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{to_toml(key)} = {to_toml(each)}" for key, each in value.items()) + " }"
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
