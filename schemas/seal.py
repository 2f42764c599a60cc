"""Seals: a JSON object, in a file or on a line, whose last key `sha256` is the hash of all that stands before it.

A file that changes in place, such as a log, has no manifest to be checked by; a manifest has none either. The seal is
over bytes, not over values: a flipped bit that leaves valid JSON behind is found too.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

KEY = "sha256"
# a flipped bit in the key of a seal must not make it a line of an earlier release, which had none
_MAIMED = re.compile(rb'(?s).*"[^"]{6}": "[0-9a-f]{64}"\s*}\s*')
_SEALED = re.compile(rb'(?s)(.*[^\s,]),\s*"sha256": "([0-9a-f]{64})"\s*}\s*')


class BrokenSeal(ValueError):
    """The text is no JSON object, or not the one that was sealed."""


@dataclass(frozen=True)
class Line:
    """One line of a file of JSON objects. `value` is None where the line is damaged; `sealed`: it was hashed."""

    number: int
    value: dict[str, Any] | None
    sealed: bool = False


def seal(text: str) -> str:
    """A JSON object with its seal: on the same line, or on one of its own if the text has several lines."""
    body = text.rstrip().removesuffix("}").rstrip()
    gap = "\n " if "\n" in body else " "
    end = "\n}" if "\n" in body else "}"
    return f'{body},{gap}"{KEY}": "{_hash(body.encode())}"{end}'


def seal_values(values: Mapping[str, Any]) -> str:
    """A sealed line of JSON, which must have a key."""
    return seal(json.dumps({name: value for name, value in values.items() if name != KEY}, default=str))


def unseal(content: bytes) -> tuple[dict[str, Any], bool]:
    """The object without its seal, and whether it had one. Objects of earlier releases have none.

    Raises: BrokenSeal.
    """
    try:
        value = json.loads(content.decode())
    except (ValueError, RecursionError) as error:
        raise BrokenSeal(f"not JSON: {error}") from error
    if not isinstance(value, dict):
        raise BrokenSeal("not an object")
    if KEY not in value and not _MAIMED.fullmatch(content):
        return value, False
    found = _SEALED.fullmatch(content)
    if not found or _hash(found[1]) != found[2].decode():
        raise BrokenSeal("changed since it was written")
    value.pop(KEY)
    return value, True


def was_sealed(content: bytes) -> bool:
    """Whether a text that cannot be read had a seal, by the hash in it, of which a flipped bit leaves a half."""
    return bool(re.search(rb"[0-9a-f]{31}", content))


def read_lines(content: bytes) -> Iterator[Line]:
    """The lines that are not blank. Only a line feed ends a line: a flipped bit may make any other sign."""
    for number, line in enumerate(content.split(b"\n"), 1):
        if line.strip():
            try:
                yield Line(number, *unseal(line))
            except BrokenSeal:
                yield Line(number, None)


def write_lines(rows: Iterable[Mapping[str, Any]]) -> str:
    """Sealed lines, one for each row."""
    return "".join(f"{seal_values(row)}\n" for row in rows)


def _hash(content: bytes) -> str:
    return sha256(content).hexdigest()
