# Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What the kernels of atomics.cu should give."""

import ml_dtypes
import numpy as np
from launch import Module, Out

module = Module("atomics.cu")
module.expect(r"(atom|red)\S*f16x2", r"(atom|red)\S*\.inc", r"atom\S*\.cas")
if module.arch != "sm_80":
    module.expect(r"(atom|red)\S*\.v4\.f32", r"(atom|red)\S*bf16x2")
rng = np.random.default_rng(1)

# Small integers, so that all sums are exact.
x = rng.integers(-3, 4, (3, 64)).astype(np.float32)
of = x.reshape(-1, 8)
total, count = of.sum(0), np.full(8, len(of))
half = np.stack([total, -total], 1).astype(np.float16)
brain = np.stack([total, 2 * total], 1).astype(ml_dtypes.bfloat16)
four = np.stack([total, count, 2 * count, -total], 1).astype(np.float32)
outs = [Out(a, np.zeros(a.shape)) for a in (half, brain, four, total.astype(np.float64))]
module.run("halves", [3], [64], [x, *outs])

u = rng.integers(0, 2**32, 192, np.uint64)
v = u.astype(np.uint32)
initial = np.array([0, 0, 2**31 - 1, 0, 2**32 - 1, 0, 0, 0, 0], np.uint32)
y = np.zeros(9, np.uint32)
y[0] = u.sum() % 2**32
y[1] = v.max()
y[2] = v.view(np.int32).min().view(np.uint32)
y[3] = np.bitwise_xor.reduce(v)
y[4] = np.bitwise_and.reduce(v | np.uint32(255))
y[5] = np.bitwise_or.reduce(v & np.uint32(0xFF00))
y[6] = 192 % 17
y[7] = (2**64 - int(u.sum())) % 2**32
y[8] = v.max()
wide = np.array([int(u.sum()) << 8, int(u.max()) << 8], np.uint64)
module.run("integers", [3], [64], [v, Out(y, initial), Out(wide, np.zeros(2))])

one, all_of_them = np.zeros(1, np.int32), np.full(1, 192, np.int32)
module.run("lock", [3], [64], [Out(one, one), Out(all_of_them, one)])

x = rng.integers(-50, 50, 9).astype(np.int32)
ready = Out(np.ones(9, np.int32), np.zeros(9))
module.run("chain", [9], [32], [x, Out(np.cumsum(x).astype(np.int32)), ready])
