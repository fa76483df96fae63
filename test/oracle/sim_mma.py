"""The simulator's tensor cores against tensor_core.py: random operands of every kind, bit for bit.

Rows of A, columns of B and the words of C are drawn from several distributions each, which meet in all
combinations: any bits, moderate numbers, few of them, huge and tiny ones; C also close to the negated
product, so that all but a few bits cancel.
"""

from __future__ import annotations

import argparse
import itertools
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import tensor_core as tc
from sim_evaluate import Array, Simulator

BYTES: Final = {"tf32": 4, "f16": 2, "bf16": 2}
BITS: Final = {"e2m1": 4, "e2m3": 6, "e3m2": 6, "tf32": 32, "f16": 16, "bf16": 16}
SMALL: Final = ("e2m1", "e2m3", "e3m2", "e4m3", "e5m2")
# Of words, the bits that vary and those that are set to get numbers near one.
MODERATE: Final = {
    "f16": (0x8FFF, 0x3000),
    "bf16": (0x83FF, 0x3E00),
    "tf32": (0x83FFFFFF, 0x3E000000),
    "e5m2": (0x8F, 0x30),
    "e4m3": (0x9F, 0x30),
}
# As in the simulator: an element of D from decoded rows, decoded scales, and C.
Dot = Callable[[Sequence, Sequence, int, Sequence, Sequence], int]


@dataclass(frozen=True)
class Kind:
    """An instruction: how the simulator calls it, and what it computes."""

    name: str  # of the group whose elements are counted together
    model: str
    a: str
    b: str
    d: str
    k: int
    dot: Dot
    scale: str | None = None
    num_scales: int = 0
    is_packed: bool = False


def window_kind(name: str, model: str, window: tc.Window) -> Kind:
    def dot(a: Sequence, b: Sequence, c: int, sa: Sequence, sb: Sequence) -> int:
        return tc.window_dot(window, a, b, c)

    return Kind(name, model, window.a, window.b, window.d, window.k, dot)


def integer_kind(name: str, model: str, a: str, b: str, k: int, saturate: bool) -> Kind:
    def dot(x: Sequence, y: Sequence, c: int, sa: Sequence, sb: Sequence) -> int:
        return tc.integer_dot(x, y, c, saturate)

    return Kind(name, model, a, b, "s32", k, dot)


def block_scaled_kind(name: str, scale: str, block: int) -> Kind:
    def dot(a: Sequence, b: Sequence, c: int, sa: Sequence, sb: Sequence) -> int:
        return tc.block_scaled_dot(a, b, c, sa, sb, scale == "ue4m3")

    model = f"tcgen05 {name} e2m1 e2m1 f32 {scale} {block} 0"
    return Kind(
        f"{name} {scale} {block}", model, "e2m1", "e2m1", "f32", 64, dot, scale, 64 // block, True
    )


def tcgen05_kinds() -> Iterator[Kind]:
    for a, b, d in (
        ("f16", "f16", "f32"),
        ("bf16", "bf16", "f32"),
        ("f16", "bf16", "f32"),
        ("f16", "f16", "f16"),
    ):
        yield window_kind("f16", f"tcgen05 f16 {a} {b} {d} none 0 0", tc.Window(a, b, d, 16, 16))
    yield window_kind(
        "tf32", "tcgen05 tf32 tf32 tf32 f32 none 0 0", tc.Window("tf32", "tf32", "f32", 8, 8)
    )
    for a in SMALL:
        for b in SMALL:
            for d in ("f32", "f16"):
                model = f"tcgen05 f8f6f4 {a} {b} {d} none 0 0"
                yield window_kind("f8f6f4", model, tc.Window(a, b, d, 32, 32))
            yield mxf8f6f4_kind(a, b)
    yield block_scaled_kind("mxf4", "ue8m0", 32)
    yield block_scaled_kind("mxf4nvf4", "ue8m0", 32)
    yield block_scaled_kind("mxf4nvf4", "ue8m0", 16)
    yield block_scaled_kind("mxf4nvf4", "ue4m3", 16)
    for a in ("u8", "s8"):
        for b in ("u8", "s8"):
            for saturate in (False, True):
                model = f"tcgen05 i8 {a} {b} s32 none 0 {saturate:d}"
                yield integer_kind("i8", model, a, b, 32, saturate)


def mxf8f6f4_kind(a: str, b: str, is_sync: bool = False) -> Kind:
    window = tc.Window(a, b, "f32", 32, 32)

    def dot(x: Sequence, y: Sequence, c: int, sa: Sequence, sb: Sequence) -> int:
        return tc.scaled_window_dot(window, x, y, c, sa[0], sb[0])

    if is_sync:
        model = f"scaled-sync rtx mxf8f6f4 {a} {b} ue8m0 32"
        return Kind("mma.sync rtx mxf8f6f4", model, a, b, "f32", 32, dot, "ue8m0", 1)
    model = f"tcgen05 mxf8f6f4 {a} {b} f32 ue8m0 32 0"
    return Kind("mxf8f6f4", model, a, b, "f32", 32, dot, "ue8m0", 1)


def sync_block_scaled_kind(name: str, scale: str, block: int) -> Kind:
    model = f"scaled-sync rtx {name} e2m1 e2m1 {scale} {block}"
    dot, scales = tc.sync_block_scaled_dot, 64 // block
    name = "mma.sync rtx mxf4nvf4"
    return Kind(name, model, "e2m1", "e2m1", "f32", 64, dot, scale, scales, True)


def emulated_fp8_kind(core: str, a: str, b: str, d: str, k: int) -> Kind:
    window = tc.Window(a, b, d, k, k // 2)

    def dot(x: Sequence, y: Sequence, c: int, sa: Sequence, sb: Sequence) -> int:
        return tc.emulated_fp8_dot(window, x, y, c)

    return Kind(f"mma.sync {core} fp8", f"sync {core} {k} {a} {b} {d} 0", a, b, d, k, dot)


def mma_sync_kinds() -> Iterator[Kind]:
    halves = (("f16", "f32"), ("f16", "f16"), ("bf16", "f32"))
    for core, bits, is_split in (
        ("ampere", 24, True),
        ("ada", 24, True),
        ("hopper", 25, False),
        ("blackwell", 25, False),
        ("rtx", 25, False),
    ):
        for k in (8, 16):
            for a, d in halves:
                window = tc.Window(a, a, d, k, 8 if is_split else k, bits)
                yield window_kind(f"mma.sync {core}", f"sync {core} {k} {a} {a} {d} 0", window)
        for k in (4, 8):
            window = tc.Window("tf32", "tf32", "f32", k, 4 if is_split else k, bits)
            yield window_kind(f"mma.sync {core}", f"sync {core} {k} tf32 tf32 f32 0", window)
        for k in (16, 32):
            for a, b, d in (
                ("e4m3", "e4m3", "f32"),
                ("e5m2", "e4m3", "f32"),
                ("e4m3", "e5m2", "f16"),
            ):
                if core == "ada":
                    window = tc.Window(a, b, d, k, 16, 13, 13)
                    yield window_kind("mma.sync ada fp8", f"sync ada {k} {a} {b} {d} 0", window)
                elif core == "rtx":
                    window = tc.Window(a, b, d, k, k)
                    yield window_kind("mma.sync rtx fp8", f"sync rtx {k} {a} {b} {d} 0", window)
                elif core != "ampere":
                    yield emulated_fp8_kind(core, a, b, d, k)
    yield integer_kind("mma.sync int8", "sync ampere 32 s8 u8 s32 0", "s8", "u8", 32, False)
    yield integer_kind("mma.sync int8", "sync ampere 16 u8 s8 s32 1", "u8", "s8", 16, True)
    for a, b, d in (("e2m1", "e5m2", "f32"), ("e3m2", "e2m1", "f16"), ("e4m3", "e2m3", "f32")):
        window = tc.Window(a, b, d, 32, 32)
        yield window_kind("mma.sync rtx f8f6f4", f"sync rtx 32 {a} {b} {d} 0", window)
        yield mxf8f6f4_kind(a, b, is_sync=True)
    yield sync_block_scaled_kind("mxf4", "ue8m0", 32)
    yield sync_block_scaled_kind("mxf4nvf4", "ue8m0", 16)
    yield sync_block_scaled_kind("mxf4nvf4", "ue4m3", 16)


def wgmma_kinds() -> Iterator[Kind]:
    for a, d, k in (
        ("f16", "f32", 16),
        ("f16", "f16", 16),
        ("bf16", "f32", 16),
        ("tf32", "f32", 8),
    ):
        yield window_kind("wgmma", f"wgmma {a} {a} {d} 0", tc.Window(a, a, d, k, k))
    for a, b, d in (("e4m3", "e4m3", "f32"), ("e5m2", "e4m3", "f32"), ("e4m3", "e5m2", "f16")):
        window = tc.Window(a, b, d, 32, 32, 13, 13)
        yield window_kind("wgmma fp8", f"wgmma {a} {b} {d} 0", window)
    yield integer_kind("wgmma int8", "wgmma s8 u8 s32 1", "s8", "u8", 32, True)


# ---- random operands --------------------------------------------------------------------------------


def clear_specials(words: Array, name: str) -> Array:
    """Without infinities and NaNs: with a lower exponent instead."""
    if name in ("f16", "bf16", "tf32", "e5m2"):
        exponent = {"f16": 0x7C00, "bf16": 0x7F80, "tf32": 0x7F800000, "e5m2": 0x7C}[name]
        lowest = exponent & -exponent
        return np.where(words & exponent == exponent, words & ~np.uint32(lowest), words)
    if name == "e4m3":
        return np.where(words & 0x7F == 0x7F, words & ~np.uint32(1), words)
    return words


def draw_row(rng: np.random.Generator, name: str, k: int, alternate: bool) -> Array:
    """The words of a row, from one of the distributions of this file's first lines.

    In some rows, elements come in pairs, of opposite signs if they `alternate`: products cancel where such
    a row meets a column that does not.
    """
    words = draw_words(rng, name, k, int(rng.choice(4, p=[0.05, 0.5, 0.25, 0.2])))
    if name in ("u8", "s8") or rng.random() < 0.6:
        return words
    sign = np.uint32(1 << (BITS.get(name, 8) - 1))
    paired = words.copy()
    paired[1::2] = words[0::2] ^ (sign if alternate else np.uint32(0))
    return np.where(np.repeat(rng.random(k // 4) < 0.8, 4), paired, words)


def draw_words(rng: np.random.Generator, name: str, k: int, style: int) -> Array:
    """Any bits, moderate ones, few, or tiny ones."""
    words = rng.integers(0, 1 << BITS.get(name, 8), k, dtype=np.uint64).astype(np.uint32)
    if name in ("u8", "s8") or style == 0:
        return words
    words = clear_specials(words, name)
    if style == 1 and name in MODERATE:
        kept, center = MODERATE[name]
        words = (words & kept | center).astype(np.uint32)
    elif style == 2:  # few, and zeros of both signs
        sign = np.uint32(1 << (BITS.get(name, 8) - 1))
        words = np.where(rng.random(k) < 0.85, words & sign, words)
    elif style == 3:  # subnormal or tiny
        shift = {"f16": 5, "bf16": 5, "tf32": 5}.get(name, 1)
        sign = np.uint32(1 << (BITS.get(name, 8) - 1))
        words = words & sign | (words & (sign - np.uint32(1))) >> np.uint32(shift)
    return words


def draw_scales(rng: np.random.Generator, scale: str, count: int, style: int) -> Array:
    """Bytes: of everything or of a part, far apart, and for results that are subnormal."""
    is_ue4m3 = scale == "ue4m3"
    if style < 4:
        ranges = ((0, 256), (0x28, 0x58), (0, 16), (0x70, 0x7F)) if is_ue4m3 else (
            (0, 256), (100, 150), (0, 40), (215, 255)
        )  # fmt: skip
        drawn = rng.integers(*ranges[style], count)
    elif is_ue4m3:
        drawn = rng.choice([1, 0x7E], count)
    elif style == 4:
        drawn = rng.integers(90, 165, count)
    else:  # products of about 2^-145 beside some below 2^-174
        drawn = rng.choice([36, 37, 38, 53, 54, 55], count)
    return drawn.astype(np.uint8)


def pack(words: Array, name: str, is_packed: bool) -> Array:
    """A row of words as bytes of memory."""
    if is_packed:
        return (words[0::2] | words[1::2] << np.uint32(4)).astype(np.uint8)
    return words.astype({1: "<u1", 2: "<u2", 4: "<u4"}[BYTES.get(name, 1)]).view(np.uint8)


def decode_row(words: Array, name: str) -> list:
    if name in ("u8", "s8"):
        return [tc.decode_int(int(word), name) for word in words]
    return tc.decode_all(name, [int(word) for word in words])


def draw_c(rng: np.random.Generator, product: Array, d: str) -> Array:
    """C: any word, zeros, moderate, of the product's size, and close to its negation."""
    width = 16 if d == "f16" else 32
    sign, exponent = np.uint32(1 << (width - 1)), np.uint32(0x7C00 if d == "f16" else 0x7F800000)
    words = rng.integers(0, 1 << width, product.shape, dtype=np.uint64).astype(np.uint32)
    negated = (product & np.uint32((1 << width) - 1)) ^ sign
    near = negated + rng.integers(0, 5, product.shape).astype(np.uint32) - np.uint32(2)
    shifted = negated ^ (words & np.uint32(0x0007 if d == "f16" else 0x000FFFFF))
    moves = rng.integers(-30, 31, product.shape) * (0x400 if d == "f16" else 0x800000)
    moved = (product.astype(np.int64) + moves).astype(np.uint64).astype(np.uint32)
    moved &= np.uint32((1 << width) - 1)
    choices: list[Any] = [words, words & sign, near, shifted, moved, words & ~exponent, words]
    choice = rng.integers(0, len(choices), product.shape)
    result = np.choose(choice, choices)
    finite = result & ~np.uint32(0x400 if d == "f16" else 0x800000)
    if d == "s32":
        return result
    is_special = result & exponent == exponent
    return np.where(is_special & (rng.random(product.shape) < 0.9), finite, result)


@dataclass(frozen=True)
class Product:
    """The rows of A and the columns of B, as words, and their scales."""

    kind: Kind
    rows_a: Array
    rows_b: Array
    scales_a: Array | None = None
    scales_b: Array | None = None

    def simulate(self, simulator: Simulator, c: Array, read_d: bool = True) -> Array:
        kind = self.kind
        a = np.concatenate([pack(row, kind.a, kind.is_packed) for row in self.rows_a])
        b = np.concatenate([pack(row, kind.b, kind.is_packed) for row in self.rows_b])
        scales = self.scales_a, self.scales_b
        return simulator.multiply(kind.model, a, b, c, *scales, read_d=read_d)

    def decode(self, rows: Array, scales: Array | None, name: str) -> list[tuple[list, list]]:
        """Per row its elements and its scales."""
        elements = [decode_row(row, name) for row in rows]
        if scales is None:
            return [(row, []) for row in elements]
        assert self.kind.scale
        decoded = [tc.decode_all(self.kind.scale, [int(x) for x in row]) for row in scales]
        return list(zip(elements, decoded, strict=True))

    def check(self, simulator: Simulator, c: Array, what: str) -> int:
        """All elements of D."""
        kind = self.kind
        got = self.simulate(simulator, c)
        side_a = self.decode(self.rows_a, self.scales_a, kind.a)
        side_b = self.decode(self.rows_b, self.scales_b, kind.b)
        for (i, (x, sx)), (j, (y, sy)) in itertools.product(enumerate(side_a), enumerate(side_b)):
            word = int(c[i, j])
            expected = kind.dot(x, y, word, sx, sy)
            if expected != got[i, j]:
                raise SystemExit(
                    f"{kind.model}, {what}, element {i}, {j}: expected {expected:#x}, but got "
                    f"{int(got[i, j]):#x} for C = {word:#x}\nA = {self.rows_a[i]}\n"
                    f"B = {self.rows_b[j]}\nscales {sx} {sy}"
                )
        return c.size


def check(simulator: Simulator, kind: Kind, m: int, n: int, seed: int) -> int:
    """A random product."""
    rng = np.random.default_rng([seed, *kind.model.encode()])
    rows_a = np.stack([draw_row(rng, kind.a, kind.k, False) for _ in range(m)])
    rows_b = np.stack([draw_row(rng, kind.b, kind.k, True) for _ in range(n)])
    scales = []
    for count in (m, n) if kind.scale else ():
        assert kind.scale
        styles = rng.choice(6, count, p=[0.05, 0.35, 0.05, 0.05, 0.2, 0.3])
        scales.append(
            np.stack([draw_scales(rng, kind.scale, kind.num_scales, int(s)) for s in styles])
        )
    product = Product(kind, rows_a, rows_b, *scales)
    without_c = product.simulate(simulator, np.zeros((m, n), np.uint32), read_d=False)
    return product.check(simulator, draw_c(rng, without_c, kind.d), f"seed {seed}")


def check_small_groups(simulator: Simulator) -> None:
    """Groups of about 2^-174, which are dropped or not, beside subnormal ones that they borrow from."""
    rng = np.random.default_rng(1)
    for kind in tcgen05_kinds():
        if kind.scale != "ue8m0" or kind.num_scales != 4:
            continue
        # In a row of A, all elements but the first of each group are zero; B is all ones.
        rows, scales = [], []
        for exponent in range(-182, -166):
            for code in range(1, 16):
                row = np.zeros(kind.k, np.uint32)
                row[0], row[16], row[32] = 2, code, int(rng.integers(16))
                rows.append(row)
                largest = int(rng.integers(-149, -126))
                other = int(rng.integers(-182, -148))
                # B's scales are 2^-60.
                scales.append([60 + 127 + e for e in (largest, exponent, other, -182)])
        product = Product(
            kind,
            np.stack(rows),
            np.full((1, kind.k), 2, np.uint32),
            np.array(scales, np.uint8),
            np.full((1, 4), 127 - 60, np.uint8),
        )
        for c in (0, 1, 0x80000001, 0x80000100):
            product.check(simulator, np.full((len(rows), 1), c, np.uint32), "small groups")


def check_negation(simulator: Simulator) -> None:
    """Negated operands give what operands with the other signs give."""
    rng = random.Random(3)
    model = "tcgen05 mxf4nvf4 e2m1 e2m1 f32 ue4m3 16 0"
    a, b = (np.array([rng.randrange(256) for _ in range(32 * 4)], np.uint8) for _ in range(2))
    scales = np.full((4, 4), 0x38, np.uint8)
    zeros = np.zeros((4, 4), np.uint32)
    negated = simulator.multiply(model, a, b, zeros, scales, scales, negate=(True, False))
    flipped = simulator.multiply(model, a ^ np.uint8(0x88), b, zeros, scales, scales)
    both = simulator.multiply(model, a, b, zeros, scales, scales, negate=(True, True))
    if (negated != flipped).any() or (
        both != simulator.multiply(model, a, b, zeros, scales, scales)
    ).any():
        raise SystemExit("negation does not flip signs")


def check_published(simulator: Simulator) -> int:
    """The words of a B200, from the simulator as well."""
    words = tc.published_words()
    for word in words:
        kind, a, b, _, scale = word.model.split()[:5]
        rows = [np.array(row, np.uint32) for row in (word.a, word.b)]
        is_packed = kind in ("mxf4", "mxf4nvf4")
        x, y = (pack(row, name, is_packed) for row, name in zip(rows, (a, b), strict=True))
        scales_a, scales_b = (
            np.array(side, np.uint8) if scale != "none" else None
            for side in (word.scales_a, word.scales_b)
        )
        c = np.array([[word.c]], np.uint32)
        got = simulator.multiply(f"tcgen05 {word.model}", x, y, c, scales_a, scales_b)
        if int(got[0, 0]) != word.expected:
            raise SystemExit(f"{word.model}: expected {word.expected:#x}, but got {got[0, 0]:#x}")
    return len(words)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("evaluate")
    parser.add_argument("--elements", type=int, default=10000, help="of D, per kind")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    simulator = Simulator(args.evaluate)
    print(f"{check_published(simulator)} words of a B200 are reproduced")
    groups: dict[str, list[Kind]] = {}
    for kind in (*tcgen05_kinds(), *mma_sync_kinds(), *wgmma_kinds()):
        groups.setdefault(kind.name, []).append(kind)
    for name, kinds in groups.items():
        checked, seed = 0, args.seed
        while checked < args.elements:
            checked += sum(check(simulator, kind, 16, 16, seed) for kind in kinds)
            seed += 1
        print(f"{name}: {checked} elements agree")
    check_negation(simulator)
    check_small_groups(simulator)


if __name__ == "__main__":
    main()
