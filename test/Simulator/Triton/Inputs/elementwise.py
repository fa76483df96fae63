# Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Kernels that work on each element, and their cases."""

from math import erf

import numpy as np
import triton
import triton.language as tl
from harness import TYPES, Case, Out, cases
from triton.language.extra import libdevice


@triton.jit
def add_kernel(x, y, out, n, BLOCK: tl.constexpr):
    at = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    inside = at < n
    tl.store(out + at, tl.load(x + at, mask=inside) + tl.load(y + at, mask=inside), mask=inside)


@cases(kind=("fp64", "fp32", "fp16", "bf16", "i8", "i32", "i64"))
def add(rng, kind):
    x, y = (rng.uniform(-60, 60, 2999).astype(TYPES[kind]) for _ in range(2))
    # With a number of elements that 16 does not divide.
    arguments = {"x": x, "y": y, "out": Out(x + y, kind), "n": 2999}
    pattern = {"fp64": r"add.*\.f64", "fp32": r"add.*f32", "i64": r"add\.s64"}.get(kind, "add")
    return Case(add_kernel, arguments, {"BLOCK": 1024}, (3,), [pattern])


@triton.jit
def functions_kernel(x, out, BLOCK: tl.constexpr):
    at = tl.arange(0, BLOCK)
    v = tl.load(x + at)
    a = tl.abs(v)
    tl.store(out + 0 * BLOCK + at, tl.exp(v))
    tl.store(out + 1 * BLOCK + at, tl.log(a + 1))
    tl.store(out + 2 * BLOCK + at, tl.sin(v))
    tl.store(out + 3 * BLOCK + at, tl.cos(v))
    tl.store(out + 4 * BLOCK + at, tl.sqrt(a))
    tl.store(out + 5 * BLOCK + at, tl.erf(v))
    tl.store(out + 6 * BLOCK + at, tl.rsqrt(a + 1))
    tl.store(out + 7 * BLOCK + at, v / (a + 1))
    tl.store(out + 8 * BLOCK + at, tl.log2(a + 1))
    tl.store(out + 9 * BLOCK + at, tl.floor(v) + tl.ceil(v * 3))
    tl.store(out + 10 * BLOCK + at, tl.fma(v, a, 1.5))
    tl.store(out + 11 * BLOCK + at, tl.div_rn(v, a + 3))
    tl.store(out + 12 * BLOCK + at, tl.sqrt_rn(a))
    tl.store(out + 13 * BLOCK + at, libdevice.tanh(v))
    tl.store(out + 14 * BLOCK + at, libdevice.pow(a, v))
    tl.store(out + 15 * BLOCK + at, libdevice.atan2(v, a - 1))
    tl.store(out + 16 * BLOCK + at, tl.sin(v * 1e6))


@cases()
def functions(rng):
    x = (rng.normal(size=512) * 2).astype(np.float32)
    v = x.astype(np.float64)
    a = np.abs(v)
    far = (x * np.float32(1e6)).astype(np.float64)
    y = [np.exp(v), np.log(a + 1), np.sin(v), np.cos(v), np.sqrt(a), np.vectorize(erf)(v)]
    y += [1 / np.sqrt(a + 1), v / (a + 1), np.log2(a + 1)]
    # The product by 3 is rounded before its ceiling is taken.
    y += [np.floor(v) + np.ceil(x * np.float32(3)), v * a + 1.5, v / (a + 3), np.sqrt(a)]
    y += [np.tanh(v), a**v, np.arctan2(v, a - 1), np.sin(far)]
    arguments = {"x": x, "out": Out(np.stack(y), "fp32", 1e-6, 2e-6)}
    patterns = [r"ex2\.approx", "sqrt", r"div\.full", r"div\.rn", "fma.rn"]
    return Case(functions_kernel, arguments, {"BLOCK": 512}, (1,), patterns)


@triton.jit
def integers_kernel(x, y, out, BLOCK: tl.constexpr):
    at = tl.arange(0, BLOCK)
    a, b = tl.load(x + at), tl.load(y + at)
    ua, ub = a.to(tl.uint32, bitcast=True), b.to(tl.uint32, bitcast=True)
    tl.store(out + 0 * BLOCK + at, a // b)
    tl.store(out + 1 * BLOCK + at, a % b)
    tl.store(out + 2 * BLOCK + at, tl.umulhi(ua, ub).to(tl.int32, bitcast=True))
    tl.store(out + 3 * BLOCK + at, a >> (b & 31))
    tl.store(out + 4 * BLOCK + at, (ua >> (ub & 31)).to(tl.int32, bitcast=True))
    tl.store(out + 5 * BLOCK + at, a * b)
    tl.store(out + 6 * BLOCK + at, tl.minimum(a, b) ^ tl.maximum(a, b))
    tl.store(out + 7 * BLOCK + at, libdevice.popc(a) + libdevice.clz(b))
    tl.store(out + 8 * BLOCK + at, libdevice.brev(a))
    tl.store(out + 9 * BLOCK + at, (a.to(tl.int64) * b.to(tl.int64) // 1000003).to(tl.int32))


@cases()
def integers(rng):
    a, b = (rng.integers(-(2**31), 2**31, 512).astype(np.int32) for _ in range(2))
    b[:256] = rng.integers(1, 40, 256)
    wide, other = a.astype(np.int64), b.astype(np.int64)
    ua, ub = wide & 0xFFFFFFFF, other & 0xFFFFFFFF
    ones = np.array([(i).bit_count() for i in ua])
    zeros = np.array([32 - int(i).bit_length() for i in ub])
    back = np.array([int(f"{i:032b}"[::-1], 2) for i in ua])
    # Triton's division is that of C: it truncates.
    quotient = np.array([abs(int(i)) // abs(int(j)) for i, j in zip(a, b, strict=True)])
    quotient *= np.sign(wide) * np.sign(other)
    high = np.array([int(i) * int(j) >> 32 for i, j in zip(ua, ub, strict=True)])
    far = np.abs(wide * other) // 1000003 * np.sign(wide * other)
    y = [quotient, wide - quotient * other, high, wide >> (ub & 31), ua >> (ub & 31)]
    y += [wide * other, np.minimum(a, b) ^ np.maximum(a, b), ones + zeros, back, far]
    expected = np.stack([np.asarray(i).astype(np.uint64).astype(np.uint32) for i in y])
    arguments = {"x": a, "y": b, "out": Out(expected.view(np.int32), "i32")}
    patterns = [r"div\.s32", r"mul\.hi\.u32", "popc", "clz", "brev"]
    return Case(integers_kernel, arguments, {"BLOCK": 512}, (1,), patterns)


@triton.jit
def convert_kernel(x, out, BLOCK: tl.constexpr):
    at = tl.arange(0, BLOCK)
    tl.store(out + at, tl.load(x + at).to(out.dtype.element_ty))


@cases(
    source=("fp32", "fp16", "bf16", "fp8e5"),
    target=("fp32", "fp16", "bf16", "fp8e5"),
    warps=(4,),
)
def convert(rng, source, target):
    x = (rng.normal(size=512) * 8).astype(TYPES[source])
    # All sources are exact as floats.
    y = x.astype(np.float32).astype(TYPES[target])
    return Case(convert_kernel, {"x": x, "out": Out(y, target)}, {"BLOCK": 512}, (1,), [])
