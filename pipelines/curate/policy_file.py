"""Policies that are written: a new file that extends another policy and holds only the rules that differ."""

import json
import os
from collections.abc import Iterable
from pathlib import Path

from pipelines.curate.policy import POLICIES, Policy, PolicyError, Rule, find, load
from pipelines.messages import tr


def write(file: Path, extends: str, rules: Iterable[Rule]) -> Policy:
    """Write a policy that extends another one, by name or path, and return it as it is read.

    Raises: PolicyError where the file is there already, or cannot be a policy.
    """
    if file.exists():
        raise PolicyError(tr("{file}: is there already; name a new file", file=file))
    base = find(extends).resolve()
    named = base.stem if base.parent == POLICIES else os.path.relpath(base, file.parent.resolve())
    text = f"extends = {_quoted(named)}\n" + "".join(map(_rule, rules))
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("x", encoding="utf-8") as new:
        new.write(text)
    try:
        return load(file)
    except PolicyError:
        file.unlink()
        raise


def _rule(rule: Rule) -> str:
    null = "if_null = true\n" if rule.if_null else ""
    values = f"name = {_quoted(rule.name)}\ndrop_if = {_quoted(rule.drop_if)}\n{null}why = {_quoted(rule.why)}\n"
    return f"\n[[rules]]\n{values}"


def _quoted(text: str) -> str:
    """A basic string of TOML, whose escapes are JSON's."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
