"""Content encodings, undone while they stream and never past a limit."""

import zlib
from collections.abc import Iterable, Iterator
from typing import Any

import brotli

_GZIP, _ZLIB, _RAW = 31, 15, -15


class TooLarge(Exception):
    """The body, decoded, is larger than allowed."""


class BadEncoding(Exception):
    """The body is not what its Content-Encoding says, or it is one we did not ask for."""


class Truncated(Exception):
    """The body ended before its end."""


def read_body(chunks: Iterable[bytes], encoding: str, limit: int, *, cut: bool = False) -> bytes:
    """The decoded body, of at most `limit` bytes. With `cut`, what is beyond is left out.

    Raises TooLarge (without `cut`), and what `decoded` raises.
    """
    body = bytearray()
    for piece in decoded(chunks, encoding.strip().lower(), limit + 1):
        body += piece
        if len(body) > limit:
            if not cut:
                raise TooLarge(f"more than {limit} bytes")
            break
    return bytes(body[:limit])


def decoded(chunks: Iterable[bytes], encoding: str, most: int) -> Iterator[bytes]:
    """Chunks of at most `most` decoded bytes: a decompression bomb meets its limit before it is unpacked.

    `encoding` is a Content-Encoding in lower case. Raises BadEncoding, Truncated.
    """
    if encoding in ("", "identity"):
        return iter(chunks)
    if encoding in ("gzip", "x-gzip", "deflate"):
        return _decode_deflate(chunks, encoding, most)
    if encoding == "br":
        return _decode_brotli(chunks, most)
    raise BadEncoding(f"Content-Encoding {encoding[:40]!r}")


def _decode_deflate(chunks: Iterable[bytes], encoding: str, most: int) -> Iterator[bytes]:
    """The members of a compressed stream, one after the other, at most `most` bytes at a time."""
    inflate: Any = None
    members = 0
    for chunk in chunks:
        data = chunk
        while data and (inflate or members == 0 or data.startswith(b"\x1f")):  # else: padding after the last member
            inflate = inflate or _decompressor(encoding, data)
            yield _step(inflate, data, most)
            data = inflate.unused_data if inflate.eof else inflate.unconsumed_tail
            members, inflate = (members + 1, None) if inflate.eof else (members, inflate)
    if inflate is not None:
        raise Truncated("compressed data ends early")


def _decompressor(encoding: str, start: bytes) -> Any:
    """`deflate` means zlib's format, but some servers send it bare."""
    if encoding != "deflate":
        return zlib.decompressobj(_GZIP)
    return zlib.decompressobj(_ZLIB if start[0] & 0x0F == 8 else _RAW)


def _step(inflate: Any, data: bytes, most: int) -> bytes:
    try:
        result: bytes = inflate.decompress(data, most)
        return result
    except zlib.error as error:
        raise BadEncoding(str(error)) from error


def _decode_brotli(chunks: Iterable[bytes], most: int) -> Iterator[bytes]:
    decompressor = brotli.Decompressor()
    try:
        for chunk in chunks:
            yield decompressor.process(chunk, output_buffer_limit=most)
            while not decompressor.can_accept_more_data():
                yield decompressor.process(b"", output_buffer_limit=most)
    except brotli.error as error:
        raise BadEncoding(str(error)) from error
    if not decompressor.is_finished():
        raise Truncated("compressed data ends early")
