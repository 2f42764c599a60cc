"""Bodies: what is left of two answers without the sentences that both begin or end with.

A signature, a disclaimer or a template that is longer than the answer beside it makes two answers near duplicates. If
what is left of both says something, and hardly a word of it is the same, they are two answers.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from pipelines.signals.text import CharacterTables, Words, decode, split_words

END = np.uint32(0)  # stands after each sentence
MIN_WORDS = 2  # a word that was changed or mistyped says nothing of the rest
# Of a sentence of two words one is left when the other was changed (1/3); two of three words become one when the blank
# between them is mistyped (1/4).
MIN_SIMILARITY = 0.25
MAX_SHARE = 0.25  # a longer rest of texts that are near has much in common
_MARKS = (0x2E, 0x21, 0x3F)
_WIDE_MARKS = (0x3002, 0xFF01, 0xFF1F)


@njit(cache=True, nogil=True)
def fill_sentences(data, start, end, tables: CharacterTables, words: Words, out: NDArray[np.uint32], used: int) -> int:  # type: ignore[no-untyped-def]
    """Append the word hashes of data[start:end] to out[used:], END after each sentence; return the new end."""
    begin, at = start, start
    while at < end:
        code, following = decode(data, at, end)
        spaced = following >= end or data[following] in (32, 9, 10, 13)
        if code == 10 or code in _WIDE_MARKS or (code in _MARKS and spaced) or following >= end:
            count = split_words(data, begin, following, tables, words)
            for k in range(count):
                out[used + k] = np.uint32(words.hashes[k] >> np.uint64(32)) | np.uint32(1)
            used += count
            if count:
                out[used] = END
                used += 1
            begin = following
        at = following
    return used


@njit(cache=True, nogil=True)
def bodies_differ(one: NDArray[np.uint32], other: NDArray[np.uint32]) -> bool:
    """Have two texts in sentences unrelated bodies?"""
    first, second = _without_common_ends(one, other)
    left, right = one[first[0] : first[1]], other[second[0] : second[1]]
    if max(len(left), len(right)) > MAX_SHARE * max(len(one), len(other)):
        return False
    left, right = np.unique(left[left != END]), np.unique(right[right != END])
    if min(len(left), len(right)) < MIN_WORDS:
        return False
    common = len(left) + len(right) - len(np.unique(np.concatenate((left, right))))
    return bool(common < MIN_SIMILARITY * (len(left) + len(right) - common))


@njit(cache=True, nogil=True)
def _without_common_ends(one: NDArray[np.uint32], other: NDArray[np.uint32]) -> tuple[tuple[int, int], tuple[int, int]]:
    """Return begin and end of what is between the sentences that both begin, and those that both end with."""
    begin, at, least = 0, 0, min(len(one), len(other))
    while at < least and one[at] == other[at]:
        at += 1
        begin = at if one[at - 1] == END else begin
    tail, at = 0, 0
    while at < least - begin and one[len(one) - 1 - at] == other[len(other) - 1 - at]:
        at += 1
        ends = (at == len(one) or one[len(one) - 1 - at] == END) and (
            at == len(other) or other[len(other) - 1 - at] == END
        )
        tail = at if ends else tail
    return (begin, len(one) - tail), (begin, len(other) - tail)
