# Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What the kernels of warps.cu should give."""

import numpy as np
from launch import Module, Out

module = Module("warps.cu")
module.expect(r"shfl\.sync\.down", r"shfl\.sync\.bfly", r"vote\.sync\.ballot", r"match\.any\.sync")
module.expect(r"match\.all\.sync", r"redux\.sync\.add", r"activemask", r"nanosleep", r"bar\.red")
rng = np.random.default_rng(1)

x = rng.integers(-50, 50, 5000).astype(np.float32)
module.run("sum", [3], [256], [x, Out(x.sum().reshape(1), np.zeros(1)), 5000])

v = rng.integers(-99, 99, (3, 32)).astype(np.int32)
u = v.view(np.uint32)
lane = np.arange(32)
y = np.zeros((12, 3, 32), np.int64)
for w in range(3):
    odd = (v[w] & 1) == 1
    y[0, w] = sum(1 << i for i in range(32) if v[w, i] > 0)
    y[1, w] = 2 * (v[w] > 90).any() + (v[w] > -100).all()
    y[2, w] = [sum(1 << j for j in lane if v[w, i] & 7 == v[w, j] & 7) for i in lane]
    # Shifts by 31 and 1 leave the sign.
    alike = len(set(v[w] >> 31)) == 1
    y[3, w] = 2**32 - 1 + 1 if alike else 0
    y[4, w], y[5, w], y[6, w] = v[w].sum(), v[w].max(), u[w].min()
    y[7, w] = np.bitwise_xor.reduce(v[w])
    y[8, w] = v[w, lane // 8 * 8 + lane * 7 % 8]
    y[9, w] = np.where(lane % 16 < 3, v[w], v[w, np.maximum(lane - 3, 0)])
    y[10, w] = np.where(odd, odd.sum() * 100 + np.bitwise_or.reduce(v[w, odd] & 15), -1)
y[11] = (v > 0).sum() * 4 + 2 * (v > -100).all() + (v > 99).any()
module.run("votes", [1], [96], [v, Out(y.astype(np.uint32).view(np.int32))])

y = np.zeros((5, 96), np.int64)
flat = v.reshape(-1)
for i in range(0, 96, 8):
    y[0, i : i + 8] = flat[i : i + 8].sum()
    y[1, i : i + 8] = np.cumsum(flat[i : i + 8])
    y[2, i : i + 8] = flat[i + 3]
for w in range(3):
    for label in range(4):
        same = (v[w] & 3) == label
        y[3].reshape(3, 32)[w, same] = v[w, same].max(initial=-1000)
    odd = (v[w] & 1) == 1
    y[4].reshape(3, 32)[w] = np.where(odd, odd.sum() * 100 + v[w, odd].min(initial=1000), 0)
module.run("groups", [1], [96], [v, Out(y.astype(np.int32))])
