# Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Kernels in Gluon around asynchronous copies, and their cases."""

import numpy as np
from harness import Case, Out, cases
from triton.experimental import gluon
from triton.experimental.gluon import language as gl
from triton.experimental.gluon.language.nvidia.ampere import async_copy
from triton.experimental.gluon.language.nvidia.blackwell import (
    clc,
    fence_async_shared,
    mbarrier,
    tma,
)

BLACKWELL = (100,)


def normal(rng, shape):
    return rng.normal(size=shape).astype(np.float32)


@gluon.jit
def tiles_kernel(x, out, ROWS: gl.constexpr, COLUMNS: gl.constexpr, CTAS: gl.constexpr):
    """Adds 1 to tiles, and takes more of them for as long as there are some."""
    cga: gl.constexpr = [[1, 0]] if CTAS == 2 else []
    layout: gl.constexpr = gl.NVMMASharedLayout.get_default_for(
        [ROWS, COLUMNS], gl.float32, cga_layout=cga
    )
    registers: gl.constexpr = gl.BlockedLayout(
        [1, 4], [1, 32], [gl.num_warps(), 1], [1, 0], cga_layout=cga
    )
    rows = gl.num_programs(0) * ROWS
    x_tiles = tma.make_tensor_descriptor(x, [rows, COLUMNS], [COLUMNS, 1], [ROWS, COLUMNS], layout)
    out_tiles = tma.make_tensor_descriptor(
        out, [rows, COLUMNS], [COLUMNS, 1], [ROWS, COLUMNS], layout
    )
    tile = gl.allocate_shared_memory(gl.float32, [ROWS, COLUMNS], layout)
    # Both CTAs of a cluster get the answer.
    response = gl.allocate_shared_memory(
        gl.int64, [2], gl.SwizzledSharedLayout(1, 1, 1, [0], [[0]] if CTAS == 2 else [])
    )
    loaded = mbarrier.allocate_mbarrier()
    answered = mbarrier.allocate_mbarrier()
    mbarrier.init(loaded, count=1)
    mbarrier.init(answered, count=1)
    number = gl.program_id(0)
    phase = 0
    more = True
    while more:
        mbarrier.expect(answered, 16)
        clc.try_cancel(response, answered)
        mbarrier.expect(loaded, x_tiles.nbytes_per_cta)
        tma.async_load(x_tiles, [number * ROWS, 0], loaded, tile)
        mbarrier.wait(loaded, phase)
        tile.store(tile.load(registers) + 1)
        fence_async_shared()
        tma.async_store(out_tiles, [number * ROWS, 0], tile)
        tma.store_wait(0)
        mbarrier.wait(answered, phase)
        answer = clc.load_result(response)
        more = answer.is_canceled()
        if more:
            number = answer.program_id(0)
        phase ^= 1
        # The next answer comes where all have read this one.
        gl.barrier(cluster=CTAS == 2)
    mbarrier.invalidate(loaded)
    mbarrier.invalidate(answered)


@cases(chips=BLACKWELL, ctas=(1, 2))
def tiles(rng, ctas):
    x = normal(rng, (40 * 16, 64))
    case = Case(
        tiles_kernel,
        {"x": x, "out": Out(x + 1, "fp32")},
        {"ROWS": 16, "COLUMNS": 64, "CTAS": ctas},
        (40,),
        [r"clusterlaunchcontrol\.try_cancel", r"query_cancel\.is_canceled"],
        {"num_ctas": ctas},
    )
    return case


@gluon.jit
def gather_kernel(x, index, out, X: gl.constexpr, COLUMNS: gl.constexpr, ROWS: gl.constexpr):
    """Rows of x by their numbers, and back to the mirrored places."""
    layout: gl.constexpr = gl.NVMMASharedLayout.get_default_for([ROWS, COLUMNS], gl.float32)
    of_rows: gl.constexpr = gl.SliceLayout(
        0, gl.BlockedLayout([1, 4], [32, 1], [1, gl.num_warps()], [1, 0])
    )
    x_tiles = tma.make_tensor_descriptor(x, [X, COLUMNS], [COLUMNS, 1], [1, COLUMNS], layout)
    out_tiles = tma.make_tensor_descriptor(out, [X, COLUMNS], [COLUMNS, 1], [1, COLUMNS], layout)
    tile = gl.allocate_shared_memory(gl.float32, [ROWS, COLUMNS], layout)
    loaded = mbarrier.allocate_mbarrier()
    mbarrier.init(loaded, count=1)
    rows = gl.load(index + gl.arange(0, ROWS, layout=of_rows))
    mbarrier.expect(loaded, ROWS * COLUMNS * 4)
    tma.async_gather(x_tiles, rows, 0, loaded, tile)
    mbarrier.wait(loaded, 0)
    mbarrier.invalidate(loaded)
    tma.async_scatter(out_tiles, X - 1 - rows, 0, tile)
    tma.store_wait(0)


@cases(chips=BLACKWELL)
def gather(rng):
    x = normal(rng, (256, 64))
    index = rng.permutation(256)[:64].astype(np.int32)
    y = np.zeros_like(x)
    y[255 - index] = x[index]
    return Case(
        gather_kernel,
        {"x": x, "index": index, "out": Out(y, "fp32", initial=np.zeros_like(x))},
        {"X": 256, "COLUMNS": 64, "ROWS": 64},
        (1,),
        [r"cp\.async\.bulk\.tensor.*tile::gather4", r"cp\.async\.bulk\.tensor.*tile::scatter4"],
    )


@gluon.jit
def reduce_kernel(x, sums, largest, ROWS: gl.constexpr, COLUMNS: gl.constexpr):
    """Blocks add their tiles to one in global memory."""
    layout: gl.constexpr = gl.NVMMASharedLayout.get_default_for([ROWS, COLUMNS], gl.int32)
    registers: gl.constexpr = gl.BlockedLayout([1, 4], [1, 32], [gl.num_warps(), 1], [1, 0])
    shape: gl.constexpr = [ROWS, COLUMNS]
    add_tiles = tma.make_tensor_descriptor(sums, shape, [COLUMNS, 1], shape, layout)
    max_tiles = tma.make_tensor_descriptor(largest, shape, [COLUMNS, 1], shape, layout)
    row = gl.arange(0, ROWS, layout=gl.SliceLayout(1, registers))
    column = gl.arange(0, COLUMNS, layout=gl.SliceLayout(0, registers))
    at = (gl.program_id(0) * ROWS + row)[:, None] * COLUMNS + column[None, :]
    tile = gl.allocate_shared_memory(gl.int32, shape, layout, gl.load(x + at))
    fence_async_shared()
    tma.async_atomic_add(add_tiles, [0, 0], tile)
    tma.async_atomic_max(max_tiles, [0, 0], tile)
    tma.store_wait(0)


@cases(chips=BLACKWELL)
def reduce(rng):
    x = rng.integers(-1000, 1000, (5, 32, 64)).astype(np.int32)
    return Case(
        reduce_kernel,
        {
            "x": x,
            "sums": Out(x.sum(0), "i32", initial=np.zeros((32, 64))),
            "largest": Out(x.max(0), "i32", initial=np.full((32, 64), -5000)),
        },
        {"ROWS": 32, "COLUMNS": 64},
        (5,),
        [r"cp\.reduce\.async\.bulk\.tensor.*add", r"cp\.reduce\.async\.bulk\.tensor.*max"],
    )


@gluon.jit
def transpose_kernel(x, out, ROWS: gl.constexpr, COLUMNS: gl.constexpr):
    """Through shared memory, by the copies of Ampere, counted by an mbarrier."""
    registers: gl.constexpr = gl.BlockedLayout([1, 4], [2, 16], [gl.num_warps(), 1], [1, 0])
    turned: gl.constexpr = gl.BlockedLayout([1, 4], [2, 16], [gl.num_warps(), 1], [1, 0])
    shared: gl.constexpr = gl.SwizzledSharedLayout(4, 1, 8, [1, 0])
    row = gl.arange(0, ROWS, layout=gl.SliceLayout(1, registers))
    column = gl.arange(0, COLUMNS, layout=gl.SliceLayout(0, registers))
    tile = gl.allocate_shared_memory(gl.float32, [ROWS, COLUMNS], shared)
    async_copy.async_load(tile, x + row[:, None] * COLUMNS + column[None, :])
    async_copy.commit_group()
    async_copy.wait_group(0)
    gl.barrier()
    value = tile.permute((1, 0)).load(turned)
    row = gl.arange(0, COLUMNS, layout=gl.SliceLayout(1, turned))
    column = gl.arange(0, ROWS, layout=gl.SliceLayout(0, turned))
    gl.store(out + row[:, None] * ROWS + column[None, :], value)


@cases()
def transpose(rng):
    x = normal(rng, (64, 128))
    return Case(
        transpose_kernel,
        {"x": x, "out": Out(x.T, "fp32")},
        {"ROWS": 64, "COLUMNS": 128},
        (1,),
        [r"cp\.async\.c[ag]", r"cp\.async\.wait_group"],
    )
