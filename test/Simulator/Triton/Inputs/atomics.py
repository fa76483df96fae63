# Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Kernels whose blocks meet in global memory, and their cases."""

import numpy as np
import triton
import triton.language as tl
from harness import TYPES, Case, Out, cases


@triton.jit
def count_kernel(x, counts, n, BLOCK: tl.constexpr):
    at = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    tl.atomic_add(counts + tl.load(x + at, mask=at < n, other=0), 1, mask=at < n)


@cases()
def count(rng):
    x = rng.integers(0, 50, 2000).astype(np.int32)
    counts = Out(np.bincount(x, minlength=50), "i32", initial=np.zeros(50))
    arguments = {"x": x, "counts": counts, "n": 2000}
    return Case(count_kernel, arguments, {"BLOCK": 256}, (8,), ["(atom|red).*add"])


@triton.jit
def histogram_kernel(x, out, BLOCK: tl.constexpr, BINS: tl.constexpr):
    at = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    counts = tl.histogram(tl.load(x + at), BINS)
    tl.atomic_add(out + tl.arange(0, BINS), counts)


@cases()
def histogram(rng):
    x = rng.integers(0, 64, 2048).astype(np.int32)
    out = Out(np.bincount(x, minlength=64), "i32", initial=np.zeros(64))
    patterns = [r"atom\S*\.shared", r"(atom|red)\.global"]
    return Case(histogram_kernel, {"x": x, "out": out}, {"BLOCK": 512, "BINS": 64}, (4,), patterns)


@triton.jit
def extremes_kernel(x, out, BLOCK: tl.constexpr):
    at = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    value = tl.load(x + at)
    tl.atomic_max(out + at * 0, value)
    tl.atomic_min(out + 1 + at * 0, value)


@cases(kind=("fp32", "i32", "u32", "i64"))
def extremes(rng, kind):
    low = 0 if kind == "u32" else -1000
    x = rng.integers(low, 1000, 1024).astype(TYPES[kind])
    out = Out(np.array([x.max(), x.min()]), kind, initial=np.array([x[0], x[0]]))
    patterns = ["(atom|red).*max", "(atom|red).*min"]
    return Case(extremes_kernel, {"x": x, "out": out}, {"BLOCK": 256}, (4,), patterns)


@triton.jit
def adding_kernel(x, out, BLOCK: tl.constexpr, SCOPE: tl.constexpr, SEM: tl.constexpr):
    at = tl.arange(0, BLOCK)
    value = tl.load(x + tl.program_id(0) * BLOCK + at)
    tl.atomic_add(out + at, value, sem=SEM, scope=SCOPE)


@cases(
    kind=("fp64", "fp32", "fp16", "bf16", "i32"),
    sem=("relaxed", "acq_rel"),
    scope=("gpu", "sys"),
    warps=(4,),
)
def adding(rng, kind, sem, scope):
    x = rng.integers(-8, 8, (6, 256)).astype(TYPES[kind])
    out = Out(x.astype(np.float64).sum(0), kind, initial=np.zeros(256))
    constants = {"BLOCK": 256, "SCOPE": scope, "SEM": sem}
    # Each architecture has its own form of halves.
    form = r"(atom|red)\.(global|relaxed|acq_rel)" if kind in ("fp16", "bf16") else ""
    pattern = form or rf"{sem}\.{scope}.*add|{scope}\.{sem}.*add|add.*{sem}"
    return Case(adding_kernel, {"x": x, "out": out}, constants, (6,), [pattern])


@triton.jit
def locked_kernel(lock, count):
    while tl.atomic_cas(lock, 0, 1) == 1:
        pass
    tl.store(count, tl.load(count) + 1)
    tl.debug_barrier()
    tl.atomic_xchg(lock, 0)


@cases()
def locked(rng):
    lock = Out(np.zeros(1), "i32", initial=np.zeros(1))
    count = Out(np.full(1, 7), "i32", initial=np.zeros(1))
    arguments = {"lock": lock, "count": count}
    return Case(locked_kernel, arguments, {}, (7,), ["atom.*cas", "atom.*exch"])


@triton.jit
def last_kernel(x, parts, arrived, out, BLOCK: tl.constexpr, BLOCKS: tl.constexpr):
    """The last block to arrive sums what all of them have left."""
    block = tl.program_id(0)
    tl.store(parts + block, tl.sum(tl.load(x + block * BLOCK + tl.arange(0, BLOCK)), 0))
    tl.debug_barrier()
    if tl.atomic_add(arrived, 1, sem="acq_rel") == BLOCKS - 1:
        tl.store(out, tl.sum(tl.load(parts + tl.arange(0, BLOCKS), volatile=True), 0))


@cases()
def last(rng):
    x = rng.integers(-100, 100, (8, 256)).astype(np.float32)
    arguments = {
        "x": x,
        "parts": Out(x.sum(1), "fp32"),
        "arrived": Out(np.full(1, 8), "i32", initial=np.zeros(1)),
        "out": Out(x.sum().reshape(1), "fp32"),
    }
    patterns = [r"atom.*acq_rel.*add", r"ld\.volatile"]
    return Case(last_kernel, arguments, {"BLOCK": 256, "BLOCKS": 8}, (8,), patterns)
