"""Seals: no bit of a sealed text can be another one, and what an earlier release wrote is read."""

import json

import pytest

from schemas.seal import BrokenSeal, Line, read_lines, seal, seal_values, unseal, write_lines

TEXTS = ('{"a": 1, "b": "é", "c": "x,"}', json.dumps({"a": 1, "x": [1, 2], "c": {"d": "e"}}, indent=1))


def flipped(content: bytes) -> list[bytes]:
    """Every content that differs in one bit."""
    number = int.from_bytes(content, "big")
    return [(number ^ 1 << bit).to_bytes(len(content), "big") for bit in range(8 * len(content))]


@pytest.mark.parametrize("text", TEXTS)
def test_every_flipped_bit_breaks_the_seal(text: str) -> None:
    sealed = seal(text).encode()
    assert unseal(sealed) == (json.loads(text), True)
    assert json.loads(sealed).keys() == {*json.loads(text), "sha256"}
    for content in flipped(sealed):
        with pytest.raises(BrokenSeal):
            unseal(content)


@pytest.mark.parametrize("text", TEXTS)
def test_what_was_written_without_a_seal_is_read(text: str) -> None:
    assert unseal(text.encode()) == (json.loads(text), False)
    assert unseal(b'{"cursor": "", "fingerprint": "' + b"a" * 64 + b'"}')[1] is False


@pytest.mark.parametrize("content", [b"", b"[1]", b"{", b"\xff", b'{"a": 1, "sha256": "1"}', b"[" * 100_000])
def test_what_is_no_object_is_told(content: bytes) -> None:
    with pytest.raises(BrokenSeal):
        unseal(content)


def test_a_sealed_row_is_sealed_once() -> None:
    once = seal_values({"a": 1})
    assert seal_values(json.loads(once)) == once


def test_a_damaged_line_costs_only_itself() -> None:
    rows = [{"a": 1}, {"a": 2}, {"a": 3}]
    text = write_lines(rows).encode().replace(b'"a": 2', b'"a": 6') + b'{"a": 4}\n\n{"a'
    assert list(read_lines(text)) == [
        Line(1, {"a": 1}, True),
        Line(2, None),
        Line(3, {"a": 3}, True),
        Line(4, {"a": 4}, False),
        Line(6, None),
    ]
