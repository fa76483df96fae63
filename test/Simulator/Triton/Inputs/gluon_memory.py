# Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Kernels in Gluon that use tensor memory for more than sums, stores to shared
memory that an mbarrier counts, and arithmetic on pairs; and their cases."""

import numpy as np
from harness import Case, Out, cases
from triton.experimental import gluon
from triton.experimental.gluon import language as gl
from triton.experimental.gluon.language.nvidia.blackwell import (
    TensorMemoryLayout,
    add2,
    allocate_tensor_memory,
    async_copy,
    async_store,
    fence_async_shared,
    fma2,
    mbarrier,
    mul2,
    tcgen05_commit,
    tcgen05_copy,
    tcgen05_mma,
)

BLACKWELL = (100,)


@gluon.jit
def left_kernel(
    a,
    b,
    c,
    out,
    M: gl.constexpr,
    N: gl.constexpr,
    K: gl.constexpr,
    COPY: gl.constexpr,
):
    """a times b, added to c: a comes from tensor memory, and c by a copy or
    from registers."""
    registers: gl.constexpr = gl.BlockedLayout([1, 4], [1, 32], [gl.num_warps(), 1], [1, 0])
    of_b: gl.constexpr = gl.NVMMASharedLayout.get_default_for([K, N], gl.float16)
    of_c: gl.constexpr = gl.NVMMASharedLayout.get_default_for([M, N], gl.float32)
    row = gl.arange(0, M, layout=gl.SliceLayout(1, registers))[:, None]
    line = gl.arange(0, K, layout=gl.SliceLayout(1, registers))[:, None]
    column = gl.arange(0, N, layout=gl.SliceLayout(0, registers))[None, :]
    inner = gl.arange(0, K, layout=gl.SliceLayout(0, registers))[None, :]
    b_tile = gl.allocate_shared_memory(gl.float16, [K, N], of_b, gl.load(b + line * N + column))
    left = allocate_tensor_memory(gl.float16, [M, K], TensorMemoryLayout((M, K), col_stride=1))
    sums = allocate_tensor_memory(gl.float32, [M, N], TensorMemoryLayout((M, N), col_stride=1))
    left.store(gl.convert_layout(gl.load(a + row * K + inner), left.get_reg_layout()))
    begin = gl.load(c + row * N + column)
    done = mbarrier.allocate_mbarrier()
    mbarrier.init(done, count=1)
    if COPY:
        c_tile = gl.allocate_shared_memory(gl.float32, [M, N], of_c, begin)
        fence_async_shared()
        tcgen05_copy(c_tile, sums)
    else:
        sums.store(gl.convert_layout(begin, sums.get_reg_layout()))
        fence_async_shared()
    tcgen05_mma(left, b_tile, sums)
    tcgen05_commit(done)
    mbarrier.wait(done, 0)
    mbarrier.invalidate(done)
    for i in gl.static_range(2):
        value = gl.convert_layout(sums.slice(i * (N // 2), N // 2).load(), registers)
        at = gl.arange(0, N // 2, layout=gl.SliceLayout(0, registers))[None, :]
        gl.store(out + row * N + at + i * (N // 2), value)


@cases(chips=BLACKWELL, form=((128, 128, 64, True), (128, 64, 128, False), (64, 64, 64, False)))
def left_of_tensor_memory(rng, form):
    m, n, k, copy = form
    a, b = rng.normal(size=(m, k)).astype(np.float16), rng.normal(size=(k, n)).astype(np.float16)
    c = rng.normal(size=(m, n)).astype(np.float32)
    av, bv = a.astype(np.float64), b.astype(np.float64)
    bound = float((np.abs(av) @ np.abs(bv) + np.abs(c)).max()) * 2.0**-20
    arguments = {"a": a, "b": b, "c": c, "out": Out(av @ bv + c, "fp32", bound)}
    constants = {"M": m, "N": n, "K": k, "COPY": copy}
    # Its second operand is an address of tensor memory too.
    patterns = [r"tcgen05\.mma.* \[ *%r\d+ \+ \d+ *\], \[", r"tcgen05\.st"]
    if copy:
        patterns += [r"tcgen05\.cp.*128x256b"]
    return Case(left_kernel, arguments, constants, (1,), patterns)


@gluon.jit
def exchange_kernel(x, out, BLOCK: gl.constexpr):
    """The CTAs of a cluster store to one another's memory, turned around."""
    layout: gl.constexpr = gl.BlockedLayout([2], [32], [gl.num_warps()], [0], cga_layout=[[1]])
    turned: gl.constexpr = gl.BlockedLayout([2], [32], [gl.num_warps()], [0], cga_layout=[[0]])
    shared: gl.constexpr = gl.SwizzledSharedLayout(1, 1, 1, order=[0], cga_layout=[[0]])
    tile = gl.allocate_shared_memory(gl.float32, [BLOCK], shared)
    arrived = mbarrier.allocate_mbarrier()
    mbarrier.init(arrived, count=1)
    mbarrier.expect(arrived, tile.nbytes_per_cta)
    at = gl.arange(0, BLOCK, layout=layout)
    async_store(tile, gl.convert_layout(gl.load(x + BLOCK - 1 - at), turned), arrived)
    mbarrier.wait(arrived, 0, deps=[tile])
    value = tile.load(turned)
    mbarrier.invalidate(arrived)
    gl.store(out + gl.arange(0, BLOCK, layout=turned), value * 2)


@cases(chips=BLACKWELL)
def exchange(rng):
    x = rng.normal(size=512).astype(np.float32)
    arguments = {"x": x, "out": Out(x[::-1] * 2, "fp32")}
    patterns = [r"st\.async.*mbarrier::complete_tx::bytes", r"mapa|ld\.shared::cluster"]
    return Case(exchange_kernel, arguments, {"BLOCK": 512}, (1,), patterns, {"num_ctas": 2})


@gluon.jit
def counted_kernel(x, out, rows, ROWS: gl.constexpr, COLUMNS: gl.constexpr):
    """Copies of Ampere, of which an mbarrier hears."""
    registers: gl.constexpr = gl.BlockedLayout([1, 4], [2, 16], [gl.num_warps(), 1], [1, 0])
    shared: gl.constexpr = gl.SwizzledSharedLayout(4, 1, 8, [1, 0])
    row = gl.arange(0, ROWS, layout=gl.SliceLayout(1, registers))[:, None]
    column = gl.arange(0, COLUMNS, layout=gl.SliceLayout(0, registers))[None, :]
    tile = gl.allocate_shared_memory(gl.float32, [ROWS, COLUMNS], shared)
    copied = mbarrier.allocate_mbarrier()
    mbarrier.init(copied, count=1)
    async_copy.async_load(tile, x + row * COLUMNS + column, mask=row < rows)
    async_copy.mbarrier_arrive(copied)
    mbarrier.arrive(copied, count=1)
    mbarrier.wait(copied, 0)
    gl.store(out + row * COLUMNS + column, tile.load(registers))


@cases(chips=BLACKWELL)
def counted(rng):
    x = rng.normal(size=(50, 64)).astype(np.float32)
    y = np.zeros((64, 64), np.float32)
    y[:50] = x
    arguments = {"x": x, "out": Out(y, "fp32"), "rows": 50}
    patterns = [r"cp\.async\.mbarrier\.arrive"]
    return Case(counted_kernel, arguments, {"ROWS": 64, "COLUMNS": 64}, (1,), patterns)


@gluon.jit
def pairs_kernel(x, y, out, BLOCK: gl.constexpr):
    layout: gl.constexpr = gl.BlockedLayout([4], [32], [gl.num_warps()], [0])
    at = gl.arange(0, BLOCK, layout=layout)
    a, b = gl.load(x + at), gl.load(y + at)
    gl.store(out + at, add2(a, b))
    gl.store(out + BLOCK + at, mul2(a, b))
    gl.store(out + 2 * BLOCK + at, fma2(a, b, a))


@cases(chips=BLACKWELL, kind=("fp32", "fp16"))
def pairs(rng, kind):
    dtype = {"fp32": np.float32, "fp16": np.float16}[kind]
    x, y = (rng.normal(size=1024).astype(dtype) for _ in range(2))
    # A product of two is exact in the wider type, and so is its sum but for the last bits.
    wide = np.float64 if kind == "fp32" else np.float32
    both = (x.astype(wide) * y.astype(wide) + x.astype(wide)).astype(dtype)
    expected = np.stack([x + y, x * y, both])
    suffix = {"fp32": "f32x2", "fp16": "f16x2"}[kind]
    patterns = [rf"add\S*\.{suffix}", rf"mul\S*\.{suffix}", rf"fma\S*\.{suffix}"]
    out = Out(expected, kind, relative=2.0**-23 if kind == "fp32" else 2.0**-10)
    return Case(pairs_kernel, {"x": x, "y": y, "out": out}, {"BLOCK": 1024}, (1,), patterns)
