"""tcgen05.mma's instruction descriptors: random fields against the PTX ISA's tables 39, 42 to 44, 51, 52, 57."""

from __future__ import annotations

import argparse
import random
from dataclasses import dataclass

import numpy as np
from sim_describe import Describer, Refused

# In the simulator's order.
TYPES = ("e2m1", "e2m3", "e3m2", "e4m3", "e5m2", "f16", "bf16", "tf32", "u8", "s8", "f32", "s32")
SCALES = ("none", "ue8m0", "ue4m3")
# The codes of atype and btype, tables 42 to 44.
F8F6F4 = {0: "e4m3", 1: "e5m2", 3: "e2m3", 4: "e3m2", 5: "e2m1"}
ELEMENTS = {
    "f16": {0: "f16", 1: "bf16"},
    "tf32": {2: "tf32"},
    "f8f6f4": F8F6F4,
    "i8": {0: "u8", 1: "s8"},
    "mxf8f6f4": F8F6F4,
    "mxf4": {1: "e2m1"},
    "mxf4nvf4": {1: "e2m1"},
}
RESULTS = {
    "f16": {0: "f16", 1: "f32"},
    "tf32": {1: "f32"},
    "f8f6f4": {0: "f16", 1: "f32"},
    "i8": {2: "s32"},
}
K = {"f16": 16, "tf32": 8, "f8f6f4": 32, "i8": 32, "mxf8f6f4": 32, "mxf4": 64, "mxf4nvf4": 64}
# Table 57: scales and elements of one, by kind.
BLOCKS = {
    "mxf8f6f4": {("ue8m0", 32)},
    "mxf4": {("ue8m0", 32)},
    "mxf4nvf4": {("ue8m0", 32), ("ue8m0", 16), ("ue4m3", 16)},
}


@dataclass
class Fields:
    kind: str
    group: int
    block: int
    ws: int
    m: int
    n: int
    a: int
    b: int
    d: int
    negate_a: int = 0
    negate_b: int = 0
    transpose_a: int = 0
    transpose_b: int = 0
    scale_type: int = 0
    sfa: int = 0
    sfb: int = 0
    saturate: int = 0
    shift: int = 0
    stray: int = 0  # bits that should not be there

    @property
    def is_scaled(self) -> bool:
        return self.kind.startswith("mx")

    @property
    def bits(self) -> int:
        word = self.a << 7 | self.b << 10 | self.n >> 3 << 17
        word |= self.negate_a << 13 | self.negate_b << 14
        word |= self.transpose_a << 15 | self.transpose_b << 16
        if self.is_scaled:
            word |= self.sfb << 4 | self.scale_type << 23 | self.m >> 7 << 27 | self.sfa << 29
        else:
            word |= self.saturate << 3 | self.d << 4 | self.m >> 4 << 24 | self.shift << 30
        return (word | self.stray) & 0xFFFFFFFF

    @property
    def request(self) -> str:
        return f"instruction {self.bits} {self.kind} {self.group} {self.block} {self.ws}"

    def expect(self) -> list[int] | None:
        """The decoded fields; None if they are not legal."""
        elements = ELEMENTS[self.kind]
        if self.stray or self.a not in elements or self.b not in elements:
            return None
        a, b = elements[self.a], elements[self.b]
        scale, d = "none", "f32"
        if self.is_scaled:
            scale = "ue8m0" if self.scale_type else "ue4m3"
            if (scale, self.block) not in BLOCKS[self.kind]:
                return None
            numbers = K[self.kind] // self.block
            if not all(i in {1: (0, 1, 2, 3), 2: (0, 2), 4: (0,)}[numbers] for i in self.ids):
                return None
        else:
            if self.block or self.d not in RESULTS[self.kind]:
                return None
            d = RESULTS[self.kind][self.d]
            if d == "f16" and "bf16" in (a, b):
                return None
        if not self.has_modifiers(a, b) or not self.has_shape(b):
            return None
        head = [TYPES.index(name) for name in (a, b, d)] + [K[self.kind], self.m, self.n]
        flags = [self.negate_a, self.negate_b, self.transpose_a, self.transpose_b]
        scaled = [*self.ids] if self.is_scaled else [0, 0]
        saturate = 0 if self.is_scaled else self.saturate
        return head + flags + scaled + [saturate, SCALES.index(scale)]

    @property
    def ids(self) -> tuple[int, int]:
        return self.sfa, self.sfb

    def has_modifiers(self, a: str, b: str) -> bool:
        if self.kind == "i8" and (self.negate_a or self.negate_b):
            return False
        if not self.is_scaled and self.saturate and self.kind != "i8":
            return False
        if not self.is_scaled and self.shift and not self.ws:
            return False
        narrow = ("e2m1", "e2m3", "e3m2")  # table 54: 4 and 6 bits are K-major
        return not (self.transpose_a and a in narrow or self.transpose_b and b in narrow)

    def has_shape(self, b: str) -> bool:
        """Table 39, and table 52 for transposed B of 8 bits."""
        if self.ws and (self.is_scaled or self.group == 2):
            return False
        ns: set[int]
        if self.ws:
            ms, ns = {32, 64, 128}, {64, 128, 256}
        elif self.group == 2:
            ms, ns = {128, 256}, set(range(16, 257, 16))
        else:
            ms, ns = {128} if self.is_scaled else {64, 128}, set(range(8, 257, 8))
        if self.kind == "i8" and not self.ws:
            ns = (
                {8, 16, 24, 32, *range(48, 257, 16)} if self.group == 1 else set(range(32, 257, 32))
            )
        if self.transpose_b and b in ("e4m3", "e5m2", "u8", "s8") and not self.ws:
            step = 16 * self.group
            ns &= set(range(step, 257, step))
        return self.m in ms and self.n in ns


# Bits that no kind, or not this one, has.
STRAY = {
    "f16": (0, 1, 2, 3, 6, 23, 29),
    "tf32": (0, 1, 2, 3, 6, 23, 29),
    "f8f6f4": (0, 1, 2, 3, 6, 23, 29),
    "i8": (0, 1, 2, 6, 23, 29),
    "mxf8f6f4": (0, 1, 2, 3, 6, 24, 25, 26, 31),
    "mxf4": (0, 1, 2, 3, 6, 12, 15, 16, 24, 25, 26, 31),
    "mxf4nvf4": (0, 1, 2, 3, 6, 12, 15, 16, 24, 25, 26, 31),
}


def draw(rng: random.Random) -> Fields:
    """Legal fields, mostly, of which one or two are then changed in every other descriptor."""
    kind = rng.choice(list(ELEMENTS))
    codes = list(ELEMENTS[kind])
    ws = int(not kind.startswith("mx") and rng.random() < 0.2)
    group = 1 if ws else rng.choice((1, 2))
    ns = (64, 128, 256) if ws else range(32, 257, 32)
    fields = Fields(
        kind,
        group,
        block=0,
        ws=ws,
        m=128,
        n=rng.choice(ns),
        a=rng.choice(codes),
        b=rng.choice(codes),
        d=rng.choice(list(RESULTS.get(kind, {0: ""}))),
    )
    if kind in BLOCKS:
        scale, fields.block = rng.choice(sorted(BLOCKS[kind]))
        fields.scale_type = int(scale == "ue8m0")
    changes = {
        "m": lambda: rng.choice((32, 64, 96, 128, 256)),
        "n": lambda: rng.randrange(0, 34) * 8,
        "a": lambda: rng.randrange(2 if kind.startswith("mxf4") else 8),
        "b": lambda: rng.randrange(2 if kind.startswith("mxf4") else 8),
        "d": lambda: rng.randrange(4),
        "negate_a": lambda: 1,
        "negate_b": lambda: 1,
        "transpose_a": lambda: int(not kind.startswith("mxf4")),
        "transpose_b": lambda: int(not kind.startswith("mxf4")),
        "scale_type": lambda: int(kind.startswith("mx")) * rng.randrange(2),
        "sfa": lambda: rng.randrange(4),
        "sfb": lambda: rng.randrange(4),
        "saturate": lambda: 1,
        "shift": lambda: rng.randrange(4),
        "block": lambda: rng.choice((0, 16, 32)),
        "ws": lambda: 1,
        "group": lambda: rng.choice((1, 2)),
        "stray": lambda: 1 << rng.choice(STRAY[kind]),
    }
    for _ in range(rng.choice((0, 1, 2, 3))):
        name = rng.choice(list(changes))
        setattr(fields, name, changes[name]())
    if fields.is_scaled:
        fields.m &= ~127  # only these can be encoded
    return fields


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("describe")
    parser.add_argument("--descriptors", type=int, default=20000)
    args = parser.parse_args()
    describe = Describer(args.describe)
    rng = random.Random(1)
    legal = 0
    for _ in range(args.descriptors):
        fields = draw(rng)
        expected = fields.expect()
        try:
            got = describe(fields.request).tolist()
        except Refused as error:
            if expected is not None:
                raise SystemExit(f"{fields}: {error}") from None
            continue
        if got != expected:
            raise SystemExit(f"{fields}: expected {expected}, but got {got}")
        legal += 1
    # What CUTLASS and Triton emit: M, N, kind of scales, and the word.
    for word, m, n in ((0x08100480, 128, 64), (0x10400480, 256, 256), (0x48A004A0, 128, 128)):
        is_ue8m0 = word >> 23 & 1
        kind, block = ("mxf4", 32) if is_ue8m0 else ("mxf4nvf4", 16)
        got = describe(f"instruction {word} {kind} {m // 128} {block} 0")
        if not np.array_equal(got[4:6], (m, n)):
            raise SystemExit(f"{word:#x}: expected {m}, {n}, but got {got[4:6]}")
    print(f"{legal} legal and {args.descriptors - legal} illegal descriptors agree")


if __name__ == "__main__":
    main()
