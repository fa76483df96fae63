# Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What the kernels of shared.cu should give."""

import numpy as np
from launch import Module, Out

module = Module("shared.cu")
module.expect(
    r"cp\.async\.c[ag]\.shared", r"cp\.async\.wait_group", r"mbarrier\.(arrive|test_wait)"
)
rng = np.random.default_rng(1)

x = rng.normal(size=(70, 45)).astype(np.float32)
module.run("transpose", [2, 3], [32, 8], [x, Out(x.T), 70, 45])

x = rng.integers(-50, 50, (7, 64, 4)).astype(np.float32)
module.run("pipeline", [1], [64], [x, Out(x.sum(0)), 7], [f"--shared={3 * 64 * 16}"])

x = rng.integers(-50, 50, (2, 512)).astype(np.int32)
module.run("barrier", [1], [128], [x, Out(x[:, ::-1]), 512], [f"--shared={512 * 4}"])
