# Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Products of matrices in Gluon: pairs of CTAs, multicast, pipelines of warps
that have parts of their own, and scales; and their cases."""

import numpy as np
from dot_scaled import FORMS, in_atoms, operand, scaled_product, scales, values
from harness import Case, Out, cases
from triton.experimental import gluon
from triton.experimental.gluon import language as gl
from triton.experimental.gluon.language.nvidia.blackwell import (
    TensorMemoryLayout,
    TensorMemoryScalesLayout,
    allocate_tensor_memory,
    fence_async_shared,
    mbarrier,
    tcgen05_commit,
    tcgen05_copy,
    tcgen05_mma,
    tcgen05_mma_barrier_count,
    tcgen05_mma_scaled,
    tma,
)

BLACKWELL = (100,)


@gluon.jit
def product_kernel(
    a,
    b,
    out,
    M,
    N,
    K,
    TILE: gl.constexpr,
    PAIR: gl.constexpr,
    CGA_A: gl.constexpr,
    CGA_B: gl.constexpr,
    CGA_OUT: gl.constexpr,
    MULTICAST: gl.constexpr,
    WIDTH: gl.constexpr,
):
    """With CTAs that split tiles as the layouts say."""
    M_TILE: gl.constexpr = TILE[0]
    N_TILE: gl.constexpr = TILE[1]
    K_TILE: gl.constexpr = TILE[2]
    a_layout: gl.constexpr = gl.NVMMASharedLayout.get_default_for(
        [M_TILE, K_TILE], gl.float16, cga_layout=CGA_A
    )
    b_layout: gl.constexpr = gl.NVMMASharedLayout.get_default_for(
        [N_TILE, K_TILE], gl.float16, cga_layout=CGA_B
    )
    out_layout: gl.constexpr = gl.NVMMASharedLayout.get_default_for(
        [M_TILE, N_TILE], gl.float32, cga_layout=CGA_OUT
    )
    a_tiles = tma.make_tensor_descriptor(a, [M, K], [K, 1], [M_TILE, K_TILE], a_layout)
    b_tiles = tma.make_tensor_descriptor(b, [N, K], [K, 1], [N_TILE, K_TILE], b_layout)
    out_tiles = tma.make_tensor_descriptor(out, [M, N], [N, 1], [M_TILE, N_TILE], out_layout)
    a_tile = gl.allocate_shared_memory(gl.float16, [M_TILE, K_TILE], a_layout)
    b_tile = gl.allocate_shared_memory(gl.float16, [N_TILE, K_TILE], b_layout)
    out_tile = gl.allocate_shared_memory(gl.float32, [M_TILE, N_TILE], out_layout)
    sums_layout: gl.constexpr = TensorMemoryLayout(
        (128, WIDTH), col_stride=1, cga_layout=CGA_OUT, two_ctas=PAIR
    )
    sums = allocate_tensor_memory(gl.float32, [M_TILE, N_TILE], sums_layout)
    loaded = mbarrier.allocate_mbarrier(two_ctas=PAIR)
    done = mbarrier.allocate_mbarrier()
    mbarrier.init(loaded, count=1)
    mbarrier.init(done, count=tcgen05_mma_barrier_count([a_tile, b_tile], MULTICAST, PAIR))
    m, n = gl.program_id(0) * M_TILE, gl.program_id(1) * N_TILE
    for i in range(K // K_TILE):
        mbarrier.expect(loaded, a_tiles.nbytes_per_cta + b_tiles.nbytes_per_cta)
        tma.async_load(a_tiles, [m, i * K_TILE], loaded, a_tile, multicast=MULTICAST)
        tma.async_load(b_tiles, [n, i * K_TILE], loaded, b_tile, multicast=MULTICAST)
        mbarrier.wait(loaded, i & 1)
        tcgen05_mma(
            a_tile,
            b_tile.permute((1, 0)),
            sums,
            use_acc=i > 0,
            multicast=MULTICAST,
            mbarriers=[done],
        )
        mbarrier.wait(done, i & 1)
    mbarrier.invalidate(loaded)
    mbarrier.invalidate(done)
    out_tile.store(sums.load())
    fence_async_shared()
    tma.async_store(out_tiles, [m, n], out_tile)
    tma.store_wait(0)


def product_case(rng, tile, ctas, pair, cga, multicast, patterns, shape=(512, 256, 256)):
    m, n, k = shape
    a, b = (rng.normal(size=(rows, k)).astype(np.float16) for rows in (m, n))
    av, bv = a.astype(np.float64), b.astype(np.float64)
    bound = float((np.abs(av) @ np.abs(bv.T)).max()) * 2.0**-20
    arguments = {"a": a, "b": b, "out": Out(av @ bv.T, "fp32", bound), "M": m, "N": n, "K": k}
    constants = {"TILE": tile, "PAIR": pair, "MULTICAST": multicast}
    # The columns that each CTA has.
    constants["WIDTH"] = tile[1] // 2 if [0, 1] in cga[2] else tile[1]
    constants.update(zip(("CGA_A", "CGA_B", "CGA_OUT"), cga, strict=True))
    grid = (m // tile[0], n // tile[1])
    return Case(product_kernel, arguments, constants, grid, patterns, {"num_ctas": ctas})


@cases(chips=BLACKWELL)
def product(rng):
    patterns = [r"tcgen05\.mma\.cta_group::1", r"cp\.async\.bulk\.tensor"]
    return product_case(rng, (128, 128, 64), 1, False, ([], [], []), False, patterns)


@cases(chips=BLACKWELL, width=(64, 128, 256))
def product_of_pair(rng, width):
    cga = ([[1, 0]], [[1, 0]], [[1, 0]])
    patterns = [r"tcgen05\.mma\.cta_group::2", r"tcgen05\.alloc\.cta_group::2"]
    return product_case(rng, (256, width, 64), 2, True, cga, False, patterns)


@cases(chips=BLACKWELL, split=("rows", "columns"))
def product_of_multicast(rng, split):
    """Two CTAs that work apart share what both of them need."""
    cga = ([[1, 0]], [[0, 0]], [[1, 0]]) if split == "rows" else ([[0, 0]], [[1, 0]], [[0, 1]])
    tile = (256, 128, 64) if split == "rows" else (128, 256, 64)
    patterns = [r"cp\.async\.bulk\.tensor.*multicast", r"tcgen05\.mma\.cta_group::1"]
    patterns += [r"tcgen05\.commit.*multicast"]
    return product_case(rng, tile, 2, False, cga, True, patterns)


@cases(chips=BLACKWELL)
def product_of_four(rng):
    """Two pairs: each has half of the columns, and they share the rows."""
    cga = ([[1, 0], [0, 0]], [[1, 0], [2, 0]], [[1, 0], [0, 1]])
    patterns = [r"cp\.async\.bulk\.tensor.*multicast", r"tcgen05\.mma\.cta_group::2"]
    return product_case(rng, (256, 256, 64), 4, True, cga, True, patterns)


@gluon.jit
def load_part(a_tiles, b_tiles, a_tile, b_tile, free, loaded, m, n, STEPS: gl.constexpr):
    DEPTH: gl.constexpr = a_tile.type.shape[0]
    K_TILE: gl.constexpr = a_tile.type.shape[2]
    for i in range(STEPS):
        stage = i % DEPTH
        # All are free in the beginning: the phase before the first one is over.
        mbarrier.wait(free.index(stage), (i // DEPTH & 1) ^ 1)
        bar = loaded.index(stage)
        mbarrier.expect(bar, a_tiles.nbytes_per_cta + b_tiles.nbytes_per_cta)
        tma.async_load(a_tiles, [m, i * K_TILE], bar, a_tile.index(stage))
        tma.async_load(b_tiles, [n, i * K_TILE], bar, b_tile.index(stage))


@gluon.jit
def multiply_part(a_tile, b_tile, free, loaded, done, sums, STEPS: gl.constexpr):
    DEPTH: gl.constexpr = a_tile.type.shape[0]
    for i in range(STEPS):
        stage = i % DEPTH
        mbarrier.wait(loaded.index(stage), i // DEPTH & 1)
        right = b_tile.index(stage).permute((1, 0))
        tcgen05_mma(a_tile.index(stage), right, sums, use_acc=i > 0)
        tcgen05_commit(free.index(stage))
    tcgen05_commit(done)


@gluon.jit
def store_part(out_tiles, out_tile, done, sums, m, n):
    mbarrier.wait(done, 0)
    out_tile.store(sums.load())
    fence_async_shared()
    tma.async_store(out_tiles, [m, n], out_tile)
    tma.store_wait(0)


@gluon.jit
def pipeline_kernel(
    a, b, out, M, N, TILE: gl.constexpr, PAIR: gl.constexpr, K: gl.constexpr, DEPTH: gl.constexpr
):
    """One warp loads, one multiplies, four or more store."""
    M_TILE: gl.constexpr = TILE[0]
    N_TILE: gl.constexpr = TILE[1]
    K_TILE: gl.constexpr = TILE[2]
    cga: gl.constexpr = [[1, 0]] if PAIR else []
    a_layout: gl.constexpr = gl.NVMMASharedLayout.get_default_for(
        [M_TILE, K_TILE], gl.float16, cga_layout=cga
    )
    b_layout: gl.constexpr = gl.NVMMASharedLayout.get_default_for(
        [N_TILE, K_TILE], gl.float16, cga_layout=cga
    )
    out_layout: gl.constexpr = gl.NVMMASharedLayout.get_default_for(
        [M_TILE, N_TILE], gl.float32, cga_layout=cga
    )
    a_tiles = tma.make_tensor_descriptor(a, [M, K], [K, 1], [M_TILE, K_TILE], a_layout)
    b_tiles = tma.make_tensor_descriptor(b, [N, K], [K, 1], [N_TILE, K_TILE], b_layout)
    out_tiles = tma.make_tensor_descriptor(out, [M, N], [N, 1], [M_TILE, N_TILE], out_layout)
    a_tile = gl.allocate_shared_memory(gl.float16, [DEPTH, M_TILE, K_TILE], a_layout)
    b_tile = gl.allocate_shared_memory(gl.float16, [DEPTH, N_TILE, K_TILE], b_layout)
    out_tile = gl.allocate_shared_memory(gl.float32, [M_TILE, N_TILE], out_layout)
    sums_layout: gl.constexpr = TensorMemoryLayout(
        (128, N_TILE), col_stride=1, cga_layout=cga, two_ctas=PAIR
    )
    sums = allocate_tensor_memory(gl.float32, [M_TILE, N_TILE], sums_layout)
    loaded = mbarrier.allocate_mbarrier(batch=DEPTH, two_ctas=PAIR)
    free = mbarrier.allocate_mbarrier(batch=DEPTH)
    done = mbarrier.allocate_mbarrier()
    for i in gl.static_range(DEPTH):
        mbarrier.init(loaded.index(i), count=1)
        mbarrier.init(free.index(i), count=1)
    mbarrier.init(done, count=1)
    m, n = gl.program_id(0) * M_TILE, gl.program_id(1) * N_TILE
    STEPS: gl.constexpr = K // K_TILE
    gl.warp_specialize(
        [
            (store_part, (out_tiles, out_tile, done, sums, m, n)),
            (load_part, (a_tiles, b_tiles, a_tile, b_tile, free, loaded, m, n, STEPS)),
            (multiply_part, (a_tile, b_tile, free, loaded, done, sums, STEPS)),
        ],
        [1, 1],
        [24, 24],
    )


@cases(chips=BLACKWELL, pair=(False, True), depth=(1, 3))
def pipeline(rng, pair, depth):
    m, n, k = 256, 128, 320
    a, b = (rng.normal(size=(rows, k)).astype(np.float16) for rows in (m, n))
    av, bv = a.astype(np.float64), b.astype(np.float64)
    bound = float((np.abs(av) @ np.abs(bv.T)).max()) * 2.0**-20
    tile = (256 if pair else 128, 64, 64)
    return Case(
        pipeline_kernel,
        {"a": a, "b": b, "out": Out(av @ bv.T, "fp32", bound), "M": m, "N": n},
        {"TILE": tile, "PAIR": pair, "K": k, "DEPTH": depth},
        (m // tile[0], n // tile[1]),
        ["setmaxnreg", rf"tcgen05\.mma\.cta_group::{2 if pair else 1}"],
        {"num_ctas": 2 if pair else 1},
    )


@gluon.jit
def scaled_kernel(
    a,
    a_scales,
    b,
    b_scales,
    out,
    M_TILE: gl.constexpr,
    N_TILE: gl.constexpr,
    K: gl.constexpr,
    GROUP: gl.constexpr,
    FORMAT: gl.constexpr,
):
    """One tile, whose scales the tensor core copies from shared memory itself."""
    IN_BYTE: gl.constexpr = 2 if FORMAT == "e2m1" else 1
    BYTES: gl.constexpr = K // IN_BYTE
    GROUPS: gl.constexpr = K // GROUP
    byte: gl.constexpr = a.dtype.element_ty
    factor: gl.constexpr = a_scales.dtype.element_ty
    a_layout: gl.constexpr = gl.NVMMASharedLayout.get_default_for([M_TILE, BYTES], byte)
    b_layout: gl.constexpr = gl.NVMMASharedLayout.get_default_for([N_TILE, BYTES], byte)
    a_tiles = tma.make_tensor_descriptor(a, [M_TILE, BYTES], [BYTES, 1], [M_TILE, BYTES], a_layout)
    b_tiles = tma.make_tensor_descriptor(b, [N_TILE, BYTES], [BYTES, 1], [N_TILE, BYTES], b_layout)
    SA: gl.constexpr = [1, M_TILE // 128, GROUPS // 4, 2, 256]
    SB: gl.constexpr = [1, N_TILE // 128, GROUPS // 4, 2, 256]
    plain: gl.constexpr = gl.NVMMASharedLayout(0, 8, rank=5)
    LA: gl.constexpr = GROUPS // 4 * 512
    sa_tiles = tma.make_tensor_descriptor(
        a_scales, SA, [M_TILE // 128 * LA, LA, 512, 256, 1], SA, plain
    )
    sb_tiles = tma.make_tensor_descriptor(
        b_scales, SB, [N_TILE // 128 * LA, LA, 512, 256, 1], SB, plain
    )
    a_tile = gl.allocate_shared_memory(byte, [M_TILE, BYTES], a_layout)
    b_tile = gl.allocate_shared_memory(byte, [N_TILE, BYTES], b_layout)
    sa_tile = gl.allocate_shared_memory(factor, SA, plain)
    sb_tile = gl.allocate_shared_memory(factor, SB, plain)
    loaded = mbarrier.allocate_mbarrier()
    done = mbarrier.allocate_mbarrier()
    mbarrier.init(loaded, count=1)
    mbarrier.init(done, count=1)
    total: gl.constexpr = (
        a_tiles.nbytes_per_cta
        + b_tiles.nbytes_per_cta
        + sa_tiles.nbytes_per_cta
        + sb_tiles.nbytes_per_cta
    )
    mbarrier.expect(loaded, total)
    tma.async_load(a_tiles, [0, 0], loaded, a_tile)
    tma.async_load(b_tiles, [0, 0], loaded, b_tile)
    tma.async_load(sa_tiles, [0, 0, 0, 0, 0], loaded, sa_tile)
    tma.async_load(sb_tiles, [0, 0, 0, 0, 0], loaded, sb_tile)
    mbarrier.wait(loaded, 0)
    in_rows_a = sa_tile.reshape((M_TILE // 128, GROUPS // 4, 32, 4, 4))
    in_rows_b = sb_tile.reshape((N_TILE // 128, GROUPS // 4, 32, 4, 4))
    sa = allocate_tensor_memory(factor, [M_TILE, GROUPS], TensorMemoryScalesLayout())
    sb = allocate_tensor_memory(factor, [N_TILE, GROUPS], TensorMemoryScalesLayout())
    sums = allocate_tensor_memory(
        gl.float32, [M_TILE, N_TILE], TensorMemoryLayout((128, N_TILE), col_stride=1)
    )
    tcgen05_copy(in_rows_a.permute((0, 3, 2, 1, 4)).reshape((M_TILE, GROUPS)), sa)
    tcgen05_copy(in_rows_b.permute((0, 3, 2, 1, 4)).reshape((N_TILE, GROUPS)), sb)
    tcgen05_mma_scaled(a_tile, b_tile.permute((1, 0)), sums, sa, sb, FORMAT, FORMAT, use_acc=False)
    tcgen05_commit(done)
    mbarrier.wait(done, 0)
    registers: gl.constexpr = gl.BlockedLayout([1, 4], [1, 32], [gl.num_warps(), 1], [1, 0])
    value = gl.convert_layout(sums.load(), registers)
    row = gl.arange(0, M_TILE, layout=gl.SliceLayout(1, registers))
    column = gl.arange(0, N_TILE, layout=gl.SliceLayout(0, registers))
    gl.store(out + row[:, None] * N_TILE + column[None, :], value)


@cases(chips=BLACKWELL, form=FORMS)
def scaled(rng, form):
    kind, group = form
    m, n, k = 128, 128, 256
    a, b = operand(rng, kind, m, k), operand(rng, kind, n, k)
    sa, sb = scales(rng, group, m, k), scales(rng, group, n, k)
    av, bv = values(a, sa, kind, group), values(b, sb, kind, group)
    bound = float((np.abs(av) @ np.abs(bv.T)).max()) * 2.0**-20
    arguments = {"a": a, "a_scales": in_atoms(sa), "b": b, "b_scales": in_atoms(sb)}
    arguments["out"] = Out(av @ bv.T, "fp32", bound)
    constants = {"M_TILE": m, "N_TILE": n, "K": k, "GROUP": group, "FORMAT": kind}
    patterns = [scaled_product(form), r"tcgen05\.cp.*warpx4\.32x128b"]
    return Case(scaled_kernel, arguments, constants, (1,), patterns)
