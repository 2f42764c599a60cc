"""RE2 knows letters of ASCII only at `\\b` and in `\\w`: beside other letters they do not mean what they say."""

import importlib
import pkgutil
import re
import tomllib
import unicodedata
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

import pytest

import connectors
import pipelines
from schemas.signal import Signal

ALPHABETS = ("LATIN", "GREEK", "CYRILLIC")
WITH_TORCH = ("pipelines.models", "pipelines.finetune", "pipelines.serve")


class Part(NamedTuple):
    """A part of a sequence: the first and the last characters it may have; `ascii_only` is `\\b`, `\\w` or `\\W`."""

    first: str
    last: str
    ascii_only: str = ""


def wrong_places(pattern: str) -> list[str]:
    """Where `\\b` or `\\w` stands beside a letter beyond ASCII."""
    found: list[str] = []
    _, end = _alternatives(pattern, 0, found)
    assert end == len(pattern), pattern[end - 20 : end + 20]
    return found


def _alternatives(text: str, at: int, found: list[str]) -> tuple[Part, int]:
    first, last = "", ""
    while True:
        sequence, at = _sequence(text, at, found)
        for one, two in pairwise(sequence):
            if _is_wrong(two.ascii_only, one.last) or _is_wrong(one.ascii_only, two.first):
                found.append(text[max(0, at - 60) : at + 10])
        first += sequence[0].first if sequence else ""
        last += sequence[-1].last if sequence else ""
        if at >= len(text) or text[at] == ")":
            return Part(first, last), at
        at += 1


def _sequence(text: str, at: int, found: list[str]) -> tuple[list[Part], int]:
    sequence: list[Part] = []
    while at < len(text) and text[at] not in "|)":
        part, at = _one(text, at, found)
        while at < len(text) and text[at] in "?*+{":
            at = text.index("}", at) + 1 if text[at] == "{" else at + 1
        sequence.append(part)
    return sequence, at


def _one(text: str, at: int, found: list[str]) -> tuple[Part, int]:
    if text[at] == "\\":
        return _escape(text, at)
    if text[at] == "[":
        end = _end_of_class(text, at)
        letters = "" if text[at + 1] == "^" else text[at + 1 : end]
        return Part(letters, letters), end + 1
    if text[at] != "(":
        return Part(text[at], text[at]), at + 1
    start = at + 1
    if text[start] == "?":
        start = next(k for k in range(start, len(text)) if text[k] in ":)>") + 1
        if text[start - 1] == ")":  # flags
            return Part("", ""), start
    part, end = _alternatives(text, start, found)
    return part, end + 1


def _escape(text: str, at: int) -> tuple[Part, int]:
    kind = text[at + 1]
    if kind in "pPx":
        end = text.index("}", at) + 1 if text[at + 2] == "{" else at + (4 if kind == "x" else 3)
        return Part("", ""), end
    return Part("", "", f"\\{kind}" if kind in "bwW" else ""), at + 2


def _end_of_class(text: str, at: int) -> int:
    at += 2 if text[at + 1] == "^" else 1
    at += text[at] == "]"  # one that comes first is a character
    while text[at] != "]":
        at += 2 if text[at] == "\\" else 1
    return at


def _is_wrong(ascii_only: str, beside: str) -> bool:
    letters = [letter for letter in beside if letter > "\x7f" and letter.isalpha()]
    if ascii_only == "\\b":
        return bool(letters)
    return ascii_only in ("\\w", "\\W") and any(unicodedata.name(each, "").startswith(ALPHABETS) for each in letters)


def modules() -> Iterator[ModuleType]:
    for package in (connectors, pipelines):
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not found.name.endswith("__main__") and not found.name.startswith(WITH_TORCH):
                yield importlib.import_module(found.name)


def patterns(value: object) -> Iterator[str]:
    """The regular expressions in a value of a module, compiled by RE2 or for DuckDB."""
    if isinstance(value, str) and ("\\b" in value or "\\w" in value or "\\W" in value):
        yield value
    elif isinstance(value, tuple | list | frozenset):
        for each in value:
            yield from patterns(each)
    elif isinstance(value, dict):
        yield from patterns([*value, *value.values()])
    elif isinstance(value, Signal):
        for literal in literals(value.compute if isinstance(value.compute, str) else ""):
            yield from patterns(literal)
    elif type(value).__module__ == "re2":
        yield str(getattr(value, "pattern", ""))


def literals(sql: str) -> list[str]:
    """What stands between quotation marks in SQL."""
    return re.findall(r"'((?:[^']|'')*)'", sql)


def test_no_rule_of_a_policy_ends_a_word_of_other_letters_at_b() -> None:
    seen = 0
    for path in sorted((Path(pipelines.__file__).parent / "policies").glob("*.toml")):
        for rule in tomllib.loads(path.read_text()).get("rules", ()):
            for literal in patterns(literals(rule["drop_if"])):
                seen += 1
                assert not wrong_places(literal), (path.name, literal)
    assert seen


def test_every_pattern_file_is_read() -> None:
    """Those of `.toml` are values of a module, in lists and tables."""
    held = [text for module in modules() for name, value in vars(module).items() if name[:2] != "__"
            for text in patterns(value)]  # fmt: skip
    whole = "\n".join(held)
    for path in (
        *Path(connectors.__file__).parent.rglob("*.toml"),
        *Path(pipelines.__file__).parent.glob("signals/*.toml"),
    ):
        own = [text for text in patterns(tomllib.loads(path.read_text()))]
        assert all(text in whole for text in own if "<" not in text), path


def test_no_pattern_of_re2_ends_a_word_of_other_letters_at_b() -> None:
    wrong = {
        f"{module.__name__}.{name}": found
        for module in modules()
        for name, value in vars(module).items()
        if not name.startswith("__")
        for pattern in patterns(value)
        if (found := wrong_places(pattern))
    }
    assert not wrong


@pytest.mark.parametrize(
    ("pattern", "is_wrong"),
    [
        (r"\bmill\b", False),
        (r"(?i)^(?:wie|как)\b", True),
        (r"(?:wie|как)(?:[^\pL]|$)", False),
        (r"написал\w*", True),
        (r"написал\pL*", False),
        (r"a(?:b|(?:c|escribió)\b)", True),
        (r"\b[éa]t", True),
        (r"\b(?:mill|磨)", True),
        (r"磨\w+", False),
        (r"[\]é]\b", True),
        (r"[^é]\b|\x{e9}{2,3}\b", False),
    ],
)
def test_what_stands_beside_b_is_found(pattern: str, is_wrong: bool) -> None:
    assert bool(wrong_places(pattern)) is is_wrong


@pytest.mark.parametrize("module", ["safety", "harms", "injection"])
def test_patterns_that_see_other_letters_as_marks_hold_none(module: str) -> None:
    """outside.count_outside writes `_` for them."""
    held = [
        text
        for value in vars(importlib.import_module(f"pipelines.signals.{module}")).values()
        for text in patterns(value)
    ]
    assert held and not any(
        letter
        for text in held
        for letter in text
        if unicodedata.name(letter, "").startswith(ALPHABETS) and letter > "\x7f"
    )
