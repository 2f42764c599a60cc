"""Personal data and secrets: their spans, their counts, and the text without them.

Digits of any script and full-width letters are read as those of ASCII (`１３８…`, `٠١٢…`), one for one, so that a span
is where it was. No function returns or logs a matched value.
"""

import unicodedata
from bisect import bisect
from collections.abc import Callable, Sequence
from functools import cache
from hashlib import sha256

import pyarrow as pa
import re2

from pipelines.signals import credentials, handles
from pipelines.signals.identifiers import DETECTORS, Validator
from schemas.signal import Signal

Span = tuple[int, int, str]  # start, end (characters), kind
KINDS = {
    "EMAIL": "emails",
    "IP": "ips",
    "PHONE": "phones",
    "CARD": "cards",
    "IBAN": "ibans",
    "ID": "ids",
    "KEY": "keys",
    "HANDLE": "handles",
}
_HANDLE = ("HANDLE", r"@[A-Za-z_\p{Han}]", handles.HANDLE, handles.is_handle)
_OTHER_FORMS = r"[^\P{Nd}0-9]|[\x{ff21}-\x{ff3a}\x{ff41}-\x{ff5a}]"
_SIGN_IN = re2.compile(r"^([a-z][a-z0-9+.-]*://)[^/?#]*@")
_ENCODED_AT = re2.compile(r"%40")
_OF_ADDRESSES = ("EMAIL", "KEY")
# `ann@mill.org.md`: within texts what ends so is a file and no e-mail address, at the end of a path it may hold one
_FILE_ENDING = re2.compile(r"\.(md|py)([#/?&]|$)")
FIELDS = ("instruction", "input", "output")


def spans(text: str) -> list[Span]:
    """Return personal data and secrets in `text` as (start, end, kind), in order and without overlaps."""
    triggers, detectors = _detectors()
    numbers = triggers.Match(text) or ()
    if len(detectors) in numbers:
        text = text.translate(_of_ascii())
        numbers = [number for number in triggers.Match(text) or () if number < len(detectors)]
    found: list[Span] = []
    for number in sorted(numbers):
        kind, pattern, group, validate = detectors[number]
        for match in pattern.finditer(text):
            start, end = match.span(match.lastindex if group else 0)
            end = validate(text, start, end)
            if end:
                found.append((start, end, kind))
    return _without_overlaps(found) if len(found) > 1 else found


def redact(text: str) -> str:
    """Return `text` with typed placeholders, such as `<EMAIL_1>`, for personal data and secrets."""
    return redact_record([text])[0]


def redact_record(fields: Sequence[str]) -> list[str]:
    """Return the fields of one record with typed placeholders.

    Equal values have one placeholder, such as `<EMAIL_1>`, in all fields.
    """
    names: dict[str, dict[str, str]] = {kind: {} for kind in KINDS}
    return [_redact(field, names) for field in fields]


def redact_address(url: str) -> str:
    """Return an address without the sign-in before its host, and with placeholders for e-mail addresses and keys.

    `@names` and numbers in its path stay: they are how the page is found, and attribution leads there.
    """
    url = _SIGN_IN.sub(r"\1", url)
    plain = _ENCODED_AT.sub("@", url)
    return _replaced(plain, lambda kind, number, _: f"<{kind}_{number}>") or url


def redact_id(name: str) -> str:
    """Return an id with e-mail addresses and keys replaced by a hash of each, so that different ids stay different."""
    plain = _ENCODED_AT.sub("@", name)
    return _replaced(plain, lambda kind, _, value: f"<{kind}_{sha256(value.encode()).hexdigest()[:8]}>") or name


def _replaced(plain: str, mark: Callable[[str, int, str], str]) -> str:
    """An address or id with a mark for each e-mail address and key, by kind, number and value; "" without any."""
    found = [span for span in spans(_FILE_ENDING.sub(r"/\1\2", plain)) if span[2] in _OF_ADDRESSES]
    numbers: dict[str, dict[str, int]] = {kind: {} for kind in _OF_ADDRESSES}
    parts, at = list[str](), 0
    for start, end, kind in found:
        value = plain[start:end]
        number = numbers[kind].setdefault(value.lower(), len(numbers[kind]) + 1)
        parts += [plain[at:start], mark(kind, number, value)]
        at = end
    return "".join([*parts, plain[at:]]) if found else ""


def _redact(text: str, names: dict[str, dict[str, str]]) -> str:
    parts, at = [], 0
    for start, end, kind in spans(text):
        value = "".join(char for char in text[start:end].translate(_of_ascii()).lower() if char.isalnum())
        name = names[kind].setdefault(value, f"<{kind}_{len(names[kind]) + 1}>")
        parts += [text[at:start], name]
        at = end
    return "".join([*parts, text[at:]])


Detector = tuple[str, "re2._Regexp[str]", int, Validator]  # kind, pattern, group, validator


@cache
def _detectors() -> tuple[re2.Set, list[Detector]]:
    """Return all triggers in one automaton, so that most texts are read once, and the detector of each trigger.

    The last trigger has no detector: letters and digits in other forms than ASCII's.
    """
    triggers, detectors = re2.Set.SearchSet(), []
    for kind, trigger, pattern, validate in (*credentials.DETECTORS, *DETECTORS, _HANDLE):
        triggers.Add(trigger)
        compiled = re2.compile(pattern)
        detectors.append((kind, compiled, compiled.groups, validate))
    triggers.Add(_OTHER_FORMS)
    triggers.Compile()
    return triggers, detectors


@cache
def _of_ascii() -> dict[int, str]:
    """Return what stands for digits of other scripts, and for letters, digits and joining marks of full width."""
    twins = {code: str(unicodedata.decimal(chr(code))) for code in range(0x80, 0x20000)
             if chr(code).isdecimal()}  # fmt: skip
    full = [*range(0xFF21, 0xFF3B), *range(0xFF41, 0xFF5B), *map(ord, "＠．－＋＿\u3000")]
    return twins | {code: unicodedata.normalize("NFKC", chr(code)) for code in full}


def _without_overlaps(found: list[Span]) -> list[Span]:
    """Return the spans in order; of two that overlap, the one of the earlier and surer detector is kept."""
    kept: list[Span] = []
    for span in found:
        place = bisect(kept, span)
        if (place == 0 or kept[place - 1][1] <= span[0]) and (place == len(kept) or span[1] <= kept[place][0]):
            kept.insert(place, span)
    return kept


def count_identifiers(table: pa.Table) -> pa.Array:
    """Return a struct per row: the count of each kind in instruction, input and output together."""
    counts = {kind: [0] * table.num_rows for kind in KINDS}
    for field in FIELDS:
        for row, text in enumerate(table[field].to_pylist()):
            for _, _, kind in spans(text or ""):
                counts[kind][row] += 1
    names = [f"output_{name}" for name in KINDS.values()]
    return pa.StructArray.from_arrays([pa.array(counts[kind], pa.int32()) for kind in KINDS], names)


_SOURCE = "valid ones by checksum, range, format or name, in all three fields; identifiers.py, credentials.py …"
SIGNALS = tuple(Signal(f"output_{name}", pa.int32(), count_identifiers, _SOURCE, 6) for name in KINDS.values())
