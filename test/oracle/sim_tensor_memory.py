"""Registers, shared memory and tensor memory in the simulator: which word goes where.

    sim_tensor_memory.py FP4_SIM KERNELS.ptx

The places are those of the PTX ISA's figures (9.7.16.2.3 for tcgen05.ld and st, 9.7.16.9 for cp
and shift), written down here once more.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from sim_tcgen05 import ORDERS, Array, describe

# Registers of a thread in tcgen05-accesses.ptx, and lanes of a warp.
SHAPES: Final = {
    "16x64b": (4, 16),
    "16x128b": (4, 16),
    "16x256b": (8, 16),
    "32x32b": (8, 32),
    "16x32bx2": (4, 16),
}
SPLIT: Final = 16


def word_of(shape: str, thread: int, register: int, packed: bool) -> tuple[int, int]:
    """The lane and the column of a register, relative to the address."""
    factor = 2 if packed else 1
    match shape:
        case "32x32b":
            return thread, factor * register
        case "16x64b":
            return 8 * (thread & 1) + thread // 4, factor * (2 * register + (thread >> 1 & 1))
        case "16x128b":
            return thread // 4 + 8 * (register % 2), factor * (4 * (register // 2) + thread % 4)
        case "16x256b":
            pair, j = divmod(register % 4, 2)
            return thread // 4 + 8 * pair, factor * (8 * (register // 4) + 2 * (thread % 4) + j)
        case _:
            return thread % 16, factor * register + SPLIT * (thread // 16)


def access_forms() -> list[tuple[str, bool, int]]:
    """In the order of the kernels' labels: the shape, whether it packs, the lane in the partition."""
    return [
        (shape, packed, lane)
        for shape, (_, lanes) in SHAPES.items()
        for packed in (False, True)
        for lane in range(0, 32, lanes)
    ]


def check_accesses(launch: Launch) -> int:
    count = 0
    for index, (shape, packed, first) in enumerate(access_forms()):
        registers = SHAPES[shape][0]
        loaded = np.zeros((128, 8), np.uint32)
        stored = np.full((128, 64), 0xFFFFFFFF, np.uint32)
        for tid in range(128):
            for register in range(registers):
                lane, column = word_of(shape, tid % 32, register, packed)
                lane += tid // 32 * 32 + first
                word = lane << 16 | column
                loaded[tid, register] = (column | (column + 1) << 16) if packed else word
                value = tid << 16 | register
                if packed:
                    stored[lane, column : column + 2] = value & 0xFFFF, value >> 16
                else:
                    stored[lane, column] = value
        # Nothing of it is queued: of the orders, one will do.
        count += launch("load", loaded, [f"--arg={index}"], orders=("random:1",))
        count += launch("store", stored, [f"--arg={index}"], orders=("random:2",))
    return count


def unpack(chunk: Array, bits: int) -> Array:
    """16 elements of 16 bytes with padding, one in each byte."""
    packed = np.unpackbits(chunk[: 2 * bits], bitorder="little").reshape(16, bits)
    return np.packbits(packed, axis=1, bitorder="little").reshape(16)


def check_copies(launch: Launch, work: Path) -> int:
    rng = np.random.default_rng(0)
    image = rng.integers(0, 256, 4096).astype(np.uint8)
    image.tofile(work / "image")
    # Core matrices of 8 rows by 16 bytes, the next 16 bytes at 2048.
    lead, stride = 2048, 128
    forms = (
        (128, 32, lambda r: [r], 0),
        (128, 16, lambda r: [r], 0),
        (64, 16, lambda r: [r, r + 64], 0),
        (64, 16, lambda r: [r % 32 + r // 32 * 64, r % 32 + r // 32 * 64 + 32], 0),
        (32, 16, lambda r: [r, r + 32, r + 64, r + 96], 0),
        (4, 32, lambda r: [32 * r], 0),
        (128, 16, lambda r: [r], 4),
        (32, 16, lambda r: [r, r + 32, r + 64, r + 96], 6),
    )
    before = np.arange(128, dtype=np.uint32)[:, None] << 16 | np.arange(64, dtype=np.uint32)
    count = 0
    for index in range(len(forms) + 1):
        want = before.copy()
        if index < len(forms):
            rows, size, lanes_of, bits = forms[index]
            for row in range(rows):
                for at in range(0, size, 16):
                    start = row // 8 * stride + at // 16 * lead + row % 8 * 16
                    chunk = image[start : start + 16]
                    words = np.ascontiguousarray(unpack(chunk, bits) if bits else chunk).view(
                        np.uint32
                    )
                    for lane in lanes_of(row):
                        want[lane, 8 + at // 4 : 12 + at // 4] = words
        else:
            want[32:63, 8:16] = before[33:64, 8:16]
        arguments = [f"--arg=in:{work / 'image'}", f"--arg={describe(0, lead, stride, 0)}"]
        count += launch("copy", want, [f"--arg={index}"], arguments)
    return count


@dataclass
class Launch:
    """Runs a kernel in all orders, and compares what it writes."""

    simulator: str
    kernels: str
    work: Path

    def __call__(
        self,
        kernel: str,
        want: Array,
        after: list[str],
        before: list[str] | None = None,
        orders: tuple[str, ...] = ORDERS,
    ) -> int:
        got = self.work / "out"
        for order in orders:
            command = [
                self.simulator, self.kernels, f"--kernel={kernel}", "--block=128", "--pedantic",
                f"--order={order}", *(before or []), f"--arg=out:{got}:{want.nbytes}", *after,
            ]  # fmt: skip
            result = subprocess.run(command, capture_output=True, text=True, check=False)
            if result.returncode:
                sys.exit(f"{' '.join(command)}:\n{result.stdout}{result.stderr}")
            words = np.fromfile(got, np.uint32).reshape(want.shape)
            if not np.array_equal(words, want):
                row, column = (int(index[0]) for index in np.nonzero(words != want))
                sys.exit(
                    f"{' '.join(command)}: word {column} of row {row} is {words[row, column]:08x}, "
                    f"expected {want[row, column]:08x}"
                )
        return 1


def main() -> None:
    _, simulator, kernels = sys.argv
    with tempfile.TemporaryDirectory() as directory:
        work = Path(directory)
        launch = Launch(simulator, kernels, work)
        print(f"{check_accesses(launch) + check_copies(launch, work)} accesses agree")


if __name__ == "__main__":
    main()
