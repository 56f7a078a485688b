"""Makes pictures smaller that a browser has taken."""

import struct
import zlib
from collections import Counter
from typing import Final

_COLORS: Final = 256
_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
_PIXEL: Final = 3  # bytes of one
_HUE: Final = 5  # bits of a part of a color that do not tell its hue: eight steps are left


def reduced(png: bytes) -> bytes:
    """Return the same picture with 256 colours: a third of the bytes.

    These are the most frequent one of each hue, and then those that it has most of. What is not
    among them becomes the nearest that is. For pictures as chromium takes them: 8 bits
    for each of red, green and blue, not interlaced.
    """
    width, height, rows = _pixels(png)
    colors = Counter(row[x : x + _PIXEL] for row in rows for x in range(0, len(row), _PIXEL))
    usual = [color for color, _ in colors.most_common()]
    hues = {tuple(part >> _HUE for part in color): color for color in reversed(usual)}
    palette = list(dict.fromkeys([*hues.values(), *usual]))[:_COLORS]
    index = {color: place for place, color in enumerate(palette)}
    for color in colors:
        if color not in index:
            index[color] = min(range(len(palette)), key=lambda n: _distance(palette[n], color))
    lines = (
        b"\0" + bytes(index[row[x : x + _PIXEL]] for x in range(0, len(row), _PIXEL))
        for row in rows
    )
    header = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    return (
        _SIGNATURE
        + _chunk(b"IHDR", header)
        + _chunk(b"PLTE", b"".join(palette))
        + _chunk(b"IDAT", zlib.compress(b"".join(lines), 9))
        + _chunk(b"IEND", b"")
    )


def _distance(one: bytes, other: bytes) -> int:
    return sum((a - b) ** 2 for a, b in zip(one, other, strict=True))


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _pixels(png: bytes) -> tuple[int, int, list[bytes]]:
    """Return width, height and the rows of pixels.

    https://www.w3.org/TR/png-3/
    """
    if not png.startswith(_SIGNATURE):
        raise ValueError("it is no PNG")
    place, data, width, height = len(_SIGNATURE), b"", 0, 0
    while place < len(png):
        (size,) = struct.unpack_from(">I", png, place)
        kind, body = png[place + 4 : place + 8], png[place + 8 : place + 8 + size]
        if kind == b"IHDR":
            width, height, *rest = struct.unpack(">IIBBBBB", body)
            if rest != [8, 2, 0, 0, 0]:
                raise ValueError("it has not 8 bits for each of red, green and blue")
        data += body if kind == b"IDAT" else b""
        place += size + 12
    return width, height, list(_unfiltered(zlib.decompress(data), width * _PIXEL))


def _unfiltered(data: bytes, size: int) -> list[bytes]:
    rows: list[bytes] = []
    above = bytearray(size)
    for start in range(0, len(data), size + 1):
        kind, row = data[start], bytearray(data[start + 1 : start + 1 + size])
        for x in range(size):
            left = row[x - _PIXEL] if x >= _PIXEL else 0
            corner = above[x - _PIXEL] if x >= _PIXEL else 0
            row[x] = (row[x] + _predicted(kind, left, above[x], corner)) & 255
        rows.append(bytes(row))
        above = row
    return rows


def _predicted(kind: int, left: int, above: int, corner: int) -> int:
    paeth = min(
        (left, above, corner), key=lambda one: abs(left + above - corner - one)
    )  # the first of equals
    return (0, left, above, (left + above) // 2, paeth)[kind]
