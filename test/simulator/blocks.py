"""Compresses text once, and puts gzip bodies together from it without compressing anything again.

A block ends at a byte and refers to nothing outside itself (`Z_FULL_FLUSH`), so blocks follow each other in any order:
the days of a window, or one day repeated. Joined with a header, an end and the combined CRC-32 they are one ordinary
gzip member, which any reader takes for the work of a single compressor.
"""

import struct
import zlib
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from . import crc32

RAW_DEFLATE = -zlib.MAX_WBITS
GZIP_HEADER = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
LAST_BLOCK = b"\x03\x00"  # an empty deflate block, marked as the last


class Block(NamedTuple):
    deflated: bytes
    size: int
    """The bytes of the text itself."""
    crc: int


def deflate(text: bytes, level: int = 6) -> Block:
    compressor = zlib.compressobj(level, zlib.DEFLATED, RAW_DEFLATE)
    deflated = compressor.compress(text) + compressor.flush(zlib.Z_FULL_FLUSH)
    return Block(deflated, len(text), zlib.crc32(text))


def inflate(block: Block) -> bytes:
    return zlib.decompressobj(RAW_DEFLATE).decompress(block.deflated)


def gzip_member(blocks: Iterable[Block]) -> Iterator[bytes]:
    """One gzip member that holds the texts of the blocks, as buffers to be sent one after the other."""
    yield GZIP_HEADER
    crc = size = 0
    for block in blocks:
        crc = crc32.combine(crc, block.crc, block.size)
        size += block.size
        yield block.deflated
    yield LAST_BLOCK + struct.pack("<II", crc, size & 0xFFFFFFFF)
