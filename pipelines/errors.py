"""The two kinds of error that a user can cure, and the words for a file, a key or a value that is wrong.

An error is raised in English, as it may be stored, and said in the reader's language by whoever shows it: `str(error)`
is a `Message`. Imports no library of the project's, so that a command which only has to say no is quick.
"""

import difflib
import errno
import logging
import os
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import reduce
from pathlib import Path
from typing import Any

from pipelines.messages import Message, joined

Location = tuple[str | int, ...]
# Signs that move a terminal's cursor or turn the direction of reading: all controls but new line and tab
_CONTROLS = re.compile("[\\x00-\\x08\\x0b-\\x1f\\x7f-\\x9f\\u061c\\u200e\\u200f\\u202a-\\u202e\\u2066-\\u2069]")


class WrongInput(Exception):
    """What the user gave cannot be used: an option, a recipe, a policy, a query. The command ends with 2."""

    def __init__(self, message: str, /, **values: object) -> None:
        """`message` in English, with names in braces for the values."""
        super().__init__(Message(message, **values))


class WorkFailed(Exception):
    """What the user gave is right, and yet it did not work. The command ends with 1."""

    def __init__(self, message: str, /, **values: object) -> None:
        """`message` in English, with names in braces for the values."""
        super().__init__(Message(message, **values))


# by pydantic's type of a fault; the fields are those of its context
WORDS = {
    "bool_parsing": Message("must be true or false"),
    "bool_type": Message("must be true or false"),
    "dict_type": Message("must be a table of keys and values"),
    "float_parsing": Message("must be a number"),
    "float_type": Message("must be a number"),
    "greater_than": Message("must be more than {gt}"),
    "greater_than_equal": Message("must be at least {ge}"),
    "int_from_float": Message("must be a whole number"),
    "int_parsing": Message("must be a whole number"),
    "int_type": Message("must be a whole number"),
    "less_than": Message("must be less than {lt}"),
    "less_than_equal": Message("must be at most {le}"),
    "list_type": Message("must be a list in [ ]"),
    "literal_error": Message("must be {expected}"),
    "missing": Message("missing"),
    "model_attributes_type": Message("must be a table of keys and values"),
    "model_type": Message("must be a table of keys and values"),
    "path_type": Message("must be a path in quotes"),
    "string_too_short": Message("must not be empty"),
    "string_type": Message("must be text in quotes"),
    "too_short": Message("must have at least {min_length} of them"),
    "tuple_type": Message("must be a list in [ ]"),
}
# what helps where the system refuses to write, by its number
ROOM, DISK = Message("make room there"), Message("see to that disk")
AGAIN = Message("then give the same command again: it goes on from here")
REFUSALS = {errno.ENOSPC: ROOM, errno.EDQUOT: ROOM, errno.EFBIG: ROOM, errno.EIO: DISK, errno.EROFS: DISK}
READERS = ("_duckdb", "duckdb", "pyarrow")  # libraries that fail in many ways where a file is not what it was
# by the pattern of a field
PATTERNS = {
    "^[^\\r\\n]*$": Message("must be one line"),
    "^[a-z0-9][a-z0-9_-]*$": Message("must be of a-z, 0-9, - and _, and begin with a letter or digit"),
    "^[a-z][a-z0-9_]*$": Message("must be of a-z, 0-9 and _, and begin with a letter"),
    "^https?://": Message("must begin with https:// or http://"),
    "^https?://.+": Message("must begin with https:// or http://"),
    "^(https?://.+)?$": Message("must begin with https:// or http://"),
    "^(https?://.+/)?$": Message("must begin with https:// or http:// and end with a slash"),
}


def error_message(error: Exception) -> Message:
    """What an error says to a user: of those that are not the project's own also the kind, and no more than a line."""
    if isinstance(error, WrongInput | WorkFailed):
        return Message(str(error))
    # a library may say in words only what the system has said to it
    refused = next((number for number in REFUSALS if os.strerror(number) in str(error)), None)
    named = isinstance(error, OSError) and error.strerror and (error.filename2 or error.filename)
    said = joined(": ", (named, error.strerror)) if isinstance(error, OSError) and named else kind_and_line(error)
    if refused:
        return Message("{error}; {cure}, {again}", error=said, cure=REFUSALS[refused], again=AGAIN)
    if named:
        return said
    reading = type(error).__module__.partition(".")[0] in READERS
    rotten = Message(", `gristmill verify` whether a file is damaged") if reading else ""
    return Message("{error}; gristmill --debug … says where{rotten}", error=said, rotten=rotten)


def kind_and_line(error: Exception) -> Message:
    """An error that is not the project's own, as its kind and no more than a line."""
    return joined(": ", (type(error).__name__, first_line(error)))


def first_line(error: Exception | str) -> Message:
    """What an error says: all of a message, the first line of what a library says."""
    said = str(error)
    return said if isinstance(said, Message) else Message(next(iter(said.splitlines()), ""))


def printable(text: str) -> str:
    """`text` for a terminal: signs that would control it are shown as �."""
    return _CONTROLS.sub("\ufffd", text)


def escape_controls(json_text: str) -> str:
    """The same JSON with those signs written as escapes."""
    return _CONTROLS.sub(lambda found: f"\\u{ord(found[0]):04x}", json_text)


class PrintableFormatter(logging.Formatter):
    """Formats log lines for a terminal: sites and files may have a say in them."""

    def format(self, record: logging.LogRecord) -> str:
        return printable(super().format(record))


def did_you_mean(word: str, known: Iterable[str]) -> Message:
    """The nearest of the known words, or all of them, as the end of a message."""
    names = sorted(known)
    close = difflib.get_close_matches(word, names, n=1)
    return Message("; did you mean {word!r}?", word=close[0]) if close else all_known(names)


def all_known(names: Iterable[str]) -> Message:
    """All known words, as the end of a message."""
    return Message("; known: {names}", names=", ".join(names))


def read_toml(file: Path, error: type[WrongInput]) -> dict[str, Any]:
    """The settings in a TOML file; a byte order mark is no part of them. Raises `error` where it is not TOML in UTF-8.

    TOML is UTF-8 whatever the locale says.
    """
    try:
        return tomllib.loads(file.read_bytes().decode("utf-8-sig"))
    except UnicodeDecodeError as wrong:
        raise error(not_utf8(file, wrong)) from wrong
    except tomllib.TOMLDecodeError as wrong:
        raise error("{file}: not TOML: {error}", file=file, error=wrong) from wrong


def not_utf8(file: Path, error: UnicodeDecodeError) -> Message:
    """The message for a file in another encoding."""
    line, byte = error.object[: error.start].count(b"\n") + 1, error.object[error.start]
    return Message(
        "{file}:{line}: not UTF-8 (byte 0x{byte:02x}); save the file as UTF-8", file=file, line=line, byte=byte
    )


def explain_faults(
    file: str,
    given: Any,
    faults: Iterable[Mapping[str, Any]],
    known_keys: Callable[[Location], Iterable[str]],
) -> Message:
    """One line for each key at fault, in words that need no knowledge of pydantic.

    Args:
        file: Where `given` was read from: a path, or path and line.
        given: The settings that were refused.
        faults: `ValidationError.errors()`.
        known_keys: The keys that are allowed where a fault lies, by its location.
    """
    found = faults_by_key(given, faults, known_keys)
    return joined("\n", (joined(": ", filter(None, (file, key, words))) for key, words in found.items()))


def faults_by_key(
    given: Any, faults: Iterable[Mapping[str, Any]], known_keys: Callable[[Location], Iterable[str]]
) -> dict[str, Message]:
    """As `explain_faults`, by key; "" where the whole is at fault."""
    by_key: dict[str, list[Message]] = {}
    for fault in faults:
        words = by_key.setdefault(_key(given, fault), [])
        if (explanation := _words(fault, known_keys)) not in words:
            words.append(explanation)
    # a key above another one at fault is only what a union tried besides
    keys = [key for key in by_key if not any(other.startswith(f"{key}.") for other in by_key)]
    return {key: reduce(_either, by_key[key]) for key in keys}


def _either(one: Message, other: Message) -> Message:
    return Message("{one}, or {other}", one=one, other=other)


def _key(given: Any, fault: Mapping[str, Any]) -> str:
    """The key as the file has it: pydantic also names the types of a union on the way."""
    parts: list[str] = []
    node = given
    for part in fault["loc"]:
        if _has(node, part):
            node = node[part]
            parts.append(str(part))
        elif fault["type"] == "missing" and part == fault["loc"][-1]:
            parts.append(str(part))
    if fault["type"].startswith("union_tag"):
        parts.append(str(fault["ctx"]["discriminator"]).strip("'"))
    return ".".join(parts)


def _has(node: Any, part: str | int) -> bool:
    if isinstance(node, Mapping):
        return part in node
    return isinstance(node, Sequence) and not isinstance(node, str) and isinstance(part, int) and part < len(node)


def _words(fault: Mapping[str, Any], known_keys: Callable[[Location], Iterable[str]]) -> Message:
    kind, context = fault["type"], fault.get("ctx", {})
    if kind == "extra_forbidden":
        return Message("unknown key{cure}", cure=did_you_mean(str(fault["loc"][-1]), known_keys(fault["loc"])))
    if kind == "union_tag_not_found":
        return Message("missing{cure}", cure=all_known(sorted(known_keys(fault["loc"]))))
    if kind == "union_tag_invalid":
        return Message("unknown{cure}", cure=did_you_mean(str(context["tag"]), known_keys(fault["loc"])))
    if kind == "string_pattern_mismatch":
        pattern = context["pattern"]
        return PATTERNS.get(pattern) or Message("must match the regular expression {pattern}", pattern=pattern)
    if kind == "value_error":  # what a validator of ours raised
        return Message(str(context["error"]))
    return Message(WORDS[kind].template, **context) if kind in WORDS else Message(str(fault["msg"]))
