"""Products by tcgen05.mma in the simulator, bit for bit what manual and measurements say.

    sim_tcgen05.py FP4_SIM KERNELS.ptx

Operands are drawn, laid out in an image of shared memory from the formulas of the PTX ISA
(9.7.16.3 and 9.7.16.10) and of CUTLASS's headers, and multiplied with numpy: the arithmetic is
the one of tensor_core.py, which a sample of each product is held to as well. Nothing of the
simulator's is used but fp4-sim itself.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import ml_dtypes
import numpy as np
import tensor_core as tc

Array = np.ndarray

# Of each type its bits in shared memory, and its codes in instruction descriptors.
BITS: Final = {
    "e2m1": 4, "e2m3": 6, "e3m2": 6, "e4m3": 8, "e5m2": 8, "u8": 8, "s8": 8,
    "f16": 16, "bf16": 16, "tf32": 32,
}  # fmt: skip
CODES: Final = {
    "f16": 0, "bf16": 1, "tf32": 2, "e4m3": 0, "e5m2": 1, "e2m3": 3, "e3m2": 4, "e2m1": 5,
    "u8": 0, "s8": 1,
}  # fmt: skip
RESULTS: Final = {"f16": 0, "f32": 1, "s32": 2}
DTYPES: Final = {
    "e2m1": ml_dtypes.float4_e2m1fn, "e2m3": ml_dtypes.float6_e2m3fn,
    "e3m2": ml_dtypes.float6_e3m2fn, "e4m3": ml_dtypes.float8_e4m3fn,
    "e5m2": ml_dtypes.float8_e5m2, "ue8m0": ml_dtypes.float8_e8m0fnu, "f16": np.float16,
    "bf16": ml_dtypes.bfloat16, "tf32": np.float32, "u8": np.uint8, "s8": np.int8,
}  # fmt: skip
# The least exponent of a normal number.
LEAST: Final = {
    "e2m1": 0,
    "e2m3": 0,
    "e3m2": -2,
    "e4m3": -6,
    "e5m2": -14,
    "f16": -14,
    "bf16": -126,
    "tf32": -126,
}
# The order of the kernel's labels.
KINDS: Final = ("f16", "tf32", "f8f6f4", "i8", "mxf8f6f4", "mxf4", "nv16", "nv32")
MASKED, FILL, USE, LAST_USE = range(15, 19)
ORDERS: Final = ("late", "early", "random:1")
SWIZZLES: Final = {0: 0, 32: 6, 64: 4, 128: 2}


@dataclass(frozen=True)
class Case:
    kind: str
    m: int
    n: int
    k: int
    a: str = "e2m1"
    b: str = "e2m1"
    d: str = "f32"
    scale: str = ""
    swizzle: int = 128  # bytes, of K-major operands
    transpose_a: bool = False
    transpose_b: bool = False
    negate_a: bool = False
    a_in_tensor: bool = False
    ctas: int = 1
    accumulate: bool = True
    saturate: bool = False
    # Two words of disabled lanes, which take turns; D is divided by 8.
    masks: tuple[int, int] | None = None
    # The second, third and last instruction take A from the collector.
    collects: bool = False

    @property
    def is_packed(self) -> bool:
        return self.kind in ("mxf4", "nv16", "nv32")

    @property
    def block(self) -> int:
        return {"nv16": 16}.get(self.kind, 32) if self.scale else 0

    @property
    def step(self) -> int:
        """Elements along K of one instruction."""
        return 64 if self.is_packed else {"f16": 16, "tf32": 8}.get(self.kind, 32)

    @property
    def rows(self) -> int:
        """Of D in one CTA."""
        return self.m // self.ctas


# ---- elements ------------------------------------------------------------------------------------


def draw(rng: np.random.Generator, name: str, shape: tuple[int, int]) -> Array:
    """Words of finite elements of moderate size, and some zeros."""
    if name in ("u8", "s8", "e2m1", "e2m3", "e3m2"):
        return rng.integers(0, 1 << BITS[name], shape).astype(np.uint32)
    values = rng.standard_normal(shape) * np.exp2(rng.integers(-4, 3, shape))
    values[rng.random(shape) < 0.1] = 0
    words = values.astype(DTYPES[name])
    if name == "tf32":
        # The low 13 bits are there to be ignored.
        return words.view(np.uint32) ^ rng.integers(0, 1 << 13, shape).astype(np.uint32)
    return words.view(np.uint8 if BITS[name] == 8 else np.uint16).astype(np.uint32)


def decode(words: Array, name: str) -> Array:
    if name == "tf32":
        return (words & np.uint32(0xFFFFE000)).view(np.float32).astype(np.float64)
    plain = words.astype(np.uint16 if BITS.get(name, 8) == 16 else np.uint8)
    return plain.view(DTYPES[name]).astype(np.float64)


def raw_exponent(values: Array, least: int) -> Array:
    return np.maximum(np.frexp(values)[1] - 1, least)


def decode_scale(words: Array, name: str) -> Array:
    if name == "ue8m0":
        return decode(words, name)
    return (words & 0x7F).astype(np.uint8).view(ml_dtypes.float8_e4m3fn).astype(np.float64)


# ---- arithmetic ----------------------------------------------------------------------------------


def truncate(values: Array) -> Array:
    """f64 to f32, toward zero."""
    nearest = values.astype(np.float32)
    return np.where(
        np.abs(nearest.astype(np.float64)) > np.abs(values),
        np.nextafter(nearest, np.float32(0)),
        nearest,
    ).astype(np.float32)


def window_product(case: Case, a: Array, b: Array, c: Array, scale: Array | None) -> Array:
    """One instruction on floats: 25 bits below the largest exponent, of products and of C."""
    a_raw, b_raw = raw_exponent(a, LEAST[case.a]), raw_exponent(b, LEAST[case.b])
    shift = np.zeros(c.shape, np.int64) if scale is None else np.frexp(scale)[1] - 1
    never = -(1 << 20)
    most = np.where(c != 0, raw_exponent(c, -14 if case.d == "f16" else -126), never)
    for k in range(a.shape[1]):
        raw = a_raw[:, k, None] + b_raw[None, :, k] + shift
        most = np.maximum(most, np.where(np.outer(a[:, k], b[:, k]) != 0, raw, never))
    quantum = np.where(most == never, 0, most) - 25
    units = np.trunc(np.ldexp(c, -quantum))
    for k in range(a.shape[1]):
        units += np.trunc(np.ldexp(np.outer(a[:, k], b[:, k]), shift - quantum))
    values = np.ldexp(units, quantum) + 0.0
    return (
        values.astype(np.float16).astype(np.float64)
        if case.d == "f16"
        else truncate(values).astype(np.float64)
    )


def multiply(case: Case, a: Array, b: Array, sa: Array, sb: Array, c: Array) -> Array:
    """The words of D from those of the operands."""
    negate = -1 if case.negate_a else 1
    if case.kind == "i8":
        total = c.astype(np.int64)
        for k in range(0, case.k, case.step):
            total = (
                total
                + decode(a[:, k : k + 32], case.a).astype(np.int64)
                @ decode(b[:, k : k + 32], case.b).astype(np.int64).T
            )
            total = (
                np.clip(total, -(1 << 31), (1 << 31) - 1)
                if case.saturate
                else total.astype(np.int32)
            )
        return total.astype(np.int32).view(np.uint32)
    d = c.astype(np.float64) / (8 if case.masks else 1)
    x, y = negate * decode(a, case.a), decode(b, case.b)
    for k in range(0, case.k, case.step):
        xk, yk = x[:, k : k + case.step], y[:, k : k + case.step]
        if case.is_packed:
            first, last = k // case.block, (k + case.step) // case.block
            xs = xk * np.repeat(decode_scale(sa[:, first:last], case.scale), case.block, axis=1)
            ys = yk * np.repeat(decode_scale(sb[:, first:last], case.scale), case.block, axis=1)
            # With the scales that are drawn, nothing is below the window.
            d = truncate(d + xs @ ys.T).astype(np.float64)
            continue
        scale = None
        if case.scale:
            scale = np.outer(
                decode_scale(sa[:, k // 32], case.scale), decode_scale(sb[:, k // 32], case.scale)
            )
        d = window_product(case, xk, yk, d, scale)
    if case.d == "f16":
        return d.astype(np.float16).view(np.uint16).astype(np.uint32)
    return d.astype(np.float32).view(np.uint32)


def check_sample(case: Case, rng: np.random.Generator, operands: tuple, words: Array) -> None:
    """Some elements by the exact arithmetic of tensor_core.py."""
    a, b, sa, sb, c = operands
    sign = 1 << (BITS[case.a] - 1) if case.negate_a else 0
    for _ in range(0 if case.masks else 6):
        i, j = int(rng.integers(case.m)), int(rng.integers(case.n))
        word = (
            int(c.view(np.uint32)[i, j]) if c.dtype.itemsize == 4 else int(c.view(np.uint16)[i, j])
        )
        for k in range(0, case.k, case.step):
            xs, ys = a[i, k : k + case.step], b[j, k : k + case.step]
            if case.kind == "i8":
                word = tc.integer_dot(
                    [tc.decode_int(int(x), case.a) for x in xs],
                    [tc.decode_int(int(y), case.b) for y in ys],
                    word,
                    case.saturate,
                )
                continue
            x_words, y_words = [int(v) ^ sign for v in xs], [int(v) for v in ys]
            x, y = tc.decode_all(case.a, x_words), tc.decode_all(case.b, y_words)
            if case.scale:
                first, last = k // case.block, (k + case.step) // case.block
                p = tc.decode_all(case.scale, [int(v) for v in sa[i, first:last]])
                q = tc.decode_all(case.scale, [int(v) for v in sb[j, first:last]])
            window = tc.Window(case.a, case.b, case.d, case.step, case.step)
            if case.is_packed:
                word = tc.block_scaled_dot(
                    tc.numbers(case.a, x_words),
                    tc.numbers(case.b, y_words),
                    word,
                    p,
                    q,
                    case.scale == "ue4m3",
                )
            elif case.scale:
                word = tc.scaled_window_dot(window, x, y, word, p[0], q[0])
            else:
                word = tc.window_dot(window, x, y, word)
        if word != int(words[i, j]):
            sys.exit(
                f"{case}: the oracles differ at {i}, {j}: {word:08x} and {int(words[i, j]):08x}"
            )


# ---- shared memory -------------------------------------------------------------------------------


def to_bytes(words: Array, name: str, is_packed: bool, rng: np.random.Generator) -> Array:
    """Rows of bytes as shared memory has them; types of less than 8 bits are padded."""
    if is_packed:
        return (words[:, 0::2] | words[:, 1::2] << 4).astype(np.uint8)
    bits = BITS[name]
    if bits >= 8:
        return np.ascontiguousarray(words.astype({8: "u1", 16: "<u2", 32: "<u4"}[bits])).view(
            np.uint8
        )
    rows, k = words.shape
    spread = (
        (words[:, :, None] >> np.arange(bits) & 1)
        .astype(np.uint8)
        .reshape(rows, k // 16, 16 * bits)
    )
    packed = np.packbits(spread, axis=2, bitorder="little")
    padded = rng.integers(0, 256, (rows, k // 16, 16)).astype(np.uint8)
    padded[:, :, : 2 * bits] = packed
    return padded.reshape(rows, k)


class Image:
    """Shared memory, and what is put there one after the other."""

    def __init__(self) -> None:
        self.bytes = np.zeros(0, np.uint8)

    def reserve(self, size: int) -> int:
        start = (len(self.bytes) + 1023) // 1024 * 1024
        self.bytes = np.concatenate(
            [self.bytes, np.zeros(start + size - len(self.bytes), np.uint8)]
        )
        return start

    def put(self, offsets: Array, data: Array, span: int) -> None:
        """`span` is that of the swizzle, whose 16-byte chunks change places by bits 7 and up."""
        if span:
            offsets = offsets ^ ((offsets >> 7) & (span // 16 - 1)) << 4
        self.bytes[offsets] = data


def k_major(image: Image, data: Array, span: int) -> list[int]:
    """Puts rows of bytes; returns the descriptor of each 32 bytes along K."""
    rows, size = data.shape
    start = image.reserve(rows * size + 1024)
    if span:
        # In any row of the pattern, which is one of the addresses.
        start += 128 * (start // 1024 % 8)
    r, kb = np.meshgrid(np.arange(rows), np.arange(size), indexing="ij")
    if span:
        offsets = (
            start + kb // span * (rows * span) + r // 8 * (8 * span) + r % 8 * span + kb % span
        )
        starts = [start + at // span * (rows * span) + at % span for at in range(0, size, 32)]
        lead, stride = 16, 8 * span
    else:
        lead, stride = 128, size // 16 * 128
        offsets = start + r // 8 * stride + kb // 16 * lead + r % 8 * 16 + kb % 16
        starts = [start + at // 16 * lead for at in range(0, size, 32)]
    image.put(offsets, data, span)
    return [describe(at, lead, stride, SWIZZLES[span]) for at in starts]


def mn_major(image: Image, data: Array, size: int, step: int) -> list[int]:
    """The same of elements that follow one another along M or N, with 128 bytes of swizzle."""
    rows, width = data.shape
    k = width // size
    start = image.reserve(-(-rows * size // 128) * k * 128)
    r, kb = np.meshgrid(np.arange(rows), np.arange(width), indexing="ij")
    mn, k_index = r * size + kb % size, kb // size
    lead, stride = k // 8 * 1024, 1024
    offsets = start + mn // 128 * lead + k_index // 8 * stride + k_index % 8 * 128 + mn % 128
    image.put(offsets, data, 128)
    return [describe(start + at // 8 * stride, lead, stride, 2) for at in range(0, k, step)]


def describe(start: int, lead: int, stride: int, swizzle: int) -> int:
    return start >> 4 | (lead >> 4) << 16 | (stride >> 4) << 32 | 1 << 46 | swizzle << 61


def scale_atoms(scales: Array) -> Array:
    """128 rows by 4 scales in 512 bytes; atoms of one group of 4 follow one another."""
    rows, count = scales.shape
    padded = np.zeros(((rows + 127) // 128 * 128, (count + 3) // 4 * 4), np.uint8)
    padded[:rows, :count] = scales
    x, s = np.meshgrid(np.arange(padded.shape[0]), np.arange(padded.shape[1]), indexing="ij")
    at = (
        (s // 4 * (padded.shape[0] // 128) + x // 128) * 512 + x % 32 * 16 + x // 32 % 4 * 4 + s % 4
    )
    atoms = np.zeros(padded.size, np.uint8)
    atoms[at] = padded
    return atoms


# ---- tensor memory -------------------------------------------------------------------------------


def place_of_d(case: Case) -> tuple[Array, Array, Array]:
    """CTA, lane and column of each element of D [PTX 9.7.16.10.5]."""
    m, n = np.meshgrid(np.arange(case.m), np.arange(case.n), indexing="ij")
    zero = np.zeros_like(m)
    if case.ctas == 2 and case.m == 256:  # layout A
        return m // 128, m % 128, n
    if case.ctas == 2:  # layout B
        half = case.n // 2
        return m // 64, m % 64 + 64 * (n >= half), n % half
    if case.m == 64:  # layout F
        return zero, m % 16 + m // 16 * 32, n
    return zero, m, n  # layout D


def instruction_descriptor(case: Case, index: int) -> int:
    flags = (
        case.negate_a << 13 | case.transpose_a << 15 | case.transpose_b << 16 | (case.n >> 3) << 17
    )
    if not case.scale:
        return (
            flags | case.saturate << 3 | RESULTS[case.d] << 4 | CODES[case.a] << 7
            | CODES[case.b] << 10 | (case.m >> 4) << 24
        )  # fmt: skip
    per_instruction = case.step // case.block
    first = index * per_instruction % 4
    types = 1 << 7 | 1 << 10 if case.is_packed else CODES[case.a] << 7 | CODES[case.b] << 10
    return (
        flags
        | types
        | first << 4
        | (case.scale == "ue8m0") << 23
        | (case.m >> 7) << 27
        | first << 29
    )


# ---- a case --------------------------------------------------------------------------------------


def draw_scales(rng: np.random.Generator, case: Case, rows: int) -> Array:
    if not case.scale:
        return np.zeros((rows, 0), np.uint8)
    shape = (rows, case.k // case.block)
    if case.scale == "ue8m0":
        return rng.integers(124, 131, shape).astype(np.uint8)
    # Bit 7 is ignored.
    return (rng.integers(0x30, 0x48, shape) | rng.integers(0, 2, shape) << 7).astype(np.uint8)


def draw_c(rng: np.random.Generator, case: Case) -> Array:
    shape = (case.m, case.n)
    if not case.accumulate:
        return np.zeros(shape, {"s32": np.int32, "f16": np.float16}.get(case.d, np.float32))
    if case.d == "s32":
        return rng.integers(-(1 << 31), 1 << 31, shape).astype(np.int32)
    values = rng.standard_normal(shape) * 100
    return values.astype(np.float16 if case.d == "f16" else np.float32)


def operand_bytes(case: Case, words: Array, name: str, rng: np.random.Generator) -> Array:
    return to_bytes(words, name, case.is_packed, rng)


def tensor_bytes(case: Case, words: Array) -> Array:
    """Rows of A in tensor memory: as in shared memory, but no element is less than a byte."""
    if case.is_packed or BITS[case.a] >= 8:
        return to_bytes(words, case.a, case.is_packed, np.random.default_rng(0))
    return words.astype(np.uint8)


def run_case(case: Case, seed: int, simulator: str, kernels: str, work: Path) -> None:
    rng = np.random.default_rng(seed)
    a, b = draw(rng, case.a, (case.m, case.k)), draw(rng, case.b, (case.n, case.k))
    if case.collects:
        a = np.tile(a[:, : case.step], case.k // case.step)
    sa, sb = draw_scales(rng, case, case.m), draw_scales(rng, case, case.n)
    c = draw_c(rng, case)
    product = multiply(case, a, b, sa, sb, c)
    check_sample(case, rng, (a, b, sa, sb, c), product)

    # Each CTA has its rows of A and of B, and all scales of B.
    images, scale_offset, scale_columns = [], 0, (0, 0)
    count = case.k // case.step
    size_a, size_b = BITS[case.a] // 8, BITS[case.b] // 8
    for cta in range(case.ctas):
        image = Image()
        rows_b = case.n // case.ctas
        own_a, own_b = a[cta * case.rows :][: case.rows], b[cta * rows_b :][:rows_b]
        if case.a_in_tensor:
            descriptors_a = [256 + 8 * j for j in range(count)]
        elif case.transpose_a:
            descriptors_a = mn_major(
                image, operand_bytes(case, own_a, case.a, rng), size_a, case.step
            )
        else:
            descriptors_a = k_major(image, operand_bytes(case, own_a, case.a, rng), case.swizzle)
        if case.transpose_b:
            descriptors_b = mn_major(
                image, operand_bytes(case, own_b, case.b, rng), size_b, case.step
            )
        else:
            descriptors_b = k_major(image, operand_bytes(case, own_b, case.b, rng), case.swizzle)
        if case.scale:
            atoms_a = scale_atoms(sa[cta * case.rows :][: case.rows])
            if case.ctas == 2 and case.m == 128:
                sys.exit("layout B has scales of its own")
            atoms_b = scale_atoms(sb)
            scale_offset = image.reserve(len(atoms_a) + len(atoms_b))
            image.bytes[scale_offset:] = np.concatenate([atoms_a, atoms_b])
            scale_columns = (len(atoms_a) // 128, len(atoms_b) // 128)
        image.reserve(0)
        images.append(np.concatenate([image.bytes, np.zeros(-len(image.bytes) % 2048, np.uint8)]))

    table = np.zeros((count, 8), np.uint32)
    groups = -(-count * (case.step // case.block) // 4) if case.scale else 1
    for j in range(count):
        group = j * (case.step // case.block) // 4 if case.scale else 0
        table[j, 0:2] = descriptors_a[j] & 0xFFFFFFFF, descriptors_a[j] >> 32
        table[j, 2:4] = descriptors_b[j] & 0xFFFFFFFF, descriptors_b[j] >> 32
        table[j, 4] = instruction_descriptor(case, j)
        table[j, 5] = 384 + group * (scale_columns[0] // groups)
        table[j, 6] = 384 + scale_columns[0] + group * (scale_columns[1] // groups)
        table[j, 7] = case.accumulate or j > 0
        if case.masks:
            table[j, 5:8] = (*case.masks, 1 | MASKED << 1)
        if case.collects:
            table[j, 0:2] = table[0, 0:2]
            table[j, 7] |= (FILL if j == 0 else LAST_USE if j == count - 1 else USE) << 1

    # D before and after: what is not D stays as it is.
    ctas, lanes, columns = place_of_d(case)
    width = (int(columns.max()) + 4) // 4 * 4
    before = rng.integers(0, 1 << 32, (case.ctas, 128, width)).astype(np.uint32)
    words = c.view(np.uint16).astype(np.uint32) if case.d == "f16" else c.view(np.uint32)
    before[ctas, lanes, columns] = words | (0xABCD0000 if case.d == "f16" else 0)
    want = before.copy()
    want[ctas, lanes, columns] = product
    if case.masks:
        turns = [0, 1, 0, 1, 1, 0, 1, 0]
        for cta in range(case.ctas):
            for lane in range(128):
                if case.masks[turns[cta * 4 + lane // 32]] >> lane % 32 & 1:
                    want[cta, lane] = before[cta, lane]

    a_columns = 8 * count if case.a_in_tensor else 0
    in_tensor = rng.integers(0, 1 << 32, (case.ctas, 128, max(a_columns, 4))).astype(np.uint32)
    if case.a_in_tensor:
        row_words = np.ascontiguousarray(tensor_bytes(case, a)).view(np.uint32)
        for part in range(columns.shape[1]):  # layout B has each row twice
            in_tensor[ctas[:, part], lanes[:, part], :a_columns] = row_words

    for name, data in (
        ("image", np.concatenate(images)),
        ("table", table),
        ("c", before),
        ("a", in_tensor),
    ):
        data.tofile(work / name)
    kind = KINDS.index(case.kind) + (len(KINDS) if case.a_in_tensor else 0)
    size = len(images[0])
    for order in ORDERS:
        got = work / "d"
        command = [
            simulator, kernels, "--kernel=" + ("pair" if case.ctas == 2 else "product"),
            f"--grid={case.ctas}", f"--cluster={case.ctas}", "--block=128", "--pedantic",
            f"--shared={size}", f"--order={order}", f"--arg=in:{work / 'image'}", f"--arg={size}",
            f"--arg=in:{work / 'table'}", f"--arg={count}", f"--arg=in:{work / 'c'}",
            f"--arg=in:{work / 'a'}", f"--arg={a_columns}", f"--arg=out:{got}:{before.nbytes}",
            f"--arg={width}", f"--arg={kind}", f"--arg={sum(scale_columns) // 4}",
            f"--arg={scale_offset}",
        ]  # fmt: skip
        result = subprocess.run(command, capture_output=True, text=True, check=False)
        if result.returncode:
            sys.exit(f"{case}, {order}:\n{result.stdout}{result.stderr}")
        words = np.fromfile(got, np.uint32).reshape(want.shape)
        if not np.array_equal(words, want):
            cta, lane, column = (int(index[0]) for index in np.nonzero(words != want))
            sys.exit(
                f"{case}, {order}: {np.count_nonzero(words != want)} words differ, the first in "
                f"CTA {cta}, lane {lane}, column {column}: {words[cta, lane, column]:08x}, "
                f"expected {want[cta, lane, column]:08x}"
            )


CASES: Final = (
    Case("nv16", 128, 256, 256, scale="ue4m3"),
    Case("nv16", 128, 72, 128, scale="ue4m3", swizzle=64, accumulate=False),
    Case("nv16", 128, 64, 128, scale="ue8m0", swizzle=32, negate_a=True),
    Case("nv32", 128, 40, 256, scale="ue8m0"),
    Case("mxf4", 128, 128, 256, scale="ue8m0"),
    Case("mxf4", 128, 8, 64, scale="ue8m0", swizzle=0),
    Case("mxf8f6f4", 128, 64, 128, "e4m3", "e2m1", scale="ue8m0"),
    Case("mxf8f6f4", 128, 48, 256, "e3m2", "e5m2", scale="ue8m0", swizzle=64),
    Case("f16", 128, 64, 64, "bf16", "bf16"),
    Case("f16", 128, 32, 32, "f16", "f16", "f16", swizzle=0),
    Case("f16", 64, 64, 64, "f16", "bf16", swizzle=64),
    Case("f16", 128, 64, 32, "bf16", "bf16", transpose_a=True, transpose_b=True),
    Case("f16", 128, 128, 32, "f16", "f16", swizzle=64, transpose_b=True, negate_a=True),
    Case("f16", 128, 64, 16, "bf16", "bf16", swizzle=32, masks=(0xF00F1234, 0x80000001)),
    Case("f16", 256, 32, 16, "f16", "f16", swizzle=32, masks=(0x12345678, 0x0F0F00FF), ctas=2),
    Case("f16", 128, 16, 64, "f16", "f16", collects=True),
    Case("f16", 256, 32, 64, "bf16", "bf16", collects=True, ctas=2),
    Case("tf32", 128, 32, 32, "tf32", "tf32", swizzle=32),
    Case("f8f6f4", 128, 64, 128, "e5m2", "e4m3", swizzle=32),
    Case("f8f6f4", 128, 64, 64, "e2m1", "e2m3", "f16", swizzle=64),
    Case("f8f6f4", 64, 32, 64, "e4m3", "e5m2", transpose_a=True, transpose_b=True),
    Case("i8", 128, 32, 64, "s8", "u8", "s32", swizzle=64),
    Case("i8", 128, 16, 64, "u8", "u8", "s32", swizzle=64, saturate=True),
    Case("f16", 128, 64, 64, "bf16", "bf16", a_in_tensor=True),
    Case("f16", 64, 64, 32, "f16", "f16", swizzle=64, a_in_tensor=True),
    Case("tf32", 128, 16, 32, "tf32", "tf32", a_in_tensor=True),
    Case("f8f6f4", 128, 32, 64, "e2m1", "e4m3", swizzle=64, a_in_tensor=True),
    Case("i8", 128, 32, 64, "s8", "s8", "s32", swizzle=64, a_in_tensor=True),
    Case("mxf8f6f4", 128, 32, 128, "e4m3", "e4m3", scale="ue8m0", a_in_tensor=True),
    Case("mxf4", 128, 64, 128, scale="ue8m0", swizzle=64, a_in_tensor=True),
    Case("nv16", 128, 64, 256, scale="ue4m3", a_in_tensor=True),
    Case("nv16", 256, 256, 256, scale="ue4m3", ctas=2),
    Case("mxf4", 256, 128, 128, scale="ue8m0", swizzle=64, ctas=2),
    Case("mxf8f6f4", 256, 64, 128, "e5m2", "e4m3", scale="ue8m0", ctas=2),
    Case("f16", 256, 64, 64, "bf16", "bf16", ctas=2),
    Case("f16", 128, 64, 32, "bf16", "bf16", swizzle=64, ctas=2),
    Case("f16", 128, 64, 32, "bf16", "bf16", swizzle=64, a_in_tensor=True, ctas=2),
    Case("f16", 256, 128, 32, "f16", "f16", transpose_a=True, transpose_b=True, ctas=2),
    Case("nv16", 256, 64, 128, scale="ue4m3", swizzle=64, a_in_tensor=True, ctas=2),
)


def main() -> None:
    _, simulator, kernels = sys.argv
    with tempfile.TemporaryDirectory() as directory:
        for seed, case in enumerate(CASES):
            run_case(case, seed, simulator, kernels, Path(directory))
    print(f"{len(CASES)} products agree")


if __name__ == "__main__":
    main()
