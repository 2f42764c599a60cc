"""Parquet to rows, in bounded memory: a group of rows with a page that no text fills is told, and the others are read.

A page of a few kilobytes may unpack to gigabytes, and a dictionary's one long value stand in each of a million rows.
What a page unpacks to is written in its header, which pyarrow does not show.
https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import IO, Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from connectors.reading import packed
from connectors.reading.malformed import Malformed

MOST_OF_PAGE = 32 << 20  # bytes; writers part pages at one MiB, unless a value is longer
_AT_ONCE, _ROWS = 64 << 20, 1_000  # bytes and rows of a batch
_HEADER, _LONGEST_HEADER = 1 << 12, 16 << 20  # bytes; the second is pyarrow's limit
_BUFFER = 1 << 20
_SHARED = ("DICTIONARY", "DELTA_BYTE_ARRAY")  # encodings whose values may be longer together than their page
_TRUE, _FALSE, _BYTE, _DOUBLE, _BINARY, _LIST, _SET, _MAP, _STRUCT = 1, 2, 3, 7, 8, 9, 10, 11, 12
_UNPACKED, _PACKED = 2, 3  # fields of a page's header
_DEEPEST, _LONGEST_NUMBER = 8, 63  # structs, bits


def rows(path: Path) -> Iterator[Any]:
    """Each row as an object, and a Malformed for a group of rows that is broken or too large.

    Raises pyarrow's exceptions for a file that is none, and TooLarge where all rows are longer than a packed file's.
    """
    budget = _Budget(packed.most_of(path.stat().st_size))
    with path.open("rb") as raw, pq.ParquetFile(path, buffer_size=_BUFFER, pre_buffer=False) as file:
        for number in range(file.num_row_groups):
            yield from _group(raw, file, number, budget)


def _group(raw: IO[bytes], file: pq.ParquetFile, number: int, budget: "_Budget") -> Iterator[Any]:
    try:
        for batch in file.iter_batches(_at_once(raw, file.metadata.row_group(number)), [number]):
            budget.spend(_size(batch))
            yield from batch.to_pylist()
    except packed.TooLarge:
        raise
    except _TooLong as error:
        yield Malformed(f"row group {number}", "too_large", str(error))
    except (pa.ArrowException, OSError, IndexError, ValueError) as error:
        yield Malformed(f"row group {number}", "malformed_parquet", f"{type(error).__name__} {error}"[:80])


@dataclass(slots=True)
class _Budget:
    """Bytes that the rows of a file may still take."""

    left: int

    def spend(self, size: int) -> None:
        """Raises TooLarge."""
        self.left -= size
        if self.left < 0:
            raise packed.TooLarge("its values are stored once and repeated")


def _size(batch: Any) -> int:
    """Bytes of a batch with the values of its dictionaries as often as they stand in it."""
    coded = [column for column in batch.columns if pa.types.is_dictionary(column.type)]
    texts = [column for column in coded if pa.types.is_string(column.dictionary.type)]
    lengths = [pc.sum(pc.take(pc.binary_length(each.dictionary), each.indices)).as_py() for each in texts]
    return int(batch.nbytes) + sum(length or 0 for length in lengths)


class _Unreadable(ValueError):
    """No header of a page that pyarrow would read."""


class _TooLong(ValueError):
    """A page is longer than MOST_OF_PAGE."""


def _at_once(raw: IO[bytes], group: Any) -> int:
    """How many rows of a group fill no more than _AT_ONCE bytes. Raises _TooLong, IndexError, _Unreadable."""
    sizes = [_largest(raw, group.column(place), group.num_rows) for place in range(group.num_columns)]
    longest = max((page for page, _ in sizes), default=0)
    if longest > MOST_OF_PAGE:
        raise _TooLong(f"{group.num_rows} rows with a page of {longest} bytes")
    return min(_ROWS, max(1, _AT_ONCE // max(1, sum(size for _, size in sizes))))


def _largest(raw: IO[bytes], column: Any, count: int) -> tuple[int, int]:
    """Bytes of the largest page of a column, unpacked, and those that a row may take of it. Raises as `_header`."""
    first = column.dictionary_page_offset if column.has_dictionary_page else None
    at, largest = min(column.data_page_offset, first or column.data_page_offset), 0
    end = at + column.total_compressed_size
    while at < end:
        fields, size = _page(raw, at)
        largest = max(largest, fields.get(_UNPACKED, 0))
        at += size + max(fields.get(_PACKED, 0), 0)
    is_shared = any(name in encoding for encoding in column.encodings for name in _SHARED)
    return largest, largest * (ceil(column.num_values / max(count, 1)) if is_shared else 1)


def _page(raw: IO[bytes], at: int) -> tuple[dict[int, int], int]:
    for size in (_HEADER, _LONGEST_HEADER):
        raw.seek(at)
        header = raw.read(size)
        try:
            return _struct(header, 0, 0)
        except IndexError:
            if len(header) < size:
                raise
    raise _Unreadable("longer than pyarrow reads")


def _struct(data: bytes, at: int, depth: int) -> tuple[dict[int, int], int]:
    """The whole numbers of a struct in Thrift's compact protocol by their field, and where it ends.

    Raises IndexError where it does not end, _Unreadable where it is none.
    """
    fields: dict[int, int] = {}
    field = 0
    while data[at]:
        head, at = data[at], at + 1
        if head >> 4:
            field += head >> 4
        else:
            field, at = _number(data, at)
        value, at = (0, at) if head & 15 in (_TRUE, _FALSE) else _value(data, at, head & 15, depth)
        fields[field] = value
    return fields, at + 1


def _value(data: bytes, at: int, kind: int, depth: int) -> tuple[int, int]:
    """A whole number, 0 for anything else, and where it ends. Raises as `_struct`."""
    if depth > _DEEPEST:
        raise _Unreadable("too deep")
    if kind == _STRUCT:
        return 0, _struct(data, at, depth + 1)[1]
    if kind in (_LIST, _SET):
        count, inner, at = data[at] >> 4, data[at] & 15, at + 1
        if count == 15:
            count, at = _unsigned(data, at)
        for _ in range(count):
            _, at = _value(data, at, inner, depth + 1)
        return 0, at
    if kind == _BINARY:
        length, at = _unsigned(data, at)
        return 0, at + length
    if kind in (_TRUE, _FALSE, _BYTE, _DOUBLE):
        return 0, at + (8 if kind == _DOUBLE else 1)
    if kind == _MAP or kind > _STRUCT:
        raise _Unreadable("no header has such a field")
    return _number(data, at)


def _number(data: bytes, at: int) -> tuple[int, int]:
    coded, at = _unsigned(data, at)
    return (coded >> 1) ^ -(coded & 1), at


def _unsigned(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while data[at] & 0x80:
        value |= (data[at] & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if shift > _LONGEST_NUMBER:
            raise _Unreadable("no number is so long")
    return value | data[at] << shift, at + 1
