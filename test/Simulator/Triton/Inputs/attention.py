# Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Attention: two products and a running softmax between them."""

import numpy as np
import triton
import triton.language as tl
from harness import TYPES, Case, Out, cases


@triton.jit
def attention_kernel(
    q,
    k,
    v,
    out,
    length,
    M_TILE: tl.constexpr,
    N_TILE: tl.constexpr,
    D: tl.constexpr,
    CAUSAL: tl.constexpr,
    SPECIALIZE: tl.constexpr,
):
    first = tl.program_id(0) * M_TILE
    m = first + tl.arange(0, M_TILE)
    d = tl.arange(0, D)
    query = tl.load(q + m[:, None] * D + d[None, :])
    if SPECIALIZE:
        k_tiles = tl.make_tensor_descriptor(k, [length, D], [D, 1], [N_TILE, D])
        v_tiles = tl.make_tensor_descriptor(v, [length, D], [D, 1], [N_TILE, D])
    largest = tl.full((M_TILE,), -float("inf"), tl.float32)
    weight = tl.zeros((M_TILE,), tl.float32)
    total = tl.zeros((M_TILE, D), tl.float32)
    end = first + M_TILE if CAUSAL else length
    for start in tl.range(0, end, N_TILE, warp_specialize=SPECIALIZE):
        n = start + tl.arange(0, N_TILE)
        if SPECIALIZE:
            keys, values = k_tiles.load([start, 0]).T, v_tiles.load([start, 0])
        else:
            keys = tl.load(k + n[None, :] * D + d[:, None])
            values = tl.load(v + n[:, None] * D + d[None, :])
        score = tl.dot(query, keys) * (D**-0.5 * 1.44269504)
        if CAUSAL:
            score = tl.where(n[None, :] <= m[:, None], score, -float("inf"))
        larger = tl.maximum(largest, tl.max(score, 1))
        power = tl.exp2(score - larger[:, None])
        shrink = tl.exp2(largest - larger)
        weight = weight * shrink + tl.sum(power, 1)
        total = tl.dot(power.to(values.dtype), values, total * shrink[:, None])
        largest = larger
    tl.store(out + m[:, None] * D + d[None, :], (total / weight[:, None]).to(out.dtype.element_ty))


def attention_case(rng, kind, causal, specialize, patterns):
    q, k, v = (rng.normal(size=(256, 64)).astype(TYPES[kind]) for _ in range(3))
    s = q.astype(np.float64) @ k.astype(np.float64).T / 8
    if causal:
        s[np.triu_indices(256, 1)] = -np.inf
    p = np.exp(s - s.max(1, keepdims=True))
    y = p / p.sum(1, keepdims=True) @ v.astype(np.float64)
    # The probabilities and the result are rounded to the type of the operands.
    precision = 2.0**-7 if kind == "bf16" else 2.0**-10
    out = Out(y, kind, 2 * precision, precision)
    constants = {"M_TILE": 128, "N_TILE": 64, "D": 64, "CAUSAL": causal, "SPECIALIZE": specialize}
    arguments = {"q": q, "k": k, "v": v, "out": out, "length": 256}
    return Case(attention_kernel, arguments, constants, (2,), patterns)


@cases(kind=("fp16", "bf16"), causal=(False, True), stages=(1, 2, 3))
def attention(rng, chip, kind, causal):
    pattern = r"tcgen05\.mma" if chip >= 100 else r"mma\.sync"
    return attention_case(rng, kind, causal, False, [pattern, r"ex2\.approx"])


@cases(chips=(100,), causal=(False, True), stages=(1, 2, 3))
def attention_of_specialized_warps(rng, causal):
    patterns = [r"tcgen05\.mma", r"cp\.async\.bulk\.tensor", "setmaxnreg"]
    return attention_case(rng, "fp16", causal, True, patterns)
