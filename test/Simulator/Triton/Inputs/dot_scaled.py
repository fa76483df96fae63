# Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Products of matrices whose elements have scales, and their cases."""

import ml_dtypes
import numpy as np
import triton
import triton.language as tl
from harness import TYPES, Case, Out, cases

E2M1 = np.array([0, 0.5, 1, 1.5, 2, 3, 4, 6, 0, -0.5, -1, -1.5, -2, -3, -4, -6])

# Each format, and how many elements share a scale. With 16 the scales are of
# E4M3, with 32 they are exponents.
FORMS = (("e2m1", 16), ("e2m1", 32), ("e4m3", 32), ("e5m2", 32))


@triton.jit
def scaled_kernel(
    a,
    a_scales,
    b,
    b_scales,
    out,
    M,
    N,
    K,
    M_TILE: tl.constexpr,
    N_TILE: tl.constexpr,
    K_TILE: tl.constexpr,
    GROUP: tl.constexpr,
    A_FORMAT: tl.constexpr,
    B_FORMAT: tl.constexpr,
):
    IN_A: tl.constexpr = 2 if A_FORMAT == "e2m1" else 1
    IN_B: tl.constexpr = 2 if B_FORMAT == "e2m1" else 1
    m = tl.program_id(0) * M_TILE + tl.arange(0, M_TILE)
    n = tl.program_id(1) * N_TILE + tl.arange(0, N_TILE)
    group = tl.arange(0, K_TILE // GROUP)
    a += m[:, None] * (K // IN_A) + tl.arange(0, K_TILE // IN_A)[None, :]
    b += n[None, :] * (K // IN_B) + tl.arange(0, K_TILE // IN_B)[:, None]
    a_scales += m[:, None] * (K // GROUP) + group[None, :]
    b_scales += n[:, None] * (K // GROUP) + group[None, :]
    rows, columns = m[:, None] < M, n[:, None] < N
    total = tl.zeros((M_TILE, N_TILE), dtype=tl.float32)
    for _ in range(K // K_TILE):
        total = tl.dot_scaled(
            tl.load(a, mask=rows, other=0.0),
            tl.load(a_scales, mask=rows, other=0.0),
            A_FORMAT,
            tl.load(b, mask=n[None, :] < N, other=0.0),
            tl.load(b_scales, mask=columns, other=0.0),
            B_FORMAT,
            total,
        )
        a += K_TILE // IN_A
        b += K_TILE // IN_B
        a_scales += K_TILE // GROUP
        b_scales += K_TILE // GROUP
    tl.store(out + m[:, None] * N + n[None, :], total, mask=rows & (n[None, :] < N))


@triton.jit
def scaled_descriptors_kernel(
    a,
    a_scales,
    b,
    b_scales,
    out,
    M,
    N,
    K,
    M_TILE: tl.constexpr,
    N_TILE: tl.constexpr,
    K_TILE: tl.constexpr,
    GROUP: tl.constexpr,
    A_FORMAT: tl.constexpr,
    B_FORMAT: tl.constexpr,
    SPECIALIZE: tl.constexpr,
):
    """With scales as the tensor core reads them: 32 rows by 4 by 4 in 512 bytes."""
    IN_A: tl.constexpr = 2 if A_FORMAT == "e2m1" else 1
    IN_B: tl.constexpr = 2 if B_FORMAT == "e2m1" else 1
    GROUPS: tl.constexpr = K_TILE // GROUP
    pid_m, pid_n = tl.program_id(0), tl.program_id(1)
    KA: tl.constexpr = K_TILE // IN_A
    KB: tl.constexpr = K_TILE // IN_B
    a_tiles = tl.make_tensor_descriptor(a, [M, K // IN_A], [K // IN_A, 1], [M_TILE, KA])
    b_tiles = tl.make_tensor_descriptor(b, [N, K // IN_B], [K // IN_B, 1], [N_TILE, KB])
    chunks = K // GROUP // 4
    sa_tiles = tl.make_tensor_descriptor(
        a_scales,
        [1, M // 128, chunks, 2, 256],
        [M // 128 * chunks * 512, chunks * 512, 512, 256, 1],
        [1, M_TILE // 128, GROUPS // 4, 2, 256],
    )
    sb_tiles = tl.make_tensor_descriptor(
        b_scales,
        [1, N // 128, chunks, 2, 256],
        [N // 128 * chunks * 512, chunks * 512, 512, 256, 1],
        [1, N_TILE // 128, GROUPS // 4, 2, 256],
    )
    out_tiles = tl.make_tensor_descriptor(out, [M, N], [N, 1], [M_TILE, N_TILE])
    total = tl.zeros((M_TILE, N_TILE), dtype=tl.float32)
    for i in tl.range(0, K // K_TILE, warp_specialize=SPECIALIZE):
        left = a_tiles.load([pid_m * M_TILE, i * KA])
        right = b_tiles.load([pid_n * N_TILE, i * KB])
        sa = sa_tiles.load([0, pid_m * (M_TILE // 128), i * (GROUPS // 4), 0, 0])
        sb = sb_tiles.load([0, pid_n * (N_TILE // 128), i * (GROUPS // 4), 0, 0])
        sa = sa.reshape(M_TILE // 128, GROUPS // 4, 32, 4, 4).trans(0, 3, 2, 1, 4)
        sb = sb.reshape(N_TILE // 128, GROUPS // 4, 32, 4, 4).trans(0, 3, 2, 1, 4)
        sa = sa.reshape(M_TILE, GROUPS)
        sb = sb.reshape(N_TILE, GROUPS)
        total = tl.dot_scaled(left, sa, A_FORMAT, right.T, sb, B_FORMAT, total)
    out_tiles.store([pid_m * M_TILE, pid_n * N_TILE], total)


def operand(rng, form, rows, k):
    if form == "e2m1":
        return rng.integers(0, 256, (rows, k // 2)).astype(np.uint8)
    return rng.normal(size=(rows, k)).astype(TYPES["fp8e4nv" if form == "e4m3" else "fp8e5"])


def scales(rng, group, rows, k):
    if group == 16:
        return np.exp2(rng.uniform(-4, 4, (rows, k // 16))).astype(ml_dtypes.float8_e4m3fn)
    return rng.integers(120, 135, (rows, k // 32)).astype(np.uint8)


def values(codes, factors, form, group):
    if form == "e2m1":
        elements = np.stack([E2M1[codes & 15], E2M1[codes >> 4]], -1).reshape(len(codes), -1)
    else:
        elements = codes.astype(np.float64)
    decoded = factors.astype(np.float64)
    if group == 32:
        decoded = np.exp2(decoded - 127)
    return elements * np.repeat(decoded, group, axis=1)


def in_atoms(factors):
    """Row 128 i + 32 j + r, group 4 l + g at 512 (i, l) + 16 r + 4 j + g."""
    rows, groups = factors.shape
    split = factors.reshape(rows // 128, 4, 32, groups // 4, 4)
    return np.ascontiguousarray(split.transpose(0, 3, 2, 1, 4))


def scaled_case(
    rng, form, shape, patterns, tile, descriptors=False, specialize=False, kind_of_b=None
):
    (kind, group), (m, n, k) = form, shape
    kind_of_b = kind_of_b or kind
    a, b = operand(rng, kind, m, k), operand(rng, kind_of_b, n, k)
    sa, sb = scales(rng, group, m, k), scales(rng, group, n, k)
    av, bv = values(a, sa, kind, group), values(b, sb, kind_of_b, group)
    bound = float((np.abs(av) @ np.abs(bv.T)).max()) * 2.0**-20
    arguments = {
        "a": a,
        "a_scales": sa,
        "b": b,
        "b_scales": sb,
        "out": Out(av @ bv.T, "fp32", bound),
    }
    arguments.update(M=m, N=n, K=k)
    constants = {
        "M_TILE": tile[0],
        "N_TILE": tile[1],
        "K_TILE": tile[2],
        "GROUP": group,
        "A_FORMAT": kind,
        "B_FORMAT": kind_of_b,
    }
    if descriptors:
        arguments.update(a_scales=in_atoms(sa), b_scales=in_atoms(sb))
        constants.update(SPECIALIZE=specialize)
    kernel = scaled_descriptors_kernel if descriptors else scaled_kernel
    return Case(kernel, arguments, constants, (-(-m // tile[0]), -(-n // tile[1])), patterns)


def scaled_product(form):
    kind, group = form
    name = "mxf8f6f4" if kind != "e2m1" else "mxf4nvf4" if group == 16 else "mxf4"
    return rf"tcgen05\.mma.*{name}.*block_scale.*block{group}"


@cases(chips=(100,), form=FORMS, stages=(1, 2, 3))
def dot_scaled(rng, form):
    return scaled_case(rng, form, (256, 128, 256), [scaled_product(form)], (128, 128, 128))


@cases(chips=(100,), form=FORMS[:2], stages=(1, 3))
def dot_scaled_of_odd_shape(rng, form):
    patterns = [scaled_product(form)]
    return scaled_case(rng, form, (200, 70, 384), patterns, (128, 64, 128))


@cases(chips=(80,), form=(("e2m1", 32), ("e5m2", 32)), stages=(1, 3))
def dot_scaled_of_halves(rng, form):
    """Where the tensor core has no scales Triton multiplies them before, in bf16."""
    return scaled_case(rng, form, (128, 64, 128), [r"mma\.sync.*bf16"], (64, 64, 64))


@cases(chips=(100,), form=FORMS, specialize=(False, True), stages=(1, 2, 3))
def dot_scaled_of_descriptors(rng, form, specialize):
    patterns = [scaled_product(form), r"cp\.async\.bulk\.tensor\.5d", r"tcgen05\.cp.*warpx4"]
    if specialize:
        patterns += ["setmaxnreg"]
    shape = (128, 128, 512)
    return scaled_case(rng, form, shape, patterns, (128, 128, 128), True, specialize)


MIXED = (("e4m3", "e2m1"), ("e2m1", "e5m2"))


@cases(chips=(100,), kinds=MIXED, descriptors=(False, True), stages=(1, 3), warps=(4,))
def dot_scaled_of_mixed(rng, kinds, descriptors):
    """Codes of four bits fill bytes in shared memory, which copies of tiles unpack."""
    patterns = [r"tcgen05\.mma.*mxf8f6f4.*block_scale"]
    if descriptors:
        patterns += [r"tensormap\.replace.*elemtype.*, 0xe;"]
    shape, tile = (128, 128, 256), (128, 128, 128)
    form = (kinds[0], 32)
    return scaled_case(rng, form, shape, patterns, tile, descriptors, kind_of_b=kinds[1])
