"""ASCII text 64 bytes at a time: where words begin and end, and their hashes, without a branch per character.

The idea is simdjson's (Langdale, Lemire 2019): compare a block of bytes at once, and walk the bits that come out.
numba has no vector types, so a few functions are written in LLVM's own terms, of which LLVM makes what the machine has
(AVX-512, AVX2, SSE2, NEON). find_runs and hash_run read past the end of a text: REACH says how far.
"""

from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic

REACH = 64  # bytes after the end of a text that must be there to be read, whatever they hold
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


def _eight_code(_: Any, data: Any, at: Any) -> Any:
    """data[at:at + 8] as a uint64, first byte lowest."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return _load(context, builder, signature, args, _LANE)

    return types.uint64(data, types.int64), code


def _between(builder: Any, block: Any, low: int, high: int) -> Any:
    """Which bytes lie from `low` to `high`."""
    shifted = builder.sub(block, _every(low))
    return builder.icmp_unsigned("<", shifted, _every(high - low + 1))


def _every(byte: int) -> Any:
    return ir.Constant(_BLOCK, [byte] * 64)


def _hidden(builder: Any, block: Any) -> Any:
    """Control characters that are no white space, and whatever is not ASCII."""
    control = builder.or_(_between(builder, block, 0x00, 0x08), _between(builder, block, 0x0E, 0x1F))
    return builder.or_(control, _between(builder, block, 0x7F, 0xFF))


def _masks(context: Any, builder: Any, signature: Any, *masks: Any) -> Any:
    numbers = [builder.bitcast(mask, _LANE) for mask in masks]
    return context.make_tuple(builder, signature.return_type, numbers)


def _kinds_code(_: Any, data: Any, at: Any) -> Any:
    """Two masks of data[at:at + 64], first byte lowest: letters and digits, and what needs a closer look.

    The latter: apostrophes, control characters that are no white space, everything that is not ASCII.
    """

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        block = _load(context, builder, signature, args, _BLOCK)

        lower = builder.or_(block, _every(0x20))
        plain = builder.or_(_between(builder, lower, 0x61, 0x7A), _between(builder, block, 0x30, 0x39))
        odd = builder.or_(_hidden(builder, block), _between(builder, block, 0x27, 0x27))
        return _masks(context, builder, signature, plain, odd)

    return types.UniTuple(types.uint64, 2)(data, types.int64), code


def _fold_code(_: Any, data: Any, at: Any, out: Any, used: Any) -> Any:
    """Write data[at:at + 64] in lower case, white space as blanks, to `out`; two masks of it, first byte lowest.

    They are: white space, and what is not folded that way (control characters, everything that is not ASCII).
    """

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        block = _load(context, builder, signature, args, _BLOCK)
        upper, blank = _between(builder, block, 0x41, 0x5A), _between(builder, block, 0x09, 0x0D)
        folded = builder.select(upper, builder.add(block, _every(0x20)), builder.select(blank, _every(0x20), block))
        into = context.make_array(signature.args[2])(context, builder, args[2])
        place = builder.gep(into.data, [args[3]])
        builder.store(folded, builder.bitcast(place, ir.PointerType(_BLOCK)), align=1)
        blanks = builder.or_(blank, _between(builder, block, 0x20, 0x20))
        return _masks(context, builder, signature, blanks, _hidden(builder, block))

    return types.UniTuple(types.uint64, 2)(data, types.int64, out, types.int64), code


def _lowest_code(_: Any, mask: Any) -> Any:
    """The place of the lowest bit that is set."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.cttz(args[0], ir.Constant(ir.IntType(1), 1))

    return types.int64(types.uint64), code


_eight: Any = intrinsic(_eight_code)
_kinds: Any = intrinsic(_kinds_code)
fold_block: Any = intrinsic(_fold_code)
_lowest: Any = intrinsic(_lowest_code)


@njit(cache=True, nogil=True)
def find_runs(data: np.ndarray, start: int, end: int, edges: np.ndarray, odd: np.ndarray) -> int:
    """Cut data[start:end] at the ASCII marks and white space that always end a word; returns how many runs there are.

    Run r begins at edges[2r] and ends before edges[2r + 1]. `odd` are the first places of what is neither an ASCII
    letter nor a digit inside of runs, then `end`.
    """
    count, found, carry, at = 0, 0, np.uint64(0), start
    while at < end:
        plain, other = _kinds(data, at)
        keep = _ALL >> np.uint64(max(0, at + 64 - end))
        other &= keep
        run = plain & keep | other
        count = _places(run ^ (run << _ONE | carry), at, edges, count)
        if other:
            found = _places(other & ~(other << _ONE), at, odd, found)
        carry = run >> np.uint64(63)
        at += 64
    odd[found] = end
    if count & 1:
        edges[count] = end
    return (count + 1) >> 1


@njit(cache=True, nogil=True)
def _places(mask: np.uint64, at: int, out: np.ndarray, count: int) -> int:
    while mask:
        out[count] = at + _lowest(mask)
        count += 1
        mask &= mask - _ONE
    return count


@njit(cache=True, nogil=True)
def hash_run(data: np.ndarray, at: int, length: int) -> tuple[np.uint64, bool]:
    """The hash of a word of ASCII letters and digits, as `finish` makes it, and whether there is a letter in it."""
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
    """`length` bytes in lower case, then zeros. Shifted twice, because a shift by all 64 bits is undefined."""
    half = np.uint64(4 * length)
    return (_eight(data, at) | _CASE) & ~(_ALL << half << half)


@njit(cache=True, nogil=True)
def absorb(value: np.uint64, lane: np.uint64) -> np.uint64:
    value = (value ^ lane) * _MULTIPLY
    return value ^ (value >> np.uint64(32))


@njit(cache=True, nogil=True)
def absorb_one(
    value: np.uint64, lane: np.uint64, char: np.uint64, plain: int, chars: int
) -> tuple[np.uint64, np.uint64]:
    """The next character of a word, after `chars` others, `plain` of them ASCII. What is not ASCII tells its place."""
    if char >= np.uint64(0x80):
        return absorb(value, char | np.uint64(chars + 1) << np.uint64(32)), lane
    lane |= char << np.uint64(8 * (plain & 7))
    return (value, lane) if plain & 7 < 7 else (absorb(value, lane), np.uint64(0))


@njit(cache=True, nogil=True)
def finish(value: np.uint64, lane: np.uint64, plain: int) -> np.uint64:
    """The hash of a word whose whole lanes of 8 ASCII characters are absorbed; `plain` counts all of these."""
    if plain & 7 or plain == 0:
        value = absorb(value, lane)
    return absorb(value, np.uint64(0)) if plain <= 8 else value
