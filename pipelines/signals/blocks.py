"""ASCII text in blocks of 64 bytes: where words begin and end, and their hashes, without a branch per character.

The method is simdjson's (Langdale, Lemire 2019): compare all bytes of a block at once, and walk the bits of the result.
numba has no vector types. So a few functions are written in LLVM IR, from which LLVM makes the instructions that the
machine has (AVX-512, AVX2, SSE2, NEON). find_runs and hash_run read up to OVERREAD bytes past the end of a text.
"""

from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic

OVERREAD = 64  # bytes after the end of a text that must be readable; their values do not matter
_LANE = ir.IntType(64)
_BLOCK = ir.VectorType(ir.IntType(8), 64)
_MULTIPLY = np.uint64(0x9E3779B97F4A7C15)  # 2^64 / golden ratio, odd
_CASE = np.uint64(0x2020202020202020)  # the bit that makes an ASCII letter lower case, and changes no digit
_LETTER = np.uint64(0x4040404040404040)  # the bit that letters have and digits have not
_ALL = np.uint64(0xFFFFFFFFFFFFFFFF)
_ONE = np.uint64(1)


def _load(context: Any, builder: Any, signature: Any, args: Any, kind: ir.Type) -> Any:
    array = context.make_array(signature.args[0])(context, builder, args[0])
    place = builder.gep(array.data, [args[1]])
    return builder.load(builder.bitcast(place, ir.PointerType(kind)), align=1)


def _load8_codegen(_: Any, data: Any, at: Any) -> Any:
    """Generate code for data[at:at + 8] as a uint64, first byte lowest."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return _load(context, builder, signature, args, _LANE)

    return types.uint64(data, types.int64), code


def _between(builder: Any, block: Any, low: int, high: int) -> Any:
    """Generate a mask of the bytes from `low` to `high`."""
    shifted = builder.sub(block, _splat(low))
    return builder.icmp_unsigned("<", shifted, _splat(high - low + 1))


def _splat(byte: int) -> Any:
    return ir.Constant(_BLOCK, [byte] * 64)


def _needs_decoding(builder: Any, block: Any) -> Any:
    """Generate a mask of control characters that are no white space, and of all bytes that are not ASCII."""
    control = builder.or_(_between(builder, block, 0x00, 0x08), _between(builder, block, 0x0E, 0x1F))
    return builder.or_(control, _between(builder, block, 0x7F, 0xFF))


def _return_masks(context: Any, builder: Any, signature: Any, *masks: Any) -> Any:
    numbers = [builder.bitcast(mask, _LANE) for mask in masks]
    return context.make_tuple(builder, signature.return_type, numbers)


def _classify_codegen(_: Any, data: Any, at: Any) -> Any:
    """Generate code for two masks of data[at:at + 64], first byte lowest.

    The first has ASCII letters and digits. The second has the bytes that need a closer look: apostrophes, control
    characters that are no white space, and everything that is not ASCII.
    """

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        block = _load(context, builder, signature, args, _BLOCK)

        lower = builder.or_(block, _splat(0x20))
        plain = builder.or_(_between(builder, lower, 0x61, 0x7A), _between(builder, block, 0x30, 0x39))
        odd = builder.or_(_needs_decoding(builder, block), _between(builder, block, 0x27, 0x27))
        return _return_masks(context, builder, signature, plain, odd)

    return types.UniTuple(types.uint64, 2)(data, types.int64), code  # type: ignore[no-untyped-call]


def _fold_codegen(_: Any, data: Any, at: Any, out: Any, used: Any) -> Any:
    """Generate code that writes data[at:at + 64] to out[used:], in lower case and with white space as blanks.

    It returns two masks, first byte lowest: white space, and bytes that are not folded (control characters, everything
    that is not ASCII).
    """

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        block = _load(context, builder, signature, args, _BLOCK)
        upper, blank = _between(builder, block, 0x41, 0x5A), _between(builder, block, 0x09, 0x0D)
        folded = builder.select(upper, builder.add(block, _splat(0x20)), builder.select(blank, _splat(0x20), block))
        into = context.make_array(signature.args[2])(context, builder, args[2])
        place = builder.gep(into.data, [args[3]])
        builder.store(folded, builder.bitcast(place, ir.PointerType(_BLOCK)), align=1)
        blanks = builder.or_(blank, _between(builder, block, 0x20, 0x20))
        return _return_masks(context, builder, signature, blanks, _needs_decoding(builder, block))

    return types.UniTuple(types.uint64, 2)(data, types.int64, out, types.int64), code  # type: ignore[no-untyped-call]


def _lowest_bit_codegen(_: Any, mask: Any) -> Any:
    """Generate code for the position of the lowest bit that is set."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.cttz(args[0], ir.Constant(ir.IntType(1), 1))

    return types.int64(types.uint64), code


_load8: Any = intrinsic(_load8_codegen)
_classify: Any = intrinsic(_classify_codegen)
fold_block: Any = intrinsic(_fold_codegen)
_lowest_bit: Any = intrinsic(_lowest_bit_codegen)


@njit(cache=True, nogil=True)
def find_runs(data: np.ndarray, start: int, end: int, edges: np.ndarray, odd: np.ndarray) -> int:
    """Cut data[start:end] at the ASCII marks and white space that always end a word; return the count of runs.

    Run r is data[edges[2r]:edges[2r + 1]]. `odd` is filled with the first position of every stretch, inside runs, of
    bytes that are neither ASCII letters nor digits; `end` follows them.
    """
    count, found, carry, at = 0, 0, np.uint64(0), start
    while at < end:
        plain, other = _classify(data, at)
        keep = _ALL >> np.uint64(max(0, at + 64 - end))
        other &= keep
        run = plain & keep | other
        count = _write_bit_positions(run ^ (run << _ONE | carry), at, edges, count)
        if other:
            found = _write_bit_positions(other & ~(other << _ONE), at, odd, found)
        carry = run >> np.uint64(63)
        at += 64
    odd[found] = end
    if count & 1:
        edges[count] = end
    return (count + 1) >> 1


@njit(cache=True, nogil=True)
def _write_bit_positions(mask: np.uint64, at: int, out: np.ndarray, count: int) -> int:
    """Append `at` + the position of every bit of `mask` to `out`, which holds `count` values; return the new count."""
    while mask:
        out[count] = at + _lowest_bit(mask)
        count += 1
        mask &= mask - _ONE
    return count


@njit(cache=True, nogil=True)
def hash_run(data: np.ndarray, at: int, length: int) -> tuple[np.uint64, bool]:
    """Return the hash of a word of ASCII letters and digits, as `finish_hash` makes it, and whether it has a letter."""
    if length <= 8:  # most words, in less than half of the time
        lane = _lane(data, at, length)
        return absorb(absorb(np.uint64(0), lane), np.uint64(0)), lane & _LETTER != np.uint64(0)
    first, second = _lane(data, at, 8), _lane(data, at + 8, min(length - 8, 8))
    value, letters = absorb(absorb(np.uint64(0), first), second), first | second
    for done in range(16, length, 8):
        lane = _lane(data, at + done, min(length - done, 8))
        value, letters = absorb(value, lane), letters | lane
    return value, letters & _LETTER != np.uint64(0)


@njit(cache=True, nogil=True)
def _lane(data: np.ndarray, at: int, length: int) -> np.uint64:
    """Return `length` bytes in lower case, then zeros. The shift is done twice, since one by 64 bits is undefined."""
    half = np.uint64(4 * length)
    lower: np.uint64 = (_load8(data, at) | _CASE) & ~(_ALL << half << half)
    return lower


@njit(cache=True, nogil=True)
def absorb(value: np.uint64, lane: np.uint64) -> np.uint64:
    """Return the hash `value` after eight more bytes, `lane` (multiply and fold)."""
    value = (value ^ lane) * _MULTIPLY
    return value ^ (value >> np.uint64(32))


@njit(cache=True, nogil=True)
def absorb_character(
    value: np.uint64, lane: np.uint64, char: np.uint64, plain: int, chars: int
) -> tuple[np.uint64, np.uint64]:
    """Return hash and lane of a word after one more character.

    `char` is a code point; `chars` characters came before, `plain` of them ASCII. A character that is not ASCII is
    absorbed with its position.
    """
    if char >= np.uint64(0x80):
        return absorb(value, char | np.uint64(chars + 1) << np.uint64(32)), lane
    lane |= char << np.uint64(8 * (plain & 7))
    return (value, lane) if plain & 7 < 7 else (absorb(value, lane), np.uint64(0))


@njit(cache=True, nogil=True)
def finish_hash(value: np.uint64, lane: np.uint64, plain: int) -> np.uint64:
    """Return the hash of a word whose whole lanes of 8 ASCII characters are absorbed; `plain` counts them all."""
    if plain & 7 or plain == 0:
        value = absorb(value, lane)
    return absorb(value, np.uint64(0)) if plain <= 8 else value
