"""The simulator's tensor maps: which byte of global memory goes where in shared memory.

The expected tile is made element by element, out of bounds or not, and then swizzled by the tables of PTX
ISA 9.1, section 5.5.7, as they are printed there.
"""

from __future__ import annotations

import argparse
import itertools
import random
from dataclasses import dataclass

import numpy as np
from sim_describe import Array, Describer, require, require_equal
from tensor_map import encode_tensor_map

# CUtensorMapDataType: elements of a unit, its bytes in global and in shared memory, and the NaN to fill with.
TYPES = {
    0: ("UINT8", 1, 1, 1, None),
    1: ("UINT16", 1, 2, 2, None),
    2: ("UINT32", 1, 4, 4, None),
    3: ("INT32", 1, 4, 4, None),
    4: ("UINT64", 1, 8, 8, None),
    5: ("INT64", 1, 8, 8, None),
    6: ("FLOAT16", 1, 2, 2, "float16"),
    7: ("FLOAT32", 1, 4, 4, "float32"),
    8: ("FLOAT64", 1, 8, 8, "float64"),
    9: ("BFLOAT16", 1, 2, 2, "bfloat16"),
    10: ("FLOAT32_FTZ", 1, 4, 4, "float32"),
    11: ("TFLOAT32", 1, 4, 4, "float32"),
    12: ("TFLOAT32_FTZ", 1, 4, 4, "float32"),
    13: ("16U4_ALIGN8B", 2, 1, 1, None),
    14: ("16U4_ALIGN16B", 16, 8, 16, None),
    15: ("16U6_ALIGN16B", 16, 12, 16, None),
}
# By mode and atomicity: for each line of 128 bytes, which of its chunks of 16 bytes comes to each place.
# Chunks of 8 bytes for the flipped one, made from the one before.
TABLE_32 = "0 1 2 3 4 5 6 7\n1 0 3 2 5 4 7 6"
TABLE_64 = TABLE_32 + "\n2 3 0 1 6 7 4 5\n3 2 1 0 7 6 5 4"
TABLE_128 = TABLE_64 + ("\n4 5 6 7 0 1 2 3\n5 4 7 6 1 0 3 2\n6 7 4 5 2 3 0 1\n7 6 5 4 3 2 1 0")
TABLE_128_32 = "0 1 2 3 4 5 6 7\n2 3 0 1 6 7 4 5\n4 5 6 7 0 1 2 3\n6 7 4 5 2 3 0 1"
TABLE_128_64 = "0 1 2 3 4 5 6 7\n4 5 6 7 0 1 2 3"
SWIZZLES = {
    (0, 0): ("0 1 2 3 4 5 6 7", 0, 128),
    (1, 0): (TABLE_32, 32, 256),
    (2, 0): (TABLE_64, 64, 512),
    (3, 0): (TABLE_128, 128, 1024),
    (3, 1): (TABLE_128_32, 128, 1024),
    (3, 2): (TABLE_128_32, 128, 1024),
    (3, 3): (TABLE_128_64, 128, 1024),
}
OUTSIDE, UNWRITTEN = -1, -2


@dataclass
class Map:
    kind: int
    dims: list[int]
    strides: list[int]
    box: list[int]
    steps: list[int]
    swizzle: tuple[int, int] = (0, 0)
    nan: int = 0
    address: int = 0x700000000

    @property
    def bytes(self) -> bytes:
        return encode_tensor_map(
            self.kind,
            self.address,
            self.dims,
            self.strides,
            self.box,
            self.steps,
            self.swizzle,
            bool(self.nan),
        )


def swizzled(tile: Array, base: int, how: tuple[int, int]) -> dict[int, int]:
    """By absolute shared address, which byte of the dense tile lies there."""
    table = [[int(x) for x in line.split()] for line in SWIZZLES[how][0].splitlines()]
    found = {}
    for address in range(base, base + len(tile)):
        line = address // 128
        chunk, rest = divmod(address % 128, 16)
        source = table[line % len(table)][chunk] * 16 + rest
        if how == (3, 2) and line % 2:
            source ^= 8  # the halves of 16 bytes change places in every other line
        found[address] = int(tile[line * 128 + source - base])
    return found


def dense_tile(tensor: Map, coordinates: list[int]) -> Array:
    """Per byte of the tile its global address, or OUTSIDE or UNWRITTEN."""
    _, unit, global_bytes, shared_bytes, _ = TYPES[tensor.kind]
    row = tensor.box[0] // unit * shared_bytes
    counts = [-(-b // s) for b, s in zip(tensor.box[1:], tensor.steps[1:], strict=True)]
    tile = np.full(row * int(np.prod(counts)), UNWRITTEN, np.int64)
    # Dimension 1 is the fastest.
    for number, index in enumerate(itertools.product(*(range(c) for c in reversed(counts)))):
        at = [
            c + i * s
            for c, i, s in zip(coordinates[1:], reversed(index), tensor.steps[1:], strict=True)
        ]
        is_row_inside = all(0 <= x < d for x, d in zip(at, tensor.dims[1:], strict=True))
        start = tensor.address + sum(x * s for x, s in zip(at, tensor.strides, strict=True))
        for u in range(tensor.box[0] // unit):
            element = coordinates[0] + u * unit
            is_inside = is_row_inside and 0 <= element < tensor.dims[0]
            for byte in range(global_bytes):
                tile[number * row + u * shared_bytes + byte] = (
                    start + element // unit * global_bytes + byte if is_inside else OUTSIDE
                )
    return tile


def got_tile(describe: Describer, tensor: Map, shared: int, coordinates: list[int]) -> tuple:
    words = describe(f"tile {shared} {' '.join(map(str, coordinates))}", tensor.bytes)
    found: dict[int, int] = {}
    for is_inside, at, count, low, high in words[:-1].reshape(-1, 5).tolist():
        for byte in range(count):
            require(at + byte not in found, f"byte {at + byte} is written once, {tensor}")
            found[at + byte] = (low | high << 32) + byte if is_inside else OUTSIDE
    return found, bool(words[-1])


def draw(rng: random.Random) -> tuple[Map, list[int], int]:
    """A legal map with a tile that is inside, across a border, or outside of the tensor."""
    kind = rng.choice(list(TYPES))
    _, unit, global_bytes, shared_bytes, nan = TYPES[kind]
    is_padded = global_bytes != shared_bytes
    rank = rng.randint(1, 5)
    hows = [how for how in SWIZZLES if not is_padded or how in ((0, 0), (3, 0), (3, 1))]
    if kind == 15:
        hows.append((3, 3))
    how = rng.choice(hows)
    span = SWIZZLES[how][1]
    if is_padded:
        box = [128]
    else:
        row = span or 16 * rng.randint(1, 8)
        box = [row // shared_bytes * unit]
        if box[0] > 256:  # UINT8 and 4 bits
            box, how = [256], (0, 0)
    granule = 128 if is_padded else unit
    dims = [granule * rng.randint(1, max(1, 400 // granule))]
    box += [rng.randint(1, (8, 8, 6, 4, 3)[rank - 1]) for _ in range(rank - 1)]
    dims += [rng.randint(1, 9) for _ in range(rank - 1)]
    steps = [1] + [rng.choice((1, 1, 2, 3, 8)) for _ in range(rank - 1)]
    align = 32 if is_padded else 16
    row_bytes = dims[0] // unit * global_bytes
    strides = [(-(-row_bytes // align) + rng.randint(0, 3)) * align]
    for extent in dims[1:-1]:
        strides.append(strides[-1] * extent + align * rng.randint(0, 2))
    tensor = Map(kind, dims, strides[: rank - 1], box, steps, how)
    tensor.nan = int(nan is not None and rng.random() < 0.5)
    coordinates = []
    for extent, width, step in zip(dims, box, [granule, *[1] * (rank - 1)], strict=True):
        # From what lies before the tensor to what lies behind it, but mostly inside.
        first, last = (0, extent - 1) if rng.random() < 0.8 else (-width - 1, extent + 1)
        coordinates.append(rng.randint(first // step, last // step) * step)
    shared = 128 * rng.randrange(64) if how == (0, 0) else SWIZZLES[how][2] * rng.randrange(8)
    return tensor, coordinates, shared


def check_tile(describe: Describer, rng: random.Random) -> int:
    tensor, coordinates, shared = draw(rng)
    name, _, global_bytes, shared_bytes, _ = TYPES[tensor.kind]
    expected_tile = dense_tile(tensor, coordinates)
    expected = swizzled(expected_tile, shared, tensor.swizzle)
    expected = {at: source for at, source in expected.items() if source != UNWRITTEN}
    got, is_storable = got_tile(describe, tensor, shared, coordinates)
    require(got == expected, f"{name}, {tensor}, {coordinates} at {shared}")
    require(
        is_storable == (global_bytes == shared_bytes and min(coordinates) >= 0),
        f"{tensor} is stored at {coordinates}",
    )
    size, alignment, *fill = describe("map", tensor.bytes).tolist()
    require(size == len(expected_tile), f"bytes of {tensor}")
    require(alignment == SWIZZLES[tensor.swizzle][2], f"alignment of {tensor}")
    require(len(fill) == global_bytes, f"what fills {tensor}")
    if not tensor.nan:
        require(not any(fill), f"zeros fill {tensor}")
    else:
        word = int.from_bytes(bytes(fill), "little")
        require(word == (1 << (8 * global_bytes - 1)) - 1, f"NaN fills {tensor}")
    return len(expected_tile)


def check_unaligned(describe: Describer) -> None:
    """Patterns follow absolute addresses: a tile may begin at any line of one."""
    for how in SWIZZLES:
        tensor = Map(0, [128, 40], [128], [SWIZZLES[how][1] or 128, 16], [1, 1], how)
        for line in range(8):
            got, _ = got_tile(describe, tensor, 128 * line, [0, 3])
            expected = swizzled(dense_tile(tensor, [0, 3]), 128 * line, how)
            require_equal(
                np.array(sorted(got.items())), np.array(sorted(expected.items())), f"{how}, {line}"
            )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("describe")
    parser.add_argument("--tiles", type=int, default=1500)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    describe = Describer(args.describe)
    rng = random.Random(args.seed)
    total = sum(check_tile(describe, rng) for _ in range(args.tiles))
    check_unaligned(describe)
    print(f"{args.tiles} tiles of {total} bytes agree")


if __name__ == "__main__":
    main()
