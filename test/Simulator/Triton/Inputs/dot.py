# Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Products of matrices without scales, and their cases."""

import numpy as np
import triton
import triton.language as tl
from harness import TYPES, Case, Out, cases

PIPELINED = (1, 2, 3)


def normal(rng, shape, kind):
    return rng.normal(size=shape).astype(TYPES[kind])


def as_multiplied(x):
    """A tensor core reads the 19 upper bits of a float."""
    if x.dtype == np.float32:
        x = (x.view(np.uint32) & np.uint32(0xFFFFE000)).view(np.float32)
    return x.astype(np.float64)


def product(a, b, kind, relative):
    """a times b transposed, with a bound that is relative to the sum of magnitudes."""
    a, b = as_multiplied(a), as_multiplied(b)
    return Out(a @ b.T, kind, float((np.abs(a) @ np.abs(b.T)).max()) * relative)


@triton.jit
def dot_kernel(
    a,
    b,
    out,
    M,
    N,
    K,
    M_TILE: tl.constexpr,
    N_TILE: tl.constexpr,
    K_TILE: tl.constexpr,
    SUM: tl.constexpr,
):
    m = tl.program_id(0) * M_TILE + tl.arange(0, M_TILE)
    n = tl.program_id(1) * N_TILE + tl.arange(0, N_TILE)
    k = tl.arange(0, K_TILE)
    a += m[:, None] * K + k[None, :]
    b += n[None, :] * K + k[:, None]
    rows, columns = m[:, None] < M, n[None, :] < N
    total = tl.zeros((M_TILE, N_TILE), dtype=SUM)
    for i in range(tl.cdiv(K, K_TILE)):
        left = tl.load(a, mask=rows & (k[None, :] < K - i * K_TILE), other=0.0)
        right = tl.load(b, mask=columns & (k[:, None] < K - i * K_TILE), other=0.0)
        total = tl.dot(left, right, total, out_dtype=SUM)
        a += K_TILE
        b += K_TILE
    tl.store(out + m[:, None] * N + n[None, :], total.to(out.dtype.element_ty), mask=rows & columns)


def dot_case(a, b, out, total, patterns, tile=(128, 128, 64)):
    (m, k), n = a.shape, b.shape[0]
    tiles = dict(zip(("M_TILE", "N_TILE", "K_TILE"), tile, strict=True))
    grid = (-(-m // tile[0]), -(-n // tile[1]))
    arguments = {"a": a, "b": b, "out": out, "M": m, "N": n, "K": k}
    return Case(dot_kernel, arguments, dict(**tiles, SUM=total), grid, patterns)


def tensor_core(chip):
    return r"tcgen05\.mma" if chip >= 100 else r"mma\.sync"


@cases(kind=("fp32", "fp16", "bf16", "fp8e5", "fp8e4nv"), stages=PIPELINED)
def dot(rng, chip, kind):
    if kind == "fp8e4nv" and chip < 89:
        return None
    a, b = normal(rng, (256, 256), kind), normal(rng, (128, 256), kind)
    pattern = tensor_core(chip)
    if chip >= 100:
        form = {"fp32": "tf32", "fp16": "f16", "bf16": "f16"}.get(kind, "f8f6f4")
        pattern += rf".*kind::{form}\b"
    else:
        # Codes of eight bits are multiplied as halves.
        form = {"fp32": "tf32", "bf16": "bf16"}.get(kind, "f16")
        pattern += rf".*\.f32\.{form}\.{form}\.f32"
    return dot_case(a, b, product(a, b, "fp32", 2.0**-20), tl.float32, [pattern])


@cases(stages=PIPELINED)
def dot_bytes(rng, chip):
    a, b = (rng.integers(-128, 128, (rows, 256)).astype(np.int8) for rows in (256, 128))
    out = Out(a.astype(np.int64) @ b.T.astype(np.int64), "i32")
    pattern = r"tcgen05\.mma.*kind::i8" if chip == 100 else r"mma\.sync.*s32\.s8\.s8\.s32"
    return dot_case(a, b, out, tl.int32, [pattern])


@cases(shape=((129, 130, 67), (1, 97, 200)), stages=(1, 3))
def dot_of_odd_shape(rng, chip, shape):
    m, n, k = shape
    a, b = normal(rng, (m, k), "fp16"), normal(rng, (n, k), "fp16")
    return dot_case(a, b, product(a, b, "fp32", 2.0**-20), tl.float32, [tensor_core(chip)])


@cases(tile=((16, 16, 32), (64, 32, 32), (64, 64, 128), (128, 256, 32)), stages=(1, 3))
def dot_of_tile(rng, chip, tile):
    a, b = normal(rng, (128, 128), "bf16"), normal(rng, (256, 128), "bf16")
    pattern = tensor_core(chip if tile[0] >= 64 else 80)
    return dot_case(a, b, product(a, b, "fp32", 2.0**-20), tl.float32, [pattern], tile)


@cases(stages=(1, 3))
def dot_of_halves(rng, chip):
    """Sums in f16: of small integers, which are exact."""
    a, b = (rng.integers(-2, 3, (128, 256)).astype(np.float16) for _ in range(2))
    pattern = tensor_core(chip) + (r".*kind::f16" if chip >= 100 else r".*f16\.f16\.f16\.f16")
    return dot_case(a, b, product(a, b, "fp16", 0), tl.float16, [pattern])


@triton.jit
def batched_kernel(a, b, out, B: tl.constexpr, M: tl.constexpr, N: tl.constexpr, K: tl.constexpr):
    batch = tl.arange(0, B)[:, None, None]
    m, n = tl.arange(0, M)[None, :, None], tl.arange(0, N)[None, None, :]
    left = tl.load(a + batch * M * K + m * K + tl.arange(0, K)[None, None, :])
    right = tl.load(b + batch * K * N + tl.arange(0, K)[None, :, None] * N + n)
    tl.store(out + batch * M * N + m * N + n, tl.dot(left, right))


@cases()
def batched(rng):
    a, b = normal(rng, (4, 32, 32), "fp16"), normal(rng, (4, 32, 64), "fp16")
    out = Out(a.astype(np.float64) @ b.astype(np.float64), "fp32", 2.0**-14)
    constants = {"B": 4, "M": 32, "N": 64, "K": 32}
    return Case(batched_kernel, {"a": a, "b": b, "out": out}, constants, (1,), [r"mma\.sync"])


@triton.jit
def descriptors_kernel(
    a,
    b,
    out,
    M,
    N,
    K,
    M_TILE: tl.constexpr,
    N_TILE: tl.constexpr,
    K_TILE: tl.constexpr,
    SPECIALIZE: tl.constexpr,
):
    m = tl.program_id(0) * M_TILE
    n = tl.program_id(1) * N_TILE
    a_tiles = tl.make_tensor_descriptor(a, [M, K], [K, 1], [M_TILE, K_TILE])
    b_tiles = tl.make_tensor_descriptor(b, [N, K], [K, 1], [N_TILE, K_TILE])
    out_tiles = tl.make_tensor_descriptor(out, [M, N], [N, 1], [M_TILE, N_TILE])
    total = tl.zeros((M_TILE, N_TILE), dtype=tl.float32)
    for k in tl.range(0, tl.cdiv(K, K_TILE), warp_specialize=SPECIALIZE):
        total = tl.dot(a_tiles.load([m, k * K_TILE]), b_tiles.load([n, k * K_TILE]).T, total)
    out_tiles.store([m, n], total.to(out.dtype.element_ty))


def descriptors_case(rng, kind, specialize, shape):
    m, n, k = shape
    a, b = normal(rng, (m, k), kind), normal(rng, (n, k), kind)
    out = product(a, b, "fp32", 2.0**-20)
    tiles = {"M_TILE": 128, "N_TILE": 128, "K_TILE": 32 if kind == "fp32" else 64}
    grid = (-(-m // 128), -(-n // 128))
    patterns = [r"tcgen05\.mma", r"cp\.async\.bulk\.tensor", r"tensormap\.replace"]
    if specialize:
        patterns += [r"setmaxnreg"]
    arguments = {"a": a, "b": b, "out": out, "M": m, "N": n, "K": k}
    return Case(descriptors_kernel, arguments, dict(**tiles, SPECIALIZE=specialize), grid, patterns)


@cases(chips=(100,), kind=("fp32", "fp16", "bf16", "fp8e4nv", "fp8e5"), stages=PIPELINED)
def dot_of_descriptors(rng, kind):
    return descriptors_case(rng, kind, False, (256, 128, 256))


@cases(chips=(100,), kind=("fp16", "fp8e4nv"), stages=PIPELINED)
def dot_of_specialized_warps(rng, kind):
    return descriptors_case(rng, kind, True, (256, 128, 256))


@cases(chips=(100,), specialize=(False, True), stages=(1, 3))
def dot_of_clipped_tiles(rng, specialize):
    return descriptors_case(rng, "fp16", specialize, (200, 136, 328))
