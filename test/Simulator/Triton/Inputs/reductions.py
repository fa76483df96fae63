# Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Kernels that combine elements, and their cases."""

import ml_dtypes
import numpy as np
import triton
import triton.language as tl
from harness import Case, Out, cases


def normal(rng, shape, scale=1.0):
    return (rng.normal(size=shape) * scale).astype(np.float32)


@triton.jit
def softmax_kernel(x, out, columns, BLOCK: tl.constexpr):
    row, at = tl.program_id(0), tl.arange(0, BLOCK)
    value = tl.load(x + row * columns + at, mask=at < columns, other=-float("inf"))
    power = tl.exp(value - tl.max(value, 0))
    tl.store(out + row * columns + at, power / tl.sum(power, 0), mask=at < columns)


@cases(columns=(1000, 37, 1024))
def softmax(rng, columns):
    x = normal(rng, (5, columns), 3)
    e = np.exp(x.astype(np.float64) - x.max(1, keepdims=True))
    out = Out(e / e.sum(1, keepdims=True), "fp32", 0, 2e-6)
    arguments = {"x": x, "out": out, "columns": columns}
    patterns = [r"ex2\.approx", r"shfl\.sync\.bfly", r"bar\.sync|barrier\.sync"]
    return Case(softmax_kernel, arguments, {"BLOCK": 1024}, (5,), patterns)


@triton.jit
def layer_norm_kernel(x, weight, bias, out, columns, epsilon, BLOCK: tl.constexpr):
    row, at = tl.program_id(0), tl.arange(0, BLOCK)
    inside = at < columns
    value = tl.load(x + row * columns + at, mask=inside, other=0.0).to(tl.float32)
    centred = tl.where(inside, value - tl.sum(value, 0) / columns, 0.0)
    scale = tl.rsqrt(tl.sum(centred * centred, 0) / columns + epsilon)
    result = centred * scale * tl.load(weight + at, mask=inside) + tl.load(bias + at, mask=inside)
    tl.store(out + row * columns + at, result, mask=inside)


@cases()
def layer_norm(rng):
    x = normal(rng, (5, 1000), 3).astype(ml_dtypes.bfloat16)
    weight, bias = normal(rng, (1000,)), normal(rng, (1000,))
    v = x.astype(np.float64)
    y = (v - v.mean(1, keepdims=True)) / np.sqrt(v.var(1, keepdims=True) + 1e-5) * weight + bias
    out = Out(y, "bf16", 1e-3, 2**-8)
    arguments = {
        "x": x,
        "weight": weight,
        "bias": bias,
        "out": out,
        "columns": 1000,
        "epsilon": 1e-5,
    }
    patterns = [r"rsqrt\.approx", r"cvt\.rn\.bf16"]
    return Case(layer_norm_kernel, arguments, {"BLOCK": 1024}, (5,), patterns)


@triton.jit
def sums_kernel(x, out, A: tl.constexpr, B: tl.constexpr, C: tl.constexpr, AXIS: tl.constexpr):
    i, j, k = tl.arange(0, A), tl.arange(0, B), tl.arange(0, C)
    value = tl.load(x + i[:, None, None] * (B * C) + j[None, :, None] * C + k[None, None, :])
    total = tl.sum(value, AXIS)
    if AXIS == 0:
        at = j[:, None] * C + k[None, :]
    elif AXIS == 1:
        at = i[:, None] * C + k[None, :]
    else:
        at = i[:, None] * B + j[None, :]
    tl.store(out + at, total)


@cases(axis=(0, 1, 2), kind=("fp32", "i32"))
def sums(rng, axis, kind):
    x = rng.integers(-100, 100, (8, 16, 32))
    x = x.astype(np.float32 if kind == "fp32" else np.int32)
    arguments = {"x": x, "out": Out(x.sum(axis), kind)}
    patterns = [r"add\S*\.f32" if kind == "fp32" else r"add\.s32"]
    return Case(sums_kernel, arguments, {"A": 8, "B": 16, "C": 32, "AXIS": axis}, (1,), patterns)


@triton.jit
def bits_of(x, y):
    return x ^ y


@triton.jit
def reduce_bits_kernel(x, out, BLOCK: tl.constexpr):
    value = tl.load(x + tl.arange(0, BLOCK))
    tl.store(out, tl.reduce(value, 0, bits_of))
    tl.store(out + 1, tl.max(value, 0))
    tl.store(out + 2, tl.min(value, 0))
    tl.store(out + 3, tl.sum(value, 0))


@cases()
def reduce_bits(rng, chip):
    x = rng.integers(-(2**20), 2**20, 1024).astype(np.int32)
    y = np.array([np.bitwise_xor.reduce(x), x.max(), x.min(), x.sum()], np.int32)
    # One instruction for a warp.
    patterns = [r"redux\.sync\.xor", r"redux\.sync\.max", r"redux\.sync\.add"]
    return Case(reduce_bits_kernel, {"x": x, "out": Out(y, "i32")}, {"BLOCK": 1024}, (1,), patterns)


@triton.jit
def arg_max_kernel(x, out, BLOCK: tl.constexpr):
    row = tl.program_id(0)
    value = tl.load(x + row * BLOCK + tl.arange(0, BLOCK))
    tl.store(out + 2 * row, tl.argmax(value, 0))
    tl.store(out + 2 * row + 1, tl.argmin(value, 0))


@cases()
def arg_max(rng):
    # With ties: the first one counts.
    x = rng.integers(-40, 40, (4, 512)).astype(np.float32)
    y = np.stack([np.argmax(x, 1), np.argmin(x, 1)], 1)
    arguments = {"x": x, "out": Out(y, "i32")}
    return Case(arg_max_kernel, arguments, {"BLOCK": 512}, (4,), [r"shfl\.sync"])


@triton.jit
def running_sum_kernel(x, out, BLOCK: tl.constexpr, REVERSE: tl.constexpr):
    at = tl.arange(0, BLOCK)
    tl.store(out + at, tl.cumsum(tl.load(x + at), 0, reverse=REVERSE))


@cases(reverse=(False, True))
def running_sum(rng, reverse):
    x = rng.integers(-8, 8, 1024).astype(np.float32)
    y = np.cumsum(x[::-1])[::-1] if reverse else np.cumsum(x)
    constants = {"BLOCK": 1024, "REVERSE": reverse}
    arguments = {"x": x, "out": Out(y, "fp32")}
    return Case(running_sum_kernel, arguments, constants, (1,), [r"shfl\.sync"])


@triton.jit
def compose(a, b, c, d):
    return a * c, b * c + d


@triton.jit
def recurrence_kernel(a, b, out, ROWS: tl.constexpr, COLUMNS: tl.constexpr):
    at = tl.arange(0, ROWS)[:, None] * COLUMNS + tl.arange(0, COLUMNS)[None, :]
    _, y = tl.associative_scan((tl.load(a + at), tl.load(b + at)), 1, compose)
    tl.store(out + at, y)


@cases()
def recurrence(rng):
    """y[i] = a[i] * y[i - 1] + b[i]."""
    a = rng.uniform(-1, 1, (8, 64)).astype(np.float32)
    b = normal(rng, (8, 64))
    y = np.zeros((8, 64))
    last = np.zeros(8)
    for i in range(64):
        last = a[:, i].astype(np.float64) * last + b[:, i]
        y[:, i] = last
    arguments = {"a": a, "b": b, "out": Out(y, "fp32", 1e-5, 1e-5)}
    return Case(recurrence_kernel, arguments, {"ROWS": 8, "COLUMNS": 64}, (1,), [r"shfl\.sync"])


@triton.jit
def sort_kernel(x, out, BLOCK: tl.constexpr):
    at = tl.arange(0, BLOCK)
    tl.store(out + at, tl.sort(tl.load(x + at)))


@cases(kind=("fp32", "i32"))
def sort(rng, kind):
    x = normal(rng, (512,)) if kind == "fp32" else rng.integers(-50, 50, 512).astype(np.int32)
    arguments = {"x": x, "out": Out(np.sort(x), kind)}
    return Case(sort_kernel, arguments, {"BLOCK": 512}, (1,), [r"shfl\.sync"])


@triton.jit
def largest_kernel(x, out, ROWS: tl.constexpr, COLUMNS: tl.constexpr, K: tl.constexpr):
    row = tl.arange(0, ROWS)[:, None]
    value = tl.load(x + row * COLUMNS + tl.arange(0, COLUMNS)[None, :])
    tl.store(out + row * K + tl.arange(0, K)[None, :], tl.topk(value, K))


@cases()
def largest(rng):
    x = normal(rng, (16, 64))
    y = -np.sort(-x, 1)[:, :8]
    arguments = {"x": x, "out": Out(y, "fp32")}
    patterns = [r"shfl\.sync"]
    return Case(largest_kernel, arguments, {"ROWS": 16, "COLUMNS": 64, "K": 8}, (1,), patterns)


@triton.jit
def rearrange_kernel(x, index, out, ROWS: tl.constexpr, COLUMNS: tl.constexpr):
    row, column = tl.arange(0, ROWS), tl.arange(0, COLUMNS)
    at = row[:, None] * COLUMNS + column[None, :]
    value = tl.load(x + at)
    size: tl.constexpr = ROWS * COLUMNS
    tl.store(out + column[:, None] * ROWS + row[None, :], tl.trans(value))
    tl.store(out + size + at, tl.flip(value, 1))
    tl.store(out + 2 * size + at, tl.gather(value, tl.load(index + at), 1))
    even, odd = tl.split(tl.reshape(value, (ROWS, COLUMNS // 2, 2)))
    half = row[:, None] * (COLUMNS // 2) + tl.arange(0, COLUMNS // 2)[None, :]
    tl.store(out + 3 * size + half, even - odd)
    tl.store(out + 4 * size + tl.arange(0, size), tl.ravel(tl.join(even, odd)))


@cases()
def rearrange(rng):
    x = normal(rng, (32, 64))
    index = rng.integers(0, 64, (32, 64)).astype(np.int32)
    y = np.zeros((5, 32 * 64), np.float32)
    y[0] = x.T.ravel()
    y[1] = x[:, ::-1].ravel()
    y[2] = np.take_along_axis(x, index, 1).ravel()
    y[3, : 32 * 32] = (x[:, ::2] - x[:, 1::2]).ravel()
    y[4] = x.ravel()
    arguments = {"x": x, "index": index, "out": Out(y, "fp32", initial=np.zeros_like(y))}
    patterns = [r"st\.shared", r"ld\.shared"]
    return Case(rearrange_kernel, arguments, {"ROWS": 32, "COLUMNS": 64}, (1,), patterns)
