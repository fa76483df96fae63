# Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What the kernels of cluster.cu should give."""

import numpy as np
from launch import Module, Out

module = Module("cluster.cu")
module.expect(
    r"mapa", r"barrier\.cluster\.arrive", r"cp\.async\.bulk\.shared::cluster\.shared::cta"
)
module.expect(r"cp\.async\.bulk\.global\.shared::cta", r"cp\.reduce\.async\.bulk.*add\.f32")
rng = np.random.default_rng(1)

x = rng.integers(0, 4 * 40, 3000).astype(np.int32)
counts = Out(np.bincount(x, minlength=160).astype(np.int32), np.zeros(160))
module.run("histogram", [8], [96], [x, counts, 3000, 40], ["--cluster=4", "--shared=160"])

x = rng.normal(size=(2, 4, 128)).astype(np.float32)
module.run("ring", [8], [128], [x, Out(np.roll(x, 1, 1))], ["--cluster=4"])

x = rng.integers(-50, 50, (6, 256)).astype(np.float32)
sums = Out((x + 1).sum(0), np.zeros(256))
module.run("bulk", [6], [64], [x, Out(x + 1), sums])
