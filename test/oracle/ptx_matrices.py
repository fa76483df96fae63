"""Matrices in the registers of a warp: mma.sync, ldmatrix, stmatrix and movmatrix on the simulator.

Which thread has which element is what the manual says [PTX 9.7.14.5]. Products are of small integers, so that
each is exact in whatever way it is summed; how others are rounded is checked by sim_mma.py.
"""

from __future__ import annotations

import itertools
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import ml_dtypes
import numpy as np

DTYPES: Final = {
    "f16": np.float16, "bf16": ml_dtypes.bfloat16, "tf32": np.float32, "f32": np.float32,
    "e4m3": ml_dtypes.float8_e4m3fn, "e5m2": ml_dtypes.float8_e5m2,
    "u8": np.uint8, "s8": np.int8, "s32": np.int32,
}  # fmt: skip


def kernel(body: str, inputs: int, outputs: int, shared: int = 0) -> str:
    """Thread t has the inputs of row t in %a0, ... and stores %d0, ..."""
    lines = [
        ".version 8.8", ".target sm_100a", ".address_size 64",
        ".entry k(.param .u64 pin, .param .u64 pout) {",
        f".reg .b32 %a<{inputs + 1}>, %d<{outputs + 1}>, %t<4>; .reg .b64 %in, %out, %o;",
        f".shared .align 16 .b8 smem[{max(shared, 16)}];",
        "ld.param.u64 %in, [pin]; ld.param.u64 %out, [pout]; mov.u32 %t0, %tid.x;",
        f"mul.wide.u32 %o, %t0, {4 * inputs}; add.u64 %in, %in, %o;",
        f"mul.wide.u32 %o, %t0, {4 * outputs}; add.u64 %out, %out, %o;",
    ]  # fmt: skip
    lines += [f"ld.global.b32 %a{i}, [%in+{4 * i}];" for i in range(inputs)]
    lines.append(body)
    lines += [f"st.global.b32 [%out+{4 * i}], %d{i};" for i in range(outputs)]
    return "\n".join([*lines, "ret;", "}"])


def registers(name: str, first: int, count: int) -> str:
    return "{" + ", ".join(f"%{name}{first + i}" for i in range(count)) + "}"


class Runner:
    def __init__(self, simulator: str, folder: str) -> None:
        self.simulator, self.folder = simulator, Path(folder)

    def run(self, text: str, given: np.ndarray, outputs: int) -> np.ndarray:
        source, before, after = (self.folder / n for n in ("k.ptx", "in", "out"))
        source.write_text(text)
        given.astype(np.uint32).tofile(before)
        run = subprocess.run(
            [self.simulator, str(source), "--block=32", f"--arg=in:{before}",
             f"--arg=out:{after}:{128 * outputs}"],
            check=False, capture_output=True, text=True,
        )  # fmt: skip
        if run.returncode:
            sys.exit(f"{run.stderr}\n{text}")
        return np.fromfile(after, dtype=np.uint32).reshape(32, outputs)


# mma.sync


@dataclass
class Mma:
    k: int
    d: str
    a: str
    b: str
    suffix: str = ""

    @property
    def opcode(self) -> str:
        return (
            f"mma.sync.aligned.m16n8k{self.k}.row.col{self.suffix}.{self.d}.{self.a}.{self.b}"
            f".{self.d}"
        )


PRODUCTS: Final = [
    *(Mma(k, d, "f16", "f16") for k in (8, 16) for d in ("f16", "f32")),
    *(Mma(k, "f32", "bf16", "bf16") for k in (8, 16)),
    *(Mma(k, "f32", "tf32", "tf32") for k in (4, 8)),
    *(Mma(k, d, a, b) for k in (16, 32) for d in ("f16", "f32")
      for a, b in (("e4m3", "e4m3"), ("e5m2", "e4m3"), ("e4m3", "e5m2"))),
    *(Mma(k, "s32", a, b, s) for k in (16, 32) for a, b in (("u8", "s8"), ("s8", "s8"))
      for s in ("", ".satfinite")),
]  # fmt: skip


def fragment(matrix: np.ndarray, which: str) -> np.ndarray:
    """The registers of each thread: of A by rows, of B by columns, of C and D by rows."""
    width = matrix.dtype.itemsize
    each = 4 // width
    rows, columns = matrix.shape
    if which == "d":
        count = 16 * 8 * width // 128
    else:
        count = rows * columns * width // 128
    out = np.zeros((32, count), dtype=np.uint32)
    for lane in range(32):
        g, t = lane >> 2, lane & 3
        for i in range(count):
            elements = []
            for part in range(each):
                if which == "a":
                    elements.append(matrix[g + 8 * (i & 1), each * t + (i >> 1) * 4 * each + part])
                elif which == "b":
                    elements.append(matrix[each * t + i * 4 * each + part, g])
                elif each == 2:
                    elements.append(matrix[g + 8 * i, 2 * t + part])
                else:
                    elements.append(matrix[g + 8 * (i >> 1), 2 * t + (i & 1)])
            out[lane, i] = np.array(elements, dtype=matrix.dtype).view(np.uint32)[0]
    return out


def product_text(mma: Mma) -> tuple[str, int, int]:
    size = {"s32": 4, "f32": 4, "f16": 2}[mma.d]
    width = np.dtype(DTYPES[mma.a]).itemsize
    na, nb, nd = 16 * mma.k * width // 128, 8 * mma.k * width // 128, size
    wide = ".f32" if mma.d == "f32" else ".b32"
    moves = [f".reg {wide} %x<{2 * nd}>;"]
    moves += [f"mov.b32 %x{nd + i}, %a{na + nb + i};" for i in range(nd)]
    call = (
        f"{mma.opcode} {registers('x', 0, nd)}, {registers('a', 0, na)}, {registers('a', na, nb)}, "
        f"{registers('x', nd, nd)};"
    )
    results = [f"mov.b32 %d{i}, %x{i};" for i in range(nd)]
    return kernel("\n".join([*moves, call, *results]), na + nb + nd, nd), na + nb + nd, nd


def check_products(runner: Runner, rng: np.random.Generator) -> int:
    for mma in PRODUCTS:
        a = rng.integers(0 if mma.a == "u8" else -4, 5, (16, mma.k))
        b = rng.integers(0 if mma.b == "u8" else -4, 5, (mma.k, 8))
        c = rng.integers(-64, 65, (16, 8))
        text, _, nd = product_text(mma)
        given = np.hstack([
            fragment(a.astype(DTYPES[mma.a]), "a"), fragment(b.astype(DTYPES[mma.b]), "b"),
            fragment(c.astype(DTYPES[mma.d]), "d"),
        ])  # fmt: skip
        got = runner.run(text, given, nd)
        expected = fragment((a @ b + c).astype(DTYPES[mma.d]), "d")
        if not np.array_equal(got, expected):
            sys.exit(f"{mma.opcode}: got\n{got}\nexpected\n{expected}")
    return len(PRODUCTS)


# ldmatrix, stmatrix, movmatrix


def move_texts() -> list[tuple[str, int, bool]]:
    """Opcode, matrices, whether they are transposed."""
    return [
        (f"{name}.sync.aligned.m8n8.x{num}{trans}.{space}b16", num, bool(trans))
        for name in ("ldmatrix", "stmatrix")
        for num in (1, 2, 4)
        for trans in ("", ".trans")
        for space in ("shared.", "shared::cta.")
    ]


def row_address(count: int) -> str:
    """Each thread writes a row of 16 bytes of smem; the address of its row is in %t1, not that of its place."""
    return (
        "mov.u32 %t1, smem; mad.lo.u32 %t2, %t0, 16, %t1;"
        + ("st.shared.v4.b32 [%t2], {%a0, %a1, %a2, %a3};" if count else "")
        + "bar.warp.sync -1; xor.b32 %t2, %t0, 5; mad.lo.u32 %t1, %t2, 16, %t1;"
    )


def load_text(opcode: str, num: int) -> str:
    return kernel(row_address(4) + f"{opcode} {registers('d', 0, num)}, [%t1];", 4, num, 512)


def store_text(opcode: str, num: int) -> str:
    return kernel(
        row_address(0)
        + f"{opcode} [%t1], {registers('a', 0, num)}; bar.warp.sync -1;"
        + "mov.u32 %t3, 0; mov.u32 %d0, 0; mov.u32 %d1, 0; mov.u32 %d2, 0; mov.u32 %d3, 0;"
        + ".reg .pred %p; setp.lt.u32 %p, %t0, "
        + f"{8 * num}; @%p ld.shared.v4.b32 {{%d0, %d1, %d2, %d3}}, [%t1];",
        num,
        4,
        512,
    )


PADDED: Final = [
    f"ldmatrix.sync.aligned.m8n16.x{num}.shared::cta.b8x16.{f}"
    for num in (1, 2, 4)
    for f in ("b4x16_p64", "b6x16_p32")
]
# Transposed bytes: matrices of 16 rows of 16, and of 8.
WIDE: Final = [
    f"ldmatrix.sync.aligned.m16n16.x{num}.trans.{space}{f}"
    for num in (1, 2)
    for space in ("shared.", "shared::cta.")
    for f in ("b8", "b8x16.b4x16_p64", "b8x16.b6x16_p32")
]
STORED_BYTES: Final = [
    f"stmatrix.sync.aligned.m16n8.x{num}.trans.{space}b8"
    for num in (1, 2, 4)
    for space in ("shared.", "shared::cta.")
]
MOVE: Final = "movmatrix.sync.aligned.m8n8.trans.b16 %d0, %a0;"


def gather(rows: np.ndarray, num: int, transposed: bool) -> np.ndarray:
    """Registers of each thread of the matrices of 8 by 8 halves in `rows`, 8 rows each."""
    out = np.zeros((32, num), dtype=np.uint32)
    for lane in range(32):
        for i in range(num):
            matrix = rows[8 * i : 8 * i + 8]
            row, column = lane // 4, 2 * (lane % 4)
            low, high = (
                (matrix[column, row], matrix[column + 1, row])
                if transposed
                else (matrix[row, column], matrix[row, column + 1])
            )
            out[lane, i] = int(low) | int(high) << 16
    return out


def gather_bytes(rows: np.ndarray, num: int, is_wide: bool) -> np.ndarray:
    """The same of bytes, transposed: a thread has four columns of the rows t / 4 and t / 4 + 8, in two registers,
    or two columns of them in one."""
    out = np.zeros((32, num * (1 + is_wide), 4), dtype=np.uint8)
    for lane, i, byte in itertools.product(range(32), range(num), range(4)):
        row = lane // 4
        if is_wide:
            column = 16 * i + 4 * (lane % 4) + byte
            out[lane, 2 * i, byte], out[lane, 2 * i + 1, byte] = rows[column, [row, row + 8]]
        else:
            column = 8 * i + 2 * (lane % 4) + byte % 2
            out[lane, i, byte] = rows[column, row + 8 * (byte // 2)]
    return out.view(np.uint32)[..., 0]


def check_bytes(runner: Runner, rng: np.random.Generator) -> int:
    swap = np.arange(32) ^ 5
    for opcode in WIDE:
        num = int(opcode.split(".x")[1][0])
        rows = rng.integers(0, 256, (32, 16)).astype(np.uint8)
        got = runner.run(load_text(opcode, 2 * num), rows.view(np.uint32), 2 * num)
        if "b8x16" in opcode:
            bits = 4 if "b4" in opcode else 6
            rows = np.array([list(unpacked(r.tobytes(), bits)) for r in rows], dtype=np.uint8)
        expected = gather_bytes(rows[swap], num, True)
        if not np.array_equal(got, expected):
            sys.exit(f"{opcode}: got\n{got}\nexpected\n{expected}")
    for opcode in STORED_BYTES:
        num = int(opcode.split(".x")[1][0])
        rows = rng.integers(0, 256, (32, 16)).astype(np.uint8)
        got = runner.run(store_text(opcode, num), gather_bytes(rows, num, False), 4)
        expected = rows.view(np.uint32).copy()
        expected[8 * num :] = 0
        if not np.array_equal(got, expected):
            sys.exit(f"{opcode}: got\n{got}\nexpected\n{expected}")
    return len(WIDE) + len(STORED_BYTES)


def unpacked(row: bytes, bits: int) -> bytes:
    """16 elements of 4 or 6 bits, one in each byte."""
    number = int.from_bytes(row[: 2 * bits], "little")
    return bytes(number >> (bits * i) & ((1 << bits) - 1) for i in range(16))


def check_moves(runner: Runner, rng: np.random.Generator) -> int:
    swap = np.arange(32) ^ 5
    count = 0
    for opcode, num, transposed in move_texts():
        count += 1
        halves = rng.integers(0, 1 << 16, (32, 8)).astype(np.uint16)
        if opcode.startswith("ld"):
            got = runner.run(load_text(opcode, num), halves.view(np.uint32), num)
            expected = gather(halves[swap], num, transposed)
        else:
            given = gather(halves, num, transposed)
            got = runner.run(store_text(opcode, num), given, 4)
            expected = halves.view(np.uint32).copy()
            expected[8 * num :] = 0
        if not np.array_equal(got, expected):
            sys.exit(f"{opcode}: got\n{got}\nexpected\n{expected}")
    for opcode in PADDED:
        count += 1
        num, bits = int(opcode.split(".x")[1][0]), 4 if "b4" in opcode else 6
        rows = rng.integers(0, 256, (32, 16)).astype(np.uint8)
        got = runner.run(load_text(opcode, num), rows.view(np.uint32), num)
        wide = np.array([list(unpacked(r.tobytes(), bits)) for r in rows[swap]], dtype=np.uint8)
        expected = gather(wide.view(np.uint16), num, False)
        if not np.array_equal(got, expected):
            sys.exit(f"{opcode}: got\n{got}\nexpected\n{expected}")
    halves = rng.integers(0, 1 << 16, (8, 8)).astype(np.uint16)
    got = runner.run(kernel(MOVE, 1, 1), gather(halves, 1, False), 1)
    if not np.array_equal(got, gather(halves.T.copy(), 1, False)):
        sys.exit(f"{MOVE}: got\n{got}")
    return count + 1


def opcodes() -> list[str]:
    """Texts with each form of an instruction that the cases have."""
    moves = [f"{opcode};" for opcode, _, _ in move_texts()]
    moves += [f"{opcode};" for opcode in PADDED + WIDE + STORED_BYTES]
    return moves + [MOVE] + [f"{mma.opcode};" for mma in PRODUCTS]


def main() -> None:
    rng = np.random.default_rng(5)
    with tempfile.TemporaryDirectory() as folder:
        runner = Runner(sys.argv[1], folder)
        print(f"products: {check_products(runner, rng)} instructions agree")
        print(f"moves: {check_moves(runner, rng)} instructions agree")
        print(f"bytes: {check_bytes(runner, rng)} instructions agree")


if __name__ == "__main__":
    main()
