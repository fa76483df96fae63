# Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What the kernels of arithmetic.cu should give."""

import math

import ml_dtypes
import numpy as np
from launch import Module, Out

module = Module("arithmetic.cu")
if module.arch != "sm_80":
    module.expect(
        r"cvt\.rn\.satfinite\.e4m3x2", r"cvt\.rn\.satfinite\.e2m1x2", r"e2m3x2", r"ue8m0x2"
    )
rng = np.random.default_rng(1)

x = np.concatenate(
    [rng.normal(size=n) * s for n, s in ((150, 1), (150, 20), (150, 1e-3), (50, 1e5))]
)
x = np.concatenate([x, [0, -0.0, 1, -1, 0.25, 2.5, 448, 464, 480, 57344, 61440, 6, 5, 7.5, 28]])
x = x.astype(np.float32)
FORMATS = {
    "e4m3": (ml_dtypes.float8_e4m3fn, 448),
    "e5m2": (ml_dtypes.float8_e5m2, 57344),
    "e2m3": (ml_dtypes.float6_e2m3fn, 7.5),
    "e3m2": (ml_dtypes.float6_e3m2fn, 28),
    "e2m1": (ml_dtypes.float4_e2m1fn, 6),
}
for name, (dtype, largest) in FORMATS.items():
    # Conversions saturate: what is beyond the largest number becomes it.
    rounded = np.clip(x, -largest, largest).astype(dtype)
    outs = [Out(rounded.view(np.uint8)), Out(rounded.astype(np.float32))]
    module.run(name, [1], [64], [x, *outs, len(x)])

positive = np.abs(x) + np.float32(1e-6)
exponent = np.ceil(np.log2(positive.astype(np.float64))).astype(np.int64)
outs = [Out((exponent + 127).astype(np.uint8)), Out(np.exp2(exponent).astype(np.float32))]
module.run("e8m0", [1], [64], [positive, *outs, len(x)])

a, b = (rng.normal(size=(64, 2)).astype(np.float16) for _ in range(2))
ad, bd = a.astype(np.float64), b.astype(np.float64)
c = a.astype(ml_dtypes.bfloat16).astype(np.float64)
halves = [ad * bd + ad, np.maximum(ad, bd), np.sqrt(np.abs(ad)), ad / bd, ad - bd]
halves = [h.astype(np.float16).astype(np.float32) for h in halves]
halves.append((c * c).astype(np.float32).astype(ml_dtypes.bfloat16).astype(np.float32))
# A square root and a quotient may be the neighbour.
module.run("halves", [1], [64], [a, b, Out(np.stack(halves), None, 0, 2.0**-10)])

x, y = (rng.integers(0, 2**32, 64, np.uint64).astype(np.uint32) for _ in range(2))


def bits(a: int, b: int) -> list[int]:
    of = [a >> 8 * i & 255 for i in range(4)] + [b >> 8 * i & 255 for i in range(4)]
    signed = [i - 256 if i > 127 else i for i in of]
    perm = of[5] | of[1] << 8 | of[7] << 16 | of[3] << 24
    dot = sum(signed[i] * signed[i + 4] for i in range(4)) + 5
    shifted = ((a | b << 32) << (b & 31)) >> 32
    reverse = int(f"{a:032b}"[::-1], 2) ^ (b & -b).bit_length()
    whole = [i - 2**32 if i >> 31 else i for i in (a, b)]
    sums = sum(min(of[i] + of[i + 4], 255) << 8 * i for i in range(4))
    greater = (0xFFFF if a & 0xFFFF > b & 0xFFFF else 0) | (0xFFFF0000 if a >> 16 > b >> 16 else 0)
    zeros = 32 - a.bit_length() + (b).bit_count()
    return [perm, dot, shifted, reverse, abs(whole[0] - whole[1]) + 3, a * b >> 32, sums, greater,
            a * b % 1000003, zeros]  # fmt: skip


table = [[i % 2**32 for i in bits(int(a), int(b))] for a, b in zip(x, y, strict=True)]
module.run("bits", [1], [64], [x, y, Out(np.array(table, np.uint64).T.astype(np.uint32))])

d = rng.normal(size=64) * 3
expected = [
    [math.exp(v), math.log(abs(v) + 1), math.sin(v), abs(v) ** 1.5, 1 / v, math.sqrt(abs(v))]
    + [v * v - 1, math.erf(v), math.copysign(abs(v) ** (1 / 3), v), math.fmod(v * 100, 3)]
    for v in map(float, d)
]
module.run("doubles", [1], [64], [d, Out(np.array(expected).T, None, 1e-15, 1e-14)])
