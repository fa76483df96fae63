"""Copies of tiles of tensors by cp.async.bulk.tensor on the simulator, against indexing with numpy.

[PTX 5.5, 9.7.9.27.1] and the driver API's "Tensor Map Object Management" say where each element lies. Each
case is a random tensor map with coordinates that may be outside of the tensor. The kernel gets the map
without the tensor's address, puts that in with tensormap.replace, and hands the map over to the tensor unit.
"""

from __future__ import annotations

import itertools
import random
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
from tensor_map import encode_tensor_map

ORDERS: Final = ("late", "early", "random:1")
# Of the driver's enumeration: the number, bytes, and what NaN is where a type is filled with it.
TYPES: Final = {
    "u8": (0, 1, None), "u16": (1, 2, None), "u32": (2, 4, None), "s32": (3, 4, None),
    "u64": (4, 8, None), "f16": (6, 2, 0x7FFF), "f32": (7, 4, 0x7FFFFFFF), "bf16": (9, 2, 0x7FFF),
    "f64": (8, 8, 0x7FFFFFFFFFFFFFFF),
}  # fmt: skip
# The same of those that have 16 bytes in shared memory for 16 elements, and less of data.
PACKED: Final = {"16u4": (14, 8), "16u6": (15, 12)}
# The same of f32 that is changed by a load.
CONVERTED: Final = {"f32ftz": (10, 4, None), "tf32": (11, 4, None), "tf32ftz": (12, 4, None)}
# Swizzle mode and atomicity, bytes of a row, and the bits of the address that are changed: (from, to, count).
SWIZZLES: Final = {
    "none": (0, 0, 0, ()),
    "32": (1, 0, 32, ((7, 4, 1),)),
    "64": (2, 0, 64, ((7, 4, 2),)),
    "128": (3, 0, 128, ((7, 4, 3),)),
    "128 atom 32": (3, 1, 128, ((7, 5, 2),)),
    "128 atom 32 flip 8": (3, 2, 128, ((7, 5, 2), (7, 3, 1))),
    "128 atom 64": (3, 3, 128, ((7, 6, 1),)),
}


@dataclass
class Map:
    type: str
    dims: list[int]
    strides: list[int]  # bytes, of dimension 1 and up
    box: list[int]
    steps: list[int]
    swizzle: str
    nan: bool
    # Where the tile begins, a multiple of 128: patterns are those of the address, not of the tile.
    base: int = 0

    @property
    def size(self) -> int:
        return (TYPES | CONVERTED)[self.type][1]

    @property
    def extents(self) -> list[int]:
        return [self.box[0]] + [
            -(-b // s) for b, s in zip(self.box[1:], self.steps[1:], strict=True)
        ]

    @property
    def tile_bytes(self) -> int:
        return int(np.prod(self.extents)) * self.size

    @property
    def tensor_bytes(self) -> int:
        return self.dims[0] * self.size + sum(
            (d - 1) * s for d, s in zip(self.dims[1:], self.strides, strict=True)
        )

    def encode(self) -> bytes:
        mode, atom, _, _ = SWIZZLES[self.swizzle]
        number = (TYPES | CONVERTED | PACKED)[self.type][0]
        return encode_tensor_map(
            number, 0, self.dims, self.strides, self.box, self.steps, (mode, atom), self.nan
        )

    def swizzled(self, offset: int) -> int:
        """Where the byte at an offset of the tile lies, from the tile's begin."""
        address = changed = self.base + offset
        for source, target, count in SWIZZLES[self.swizzle][3]:
            changed ^= (address >> source & ((1 << count) - 1)) << target
        return changed - self.base

    def elements(self, coordinates: list[int]) -> Iterator[tuple[int, int | None]]:
        """Of each element of the tile: its byte in shared memory, and in the tensor or None."""
        ranges = [range(e) for e in reversed(self.extents)]
        for number, reverse in enumerate(itertools.product(*ranges)):
            index = reverse[::-1]
            at = [
                c + i * (s if k else 1)
                for k, (c, i, s) in enumerate(zip(coordinates, index, self.steps, strict=True))
            ]
            inside = all(0 <= a < d for a, d in zip(at, self.dims, strict=True))
            place = at[0] * self.size + sum(
                a * s for a, s in zip(at[1:], self.strides, strict=True)
            )
            yield self.swizzled(number * self.size), place if inside else None


def choose(rng: random.Random, rank: int, swizzle: str) -> tuple[Map, list[int]]:
    name = rng.choice(list(TYPES))
    _, size, nan = TYPES[name]
    span = SWIZZLES[swizzle][2]
    inner = span // size if span else rng.choice([16, 32, 64, 128]) // size
    box = [inner] + [rng.randint(1, (12, 6, 4, 3)[rank - 2]) for _ in range(rank - 1)]
    dims = [rng.randint(1, 2 * inner)] + [rng.randint(1, b + 3) for b in box[1:]]
    strides: list[int] = []
    row = -(-dims[0] * size // 16) * 16
    for d in dims[1:]:
        strides.append(row + 16 * rng.randint(0, 2))
        row = strides[-1] * d
    steps = [1] + [rng.choice([1, 1, 1, 2, 3]) for _ in box[1:]]
    coordinates = [rng.randint(-inner, dims[0])] + [
        rng.randint(-b, d) for b, d in zip(box[1:], dims[1:], strict=True)
    ]
    base = rng.choice([0, 128, 256, 384, 512, 896])
    fills_nan = nan is not None and rng.random() < 0.5
    made = Map(name, dims, strides, box, steps, swizzle, fills_nan, base)
    return made, coordinates


def kernel(tile: int, base: int, body: str) -> str:
    return f"""
.version 8.8
.target sm_100a
.address_size 64
.entry k(.param .align 64 .b8 map[128], .param .u64 tensor, .param .u64 tile, .param .u64 scratch) {{
  .reg .b64 %rd<16>;
  .reg .b32 %r<16>;
  .reg .pred %p<4>;
  .shared .align 1024 .b8 smem[{tile + 1024}];
  .shared .align 128 .b8 tm[128];
  .shared .align 8 .b64 bar;
  ld.param.u64 %rd1, [tensor];
  ld.param.u64 %rd2, [tile];
  ld.param.u64 %rd3, [scratch];
  mov.u32 %r1, %tid.x;
  setp.ne.u32 %p0, %r1, 0;
  mov.u64 %rd4, map;
  cvta.param.u64 %rd4, %rd4;
  mul.wide.u32 %rd5, %r1, 4;
  add.u64 %rd4, %rd4, %rd5;
  ld.b32 %r2, [%rd4];
  mov.u32 %r3, tm;
  mad.lo.u32 %r4, %r1, 4, %r3;
  st.shared.b32 [%r4], %r2;
  bar.warp.sync -1;
  @!%p0 tensormap.replace.tile.global_address.shared::cta.b1024.b64 [%r3], %rd1;
  bar.warp.sync -1;
  tensormap.cp_fenceproxy.global.shared::cta.tensormap::generic.release.gpu.sync.aligned [%rd3], [tm], 128;
  fence.proxy.tensormap::generic.acquire.gpu [%rd3], 128;
  mov.u32 %r5, smem;
  add.u32 %r5, %r5, {base};
{body}
  ret;
}}
"""


def load_kernel(
    tile: int, base: int, coordinates: list[int], rank: int, mode: str, copied: int | None = None
) -> str:
    """`copied` is of what the barrier is told, with zeros between it; otherwise the whole tile."""
    listed = ", ".join(map(str, coordinates))
    zeros = """
  shl.b32 %r6, %r1, 2;
ZERO:
  add.u32 %r7, %r5, %r6;
  st.shared.b32 [%r7], 0;
  add.u32 %r6, %r6, 128;
  setp.lt.u32 %p2, %r6, TILE;
  @%p2 bra ZERO;
  fence.proxy.async.shared::cta;
  bar.warp.sync -1;
""".replace("TILE", str(tile))
    return kernel(
        tile,
        base,
        f"""{zeros if copied else ""}
  @%p0 bra WAIT;
  mbarrier.init.shared::cta.b64 [bar], 1;
  mbarrier.arrive.expect_tx.shared::cta.b64 _, [bar], {copied or tile};
  cp.async.bulk.prefetch.tensor.{rank}d.L2.global{mode} [%rd3, {{{listed}}}];
  cp.async.bulk.tensor.{rank}d.shared::cluster.global{mode}.mbarrier::complete_tx::bytes
    [%r5], [%rd3, {{{listed}}}], [bar];
WAIT:
  bar.warp.sync -1;
LOOP:
  mbarrier.try_wait.parity.shared::cta.b64 %p1, [bar], 0;
  @!%p1 bra LOOP;
  shl.b32 %r6, %r1, 2;
COPY:
  setp.ge.u32 %p2, %r6, {tile};
  @%p2 bra DONE;
  add.u32 %r7, %r5, %r6;
  ld.shared.b32 %r8, [%r7];
  cvt.u64.u32 %rd6, %r6;
  add.u64 %rd6, %rd2, %rd6;
  st.global.b32 [%rd6], %r8;
  add.u32 %r6, %r6, 128;
  bra COPY;
DONE:
""",
    )


def store_kernel(
    tile: int, base: int, coordinates: list[int], rank: int, operation: str, mode: str
) -> str:
    listed = ", ".join(map(str, coordinates))
    opcode = f"cp{'.reduce' if operation else ''}.async.bulk.tensor.{rank}d.global.shared::cta"
    return kernel(
        tile,
        base,
        f"""
  shl.b32 %r6, %r1, 2;
COPY:
  setp.ge.u32 %p2, %r6, {tile};
  @%p2 bra DONE;
  cvt.u64.u32 %rd6, %r6;
  add.u64 %rd6, %rd2, %rd6;
  ld.global.b32 %r8, [%rd6];
  add.u32 %r7, %r5, %r6;
  st.shared.b32 [%r7], %r8;
  add.u32 %r6, %r6, 128;
  bra COPY;
DONE:
  fence.proxy.async.shared::cta;
  bar.warp.sync -1;
  @%p0 bra END;
  {opcode}{operation}{mode}.bulk_group [%rd3, {{{listed}}}], [%r5];
  cp.async.bulk.commit_group;
  cp.async.bulk.wait_group 0;
END:
""",
    )


def opcodes() -> list[str]:
    """Kernels with each form of an instruction that the cases have."""
    loads = [load_kernel(16, 0, [0] * 5, 2, mode) for mode in ("", ".tile::gather4")]
    forms = (("", ""), (".add", ""), ("", ".tile::scatter4"))
    return loads + [store_kernel(16, 0, [0] * 5, 2, *form) for form in forms]


class Runner:
    def __init__(self, simulator: str, folder: str) -> None:
        self.simulator = simulator
        self.folder = Path(folder)
        self.count = 0

    def run(self, text: str, made: Map, tensor: np.ndarray, tile: np.ndarray) -> None:
        """Both arrays are what the kernel leaves in them."""
        files = {n: self.folder / n for n in ("k.ptx", "map", "tensor", "tile")}
        files["k.ptx"].write_text(text)
        files["map"].write_bytes(made.encode())
        tensor.tofile(files["tensor"])
        tile.tofile(files["tile"])
        self.count += 1
        run = subprocess.run(
            [self.simulator, str(files["k.ptx"]), "--block=32", f"--order={ORDERS[self.count % 3]}",
             f"--arg=value:{files['map']}", f"--arg=inout:{files['tensor']}",
             f"--arg=inout:{files['tile']}", "--arg=buffer:128"],
            check=False, capture_output=True, text=True,
        )  # fmt: skip
        if run.returncode:
            sys.exit(f"{run.stderr}\n{made}\n{text}")
        tensor[:] = np.fromfile(files["tensor"], dtype=np.uint8)
        tile[:] = np.fromfile(files["tile"], dtype=np.uint8)


def compare(
    what: str, made: Map, coordinates: list[int], got: np.ndarray, expected: np.ndarray
) -> None:
    different = np.flatnonzero(got != expected)
    if different.size:
        i = int(different[0])
        sys.exit(f"{what} of {made} at {coordinates}: byte {i} is {got[i]}, expected {expected[i]}")


def check_load(runner: Runner, rng: random.Random, made: Map, coordinates: list[int]) -> None:
    tensor = np.frombuffer(rng.randbytes(made.tensor_bytes), dtype=np.uint8).copy()
    tile = np.zeros(made.tile_bytes, dtype=np.uint8)
    nan = TYPES[made.type][2] if made.nan else 0
    fill = np.frombuffer(int(nan or 0).to_bytes(made.size, "little"), dtype=np.uint8)
    expected = np.zeros_like(tile)
    for shared, place in made.elements(coordinates):
        # Where 8 bytes are exchanged an element stays whole: none is larger.
        expected[shared : shared + made.size] = (
            fill if place is None else tensor[place : place + made.size]
        )
    before = tensor.copy()
    text = load_kernel(made.tile_bytes, made.base, coordinates, len(made.dims), "")
    runner.run(text, made, tensor, tile)
    compare("load", made, coordinates, tile, expected)
    compare("load's source", made, coordinates, tensor, before)


def check_store(runner: Runner, rng: random.Random, made: Map, coordinates: list[int]) -> None:
    tensor = np.frombuffer(rng.randbytes(made.tensor_bytes), dtype=np.uint8).copy()
    tile = np.frombuffer(rng.randbytes(made.tile_bytes), dtype=np.uint8).copy()
    expected = tensor.copy()
    reduces = made.type in ("u32", "s32", "u64") and rng.random() < 0.6
    operation = rng.choice(["add", "min", "max", "and", "or", "xor"]) if reduces else ""
    if reduces and made.type == "u32":
        operation = rng.choice([operation, "inc", "dec"])
    signed = made.type == "s32" and operation in ("min", "max")
    for shared, place in made.elements(coordinates):
        if place is None:
            continue
        new = int.from_bytes(tile[shared : shared + made.size].tobytes(), "little", signed=signed)
        old = expected[place : place + made.size].tobytes()
        old_value = int.from_bytes(old, "little", signed=signed)
        value = {
            "": new, "add": old_value + new, "min": min(old_value, new), "max": max(old_value, new),
            "and": old_value & new, "or": old_value | new, "xor": old_value ^ new,
            "inc": 0 if old_value >= new else old_value + 1,
            "dec": new if old_value == 0 or old_value > new else old_value - 1,
        }[operation] % (1 << 8 * made.size)  # fmt: skip
        expected[place : place + made.size] = np.frombuffer(
            value.to_bytes(made.size, "little"), dtype=np.uint8
        )
    suffix = f".{operation}" if operation else ""
    text = store_kernel(made.tile_bytes, made.base, coordinates, len(made.dims), suffix, "")
    runner.run(text, made, tensor, tile)
    compare(f"store {operation}", made, coordinates, tensor, expected)


def check_rows(runner: Runner, rng: random.Random, swizzle: str) -> None:
    """.tile::gather4 and .tile::scatter4: four rows, each with a coordinate of its own."""
    made, _ = choose(rng, 2, swizzle)
    made.box[1] = made.steps[1] = 1
    made.dims[1] = rng.randint(4, 9)
    rows = rng.sample(range(-1, made.dims[1] + 1), 4)
    column = rng.randint(-2, made.dims[0])
    row_bytes = made.tile_bytes
    tensor = np.frombuffer(rng.randbytes(made.tensor_bytes), dtype=np.uint8).copy()
    fill = (TYPES[made.type][2] or 0) if made.nan else 0
    expected = np.zeros(4 * row_bytes, dtype=np.uint8)
    stored = np.frombuffer(rng.randbytes(4 * row_bytes), dtype=np.uint8).copy()
    after = tensor.copy()
    for k, row in enumerate(rows):
        for i in range(made.box[0]):
            shared = made.swizzled(k * row_bytes + i * made.size)
            part = slice(shared, shared + made.size)
            if 0 <= row < made.dims[1] and 0 <= column + i < made.dims[0]:
                place = row * made.strides[0] + (column + i) * made.size
                expected[part] = tensor[place : place + made.size]
                after[place : place + made.size] = stored[part]
            else:
                expected[part] = np.frombuffer(fill.to_bytes(made.size, "little"), dtype=np.uint8)
    coordinates = [column, *rows]
    tile = np.zeros(4 * row_bytes, dtype=np.uint8)
    runner.run(
        load_kernel(4 * row_bytes, made.base, coordinates, 2, ".tile::gather4"), made, tensor, tile
    )
    compare("gather4", made, coordinates, tile, expected)
    text = store_kernel(4 * row_bytes, made.base, coordinates, 2, "", ".tile::scatter4")
    runner.run(text, made, tensor, stored)
    compare("scatter4", made, coordinates, tensor, after)


def check_packed(runner: Runner, rng: random.Random, name: str, swizzle: str) -> None:
    """Loads of 4 and 6 bits: a barrier is told of the data, and not of the padding
    [CUTLASS, sm100_blockscaled_mma_warpspecialized.hpp, ABTmaTransactionBytes]."""
    _, unit = PACKED[name]
    blocks, rows, box_rows = rng.randint(1, 2), rng.randint(1, 6), rng.randint(1, 8)
    row = blocks * 8 * unit
    made = Map(name, [128 * blocks, rows], [row], [128, box_rows], [1, 1], swizzle, False)
    made.base = rng.choice([0, 128, 384, 896])
    coordinates = [128 * rng.randint(-1, blocks), rng.randint(-1, rows)]
    tensor = np.frombuffer(rng.randbytes(row * rows), dtype=np.uint8).copy()
    tile = np.zeros(128 * box_rows, dtype=np.uint8)
    expected = np.zeros_like(tile)
    for i, k in itertools.product(range(box_rows), range(8)):
        x, y = coordinates[0] + 16 * k, coordinates[1] + i
        if 0 <= x < made.dims[0] and 0 <= y < rows:
            place = y * row + x // 16 * unit
            shared = made.swizzled(128 * i + 16 * k)
            expected[shared : shared + unit] = tensor[place : place + unit]
    copied = unit * 8 * box_rows
    text = load_kernel(tile.size, made.base, coordinates, 2, "", copied)
    runner.run(text, made, tensor, tile)
    compare(f"load of {name}", made, coordinates, tile, expected)


def converted(name: str, values: np.ndarray) -> np.ndarray:
    """What a load makes of f32: tf32 has 10 bits of a fraction, rounded to nearest even."""
    bits = values.view(np.uint32).astype(np.uint64)
    if name.endswith("ftz"):
        bits = np.where(bits & 0x7F800000, bits, bits & 0x80000000)
    if name.startswith("tf32"):
        low, kept = bits & 0x1FFF, bits & ~np.uint64(0x1FFF)
        odd = (bits >> 13) & 1
        up = (low > 0x1000) | ((low == 0x1000) & (odd == 1))
        bits = np.where(np.isnan(values), 0x7FFFFFFF, kept + np.where(up, 0x2000, 0))
    return bits.astype(np.uint32).view(np.float32)


def check_converted(runner: Runner, rng: random.Random, name: str) -> None:
    """Loads of f32 that are rounded to tf32, or flushed to zero, in and out of bounds."""
    rows, box_rows = rng.randint(1, 4), rng.randint(1, 6)
    made = Map(name, [32, rows], [128], [32, box_rows], [1, 1], "128", False)
    coordinates = [rng.choice([-8, 0, 8]), rng.randint(-1, rows)]
    words = [rng.getrandbits(32) for _ in range(32 * rows)]
    for i in range(0, len(words), 3):
        # Halfway between two, near zero, the largest, infinity and NaN.
        edges = (0x3F801000, 0x3F803000, 0x00000FFF, 0x807FFFFF, 0x7F7FFFFF, 0x7F800000, 0xFF801000)
        words[i] = rng.choice(edges)
    values = np.array(words, dtype=np.uint32).view(np.float32)
    loaded = converted(name, values).view(np.uint8)
    tensor = values.view(np.uint8).copy()
    tile = np.zeros(128 * box_rows, dtype=np.uint8)
    expected = np.zeros_like(tile)
    for shared, place in made.elements(coordinates):
        if place is not None:
            expected[shared : shared + 4] = loaded[place : place + 4]
    runner.run(load_kernel(tile.size, 0, coordinates, 2, ""), made, tensor, tile)
    compare(f"load of {name}", made, coordinates, tile, expected)


def main() -> None:
    rng = random.Random(3)
    with tempfile.TemporaryDirectory() as folder:
        runner = Runner(sys.argv[1], folder)
        for check in (check_load, check_store):
            for swizzle in SWIZZLES:
                for rank in (1, 2, 2, 3, 4, 5):
                    if rank == 1:
                        made, coordinates = choose(rng, 2, swizzle)
                        made = replace(
                            made, dims=made.dims[:1], strides=[], box=made.box[:1], steps=[1]
                        )
                        coordinates = coordinates[:1]
                    else:
                        made, coordinates = choose(rng, rank, swizzle)
                    check(runner, rng, made, coordinates)
            print(f"{check.__name__}: {runner.count} copies agree")
        for swizzle in SWIZZLES:
            check_rows(runner, rng, swizzle)
        print(f"rows: {runner.count} copies agree")
        for name, swizzle, _ in itertools.product(("16u4", "16u6"), ("none", "128"), range(4)):
            check_packed(runner, rng, name, swizzle)
        print(f"packed: {runner.count} copies agree")
        for name, _ in itertools.product(CONVERTED, range(4)):
            check_converted(runner, rng, name)
        print(f"converted: {runner.count} copies agree")


if __name__ == "__main__":
    main()
