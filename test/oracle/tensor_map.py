"""The bits of a CUtensorMap, as include/fp4/Simulator/Descriptors/TensorMapBits.h has them."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Final

# By CUtensorMapDataType, the number of PTX, and 16 for rounding to tf32.
CODES: Final = (0, 1, 2, 3, 4, 5, 6, 7, 9, 10, 8, 7 + 16, 8 + 16, 11, 12, 13)


def encode_tensor_map(
    kind: int,
    address: int,
    dims: Sequence[int],
    strides: Sequence[int],
    box: Sequence[int],
    steps: Sequence[int] = (1, 1, 1, 1, 1),
    swizzle: tuple[int, int] = (0, 0),
    fills_nan: bool = False,
) -> bytes:
    """`kind` is of the driver's enumeration, `swizzle` the mode and the atom of tensormap.replace."""
    code, (mode, atom), rank = CODES[kind], swizzle, len(dims)
    words = [0] * 32
    words[0:2] = struct.unpack("<2I", struct.pack("<Q", address))
    words[2] = 2 | (rank - 1) << 4 | (code & 15) << 7 | mode << 13 | int(fills_nan) << 15
    words[2] |= code >> 4 << 16 | atom << 19
    for i, stride in enumerate(strides):
        words[3 + i] = stride // 16 & 0xFFFFFFFF
        words[7] |= stride >> 36 << 4 * i
    for i, (dim, width, step) in enumerate(zip(dims, box, steps, strict=False)):
        words[8 + i] = dim - 1
        words[13] |= step - 1 << 3 * i
        if i == 0:
            words[13] |= width - 1 << 24
        else:
            words[14] |= width - 1 << 8 * (i - 1)
    return struct.pack("<32I", *words)
